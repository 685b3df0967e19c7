"""Sizes that are letters: `C x n x n`, `conv F kxk`, `padding=(k-1)/2`.

A size in letters is a whole number as well, so that every rule of the layer table works
on it as it stands: the formula is carried along with its values for several choices of
the letters. Two such sizes are equal if they are for every choice; what else the rules
ask of them (whether a kernel fits, whether groups divide the channels) is noted down.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, TypeAlias

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Apply, Expr, Num, Sym, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# A letter of any alphabet, with a number or a short word below it; x stands between sizes.
_LETTER: Final = re.compile(r"(?!x$)[^\W\d_](\d{1,3}|_\w{1,8})?'?")
_FORMULA: Final = re.compile(r"[\w+\-*/^()' ]+")
_SIDE_BY_SIDE: Final = re.compile(r"(?<![\w.])(\d+)(?=[^\W\d_](?!\d))")
_CALCULATED: Final = frozenset({"add", "sub", "mul", "div", "pow", "neg"})
MOST: Final = 60  # characters of a formula for a size

AT_MOST, BELOW, DIVIDES = "≤", "<", "divides"
_Calculation: TypeAlias = "Callable[[int, int], int]"


class Condition(NamedTuple):
    """What a rule took for granted: `left` is at most, or below, `right`, or divides it."""

    relation: str
    left: Expr
    right: Expr


class InLetters(int):
    """A whole number that is a formula in letters.

    Attributes:
        expr: the formula.
        values: its value for each choice of the letters; the first is the number itself.
        conditions: what has been taken for granted so far, shared by all sizes of a network.
    """

    expr: Expr
    values: tuple[int, ...]
    conditions: list[Condition]

    def __new__(cls, expr: Expr, values: Sequence[int], conditions: list[Condition]) -> Self:
        """A size with its formula and the values of it."""
        made = super().__new__(cls, values[0])
        made.expr, made.values, made.conditions = expr, tuple(values), conditions
        return made

    def _with(self, other: Any, value: _Calculation, formula: Callable[[Expr, Expr], Expr]) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        found = [value(*pair) for pair in zip(self.values, self._values(other), strict=True)]
        if len(set(found)) == 1:
            return found[0]
        return InLetters(formula(self.expr, expr_of(other)), found, self.conditions)

    def _values(self, other: int) -> tuple[int, ...]:
        return other.values if isinstance(other, InLetters) else (other,) * len(self.values)

    def __add__(self, other: int) -> Any:
        return self._with(other, lambda a, b: a + b, _plus)

    def __radd__(self, other: int) -> Any:
        return self._with(other, lambda a, b: b + a, lambda a, b: b + a)

    def __sub__(self, other: int) -> Any:
        return self._with(other, lambda a, b: a - b, _minus)

    def __rsub__(self, other: int) -> Any:
        return self._with(other, lambda a, b: b - a, lambda a, b: b - a)

    def __mul__(self, other: int) -> Any:
        return self._with(other, lambda a, b: a * b, lambda a, b: a * b)

    def __rmul__(self, other: int) -> Any:
        return self._with(other, lambda a, b: b * a, lambda a, b: b * a)

    def __pow__(self, other: int, modulo: int | None = None) -> Any:
        if modulo is not None:
            return NotImplemented
        return self._with(other, lambda a, b: int(a**b), lambda a, b: a**b)

    def __neg__(self) -> Any:
        match self.expr:
            case Apply(op="neg", args=(expr,)):
                pass
            case _:
                expr = -self.expr
        return InLetters(expr, [-value for value in self.values], self.conditions)

    def __floordiv__(self, other: int) -> Any:
        if other == 1:
            return self
        return self._with(other, lambda a, b: a // b, self._rounded_down)

    def __rfloordiv__(self, other: int) -> Any:
        return self._with(
            other, lambda a, b: b // a, lambda a, b: Apply("floor", (b / a,))
        )  # fmt: skip

    def _rounded_down(self, top: Expr, bottom: Expr) -> Expr:
        if Condition(DIVIDES, bottom, top) in self.conditions:
            return top / bottom
        if isinstance(top, Apply) and top.op == "neg":
            return -Apply("ceil", (top.args[0] / bottom,))
        return Apply("floor", (top / bottom,))

    def __mod__(self, other: int) -> Any:
        return self._remainder(self, other, self._values(other), turned=False)

    def __rmod__(self, other: int) -> Any:
        return self._remainder(other, self, self._values(other), turned=True)

    def _remainder(self, top: int, bottom: int, others: tuple[int, ...], *, turned: bool) -> int:
        """0 if it is for every choice, which is noted down, else the first that is not."""
        pairs = zip(others, self.values, strict=True) if turned else zip(
            self.values, others, strict=True
        )  # fmt: skip
        found = next((a % b for a, b in pairs if a % b), 0)
        if not found:
            self._note(DIVIDES, expr_of(bottom), expr_of(top))
        return found

    def _note(self, relation: str, left: Expr, right: Expr) -> None:
        condition = Condition(relation, left, right)
        if condition not in self.conditions:
            self.conditions.append(condition)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and self.values == self._values(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.values[0])

    def __lt__(self, other: int) -> bool:
        return self._below(self, other)

    def __gt__(self, other: int) -> bool:
        return self._below(other, self)

    def __le__(self, other: int) -> bool:
        return not self._below(other, self)

    def __ge__(self, other: int) -> bool:
        return not self._below(self, other)

    def _below(self, low: int, high: int) -> bool:
        """Whether one is below the other, which is noted down unless they are equal."""
        if low == high:
            return False
        below = int.__lt__(_plain(low), _plain(high))
        if below:
            self._note(BELOW, expr_of(low), expr_of(high))
        else:
            self._note(AT_MOST, expr_of(high), expr_of(low))
        return below

    def __bool__(self) -> bool:
        return any(self.values)

    def __str__(self) -> str:
        from hwsolve.expr.notation import text

        return text(self.expr, unicode=False)

    __repr__ = __str__

    def __format__(self, how: str) -> str:
        return format(str(self), how)


def _plus(left: Expr, right: Expr) -> Expr:
    """A sum with its whole numbers in one: n - 3 + 1 is n - 2."""
    if not isinstance(right, Num) or not isinstance(right.value, int):
        return left + right
    number = right.value
    match left:
        case Apply(op="add", args=(rest, Num(value=int() as before))):
            left, number = rest, before + number
        case Apply(op="sub", args=(rest, Num(value=int() as before))):
            left, number = rest, number - before
    if not number:
        return left
    return left + Num(number) if number > 0 else left - Num(-number)


def _minus(left: Expr, right: Expr) -> Expr:
    if isinstance(right, Num) and isinstance(right.value, int):
        return _plus(left, Num(-right.value))
    return left - right


def _plain(number: int) -> int:
    return number.values[0] if isinstance(number, InLetters) else number


def expr_of(number: int) -> Expr:
    """The formula of a size; a plain number is its own."""
    return number.expr if isinstance(number, InLetters) else Num(number)


def larger(first: int, second: int) -> int:
    """The larger of two sizes, for whatever letters."""
    for one, other in ((first, second), (second, first)):
        if isinstance(one, InLetters):
            return one._with(  # type: ignore[no-any-return]  # noqa: SLF001  (a size, of this module)
                other, max, lambda a, b: Apply("max", (a, b))
            )
    return max(first, second)


# -- reading -----------------------------------------------------------------------------


def read_letters(written: str) -> InLetters | None:
    """A size that is a formula in letters, still without values; None for anything else."""
    if len(written) > MOST or not _FORMULA.fullmatch(written):
        return None
    from hwsolve.expr.parser import parse_expression

    try:
        expr = parse_expression(_SIDE_BY_SIDE.sub(r"\1*", written))
    except EquationError:
        return None
    names = [node.name for node in walk(expr) if isinstance(node, Sym)]
    for node in walk(expr):
        known = isinstance(node, (Num, Sym)) or (isinstance(node, Apply) and node.op in _CALCULATED)
        if not known:
            return None
    if not names or not all(map(_LETTER.fullmatch, names)):
        return None
    return InLetters(expr, (1,), [])


def letters_of(sizes: object) -> Iterator[str]:
    """The letters in a size, in the order in which they stand there."""
    if isinstance(sizes, tuple):
        for size in sizes:
            yield from letters_of(size)
    elif isinstance(sizes, InLetters):
        yield from (node.name for node in walk(sizes.expr) if isinstance(node, Sym))


def put_in(sizes: Any, numbers: Mapping[str, int]) -> Any:
    """A size, or several, with numbers (which may be in letters) in the place of letters.

    Raises:
        EquationError: what comes out is no whole number.
    """
    from hwsolve.nets.exact import evaluate

    if isinstance(sizes, tuple):
        return type(sizes)([put_in(size, numbers) for size in sizes])
    if not isinstance(sizes, InLetters):
        return sizes
    value = evaluate(sizes.expr, numbers)
    if not isinstance(value, int):
        raise EquationError(f"{sizes} is {value}, which is no whole number")
    return value
