"""The working of a graph: what a student writes down, as a document."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Sym, walk
from hwsolve.solution import Answer, Block, Convention, Section, Step
from hwsolve.solvers.local import side
from hwsolve.solvers.paths import chain_sections
from hwsolve.solvers.through_time import equation_lines, left_out, short_sum, state_sections
from hwsolve.solvers.ties import has_ties

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hwsolve.expr.systems import NumberSystem
    from hwsolve.solvers.graph import Solved

# How far rounded probabilities may be from adding up to 1.
DISTRIBUTION: Final = 0.02
# Arrays up to this many entries are put into a line of numbers.
SMALL: Final = 4
# A line of numbers with more leaves than this is left out.
MANY: Final = 16


def given_steps(solved: Solved) -> tuple[Step, ...]:
    """The given values, in the order of the file."""
    steps = []
    for name, given in solved.problem.given.items():
        lowered = solved.lowering.names.get(name)
        value = given.value
        shape: tuple[int, ...] = ()
        if isinstance(lowered, int):
            shape = solved.graph.shapes[lowered]
            if value is None:
                value = solved.floats[lowered]
        elif isinstance(value, list):
            from hwsolve.expr.graph import shape_of

            shape = shape_of(value)
        forms = (Sym(given.formula.text),) if given.formula is not None else ()
        steps.append(Step(Sym(name), forms, value, shape=shape))
    return tuple(steps)


def sections(solved: Solved, *, show_equations: bool) -> tuple[Section, ...]:
    """The sections of the working: forward, local derivatives, gradients, entries."""
    found: list[Section] = []
    if show_equations:
        found.append(Section("Equations", equation_lines(solved)))
    late = _after_gradients(solved)
    first = forward_steps(solved, late, wanted=False)
    if first:
        found.append(Section("Forward", first, detail="short"))
    found.extend(state_sections(solved))
    found.extend(chain_sections(solved))
    together = tuple(
        Step(solved.graph.labels[node], (entries,), value, shape=solved.graph.shapes[node])
        for node, entries in solved.lowering.jacobians.items()
        if (value := solved.values[node]) is not None
    )
    if together:
        found.append(Section("Derivatives of arrays, put together", together, detail="short"))
    second = forward_steps(solved, late, wanted=True)
    if second:
        found.append(Section("With the gradients", second, detail="short"))
    if solved.problem.settings.entries:
        from hwsolve.solvers.entries import entry_section

        places = zip(solved.problem.settings.entries, solved.entries, strict=True)
        entries = [entry_section(solved, written, place) for written, place in places]
        found.extend(section for section in entries if section.blocks)
    asked = _asked_expressions(solved)
    if asked:
        found.append(Section("Asked", asked, detail="short"))
    return tuple(found)


def forward_steps(solved: Solved, late: set[int], *, wanted: bool) -> tuple[Block, ...]:
    """A step for each named result that does (or does not) use a gradient, in order."""
    graph = solved.graph
    blocks: list[Block] = []
    for node in range(solved.forward):
        label = graph.labels.get(node)
        if label is None or graph.rows[node] is None or isinstance(label, Deriv):
            continue
        if isinstance(label, Index) and label.base == graph.labels.get(graph.args[node][0]):
            # an entry says nothing beside the array that it belongs to
            continue
        if (node in late) is not wanted:
            continue
        if solved.through.is_shown(graph.origin[node]):
            blocks.append(line_step(solved, node))
            if node in solved.overridden:
                blocks.append(stated_step(solved, node))
        elif blocks and isinstance(blocks[-1], Step):
            blocks.append(left_out(solved.through))
    return tuple(blocks)


def _after_gradients(solved: Solved) -> set[int]:
    """The nodes of equations that use a gradient, such as a weight's update."""
    updates = {
        number
        for number, equation in enumerate(solved.equations)
        if any(isinstance(node, Deriv) for node in walk(equation.body))
    }
    late: set[int] = set()
    if updates:
        graph = solved.graph
        for node in range(solved.forward):
            if graph.origin[node] in updates or not late.isdisjoint(graph.args[node]):
                late.add(node)
    return late


def line_step(solved: Solved, node: int) -> Step:
    """A line: its name, its formula, the same with numbers, and its value."""
    graph = solved.graph
    formula = graph.expression(node, inside=True)
    forms = [short_sum(form) for form in (formula, *number_forms(solved, formula))]
    if _is_listed(formula):
        # an array of numbers says nothing beside its value
        forms = []
    name, value, reason = graph.labels[node], solved.values[node], _reason(solved, node)
    if node in solved.overridden:
        from hwsolve.solvers.stated_values import computed_anyway, forward_name

        # the name itself belongs to the stated value, which has a line of its own
        name, value = forward_name(name), computed_anyway(solved, node)
    return Step(name, tuple(forms), value, reason=reason, shape=graph.shapes[node])


def stated_step(solved: Solved, node: int) -> Step:
    """The value that the problem states for a computed name."""
    shape = solved.graph.shapes[node]
    reason = "stated, and used from here on"
    return Step(solved.graph.labels[node], (), solved.values[node], reason=reason, shape=shape)


