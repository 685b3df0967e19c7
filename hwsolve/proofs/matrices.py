"""Identities of matrices of any shape: sums of products of letters, as they stand.

A product of matrices is a word of letters and a sum of products a number for each
word. Adding, scaling, multiplying and transposing are all that is used, so two
expressions with the same words and numbers are equal for every shape that fits.
Scalars are random numbers modulo 2^61 - 1.

A number that is made of matrices, such as r.T @ r or the sum of the squares of r, is
the trace of a word. A trace is the same for a word whose letters are moved round in a
circle, or transposed in the opposite order, and the derivative of tr(X M) by X is M.T.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from hwsolve.expr.operations import ALIASES
from hwsolve.expr.tree import Apply, Deriv, Expr, Num, Sym
from hwsolve.proofs.field import P

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.parser import Equation
    from hwsolve.proofs.sums import Setting

MANY_WORDS: Final = 2_000
CHANCE: Final = 2.0**-40

Letter = tuple[object, bool]
Word = tuple[Letter, ...]
Shape = tuple[Expr, ...]
Words = dict[Word, int]
ONE: Final = Num(1)


class _RefusedError(Exception):
    """Something that words cannot say."""


class _Value:
    """A sum of words; `shape` is () for a scalar, (n,) for a column, (n, m) for a matrix.

    The words of a scalar are traces; the empty one is the number 1.
    """

    __slots__ = ("shape", "words")

    def __init__(self, words: Words, shape: Shape) -> None:
        self.words = {word: number % P for word, number in words.items() if number % P}
        self.shape = shape
        if len(self.words) > MANY_WORDS:
            raise _RefusedError


def equal_for_every_shape(left: Expr, right: Expr, setting: Setting) -> float | None:
    """The chance of an error where two sides are equal for every shape; None if not shown."""
    # what holds without the assumptions and conditions holds with them too
    if setting.indices.free:
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
        self.shapes = dict(setting.shapes)
        self.source = random.Random(P)  # noqa: S311  (repeatable, not secret)
        self.scalars: dict[object, int] = {}
        self.known: dict[str, _Value] = {}

    def scalar(self, key: object) -> _Value:
        if key not in self.scalars:
            self.scalars[key] = self.source.randrange(2, P - 1)
        return _Value({(): self.scalars[key]}, ())

    def value(self, tree: Expr) -> _Value:  # noqa: C901, PLR0911  (one case for each node)
        match tree:
            case Num(value=int() as number):
                return _Value({(): number}, ())
            case Num(value=number) if hasattr(number, "numerator"):
                top, bottom = number.numerator, number.denominator  # type: ignore[union-attr]  # a fraction
                return _Value({(): top * pow(bottom, -1, P)}, ())
            case Sym(name=name):
                return self._named(name)
            case Deriv(top=Sym(name=top), bottoms=(Sym(name=bottom),)):
                return self._derivative(top, bottom)
            case Apply(op="sum", args=(body,)) if not tree.attributes:
                return self._sum(body)
            case Apply(op="mean", args=(body,)) if not tree.attributes:
                return _times(self._sum(body), self._inverse(self._entries(body)))
            case Apply(op="eye", args=(size,)) if not tree.attributes:
                return _Value({(): 1}, (size, size))
            case Apply(op="trace", args=(body,)) if not tree.attributes:
                return self._trace(self.value(body))
            case Apply() if not tree.attributes:
                equation = self.equations.get(tree.op)
                if equation is not None and equation.parameters is not None:
                    return self._called(equation, tree)
                return self._operation(tree, [self.value(arg) for arg in tree.args])
        raise _RefusedError

    def _operation(  # noqa: C901, PLR0911  (one case for each)
        self, tree: Apply, args: list[_Value]
    ) -> _Value:
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
            case "matmul", [one, other] if one.shape and other.shape:
                # a vector in front of another is a row
                return self._product(one if len(one.shape) == 2 else _transposed(one), other)  # noqa: PLR2004  (a matrix)
            case "outer", [one, other] if len(one.shape) == len(other.shape) == 1:
                return self._product(one, _transposed(other))
            case "transpose", [one] if one.shape:
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

    def _sum(self, body: Expr) -> _Value:
        """The sum of all entries: of a vector, or of a product entry by entry."""
        match body:
            case Apply(op="pow", args=(base, Num(value=2))) | Apply(op="square", args=(base,)):
                one = other = self.value(base)
            case Apply(op="mul", args=(a, b)):
                one, other = self.value(a), self.value(b)
            case Apply(op="div", args=(a, b)):
                return _times(self._sum(a), self._inverse(self.value(b)))
            case _:
                one = self.value(body)
                ones: Letter = (("ones", one.shape), False)
                other = _Value({(ones,): 1}, one.shape)
        if one.shape != other.shape or not one.shape:
            raise _RefusedError
        return self._traces(_transposed(one), other)

    def _entries(self, body: Expr) -> _Value:
        """The number of entries of what is added up."""
        while isinstance(body, Apply) and body.op in {"pow", "square", "mul", "div"}:
            body = body.args[0]
        count = _Value({(): 1}, ())
        for axis in self.value(body).shape:
            count = _times(count, self.value(axis))
        return count

    def _product(self, one: _Value, other: _Value) -> _Value:
        rows, inner = one.shape if len(one.shape) == 2 else (*one.shape, ONE)  # noqa: PLR2004  (a matrix)
        if inner != other.shape[0]:
            raise _RefusedError
        shape = (rows, *other.shape[1:])
        if shape == (ONE,):
            return self._traces(one, other)
        words: Words = {}
        for first, left in one.words.items():
            for second, right in other.words.items():
                word = (*first, *second)
                words[word] = words.get(word, 0) + left * right
        return _Value(words, shape)

    def _trace(self, square: _Value) -> _Value:
        if len(set(square.shape)) != 1 or len(square.shape) != 2:  # noqa: PLR2004  (a matrix)
            raise _RefusedError
        return self._traces(square, _Value({(): 1}, square.shape))

    def _traces(self, one: _Value, other: _Value) -> _Value:
        """The trace of a product; that of the identity is its size."""
        words: Words = {}
        for first, left in one.words.items():
            for second, right in other.words.items():
                word = _circle((*first, *second))
                size = 1 if word else _number(self.value(one.shape[0]))
                words[word] = words.get(word, 0) + left * right * size
        return _Value(words, ())

    def _derivative(self, top: str, bottom: str) -> _Value:
        """The derivative of a number by a vector or matrix, which may be a defined one."""
        inside = self.value(Sym(bottom))
        if not inside.shape or bottom not in {*self.equations, *self.shapes}:
            raise _RefusedError
        held = _Reading.__new__(_Reading)
        held.equations = {name: eq for name, eq in self.equations.items() if name != bottom}
        held.shapes = {**self.shapes, bottom: inside.shape}
        held.source, held.scalars, held.known = self.source, self.scalars, {}
        total = held.value(Sym(top))
        if total.shape:
            raise _RefusedError
        found: Words = {}
        for word, number in total.words.items():
            for place, (name, turned) in enumerate(word):
                if name == bottom:
                    rest = (*word[place + 1 :], *word[:place])
                    rest = rest if turned else _turned(rest)
                    found[rest] = found.get(rest, 0) + number
        return self._written_out(_Value(found, inside.shape), bottom, inside)

    @staticmethod
    def _written_out(value: _Value, name: str, meaning: _Value) -> _Value:
        """A value with a letter replaced by what it stands for."""
        total: Words = {}
        for word, number in value.words.items():
            parts: list[tuple[Word, int]] = [((), number)]
            for letter in word:
                inner: Words = {(letter,): 1}
                if letter[0] == name:
                    inner = {
                        _turned(one) if letter[1] else one: n for one, n in meaning.words.items()
                    }
                parts = [((*w, *one), n * m % P) for w, n in parts for one, m in inner.items()]
                if len(parts) > MANY_WORDS:
                    raise _RefusedError
            for one, n in parts:
                total[one] = total.get(one, 0) + n
        return _Value(total, value.shape)

    def _called(self, equation: Equation, call: Apply) -> _Value:
        from hwsolve.proofs.ranges import substituted

        parts = dict(zip(equation.parameters or (), call.args, strict=False))
        return self.value(substituted(equation.body, parts))

    @staticmethod
    def _inverse(value: _Value) -> _Value:
        if not _number(value):
            raise _RefusedError
        return _Value({(): pow(_number(value), -1, P)}, ())


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
    return _Value({(ones,): _number(value)}, shape)


def _scaled(value: _Value, number: int) -> _Value:
    return _Value({word: number * part for word, part in value.words.items()}, value.shape)


def _number(value: _Value) -> int:
    """A scalar without matrices in it, modulo the prime."""
    if value.shape or set(value.words) - {()}:
        raise _RefusedError
    return value.words.get((), 0)


def _times(one: _Value, other: _Value) -> _Value:
    if not one.shape and not set(one.words) - {()}:
        return _scaled(other, _number(one))
    if not other.shape:
        return _scaled(one, _number(other))
    raise _RefusedError


def _circle(word: Word) -> Word:
    """The first of all words that have the same trace."""
    turns = [(*way[k:], *way[:k]) for way in (word, _turned(word)) for k in range(len(word))]
    return min(turns, key=repr, default=())


def _turned(word: Word) -> Word:
    return tuple((name, not turned) for name, turned in reversed(word))


def _transposed(value: _Value) -> _Value:
    words = {_turned(word): number for word, number in value.words.items()}
    shape = (ONE, *value.shape) if len(value.shape) == 1 else value.shape[::-1]
    return _Value(words, shape[:1] if len(shape) == 2 and shape[1] == ONE else shape)  # noqa: PLR2004  (a column)
