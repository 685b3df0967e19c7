"""The number systems on numpy arrays. Imported only when a problem has arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsolve.expr.systems import FLOATS, NumberSystem

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Arrays(NumberSystem):
    """A number system on arrays: float64 for floats, arrays of objects for the others."""

    def __init__(self, scalars: NumberSystem) -> None:
        self.scalars = scalars
        self.name = scalars.name
        self.exact = scalars.exact
        self.dtype: type = float if scalars is FLOATS else object
        if scalars is not FLOATS:
            for name in ("exp", "log", "log1p", "sqrt", "tanh", "erf", "sin", "cos", "floor"):
                setattr(self, name, _lifted(getattr(scalars, name), 1))
            self.power = _lifted(scalars.power, 2)
            self._finish = _lifted(scalars.finish, 1)

    exp = staticmethod(np.exp)  # type: ignore[assignment]
    log = staticmethod(np.log)  # type: ignore[assignment]
    log1p = staticmethod(np.log1p)  # type: ignore[assignment]
    sqrt = staticmethod(np.sqrt)  # type: ignore[assignment]
    tanh = staticmethod(np.tanh)  # type: ignore[assignment]
    sin = staticmethod(np.sin)  # type: ignore[assignment]
    cos = staticmethod(np.cos)  # type: ignore[assignment]
    floor = staticmethod(np.floor)  # type: ignore[assignment]
    power = staticmethod(np.power)  # type: ignore[assignment]
    where = staticmethod(np.where)  # type: ignore[assignment]
    maximum = staticmethod(np.maximum)  # type: ignore[assignment]
    minimum = staticmethod(np.minimum)  # type: ignore[assignment]
    absolute = staticmethod(np.absolute)  # type: ignore[assignment]

    @staticmethod
    def erf(value: Any) -> Any:
        """The error function, entry by entry (numpy has none)."""
        return np.vectorize(FLOATS.erf, otypes=[float])(value)

    def scope(self) -> AbstractContextManager[Any]:
        """Overflow, division by zero and invalid operations raise FloatingPointError."""
        if self.dtype is object:
            from contextlib import ExitStack

            # floats among fractions overflow without an error, but numpy notices
            both = ExitStack()
            both.enter_context(np.errstate(over="raise"))
            both.enter_context(self.scalars.scope())
            return both
        return np.errstate(over="raise", divide="raise", invalid="raise", under="ignore")

    def number(self, value: Any) -> Any:  # type: ignore[override]  # needs the scalars' system
        """A number, or nested lists of numbers, in this system."""
        if isinstance(value, (list, tuple, np.ndarray)):
            if self.dtype is float:
                return np.array(value, dtype=float)
            return _lifted(self.scalars.number, 1)(np.array(value, dtype=object))
        return self.scalars.number(value)

    def finish(self, value: Any) -> Any:  # type: ignore[override]  # needs the scalars' system
        """Each entry rounded, where the system rounds."""
        return value if self.dtype is float else self._finish(value)

    def matmul(self, left: Any, right: Any) -> Any:
        """The matrix product; where results are rounded, each product is rounded first."""
        if self.dtype is float:
            return left @ right
        if right.ndim == 1:
            return self._finish(left * right).sum(axis=-1)
        if left.ndim == 1:
            return self._finish(left[:, None] * right).sum(axis=-2)
        products = left[..., :, :, None] * right[..., None, :, :]
        return self._finish(products).sum(axis=-2)


def _lifted(function: Any, arguments: int) -> Any:
    return np.frompyfunc(function, arguments, 1)