def _is_listed(formula: Expr) -> bool:
    """Whether a formula is an array of numbers, entry by entry."""
    if not isinstance(formula, Apply) or formula.op != "stack":
        return False
    return all(isinstance(entry, Num) or _is_listed(entry) for entry in formula.args)


def number_forms(solved: Solved, formula: Expr) -> list[Expr]:
    """The formula with numbers for names, and for a sum its terms worked out."""
    if isinstance(formula, Num):
        return []
    numbers = substituted(formula, solved.by_name())
    if numbers is None or numbers == formula:
        return []
    forms = [numbers]
    terms = _terms(solved, numbers)
    if terms is not None and terms != numbers:
        forms.append(terms)
    return forms


def substituted(formula: Expr, leaves: Mapping[Expr, Any], budget: int = MANY) -> Expr | None:
    """The formula with values for names; None where that would be too long to read."""
    room = budget

    def put(node: Expr) -> Expr | None:
        nonlocal room
        if node in leaves:
            size = getattr(leaves[node], "size", 1)
            # an entry of an array takes more room on a line than a number
            room -= size if size == 1 else 2 * size
            fits = leaves[node] is not None and size <= SMALL and room >= 0
            return Num(leaves[node]) if fits else None
        if isinstance(node, Num):
            room -= 1
            return node
        if not isinstance(node, Apply):
            return node if node == Sym("") else None
        args: list[Expr] = []
        for arg in node.args:
            done = put(arg)
            if done is None:
                return None
            args.append(done)
        return Apply(node.op, tuple(args), node.attributes)

    return put(formula)


def _terms(solved: Solved, numbers: Expr) -> Expr | None:
    """A sum of products with each product worked out: 0.675 + 0.693."""
    if not isinstance(numbers, Apply) or numbers.op not in {"add", "sub"}:
        return None
    worked = [_worked(solved, term) for term in numbers.args]
    if any(term is None for term in worked) or all(
        isinstance(_unsigned(term), Num) for term in numbers.args
    ):
        return None
    return Apply(numbers.op, tuple(term for term in worked if term is not None))


def _unsigned(term: Expr) -> Expr:
    return term.args[0] if isinstance(term, Apply) and term.op == "neg" else term


def _worked(solved: Solved, term: Expr) -> Expr | None:
    if isinstance(term, Num):
        return None if hasattr(term.value, "shape") and term.value.shape else term
    if isinstance(term, Apply) and term.op == "neg":
        inner = _worked(solved, term.args[0])
        return None if inner is None else Apply("neg", (inner,))
    if isinstance(term, Apply) and term.op == "mul":
        value = calculate(solved, term)
        if isinstance(value, float):
            from hwsolve.expr.systems import EXACT

            # (1 - 0.9)*10 is 1, as by hand, and not 0.9999999999999998
            with suppress(ArithmeticError, ValueError, TypeError):
                value = float(calculate(solved, term, EXACT))
        return None if value is None else Num(value)
    return None


def calculate(solved: Solved, numbers: Expr, system: NumberSystem | None = None) -> Any:
    """The value of a scalar formula of numbers, by default in the problem's number system."""
    from hwsolve.expr.operations import OPERATIONS

    system = system or solved.system
    match numbers:
        case Num(value=value):
            if getattr(value, "shape", ()):
                return None
            decimal = type(value).__name__ == "Decimal" and system.name != "floats"
            return value if decimal else system.number(value)
        case Apply(op=op, args=args) if op in OPERATIONS and not numbers.attributes:
            values = [calculate(solved, arg, system) for arg in args]
            if op == "mul" and 0 in values and None not in values:
                return system.number(0)  # 0·log(0) in a loss too
            with suppress(ArithmeticError, ValueError), system.scope():
                if not any(value is None for value in values):
                    return system.finish(OPERATIONS[op].compute(system, *values))
    return None


def _reason(solved: Solved, node: int) -> str:
    """Why a piecewise operation gives what it gives: a1 > 0."""
    graph = solved.graph
    row = graph.rows[node]
    if row is None or row.name not in {"relu", "step", "sign"} or graph.shapes[node]:
        return ""
    from hwsolve.expr.notation import text

    arg = graph.args[node][0]
    if arg not in graph.labels:
        return ""
    return f"{text(graph.labels[arg])} {side(solved.floats[arg])} 0"


def _asked_expressions(solved: Solved) -> tuple[Step, ...]:
    """Steps for what was asked for and is not a name or a derivative: `sigma(S1)`."""
    graph = solved.graph
    steps = []
    for ask in solved.asks:
        plain = isinstance(ask.expr, (Sym, Deriv, Index)) or not isinstance(ask.lowered, int)
        if plain or not isinstance(ask.lowered, int) or ask.lowered in graph.labels:
            continue
        forms = [ask.expr, *number_forms(solved, graph.expression(ask.lowered))]
        shape = graph.shapes[ask.lowered]
        steps.append(Step(None, tuple(forms), solved.values[ask.lowered], shape=shape))
    return tuple(steps)


