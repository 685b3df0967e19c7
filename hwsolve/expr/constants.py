"""Constant arrays by name, and the values of constant formulas under `given`."""

from __future__ import annotations

from math import prod
from typing import Any, Final

from hwsolve.errors import EquationError

MAX_ENTRIES: Final = 10_000_000
MAX_TOGETHER: Final = 100_000_000


def made(name: str, sizes: tuple[int, ...], first_index: int = 0) -> list[Any]:
    """`zeros(2, 3)`, `ones(4)`, `eye(3)`, `onehot(k, n)` and others as nested lists.

    Raises:
        EquationError: for sizes that are not positive or that are too large.
    """
    if name == "onehot":
        if len(sizes) != 2:  # noqa: PLR2004  (an index and a length)
            raise EquationError("'onehot' takes an index and a length", hint="write onehot(2, 10)")
        index, length = sizes[0] - first_index, sizes[1]
        check_size((length,))
        if not 0 <= index < length:
            raise EquationError(
                f"onehot({sizes[0]}, {length}) has no such entry",
                hint=f"the first index is {first_index}",
            )
        return [int(position == index) for position in range(length)]
    if name == "arange":
        return _counted(sizes)
    if name in {"eye", "causal_mask"}:
        if len(sizes) != 1:
            raise EquationError(f"'{name}' takes one size", hint=f"write {name}(3)")
        check_size((sizes[0], sizes[0]))
        whole = range(sizes[0])
        if name == "eye":
            return [[int(row == column) for column in whole] for row in whole]
        return [[int(column <= row) for column in whole] for row in whole]
    check_size(sizes)
    return _filled(sizes, 0 if name == "zeros" else 1)


def _counted(sizes: tuple[int, ...]) -> list[Any]:
    """`arange(4)` is [0, 1, 2, 3], `arange(1, 5)` [1, 2, 3, 4]; the end is left out."""
    if len(sizes) > 3 or (len(sizes) == 3 and not sizes[2]):  # noqa: PLR2004  (start, end, step)
        raise EquationError("'arange' takes a start, an end and a step", hint="write arange(4)")
    numbers = range(*sizes)
    check_size((len(numbers),))
    return list(numbers)


def check_size(sizes: tuple[int, ...], others: int = 0) -> int:
    """The number of entries of an array, refused if it is 0 or would not fit the memory.

    `others` is the number of entries of all other arrays of the problem.

    Raises:
        EquationError: for such sizes.
    """
    if not sizes or min(sizes) < 1:
        raise EquationError("an array needs sizes of 1 or more")
    if prod(sizes) > MAX_ENTRIES:
        raise EquationError(
            f"an array of {'x'.join(map(str, sizes))} has {prod(sizes):,} entries",
            hint=f"at most {MAX_ENTRIES:,}",
        )
    if others + prod(sizes) > MAX_TOGETHER:
        raise EquationError(f"all arrays together have more than {MAX_TOGETHER:,} entries")
    return prod(sizes)


def _filled(sizes: tuple[int, ...], value: int) -> list[Any]:
    if len(sizes) == 1:
        return [value] * sizes[0]
    return [_filled(sizes[1:], value) for _ in range(sizes[0])]
