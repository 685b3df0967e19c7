"""Attention: what it reads, its projections, its scores and its weighted sums.

Vaswani et al., "Attention Is All You Need" (2017), section 3.2: each head is
softmax(Q K^T/sqrt(d)) V with projections of its own, and one more behind all heads.
Fewer heads of keys and values than of queries: Shazeer 2019 (one, multi-query), Ainslie
et al. 2023 (grouped-query).
"""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.exact import plus, times, whole
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.sizes import Size, Tokens
from hwsolve.nets.tokens import not_tokens

TOKENS, FEATURES, PAIRS = Sym("tokens"), Sym("features"), Sym("pairs")
HEADS, HEAD_DIM = Sym("heads"), Sym("head_dim")
_TWO = Num(2)


class _Parts(NamedTuple):
    """The sizes of an attention layer in names.

    `keys` are the tokens that are looked at, `memory` their features; `width` is that of
    all queries, `kv_width` that of all keys.
    """

    sizes: dict[str, int]
    lines: list[Line]
    keys: Sym
    memory: Sym
    width: Expr
    kv_width: Expr


def attention(request: Request) -> Rule:
    """Attention of tokens to one another, or to those of a second layer (cross-attention).

    Raises:
        InputError: it reads no tokens, the heads do not divide the features or one
            another, or a window does not fit.
    """
    options = request.options
    queries, memory = _inputs(request)
    alone = len(request.inputs) == 1
    parts = _parts(request, queries, memory)
    pairs = _pairs(request, parts, cross=not alone)
    parts.sizes["pairs"] = whole(pairs.formula, parts.sizes)
    width = parts.width
    projects = options.get("projections", True)
    bias = options.get("bias", True)
    qkv_bias = options.get("qkv_bias", bias)
    made, back = _projected_values(parts), times(TOKENS, FEATURES)
    weights, projected = _projections(parts)
    without = plus(ZERO if qkv_bias else made, ZERO if bias else back)
    if not projects:
        weights = projected = without = ZERO
        bias = qkv_bias = False
    elif bias and qkv_bias and made == times(Num(3), TOKENS, FEATURES):
        made, back = times(Num(4), TOKENS, FEATURES), ZERO
    table = _relative(request, parts)
    macs = plus(projected, times(_TWO, PAIRS, width))
    sums = [projected - without if without != ZERO else projected]
    sums += [times(PAIRS, HEADS, HEAD_DIM - 1), times(PAIRS - TOKENS, HEADS)]
    sums += [times(PAIRS - TOKENS, width), times(PAIRS, HEADS) if table != ZERO else ZERO]
    everything = alone and not {"causal", "window", "sliding"} & {
        name for name in options if options[name]
    }
    return Rule(
        output=queries,
        sizes=parts.sizes,
        lines=(*parts.lines, pairs),
        weights=plus(weights, table),
        biases=_biases(parts, bias=bias, qkv_bias=qkv_bias),
        operations={
            # one more for each score: divided by the root of the head's size
            "multiplications": plus(macs, times(PAIRS, HEADS)),
            "additions": plus(*sums),
            "exponentials": times(PAIRS, HEADS),
            "divisions": times(PAIRS, HEADS),
        },
        bias_additions=plus(made if qkv_bias else ZERO, back if bias else ZERO),
        macs=macs,
        connections=None,
        units=None,
        whole=everything,
        unseen="" if everything else "what a token sees depends on where it stands",
        remarks=("each head: softmax(Q K^T/sqrt(head_dim)) V", *_remarks(request)),
        conventions=("bias", "mac", "scores") if projects else ("mac", "scores"),
    )


def _projected_values(parts: _Parts) -> Expr:
    """The numbers in all queries, keys and values."""
    if parts.keys is TOKENS and parts.kv_width == parts.width:
        return times(Num(3), TOKENS, parts.width)
    return plus(times(TOKENS, parts.width), times(_TWO, parts.keys, parts.kv_width))


def _projections(parts: _Parts) -> tuple[Expr, Expr]:
    """The weights of the projections, and the products in them."""
    width, kv_width = parts.width, parts.kv_width
    if parts.keys is TOKENS:
        weights = plus(times(_TWO, _matrix(FEATURES, width)), times(_TWO, FEATURES, kv_width))
        if kv_width == width:
            weights = times(Num(4), _matrix(FEATURES, width))
        return weights, times(TOKENS, weights) if kv_width == width else TOKENS * weights
    own, other = _matrix(FEATURES, width), _matrix(parts.memory, kv_width)
    weights = plus(times(_TWO, own), times(_TWO, other))
    if own == other:
        weights = times(Num(4), own)
    return weights, plus(times(_TWO, TOKENS, own), times(_TWO, parts.keys, other))


def _matrix(reads: Expr, width: Expr) -> Expr:
    """The weights of one matrix: a square where it is one."""
    return reads**2 if reads == width else times(reads, width)


def _biases(parts: _Parts, *, bias: bool, qkv_bias: bool) -> Expr:
    """The biases of the queries, keys and values, and those behind all heads."""
    width, kv_width = parts.width, parts.kv_width
    if bias and qkv_bias and width == kv_width == FEATURES:
        return Num(4) * FEATURES
    own = Num(3) * width if kv_width == width else plus(width, times(_TWO, kv_width))
    return plus(own if qkv_bias else ZERO, FEATURES if bias else ZERO)


