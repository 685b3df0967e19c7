"""The working of an optimizer: the rule, the first step line by line, a table of all steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.tree import Deriv, Expr, Index, Sym
from hwsolve.expr.tree import Num as Number
from hwsolve.nets.emitted import is_linear
from hwsolve.problem.model import Given, Written
from hwsolve.problem.optimizer import CLIPS
from hwsolve.solution import Column, Num, Section, Solution, Step, Table, Text
from hwsolve.solvers.optimizer_data import low_output
from hwsolve.solvers.optimizer_equations import ROOT
from hwsolve.solvers.optimizer_limits import clip_range
from hwsolve.solvers.optimizer_names import names_in, numbered, renamed
from hwsolve.solvers.working import (
    given_steps,
    line_step,
    number_forms,
    used_conventions,
    with_notes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.solution import Block, Convention
    from hwsolve.solvers.graph import Solved
    from hwsolve.solvers.optimizer import Course
    from hwsolve.solvers.optimizer_equations import Writer

# So many steps are worked out line by line, and so many rows of a long table are shown.
IN_FULL: Final = 3
ROWS: Final = 32
FIRST_ROWS: Final = 8
LAST_ROWS: Final = 4
# A formula whose tree is longer than this when it is spelt out is no line.
LONGEST: Final = 400
# Vectors up to this length stand in a table.
WIDE: Final = 4


def written_out(solution: Solution, course: Course, more: Sequence[Section]) -> Solution:
    """A solution with its working."""
    solved = course.solved
    assert solved is not None  # noqa: S101  (it was solved)
    writer = course.writer
    setup = writer.setup
    noted: list[Convention] = [*setup.conventions, *used_conventions(solved)]
    if _unused_starts(course):
        noted = [convention for convention in noted if convention.name != "start"]
    if not writer.last - writer.first:
        noted = [convention for convention in noted if convention.name != "initial_state"]
    conventions = tuple(dict.fromkeys(noted))
    answers = with_notes(solved, solution.answers) if not more else solution.answers
    return solution._replace(
        answers=answers,
        given=_given(course, solved),
        conventions=_conventions(conventions),
        sections=tuple(_sections(course, solved, more)),
        warnings=(*solution.warnings, *_unused(course)),
    )


def _conventions(found: tuple[Convention, ...]) -> tuple[Convention, ...]:
    """Each convention once, and none about indices that only the program used."""
    seen: dict[str, Convention] = {}
    for convention in found:
        seen.setdefault(f"{convention.name} {convention.meaning}", convention)
    return tuple(seen.values())


def _unused(course: Course) -> list[str]:
    texts = [written.text for written in course.writer.equations]
    body = course.writer.setup.body
    texts += [written.text for written in (*body.after, *course.problem.find)]
    rate = course.writer.rate
    texts += [name for name in course.writer.setup.given if rate.uses(name)]
    setup = course.writer.setup
    if not course.writer.last - course.writer.first:
        return []
    texts += [*setup.settings.values(), *(text.text for text in body.clip.values())]
    return setup.unused(texts)


def _given(course: Course, solved: Solved) -> tuple[Step, ...]:
    """The given values as the author wrote them: lists of examples and gradients whole."""
    writer = course.writer
    setup = writer.setup
    cut = {f"{name}_{k}" for name in setup.data for k in range(1, setup.examples + 1)}
    gradients = {
        numbered(writer.stem("g", name), number)
        for name in writer.names
        for number in range(writer.first, writer.last + 1)
    }
    lists = {name for name in writer.given if writer.rate.written and _is_rate(writer, name)}
    lists |= {"pi"} - set(setup.given)
    hidden = cut | gradients | lists | _unused_starts(course)
    shown = {name: given for name, given in writer.given.items() if name not in hidden}
    for name, gradient in setup.gradients.items():
        if isinstance(gradient, Given):
            stem = writer.stem("g", name) if name else writer.letters["g"]
            shown[stem] = gradient._replace(name=stem)
    shown.update(setup.data)
    problem = solved.problem
    solved.problem = problem._replace(given=shown)
    steps = given_steps(solved)
    solved.problem = problem
    return steps


def _unused_starts(course: Course) -> set[str]:
    """The first values of parameters that no equation uses: only the gradient was asked for."""
    writer = course.writer
    words = {name for written in course.equations for name in names_in(written.text)}
    starts = {numbered(name, writer.first) for name in writer.names}
    if not writer.last - writer.first:
        groups = writer.setup.rule.states
        stems = [writer.stem(group[0], name) for group in groups for name in writer.names]
        starts |= {numbered(stem, writer.first) for stem in stems}
    return {name for name in starts if name not in words}


def _is_rate(writer: Writer, name: str) -> bool:
    numbers = range(writer.first, writer.last + 1)
    return any(name == numbered(writer.rate.stem, number) for number in numbers)


def _sections(course: Course, solved: Solved, more: Sequence[Section]) -> list[Section]:
    writer = course.writer
    count = writer.last - writer.first
    found: list[Section] = []
    rule = _rule(writer) if count else ()
    if rule:
        found.append(Section(writer.setup.rule.title, rule))
    if course.starts[0]:
        found += _lines(solved, 0, course.starts[0], "Before the first step")
    full = count <= IN_FULL
    for step in range(1, count + 1):
        if step > 1 and not full:
            break
        low, high = course.starts[step - 1], course.starts[step]
        found += _step(
            solved,
            low,
            high,
            f"Step {writer.first + step}",
            chain=step == 1,
            several=writer.setup.batch > 1,
        )
    table = _table(writer, solved)
    if table is not None and count > 1:
        found.append(Section("All steps", (table,), detail="short"))
    title = "Further values" if count else "Values"
    found += _lines(solved, course.starts[-1], len(solved.equations), title)
    asked = _asked(solved)
    if asked:
        found.append(Section("Asked", asked, detail="short"))
    if solved.problem.settings.entries:
        from hwsolve.solvers.entries import entry_section

        places = zip(solved.problem.settings.entries, solved.entries, strict=True)
        entries = [entry_section(solved, written, place) for written, place in places]
        found += [section for section in entries if section.blocks]
    return [*found, *more]


def _rule(writer: Writer) -> tuple[Block, ...]:
    """The lines of the rule in the names of the problem, a prime for the value before."""
    setup = writer.setup
    lines = [written.text for _, written in setup.equations]
    rule = setup.rule
    if rule.on_data:
        return tuple(Text((line,)) for line in _unit_lines(writer))
    symbols = dict(setup.settings)
    for role in ("g", *(line for line, _ in rule.lines if line != "w")):
        symbols[role] = writer.letters.get(role, role)
        symbols[f"{role}'"] = symbols[role] + "'"
    if writer.single:
        symbols["w"], symbols["w'"] = writer.names[0], writer.names[0] + "'"
    lines += _limits(writer)
    if rule.look:
        lines.append(f"look = {rule.look}")
    for name, body in rule.lines:
        if name == "w" and "lr" not in symbols and not rule.usual and not writer.rate.varies():
            continue
        text = body.replace("lr*", "") if "lr" not in symbols and not writer.rate.varies() else body
        lines.append(f"{name} = {text}")
    texts = []
    for line in lines:
        text = line
        if "ROOT(" in text:
            text = ROOT.sub(writer.root, text)
        text = text.replace("NEWTON", "(second derivatives)^-1 * g")
        place = setup.problem.place
        texts.append(renamed(Written(text, place), symbols).text if "(second" not in text else text)
    if any("'" in line for line in texts):
        texts.append("(a prime marks the value before the step)")
    return tuple(Text((line,)) for line in texts)


def _limits(writer: Writer) -> list[str]:
    """What is done to a gradient before the rule sees it."""
    setup = writer.setup
    lines = []
    for how, limit in setup.body.clip.items():
        kind, bound = CLIPS[how], limit.text
        clipped = writer.letters["clip"]
        if kind == "value":
            low, high = clip_range(limit)
            lines.append(f"{clipped} = min(max(g, {low}), {high})")
        else:
            of = "all gradients together" if kind == "global_norm" else "g"
            lines.append(f"{clipped} = g*{bound}/max({writer.length}, {bound}), the norm of {of}")
    decay = setup.settings.get("wd")
    if decay and setup.rule.name != "adamw" and setup.stated("weight_decay") != "decoupled":
        lines.append(f"{writer.letters['gd']} = g + {decay}*w'")
    return lines


def _unit_lines(writer: Writer) -> list[str]:
    """The perceptron rule or the delta rule in the letters of the problem."""
    setup, unit = writer.setup, writer.unit
    rate = f"{setup.settings['lr']}*" if "lr" in setup.settings else ""
    target = unit.targets
    factor = unit.error
    lines = [f"{unit.error} = {target} - {unit.output}"]
    if setup.rule.name == "perceptron" and setup.stated("perceptron") == "label":
        lines = [f"{unit.error} = {target} if {target}*{unit.total} <= 0 else 0"]
    elif setup.rule.name == "perceptron":
        sign = ">" if setup.stated("output_at_0") == "low" else ">="
        choice = f"1 if {unit.total} {sign} 0 else {low_output(writer)}"
        lines.insert(0, f"{unit.output} = {choice}")
    else:
        activation = setup.body.activation
        lines = [f"{unit.error} = {target} - {unit.total}"]
        if activation is not None and not is_linear(activation.text):
            slope = f"d{unit.output}/d{unit.total}"
            lines = [f"{unit.error} = ({target} - {unit.output})*{slope}"]
    for weight, datum in dict.fromkeys((pair[0], pair[1]) for pair in unit.pairs):
        lines.append(f"{weight} = {weight}' + {rate}{factor}*{datum}")
    lines += [f"{name} = {name}' + {rate}{factor}" for name in (unit.bias,) if name]
    lines += [f"{name} = {name}' - {rate}{factor}" for name in (unit.threshold,) if name]
    return [*lines, "(a prime marks the value before the step)"]


def _nodes(solved: Solved, low: int, high: int) -> list[int]:
    """The named nodes of equations, in order."""
    graph = solved.graph
    return [
        node
        for node in range(solved.forward)
        if node in graph.labels
        and graph.rows[node] is not None
        and low <= graph.origin[node] < high
        and not isinstance(graph.labels[node], Deriv)
    ]


def _lines(solved: Solved, low: int, high: int, title: str) -> list[Section]:
    blocks = tuple(_line(solved, node) for node in _nodes(solved, low, high))
    return [Section(title, blocks, detail="short")] if blocks else []


def _step(  # noqa: PLR0913  (where it is, and how much of it)
    solved: Solved, low: int, high: int, title: str, *, chain: bool, several: bool
) -> list[Section]:
    """A step: what the loss is, its gradient, and the lines of the rule."""
    nodes = _nodes(solved, low, high)
    late = [node for node in nodes if _uses_gradient(solved, node)]
    first = late[0] if late else len(solved.graph)
    before = tuple(_line(solved, node) for node in nodes if node < first)
    after = tuple(_line(solved, node) for node in nodes if node >= first)
    found: list[Section] = []
    if before and late and chain:
        found.append(Section(f"{title}: forward", before, detail="short"))
        found += _chains(solved, nodes, several=several)
        found.append(Section(f"{title}: the update", after, detail="short"))
    else:
        found.append(Section(title, (*before, *after), detail="short" if chain else "full"))
    return found


def _uses_gradient(solved: Solved, node: int) -> bool:
    from hwsolve.expr.tree import walk

    origin = solved.graph.origin[node]
    return any(isinstance(part, Deriv) for part in walk(solved.equations[origin].body))


def _chains(solved: Solved, nodes: Sequence[int], *, several: bool) -> list[Section]:
    """The sections of the gradients of what is worked out in a step."""
    from hwsolve.solvers.paths import chain_sections

    derivatives = solved.lowering.derivatives
    every = derivatives.known
    tops = [top for top in every if top in set(nodes)]
    if several:  # the other examples go the same way
        tops = tops[:1]
    derivatives.known = {top: every[top] for top in tops}
    try:
        return chain_sections(solved)
    finally:
        derivatives.known = every


def _line(solved: Solved, node: int) -> Step:
    """A line of working; a gradient with its formula and numbers."""
    graph = solved.graph
    step = line_step(solved, node)
    body = solved.equations[graph.origin[node]].body
    if not isinstance(body, Deriv):
        return step
    # the derivative that was meant, even where another one has the same value; as a
    # formula too, where that is short and not the value itself
    forms: tuple[Expr, ...] = (body,)
    if not graph.shapes[node]:
        formula = graph.expression(graph.args[node][0], inside=True, plain=True)
        if not isinstance(formula, (Sym, Deriv, Number)) and len(str(formula)) < LONGEST:
            forms = (body, formula, *number_forms(solved, formula))
    return step._replace(forms=forms)


def _asked(solved: Solved) -> tuple[Step, ...]:
    """Steps for what was asked for and is neither a name nor a derivative: `abs(w3)`."""
    graph = solved.graph
    steps = []
    for ask in solved.asks:
        plain = isinstance(ask.expr, (Sym, Deriv, Index))
        if plain or not isinstance(ask.lowered, int) or ask.lowered in graph.labels:
            continue
        forms = [ask.expr, *number_forms(solved, graph.expression(ask.lowered))]
        shape = graph.shapes[ask.lowered]
        steps.append(Step(None, tuple(forms), solved.values[ask.lowered], shape=shape))
    return tuple(steps)


def _columns(writer: Writer, solved: Solved) -> list[str]:
    """The quantities of a step that are short enough for a table, the parameters late."""
    names = solved.lowering.names
    model = [name for name, _ in writer.setup.equations if name in writer.columns]
    stems = [stem for stem in writer.columns if stem not in {*writer.names, *model}]
    columns = [writer.rate.stem] if writer.rate.used else []
    for stem in [*stems, *writer.names, *model]:
        shapes = {
            solved.graph.shapes[node]
            for number in range(writer.first, writer.last + 1)
            if isinstance(node := names.get(numbered(stem, number)), int)
        }
        if all(len(shape) <= 1 and sum(shape) <= WIDE for shape in shapes):
            columns.append(stem)
    return columns


def _cell(writer: Writer, solved: Solved, stem: str, number: int) -> Num | None:
    name = numbered(stem, number)
    if writer.rate.used and stem == writer.rate.stem:
        name = writer.rate.used.get(number, "")
    node = solved.lowering.names.get(name)
    value = solved.values[node] if isinstance(node, int) else None
    return None if value is None else Num(value)


def _table(writer: Writer, solved: Solved) -> Table | None:
    """A row for each step and a column for each quantity, as far as they fit on a line."""
    columns = _columns(writer, solved)
    if not columns:
        return None
    numbers = list(range(writer.first, writer.last + 1))
    if len(numbers) > ROWS:
        numbers = [*numbers[:FIRST_ROWS], -1, *numbers[-LAST_ROWS:]]
    examples = bool(writer.setup.batch and writer.setup.batch < writer.setup.examples)
    rows: list[tuple[Any, ...]] = []
    for number in numbers:
        if number < 0:
            rows.append(("...", *([""] * (len(columns) + examples))))
            continue
        cells: list[Any] = [Num(number)]
        if examples:
            seen = writer.indices(number) if number > writer.first else []
            cells.append(", ".join(map(str, seen)))
        cells += [_cell(writer, solved, stem, number) for stem in columns]
        rows.append(tuple(cells))
    heads = [Column("t", "right"), *([Column("example", "right")] if examples else [])]
    return Table((*heads, *(Column(stem, "right") for stem in columns)), tuple(rows))
