"""Layers of sequences counted again: loops over tokens, heads, gates and experts."""

from __future__ import annotations

from itertools import product
from math import isqrt, prod
from typing import TYPE_CHECKING

from hwsolve.nets.sizes import Size, Tokens
from hwsolve.nets.tally import Counter, Matrix, Recount, Tally, by_shapes

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from hwsolve.nets.layer import OptionValue


def _attention(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    (features, tokens), (seen, keys) = inputs[0], inputs[-1]
    heads = options.get("heads", 1)
    groups = options.get("kv_heads", heads)
    head = options.get("head_dim") or features // heads
    bias = options.get("bias", True)
    projects = options.get("projections", True)
    own = bool(options.get("qkv_bias", bias))
    wide, narrow = heads * head, groups * head
    if tokens * (wide * (2 * features + keys) + keys * narrow) > budget:
        matrices = (
            Matrix(wide, features, tokens, own), Matrix(narrow, seen, keys, own),
            Matrix(narrow, seen, keys, own), Matrix(features, wide, tokens, bias),
        ) if projects else ()  # fmt: skip
        limits = ("window", "sliding", "causal", "relative")
        limited = any(options.get(name) for name in limits)
        found = by_shapes(inputs[0], matrices, None if limited else 2 * tokens * keys * wide)
        return None if options.get("relative") else found
    tally = Tally()
    for name, rows, reads, outs, has in (
        ("Q", tokens, features, wide, own), ("K", keys, seen, narrow, own),
        ("V", keys, seen, narrow, own), ("O", tokens, wide, features, bias),
    ) if projects else ():  # fmt: skip
        for _, out in product(range(rows), range(outs)):
            tally.neuron(((name, out, at) for at in range(reads)), [(name, out)] if has else ())
    for number, query in product(range(heads), range(tokens)):
        looked_at = [key for key in range(keys) if _is_computed(options, query, key)]
        for key in looked_at:
            tally.products(head)
            tally.do("multiplications")  # by the inverse of the root
            if options.get("relative"):
                offset = _offset(isqrt(options["window"]), query, key)
                tally.weights.add(("offset", number, offset))
                tally.do("additions")
        tally.softmax(len(looked_at))
        for _ in range(head):
            tally.products(len(looked_at))
    return tally.recount(inputs[0])


def _offset(side: int, query: int, key: int) -> tuple[int, int]:
    """How far two tokens of a square window lie apart, in rows and in columns."""
    (down, across), (to, by) = (divmod(token % (side * side), side) for token in (query, key))
    return down - to, across - by


def _is_computed(options: Mapping[str, OptionValue], query: int, key: int) -> bool:
    """Whether the score of a query and a key is worked out."""
    causal = options.get("causal", False)
    window, sliding = options.get("window"), options.get("sliding")
    if window and query // window != key // window:
        return False
    if sliding and causal:
        return bool(query - sliding < key <= query)
    if sliding:
        return bool(abs(query - key) <= sliding // 2)
    return not (causal and options.get("masked") == "skipped" and key > query)


_GATES = {
    "rnn": (("h",), ()),
    "lstm": (("i", "f", "g", "o"), ("sigmoid", "sigmoid", "tanh", "sigmoid", "tanh")),
    "gru": (("r", "z", "n"), ("sigmoid", "sigmoid", "tanh")),
}


def _recurrent(kind: str) -> Counter:
    def counter(
        options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
    ) -> Recount | None:
        features, steps = inputs[0]
        units, layers = options["units"], options.get("layers", 1)
        ways = ("there", "back") if options.get("bidirectional") else ("there",)
        projected = options.get("projection")
        state = projected or units
        vectors = options.get("biases", 1)
        gates, names = _GATES[kind]
        most = len(ways) * state + features + state
        output: Size = (state * len(ways),)
        if not options.get("last"):
            output = Tokens((*output, steps))
        upper = state * len(ways)
        if steps * layers * len(ways) * len(gates) * units * most > budget:
            cells, every = len(ways) * len(gates), len(ways) * layers
            matrices = [
                Matrix(units, features + state, steps * cells, vectors, cells),
                Matrix(units, upper + state, steps * cells * (layers - 1), vectors,
                       cells * (layers - 1)),
            ]  # fmt: skip
            if projected:
                matrices.append(Matrix(projected, units, steps * every, 0, every))
            return by_shapes(output, matrices)
        tally = Tally()
        hidden: set[Hashable] = set()
        for layer, way, _step in product(range(layers), ways, range(steps)):
            for unit in range(units):
                hidden.add((layer, way, unit))
                for gate in gates:
                    here = (layer, way, gate, unit)
                    biases = [(*here, number) for number in range(vectors)]
                    tally.neuron(_reads(here, upper if layer else features, state), biases)
                _hidden_value(tally, kind, names or (options.get("activation", "tanh"),))
            for out in range(projected or 0):
                tally.neuron((layer, way, "P", out, at) for at in range(units))
        return tally.recount(output, units=len(hidden))

    return counter


def _reads(here: tuple[Hashable, ...], inputs: int, state: int) -> Iterator[Hashable]:
    """The weights of a gate, on the input and on the state before."""
    for at in range(inputs):
        yield (*here, "W", at)
    for at in range(state):
        yield (*here, "U", at)


def _hidden_value(tally: Tally, kind: str, activations: Sequence[str]) -> None:
    """What makes a hidden value of its gates."""
    for name in activations:
        tally.activation(name)
    if kind == "lstm":  # f c + i g, o tanh(c)
        tally.do("multiplications", 3)
        tally.do("additions")
    if kind == "gru":  # r (U h), (1 - z) n + z h
        tally.do("multiplications", 3)
        tally.do("additions", 2)


def _expert(
    tally: Tally, options: Mapping[str, OptionValue], name: Hashable, sizes: tuple[int, int],
    *, bias: bool,
) -> None:  # fmt: skip
    """A feed-forward part on one token."""
    features, hidden = sizes
    gated = options.get("gated", False)
    for unit in range(hidden):
        for matrix in ("up", "gate") if gated else ("up",):
            tally.neuron(
                ((name, matrix, unit, at) for at in range(features)),
                [(name, matrix, unit)] if bias else (),
            )
        tally.activation(options.get("activation", "silu" if gated else "relu"))
        if gated:
            tally.do("multiplications")
    for out in range(features):
        tally.neuron(
            ((name, "down", out, at) for at in range(hidden)), [(name, out)] if bias else ()
        )


def _feed_forward(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    features, *tokens = inputs[0]
    hidden = options["hidden"]
    bias = bool(options.get("bias", not options.get("gated")))
    if 3 * prod(tokens) * features * hidden > budget:
        return by_shapes(inputs[0], _expert_shapes(options, features, prod(tokens), 1, bias=bias))
    tally = Tally()
    for _ in range(prod(tokens)):
        _expert(tally, options, "", (features, hidden), bias=bias)
    return tally.recount(inputs[0])


def _expert_shapes(
    options: Mapping[str, OptionValue], features: int, times: int, copies: int, *, bias: bool
) -> list[Matrix]:
    """The matrices of feed-forward parts, so many of them, applied so often together."""
    hidden = options["hidden"]
    up = Matrix(hidden, features, times, bias, copies)
    down = Matrix(features, hidden, times, bias, copies)
    return [up, up, down] if options.get("gated") else [up, down]


def _mixture(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    features, *tokens = inputs[0]
    experts, hidden = options["experts"], options["hidden"]
    top, shared = options.get("top", 2), options.get("shared", 0)
    bias = options.get("bias", False)
    used = experts + shared + prod(tokens) * (top + shared)
    if 3 * features * hidden * used + prod(tokens) * features * experts > budget:
        times = prod(tokens) * (top + shared)
        parts = _expert_shapes(options, features, times, experts + shared, bias=bias)
        return by_shapes(inputs[0], [*parts, Matrix(experts, features, prod(tokens))])
    every = Tally()  # every expert once, for the parameters
    for expert in range(experts + shared):
        _expert(every, options, expert, (features, hidden), bias=bias)
    tally = Tally()
    active = 0
    for token in range(prod(tokens)):
        _route(tally, features, experts, top)
        for chosen in (*range(top), *range(experts, experts + shared)):
            _expert(tally, options, chosen, (features, hidden), bias=bias)
        for _ in range(features):
            for _ in range(top):
                tally.do("multiplications")
            tally.total(top + shared)
        if not token:
            active = len(tally.weights) + len(tally.biases)
    tally.weights |= every.weights
    tally.biases |= every.biases
    return tally.recount(inputs[0], active_params=active)


def _route(tally: Tally, features: int, experts: int, top: int) -> None:
    """Choose the experts of a token: each time the largest of those that are left."""
    for expert in range(experts):
        tally.neuron(("router", expert, at) for at in range(features))
    tally.softmax(experts)
    for chosen in range(top):
        for _ in range(chosen + 1, experts):
            tally.do("comparisons")


def _embedding(options: Mapping[str, OptionValue], inputs: Sequence[Size], _budget: int) -> Recount:
    tally = Tally()
    shape = (options["vocabulary"], options["features"])
    weights = 0 if options.get("tied") else prod(shape)
    found = tally.recount(Tokens((shape[1], *inputs[0])))
    return found._replace(counts={**found.counts, "weights": weights}, looped=False)


def _patches(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    ((channels, *sides),) = inputs
    patch = options["patch"] * (len(sides) if len(options["patch"]) == 1 else 1)
    corners = [range(0, side, step) for side, step in zip(sides, patch, strict=True)]
    count, area = prod(map(len, corners)), channels * prod(patch)
    output = Tokens((options["features"], count))
    bias = bool(options.get("bias", True))
    if count * area * options["features"] > budget:
        return by_shapes(output, [Matrix(options["features"], area, count, bias)])
    tally = Tally()
    for _ in range(count):
        for out in range(options["features"]):
            tally.neuron(((out, at) for at in range(area)), [out] if bias else [])
    connections = tally.counts["macs"] + len(tally.biases) * count
    return tally.recount(output, connections=connections)


def _class_token(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    features, tokens = inputs[0]
    more = options.get("parts", 1)
    if more * features > budget:
        return None
    tally = Tally()
    tally.weights |= {(token, at) for token in range(more) for at in range(features)}
    return tally.recount(Tokens((features, tokens + more)))


def _positions(
    options: Mapping[str, OptionValue], inputs: Sequence[Size], budget: int
) -> Recount | None:
    features, tokens = inputs[0]
    length = options.get("length", tokens)
    if length * features > budget:
        return None
    tally = Tally()
    for place in range(length):
        for at in range(features):
            if options.get("learned", True):
                tally.weights.add((place, at))
            if place < tokens:
                tally.do("additions")
    return tally.recount(inputs[0])


TOKENS: dict[str, Counter] = {
    "attention": _attention,
    "mqa": _attention,
    "rnn": _recurrent("rnn"),
    "lstm": _recurrent("lstm"),
    "gru": _recurrent("gru"),
    "feedforward": _feed_forward,
    "swiglu": _feed_forward,
    "geglu": _feed_forward,
    "moe": _mixture,
    "embedding": _embedding,
    "patches": _patches,
    "classtoken": _class_token,
    "positions": _positions,
}