def _remarks(request: Request) -> tuple[str, ...]:
    if request.options.get("causal") and not _skips(request) and "sliding" not in request.options:
        return ("the scores of later tokens are computed too, and hidden",)
    return ()


def _skips(request: Request) -> bool:
    return bool(request.options.get("masked") == "skipped")


def _inputs(request: Request) -> tuple[Size, Size]:
    """The size of what asks, and of what is looked at."""
    for size in request.inputs:
        if not isinstance(size, Tokens):
            raise not_tokens(request, size)
    return request.inputs[0], request.inputs[-1]


def _parts(request: Request, queries: Size, memory: Size) -> _Parts:
    options = request.options
    features, tokens = queries
    heads = options.get("heads", 1)
    kv_heads = options.get("kv_heads", heads)
    head_dim = options.get("head_dim")
    if head_dim is None:
        if features % heads:
            raise request.error(
                f"{heads} heads do not divide {features} features", "heads",
                f"take a divisor of {features}, or say head_dim",
            )  # fmt: skip
        head_dim = features // heads
    if heads % kv_heads:
        raise request.error(
            f"{kv_heads} heads of keys and values do not divide {heads} heads", "kv_heads",
            f"take a divisor of {heads}",
        )  # fmt: skip
    if not options.get("projections", True) and features != heads * head_dim:
        raise request.error(
            f"without projections {heads} heads of {head_dim} are not {features} features",
            "projections",
        )  # fmt: skip
    sizes = {"tokens": tokens, "features": features, "heads": heads, "head_dim": head_dim}
    lines: list[Line] = []
    keys, seen = TOKENS, FEATURES
    if len(request.inputs) > 1:
        keys, sizes["keys"] = Sym("keys"), memory[1]
        if memory[0] != features:
            seen, sizes["memory"] = Sym("memory"), memory[0]
    width: Expr = FEATURES
    if heads * head_dim != features:
        width, sizes["width"] = Sym("width"), heads * head_dim
        lines.append(Line("width", times(HEADS, HEAD_DIM), "of all heads"))
    else:
        formula = FEATURES / HEADS
        if "head_dim" not in options:
            lines.append(Line("head_dim", formula))
    kv_width = width
    if kv_heads != heads:
        kv_width, sizes["kv_width"] = Sym("kv_width"), kv_heads * head_dim
        lines.append(Line("kv_width", times(Num(kv_heads), HEAD_DIM), "keys of all their heads"))
    return _Parts(sizes, lines, keys, seen, width, kv_width)


def _pairs(request: Request, parts: _Parts, *, cross: bool) -> Line:
    """The pairs of a token and another that it is compared with."""
    options = request.options
    tokens = parts.sizes["tokens"]
    causal, window = options.get("causal", False), options.get("window")
    sliding = options.get("sliding")
    limited = next((n for n in ("causal", "window", "sliding") if options.get(n)), "")
    if cross and limited:
        raise request.error(f"attention to another layer cannot be {limited}", limited)
    if window and sliding:
        raise request.error("it has windows side by side or a sliding one, not both", "sliding")
    if window:
        if tokens % window:
            raise request.error(
                f"windows of {window} tokens do not divide {tokens} tokens", "window",
                f"take a divisor of {tokens}",
            )  # fmt: skip
        parts.sizes["window"] = window
        size = Sym("window")
        if causal and _skips(request):
            return Line("pairs", times(TOKENS, size + 1) / 2, "within the windows, earlier ones")
        return Line("pairs", times(TOKENS, size), "pairs of tokens within the windows")
    if sliding:
        return _sliding(request, parts, sliding, causal=causal)
    if causal and _skips(request):
        return Line("pairs", times(TOKENS, TOKENS + 1) / 2, "each token and those before it")
    if cross:
        return Line("pairs", times(TOKENS, parts.keys), "pairs of a token and a key")
    return Line("pairs", TOKENS**2, "pairs of tokens")


def _sliding(request: Request, parts: _Parts, sliding: int, *, causal: bool) -> Line:
    tokens = parts.sizes["tokens"]
    if sliding > tokens:
        raise request.error(
            f"a sliding window of {sliding} is longer than {tokens} tokens", "sliding",
            "leave it out",
        )  # fmt: skip
    parts.sizes["window"] = sliding
    size = Sym("window")
    if causal:
        missing = times(size, size - 1) / 2
        return Line("pairs", times(TOKENS, size) - missing, "each token and those just before it")
    if sliding % 2 == 0:
        raise request.error(
            f"a sliding window of {sliding} has no middle", "sliding",
            "take an odd number, or make it causal",
        )  # fmt: skip
    half = (size - 1) / 2
    missing = half * (half + 1)
    return Line("pairs", times(TOKENS, size) - missing, "each token and those around it")


def _relative(request: Request, parts: _Parts) -> Expr:
    """A bias for each head and each offset within a square window (Liu et al. 2021, Swin)."""
    if not request.options.get("relative"):
        return ZERO
    window = request.options.get("window", 0)
    side = isqrt(window)
    if request.options.get("causal"):
        raise request.error("relative positions are not known for causal windows", "relative")
    if not window or side * side != window:
        raise request.error(
            "relative positions are known for square windows only", "relative",
            "say the tokens of a window, for example window=49",
        )  # fmt: skip
    parts.sizes["offsets"] = (2 * side - 1) ** 2
    parts.lines.append(
        Line("offsets", (_TWO * Num(side) - 1) ** 2, f"within windows of {side}x{side}")
    )
    return times(Sym("offsets"), HEADS)
