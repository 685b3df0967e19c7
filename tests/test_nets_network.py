"""Graphs of layers: who reads whom, names, sizes that do not fit, and formulas."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import network, spec, total

from hwsolve.errors import EquationError, InputError, InputErrors
from hwsolve.expr.notation import text
from hwsolve.nets.counting import QUANTITIES, formula, read_flop_rule, reweighted
from hwsolve.nets.exact import evaluate, with_numbers


def test_layers_without_a_name_are_numbered_by_kind() -> None:
    net = network((1, 28, 28), "conv 6 5", "relu", "pool 2", "conv 6 5", "avgpool 2", "dense 10")
    assert list(net.by_name) == ["conv1", "relu1", "pool1", "conv2", "pool2", "dense1"]


def test_a_number_that_somebody_took_is_left_out() -> None:
    net = network((1, 28, 28), "conv 6 5", spec("conv 6 5", "conv2"), "conv 6 5")
    assert list(net.by_name) == ["conv1", "conv2", "conv3"]


def test_layers_may_be_written_before_what_they_read() -> None:
    net = network(
        (1, 8, 8),
        spec("add", "sum", ("a", "b")),
        spec("conv 2 3", "b", ("a",))._replace(sources=(("input", None),)),
        spec("conv 2 3", "a", ("input",)),
    )
    assert net.by_name["sum"].output == (2, 6, 6)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((spec("conv 6 30", "C"),),
         "C: the 30x30 kernel does not fit the input of 28x28; it would with padding 1"),
        ((spec("conv 6 30 p0x1", "C"),),
         ("C: the 30x30 kernel does not fit the input of 28x28 padded to 28x30; "
          "it would with padding 1")),
        ((spec("conv 6 3 d20", "C"),),
         ("C: the 3x3 kernel spans 41x41 with its dilation and does not fit the input of 28x28; "
          "it would with padding 7")),
        ((spec("conv 6 3 g4", "C"),),
         "C: 1 channel cannot be divided into 4 groups; take a divisor of 1"),
        ((spec("conv 4 3", "A"), spec("conv 5 3 g2", "C")),
         "C: 5 filters cannot be divided into 2 groups; take a multiple of 2"),
        ((spec("pool 2 p2", "P"),),
         "P: with padding 2 a window of 2 can see nothing but padding; the padding is at most 1"),
        ((spec("dense 10", "D"), spec("conv 6 3", "C")),
         ("C: it needs a map and reads 10 features; "
          "a map is channels x height x width, or channels x length")),
        ((spec("conv 6 5", "A"), spec("conv 6 3", "B", ("input",)), spec("add", "J", ("A", "B"))),
         "J: layers of sizes 6x24x24 and 6x26x26 cannot be added; all must have one size"),
        ((spec("conv 6 5", "A"), spec("conv 6 3", "B", ("input",)),
          spec("concat", "J", ("A", "B"))),
         ("J: layers of sizes 6x24x24 and 6x26x26 cannot be joined; "
          "height and width must be the same in all")),
        ((spec("concat", "J"),), "J: it joins several layers, but reads one"),
        ((spec("relu", "A", ("B",)), spec("relu", "B", ("C",)), spec("relu", "C", ("B",))),
         "the layers form a loop: B -> C -> B; a layer reads earlier ones only"),
        ((spec("relu", "A", ("A",)),),
         "the layers form a loop: A -> A; a layer reads earlier ones only"),
        ((spec("relu", "conv1", ("conf1",)),), "there is no layer 'conf1'; did you mean 'conv1'?"),
        ((spec("relu", "A"), spec("relu", "A")), "two layers are called 'A'; rename one"),
        ((spec("relu", "total"),), "a layer cannot be called 'total'; the word is taken"),
        ((spec("relu", "3a"),),
         ("'3a' cannot be the name of a layer; "
          "a name is a word of letters, digits and _ that starts with a letter")),
        ((spec("relu", "A"), spec("relu", "B", ("A", "input"))),
         "relu reads one layer, not 2; join them by add or concat first"),
        ((spec("conv 2 3 table=lenet", "C"),),
         "C: the connection table has 16 rows, there are 2 filters"),
        ((spec("conv 16 3 table=lenet", "C"),),
         "C: row 1 of the connection table names channel 1; there is only 0"),
        ((spec("conv1d 2 3", "C"),), "C: it reads channels x length, not 1x28x28"),
        ((spec("conv 2 3x3x3", "C"),), "C: the kernel 3x3x3 has 3 numbers, the map has 2 axes"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(layers: tuple[object, ...], message: str) -> None:
    with pytest.raises((InputError, InputErrors)) as caught:
        network((1, 28, 28), *layers)  # type: ignore[arg-type]  # specs
    assert str(caught.value) == message


def test_all_that_does_not_fit_is_named_at_once() -> None:
    with pytest.raises(InputErrors) as caught:
        network(
            (1, 8, 8),
            spec("conv 1 9", "a", ("input",)),
            spec("pool 2", "after", ("a",)),
            spec("conv 1 10", "b", ("input",)),
        )
    assert [str(error).split(":")[0] for error in caught.value.errors] == ["a", "b"]


def test_a_layer_whose_operations_are_unknown_is_not_counted_as_nothing() -> None:
    net = network((1, 4, 4), "gelu erf")
    assert net.layers[0].counts["params"] == 0
    with pytest.raises(EquationError, match="its operations are not in the layer table"):
        net.layers[0].counts["multiplications"]


@given(
    st.sampled_from(
        [
            "conv 4 3 s2 p1", "conv 4 3x2 s2x1 no bias", "conv 4 2 d2 g2", "conv 6 3 same",
            "conv 4 5 s3 same", "depthwise 3 multiplier=2", "pointwise 3", "pool 3 s2 ceil",
            "avgpool 3x2", "subsample 2", "gap", "dense 7", "dense 7 no bias", "rbf 3", "softmax",
            "batchnorm", "tanh", "relu", "flatten", "globalmaxpool",
        ]
    ),
    st.tuples(st.sampled_from([2, 4, 6]), st.integers(5, 9), st.integers(5, 9)),
)  # fmt: skip
def test_every_formula_gives_its_count_in_symbols_and_in_numbers(
    layer: str, size: tuple[int, int, int]
) -> None:
    only = network(size, layer).layers[0]
    rule = only.rule
    for line in rule.lines:
        assert evaluate(line.formula, rule.sizes) == rule.sizes[line.name]
    for quantity in QUANTITIES:
        if quantity.name.startswith("flops"):
            continue
        expr = formula(rule, quantity.name)
        numbers = with_numbers(expr, rule.sizes)
        assert evaluate(numbers, {}) == only.counts[quantity.name]
        # what is printed, read as Python with whole numbers, gives it too
        shown = re.sub(r"floor|ceil", "", text(numbers, unicode=False)).replace("^", "**")
        assert eval(shown) == only.counts[quantity.name]  # noqa: S307  (our own digits and signs)


def test_flops_are_read_by_convention() -> None:
    conv, pool = network((50, 12, 12), "conv 20 4 s2 p1", "pool 3 s1").layers
    usual = read_flop_rule("multiplications and additions")
    assert (conv.counts.flops(usual), pool.counts.flops(usual)) == (1_152_000, 2_560)
    assert conv.counts.flops(usual, bias=False) == 1_151_280
    assert conv.counts.flops(read_flop_rule("macs")) == 576_000
    assert conv.counts.flops(read_flop_rule("2 MACs")) == 1_152_000
    assert conv.counts.flops(read_flop_rule("multiplications")) == 576_000
    assert pool.counts.flops(read_flop_rule("multiplications")) == 0
    assert pool.counts.flops(reweighted(usual, {"comparisons": 0})) == 0
    assert conv.counts.flops(reweighted(usual, {"additions": 3})) == 4 * 576_000
    with pytest.raises(InputError, match="FLOPs are not made of 'additins'; did you mean 'add"):
        read_flop_rule("additins")


def test_a_bias_is_a_convention() -> None:
    # 8·(8·9 + 1) + 16·(512 + 1) with biases, 8·8·9 + 16·512 without
    size, layers = (8, 10, 10), ("conv 8 3", "dense 16")
    assert total(network(size, *layers), "params") == 8_792
    assert total(network(size, *layers, defaults={"bias": False}), "params") == 8_768
    said = network(size, "conv 8 3 bias=yes", "dense 16", defaults={"bias": False})
    assert total(said, "biases") == 8


def test_ten_thousand_layers_are_counted() -> None:
    layers = [spec("conv 3 3 p1") for _ in range(10_000)]
    # 3·3·3 weights and a bias for each of 3 filters
    assert total(network((3, 8, 8), *layers), "params") == 84 * 10_000
