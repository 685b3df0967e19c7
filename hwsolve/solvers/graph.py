"""`kind: graph`: equations to values, gradients, certificates and working."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import EquationError, EquationErrors, InputError, InputErrors
from hwsolve.expr.certify import float_system
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.graph import Graph, shape_of
from hwsolve.expr.lower import Bundle, Lowered, Lowering
from hwsolve.expr.parser import Equation, normal_name, parse_equation, parse_expression
from hwsolve.expr.systems import EXACT, FLOATS, Decimals, NumberSystem
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Sym, walk
from hwsolve.solution import Answer, Convention, Section, Solution
from hwsolve.solvers.through_time import PLAIN, ThroughTime
from hwsolve.solvers.values import Values, worked_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.problem.model import Given, Problem, Stated, Written

    Place = tuple[int, tuple[int, ...]]

# What stands for all gradients in `find`.
_ALL = frozenset({"all gradients", "all the gradients"})
# Stated answers that are words and no names.
_WORDS = frozenset({"true", "false", "yes", "no"})


class Ask(NamedTuple):
    """Something that was asked for: its text, its expression, and where its value is."""

    text: str
    expr: Expr
    lowered: Lowered


class Solved:
    """A problem as a graph with values: what the working is written from.

    Attributes:
        problem: the problem.
        lowering: names to nodes.
        graph: the graph.
        asks: what was asked for.
        entries: the entries to be worked out, as node and index from 0.
        floats: the values in floats (a float array where a node has a shape).
        values: the values in the number system that the problem asks for.
        system: that number system.
        forward: the number of nodes that the equations made; gradients come after.
        through: the time steps that the equations belong to.
    """

    def __init__(
        self, problem: Problem, equations: Sequence[Written], through: ThroughTime = PLAIN
    ) -> None:
        self.problem = problem
        self.through = through
        self.written = equations
        self.equations = parsed(equations)
        conventions = _rule_conventions(problem)
        self.graph = Graph(conventions)
        self.lowering = Lowering(self.graph, int(stated(problem, "first_index", "0")))
        self.lowering.log_base = stated(problem, "log", "e")
        self.lowering.held = through.held
        self.lowering.layout = stated(problem, "layout", "numerator")
        self.asks: list[Ask] = []
        self.entries: list[Place] = []
        self.forward = 0
        self.floats: list[Any] = []
        self.values: list[Any] = []
        self.system: NumberSystem = FLOATS
        self.worked_out = Values([], "floats")
        # what is asked for, one by one
        self.find: Sequence[Written] = problem.find
        # the letter of a loss that only its gradient is known of, and the gradient's nodes
        self.unnamed = ""
        self.upstream: list[int] = []
        # nodes whose value the problem states, by the name that it states them under
        self.overridden: dict[int, str] = {}
        if problem.extras.update:
            from hwsolve.solvers.one_step import step_equations

            self.equations += step_equations(problem, self.equations)
        self._by_name: dict[Expr, Any] = {}

    def by_name(self) -> Mapping[Expr, Any]:
        """The value of each name, for putting numbers into formulas."""
        if not self._by_name:
            labels = self.graph.labels.items()
            self._by_name = {label: self.values[node] for node, label in labels}
        return self._by_name

    def build(self) -> None:
        """Equations and asked names to nodes."""
        problem, lowering = self.problem, self.lowering
        find = self._asked()
        asked = [expr for _, expr in find]
        values = {normal_name(given.name): given_value(given) for given in problem.given.values()}
        axes = {name: len(shape_of(value)) for name, value in values.items()}
        indexed = _indexed_only(self.equations, axes)
        for name, value in values.items():
            lowering.define_given(name, value, by_entry=indexed.get(name, False))
        try:
            lowering.run(self.equations)
        except EquationErrors as several:
            raise InputErrors([self.placed(error) for error in several.errors]) from None
        self.forward = len(self.graph)
        if problem.extras.override:
            from hwsolve.solvers.stated_values import override

            override(self)
        if problem.extras.upstream:
            from hwsolve.solvers.stated_values import add_upstream

            add_upstream(self, asked)
        self._announce(asked)
        self._whole_arrays()
        errors = []
        for position, (text, expr) in enumerate(find):
            try:
                self._not_unnamed(text, expr)
                self.asks.append(Ask(text, expr, lowering.lower(expr)))
            except EquationError as error:
                errors.append(_placed_in(error, problem, self.find, position))
        if errors:
            raise InputErrors(errors)

    def _not_unnamed(self, text: str, expr: Expr) -> None:
        """Refuse to give a value to a loss of which only the gradient is known."""
        if self.unnamed and expr == Sym(self.unnamed):
            message = f"only the gradient of '{text}' is given, not its value"
            raise EquationError(message, getattr(expr, "at", -1), f"ask for d{text}/d...")

    def _asked(self) -> list[tuple[str, Expr]]:
        """What is asked: names and derivatives, and what stands for several of them."""
        problem = self.problem
        written = [each.text for each in problem.find]
        if not (problem.extras.options or problem.extras.update or _ALL.intersection(written)):
            find = [_ask(each) for each in problem.find]
            return find or ([_last(self.equations)] if self.equations else [])
        from hwsolve.solvers.asked import expanded

        self.find = expanded(problem, self.equations)
        return [_ask(each) for each in self.find]

    def _whole_arrays(self) -> None:
        """The arrays of the entries that are to be worked out are evaluated too."""
        from hwsolve.solvers.entries import located

        for written in self.problem.settings.entries:
            self.entries.append(located(self, written))

    def _announce(self, asked: Sequence[Expr]) -> None:
        """One backward pass for each quantity, whatever it is differentiated by."""
        from hwsolve.expr.derivatives import bottoms_of

        tops: dict[int, list[int]] = {}
        for expr in asked:
            for node in walk(expr):
                if isinstance(node, Deriv) and isinstance(node.top, (Sym, Index)):
                    try:
                        top = self.lowering.lower(node.top)
                        bottoms = bottoms_of(self.lowering, node)
                    except EquationError:
                        continue
                    if isinstance(top, int) and not self.graph.shapes[top]:
                        tops.setdefault(top, []).extend(bottoms)
        for top, bottoms in tops.items():
            self.lowering.derivatives.of(self.lowering, top, bottoms)

    def evaluate(self, *, document: bool = True) -> None:
        """The values of what the equations say and what was asked for.

        For a document the local derivatives that it shows are needed too.
        """
        graph = self.graph
        wanted = self.needed()
        if document:
            shown = {
                node
                for gradient in self.lowering.derivatives.known.values()
                for local in gradient.locals.values()
                for node in local.values()
            }
            wanted = graph.ancestors({*wanted, *shown})
        settings = self.problem.settings
        if settings.exact and settings.round_steps is not None:
            raise InputError(
                "exact fractions and rounded steps exclude each other",
                self.problem.place,
                "choose exact or round_steps",
            )
        try:
            self.worked_out = worked_out(graph, wanted)
            self.floats = self.values = self.worked_out.floats
            if self.worked_out.saturated:
                self.values = [*self.floats]
                for node, value in self.worked_out.saturated.items():
                    self.values[node] = value
            self.system = float_system(graph)
            if settings.exact or settings.round_steps is not None:
                self.system = _asked_system(self.problem, graph)
                self.values = evaluate(graph, self.system, wanted)
                self.worked_out = self.worked_out._replace(saturated={})
        except EquationError as error:
            raise self.placed(error) from None

    def needed(self) -> list[int]:
        """The nodes to evaluate: all of the forward pass, and what was asked for."""
        tops = [*range(self.forward), *(node for node, _ in self.entries)]
        for ask in self.asks:
            if isinstance(ask.lowered, Bundle):
                tops.extend(ask.lowered.entries.values())
            else:
                tops.append(ask.lowered)
        return self.graph.ancestors(tops)

    def value(self, lowered: Lowered) -> Any:
        """The value of a node, or nested lists of the values of a bundle."""
        if isinstance(lowered, Bundle):
            return _nested({at: self.answer(node) for at, node in lowered.entries.items()})
        return self.answer(lowered)

    def answer(self, node: int) -> Any:
        """The value of a node as an answer: without the digits that only the working needs."""
        return self.floats[node] if node in self.worked_out.saturated else self.values[node]

    def placed(self, error: EquationError) -> InputError:
        """An error of an equation, with its place in the file."""
        if 0 <= error.equation < len(self.written):
            written = self.written[error.equation]
            return InputError(error.message, written.place(max(error.at, 0)), error.hint)
        return InputError(error.message, self.problem.place, error.hint)


def solve_graph(  # noqa: PLR0913  (what kinds that are written out as equations add)
    problem: Problem,
    document: bool = True,  # noqa: FBT001, FBT002  (the switch of every solver)
    *,
    equations: Sequence[Written] | None = None,
    conventions: Sequence[Convention] = (),
    show_equations: bool = False,
    through: ThroughTime = PLAIN,
) -> Solution:
    """Solve equations.

    Args:
        problem: the problem; its given values, asked names and settings are used.
        document: whether to write the working too.
        equations: the equations, where they do not stand in the problem's body.
        conventions: choices that led to these equations.
        show_equations: list the equations before the working.
        through: the time steps that the equations belong to.

    Raises:
        InputError: with the place of what cannot be solved.
        CertificateError: if a gradient fails its test.
    """
    from hwsolve.solvers.certificates import certify

    if equations is None:
        equations = problem.body.equations  # type: ignore[union-attr]  # the reader made it a graph
    document = document and problem.settings.working != "none"
    if in_symbols(problem):
        from hwsolve.solvers.formulas import solve_in_symbols

        solution = solve_in_symbols(
            problem,
            equations,
            document=document,
            conventions=conventions,
            show_equations=show_equations,
        )
        if solution is not None:
            return solution
    solved = Solved(problem, equations, through)
    solved.build()
    solved.evaluate(document=document)
    certificates, remarks = certify(solved)
    answers = tuple(Answer(ask.text, solved.value(ask.lowered)) for ask in solved.asks)
    answers += _entry_answers(solved)
    options: tuple[Section, ...] = ()
    matching: tuple[Answer, ...] = ()
    if problem.extras.options:
        from hwsolve.solvers.options import matched

        option, section = matched(problem, answers)
        matching, options = (option,), (section,)
    solution = Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        answers=(*answers, *matching),
        certificates=certificates,
        warnings=tuple(dict.fromkeys((*remarks, *unrelated(solved), *_doubts(solved)))),
        settings=problem.settings._asdict(),
    )
    if not document:
        return solution
    from hwsolve.solvers.working import given_steps, sections, used_conventions, with_notes

    given = given_steps(solved)
    if solved.upstream:
        from hwsolve.solvers.stated_values import upstream_steps

        given += upstream_steps(solved)
    return solution._replace(
        answers=(*named_choices(solved, with_notes(solved, answers)), *matching),
        given=given,
        conventions=_conventions(solved, conventions, used_conventions(solved)),
        sections=(*sections(solved, show_equations=show_equations), *options),
    )


def _conventions(
    solved: Solved, stated: Sequence[Convention], used: Sequence[Convention]
) -> tuple[Convention, ...]:
    """The conventions, each of them once, and what a step of an update does."""
    names = {convention.name for convention in stated if convention.name == "loss"}
    found = (*stated, *(convention for convention in used if convention.name not in names))
    if not solved.problem.extras.update:
        return found
    from hwsolve.solvers.one_step import step_convention

    return (*found, step_convention(solved.problem, solved.equations))


def named_choices(solved: Solved, answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """Answers of `argmin(a, b)` with the name of the argument that was chosen."""
    from hwsolve.expr.notation import text

    graph, found = solved.graph, list(answers)
    for place, (ask, answer) in enumerate(zip(solved.asks, answers, strict=False)):
        node = ask.lowered
        if isinstance(node, Bundle) or (row := graph.rows[node]) is None:
            continue
        if row.name not in {"argmin", "argmax"} or graph.shapes[node] or answer.note:
            continue
        listed = graph.args[node][0]
        if (source := graph.rows[listed]) is not None and source.name == "stack":
            place_of = int(solved.floats[node])
            chosen = graph.expression(graph.args[listed][place_of])
            written = _arguments(solved, ask.expr)
            if place_of < len(written):
                chosen = written[place_of]
            found[place] = answer._replace(note=f"{text(chosen)} is it")
    return tuple(found)


def _arguments(solved: Solved, asked: Expr) -> Sequence[Expr]:
    """The arguments of an asked `argmin(a, b)`, as they are written."""
    bodies = (each.body for each in solved.equations if each.target == asked)
    body = next(bodies, asked)
    args = body.args if isinstance(body, Apply) else ()
    if len(args) == 1 and isinstance(args[0], Apply) and args[0].op == "stack":
        args = args[0].args
    return args


def in_symbols(problem: Problem) -> bool:
    """Whether something may have to be answered by a formula in symbols."""
    body: Any = problem.body
    return bool(
        problem.expressions
        or not problem.given
        or getattr(body, "shapes", None)
        or getattr(body, "assume", None)
        or any(
            is_formula(answer, problem)
            for name, answer in problem.answers.items()
            if not (name == "option" and problem.extras.options)
        )
    )


def is_formula(answer: Stated | None, problem: Problem) -> bool:
    """Whether a stated answer is a formula with names in it: no number, size or word."""
    if answer is None or isinstance(answer, list):
        return False
    words = answer.text.strip()
    letters = words.casefold().replace("×", "x")
    if not any(letter.isalpha() for letter in letters) or letters in _WORDS:
        return False
    if letters.replace("x", "").isdigit() or not letters.strip("0123456789.e+-−"):
        return False
    try:
        tree = parse_expression(words)
    except EquationError:
        return False
    if isinstance(tree, Sym):
        return _is_used(tree.name, problem)
    return any(isinstance(node, Sym) and node.name for node in walk(tree))


def _is_used(name: str, problem: Problem) -> bool:
    """Whether a word is a name of the problem (`delta`) and not just a word (`two`)."""
    equations: Sequence[Written] = getattr(problem.body, "equations", ())
    return name in problem.given or any(
        name in re.findall(r"[^\W\d]\w*", written.text) for written in equations
    )


def _entry_answers(solved: Solved) -> tuple[Answer, ...]:
    """The entries that were to be worked out, where they were not asked for anyway."""
    from hwsolve.solvers.entries import value_at

    asked = {ask.text for ask in solved.asks}
    return tuple(
        Answer(written.text, value_at(solved, *place))
        for written, place in zip(solved.problem.settings.entries, solved.entries, strict=True)
        if written.text not in asked
    )


def _doubts(solved: Solved) -> list[str]:
    if not solved.graph.has_arrays:
        return []
    from hwsolve.solvers.working import doubtful_probabilities, doubtful_products

    return [*doubtful_products(solved), *doubtful_probabilities(solved)]


def unrelated(solved: Solved) -> list[str]:
    """A sentence for each top that does not depend on something it is differentiated by."""
    from hwsolve.expr.notation import text

    by_top: dict[str, list[str]] = {}
    for top, bottom in solved.lowering.unrelated:
        names = by_top.setdefault(text(top), [])
        if text(bottom) not in names:
            names.append(text(bottom))
    return [
        f"{top} does not depend on {', '.join(names)}, so "
        f"{'this derivative is' if len(names) == 1 else 'these derivatives are'} 0"
        for top, names in by_top.items()
    ]


def parsed(equations: Sequence[Written]) -> list[Equation]:
    """The equations, read.

    Raises:
        InputError: or several, with the places of what could not be read.
    """
    found: list[Equation] = []
    errors: list[InputError] = []
    for written in equations:
        try:
            found.append(parse_equation(written.text))
        except EquationError as error:
            place = written.place(max(error.at, 0))
            errors.append(InputError(error.message, place, error.hint))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(errors)
    return found


def _ask(written: Written) -> tuple[str, Expr]:
    try:
        return written.text, parse_expression(written.text)
    except EquationError as error:
        place = written.place(max(error.at, 0))
        raise InputError(error.message, place, error.hint) from None


def _placed_in(
    error: EquationError, problem: Problem, find: Sequence[Written], position: int
) -> InputError:
    if position < len(find):
        place = find[position].place(max(error.at, 0))
        return InputError(error.message, place, error.hint)
    return InputError(error.message, problem.place, error.hint)


def _last(equations: Sequence[Equation]) -> tuple[str, Expr]:
    """What to find where a problem does not say it: the name of the last equation."""
    target = equations[-1].target
    name = target.base if isinstance(target, Index) and equations[-1].loops else target
    from hwsolve.expr.notation import text

    return text(name), name


def _indexed_only(equations: Sequence[Equation], axes: Mapping[str, int]) -> dict[str, bool]:
    """For each name whether only its single entries are used: x[1], never x or a row."""
    only: dict[str, bool] = {}
    reduced = {"sum", "mean", "max", "min"}
    for tree in (equation.body for equation in equations):
        stack: list[Expr] = [tree]
        while stack:
            node = stack.pop()
            match node:
                case Index(base=Sym(name=name)) if not any(
                    getattr(part, "op", "") in {"slice", "stack"}
                    or (isinstance(part, Sym) and axes.get(part.name))
                    for part in node.indices
                ):
                    whole = len(node.indices) >= axes.get(name, 0)
                    only[name] = only.get(name, True) and whole
                    stack.extend(node.indices)
                    continue
                case Sym():
                    only[node.name] = False
                case Deriv():
                    continue
            if getattr(node, "op", "") in reduced and len(getattr(node, "args", ())) == 1:
                inner = node.args[0]  # type: ignore[attr-defined]  # it has one argument
                if isinstance(inner, Sym) and only.get(inner.name):
                    continue
            from hwsolve.expr.tree import children

            stack.extend(children(node))
    return only


def _nested(entries: dict[tuple[int, ...], Any]) -> Any:
    """Values by index as nested lists, in order."""
    if () in entries:
        return entries[()]
    inner: dict[int, dict[tuple[int, ...], Any]] = {}
    for at, value in sorted(entries.items()):
        inner.setdefault(at[0], {})[at[1:]] = value
    return [_nested(part) for part in inner.values()]


def given_value(given: Given) -> Any:
    """A given value as a number or nested lists of numbers; formulas are worked out.

    Raises:
        InputError: if a formula has no value.
    """
    if given.formula is None:
        return given.value
    graph = Graph()
    lowering = Lowering(graph)
    try:
        node = lowering.node(parse_expression(given.formula.text))
        if not graph.shapes[node]:
            return evaluate(graph, EXACT)[node]
        if graph.rows[node] is None:
            return graph.values[node]
        return evaluate(graph, float_system(graph))[node].tolist()
    except EquationError as error:
        place = given.formula.place(max(error.at, 0))
        raise InputError(error.message, place, error.hint) from None


def stated(problem: Problem, name: str, default: str) -> str:
    """What a problem says about a convention, or the usual choice."""
    written = problem.conventions.get(name)
    return written.text if written is not None else default


def _rule_conventions(problem: Problem) -> dict[str, Any]:
    at_zero = stated(problem, "relu_at_0", "0")
    return {
        "relu_at_0": {"0": 0, "1": 1}.get(at_zero, 0.5),
        "max_ties": "first" if stated(problem, "max_ties", "share") == "first" else "share",
    }


def _asked_system(problem: Problem, graph: Graph) -> NumberSystem:
    settings = problem.settings
    scalars: NumberSystem = EXACT
    if settings.round_steps is not None:
        ties = stated(problem, "ties", settings.ties)
        scalars = Decimals(settings.round_steps, ties)
    if not graph.has_arrays:
        return scalars
    from hwsolve.expr.arrays import Arrays

    return Arrays(scalars)
