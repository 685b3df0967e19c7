"""Formulas read backwards: which whole numbers give a wanted value.

A formula that only grows, or only falls, with its letter reaches a value in one unbroken
range of whole numbers, whose ends are found by halving. Whether it does is read off its
operations, so that the answer holds for all numbers and not only for those tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.nets.exact import evaluate, exact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.nets.exact import Exact

# Larger sizes are not looked for.
MOST: Final = 10**12
GROWS, FALLS, STAYS = 1, -1, 0


def direction(  # noqa: PLR0911  (one for each operation)
    expr: Expr, letter: str, others: Mapping[str, int]
) -> int | None:
    """Whether a formula grows, falls or stays with a letter that is at least 0.

    None where that cannot be told from its operations; `others` are the other letters.
    """
    match expr:
        case Num():
            return STAYS
        case Sym(name=name):
            return GROWS if name == letter else STAYS
        case Apply(op="neg", args=(inner,)):
            found = direction(inner, letter, others)
            return None if found is None else -found
        case Apply(op="floor" | "ceil", args=(inner,)):
            return direction(inner, letter, others)
        case Apply(op="add", args=args):
            return _together([direction(arg, letter, others) for arg in args])
        case Apply(op="sub", args=(left, right)):
            falls = direction(right, letter, others)
            return _together([direction(left, letter, others), None if falls is None else -falls])
        case Apply(op="mul", args=args):
            return _product(args, letter, others)
        case Apply(op="div", args=(left, right)):
            return _quotient(left, right, letter, others)
        case Apply(op="pow", args=(inner, Num(value=int() as power))) if power >= 0:
            found = direction(inner, letter, others)
            return found if _never_negative(inner, letter, others) else None
        case _:
            return None


def _together(directions: list[int | None]) -> int | None:
    """The direction of a sum, or of a product of what is never negative."""
    if None in directions:
        return None
    found = {each for each in directions if each}
    if len(found) > 1:
        return None
    return found.pop() if found else STAYS


def _product(args: tuple[Expr, ...], letter: str, others: Mapping[str, int]) -> int | None:
    directions = [direction(arg, letter, others) for arg in args]
    if all(_never_negative(arg, letter, others) for arg in args):
        return _together(directions)
    moving = [at for at, found in enumerate(directions) if found != STAYS]
    if not moving:
        return STAYS
    if len(moving) > 1 or directions[moving[0]] is None:
        return None
    sign = 1
    for at, arg in enumerate(args):
        if at != moving[0]:
            sign *= 1 if evaluate(arg, others) >= 0 else -1
    found = directions[moving[0]]
    return None if found is None else sign * found


def _quotient(left: Expr, right: Expr, letter: str, others: Mapping[str, int]) -> int | None:
    above, below = direction(left, letter, others), direction(right, letter, others)
    if above is None or below is None:
        return None
    if below == STAYS:
        return above if evaluate(right, others) > 0 else None
    if not _never_negative(left, letter, others) or not _never_negative(right, letter, others):
        return None
    return _together([above, -below])


def _never_negative(expr: Expr, letter: str, others: Mapping[str, int]) -> bool:
    """Whether a formula is at least 0 for every letter that is, as its operations show."""
    match expr:
        case Num(value=value):
            return bool(exact(value) >= 0)
        case Sym():
            return True
        case Apply(op="add" | "mul" | "div" | "floor" | "ceil" | "max", args=args):
            return all(_never_negative(arg, letter, others) for arg in args)
        case Apply(op="pow", args=(inner, Num())):
            return _never_negative(inner, letter, others)
        case _ if letter not in _letters(expr):
            return bool(evaluate(expr, others) >= 0)
        case _:
            return False


def _letters(expr: Expr) -> set[str]:
    from hwsolve.expr.tree import walk

    return {node.name for node in walk(expr) if isinstance(node, Sym)}


class Span(NamedTuple):
    """All whole numbers from `low` to `high`; none where `low` is above `high`."""

    low: int
    high: int


def reached(
    expr: Expr, letter: str, wanted: Span, others: Mapping[str, int], least: int
) -> Span | None:
    """The numbers from `least` on for which a formula's value lies in a span.

    None where the formula does not only grow or only fall. Numbers above MOST are not
    looked for.
    """
    way = direction(expr, letter, others)
    if way is None:
        return None

    def value(number: int) -> Exact:
        return evaluate(expr, {**others, letter: number})

    try:
        if way == STAYS:
            inside = wanted.low <= value(least) <= wanted.high
            return Span(least, MOST) if inside else Span(1, 0)
        if way == GROWS:
            low = _first(lambda number: value(number) >= wanted.low, least)
            high = _first(lambda number: value(number) > wanted.high, least) - 1
        else:
            low = _first(lambda number: value(number) <= wanted.high, least)
            high = _first(lambda number: value(number) < wanted.low, least) - 1
    except (EquationError, ArithmeticError):
        return None
    return Span(low, high)


def _first(holds: Callable[[int], bool], least: int) -> int:
    """The first number from `least` on for which something holds that goes on holding."""
    if holds(least):
        return least
    step = 1
    while not holds(least + step):
        step *= 2
        if step > MOST:
            return MOST + 1
    low, high = least + step // 2, least + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


# -- one window, as a student solves it ---------------------------------------------------


class Slide(NamedTuple):
    """A window along an axis: length n, kernel k, stride s, all padding P, dilation d."""

    length: int
    kernel: int
    stride: int
    padding: int
    dilation: int

    @property
    def extent(self) -> int:
        """The rows from the first to the last that the window touches."""
        return self.dilation * (self.kernel - 1) + 1


def lengths_before(slide: Slide, outputs: Span) -> Span:
    """The lengths of an axis that give so many positions, rounded down."""
    offset = slide.extent - slide.padding
    return Span(
        max((outputs.low - 1) * slide.stride + offset, 1),
        outputs.high * slide.stride - 1 + offset,
    )
