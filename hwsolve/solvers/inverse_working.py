"""The working of an inverse question with one unknown, as it is done by hand.

Sizes are solved for from the output back to the unknown: rounding down makes a range of
whole numbers out of every equation. Counts are linear or quadratic in the unknown.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.nets.exact import evaluate
from hwsolve.nets.inverse import MOST, Slide, Span, lengths_before
from hwsolve.nets.letters import letters_of
from hwsolve.nets.options import CEIL, SAME
from hwsolve.solution import Section, Text
from hwsolve.solvers.question import solved_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hwsolve.expr.tree import Expr
    from hwsolve.nets.network import Layer, Network
    from hwsolve.solution import Block
    from hwsolve.solvers.question import Found, Question, Unknown
    from hwsolve.solvers.wanted import Wanted

# So many numbers are tried in search of a network to read the windows from.
_SAMPLES: Final = 300
_TWO: Final = 2
_MAP: Final = 3  # channels, height, width


def by_hand(question: Question, formulas: Mapping[str, Expr], found: Found) -> Iterator[Section]:
    """The equation solved for its only unknown."""
    unknown = question.unknowns[0]
    for wanted in question.wanted:
        lines = list(_of_size(question, unknown, wanted, found))
        if lines:
            yield Section("By hand", _texts(lines))
            return
    for wanted in question.wanted:
        formula = formulas.get(wanted.name)
        if formula is not None and isinstance(wanted.value, int) and wanted.sign == "=":
            lines = list(_of_count(wanted.name, wanted.value, formula, unknown.letter))
            if lines:
                yield Section("By hand", _texts(lines))
                return


def _texts(lines: Sequence[str]) -> tuple[Block, ...]:
    return tuple([Text((line,)) for line in lines])


# -- sizes -------------------------------------------------------------------------------


class _Chain(NamedTuple):
    """The layers from the unknown's to the one whose size is wanted, and the axis."""

    layers: tuple[Layer, ...]
    axis: int
    side: int
    own: bool  # the first of the layers has the unknown, and not the input


def _of_size(question: Question, unknown: Unknown, wanted: Wanted, found: Found) -> Iterator[str]:
    side = _wanted_side(wanted)
    network = _sample(question, found)
    if side is None or network is None:
        return
    chain = _chain(question, unknown, wanted, network, side)
    if chain is None:
        return
    inside = Span(side, side)
    for layer in reversed(chain.layers[1:] if chain.own else chain.layers):
        slide = _slide(layer, chain.axis)
        if slide is None:
            continue
        before = lengths_before(slide, inside)
        formula = _formula(f"n{_plus(slide.padding - slide.extent)}", slide.stride, inside)
        yield (
            f"{layer.name}: {formula}, so {(inside.low - 1) * slide.stride} ≤ "
            f"n{_plus(slide.padding - slide.extent)} < {inside.high * slide.stride}, "
            f"{_between('n', before)}"
        )
        inside = before
    if chain.own:
        yield from _last_step(chain.layers[0], chain.axis, unknown, inside)
    else:
        letter = unknown.letter
        yield f"So {_between(letter, inside)}."


def _wanted_side(wanted: Wanted) -> int | None:
    """The side that a condition asks for, where it is one number."""
    if wanted.sign != "=":
        return None
    if isinstance(wanted.value, tuple):
        sides = wanted.value[1:] if len(wanted.value) == _MAP else wanted.value[-_TWO:]
        return sides[0] if len(set(sides)) == 1 else None
    return wanted.value if wanted.name.endswith((".height", ".width", ".side")) else None


def _sample(question: Question, found: Found) -> Network | None:
    """A network to read the windows of the other layers from."""
    unknown = question.unknowns[0]
    if found.solutions:
        solved = solved_with(question, found.solutions[0])
        return None if solved is None else solved.network
    for number in range(unknown.span.low, min(unknown.span.high, _SAMPLES) + 1):
        solved = solved_with(question, {unknown.letter: number})
        if solved is not None:
            return solved.network
    return None


