"""Layers as functions: gates, normalisation, dropout, attention, positional encodings.

A row is short for equations with names, which is what the working shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError
from hwsolve.expr.formula_row import Function
from hwsolve.expr.shapes import shape_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.operations import Shape

    Lines = tuple[tuple[str, str], ...]
    Shapes = Mapping[str, Shape]
    Settings = Mapping[str, Any]

# More entries of an encoding than these are not written out.
MOST_ENTRIES: Final = 20_000
_MATRIX: Final = 2


# -- gates ---------------------------------------------------------------------


def _gate(activation: str) -> Any:
    """a times the gate; one array holds a and then b along its last axis."""

    def write(shapes: Shapes, _: Settings) -> tuple[Lines, str]:
        first, second = "a", "b"
        if "b" not in shapes:
            shape = shapes["a"]
            if not shape or shape[-1] % 2:
                raise EquationError(
                    "a gate needs two arrays, or one with an even number of entries",
                    hint="write glu(a, b)",
                )
            half, before = shape[-1] // 2, ":, " * (len(shape) - 1)
            first, second = f"a[{before}0:{half}]", f"a[{before}{half}:{2 * half}]"
        if activation in {"relu", "gelu", "silu"}:
            return (), f"{activation}({first})*{second}"
        gate = f"{activation}({second})" if activation else second
        return (), f"{first}*{gate}"

    return write


def _maxout(shapes: Shapes, settings: Settings) -> tuple[Lines, str]:
    shape, pieces = shapes["x"], settings["pieces"]
    if not shape or pieces < 1 or shape[-1] % pieces:
        raise EquationError(
            f"maxout cannot share its entries out in groups of {pieces}",
            hint="the last axis holds the pieces of the first unit, then those of the second, ...",
        )
    grouped = ", ".join(map(str, (*shape[:-1], shape[-1] // pieces, pieces)))
    return (), f"max(reshape(x, {grouped}), axis={len(shape)})"


# -- normalisation ---------------------------------------------------------------


def _over(axes: tuple[int, ...], shape: Shape) -> str:
    """The settings of a mean over axes."""
    if len(axes) == len(shape):
        return ""
    written = str(axes[0]) if len(axes) == 1 else f"[{', '.join(map(str, axes))}]"
    # a mean for each column fits the rows as it is: a vector, as books have it
    leading = axes == tuple(range(len(axes)))
    return f", axis={written}" if leading else f", axis={written}, keepdims=1"


def _axes(settings: Settings, shape: Shape, usual: tuple[int, ...]) -> tuple[int, ...]:
    axis = settings.get("axis")
    chosen = usual if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not all(isinstance(one, int) and -len(shape) <= one < len(shape) for one in chosen):
        raise EquationError(f"there is no axis {axis} in {len(shape)} axes")
    return tuple(sorted(one % len(shape) for one in chosen))


def _array(shapes: Shapes, what: str) -> Shape:
    if not shapes["x"]:
        raise EquationError(f"'{what}' works on an array, not on a number")
    return shapes["x"]


def _normalised(shapes: Shapes, x: str, over: str) -> Lines:
    """The mean, the variance, and what is left when both are taken out."""
    eps = " + eps" if "eps" in shapes else ""
    return (
        ("mu", f"mean({x}{over})"),
        ("var", f"mean(({x} - mu)^2{over})"),
        ("xhat", f"({x} - mu)/sqrt(var{eps})"),
    )


def _turned(name: str, shapes: Shapes, axes: tuple[int, ...], shape: Shape) -> str:
    """A scale or shift with an entry for each channel, lying along the channels' axis."""
    own = shapes.get(name, ())
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    if len(own) != 1 or len(shape) == 1 or kept == [len(shape) - 1]:
        return name
    channels = next((axis for axis in kept if shape[axis] == own[0] and axis), None)
    if channels is None:
        channels = next((axis for axis in kept if shape[axis] == own[0]), None)
    if channels is None or channels == len(shape) - 1:
        return name
    sizes = [own[0] if axis == channels else 1 for axis in range(len(shape))]
    return f"reshape({name}, {', '.join(map(str, sizes))})"


