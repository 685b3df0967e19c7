"""Networks as PyTorch prints them: `Sequential((0): Conv2d(1, 6, kernel_size=(5, 5)) ...)`.

Only what the print says is used. It does not say in which order a class of one's own calls
its modules, so only `Sequential`, also nested, is read; every other class with modules
inside is refused by its name.
"""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from hwsolve.errors import InputError, Place
from hwsolve.problem.model import LayerEntry, Written
from hwsolve.problem.names import normal
from hwsolve.problem.network_line import NetworkText, whole_text
from hwsolve.problem.source import clip, near

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_MODULES: Final = 100_000
MOST_NESTED: Final = 50
MOST_CHARACTERS: Final = 40
_START: Final = re.compile(r"\s*(?:\w+\s*=\s*)?(?:torch\.)?(?:nn\.)?[A-Z]\w*\s*\(")
_SIZE_IN_FRONT: Final = re.compile(
    r"\s*(?:input\s*[:=]?\s*)?([\w×*\[\](), ]*?\d)\s*[|:\n]\s*(?=\S)"
)
_TOKEN: Final = re.compile(
    r"\s*(?:\((\w[\w.\-]*)\)\s*:\s*)?(?:torch\.)?(?:nn\.)?([A-Za-z_]\w*)\s*\("
)
_KEY: Final = re.compile(r"\s*([a-z_]\w*)\s*=\s*")
_VALUE: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|'[^']*'|\"[^\"]*\"|[^,()]+")


class Module(NamedTuple):
    """How a module is read.

    Attributes:
        row: the layer of the table.
        arguments: what its values without a name are called, in order.
        options: the options of the layer by the names of the module's arguments.
        usual: arguments that the layer has no option for, with the values they must have
            ("" for any).
        states: what the layer reads, as the module says it: "inputs" or "channels".
    """

    row: str
    arguments: tuple[str, ...] = ()
    options: Mapping[str, str] = {}
    usual: Mapping[str, tuple[str, ...]] = {}
    states: tuple[str, str] | None = None


_ANY: Final = ()
_WINDOW: Final = {
    "kernel_size": "kernel", "stride": "stride", "padding": "padding", "dilation": "dilation",
}  # fmt: skip
_CONV: Final = (
    ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"),
    {**_WINDOW, "out_channels": "filters", "groups": "groups", "bias": "bias"},
    {"padding_mode": ("zeros",), "device": _ANY, "dtype": _ANY},
    ("channels", "in_channels"),
)
_POOL: Final = (
    ("kernel_size", "stride", "padding", "dilation"),
    {**_WINDOW, "ceil_mode": "rounding"},
    {"return_indices": ("False",)},
)
_MEAN: Final = (
    ("kernel_size", "stride", "padding", "ceil_mode"),
    {**_WINDOW, "ceil_mode": "rounding"},
    {"count_include_pad": ("True",), "divisor_override": ("None",)},
)
_NOTHING: Mapping[str, str] = {}
_NORM: Final = (
    ("num_features", "eps", "momentum"),
    _NOTHING,
    {"eps": _ANY, "momentum": _ANY, "affine": ("True",), "track_running_stats": ("True",),
     "bias": ("True",)},
    ("channels", "num_features"),
)  # fmt: skip


def _plain(row: str, *usual: str) -> Module:
    """A module that is a layer without options; its own arguments change nothing counted."""
    return Module(row, usual, {}, {**dict.fromkeys(usual, _ANY), "inplace": _ANY})


