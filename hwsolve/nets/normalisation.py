"""Normalisation: batch, layer, group, instance, RMS, local response.

Batch normalisation in use is a scale and a shift, for its mean and variance are fixed
then. The others compute theirs from the values that they read: over M of them the mean
takes M - 1 additions and a division; the variance M differences, M squares, M - 1
additions and a division; the square root of variance + eps and its inverse one addition,
one root and one division; and each value a multiplication with the inverse.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.exact import times
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.letters import InLetters
from hwsolve.nets.sizes import Tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUES, MEANS = Sym("N"), Sym("means")


def batch_normalisation(request: Request) -> Rule:
    """A trained scale and shift for each channel, and a running mean and variance."""
    (size,) = request.inputs
    each = _trained_name(request)
    of = "channel" if each == Sym("C") else "feature"
    trained = each if request.options.get("affine", True) else ZERO
    running = request.options.get("track", True)
    return Rule(
        output=size,
        sizes={each.name: size[0], "N": prod(size)},
        weights=trained,
        biases=trained,
        running=Num(2) * each if running else ZERO,
        operations={"multiplications": VALUES, "additions": VALUES},
        remarks=(
            f"each {of} has a trained scale and shift" if trained is each else
            "nothing is trained",
        ),
        conventions=("batchnorm",),
    )  # fmt: skip


def _trained_name(request: Request) -> Sym:
    (size,) = request.inputs
    if isinstance(size, Tokens):
        return Sym("features")
    return Sym("inputs") if len(size) == 1 else Sym("C")


def layer_normalisation(request: Request) -> Rule:
    """The features of each token (or all values of a map) normalised together.

    Each value has a trained scale and, but for `no bias`, a shift.
    """
    sizes, lines = _layer_sizes(request)
    return _normalised(request, sizes, lines, Sym("M"))


def rms_normalisation(request: Request) -> Rule:
    """The features divided by the root of their mean square: a trained scale, no shift.

    Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).
    """
    sizes, lines = _layer_sizes(request)
    return _normalised(request, sizes, lines, Sym("M"), center=False)


def _layer_sizes(request: Request) -> tuple[dict[str, int], tuple[Line, ...]]:
    (size,) = request.inputs
    each = isinstance(size, Tokens) or request.options.get("positionwise", False)
    alike = size[:1] if each else size
    sizes = {"N": prod(size), "M": prod(alike), "means": prod(size[len(alike) :])}
    over = "values normalised together"
    return sizes, (Line("M", _factors(alike), over), Line("means", VALUES / Sym("M")))


def _factors(sides: tuple[int, ...]) -> Expr:
    return times(Num(sides[0]), *map(Num, sides[1:]))


def group_normalisation(request: Request) -> Rule:
    """The channels normalised in groups: a trained scale and shift for each channel.

    Raises:
        InputError: the groups do not divide the channels.
    """
    groups = request.options["groups"]
    channels = request.inputs[0][0]
    if channels % groups:
        raise request.error(
            f"{channels} channels cannot be divided into {groups} groups", "groups",
            f"take a divisor of {channels}",
        )  # fmt: skip
    return _by_channel(request, groups)


def instance_normalisation(request: Request) -> Rule:
    """Each channel normalised on its own; nothing is trained unless `affine` says so."""
    return _by_channel(request, request.inputs[0][0], affine=False)


def _by_channel(request: Request, groups: int, *, affine: bool = True) -> Rule:
    (size,) = request.inputs
    sizes = {"C": size[0], "N": prod(size), "means": groups, "M": prod(size) // groups}
    line = Line("M", VALUES / MEANS, "values normalised together")
    if "affine" not in request.options:
        request = request._replace(options={**request.options, "affine": affine})
    return _normalised(request, sizes, (line,), Sym("C"))


def _normalised(
    request: Request,
    sizes: dict[str, int],
    lines: tuple[Line, ...],
    trained: Sym,
    *,
    center: bool = True,
) -> Rule:
    """What is common to all: `trained` scales and shifts, the values less their mean or not."""
    affine = request.options.get("affine", True)
    shift = affine and center and request.options.get("shift", True)
    # squares and the inverse root; the scale of each value
    multiplications = Num(3) * VALUES if affine else Num(2) * VALUES
    # the sum of the squares, eps
    additions: Expr = VALUES
    divisions: Expr = Num(2) * MEANS
    if center:
        # the sum, and the differences
        additions = Num(3) * VALUES - MEANS
        divisions = Num(3) * MEANS
    if shift:
        additions = additions + VALUES
    formula = "(x - mean)/sqrt(variance + eps)" if center else "x/sqrt(mean of x^2 + eps)"
    said = " times a scale" * affine + " plus a shift" * shift
    return Rule(
        output=request.inputs[0],
        sizes=sizes,
        lines=lines,
        weights=trained if affine else ZERO,
        biases=trained if shift else ZERO,
        operations={
            "multiplications": multiplications,
            "additions": additions,
            "divisions": divisions,
            "roots": MEANS,
        },
        remarks=(f"each value: {formula}{said}",),
    )


def local_response(request: Request) -> Rule:
    """Each value divided by a power of the squares of its neighbours in other channels.

    x/(k + alpha sum of squares)^beta (Krizhevsky et al. 2012, section 3.3), the sum over
    the channels from i - n//2 to i + (n - 1)//2, the power as exp(beta log).
    """
    (size,) = request.inputs
    channels = size[0]
    wide = request.options.get("neighbours", 5)
    sizes = {"N": prod(size), "reads": _neighbours(request, channels, wide)}
    places = prod(size[1:])
    sizes["places"] = places
    reads = times(Sym("places"), Sym("reads"))
    line = Line(
        "reads", Num(sizes["reads"]),
        f"{wide} channels for each channel, fewer at the ends",
    )  # fmt: skip
    operations: Mapping[str, Expr] = {
        # squares, alpha, beta
        "multiplications": Num(3) * VALUES,
        # the sums of squares, and k
        "additions": reads,
        "divisions": VALUES,
        "logarithms": VALUES,
        "exponentials": VALUES,
    }
    return Rule(
        output=size,
        sizes=sizes,
        lines=(Line("places", _factors(size[1:] or (1,))), line),
        operations=operations,
        remarks=("each value: x/(k + a S)^b, S the sum of squares, the power as exp(b log)",),
    )


def _neighbours(request: Request, channels: int, wide: int) -> int:
    """How many channels all channels see together."""
    before, after = wide // 2, (wide - 1) // 2
    if isinstance(channels, InLetters) or isinstance(wide, InLetters):
        raise request.error("its neighbours cannot be counted in letters", "", "write numbers")
    # the ends lack 1 + 2 + ... channels, each as many as there are at most
    missing = 0
    for reach in (before, after):
        ends = min(reach, channels)
        missing += ends * reach - ends * (ends - 1) // 2
    return channels * wide - missing