def _scaled(shapes: Shapes, axes: tuple[int, ...], shape: Shape, x: str = "xhat") -> str:
    factor = f"{_turned('gamma', shapes, axes, shape)}*" if "gamma" in shapes else ""
    shift = f" + {_turned('beta', shapes, axes, shape)}" if "beta" in shapes else ""
    return f"{factor}{x}{shift}"


def _batch_norm(shapes: Shapes, settings: Settings) -> tuple[Lines, str]:
    shape = _array(shapes, "batch_norm")
    usual = tuple(axis for axis in range(len(shape)) if axis != 1)
    axes = _axes(settings, shape, usual)
    eps = " + eps" if "eps" in shapes else ""
    if "running_mean" not in shapes and "running_var" not in shapes:
        return _normalised(shapes, "x", _over(axes, shape)), _scaled(shapes, axes, shape)
    if not {"running_mean", "running_var"} <= shapes.keys():
        raise EquationError("batch_norm in evaluation needs running_mean= and running_var=")
    mean = _turned("running_mean", shapes, axes, shape)
    variance = _turned("running_var", shapes, axes, shape)
    lines = (("xhat", f"(x - {mean})/sqrt({variance}{eps})"),)
    return lines, _scaled(shapes, axes, shape)


def _layer_norm(shapes: Shapes, settings: Settings) -> tuple[Lines, str]:
    shape = _array(shapes, "layer_norm")
    axes = _axes(settings, shape, (len(shape) - 1,))
    # scale and shift belong to the entries of an example
    others = tuple(axis for axis in range(len(shape)) if axis not in axes)
    return _normalised(shapes, "x", _over(axes, shape)), _scaled(shapes, others, shape)


def _rms_norm(shapes: Shapes, settings: Settings) -> tuple[Lines, str]:
    shape = _array(shapes, "rms_norm")
    axes = _axes(settings, shape, (len(shape) - 1,))
    others = tuple(axis for axis in range(len(shape)) if axis not in axes)
    eps = " + eps" if "eps" in shapes else ""
    lines = (("rms", f"sqrt(mean(x^2{_over(axes, shape)}){eps})"), ("xhat", "x/rms"))
    return lines, _scaled(shapes, others, shape)


def _instance_norm(shapes: Shapes, settings: Settings) -> tuple[Lines, str]:
    shape = _array(shapes, "instance_norm")
    usual = tuple(range(2, len(shape))) if len(shape) > 3 else tuple(range(1, len(shape)))  # noqa: PLR2004  (N x C x H x W)
    if not usual:
        raise EquationError("'instance_norm' works on channels x height x width")
    axes = _axes(settings, shape, usual)
    return _normalised(shapes, "x", _over(axes, shape)), _scaled(shapes, axes, shape)