MODULES: Mapping[str, Module] = {
    "Conv1d": Module("conv1d", *_CONV),
    "Conv2d": Module("conv2d", *_CONV),
    "MaxPool1d": Module("maxpool", *_POOL),
    "MaxPool2d": Module("maxpool", *_POOL),
    "AvgPool1d": Module("avgpool", *_MEAN),
    "AvgPool2d": Module("avgpool", *_MEAN),
    "AdaptiveAvgPool1d": Module("globalavgpool", ("output_size",), {}, {"output_size": ("1",)}),
    "AdaptiveAvgPool2d": Module("globalavgpool", ("output_size",), {}, {"output_size": ("1",)}),
    "AdaptiveMaxPool1d": Module("globalmaxpool", ("output_size",), {}, {"output_size": ("1",)}),
    "AdaptiveMaxPool2d": Module("globalmaxpool", ("output_size",), {}, {"output_size": ("1",)}),
    "Linear": Module(
        "dense", ("in_features", "out_features", "bias"),
        {"out_features": "units", "bias": "bias"}, {"device": _ANY, "dtype": _ANY},
        ("inputs", "in_features"),
    ),
    "BatchNorm1d": Module("batchnorm", *_NORM),
    "BatchNorm2d": Module("batchnorm", *_NORM),
    "Flatten": Module(
        "flatten", ("start_dim", "end_dim"), {}, {"start_dim": ("1",), "end_dim": ("-1",)}
    ),
    "Dropout": _plain("dropout", "p"),
    "Dropout2d": _plain("dropout", "p"),
    "Identity": _plain("identity"),
    "ReLU": _plain("relu"),
    "ReLU6": _plain("relu6"),
    "LeakyReLU": _plain("leaky_relu", "negative_slope"),
    "ELU": _plain("elu", "alpha"),
    "GELU": _plain("gelu", "approximate"),
    "SiLU": _plain("silu"),
    "Sigmoid": _plain("sigmoid"),
    "Tanh": _plain("tanh"),
    "Softplus": _plain("softplus", "beta", "threshold"),
    "Softmax": _plain("softmax", "dim"),
}  # fmt: skip
_CHAIN: Final = "Sequential"


def is_print(text: str) -> bool:
    """Whether a text looks like a network that PyTorch printed, with or without a size."""
    return bool(_START.match(_behind_size(text)[1]))


def _behind_size(text: str) -> tuple[str, str]:
    """The size in front of a print, and the rest."""
    found = _SIZE_IN_FRONT.match(text)
    if found and _START.match(text, found.end()):
        return text[: found.end(1)], text[found.end() :]
    return "", text


def read_print(text: str, size: str | None = None, name: str = "print") -> NetworkText:
    """The network that a print shows; `size` is that of its input if the text lacks it.

    Raises:
        InputError: a module is not known or cannot be read, at its place.
    """
    whole = whole_text(text, name)
    front, rest = _behind_size(text)
    start = len(text) - len(rest)
    if front:
        begin = re.match(r"\s*(?:input\s*[:=]?\s*)?", front)
        at = begin.end() if begin else 0
        written = whole.part(at, len(front))
    elif size is not None:
        written = Written(size, Place("--in", 1, 1))
    else:
        _stop(whole, 0, "a print does not say how large the input is",
              "add --in 1x32x32, or write 1x32x32 in a line above")  # fmt: skip
    assigned = re.compile(r"\s*\w+\s*=\s*(?=(?:torch\.)?(?:nn\.)?[A-Z])").match(text, start)
    reading = _Reading(whole)
    end = reading.module(assigned.end() if assigned else start, 0)
    if text[end:].strip():
        at = end + len(text[end:]) - len(text[end:].lstrip())
        _stop(whole, at, f"what follows the network is not part of it: '{clip(text[at:])}'")
    if not reading.layers:
        _stop(whole, start, "the network has no layers")
    return NetworkText(written, tuple(reading.layers), tuple(reading.expected))


