"""Convolution and pooling with every option, drawn at random, against naive loops."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensor_cases_windows as naive
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_graphs import apply, pulled_back, value
from tensor_cases import Grid
from test_expr_tensors import entries_of

from hwsolve.expr.tensors import TENSORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tensor_cases import Shape

EXAMPLES = settings(max_examples=60)


def array(shape: Shape, seed: int) -> Any:
    """Different numbers with two decimals."""
    order = np.random.default_rng(seed).permutation(prod(shape))
    return ((order - prod(shape) // 2) / 100 + 0.003).reshape(shape).tolist()


def compare(
    name: str,
    case: Callable[..., Grid],
    shapes: tuple[Shape, ...],
    options: dict[str, Any],
    seed: int,
) -> None:
    """Values, and gradients by the adjoint rule, with those of the loops by differences."""
    arrays = [array(shape, seed + place) for place, shape in enumerate(shapes)]
    applied = apply(TENSORS[name], arrays, tuple(options.items()))
    found = np.asarray(value(applied))

    def looped(moved: list[Any]) -> Any:
        grids = [Grid(shape, entries_of(a, shape)) for a, shape in zip(moved, shapes, strict=True)]
        result = case(*grids, **options)
        assert result.shape == applied.graph.shapes[applied.result]
        return np.array([result.entries[at] for at in np.ndindex(*result.shape)])

    wanted = looped(arrays)
    assert found.ravel() == pytest.approx(wanted, rel=1e-12, abs=1e-14)
    upstream = array(found.shape, seed + 7)
    passed = pulled_back(applied, upstream)
    weights = np.ravel(upstream)
    for place, shape in enumerate(shapes):
        gradient = passed[place]
        for at in list(np.ndindex(*shape))[:: max(1, prod(shape) // 3)]:
            sides = []
            for step in (1e-4, -1e-4):
                moved = [np.array(one) for one in arrays]
                moved[place][at] += step
                sides.append(float((looped([one.tolist() for one in moved]) * weights).sum()))
            slope = (sides[0] - sides[1]) / 2e-4
            assert gradient[at] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def per_axis(dims: int, low: int, high: int) -> st.SearchStrategy[Any]:
    number = st.integers(low, high)
    return number if dims == 1 else st.one_of(number, st.tuples(number, number))


def numbers(value: Any, dims: int) -> list[int]:
    return list(value) if isinstance(value, tuple) else [value] * dims


@st.composite
def moved_window(draw: st.DrawFn, dims: int) -> tuple[list[int], list[int], dict[str, Any]]:
    """Sizes of an array and of a kernel that fits, and how it moves."""
    kernel = [draw(st.integers(1, 3)) for _ in range(dims)]
    stride, dilation = draw(per_axis(dims, 1, 3)), draw(per_axis(dims, 1, 2))
    side = st.integers(0, 2)
    padding = draw(st.one_of(per_axis(dims, 0, 2), st.tuples(*[side] * (2 * dims))))
    borders = naive.sides(padding, dims)
    sizes = []
    for axis in range(dims):
        span = numbers(dilation, dims)[axis] * (kernel[axis] - 1) + 1
        least = max(1, span - sum(borders[axis]))
        sizes.append(draw(st.integers(least, least + 3)))
    return sizes, kernel, {"stride": stride, "padding": padding, "dilation": dilation}


@st.composite
def convolution(draw: st.DrawFn) -> tuple[Shape, Shape, Shape, dict[str, Any]]:
    """Shapes of an input, a kernel and an output, and the options."""
    dims = draw(st.sampled_from([1, 2]))
    sizes, kernel, options = draw(moved_window(dims))
    out = naive.outputs(tuple(sizes), tuple(kernel), **options)
    form = draw(st.sampled_from(["plain", "one", "one batch", "full", "full batch"]))
    groups = draw(st.sampled_from([1, 2])) if "full" in form else 1
    inside, outs = draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    batch = (2,) if "batch" in form else ()
    channels = () if form == "plain" else (groups * inside,)
    leading = {"plain": (), "full": (outs, inside)}.get(form.split()[0], (inside,))
    if groups > 1:
        options["groups"] = groups
    options["dims"] = dims
    outer = (outs,) if "full" in form else ()
    return (
        (*batch, *channels, *sizes),
        (*leading, *kernel),
        (*batch, *outer, *out),
        options,
    )


@EXAMPLES
@given(drawn=convolution(), seed=st.integers(0, 1000))
def test_a_convolution_is_the_sum_that_the_loops_add_up(drawn: Any, seed: int) -> None:
    x, k, _, options = drawn
    compare("conv", naive.conv, (x, k), options, seed)


@EXAMPLES
@given(drawn=convolution(), seed=st.integers(0, 1000))
def test_what_a_kernel_meets_is_what_the_loops_add_up(drawn: Any, seed: int) -> None:
    x, k, y, options = drawn
    dims = options.pop("dims")
    options["size"] = k[len(k) - dims :]
    compare("conv_weight", naive.conv_weight, (x, y), options, seed)


@EXAMPLES
@given(drawn=convolution(), more=st.integers(0, 2), seed=st.integers(0, 1000))
def test_a_transposed_convolution_lays_down_what_the_loops_lay_down(
    drawn: Any, more: int, seed: int
) -> None:
    _, k, y, options = drawn
    dims = options["dims"]
    options["output_padding"] = min(more, min(numbers(options["stride"], dims)) - 1)
    # the padding may take all entries away, which is refused
    whole = dict(options, padding=0)
    laid = naive.conv_transpose(
        Grid(y, dict.fromkeys(np.ndindex(*y), 0.0)),
        Grid(k, dict.fromkeys(np.ndindex(*k), 0.0)),
        **whole,
    )
    cut = [sum(pair) for pair in naive.sides(options["padding"], dims)]
    assume(all(size > less for size, less in zip(laid.shape[-dims:], cut, strict=True)))
    compare("conv_transpose", naive.conv_transpose, (y, k), options, seed)


@st.composite
def pooling(draw: st.DrawFn) -> tuple[Shape, dict[str, Any]]:
    dims = draw(st.sampled_from([1, 2]))
    size = draw(per_axis(dims, 1, 3))
    padding = draw(st.integers(0, min(numbers(size, dims)) // 2))
    sizes = [draw(st.integers(each, each + 4)) for each in numbers(size, dims)]
    options = {
        "size": size,
        "stride": draw(per_axis(dims, 1, 3)),
        "padding": padding,
        "dims": dims,
        "ceil": draw(st.booleans()),
    }
    leading = draw(st.sampled_from([(), (2,), (2, 2)]))
    return (*leading, *sizes), options


@EXAMPLES
@given(drawn=pooling(), seed=st.integers(0, 1000))
def test_a_maximum_is_the_one_that_the_loops_find_in_each_window(drawn: Any, seed: int) -> None:
    shape, options = drawn
    compare("max_pool", naive.max_pool, (shape,), options, seed)


@EXAMPLES
@given(drawn=pooling(), counted=st.booleans(), seed=st.integers(0, 1000))
def test_a_mean_is_the_one_that_the_loops_take_of_each_window(
    drawn: Any,
    counted: bool,  # noqa: FBT001  (drawn)
    seed: int,
) -> None:
    shape, options = drawn
    compare("avg_pool", naive.avg_pool, (shape,), {**options, "count_include_pad": counted}, seed)