def _group_norm(shapes: Shapes, settings: Settings) -> tuple[Lines, str]:
    shape, groups = _array(shapes, "group_norm"), settings["groups"]
    channels = shape[min(1, len(shape) - 1)]
    if groups < 1 or channels % groups:
        raise EquationError(f"{channels} channels cannot be shared out in {groups} groups")
    before = (shape[0],) if len(shape) > 1 else ()
    size = 1
    for one in shape[len(before) :]:
        size *= one
    grouped = ", ".join(map(str, (*before, groups, size // groups)))
    back = ", ".join(map(str, shape))
    last = f", axis={len(before) + 1}, keepdims=1"
    eps = " + eps" if "eps" in shapes else ""
    lines = (
        ("groups", f"reshape(x, {grouped})"),
        ("mu", f"mean(groups{last})"),
        ("var", f"mean((groups - mu)^2{last})"),
        ("xhat", f"reshape((groups - mu)/sqrt(var{eps}), {back})"),
    )
    axes = tuple(axis for axis in range(len(shape)) if axis != min(1, len(shape) - 1))
    return lines, _scaled(shapes, axes, shape)


# -- attention -------------------------------------------------------------------


def _weights(shapes: Shapes, settings: Settings, rows: int, columns: int, scores: str) -> str:
    """The softmax of scores, over what the masks leave."""
    masks = ["mask"] if "mask" in shapes else []
    if settings["causal"]:
        late = columns - rows
        lines = ([int(one <= row + late) for one in range(columns)] for row in range(rows))
        masks.append(str(list(lines)))
    return f"masked_softmax({scores}, {'*'.join(masks)})" if masks else f"softmax({scores})"


def _turn(name: str, shape: Shape) -> str:
    """The transpose of the last two axes."""
    if len(shape) <= _MATRIX:
        return f"{name}.T"
    axes = [*range(len(shape) - 2), len(shape) - 1, len(shape) - 2]
    return f"transpose({name}, axes=[{', '.join(map(str, axes))}])"


def _attention(shapes: Shapes, settings: Settings) -> tuple[Lines, str]:
    queries, keys = shapes["Q"], shapes["K"]
    if not queries or len(keys) < _MATRIX or queries[-1] != keys[-1]:
        raise EquationError(
            "attention needs queries and keys with as many columns",
            hint="Q has a row for each query, K and V one for each key",
        )
    scale = "*scale" if "scale" in shapes else f"/sqrt({keys[-1]})"
    rows = queries[-2] if len(queries) > 1 else 1
    added = " + add" if "add" in shapes else ""
    lines = (
        ("S", f"Q @ {_turn('K', keys)}{scale}{added}"),
        ("A", _weights(shapes, settings, rows, keys[-2], "S")),
    )
    return lines, "A @ V"


def _multi_head(shapes: Shapes, settings: Settings) -> tuple[Lines, str]:
    heads, source = settings["heads"], "memory" if "memory" in shapes else "x"
    width = shapes["WQ"][-1] if shapes["WQ"] else 0
    values = shapes["WV"][-1] if shapes["WV"] else 0
    if len(shapes["x"]) != _MATRIX or heads < 1 or width % heads or values % heads:
        raise EquationError(
            f"multi_head_attention cannot share {width} columns out to {heads} heads",
            hint="x has a row for each position; the columns of WQ, WK, WV belong to the heads "
            "one after the other",
        )
    lines = [
        (name, f"{before} @ W{name}{_bias(shapes, name)}")
        for name, before in (("Q", "x"), ("K", source), ("V", source))
    ]
    added = " + add" if "add" in shapes else ""
    size, part = width // heads, values // heads
    rows, columns = shapes["x"][0], shapes[source][0]
    for head in range(heads):
        own = f"[:, {head * size}:{(head + 1) * size}]"
        result = f"[:, {head * part}:{(head + 1) * part}]"
        number = head + 1
        weights = _weights(shapes, settings, rows, columns, f"S{number}")
        lines += [
            (f"S{number}", f"Q{own} @ K{own}.T/sqrt({size}){added}"),
            (f"A{number}", weights),
            (f"H{number}", f"A{number} @ V{result}"),
        ]
    names = ", ".join(f"H{head + 1}" for head in range(heads))
    joined = f"concat({names}, axis=1)" if heads > 1 else names
    if "WO" in shapes:
        joined = f"{joined} @ WO"
    elif "bO" in shapes:
        raise EquationError("bO is the bias of WO, which is not given")
    return tuple(lines), f"{joined}{_bias(shapes, 'O')}"


def _bias(shapes: Shapes, letter: str) -> str:
    """`+ bQ`, if there is one: a number for each column of WQ."""
    name, weights = f"b{letter}", f"W{letter}"
    if name not in shapes:
        return ""
    columns = shapes[weights][-1]
    if shapes[name] not in {(columns,), (1, columns)}:
        raise EquationError(
            f"the bias {name} is {shape_text(shapes[name])}, but {weights} has {columns} columns",
            hint="a bias has a number for each column of its weights",
        )
    return f" + {name}"


# -- positions ---------------------------------------------------------------------


def _angle(position: int, pair: int, size: int, base: str) -> str:
    """position/base^(2 pair/size), as a student writes it."""
    if position == 0 or pair == 0:
        return str(position)
    return f"{position}/{base}^({2 * pair}/{size})"


def _positional_encoding(_: Shapes, settings: Settings) -> tuple[Lines, str]:
    count, size = settings["n"], settings["d"]
    _limit(count, size)
    rows = (
        [
            f"{'cos' if column % 2 else 'sin'}({_angle(position, column // 2, size, '10000')})"
            for column in range(size)
        ]
        for position in range(count)
    )
    return (), f"[{', '.join(f'[{row}]' for row in map(', '.join, rows))}]"


def _limit(count: int, size: int) -> None:
    if min(count, size) < 1:
        raise EquationError("an encoding needs sizes of 1 or more")
    if count * size > MOST_ENTRIES:
        raise EquationError(
            f"an encoding of {count}x{size} has {count * size:,} entries",
            hint=f"at most {MOST_ENTRIES:,}",
        )


def _rope(shapes: Shapes, settings: Settings) -> tuple[Lines, str]:
    shape, first = _array(shapes, "rope"), settings["position"]
    size = shape[-1]
    if len(shape) > _MATRIX or size % 2:
        raise EquationError("rope takes a vector or a row for each position, with pairs of entries")
    count = shape[0] if len(shape) > 1 else 1
    _limit(count, size)
    halves = settings["pairs"] == "halves"
    # the partner of each entry, and the pair that both belong to
    half = size // 2
    pair = [column % half if halves else column // 2 for column in range(size)]
    second = [column >= half if halves else bool(column % 2) for column in range(size)]
    step = half if halves else 1

    def table(name: str) -> str:
        rows = [
            [f"{name}({_angle(first + row, pair[at], size, '10000')})" for at in range(size)]
            for row in range(count)
        ]
        written = [f"[{', '.join(row)}]" for row in rows]
        return f"[{', '.join(written)}]" if len(shape) > 1 else written[0]

    # x @ R is (-x2, x1, -x4, x3, ...): each entry's partner, with its sign
    turn = [[0] * size for _ in range(size)]
    for column in range(size):
        partner = column - step if second[column] else column + step
        turn[partner][column] = 1 if second[column] else -1
    lines = (("C", table("cos")), ("D", table("sin")))
    return lines, f"x*C + (x @ {turn})*D"


_NORM: Final = ("x", "gamma", "beta", "eps")
_NORM_DEFAULTS: Final = (None, None, "1e-5")
_AXIS: Final = (("axis", None),)


def _gated(name: str, activation: str, body: str, source: str) -> Function:
    return Function(
        name, ("a", "b"), body, (None,), source, write=_gate(activation), group="layers"
    )


LAYER_FUNCTIONS: Final = (
    _gated("glu", "sigmoid", "a*sigmoid(b)", "glu(x) takes the halves of x; so do the others"),
    _gated("bilinear", "", "a*b", "no activation"),
    _gated("reglu", "relu", "relu(a)*b", "Shazeer 2020: the activation is on a"),
    _gated("geglu", "gelu", "gelu(a)*b", "Shazeer 2020"),
    _gated("swiglu", "silu", "silu(a)*b", "Shazeer 2020"),
    Function(
        "maxout",
        ("x", "pieces"),
        "max of each group of so many entries",
        source="Goodfellow et al. 2013; max(z1, z2) is a maxout too",
        write=_maxout,
        whole=("pieces",),
        group="layers",
    ),
    Function(
        "batch_norm",
        (*_NORM, "running_mean", "running_var"),
        "gamma*(x - mu)/sqrt(var + eps) + beta",
        (*_NORM_DEFAULTS, None, None),
        "mean and variance (divided by n) of each column, or of each channel of N x C x H x W; "
        "with running_mean= and running_var= these are used (evaluation)",
        settings=_AXIS,
        write=_batch_norm,
        group="layers",
    ),
    Function(
        "layer_norm",
        _NORM,
        "gamma*(x - mu)/sqrt(var + eps) + beta",
        _NORM_DEFAULTS,
        "mean and variance (divided by n) of each example, along the last axis or `axis=`",
        settings=_AXIS,
        write=_layer_norm,
        group="layers",
    ),
    Function(
        "rms_norm",
        _NORM,
        "gamma*x/sqrt(mean(x^2) + eps) + beta",
        _NORM_DEFAULTS,
        "Zhang and Sennrich 2019, along the last axis or `axis=`",
        settings=_AXIS,
        write=_rms_norm,
        group="layers",
    ),
    Function(
        "group_norm",
        ("x", "groups", "gamma", "beta", "eps"),
        "gamma*(x - mu)/sqrt(var + eps) + beta",
        _NORM_DEFAULTS,
        "mean and variance of each group of channels; x is N x C x ..., or a vector of channels",
        write=_group_norm,
        whole=("groups",),
        group="layers",
    ),
    Function(
        "instance_norm",
        _NORM,
        "gamma*(x - mu)/sqrt(var + eps) + beta",
        _NORM_DEFAULTS,
        "mean and variance of each channel of each example; x is C x H x W or N x C x H x W",
        settings=_AXIS,
        write=_instance_norm,
        group="layers",
    ),
    Function(
        "running_average",
        ("old", "new", "momentum"),
        "(1 - momentum)*old + momentum*new",
        ("0.1",),
        "PyTorch's momentum is the weight of the new value",
        group="layers",
    ),
    Function(
        "moving_average",
        ("old", "new", "momentum"),
        "momentum*old + (1 - momentum)*new",
        ("0.9",),
        "Keras's momentum is the weight of the old value",
        group="layers",
    ),
    Function(
        "dropout",
        ("x", "mask", "rate"),
        "x*mask«/(1 - rate)»",
        (None,),
        "a 1 keeps an entry; with a rate it is inverted dropout",
        group="layers",
    ),
    Function(
        "attention",
        ("Q", "K", "V", "mask", "scale", "add"),
        "softmax(Q @ K.T/sqrt(d)) @ V",
        (None, None, None),
        "d is the number of columns of K, scale= replaces 1/sqrt(d); a mask has a 1 for what "
        "counts, add= is added to the scores (0 and -1e9); causal=true masks what is later",
        settings=(("causal", False),),
        write=_attention,
        group="layers",
    ),
    Function(
        "multi_head_attention",
        ("x", "WQ", "WK", "WV", "WO", "heads", "mask", "memory", "add", "bQ", "bK", "bV", "bO"),
        "concat(H1, H2, ..., axis=1) @ WO",
        (None, "1", None, None, None, None, None, None, None),
        "each head takes its columns of x @ WQ + bQ, x @ WK + bK and x @ WV + bV; memory= gives "
        "other keys and values; mask=, add= and causal=true as for attention",
        settings=(("causal", False),),
        write=_multi_head,
        whole=("heads",),
        group="layers",
    ),
    Function(
        "positional_encoding",
        ("n", "d"),
        "sin(p/10000^(2i/d)) and cos(p/10000^(2i/d))",
        source="Vaswani et al. 2017: n rows for the positions p from 0, sine and cosine in turn",
        write=_positional_encoding,
        whole=("n", "d"),
        group="layers",
    ),
    Function(
        "rope",
        ("x",),
        "(x1 cos a - x2 sin a, x1 sin a + x2 cos a) for each pair, a = p/10000^(2i/d)",
        source="Su et al. 2021: rows are the positions p from position=0; pairs are neighbours, "
        "or with pairs=halves entries d/2 apart",
        settings=(("position", 0), ("pairs", "neighbours")),
        write=_rope,
        group="layers",
    ),
)
