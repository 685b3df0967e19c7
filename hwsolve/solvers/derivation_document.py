"""What a checked derivation says: its lines with reasons and verdicts, and the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.expr.tree import Apply, Expr, Index, Num, Sym, walk
from hwsolve.proofs.any_functions import coefficient_of, names_coefficients
from hwsolve.proofs.derivation import (
    EVERY_SIZE,
    OPEN,
    PROVED,
    RIGHT_AGAIN,
    SOME_SIZES,
    TESTED,
    WRONG,
    names_of_sizes,
)
from hwsolve.proofs.goals import chain_of
from hwsolve.solution import Certificate, Section, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hwsolve.expr.parser import Equation
    from hwsolve.proofs.derivation import Line, Verdict
    from hwsolve.proofs.sums import Assumption, Setting
    from hwsolve.solution import Block
    from hwsolve.solvers.derivation import Checked

_MARKS: Final = {
    EVERY_SIZE: "✓", PROVED: "✓", SOME_SIZES: "(✓)", TESTED: "(✓)", WRONG: "✗", OPEN: "?",
}  # fmt: skip

_SIGNS: Final = {"=": "=", "<=": "≤", "<": "<", ">=": "≥", ">": ">"}

# More conditions than these are summed up.
MANY_CONDITIONS: Final = 4


def sections(checked: Checked) -> tuple[Section, ...]:
    """The derivation: what it rests on, its lines, and the outcome."""
    basis = tuple(_basis(checked))
    found = [Section("What it rests on", basis, "full")] if basis else []
    title = "Derivation, written by hwsolve" if checked.automatic else "Lines"
    blocks: list[Block] = []
    for number, (line, verdict) in enumerate(
        zip(checked.lines, checked.verdicts, strict=True), start=1
    ):
        blocks += _line(number, line, verdict, checked)
    found.append(Section(title, tuple(blocks), "short"))
    found.append(Section("Outcome", (Text((_outcome(checked),)),), "short"))
    return tuple(found)


def _basis(checked: Checked) -> Iterator[Block]:
    for equation in checked.setting.equations:
        names = [node.name for node in walk(equation.body) if isinstance(node, Sym)]
        of = next(filter(None, map(coefficient_of, names)), None)
        if of is not None and isinstance(equation.target, Sym) and of[0] == equation.target.name:
            yield Text((f"  {of[0]} is any smooth function",))
        elif of is None and not (equation.parameters and not equation.text):
            yield Text(("  ", *_equation(equation)))
    for assumption in checked.setting.assumptions:
        yield Text(("  assumed: ", *_assumption(assumption)))
    for left, right, sign in checked.goals:
        yield Text(("  to be shown: ", left, f" {_SIGNS[sign]} ", right))


def _equation(equation: Equation) -> Iterator[str | Expr]:
    target: Expr = equation.target
    if equation.parameters is not None and isinstance(target, Sym):
        target = Apply(target.name, tuple(map(Sym, equation.parameters)))
    yield from (target, " = ", equation.body)
    for loop in equation.loops:
        yield from (f" for {loop.variable} in ", loop.low, "..", loop.high)


def _assumption(assumption: Assumption) -> Iterator[str | Expr]:
    yield assumption.body
    for loop in assumption.loops:
        yield from (f" for {loop.variable} in ", loop.low, "..", loop.high)


def _line(number: int, line: Line, verdict: Verdict, checked: Checked) -> Iterator[Block]:
    parts: list[str | Expr] = [f"({number}) "]
    if line.source is not None:
        parts.append(f"from ({line.source + 1}): ")
    signs = [_SIGNS[sign] for sign in line.joins]
    if line.continues:
        parts.append(f"{signs.pop(0)} ")
    for place, part in enumerate(line.parts):
        parts += [f" {signs[place - 1]} ", part] if place else [part]
    yield Text(tuple(parts))
    notes = [note for note in (_case(line), line.reason) if note]
    said = f"    {_MARKS[verdict.status]} {verdict_words(verdict, checked.setting)}"
    if notes:
        said = f"    [{'; '.join(notes)}]{said[3:]}"
    if verdict.conditions and verdict.status != WRONG:
        said += f", where {_conditions(verdict)}"
    yield Text((said,))
    if verdict.status == WRONG and verdict.left is not None and verdict.right is not None:
        if len(line.parts) > 2 or verdict.number:  # noqa: PLR2004  (more than one sign)
            sign = f" {_SIGNS[verdict.sign]} "
            yield Text(("      what fails: ", verdict.left, sign, verdict.right))
        if verdict.where is not None and verdict.values is not None:
            yield Text(("      counterexample: ", *_point(verdict.where)))
            left, right = verdict.values
            yield Text(
                ("      there ", verdict.left, " is ", _value(left), ", but ", verdict.right,
                 " is ", _value(right))
            )  # fmt: skip
        if verdict.remark == RIGHT_AGAIN:
            start = chain_of(checked.lines, number - 1)[0][0]
            yield Text(("      it equals ", start, " again: this slip undoes the one before"))


def _conditions(verdict: Verdict) -> str:
    hidden = any(map(names_coefficients, verdict.conditions))
    if hidden or len(verdict.conditions) > MANY_CONDITIONS:
        return "no divisor is 0 and every function has a value"
    return " and ".join(verdict.conditions)


def _case(line: Line) -> str:
    return f"case {line.case.text}" if line.case.text else ""


def _point(where: Mapping[str, Any]) -> Iterator[str | Expr]:
    if not where:
        yield "at every point"
    polynomials: dict[str, Expr] = {}
    points = 0
    for name, value in where.items():
        of = coefficient_of(name)
        if of is None:
            yield from (", " if points else "", _named(name), " = ", _value(value))
            points += 1
        elif value:
            power = Sym("z") ** Num(of[1]) if of[1] > 1 else Sym("z")
            term = _value(value) if not of[1] else power if value == 1 else _value(value) * power
            before = polynomials.get(of[0], Num(0))
            polynomials[of[0]] = term if before == Num(0) else before + term
        else:
            polynomials.setdefault(of[0], Num(0))
    for name, body in polynomials.items():
        yield from (", " if points else "", f"{name}(z) = ", body)
        points += 1


def _named(name: str) -> Expr:
    base, bracket, inside = name.partition("[")
    if not bracket:
        return Sym(name)
    numbers = inside.rstrip("]").split(",")
    return Index(Sym(base), tuple(Num(int(number)) for number in numbers))


def _value(value: Any) -> Expr:
    if hasattr(value, "numerator") and getattr(value, "denominator", 0) == 1:
        return Num(int(value))
    return Num(value)


def verdict_words(verdict: Verdict, setting: Setting) -> str:
    """What a verdict says, never more than is true."""
    sizes = ", ".join(names_of_sizes(setting))
    match verdict.status:
        case "proved for every size":
            return f"proved for every {sizes}"
        case "proved":
            return "proved"
        case "proved for some sizes":
            return f"proved for {_sizes(verdict)}, not for every {sizes}"
        case "tested":
            at = f" with {_sizes(verdict)}" if verdict.sizes else ""
            return f"tested at {verdict.points} points{at}, not proved"
        case "wrong":
            return "wrong"
    return f"could not be settled: {verdict.remark}"


def _sizes(verdict: Verdict) -> str:
    if all(len(sizes) == 1 for sizes in verdict.sizes):
        (name,) = verdict.sizes[0]
        numbers = [sizes[name] for sizes in verdict.sizes]
        if numbers == list(range(numbers[0], numbers[-1] + 1)) and len(numbers) > 1:
            return f"{name} = {numbers[0]}..{numbers[-1]}"
        return f"{name} = {', '.join(map(str, numbers))}"
    return "; ".join(
        ", ".join(f"{name} = {number}" for name, number in sizes.items()) for sizes in verdict.sizes
    )


def _outcome(checked: Checked) -> str:
    count = len(checked.lines)
    lines = f"{'All ' if count > 1 else ''}{count} line{'s' * (count != 1)}"
    if checked.wrong and checked.automatic:
        first = checked.wrong[0]
        right = f": line {first - 1} is right, and line {first} differs from it" * (first > 1)
        return f"What was to be shown is wrong{right}."
    if checked.wrong:
        first = checked.wrong[0]
        others = "" if len(checked.wrong) == 1 else f" (and {_listed(checked.wrong[1:])})"
        return f"The derivation is wrong: it fails at line {first}{others}."
    if not checked.valid:
        open_lines = [
            number for number, v in enumerate(checked.verdicts, start=1) if v.status == OPEN
        ]
        return f"Not settled: line {_listed(open_lines)}."
    if all(verdict.proved for verdict in checked.verdicts):
        chance = sum(verdict.chance for verdict in checked.verdicts)
        return (
            f"{lines} {'are' if count > 1 else 'is'} proved"
            f"{_chance(chance)}. What was to be shown is shown"
            f"{', but for the border between the cases' * bool(checked.edges)}."
            if checked.goals
            else f"{lines} {'are' if count > 1 else 'is'} proved{_chance(chance)}."
        )
    unproved = _unproved(checked)
    which = f"line{'s' * (len(unproved) > 1)} {_listed(unproved)}"
    return f"No line is wrong, but {which} could only be tested, not proved in general."


def _chance(chance: float) -> str:
    if not chance:
        return ""
    from math import floor, log10

    return f" (chance of an error below 10^{floor(log10(chance)) + 1})"


def _unproved(checked: Checked) -> list[int]:
    return [number for number, v in enumerate(checked.verdicts, start=1) if not v.proved]


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


def certificates(checked: Checked) -> tuple[Certificate, ...]:
    """How the lines were settled."""
    found = []
    for number, verdict in enumerate(checked.verdicts, start=1):
        if verdict.status in {WRONG, OPEN}:
            continue
        method = {
            EVERY_SIZE: "exact calculation modulo 2^61 - 1, with any weights on the terms of sums"
            if not checked.setting.shapes
            else "comparing sums of words of matrices, for every shape",
            PROVED: "exact calculation modulo 2^61 - 1",
            SOME_SIZES: "exact calculation modulo 2^61 - 1 at these sizes only",
            TESTED: "random points",
        }[verdict.status]
        if verdict.method:
            at = " at these sizes only" if verdict.status == SOME_SIZES else ""
            method = f"{verdict.method}{at}"
        found.append(Certificate(f"line {number}", method, verdict.proved, max(verdict.points, 1)))
    return tuple(found)


def warnings(checked: Checked) -> tuple[str, ...]:
    """A sentence for each line that is wrong, open, or holds only under conditions."""
    found = []
    where: dict[str, list[int]] = {}
    for number, verdict in enumerate(checked.verdicts, start=1):
        if verdict.status == WRONG:
            found.append(f"line {number} is wrong")
        elif verdict.status == OPEN:
            found.append(f"line {number} could not be settled: {verdict.remark}")
        elif verdict.conditions:
            where.setdefault(_conditions(verdict), []).append(number)
    for conditions, numbers in where.items():
        lines = (
            f"line {numbers[0]} holds" if len(numbers) == 1 else f"lines {_listed(numbers)} hold"
        )
        found.append(f"{lines} where {conditions}")
    for edge in checked.edges:
        at = point_text(edge.left_out or {})
        found.append(f"nothing is shown between the cases, at {at}")
    return tuple(found)


def point_text(point: Mapping[str, Any]) -> str:
    """Values by name in a sentence, rounded where they are long."""
    return ", ".join(
        f"{name} = {value:.4g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in point.items()
    )
