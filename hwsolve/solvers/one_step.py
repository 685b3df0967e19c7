"""One step of gradient descent: `w_new`, and everything that follows from it, as equations.

`update: {lr: 0.1}` adds `w_new = w - 0.1·dL/dw` for each parameter, and for each
equation that a parameter enters the same equation with the new values: `yhat_new`,
`L_new`. Only what is asked for, and what that needs, is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.errors import EquationError, InputError, did_you_mean
from hwsolve.expr.parser import Equation, parse_expression
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Over, Sym, walk
from hwsolve.problem.model import Network
from hwsolve.solution import Convention

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hwsolve.problem.model import Problem, Written

NEW: Final = "_new"
_RATES: Final = ("lr", "rate", "eta", "η", "learning_rate", "alpha", "α")
_KEYS: Final = (*_RATES, "parameters", "loss")
LOSS_NAMES: Final = ("L", "J", "E", "C", "loss", "Loss", "cost", "R")


def loss_name(problem: Problem, equations: Sequence[Equation]) -> str:
    """The name of what is differentiated where nothing says it.

    Raises:
        InputError: if there is no equation.
    """
    stated = problem.extras.update.get("loss")
    if stated is not None:
        return stated.text.strip()
    targets = [_target(equation) for equation in equations if equation.parameters is None]
    if problem.extras.upstream or not targets:
        return "L"
    return next((name for name in LOSS_NAMES if name in targets), targets[-1])


def parameter_names(problem: Problem) -> tuple[str, ...]:
    """The given values that are parameters, as far as the problem says; frozen ones are not.

    Raises:
        InputError: for a name that is not given.
    """
    extras = problem.extras
    frozen = {_given_name(problem, written) for written in extras.frozen}
    stated = extras.update.get("parameters")
    names: list[str] = []
    if stated is not None:
        words = stated.text.strip("[] ").replace(",", " ").split()
        names = [_given_name(problem, stated._replace(text=word)) for word in words]
    elif extras.parameters:
        names = [_given_name(problem, written) for written in extras.parameters]
    elif isinstance(problem.body, Network):
        layers = problem.body.layers
        both = (name for layer in layers for name in (layer.weights, layer.bias))
        names = [name for name in both if name is not None]
    return tuple(name for name in dict.fromkeys(names) if name not in frozen)


def _given_name(problem: Problem, written: Written) -> str:
    name = written.text.strip()
    if name not in problem.given:
        hint = did_you_mean(name, [*problem.given]) or "write its value under 'given'"
        raise InputError(f"'{name}' is not given", written.origin, hint)
    return name


def step_equations(problem: Problem, equations: Sequence[Equation]) -> list[Equation]:
    """The equations of one step, behind those of the problem.

    Raises:
        InputError: if the step has no rate, or nothing says what it changes.
    """
    update = problem.extras.update
    for key, written in update.items():
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS) or "it has lr, parameters and loss"
            raise InputError(f"'update' has no '{key}'", written.origin, hint)
    asked = _asked(problem)
    parameters = parameter_names(problem) or tuple(
        name.removesuffix(NEW)
        for name in asked
        if name.endswith(NEW) and name.removesuffix(NEW) in problem.given
    )
    if not parameters:
        raise InputError(
            "nothing says which given values are parameters",
            problem.place,
            "write 'parameters: [w, b]'",
        )
    rate = _rate(problem)
    loss = Sym(loss_name(problem, equations))
    defined = {_target(equation) for equation in equations} | set(problem.given)
    new: dict[str, str] = {}
    steps: list[Equation] = []
    for name in parameters:
        new[name] = f"{name}{NEW}"
        if new[name] not in defined:
            change = Apply("mul", (rate, Deriv(loss, (Sym(name),))))
            steps.append(_named(Sym(new[name]), Apply("sub", (Sym(name), change))))
    again: list[Equation] = []
    for equation in equations:
        names = {node.name for node in walk(equation.body) if isinstance(node, Sym)}
        names |= {node.op for node in walk(equation.body) if isinstance(node, Apply)}
        if names.isdisjoint(new) or _has_gradient(equation.body):
            continue
        target = _target(equation)
        # an entry of a family may use the entries before it
        new.setdefault(target, f"{target}{NEW}")
        if new[target] in defined:
            continue
        again.append(
            equation._replace(
                target=_renamed(equation.target, new),  # type: ignore[arg-type]  # a name stays one
                body=_renamed(equation.body, new),
            )
        )
    wanted = asked or {*new.values()}
    return [*steps, *_needed(again, wanted)]


def new_names(problem: Problem, equations: Sequence[Equation]) -> list[str]:
    """What a step answers where nothing is asked: the new parameters and the new loss."""
    loss = f"{loss_name(problem, equations)}{NEW}"
    names = [f"{name}{NEW}" for name in parameter_names(problem)]
    return [*names, loss] if any(_target(each) == loss for each in equations) else names


def step_convention(problem: Problem, equations: Sequence[Equation]) -> Convention:
    """The step in words."""
    from hwsolve.expr.notation import text

    names = [_target(each).removesuffix(NEW) for each in equations if _is_step(each)]
    frozen = [written.text for written in problem.extras.frozen]
    words = f"one step of gradient descent changes {', '.join(names)} at once"
    if frozen:
        words += f"; {', '.join(frozen)} {'is' if len(frozen) == 1 else 'are'} frozen"
    return Convention("update", f"lr = {text(_rate(problem))}", words, "problem")


def _is_step(equation: Equation) -> bool:
    return _target(equation).endswith(NEW) and _has_gradient(equation.body)


def _rate(problem: Problem) -> Expr:
    for key in _RATES:
        written = problem.extras.update.get(key)
        if written is not None:
            try:
                return parse_expression(written.text)
            except EquationError as error:
                place = written.place(max(error.at, 0))
                raise InputError(error.message, place, error.hint) from None
    raise InputError("the update has no learning rate", problem.place, "write update: {lr: 0.1}")


def _asked(problem: Problem) -> set[str]:
    found: set[str] = set()
    for written in (*problem.find, *problem.settings.entries):
        try:
            tree = parse_expression(written.text)
        except EquationError:  # it is reported where it is looked up
            continue
        found.update(node.name for node in walk(tree) if isinstance(node, Sym))
    return found


def _needed(equations: list[Equation], wanted: Iterable[str]) -> list[Equation]:
    """The equations that lead to wanted names."""
    needed, found = set(wanted), []
    for equation in reversed(equations):
        if _target(equation) in needed:
            found.append(equation)
            trees = walk(equation.body)
            for node in trees:
                if isinstance(node, Sym):
                    needed.add(node.name)
                elif isinstance(node, Apply):
                    needed.add(node.op)
    return found[::-1]


def _named(target: Sym, body: Expr) -> Equation:
    return Equation(target, body, (), None, "")


def _target(equation: Equation) -> str:
    target = equation.target
    return target.name if isinstance(target, Sym) else target.base.name  # type: ignore[attr-defined]  # the parser made it a Sym


def _has_gradient(tree: Expr) -> bool:
    return any(isinstance(node, Deriv) for node in walk(tree))


def _renamed(tree: Expr, new: Mapping[str, str]) -> Expr:
    """The tree with new names for old ones."""
    match tree:
        case Sym(name=name):
            return Sym(new.get(name, name), tree.at)
        case Index():
            indices = tuple(_renamed(part, new) for part in tree.indices)
            return Index(_renamed(tree.base, new), indices, tree.at)
        case Apply(op=op):
            args = tuple(_renamed(arg, new) for arg in tree.args)
            return Apply(new.get(op, op), args, tree.attributes, tree.at)
        case Over():
            body, low, high = (_renamed(part, new) for part in (tree.body, tree.low, tree.high))
            return Over(tree.op, body, tree.variable, low, high, tree.at)
    return tree
