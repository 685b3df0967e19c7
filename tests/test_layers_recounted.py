"""Every layer of the table against a loop that goes through its operations one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import network, spec

from hwsolve.errors import HwsolveError
from hwsolve.nets.layer import OPERATIONS
from hwsolve.nets.layers import LAYERS
from hwsolve.nets.letters import letters_of
from hwsolve.nets.recount import recount
from hwsolve.nets.sizes import Tokens

SMALL = st.integers(1, 3)
YES = st.booleans()


def agrees(size: tuple[int, ...], words: str, *more: str, skipped: bool = False) -> dict[str, int]:
    """Check a layer against its second count, and return that."""
    net = network(size, words, *more, defaults={"skipped": True} if skipped else None)
    layer = net.layers[0]
    again = recount(layer.spec.row.name, layer.options, net.inputs(layer), 10**9)
    assert again is not None
    assert again.output == layer.output
    assert again.counts == {name: layer.counts[name] for name in again.counts}
    short = recount(layer.spec.row.name, layer.options, net.inputs(layer), 0)
    if short is not None:  # parameters and products from the shapes of the weights
        assert short.output == layer.output
        assert short.counts == {name: layer.counts[name] for name in short.counts}
    return again.counts


def flag(word: str, said: bool) -> str:  # noqa: FBT001  (drawn by Hypothesis)
    return f" {word}" if said else ""


def sides(draw: st.DrawFn, axes: int, least: int = 1, most: int = 5) -> tuple[int, ...]:
    return tuple(draw(st.integers(least, most)) for _ in range(axes))


def by(numbers: tuple[int, ...]) -> str:
    return "x".join(map(str, numbers))


@st.composite
def transposed(draw: st.DrawFn) -> tuple[tuple[int, ...], str, bool]:
    axes, groups = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    size = (channels, *sides(draw, axes, 1, 4))
    kernel, stride = sides(draw, axes, 1, 3), sides(draw, axes, 1, 3)
    dilation = sides(draw, axes, 1, 2)
    words = f"deconv {filters} {by(kernel)} s{by(stride)} d{by(dilation)} g{groups}"
    extra = tuple(
        draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True)
    )
    ends = [draw(st.tuples(st.integers(0, 1), st.integers(0, 1))) for _ in range(axes)]
    full = [
        (n - 1) * s + d * (k - 1) + 1 - sum(end) + more
        for n, k, s, d, end, more in zip(
            size[1:], kernel, stride, dilation, ends, extra, strict=True
        )
    ]
    assume(all(out > 0 for out in full))
    if draw(YES):
        words += " padding=" + "x".join(f"{a}:{b}" for a, b in ends)
    elif draw(YES):
        assume(all(d * (k - 1) + 1 >= s for k, s, d in zip(kernel, stride, dilation, strict=True)))
        words += " same"
    return size, f"{words} output_padding={by(extra)}{flag('no bias', draw(YES))}", draw(YES)


@given(transposed())
def test_a_transposed_convolution(chosen: tuple[tuple[int, ...], str, bool]) -> None:
    size, words, skipped = chosen
    agrees(size, words, skipped=skipped)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[tuple[int, ...], str, bool]:
    kind = draw(st.sampled_from(["conv", "localconv", "maxpool", "avgpool", "subsample"]))
    axes = draw(st.integers(1, 3))
    size = (draw(st.integers(1, 2)), *sides(draw, axes))
    kernel, stride, dilation = (sides(draw, axes, 1, most) for most in (3, 3, 2))
    words = f"{kind} 2 {by(kernel)}" if "conv" in kind else f"{kind} {by(kernel)}"
    way = draw(st.sampled_from(["same", "same_lower", "same_torch", "numbers"]))
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if way == "same_torch":
        stride = (1,) * axes
    if way == "numbers":
        ends = [draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) for _ in range(axes)]
        assume(all(n + sum(end) >= r for n, end, r in zip(size[1:], ends, reach, strict=True)))
        assume("conv" in kind or all(max(end) < r for end, r in zip(ends, reach, strict=True)))
        words += " padding=" + "x".join(f"{a}:{b}" for a, b in ends)
    else:
        words += f" padding={way}"
        # no window of a pooling may see nothing but zeros
        assume("conv" in kind or all(r <= n for n, r in zip(size[1:], reach, strict=True)))
    words += f" s{by(stride)} d{by(dilation)}"
    if kind == "avgpool":
        words += f" count_include_pad={draw(st.sampled_from(['yes', 'no']))}"
    if "conv" in kind:
        words += flag("no bias", draw(YES))
    elif draw(YES):
        words += " ceil"
    return size, words, draw(YES)


@given(convolutions())
def test_a_window_along_one_two_or_three_axes(chosen: tuple[tuple[int, ...], str, bool]) -> None:
    size, words, skipped = chosen
    agrees(size, words, skipped=skipped)


@pytest.mark.parametrize(
    ("word", "before", "stride", "places"),
    [
        # 7 rows, a window of 4: TensorFlow's and PyTorch's odd row of zeros lies behind
        ("same", 1, 1, 7), ("same_torch", 1, 1, 7), ("same_lower", 2, 1, 7),
        # stride 2: 4 windows reach over 10 rows, 3 more than there are
        ("same", 1, 2, 4), ("same_lower", 2, 2, 4),
    ],
)  # fmt: skip
def test_padding_same_puts_the_odd_row_where_the_library_does(
    word: str, before: int, stride: int, places: int
) -> None:
    (window,) = network((1, 7), f"conv 1 4 s{stride} {word}").layers[0].rule.windows or ()
    assert (window.before, window.out) == (before, places)


@given(
    kind=st.sampled_from(["adaptiveavgpool", "adaptivemaxpool"]),
    channels=st.integers(1, 2),
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    out=st.tuples(st.integers(1, 7), st.integers(1, 7)),
)
def test_an_adaptive_pooling(
    kind: str, channels: int, size: tuple[int, int], out: tuple[int, int]
) -> None:
    agrees((channels, *size), f"{kind} {by(out)}")


@st.composite
def attentions(draw: st.DrawFn) -> tuple[int, int, str]:
    groups, each, head = draw(SMALL), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    heads = groups * each
    features = heads * head if draw(YES) else heads * draw(SMALL)
    tokens = draw(st.integers(1, 9))
    words = f"attention {heads} kv_heads={groups} head_dim={head}"
    projects = features != heads * head or draw(YES)
    if projects:
        words += f" bias={draw(st.sampled_from(['yes', 'no']))}"
        words += draw(st.sampled_from(["", " qkv_bias=yes", " qkv_bias=no"]))
    else:
        words += " projections=no"
    words += draw(st.sampled_from(["", " causal", " causal masked=skipped"]))
    limit = draw(st.sampled_from(["", "window", "relative", "sliding"]))
    assume(limit != "relative" or "causal" not in words)
    if limit in {"window", "relative"}:
        window = draw(st.sampled_from([1, 4, 9] if limit == "relative" else [1, 2, 3]))
        tokens = window * draw(SMALL)
        words += f" window={window}{flag('relative', limit == 'relative')}"
    elif limit:
        seen = draw(st.integers(1, tokens))
        assume("causal" in words or seen % 2)
        words += f" sliding={seen}"
    return features, tokens, words


@given(attentions())
def test_an_attention_to_one_another(chosen: tuple[int, int, str]) -> None:
    features, tokens, words = chosen
    agrees(Tokens((features, tokens)), words)


@given(
    tokens=SMALL, keys=SMALL, features=st.sampled_from([2, 4]), memory=SMALL,
    groups=st.sampled_from([1, 2]), bias=YES,
)  # fmt: skip
def test_an_attention_to_another_layer(  # noqa: PLR0913  (one for each option)
    tokens: int,
    keys: int,
    features: int,
    memory: int,
    groups: int,
    bias: bool,  # noqa: FBT001  (drawn)
) -> None:
    net = network(
        Tokens((features, tokens)),
        spec(f"dense {memory}", "seen", ("input",)),
        spec(f"classtoken parts={keys}", "more", ("seen",)),
        spec(f"attention 2 kv_heads={groups}{flag('no bias', not bias)}", "a", ("input", "more")),
    )
    layer = net.by_name["a"]
    again = recount("attention", layer.options, net.inputs(layer), 10**9)
    assert again is not None
    assert again.output == layer.output == Tokens((features, tokens))
    assert again.counts == {name: layer.counts[name] for name in again.counts}


@given(
    cell=st.sampled_from(["rnn", "lstm", "gru"]),
    features=SMALL, steps=SMALL, units=st.integers(2, 3), layers=SMALL,
    biases=st.integers(0, 2), both=YES, last=YES, projected=YES,
)  # fmt: skip
def test_a_recurrent_layer(  # noqa: PLR0913  (one argument for each option)
    cell: str,
    features: int,
    steps: int,
    units: int,
    layers: int,
    biases: int,
    both: bool,  # noqa: FBT001  (drawn)
    last: bool,  # noqa: FBT001  (drawn)
    projected: bool,  # noqa: FBT001  (drawn)
) -> None:
    words = f"{cell} {units} layers={layers} biases={biases}"
    words += flag("bidirectional", both) + flag("last", last)
    words += flag("projection=1", projected and cell == "lstm")
    words += flag("relu", projected and cell == "rnn")
    agrees(Tokens((features, steps)), words)


@given(
    features=SMALL, tokens=SMALL, hidden=SMALL, gated=YES, bias=YES,
    activation=st.sampled_from(["relu", "gelu", "silu", "tanh", "sigmoid"]),
)  # fmt: skip
def test_a_feed_forward_part(  # noqa: PLR0913  (one argument for each option)
    features: int,
    tokens: int,
    hidden: int,
    gated: bool,  # noqa: FBT001  (drawn)
    bias: bool,  # noqa: FBT001  (drawn)
    activation: str,
) -> None:
    words = f"feedforward {hidden} {activation}{flag('gated', gated)}"
    agrees(Tokens((features, tokens)), f"{words} bias={'yes' if bias else 'no'}")
    agrees((features,), words)
    for kind in ("swiglu", "geglu"):
        agrees(Tokens((features, tokens)), f"{kind} {hidden}")


@given(
    features=SMALL, tokens=SMALL, hidden=SMALL, experts=st.integers(1, 4), top=SMALL,
    shared=st.integers(0, 2), gated=YES, bias=YES,
)  # fmt: skip
def test_a_mixture_of_experts(  # noqa: PLR0913  (one argument for each option)
    features: int,
    tokens: int,
    hidden: int,
    experts: int,
    top: int,
    shared: int,
    gated: bool,  # noqa: FBT001  (drawn)
    bias: bool,  # noqa: FBT001  (drawn)
) -> None:
    assume(top <= experts)
    words = f"moe {experts} {hidden} top={top} {flag('gated', gated)}{flag('bias', bias)}"
    agrees(Tokens((features, tokens)), words + (f" shared={shared}" if shared else ""))


SIZES = st.one_of(
    st.tuples(st.integers(1, 6)),
    st.tuples(st.integers(1, 6), SMALL).map(Tokens),
    st.tuples(st.integers(1, 6), SMALL),
    st.tuples(st.integers(1, 6), SMALL, SMALL),
    st.tuples(st.integers(1, 4), SMALL, SMALL, SMALL),
)


@given(
    size=SIZES, kind=st.sampled_from(["layernorm", "rmsnorm", "instancenorm", "batchnorm"]),
    affine=st.sampled_from(["", " affine=yes", " affine=no"]), positionwise=YES, bias=YES,
    track=YES,
)  # fmt: skip
def test_a_normalisation(  # noqa: PLR0913  (one argument for each option)
    size: tuple[int, ...],
    kind: str,
    affine: str,
    positionwise: bool,  # noqa: FBT001  (drawn)
    bias: bool,  # noqa: FBT001  (drawn)
    track: bool,  # noqa: FBT001  (drawn)
) -> None:
    words = kind + affine
    words += flag("positionwise", positionwise and kind in {"layernorm", "rmsnorm"})
    words += flag("no bias", not bias and kind == "layernorm")
    words += flag("track=no", not track and kind == "batchnorm")
    agrees(size, words)


@given(size=SIZES, groups=SMALL, wide=st.integers(1, 9))
def test_a_group_and_a_local_response_normalisation(
    size: tuple[int, ...], groups: int, wide: int
) -> None:
    agrees(size, f"lrn {wide}")
    assume(size[0] % groups == 0)
    agrees(size, f"groupnorm {groups}")


@given(
    channels=st.sampled_from([2, 4, 6]), size=st.tuples(SMALL, SMALL), few=st.integers(1, 5),
    bias=YES,
)  # fmt: skip
def test_a_squeeze_and_excitation(
    channels: int,
    size: tuple[int, int],
    few: int,
    bias: bool,  # noqa: FBT001  (drawn)
) -> None:
    agrees((channels, *size), f"se 2{flag('no bias', not bias)}")
    agrees((channels, *size), f"se squeezed={few}{flag('no bias', not bias)}")


@given(
    size=st.one_of(*(st.tuples(*[SMALL] * axes) for axes in (2, 3, 4))),
    mode=st.sampled_from(["nearest", "bilinear", "linear"]), factor=SMALL, out=SMALL,
)  # fmt: skip
def test_an_upsampling(size: tuple[int, ...], mode: str, factor: int, out: int) -> None:
    agrees(size, f"upsample {factor} {mode}")
    agrees(size, f"resize to={out} {mode}")


@given(size=SIZES)
def test_a_softmax_and_a_layer_scale(size: tuple[int, ...]) -> None:
    for kind in ("softmax", "logsoftmax", "layerscale"):
        agrees(size, kind)


@given(size=SIZES, units=SMALL, bias=YES, positionwise=YES)
def test_a_dense_layer_on_each_position(
    size: tuple[int, ...],
    units: int,
    bias: bool,  # noqa: FBT001  (drawn)
    positionwise: bool,  # noqa: FBT001  (drawn)
) -> None:
    words = f"dense {units}{flag('no bias', not bias)}{flag('positionwise', positionwise)}"
    agrees(size, words)


@given(tokens=SMALL, entries=SMALL, features=SMALL, more=SMALL, spare=st.integers(0, 2))
def test_what_makes_tokens(tokens: int, entries: int, features: int, more: int, spare: int) -> None:
    agrees((tokens,), f"embedding {entries} {features}")
    size = Tokens((features, tokens))
    agrees(size, f"classtoken parts={more}")
    agrees(size, f"positions {tokens + spare}")
    agrees(size, "positions fixed")


@given(channels=SMALL, counts=st.tuples(SMALL, SMALL), patch=st.tuples(SMALL, SMALL), bias=YES)
def test_patches(
    channels: int,
    counts: tuple[int, int],
    patch: tuple[int, int],
    bias: bool,  # noqa: FBT001  (drawn)
) -> None:
    size = (channels, *(count * side for count, side in zip(counts, patch, strict=True)))
    agrees(size, f"patches 3 {by(patch)}{flag('no bias', not bias)}")


def counted_again() -> set[str]:
    from hwsolve.nets import recount as module

    return set(module._COUNTERS)  # noqa: SLF001  (which rows it has is what is asked)


def test_every_layer_that_trains_or_multiplies_weights_is_counted_again() -> None:
    """The rows without a second count have neither weights nor matrix products."""
    plain = {row.name for row in LAYERS} - counted_again()
    assert not plain & {
        "conv", "dense", "lstm", "attention", "moe", "batchnorm", "embedding", "convtranspose"
    }  # fmt: skip
    arguments: dict[str, Any] = {
        "rbf": " 2", "prelu": "", "maxout": " 2", "shuffle": " 2", "split": " 2",
        "slice": " 0:1", "crop": " 1", "zeropad": " 1", "pixelshuffle": " 2",
        "spacetodepth": " 2",
    }  # fmt: skip
    for name in sorted(plain - {"add", "mul", "concat", "taketoken"}):
        layer = network((4, 6, 6), name + arguments.get(name, "")).layers[0]
        assert layer.counts["macs"] == 0, name
        assert layer.counts["params"] == (1 if name == "prelu" else 0), name


VALUES = st.sampled_from(
    ["1", "2", "3", "4", "0", "-1", "2x3", "1x2x3", "0:1", "1:0x2", "0:4", "yes", "no", "same",
     "n", "kxk", "999999999999", "0.5", "two", "relu", "1:2:3", "bilinear", "skipped", "tanh"]
)  # fmt: skip


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A layer of the table with values and options that may be anything."""
    row = draw(st.sampled_from(LAYERS))
    names = st.sampled_from([*row.arguments, *row.options, "stride", "heads", "tied"])
    options = draw(st.lists(st.tuples(names, VALUES), max_size=3))
    bare = draw(st.lists(VALUES, min_size=len(row.arguments), max_size=len(row.arguments)))
    return row.name, " ".join([*bare, *(f"{name}={value}" for name, value in options)])


@given(layer=written(), size=SIZES, skipped=YES)
@settings(max_examples=400)
def test_whatever_is_written_is_counted_twice_alike_or_refused(
    layer: tuple[str, str],
    size: tuple[int, ...],
    skipped: bool,  # noqa: FBT001  (drawn)
) -> None:
    defaults = {"skipped": True} if skipped else None
    try:
        net = network(size, " ".join(layer), defaults=defaults)
    except HwsolveError:
        return
    made = net.layers[0]
    if next(letters_of(tuple(made.options.values())), None) is not None:
        return
    assert all(side > 0 for side in made.output)
    assert all(
        made.counts[name] >= 0 for name in (*OPERATIONS, "params") if made.counts.known(name)
    )
    for budget in (20_000, 0):
        again = recount(layer[0], made.options, net.inputs(made), budget)
        if again is not None:
            assert again.output == made.output
            assert again.counts == {name: made.counts[name] for name in again.counts}
