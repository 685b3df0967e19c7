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

Letter = tuple[object, bool]
Shape = tuple[Expr, ...]
Words = dict[tuple[Letter, ...], int]


class _RefusedError(Exception):
    """Something that words cannot say."""


class _Value:
    """A sum of words; `shape` is () for a scalar, (n,) for a column, (n, m) for a matrix."""

    __slots__ = ("shape", "words")

    def __init__(self, words: Words, shape: Shape) -> None:
        self.words = {word: number % P for word, number in words.items() if number % P}
        self.shape = shape
        if len(self.words) > MANY_WORDS:
            raise _RefusedError


def equal_for_every_shape(left: Expr, right: Expr, setting: Setting, case: Case) -> float | None:
    """The chance of an error where two sides are equal for every shape; None if not shown."""
    if setting.assumptions or case.conditions or setting.indices.free:
        return None
    reading = _Reading(setting)
    try:
        one, other = reading.value(left), reading.value(right)
    except _RefusedError:
        return None
    return CHANCE if one.words == other.words and one.shape == other.shape else None


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
        return _Value({(): self.scalars[key]}, ())

    def value(self, tree: Expr) -> _Value:
        match tree:
            case Num(value=int() as number):
                return _Value({(): number}, ())
            case Num(value=number) if hasattr(number, "numerator"):
                top, bottom = number.numerator, number.denominator  # type: ignore[union-attr]  # a fraction
                return _Value({(): top * pow(bottom, -1, P)}, ())
            case Sym(name=name):
                return self._named(name)
            case Apply() if not tree.attributes:
                equation = self.equations.get(tree.op)
                if equation is not None and equation.parameters is not None:
                    return self._called(equation, tree)
                return self._operation(tree, [self.value(arg) for arg in tree.args])
        raise _RefusedError

    def _operation(self, tree: Apply, args: list[_Value]) -> _Value:  # noqa: PLR0911  (one case for each)
        match ALIASES.get(tree.op, tree.op), args:
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
            case "matmul", [one, other] if len(one.shape) == 2 and other.shape:  # noqa: PLR2004  (a matrix)
                return _product(one, other)
            case "transpose", [one] if len(one.shape) == 2:  # noqa: PLR2004  (a matrix)
                return _transposed(one)
            case "pow", [one, _] if tree.args[1] == Num(2) and not one.shape:
                return _times(one, one)
        raise _RefusedError

    def _named(self, name: str) -> _Value:
        if name in self.known:
            return self.known[name]
        equation = self.equations.get(name)
        if equation is not None and equation.parameters is None:
            found = self.value(equation.body)
        elif name in self.shapes:
            found = _Value({((name, False),): 1}, self.shapes[name])
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
        if value.shape or not value.words:
            raise _RefusedError
        return _Value({(): pow(value.words[()], -1, P)}, ())


def _added(one: _Value, other: _Value) -> _Value:
    if not one.shape:
        one = _broadcast(one, other.shape)
    if not other.shape:
        other = _broadcast(other, one.shape)
    if one.shape != other.shape:
        raise _RefusedError
    words = dict(one.words)
    for word, number in other.words.items():
        words[word] = words.get(word, 0) + number
    return _Value(words, one.shape)


def _broadcast(value: _Value, shape: Shape) -> _Value:
    """A scalar added to an array: so many times an array of ones, a letter of its own."""
    if not shape:
        return value
    ones: Letter = (("ones", shape), False)
    return _Value({(ones,): value.words.get((), 0)}, shape)


def _scaled(value: _Value, number: int) -> _Value:
    return _Value({word: number * part for word, part in value.words.items()}, value.shape)


def _times(one: _Value, other: _Value) -> _Value:
    if not one.shape:
        return _scaled(other, one.words.get((), 0))
    if not other.shape:
        return _scaled(one, other.words.get((), 0))
    raise _RefusedError


def _product(one: _Value, other: _Value) -> _Value:
    if one.shape[1] != other.shape[0]:
        raise _RefusedError
    words: Words = {}
    for first, left in one.words.items():
        for second, right in other.words.items():
            word = (*first, *second)
            words[word] = words.get(word, 0) + left * right
    return _Value(words, (one.shape[0], *other.shape[1:]))


def _transposed(value: _Value) -> _Value:
    words = {
        tuple((name, not turned) for name, turned in reversed(word)): number
        for word, number in value.words.items()
    }
    return _Value(words, value.shape[::-1])