def _chain(
    question: Question, unknown: Unknown, wanted: Wanted, network: Network, side: int
) -> _Chain | None:
    """The layers that the size goes through; None where they are no plain chain."""
    owner = wanted.name.rpartition(".")[0]
    last = network.layers[-1] if owner in {"output", "total"} else network.by_name.get(owner)
    if last is None or any(
        layer.sources != (layer.number - 1,) for layer in network.layers[: last.number + 1]
    ):
        return None
    at = [
        number
        for number, spec in enumerate(question.written.specs)
        if any(unknown.letter in letters_of(value) for value in spec.options.values())
    ]
    axes = [
        axis
        for axis, length in enumerate(question.written.size[1:])
        if unknown.letter in letters_of((length,))
    ]
    if len(at) + bool(axes) != 1 or (at and at[0] > last.number):
        return None
    layers = network.layers[at[0] if at else 0 : last.number + 1]
    axis = axes[0] if axes else 0
    for layer in layers:
        windows = layer.rule.windows
        if layer.rule.whole or layer.rule.unseen or len(layer.output) == 1:
            return None
        if windows is not None and not _plain(layer):
            return None
    if at and (layers[0].rule.windows is None or unknown.role not in _SOLVED):
        return None
    return _Chain(tuple(layers), axis, side, bool(at))


def _plain(layer: Layer) -> bool:
    """Whether a window is slid as usual: rounded down, with padding that is a number."""
    options = layer.options
    return (
        options.get("rounding") != CEIL
        and options.get("padding") != SAME
        and "transposed" not in layer.spec.row.title
    )


def _slide(layer: Layer, axis: int) -> Slide | None:
    if layer.rule.windows is None:
        return None
    window = layer.rule.windows[axis]
    padding = window.before + window.after
    return Slide(window.length, window.kernel, window.stride, padding, window.dilation)


def _plus(number: int) -> str:
    return f" + {number}" if number > 0 else f" - {-number}" if number < 0 else ""


def _formula(top: str, stride: int | str, outputs: Span) -> str:
    """`floor((n - 3)/2) + 1 = 7`, or between two numbers."""
    quotient = f"floor(({top})/{stride}) + 1" if stride != 1 else f"{top} + 1"
    if outputs.low == outputs.high:
        return f"{quotient} = {outputs.low}"
    return f"{outputs.low} ≤ {quotient} ≤ {outputs.high}"


def _between(letter: str, span: Span) -> str:
    if span.low > span.high:
        return f"no whole {letter}"
    if span.low == span.high:
        return f"{letter} = {span.low}"
    if span.high >= MOST:
        return f"{letter} ≥ {span.low}"
    return f"{span.low} ≤ {letter} ≤ {span.high}"


_SOLVED: Final = frozenset({"padding", "kernel", "stride", "dilation"})


def _last_step(layer: Layer, axis: int, unknown: Unknown, outputs: Span) -> Iterator[str]:
    """The layer with the unknown: its inequality solved."""
    slide = _slide(layer, axis)
    if slide is None:
        return
    letter, n = unknown.letter, slide.length
    low, high = (outputs.low - 1) * slide.stride, outputs.high * slide.stride
    match unknown.role:
        case "padding":
            top = f"{n} + 2·{letter} - {slide.extent}"
            rest = n - slide.extent
            yield f"{layer.name}: {_formula(top, slide.stride, outputs)}"
            yield f"so {low} ≤ {rest} + 2·{letter} < {high}"
            yield from _ends(letter, Fraction(low - rest, 2), Fraction(high - rest, 2), least=0)
        case "kernel":
            spread = f"{slide.dilation}·({letter} - 1) - 1" if slide.dilation > 1 else letter
            top = f"{n}{_plus(slide.padding)} - {spread}"
            rest = n + slide.padding - 1 + slide.dilation
            by = f"{slide.dilation}·" if slide.dilation > 1 else ""
            yield f"{layer.name}: {_formula(top, slide.stride, outputs)}"
            yield f"so {low} ≤ {rest} - {by}{letter} < {high}"
            each = slide.dilation
            yield from _ends(
                letter, Fraction(rest - high, each), Fraction(rest - low, each), above=True
            )
        case "dilation":
            wide = slide.kernel - 1
            rest = n + slide.padding - 1
            top = f"{rest} - {wide}·{letter}"
            yield f"{layer.name}: {_formula(top, slide.stride, outputs)}"
            if wide:
                yield f"so {low} ≤ {rest} - {wide}·{letter} < {high}"
                yield from _ends(
                    letter, Fraction(rest - high, wide), Fraction(rest - low, wide), above=True
                )
        case "stride":
            rest = n + slide.padding - slide.extent
            yield f"{layer.name}: {_formula(str(rest), letter, outputs)}"
            yield f"so {outputs.low - 1} ≤ {rest}/{letter} < {outputs.high}"
            most = Fraction(rest, outputs.low - 1) if outputs.low > 1 else None
            yield from _ends(letter, Fraction(rest, outputs.high), most, above=True)


