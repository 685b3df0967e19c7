"""A computed value against a stated answer.

The digits that an answer states say how exact it is meant: `0.62` is right for
everything that rounds to 0.62, so it allows half a unit of its last digit, and so
do `6.2e-4` and `1.154e6`. Integers (`7`, `1e6`) and fractions (`3/5`) are exact.
Computed floats carry noise, so no number is held to more than twelve digits. A
tolerance widens what the digits allow and never narrows it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from hwsolve.expr.stated import stated_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsolve.errors import Place
    from hwsolve.expr.tree import Expr, Value
    from hwsolve.problem.model import Stated, Written

Outcome: TypeAlias = Literal["right", "wrong", "missing", "shape"]
Index: TypeAlias = tuple[int, ...]

# Float noise, relative to the size of the numbers: far above the rounding errors of
# a homework's few thousand operations, far below any digit that a key states.
NOISE = 1e-12
# A value at the end of the allowed band may land beside it when it is subtracted.
SLACK = 1 + 1e-9
ROUNDING = 4.5e-16

_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
# What is one number where all axes of a window agree, and is often written for each.
_FOR_EACH_AXIS = (
    "receptive_field", "receptive_field_size", "field", "rf", "stride", "effective_stride",
    "jump", "padding", "kernel", "dilation",
)  # fmt: skip


class Tolerance(NamedTuple):
    """How far a number may be off; a relative amount is a share of the stated number."""

    amount: float
    relative: bool = False

    @classmethod
    def parse(cls, text: str) -> Tolerance:
        """The tolerance that a text means: `1e-3` absolute, `1%` relative.

        Raises:
            ValueError: The text is neither a number nor a percentage, or below 0.
        """
        relative = text.strip().endswith("%")
        try:
            amount = float(text.strip().rstrip("%"))
        except ValueError:
            amount = math.nan
        if amount < 0:
            raise ValueError(f"a tolerance is at least 0, not {text.strip()}")
        if not amount < math.inf:
            raise ValueError(f"'{text}' is neither a number (1e-3) nor a percentage (1%)")
        return cls(amount / 100 if relative else amount, relative)


class Verdict(NamedTuple):
    """What comparing a stated answer with the computed value came to.

    `outcome` is "right", "wrong", "missing" (nothing was computed under that name) or
    "shape" (a vector, matrix or size of another shape). `difference` is computed minus
    stated, at the entry `entry` where it matters most (counted from 0, () for a number),
    and `allowed` is how large it may be, 0 for an exact answer (the noise of floats is
    always allowed); both are None where no numbers were compared. `more` counts the
    other entries that are wrong. `place` is where the answer stands, and `part` the label
    of its part of the problem.
    """

    outcome: Outcome
    name: str
    stated: Stated
    computed: Value | Expr | None = None
    difference: float | None = None
    allowed: float | None = None
    entry: Index = ()
    reason: str = ""
    place: Place | None = None
    part: str = ""
    more: int = 0

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return self.outcome == "right"


class _Gap(NamedTuple):
    """How far one number is from the stated one; numbers agree up to `excess` 1."""

    excess: float
    difference: float | None
    allowed: float | None
    reason: str = ""


class _ShapeError(Exception):
    """The stated and the computed value have different shapes."""


def compare(
    name: str, stated: Stated, computed: Value, tolerance: Tolerance | None = None
) -> Verdict:
    """The verdict on a stated answer, given the computed value.

    Vectors and matrices are compared entry by entry, and a size such as `20x6x6` with
    a tuple of integers; a single number also fits an array of one entry.

    Args:
        name: The answer's name.
        stated: The answer as it is written.
        computed: A number in any number system, a truth value, a word, or an array,
            tuple or list of those.
        tolerance: How far a number may be off at least, where its digits ask for more;
            words, truth values and sizes stay exact.
    """
    value: Any = computed
    if hasattr(value, "tolist"):  # an array, without importing numpy to ask for one
        value = value.tolist()
    if not isinstance(stated, list):
        value = _only_entry(value)
        if isinstance(value, list | tuple):
            return _size_verdict(name, stated, computed, value)
        side = _equal_sides(name, stated.text)
        if side is not None and hasattr(value, "numerator"):
            return Verdict("right" if side == value else "wrong", name, stated, computed)
        gap = _gap(stated.text, value, tolerance, None)
        return _verdict(name, stated, computed, gap, ())
    try:
        pairs = list(_pairs(stated, value, ()))
    except _ShapeError:
        return _shape_verdict(name, stated, computed, value)
    size = max((_size(text) for _, text, _ in pairs), default=0.0)
    worst = _Gap(0.0, 0.0, 0.0)
    where: Index = ()
    wrong = 0
    for index, text, one in pairs:
        gap = _gap(text, one, tolerance, size)
        wrong += gap.excess > 1
        if gap.excess > worst.excess or worst.excess == 0:
            worst, where = gap, index
    verdict = _verdict(name, stated, computed, worst, where)
    return verdict._replace(more=max(wrong - 1, 0))


def missing(name: str, stated: Stated, reason: str) -> Verdict:
    """The verdict on an answer under whose name nothing can be computed."""
    return Verdict("missing", name, stated, reason=reason)


def shape_of(nested: Any) -> Index:
    """The shape of nested lists or tuples, read along their first entries."""
    shape = []
    while isinstance(nested, list | tuple) and not hasattr(nested, "text"):
        shape.append(len(nested))
        nested = nested[0] if nested else None
    return tuple(shape)


def _gap(text: str, value: Any, tolerance: Tolerance | None, size: float | None) -> _Gap:
    """How far a computed scalar is from a stated one; `size` is that of the whole array."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return _word_gap(text, value)
    found = stated_number(text)
    if found is None:
        return _truth_gap(text, value)
    stated, half = found
    if half is None and tolerance is None and hasattr(value, "numerator"):  # int or Fraction
        if value == stated:
            return _Gap(0.0, 0.0, 0.0)
        return _Gap(math.inf, _float(value - stated), 0.0)
    difference, magnitude = _float(value) - _float(stated), abs(_float(stated))
    allowed, noise = half or 0.0, NOISE * (magnitude or size or 1.0)
    if tolerance is not None:
        wider = tolerance.amount * magnitude if tolerance.relative else tolerance.amount
        allowed = max(allowed, wider)
    elif half is not None:
        noise = NOISE * magnitude
    if not difference:
        return _Gap(0.0, 0.0, allowed)
    bound = max(allowed, noise) * SLACK + ROUNDING * magnitude
    excess = abs(difference) / bound if bound else math.inf
    return _Gap(math.inf if math.isnan(excess) else excess, difference, allowed)