class _Reading:
    def __init__(self, whole: Written) -> None:
        self.whole = whole
        self.text = whole.text
        self.layers: list[LayerEntry] = []
        self.expected: list[tuple[int, str, int, Place]] = []
        self._names: set[str] = set()

    def module(self, at: int, depth: int) -> int:
        """Read the module that starts here, and all that stand in it; where it ends."""
        found = _TOKEN.match(self.text, at)
        if found is None:
            at += len(self.text[at:]) - len(self.text[at:].lstrip())
            shown = clip(self.text[at:].partition("\n")[0]) or "the end of the text"
            _stop(self.whole, at, f"a module was expected, found {shown}")
        key, kind = found[1], found[2]
        place = found.start(2)
        if depth > MOST_NESTED or len(self.layers) >= MOST_MODULES:
            _stop(self.whole, place, "too many modules")
        inside = self._skip(found.end())
        nested = _TOKEN.match(self.text, inside) if kind != _CHAIN else None
        if kind == _CHAIN:
            return self._chain(found.end(), depth)
        if kind not in MODULES:
            self._refuse(kind, place, has_modules=bool(nested))
        return self._layer(key, MODULES[kind], kind, found.end(), place)

    def _refuse(self, kind: str, place: int, *, has_modules: bool) -> NoReturn:
        if has_modules:
            _stop(
                self.whole, place,
                f"{kind} is a class of its own: its print does not say in which order its "
                "forward() calls the modules, nor whether it adds or joins any",
                "print a Sequential, or write the layers as a line or a problem file",
            )  # fmt: skip
        hint = near(kind, MODULES) or f"known are Sequential, {', '.join(MODULES)}"
        _stop(self.whole, place, f"the module {kind} is not known", hint)

    def _chain(self, at: int, depth: int) -> int:
        at = self._skip(at)
        while not self.text.startswith(")", at):
            if at >= len(self.text):
                _stop(self.whole, max(at - 1, 0), "the print ends before its last bracket",
                      "copy all of it")  # fmt: skip
            at = self._skip(self.module(at, depth + 1))
            if self.text.startswith(",", at):
                at = self._skip(at + 1)
        return at + 1

    def _skip(self, at: int) -> int:
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        return at

    def _layer(self, key: str | None, module: Module, kind: str, at: int, place: int) -> int:
        values, end = self._arguments(module, kind, at)
        origin = self.whole.place(place)
        options: dict[str, Any] = {module.row: None}
        for name, value in values.items():
            option = module.options.get(name)
            if option is not None:
                self._option(options, option, value)
            elif module.states is not None and module.states[1] == name:
                number = self._number(value)
                self.expected.append((len(self.layers), module.states[0], number, value.place()))
            else:
                self._usual(module, kind, name, value)
        called = normal(key) if key and not key.isdigit() else None
        if called in self._names:
            called = None
        self._names.add(called or "")
        self.layers.append(LayerEntry(called, None, options, (), origin))
        return end

    def _arguments(self, module: Module, kind: str, at: int) -> tuple[dict[str, Written], int]:
        """The arguments of a module by name, and where it ends."""
        values: dict[str, Written] = {}
        waiting = list(module.arguments)
        at = self._skip(at)
        while not self.text.startswith(")", at):
            key = _KEY.match(self.text, at)
            start = key.end() if key else at
            found = _VALUE.match(self.text, start)
            if found is None:
                _stop(self.whole, min(start, max(len(self.text) - 1, 0)),
                      f"the arguments of {kind} end too soon", "copy all of it")  # fmt: skip
            text = found[0].rstrip()
            if key is None and not waiting:
                _stop(self.whole, start, f"'{clip(text)}' is one value too many for {kind}")
            name = key[1] if key else waiting[0]
            if name in waiting:
                waiting.remove(name)
            values[name] = self.whole.part(start, start + len(text))
            at = self._skip(found.end())
            if self.text.startswith(",", at):
                at = self._skip(at + 1)
            elif not self.text.startswith(")", at):
                _stop(self.whole, min(at, len(self.text) - 1),
                      f"the arguments of {kind} cannot be read", "copy all of it")  # fmt: skip
        return values, at + 1

    def _option(self, options: dict[str, Any], option: str, value: Written) -> None:
        text = value.text.strip("'\"")
        if text in {"True", "False"}:
            words = ("ceil", "floor") if option == "rounding" else ("yes", "no")
            text = words[text == "False"]
        elif text[:1] in {"(", "["}:
            text = "x".join(part.strip() for part in text[1:-1].split(",") if part.strip())
        options[option] = Written(text, value.origin, value.breaks)

    def _usual(self, module: Module, kind: str, name: str, value: Written) -> None:
        if name not in module.usual:
            _stop(self.whole, self._at(value), f"{kind} has no '{name}' that is known here")
        expected = module.usual[name]
        numbers = set(re.findall(r"[\w.\-]+", value.text))
        if expected and numbers != {expected[0]}:
            shown = clip(value.text)
            _stop(
                self.whole, self._at(value),
                f"{kind} is read with {name}={expected[0]} only, not {shown}",
            )  # fmt: skip

    def _number(self, value: Written) -> int:
        """A number of inputs; in code it may be a product, `32*14*14`."""
        factors = [factor.strip() for factor in value.text.split("*")]
        if len(value.text) > MOST_CHARACTERS or not all(map(str.isdigit, factors)):
            _stop(self.whole, self._at(value), f"'{clip(value.text)}' is no number of inputs")
        return prod(map(int, factors))

    def _at(self, value: Written) -> int:
        """The offset of a value in the whole text."""
        place = value.place()
        lines = self.text.split("\n")
        return sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1


def _stop(whole: Written, at: int, message: str, hint: str = "") -> NoReturn:
    raise InputError(message, whole.place(at), hint)
