"""Settings of a call that are values: put where the function's parameters have their place.

`huber(yhat, y, delta=d/2)` becomes `huber(yhat, y, d/2)`, so that whatever walks a tree
finds the names in it; what is a choice (`axis=0`, `reduction=sum`) stays a setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.expr.tree import Apply, Expr, Sym

if TYPE_CHECKING:
    from collections.abc import Mapping

# The place of a parameter that a call leaves to its default.
LEFT_OUT: Final = Sym("")
# Parameters of a row by the other names that people know them under.
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "slope": ("negative_slope", "alpha", "a"),
    "alpha": ("α", "a"),
    "gamma": ("γ",),
    "beta": ("β",),
    "delta": ("δ",),
    "tau": ("τ", "quantile", "q"),
    "margin": ("m",),
    "eps": ("ε", "epsilon"),
    "momentum": ("rho",),
    "temperature": ("T", "tau", "τ"),
    "rate": ("p", "p_drop"),
    "mask": ("m", "attn_mask", "M"),
    "label_smoothing": ("smoothing",),
    "class_weights": ("weights", "weight", "w"),
    "lambda": ("λ", "lam", "strength"),
}
# PyTorch's names in the normalisations, which have an epsilon; elsewhere they mean others.
_OF_NORMS: Final = {"weight": "gamma", "bias": "beta"}
# Operations whose second value may have its name before it.
_OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {"masked_softmax": ("x", "mask")}
_HEATED: Final = {"softmax", "log_softmax", "Softmax"}


def arranged(
    name: str, args: list[Expr], settings: Mapping[str, Expr]
) -> tuple[list[Expr], list[str]]:
    """The arguments with the settings that are parameters among them, and the other settings."""
    parameters = parameters_of(name)
    places: dict[int, Expr] = {}
    kept: list[str] = []
    for key, value in settings.items():
        place = _place(key, parameters)
        if name in _HEATED and key in {"temperature", *_ALSO["temperature"]}:
            args = [Apply("div", (args[0], value)), *args[1:]] if args else args
        elif place is None or place < len(args) or place in places:
            kept.append(key)
        else:
            places[place] = value
    if places:
        longer = range(len(args), max(places) + 1)
        args = [*args, *(places.get(place, LEFT_OUT) for place in longer)]
    return args, kept


def _place(key: str, parameters: tuple[str, ...]) -> int | None:
    if "eps" in parameters:
        key = _OF_NORMS.get(key, key)
    if key in parameters:
        return parameters.index(key)
    for place, parameter in enumerate(parameters):
        if key in _ALSO.get(parameter, ()):
            return place
    return None


def parameters_of(name: str) -> tuple[str, ...]:
    """The parameters of a formula or a loss by any of its names, () for most operations."""
    from hwsolve.expr.functions import FUNCTION_ALIASES, FUNCTIONS

    if name in _OPERATIONS:
        return _OPERATIONS[name]
    row = FUNCTIONS.get(FUNCTION_ALIASES.get(name, name))
    if row is not None:
        return row.parameters
    from hwsolve.expr.losses import find_loss

    loss = find_loss(name)
    return () if loss is None else loss.parameters