def _ends(
    letter: str, low: Fraction, high: Fraction | None, *, above: bool = False, least: int = 1
) -> Iterator[str]:
    """The whole numbers between two ends: the lower one is left out if `above`."""
    signs = ("<", "≤") if above else ("≤", "<")
    upper = f" {signs[1]} {_shown(high)}" if high is not None else ""
    first = floor(low) + 1 if above else ceil(low)
    last = MOST if high is None else floor(high) if above else ceil(high) - 1
    found = Span(max(first, least), last)
    yield f"so {_shown(low)} {signs[0]} {letter}{upper}: {_between(letter, found)}."


def _shown(value: Fraction) -> str:
    if value.denominator in {1, 2, 4, 5, 8, 10}:
        return f"{float(value):g}" if abs(value) < 10**6 else str(value)
    return str(value)


# -- counts ------------------------------------------------------------------------------


def _of_count(name: str, value: int, formula: Expr, letter: str) -> Iterator[str]:
    """A linear or quadratic equation solved, and the numbers on both sides of its root."""

    def at(number: int) -> Fraction:
        return Fraction(evaluate(formula, {letter: number}))

    try:
        values = [at(number) for number in range(1, 8)]
    except (EquationError, ArithmeticError, KeyError):
        return
    first = [after - before for before, after in pairwise(values)]
    second = [after - before for before, after in pairwise(first)]
    if len(set(first)) == 1 and first[0]:
        a, b = first[0], values[0] - first[0]
        root = (value - b) / a
        times = "" if a == 1 else f"{_shown(a)}·"
        yield f"{times}{letter}{_signed(b)} = {value:,}"
        top = f"({value:,}{_signed(-b)})" if b else f"{value:,}"
        yield f"so {letter} = {top}{'' if a == 1 else f'/{_shown(a)}'} = {_decimal(root)}"
        near = floor(root)
    elif len(set(second)) == 1 and second[0]:
        a = second[0] / 2
        b = first[0] - 3 * a
        c = values[0] - a - b
        inside = b * b - 4 * a * (c - value)
        if inside < 0:
            yield f"{_shown(a)}·{letter}²{_signed(b)}·{letter}{_signed(c)} = {value:,} has no root"
            return
        root_value = (-float(b) + float(inside) ** 0.5) / (2 * float(a))
        yield f"{_shown(a)}·{letter}²{_times(b, letter)}{_signed(c)} = {value:,}"
        yield (
            f"so {letter} = ({_shown(-b)} + √({_shown(inside)}))/{_shown(2 * a)} ≈ {root_value:.6g}"
        )
        near = floor(root_value)
    else:
        return
    shown = [
        f"{letter} = {number}: {name} = {_grouped(at(number))}"
        for number in range(max(near - 1, 1), near + 2)
    ]
    yield "Checked: " + "; ".join(shown)


def _signed(number: Fraction) -> str:
    if not number:
        return ""
    return f" + {_grouped(number)}" if number > 0 else f" - {_grouped(-number)}"


def _times(number: Fraction, letter: str) -> str:
    return f"{_signed(number)}·{letter}" if number else ""


def _grouped(number: Fraction) -> str:
    return f"{number.numerator:,}" if number.denominator == 1 else _shown(number)


def _decimal(number: Fraction) -> str:
    if number.denominator == 1:
        return f"{number.numerator:,}"
    return f"{number.numerator}/{number.denominator} ≈ {float(number):.6g}, which is not whole"
