"""What is asked for, where `find` says it in other words than names: `all gradients`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.errors import EquationError
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Deriv, Sym, walk
from hwsolve.problem.model import Recurrent, Written
from hwsolve.solvers.one_step import loss_name, new_names, parameter_names
from hwsolve.solvers.options import OPTION, names_of_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.parser import Equation
    from hwsolve.problem.model import Problem

ALL_GRADIENTS = frozenset({"all gradients", "all the gradients"})
# What the outputs of a cell are compared with, where it is not said.
_TARGETS = frozenset({"y", "t", "Y", "T"})


def expanded(problem: Problem, equations: Sequence[Equation]) -> list[Written]:
    """The names and derivatives that are asked for, one by one."""
    found: dict[str, Written] = {}
    for written in problem.find:
        if written.text in ALL_GRADIENTS:
            for text in _gradients(problem, equations):
                found.setdefault(text, Written(text, written.origin))
        elif written.text != OPTION or not problem.extras.options:
            found.setdefault(written.text, written)
    for text in names_of_options(problem):
        found.setdefault(text, Written(text, problem.place))
    if not found and problem.extras.update:
        for text in new_names(problem, equations):
            found[text] = Written(text, problem.place)
    if not found and equations:
        from hwsolve.expr.notation import text as written_as

        last = written_as(equations[-1].target)
        found[last] = Written(last, problem.place)
    return list(found.values())


def _gradients(problem: Problem, equations: Sequence[Equation]) -> list[str]:
    """The gradients of the loss by all parameters, or by all that it depends on."""
    loss = loss_name(problem, equations)
    for text in problem.extras.upstream:
        try:
            tree = parse_expression(text)
        except EquationError:  # it is reported where it is used
            continue
        if isinstance(tree, Deriv) and isinstance(tree.top, Sym):
            loss = tree.top.name
    names: Sequence[str] = parameter_names(problem)
    if not names:
        frozen = {written.text for written in problem.extras.frozen}
        used = _used(loss, equations)
        if isinstance(problem.body, Recurrent):
            # what a cell reads and what it should give are no parameters
            target = problem.body.target
            frozen |= {problem.body.input, *(_TARGETS if target is None else {target})}
        names = [name for name in problem.given if name in used and name not in frozen]
    return [f"d{loss}/d{name}" for name in names]


def _used(loss: str, equations: Sequence[Equation]) -> set[str]:
    """The names that a loss is computed from; all names where nothing computes it."""
    targets = {
        node.name for each in equations for node in walk(each.target) if isinstance(node, Sym)
    }
    needed = {loss} if loss in targets else targets
    for equation in reversed(equations):
        names = {node.name for node in walk(equation.target) if isinstance(node, Sym)}
        if equation.parameters is None and needed.isdisjoint(names):
            continue
        for node in walk(equation.body):
            if isinstance(node, Sym):
                needed.add(node.name)
            elif isinstance(node, Apply):
                needed.add(node.op)
    return needed