def _truth_gap(text: str, value: Any) -> _Gap:
    """A stated truth value against a number: 1 is true and 0 is false."""
    truth = _TRUTH.get(" ".join(text.casefold().split()))
    if truth is None:
        return _Gap(math.inf, None, None, f"'{text}' is not a number")
    if value in {0, 1}:
        return _Gap(0.0 if truth == value else math.inf, None, None)
    return _Gap(math.inf, None, None, "a truth value is 1 or 0")


def _equal_sides(name: str, text: str) -> int | None:
    """The side that `5x5` states for what has one number for both axes, or None."""
    first, sign, second = text.replace("×", "x").replace("X", "x").partition("x")
    word = name.partition("(")[0].strip().rpartition(".")[2]
    if not sign or word not in _FOR_EACH_AXIS:
        return None
    sides = {side.strip() for side in (first, second)}
    side = sides.pop()
    return int(side) if not sides and side.isascii() and side.isdigit() else None


def _word_gap(text: str, value: bool | str | None) -> _Gap:  # noqa: FBT001  (the value compared)
    """A truth value or a word against the stated text; case and spacing do not count."""
    word = " ".join(text.casefold().split())
    same = (
        _TRUTH.get(word) is value
        if isinstance(value, bool)
        else isinstance(value, str) and word == " ".join(value.casefold().split())
    )
    return _Gap(0.0 if same else math.inf, None, None)


def _verdict(name: str, stated: Stated, computed: Value, gap: _Gap, index: Index) -> Verdict:
    outcome: Outcome = "right" if gap.excess <= 1 else "wrong"
    return Verdict(outcome, name, stated, computed, gap.difference, gap.allowed, index, gap.reason)


def _size_verdict(name: str, stated: Written, computed: Value, value: Any) -> Verdict:
    """A size such as `20x6x6` against the computed tuple of integers."""
    axes = stated.text.replace("×", "x").replace("X", "x").split("x")
    try:
        size = tuple(int(axis) for axis in axes)
    except ValueError:
        size = ()
    if len(size) != len(value) or len(size) == 1:
        return _shape_verdict(name, stated, computed, value)
    if size == tuple(value):
        return Verdict("right", name, stated, computed)
    reason = _other_order(size, tuple(value))
    return Verdict("wrong", name, stated, computed, reason=reason)


def _other_order(stated: Index, computed: Index) -> str:
    """What to ask where a stated size is the computed one with its channels elsewhere."""
    batch, picture, wanted = stated[:-3], stated[-3:], computed[-3:]
    if len(picture) < 3 or batch != computed[:-3]:  # noqa: PLR2004  (channels, height, width)
        return ""
    if (picture[2], *picture[:2]) == wanted:
        return "written as height x width x channels?"
    if (*picture[1:], picture[0]) == wanted:
        return "written as channels x height x width?"
    return ""


def _shape_verdict(name: str, stated: Stated, computed: Value, value: Any) -> Verdict:
    reason = f"stated {_in_words(stated)}, computed {_in_words(value)}"
    return Verdict("shape", name, stated, computed, reason=reason)


def _pairs(stated: Stated, value: Any, index: Index) -> Iterator[tuple[Index, str, Any]]:
    """Each stated entry with the computed one, and where they stand."""
    if not isinstance(stated, list):
        if isinstance(value, list | tuple):
            raise _ShapeError
        yield index, stated.text, value
        return
    if not isinstance(value, list | tuple) or len(stated) != len(value):
        raise _ShapeError
    for position, (inner, entry) in enumerate(zip(stated, value, strict=True)):
        yield from _pairs(inner, entry, (*index, position))


def _only_entry(value: Any) -> Any:
    """The number in an array of one entry, or the value itself."""
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return value


def _size(text: str) -> float:
    found = stated_number(text)
    return abs(_float(found[0])) if found else 0.0


def _float(value: Any) -> float:
    """The nearest float, infinite where the value is beyond its range."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _in_words(value: Any) -> str:
    shape = shape_of(value)
    if not shape:
        return "a single value"
    if len(shape) == 1:
        return f"{shape[0]} value" + "s" * (shape[0] != 1)
    return "x".join(map(str, shape)) + " values"