def used_conventions(solved: Solved) -> tuple[Convention, ...]:
    """The conventions that influenced the answer, in words."""
    from hwsolve.problem.conventions import meaning

    problem, graph = solved.problem, solved.graph

    def stated(name: str, value: str) -> Convention:
        source = "problem" if name in problem.conventions else "default"
        return Convention(name, value, meaning(name, value), source)

    found: list[Convention] = []
    used = _live(solved)
    names = {row.name for node in used if (row := graph.rows[node]) is not None}
    if _slope_at_zero(solved, used):
        at_zero = str(graph.conventions.get("relu_at_0", 0)).replace("0.5", "1/2")
        found.append(stated("relu_at_0", at_zero))
    if solved.lowering.derivatives.known and has_ties(solved):
        found.append(stated("max_ties", str(graph.conventions.get("max_ties", "share"))))
    # larger arrays than matrices may be shown under their indices
    blocks = "first_index" in problem.conventions and any(len(s) > 2 for s in graph.shapes)  # noqa: PLR2004  (a matrix)
    if solved.lowering.indexed or blocks:
        found.append(stated("first_index", str(solved.lowering.first_index)))
    if solved.lowering.has_jacobian:
        found.append(stated("layout", solved.lowering.layout))
    if names & {"log", "log2", "log10", "xlogy", "xlog2y", "xlog10y"}:
        found.append(stated("log", solved.lowering.log_base))
    if problem.settings.round_steps is not None:
        places = problem.settings.round_steps
        system = solved.system
        ties = getattr(getattr(system, "scalars", system), "ties", "away")
        how = meaning("ties", ties)
        found.append(
            Convention(
                "round_steps", str(places), f"every step is rounded to {places} decimals; {how}"
            )
        )
    found.extend(
        Convention(name.partition(":")[0], value, f"the {name.partition(': ')[2]} is {value}")
        for name, value in solved.lowering.defaults.items()
    )
    found.extend(Convention("loss", name, words) for name, words in solved.lowering.losses.items())
    if solved.lowering.numbered_classes:
        first = solved.lowering.first_index
        found.append(Convention("classes", str(first), f"the first class has the number {first}"))
    found.extend(
        Convention(alias, "sigmoid", f"{alias}(x) is the logistic function 1/(1 + exp(-x))")
        for alias in ("s", "φ")
        if alias in solved.lowering.used_aliases
    )
    return tuple(found)


def _live(solved: Solved) -> list[int]:
    return solved.needed()


def _slope_at_zero(solved: Solved, used: Iterable[int]) -> bool:
    """Whether the slope of a ReLU at exactly 0 entered a gradient."""
    graph = solved.graph
    for node in used:
        row = graph.rows[node]
        if row is None or row.name != "step" or node < solved.forward:
            continue
        value = solved.floats[graph.args[node][0]]
        if (value == 0).any() if hasattr(value, "any") else value == 0:
            return True
    return False


def doubtful_probabilities(solved: Solved) -> list[str]:
    """A warning for each prediction of a cross-entropy that is no distribution."""
    from hwsolve.expr.notation import text

    found = []
    for node, axis in solved.lowering.probabilities:
        values = solved.floats[node]
        totals = values.sum(axis=axis)
        if (values < 0).any() or (abs(totals - 1) > DISTRIBUTION).any():
            total = (
                float(totals.ravel()[abs(totals - 1).argmax()]) if totals.shape else float(totals)
            )
            name = text(solved.graph.expression(node))
            found.append(
                f"cross_entropy takes probabilities, but {name} adds up to {total:.6g}; "
                "cross_entropy_logits takes scores"
            )
    return found


def doubtful_products(solved: Solved) -> list[str]:
    """A warning for each product entry by entry with a transpose: Q·K.T may mean Q @ K.T."""
    from hwsolve.expr.notation import text

    graph, found = solved.graph, []
    for node in range(min(solved.forward, len(graph))):
        row = graph.rows[node]
        if row is None or row.name != "mul" or len(graph.shapes[node]) < 2:  # noqa: PLR2004  (matrices)
            continue
        for arg in graph.args[node]:
            turned = graph.rows[arg]
            if turned is not None and turned.name == "transpose" and arg not in graph.labels:
                left, right = (text(graph.expression(each)) for each in graph.args[node])
                found.append(
                    f"{left}·{right} multiplies entry by entry; the product of matrices is "
                    f"{left} @ {right}"
                )
                break
    return found


def with_notes(solved: Solved, answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """Answers with the full-precision value beside one that was rounded at every step."""
    if solved.problem.settings.round_steps is None:
        return answers
    noted = list(answers)
    for position, (ask, answer) in enumerate(zip(solved.asks, answers, strict=False)):
        if isinstance(ask.lowered, int) and not solved.graph.shapes[ask.lowered]:
            full = solved.floats[ask.lowered]
            noted[position] = answer._replace(note=f"{full:.6g} in full precision")
    return tuple(noted)
