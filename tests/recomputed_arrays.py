"""Operations on arrays, recomputed entry by entry by the naive loops of the test cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensor_cases as cases
import tensor_cases_windows as windows
from tensor_cases import Grid

if TYPE_CHECKING:
    from collections.abc import Callable

# How many arrays an operation takes before the size of its window.
_SIZED = {"max_pool": 1, "avg_pool": 1, "avg_unpool": 1, "unfold": 1, "fold": 1,
          "max_unpool": 2, "at_max": 2}  # fmt: skip
_LOOPS: dict[str, Callable[..., Grid]] = {
    "conv": windows.conv,
    "conv_transpose": windows.conv_transpose,
    "conv_weight": windows.conv_weight,
    "avg_pool": windows.avg_pool,
    "avg_unpool": windows.avg_unpool,
    "max_unpool": windows.max_unpool,
    "at_max": windows.at_max,
    "unfold": windows.unfold,
    "fold": windows.fold,
    "cumsum": cases.cumsum,
    "diag": lambda x: cases.TENSOR_CASES["diag" if len(x.shape) == 1 else "diagonal"].naive(x),
    "diagonal": cases.TENSOR_CASES["diagonal"].naive,
    "tril": cases.TENSOR_CASES["tril"].naive,
    "triu": cases.TENSOR_CASES["triu"].naive,
    "scatter_add": cases.scatter_add,
    "argsort": cases.argsort,
    "one_hot": cases.one_hot,
    "masked_softmax": cases.masked_softmax,
}


def numbers(value: Any) -> Any:
    """A number or an array of numbers as a whole number or a tuple of them."""
    if isinstance(value, np.ndarray):
        return tuple(map(numbers, value.tolist()))
    middle = (value.low + value.high) / 2 if hasattr(value, "low") else value
    return round(float(middle))


def middles(values: Any) -> Any:
    """Numbers, of intervals their middles."""
    of = lambda v: (v.low + v.high) / 2 if hasattr(v, "low") else v  # noqa: E731  (used here only)
    return np.frompyfunc(of, 1, 1)(values)


def grid(value: Any) -> Grid:
    array = np.asarray(value, dtype=object)
    return Grid(array.shape, {at: array[at] for at in np.ndindex(*array.shape)})


def array(found: Grid) -> Any:
    full = np.empty(found.shape, dtype=object)
    for at, entry in found.entries.items():
        full[at] = entry
    return full


def recomputed(  # noqa: C901, PLR0911, PLR0912  (a case for each)
    op: str,
    values: list[Any],
    settings: dict[str, Any],
    number: Callable[[Any], Any],
    reduced: Callable[[str, list[Any]], Any],
) -> Any:
    """The value of an operation on arrays, None for one that is not known here."""
    if op[-2:] in {"1d", "2d"}:
        op, settings = op[:-2], {**settings, "dims": int(op[-2])}
    if op in _SIZED:
        count = _SIZED[op]
        settings = {**settings, "size": numbers(values[count])}
        values = values[:count]
    x = values[0]
    match op:
        case "max_pool":
            dims, found = windows.pools(x.shape, **settings)
            shape, lead = windows.pooled(x.shape, found, dims)
            full = np.empty(shape, dtype=object)
            for before in np.ndindex(*lead):
                for output, (inside, _) in found.items():
                    full[before + output] = reduced("max", [x[before + at] for at in inside])
            return full
        case "unfold" | "fold" if isinstance(settings["size"], int):
            shape = settings.get("shape", x.shape)
            settings["size"] = (settings["size"],) * min(len(shape), 2)
        case "swap":
            return np.swapaxes(x, numbers(values[1]), numbers(values[2]))
        case "transpose":
            return np.transpose(x, [numbers(value) for value in values[1:]] or None)
        case "unsqueeze":
            return np.expand_dims(x, numbers(values[1]))
        case "sort":
            return x[array(cases.argsort(grid(middles(x)), **settings)).astype(int)]
        case "argsort" | "one_hot":
            values = [middles(x)]
        case "masked_softmax" if hasattr(x.flat[0], "low"):
            return None  # the loops have no exp of an interval
        case "pad":
            widths = numbers(values[1])
            pairs = ((widths, widths),) * x.ndim if isinstance(widths, int) else widths
            return array(cases.pad(grid(x), pairs, number(settings.get("value", 0))))
        case "tril" | "triu":
            settings = {"k": numbers(values[1])} if len(values) > 1 else settings
            values = values[:1]
        case "stack" if "axis" in settings:
            return np.stack(values, axis=settings["axis"])
    loops = _LOOPS.get(op)
    if loops is None:
        return None
    found_grid = loops(*map(grid, values), **settings)
    return np.frompyfunc(lambda v: number(v) if isinstance(v, int) else v, 1, 1)(array(found_grid))
