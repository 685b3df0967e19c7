"""What a network becomes when it is written out: equation texts, and what was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import Place  # noqa: TC001  (a field's type)

if TYPE_CHECKING:
    from collections.abc import Collection

Shape = tuple[int, ...]


class Emitted(NamedTuple):
    """An equation as text, and the place of the layer, cell or loss that it comes from.

    `step` is the number of the time step that it belongs to, 0 where there is none. What
    is `held` counts as a constant: no gradient passes through it.
    """

    text: str
    place: Place
    step: int = 0
    held: bool = False


class Choice(NamedTuple):
    """A convention that decided which equations were written.

    `stated` is True where the problem says it and False for a default.
    """

    name: str
    value: str
    meaning: str
    stated: bool = False


class WrittenOut(NamedTuple):
    """A network as equations, in the order of computation, and the choices made."""

    equations: tuple[Emitted, ...]
    choices: tuple[Choice, ...]


def size(shape: Shape) -> str:
    """A shape as people write it: `2x3`, `4`, or `1` for a number."""
    return "x".join(map(str, shape)) or "1"


def describe(shape: Shape) -> str:
    """A shape in words: "a number", "a vector of 3 numbers", "a 2x3 matrix"."""
    if not shape:
        return "a number"
    if len(shape) == 1:
        return "a vector of 1 number" if shape[0] == 1 else f"a vector of {shape[0]} numbers"
    return f"a {size(shape)} {'matrix' if len(shape) == 2 else 'array'}"  # noqa: PLR2004  (two axes)


# The words for an activation that leaves its argument as it is.
LINEAR = frozenset({"", "none", "linear", "identity", "id"})


def is_linear(activation: str) -> bool:
    """Whether an activation as written leaves its argument as it is."""
    return activation.strip().lower() in LINEAR


def spelled(activation: str, own: Collection[str] = ()) -> str:
    """An activation's name without its settings, as the language spells it: `SIGMOID` is `sigmoid`.

    A function in `own`, those that the problem defines, keeps its capitals.
    """
    name = activation.partition("(")[0].strip()
    if name in own or name == name.lower():
        return name
    from hwsolve.expr.calls import known_functions

    plain = "_".join(name.lower().replace("-", " ").split())
    return plain if plain in known_functions() else name


def activated(activation: str, argument: str, more: str = "", own: Collection[str] = ()) -> str:
    """The call of an activation as written: `leaky_relu(0.1)` of z is `leaky_relu(z, 0.1)`."""
    if is_linear(activation):
        return argument
    settings = activation.partition("(")[2].strip().removesuffix(")").strip()
    extra = f", {settings}" if settings else ""
    return f"{spelled(activation, own)}({argument}{extra}{more})"
