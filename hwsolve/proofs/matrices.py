"""Identities of matrices of any shape: sums of products of letters, as they stand.

A product of matrices is a word of letters and a sum of products a number for each
word. Adding, scaling, multiplying and transposing are all that is used, so two
expressions with the same words and numbers are equal for every shape that fits.
Scalars are random numbers modulo 2^61 - 1.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from hwsolve.expr.operations import ALIASES
from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.proofs.field import P

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.parser import Equation
    from hwsolve.proofs.ranges import Case
    from hwsolve.proofs.sums import Setting

MANY_WORDS: Final = 2_000
CHANCE: Final = 2.0**-40

Letter = tuple[str, bool]
Words = dict[tuple[Letter, ...], int]


class _RefusedError(Exception):
    """Something that words cannot say."""


class _Value:
    """A sum of words; `rank` is 0 for a scalar, 1 for a column, 2 for a matrix."""

    __slots__ = ("rank", "words")

    def __init__(self, words: Words, rank: int) -> None:
        self.words = {word: number % P for word, number in words.items() if number % P}
        self.rank = rank
        if len(self.words) > MANY_WORDS:
            raise _RefusedError


def equal_for_every_shape(
    left: Expr, right: Expr, setting: Setting, case: Case
) -> float | None:
    """The chance of an error where two sides are equal for every shape; None if not shown."""
    if setting.assumptions or case.conditions or setting.indices.free:
        return None
    reading = _Reading(setting)
    try:
        one, other = reading.value(left), reading.value(right)
    except _RefusedError:
        return None
    return CHANCE if one.words == other.words and one.rank == other.rank else None


class _Reading:
    def __init__(self, setting: Setting) -> None:
        self.equations: Mapping[str, Equation] = {}
        if not any(eq.loops or not isinstance(eq.target, Sym) for eq in setting.equations):
            self.equations = {eq.target.name: eq for eq in setting.equations}  # type: ignore[union-attr]  # names, as was just asked
        self.shapes = setting.shapes
        self.source = random.Random(P)  # noqa: S311  (repeatable, not secret)
        self.scalars: dict[object, int] = {}
        self.known: dict[str, _Value] = {}

    def scalar(self, key: object) -> _Value:
        if key not in self.scalars:
            self.scalars[key] = self.source.randrange(2, P - 1)
        return _Value({(): self.scalars[key]}, 0)

    def value(self, tree: Expr) -> _Value:  # noqa: C901, PLR0911  (one case for each node)
        match tree:
            case Num(value=int() as number):
                return _Value({(): number}, 0)
            case Num(value=number) if hasattr(number, "numerator"):
                top, bottom = number.numerator, number.denominator  # type: ignore[union-attr]  # a fraction
                return _Value({(): top * pow(bottom, -1, P)}, 0)
            case Sym(name=name):
                return self._named(name)
            case Apply():
                op = ALIASES.get(tree.op, tree.op)
                if tree.attributes:
                    raise _RefusedError
                equation = self.equations.get(tree.op)
                if equation is not None and equation.parameters is not None:
                    return self._called(equation, tree)
                args = [self.value(arg) for arg in tree.args]
                match op, args:
                    case "add", _:
                        total = args[0]
                        for arg in args[1:]:
                            total = _added(total, arg)
                        return total
                    case "sub", [one, other]:
                        return _added(one, _scaled(other, -1))
                    case "neg", [one]:
                        return _scaled(one, -1)
                    case "mul", [one, other]:
                        return _times(one, other)
                    case "div", [one, other]:
                        return _times(one, self._inverse(other))
                    case "matmul", [one, other] if one.rank == 2 and other.rank:  # noqa: PLR2004  (a matrix)
                        return _product(one, other, other.rank)
                    case "transpose", [one] if one.rank == 2:  # noqa: PLR2004  (a matrix)
                        return _transposed(one)
                    case "pow", [one, _] if tree.args[1] == Num(2) and one.rank == 0:
                        return _times(one, one)
        raise _RefusedError

    def _named(self, name: str) -> _Value:
        if name in self.known:
            return self.known[name]
        equation = self.equations.get(name)
        if equation is not None and equation.parameters is None:
            found = self.value(equation.body)
        elif name in self.shapes:
            found = _Value({((name, False),): 1}, len(self.shapes[name]))
        else:
            found = self.scalar(name)
        self.known[name] = found
        return found

    def _called(self, equation: Equation, call: Apply) -> _Value:
        from hwsolve.proofs.ranges import substituted

        parts = dict(zip(equation.parameters or (), call.args, strict=False))
        return self.value(substituted(equation.body, parts))

    @staticmethod
    def _inverse(value: _Value) -> _Value:
        if value.rank or not value.words:
            raise _RefusedError
        return _Value({(): pow(value.words[()], -1, P)}, 0)


def _added(one: _Value, other: _Value) -> _Value:
    if one.rank != other.rank:
        if {one.rank, other.rank} != {0, 1}:
            raise _RefusedError
        one, other = _broadcast(one), _broadcast(other)
    words = dict(one.words)
    for word, number in other.words.items():
        words[word] = words.get(word, 0) + number
    return _Value(words, one.rank)


def _broadcast(value: _Value) -> _Value:
    """A scalar as so many ones; the shape of the ones is that of what it is added to."""
    if value.rank:
        return value
    # ones of two lengths would be one letter: only a single length may be met
    raise _RefusedError


def _scaled(value: _Value, number: int) -> _Value:
    return _Value({word: number * part for word, part in value.words.items()}, value.rank)


def _times(one: _Value, other: _Value) -> _Value:
    if one.rank == 0:
        return _scaled(other, one.words.get((), 0))
    if other.rank == 0:
        return _scaled(one, other.words.get((), 0))
    raise _RefusedError


def _product(one: _Value, other: _Value, rank: int) -> _Value:
    words: Words = {}
    for first, left in one.words.items():
        for second, right in other.words.items():
            word = (*first, *second)
            words[word] = words.get(word, 0) + left * right
    return _Value(words, rank)


def _transposed(value: _Value) -> _Value:
    return _Value(
        {
            tuple((name, not turned) for name, turned in reversed(word)): number
            for word, number in value.words.items()
        },
        value.rank,
    )
