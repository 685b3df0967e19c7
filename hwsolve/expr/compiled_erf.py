"""The error function on arrays: numpy has none.

Rational approximations of W. J. Cody, Rational Chebyshev approximations for the error
function, Mathematics of Computation 23 (1969), 631-637; coefficients of his CALERF.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

# Up to here erf(x)/x is a quotient of polynomials in x^2, beyond it erfc(x)·exp(x^2) one in x.
NEAR: Final = 0.46875
# From here on 1 - erf(x) is less than half a unit of the last digit of 1.
FAR: Final = 6.0

_NEAR_ABOVE: Final = (
    1.85777706184603153e-1,
    3.16112374387056560e00,
    1.13864154151050156e02,
    3.77485237685302021e02,
    3.20937758913846947e03,
)
_NEAR_BELOW: Final = (
    1.0,
    2.36012909523441209e01,
    2.44024637934444173e02,
    1.28261652607737228e03,
    2.84423683343917062e03,
)
_FAR_ABOVE: Final = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e00,
    6.61191906371416295e01,
    2.98635138197400131e02,
    8.81952221241769090e02,
    1.71204761263407058e03,
    2.05107837782607147e03,
    1.23033935479799725e03,
)
_FAR_BELOW: Final = (
    1.0,
    1.57449261107098347e01,
    1.17693950891312499e02,
    5.37181101862009858e02,
    1.62138957456669019e03,
    3.29079923573345963e03,
    4.36261909014324716e03,
    3.43936767414372164e03,
    1.23033935480374942e03,
)


def erf(x: Any) -> Any:
    """2/sqrt(pi) times the integral of exp(-t^2) from 0 to x, entry by entry, to 4e-16."""
    size = np.minimum(np.absolute(x), FAR)
    square = np.minimum(size, NEAR) ** 2
    near = x * _quotient(square, _NEAR_ABOVE, _NEAR_BELOW)
    beyond = np.maximum(size, NEAR)
    tail = np.exp(-(beyond**2)) * _quotient(beyond, _FAR_ABOVE, _FAR_BELOW)
    return np.where(size <= NEAR, near, np.copysign(1 - tail, x))


def _quotient(x: Any, above: tuple[float, ...], below: tuple[float, ...]) -> Any:
    return _polynomial(x, above) / _polynomial(x, below)


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    """Horner's scheme, the highest power first."""
    total = coefficients[0] * x + coefficients[1]
    for coefficient in coefficients[2:]:
        total *= x
        total += coefficient
    return total
