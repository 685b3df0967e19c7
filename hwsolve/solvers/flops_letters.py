"""`hwsolve flops` with letters for sizes: the counts as formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import InputError, InputErrors, Place
from hwsolve.nets.layer import Spec
from hwsolve.nets.layers import ROWS
from hwsolve.nets.letters import read_letters
from hwsolve.nets.options import SAME, VALID
from hwsolve.nets.sizes import read_sizes, read_whole
from hwsolve.problem.model import Cnn, Problem, Settings, Written
from hwsolve.solvers.cnn import Unmeasured, solution_of, solve_network
from hwsolve.solvers.cnn_symbols import solve_in_letters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hwsolve.nets.layer import OptionValue
    from hwsolve.solution import Solution

_HERE: Final = Place("", 1, 1)
FILTERS: Final = "F"
_CONVOLUTION: Final = ("kernel", "stride", "padding", "dilation", "groups")
_OPTION: Final = {
    "input": "--in", "kernel": "--k", "stride": "--s", "padding": "--p", "dilation": "--d",
    "groups": "--groups", "filters": "--filters", "pool": "--pool", "pool_stride": "--pool-stride",
}  # fmt: skip


def has_letters(options: Iterable[object]) -> bool:
    """Whether one of the options is a size in letters."""
    return any(
        read_letters(part.strip()) is not None
        for option in options
        if isinstance(option, str) and option not in {SAME, VALID}
        for part in option.replace("×", "x").split("x")
    )


def flops_in_letters(options: dict[str, Any]) -> Solution:
    """The sizes and counts of a convolution, and a max pooling behind it, as formulas.

    Args:
        options: those of `flops_solution` by name; without filters there are F of them.

    Raises:
        InputError: an option cannot be used; the message names it.
        CertificateError: counting with other numbers gives something else.
    """
    size = read_sizes(options["input"], _OPTION["input"])
    axes = 2
    if len(size) != axes + 1:
        raise InputError(
            f"--in takes channels x height x width, not '{options['input']}'", None,
            "write for example C x n x n",
        )  # fmt: skip
    chosen: dict[str, OptionValue] = {
        name: _read(name, str(options[name])) for name in _CONVOLUTION
    } | {"bias": options["bias"]}
    chosen["filters"] = _read("filters", str(options["filters"] or FILTERS))
    specs = [Spec(ROWS["conv"], chosen, {}, (), "conv", None)]
    if options["pool"] is not None:
        window = {"kernel": _read("pool", options["pool"])}
        if options["pool_stride"] is not None:
            window["stride"] = _read("pool_stride", options["pool_stride"])
        specs.append(Spec(ROWS["maxpool"], window, {}, (), "pool", None))
    asked = ["conv.size", *(["pool.size"] if len(specs) > 1 else []), "total.params", "total.macs"]
    asked += ["total.flops", "total.flops_without_bias"] if options["bias"] else ["total.flops"]
    problem = Problem(
        path="", kind="cnn", place=_HERE,
        title="FLOPs of a convolution" + (" and a max pooling" if len(specs) > 1 else ""),
        statement="", source="", label="", given={},
        find=tuple([Written(name, _HERE) for name in asked]), answers={}, answer_names={},
        conventions={}, settings=Settings(), body=Cnn(Written("", _HERE), (), {}, None),
    )  # fmt: skip
    try:
        return solve_in_letters(
            problem, Unmeasured(size, tuple(specs)), solve_network, solution_of, document=True
        )
    except (InputError, InputErrors) as error:
        first = error.errors[0] if isinstance(error, InputErrors) else error
        raise InputError(first.message, None, first.hint) from None


def _read(name: str, text: str) -> OptionValue:
    option = _OPTION[name]
    if name in {"groups", "filters"}:
        return read_whole(text, option)
    if name == "padding" and text.strip().lower() in {SAME, VALID}:
        return text.strip().lower()
    return read_sizes(text, option, None, 0 if name == "padding" else 1)
