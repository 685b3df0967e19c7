"""Layers that make and mark tokens: embedding, patches, class token, positions."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.exact import times
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.sizes import Size, Tokens
from hwsolve.nets.windows import each_axis, map_size

if TYPE_CHECKING:
    from hwsolve.errors import InputError

TOKENS, FEATURES = Sym("tokens"), Sym("features")


def embedding(request: Request) -> Rule:
    """A row of a table for each token: nothing is multiplied.

    Raises:
        InputError: it reads a map, or tokens that have features already.
    """
    (size,) = request.inputs
    if len(size) != 1:
        raise request.error(
            f"it reads numbers of tokens, not {request.shown(size)}", "",
            "an input of 10 tokens is written input: 10 tokens",
        )  # fmt: skip
    options = request.options
    sizes = {
        "tokens": size[0],
        "vocabulary": options["vocabulary"],
        "features": options["features"],
    }
    tied = options.get("tied")
    return Rule(
        output=Tokens((sizes["features"], size[0])),
        sizes=sizes,
        weights=ZERO if tied else times(Sym("vocabulary"), FEATURES),
        remarks=(f"its weights are those of {tied}",) if tied else ("a table is read",),
        unseen="its tokens are numbers",
    )


def patch_embedding(request: Request) -> Rule:
    """A map cut into patches, each a token: a convolution with the stride of its kernel.

    Raises:
        InputError: the patches do not divide the map.
    """
    channels, *sides = map_size(request)
    patch = each_axis(request, "patch", len(sides), ())
    for side, length in zip(sides, patch, strict=True):
        if side % length:
            raise request.error(
                f"patches of {length} do not divide a side of {side}", "patch",
                f"take a divisor of {side}",
            )  # fmt: skip
    counts = [side // length for side, length in zip(sides, patch, strict=True)]
    features, bias = request.options["features"], request.options.get("bias", True)
    sizes = {"features": features, "tokens": prod(counts), "inputs": channels * prod(patch)}
    lines = (
        Line("tokens", times(*[Num(s) / Num(p) for s, p in zip(sides, patch, strict=True)]),
             "patches"),
        Line("inputs", times(Num(channels), *map(Num, patch)), "values of a patch"),
    )  # fmt: skip
    weights = times(FEATURES, Sym("inputs"))
    products = times(TOKENS, weights)
    outputs = times(TOKENS, FEATURES)
    return Rule(
        output=Tokens((features, sizes["tokens"])),
        sizes=sizes,
        lines=lines,
        weights=weights,
        biases=FEATURES if bias else ZERO,
        operations={
            "multiplications": products, "additions": products if bias else products - outputs,
        },
        bias_additions=outputs if bias else ZERO,
        macs=products,
        connections=products + outputs if bias else products,
        units=outputs,
        unseen="its patches are tokens",
        conventions=("bias", "mac"),
    )  # fmt: skip


def class_token(request: Request) -> Rule:
    """One more token, or several, whose features are trained."""
    size = _sequence(request)
    more = request.options.get("parts", 1)
    sizes = {"features": size[0], "tokens": size[1] + more}
    line = Line("tokens", Num(size[1]) + Num(more))
    return Rule(
        output=Tokens((size[0], sizes["tokens"])),
        sizes=sizes,
        lines=(line,),
        weights=FEATURES if more == 1 else Num(more) * FEATURES,
        unseen="a token of it is no part of the input",
    )


def positions(request: Request) -> Rule:
    """A vector for each position, added to its token: trained, or fixed (sines, cosines).

    Raises:
        InputError: it reads no tokens, or more of them than the longest sequence has.
    """
    size = _sequence(request)
    length = request.options.get("length", size[1])
    if size[1] > length:
        raise request.error(f"it has {length} positions for {size[1]} tokens", "length")
    learned = request.options.get("learned", True)
    sizes = {"features": size[0], "tokens": size[1]}
    rows: Expr = TOKENS
    if length != size[1]:
        sizes["positions"] = length
        rows = Sym("positions")
    return Rule(
        output=size,
        sizes=sizes,
        weights=times(rows, FEATURES) if learned else ZERO,
        operations={"additions": times(TOKENS, FEATURES)},
        remarks=() if learned else ("the positions are fixed: nothing to train",),
    )


def _sequence(request: Request) -> Size:
    (size,) = request.inputs
    if not isinstance(size, Tokens):
        raise not_tokens(request, size)
    return size


def not_tokens(request: Request, size: Size) -> InputError:
    """The error for a layer that needs a sequence and reads something else."""
    first = "tokens" if len(size) > 1 else "an embedding"
    hint = f"put {first} in front of it, or write the input as 10 tokens x 512"
    return request.error(f"it reads tokens with features, not {request.shown(size)}", "", hint)
