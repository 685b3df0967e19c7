"""The options of layers: how they are called, read and said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import InputError, did_you_mean
from hwsolve.nets.letters import read_letters
from hwsolve.nets.sizes import read_sizes, read_whole, shortened, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.errors import Place
    from hwsolve.nets.layer import OptionValue

SAME, VALID = "same", "valid"
# Padding `same` where the sides of the zeros, or the stride, are another library's choice.
SAME_LOWER, SAME_TORCH = "same_lower", "same_torch"
_SAME = {
    "same": SAME, "same_upper": SAME, "same_tf": SAME, "same_tensorflow": SAME,
    "same_keras": SAME, "same_lower": SAME_LOWER, "same_torch": SAME_TORCH,
    "same_pytorch": SAME_TORCH, "valid": VALID,
}  # fmt: skip
FLOOR, CEIL = "floor", "ceil"
# Decided by convention only, for every layer that takes padding: whether work on padded
# cells is left out of the counts.
SKIPPED = "skipped"
_YES = {"yes": True, "true": True, "on": True, "1": True}
_NO = {"no": False, "false": False, "off": False, "0": False, "none": False}
_ROUNDING = {"floor": FLOOR, "down": FLOOR, "ceil": CEIL, "ceiling": CEIL, "up": CEIL}
# The 1998 paper's Table I: the maps of S2 that each map of C3 sees.
LENET_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip
TABLES = {"lenet": LENET_TABLE, "lenet5": LENET_TABLE, "lenet-5": LENET_TABLE}


class Option(NamedTuple):
    """An option: its name, how its text is read and how it is said in a title.

    `letter` is the short form in front of a number (`s2`); `what` names it in
    messages; `said` turns a value and the number of axes into words, or into
    nothing where the value is usual.
    """

    name: str
    what: str
    read: Callable[[str, str, Place | None], OptionValue]
    said: Callable[[OptionValue, int], str]
    letter: str = ""
    aliases: tuple[str, ...] = ()


def _whole(text: str, what: str, place: Place | None) -> int:
    return read_whole(text, what, place)


def _sizes(text: str, what: str, place: Place | None) -> tuple[int, ...]:
    return read_sizes(text, what, place)


def _zeros(text: str, what: str, place: Place | None) -> tuple[int, ...]:
    return read_sizes(text, what, place, least=0)


def _padding(text: str, what: str, place: Place | None) -> OptionValue:
    word = text.strip().lower()
    if (known := _SAME.get(word.replace("-", "_"))) is not None:
        return known
    if ":" in word:
        return _margins(word, what, place)
    if word[:1].isalpha() and read_letters(text.strip()) is None:
        hint = did_you_mean(word, tuple(_SAME)) or "write a number, 1x2, same or valid"
        raise InputError(f"{what} cannot be '{shortened(text)}'", place, hint)
    return read_sizes(text, what, place, least=0)


def _margins(text: str, what: str, place: Place | None) -> tuple[Any, ...]:
    """Numbers with `x` between them; `1:2` is 1 before and 2 behind."""
    sides: list[Any] = []
    for part in text.strip().split("x"):
        ends = [read_whole(end, what, place, 0) for end in part.split(":")]
        if len(ends) > 2:  # noqa: PLR2004  (an axis has two ends)
            raise InputError(
                f"{what} has {len(ends)} numbers for an axis, in '{shortened(text)}'", place,
                "write before:behind, for example 0:1",
            )  # fmt: skip
        sides.append(ends[0] if len(set(ends)) == 1 else tuple(ends))
    return tuple(sides)


def _range(text: str, what: str, place: Place | None) -> tuple[int, int]:
    ends = text.strip().split(":")
    if len(ends) != 2:  # noqa: PLR2004  (from one to the other)
        raise InputError(
            f"{what} is not '{shortened(text)}'", place,
            "write first:end, for example 0:32 for the first 32",
        )  # fmt: skip
    first = read_whole(ends[0] or "0", what, place, 0)
    end = read_whole(ends[1], what, place, 0)
    if end <= first:
        raise InputError(f"{what} {shortened(text)} is empty", place, "the end is not part of it")
    return first, end


def _name(text: str, what: str, place: Place | None) -> str:
    name = text.strip()
    if not name:
        raise InputError(f"{what} is missing", place)
    return name


def _choice(*words: str) -> Callable[[str, str, Place | None], OptionValue]:
    """A reader of one of some words."""

    def read(text: str, what: str, place: Place | None) -> OptionValue:
        word = text.strip().lower()
        if word not in words:
            hint = did_you_mean(word, words)
            listed = " or ".join(words)
            raise InputError(f"{what} is {listed}, not '{shortened(text)}'", place, hint)
        return word

    return read


def _biases(text: str, what: str, place: Place | None) -> int:
    words = {"0": 0, "no": 0, "false": 0, "1": 1, "one": 1, "yes": 1, "true": 1, "2": 2, "two": 2}
    return int(_one_of(words, text, what, place, "0, 1 or 2"))


def _yes_or_no(text: str, what: str, place: Place | None) -> bool:
    return bool(_one_of({**_YES, **_NO}, text, what, place, "yes or no"))


def _rounding(text: str, what: str, place: Place | None) -> str:
    return str(_one_of(_ROUNDING, text, what, place, "floor or ceil"))


def _one_of(
    known: Mapping[str, OptionValue], text: str, what: str, place: Place | None, choice: str
) -> OptionValue:
    word = text.strip().lower()
    if word not in known:
        raise InputError(f"{what} is {choice}, not '{shortened(text)}'", place)
    return known[word]


def _rate(text: str, what: str, place: Place | None) -> str:
    from fractions import Fraction

    try:
        value = Fraction(text.strip().rstrip("%")) / (100 if text.strip().endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if not 0 <= value <= 1:
        raise InputError(f"{what} is a number from 0 to 1, not '{shortened(text)}'", place)
    return text.strip()


def _table(text: str, what: str, place: Place | None) -> tuple[tuple[int, ...], ...]:
    word = text.strip().lower()
    if word not in TABLES:
        hint = did_you_mean(word, ("lenet",)) or "write lenet, or the list of maps of each filter"
        raise InputError(f"{what} '{shortened(text)}' is not known", place, hint)
    return TABLES[word]


def _slope(text: str, what: str, place: Place | None) -> str:
    try:
        float(text)
    except ValueError:
        raise InputError(f"{what} is a number, not '{shortened(text)}'", place) from None
    return text.strip()


def _nothing(_value: OptionValue, _axes: int) -> str:
    return ""


def _unless(usual: OptionValue, words: str) -> Callable[[OptionValue, int], str]:
    def said(value: OptionValue, _axes: int) -> str:
        if isinstance(value, tuple):
            return "" if set(value) == {usual} else words.format(size_text(value))
        return "" if value == usual else words.format(value)

    return said


def _said_window(value: OptionValue, axes: int) -> str:
    return size_text(value * axes if len(value) == 1 else value)


def _said_units(value: OptionValue, _axes: int) -> str:
    return "1 unit" if value == 1 else f"{value} units"


def _said_filters(value: OptionValue, _axes: int) -> str:
    return "1 filter" if value == 1 else f"{value} filters"


def _said_padding(value: OptionValue, _axes: int) -> str:
    if isinstance(value, str):
        return {VALID: "", SAME: "same padding"}.get(value, value.replace("_", " ") + " padding")
    return "" if set(value) == {0} else f"padding {size_text(value)}"


def _counted(one: str, many: str = "") -> Callable[[OptionValue, int], str]:
    """How a number of things is said: 1 head, 8 heads."""

    def said(value: OptionValue, _axes: int) -> str:
        return f"1 {one}" if value == 1 else f"{value} {many or f'{one}s'}"

    return said


def _if_yes(words: str) -> Callable[[OptionValue, int], str]:
    return lambda yes, _: words if yes else ""


def _if_no(words: str) -> Callable[[OptionValue, int], str]:
    return lambda yes, _: "" if yes else words


def _called(words: str) -> Callable[[OptionValue, int], str]:
    """How a value is said behind its name, or in a sentence with `{}`."""
    return lambda value, _: words.format(size_text(value) if isinstance(value, tuple) else value)


def _said_range(value: OptionValue, _axes: int) -> str:
    return f"{value[0]}:{value[1]}"


def _said_margins(value: OptionValue, _axes: int) -> str:
    return size_text(value)


_ROWS = (
    Option("filters", "the number of filters", _whole, _said_filters, "f",
           ("out", "out_channels", "channels", "maps", "features")),
    Option("kernel", "the kernel", _sizes, _said_window, "k",
           ("kernel_size", "window", "size", "pool_size")),
    Option("stride", "the stride", _sizes, _unless(1, "stride {}"), "s", ("strides",)),
    Option("padding", "the padding", _padding, _said_padding, "p", ("pad",)),
    Option("dilation", "the dilation", _sizes, _unless(1, "dilation {}"), "d",
           ("dilation_rate", "dilations")),
    Option("groups", "the number of groups", _whole, _unless(1, "{} groups"), "g", ("group",)),
    Option("depthwise", "depthwise", _yes_or_no, lambda yes, _: "depthwise" if yes else ""),
    Option("multiplier", "the number of filters a channel", _whole,
           _unless(1, "{} filters a channel"), "m", ("depth_multiplier",)),
    Option("bias", "bias", _yes_or_no, lambda yes, _: "" if yes else "no bias", "b",
           ("use_bias",)),
    Option("table", "the connection table", _table, lambda _table, _: "connection table", "",
           ("connections", "connection_table")),
    Option("rounding", "rounding", _rounding, lambda word, _: "rounded up" if word == CEIL else "",
           "", ("round",)),
    Option("units", "the number of units", _whole, _said_units, "u",
           ("out", "out_features", "features", "neurons", "outputs")),
    Option("output_padding", "the output padding", _zeros, _unless(0, "output padding {}")),
    Option("count_include_pad", "whether the mean counts zeros of the padding", _yes_or_no,
           _if_no("padding not in the mean"), "", ("include_pad",)),
    Option("output_size", "the size of the output", _sizes, _called("to {}"), "",
           ("to", "out", "output", "size")),
    Option("factor", "the factor", _sizes, _called("by {}"), "",
           ("scale", "scale_factor", "upscale_factor", "downscale_factor", "block_size", "r")),
    Option("mode", "the interpolation", _choice("nearest", "bilinear", "linear", "bicubic"),
           lambda word, _: str(word), "", ("interpolation",)),
    Option("margins", "the margins", _margins, _said_margins, "", ("padding", "cropping", "pad")),
    Option("range", "the range", _range, _said_range, "", ("channels", "part_of")),
    Option("axis", "the axis", _choice("features", "tokens"), _called("along the {}"), "",
           ("dim", "along")),
    Option("parts", "the number of parts", _whole, _called("one of {} parts"), "",
           ("chunks", "sections")),
    Option("part", "the number of the part", _whole, _called("part {}"), ""),
    Option("index", "the number of the token", lambda text, what, place: read_whole(
        text, what, place, 0), _called("token {}"), "", ("token",)),
    Option("positionwise", "whether it acts on each token or position", _yes_or_no,
           _if_yes("on each position"), "", ("each", "tokenwise", "per_position")),
    Option("tied", "the layer whose weights it shares", _name, _called("weights of {}"), "",
           ("tied_to", "shared_with")),
    Option("vocabulary", "the size of the vocabulary", _whole, _called("{} entries"), "v",
           ("num_embeddings", "vocab", "vocab_size", "input_dim", "words")),
    Option("features", "the number of features", _whole, _counted("feature"), "",
           ("embedding_dim", "dim", "d_model", "width", "output_dim", "embed_dim")),
    Option("affine", "whether it has a trained scale and shift", _yes_or_no,
           _if_no("nothing trained"), "", ("elementwise_affine",)),
    Option("track", "whether it keeps a running mean and variance", _yes_or_no,
           _if_no("no running values"), "", ("track_running_stats", "running")),
    Option("neighbours", "the number of channels side by side", _whole, _counted("channel"), "n",
           ("size", "depth_radius", "local_size", "neighbors")),
    Option("heads", "the number of heads", _whole, _counted("head"), "h",
           ("num_heads", "nhead", "n_heads", "n_head")),
    Option("kv_heads", "the number of heads of keys and values", _whole,
           _counted("key and value head"), "", ("groups", "num_kv_heads", "kv", "n_kv_heads")),
    Option("head_dim", "the size of a head", _whole, _called("heads of {}"), "",
           ("key_dim", "d_k", "d_head", "head_size")),
    Option("causal", "whether a token sees earlier ones only", _yes_or_no, _if_yes("causal"), "",
           ("masked_future",)),
    Option("masked", "whether scores that a mask hides are counted",
           _choice("counted", "skipped"), _called("hidden scores {}"), "", ("hidden",)),
    Option("window", "the number of tokens in a window", _whole, _called("windows of {}"), "w",
           ("window_size",)),
    Option("sliding", "the number of tokens that a token sees", _whole,
           _called("a sliding window of {}"), "", ("sliding_window",)),
    Option("relative", "whether it learns relative positions", _yes_or_no,
           _if_yes("relative positions"), "", ("rel_pos", "rel_pos_bias")),
    Option("projections", "whether it has projections", _yes_or_no, _if_no("no projections"), "",
           ("project",)),
    Option("qkv_bias", "whether queries, keys and values have a bias", _yes_or_no,
           lambda yes, _: "bias of queries, keys and values" if yes else
           "no bias of queries, keys and values", "", ("attention_bias",)),
    Option("hidden", "the number of hidden units", _whole, _counted("hidden unit"), "",
           ("units", "d_ff", "ffn", "hidden_dim", "intermediate_size", "dim_feedforward")),
    Option("gated", "whether it is gated", _yes_or_no, _if_yes("gated"), "", ("glu", "gate")),
    Option("activation", "the activation", _choice(
        "relu", "gelu", "silu", "tanh", "sigmoid", "identity"), lambda word, _: str(word), "",
           ("nonlinearity", "act")),
    Option("experts", "the number of experts", _whole, _counted("expert"), "e",
           ("num_experts", "n_experts")),
    Option("top", "the number of experts that a token uses", _whole, _called("{} used"), "",
           ("top_k", "active", "k", "num_experts_per_tok")),
    Option("shared", "the number of experts that every token uses", _whole, _called("{} shared"),
           "", ("shared_experts",)),
    Option("layers", "the number of layers on top of one another", _whole, _unless(1, "{} layers"),
           "", ("num_layers", "stacked", "depth")),
    Option("bidirectional", "whether it reads both ways", _yes_or_no, _if_yes("bidirectional"), "",
           ("both",)),
    Option("biases", "the number of bias vectors of a gate", _biases,
           lambda value, _: {0: "no bias", 1: "one bias", 2: "two biases"}[value], "",
           ("bias", "bias_vectors")),
    Option("shift", "whether it has a trained shift", _yes_or_no, _if_no("no bias"), "",
           ("bias", "center")),
    Option("projection", "the size of the projected state", _whole, _called("projected to {}"), "",
           ("proj_size", "proj")),
    Option("last", "whether only the last step is the output", _yes_or_no, _if_yes("last step"),
           "", ("last_step",)),
    Option("learned", "whether the positions are learned", _yes_or_no,
           lambda yes, _: "learned" if yes else "fixed", "", ("trainable",)),
    Option("length", "the longest sequence", _whole, _called("up to {}"), "",
           ("max_len", "max_length", "positions", "n_ctx", "max_positions")),
    Option("reduction", "by how much the channels are reduced", _whole, _called("reduced by {}"),
           "", ("ratio", "r")),
    Option("squeezed", "the number of squeezed channels", _whole, _called("squeezed to {}"), "",
           ("squeeze_channels",)),
    Option("patch", "the size of a patch", _sizes, _said_window, "", ("patch_size", "kernel")),
    Option("pieces", "the number of pieces", _whole, _called("{} pieces"), "", ("num_pieces",)),
    Option("parameters", "the number of slopes", _whole, _unless(1, "{} slopes"), "",
           ("num_parameters",)),
    Option("approximate", "the approximation", _choice("none", "tanh"),
           lambda word, _: "exact" if word == "none" else ""),
    Option("rate", "the dropout rate", _rate, _nothing, "", ("probability", "p")),
    Option("slope", "the slope", _slope, _nothing, "", ("negative_slope", "alpha")),
)  # fmt: skip

OPTIONS = {option.name: option for option in _ROWS}
# Words that stand alone in a short form, and what they mean.
FLAGS: dict[str, tuple[str, OptionValue]] = {
    "same": ("padding", SAME),
    "valid": ("padding", VALID),
    "floor": ("rounding", FLOOR),
    "ceil": ("rounding", CEIL),
    "bias": ("bias", True),
    "nobias": ("bias", False),
    "no-bias": ("bias", False),
    "depthwise": ("depthwise", True),
    "positionwise": ("positionwise", True),
    "each": ("positionwise", True),
    "causal": ("causal", True),
    "relative": ("relative", True),
    "gated": ("gated", True),
    "bidirectional": ("bidirectional", True),
    "last": ("last", True),
    "sequence": ("last", False),
    "learned": ("learned", True),
    "fixed": ("learned", False),
    "sinusoidal": ("learned", False),
    "nearest": ("mode", "nearest"),
    "linear": ("mode", "linear"),
    "bilinear": ("mode", "bilinear"),
    "bicubic": ("mode", "bicubic"),
    "erf": ("approximate", "none"),
    **{
        f"same{sep}{word}": ("padding", value)
        for sep in "-_"
        for word, value in (
            ("lower", SAME_LOWER),
            ("upper", SAME),
            ("torch", SAME_TORCH),
            ("pytorch", SAME_TORCH),
            ("tf", SAME),
            ("tensorflow", SAME),
        )
    },
    **{word: ("activation", word) for word in ("relu", "gelu", "silu", "tanh", "sigmoid")},
}
