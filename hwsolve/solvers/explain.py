"""`hwsolve explain`: which convention, tool or slip gives a figure for a network."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.nets.counting import QUANTITIES
from hwsolve.nets.figures import read_figure
from hwsolve.nets.layer import OPERATIONS
from hwsolve.nets.ledger import CONVENTIONS, ledger
from hwsolve.nets.sizes import size_text
from hwsolve.solution import Answer, Column, Num, Section, Solution, Table, Text
from hwsolve.solvers.ledger import written_sum
from hwsolve.solvers.measured import measured
from hwsolve.solvers.slips import slipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction

    from hwsolve.nets.figures import Figure
    from hwsolve.nets.network import Layer, Network
    from hwsolve.problem.model import Problem
    from hwsolve.solution import Block, Cell

TOTAL: Final = "total"
MOST_SHOWN: Final = 20
NEAREST: Final = 3
PARAMETERS: Final = ("params", "weights", "biases", "active_params", "running")
# Counts that the ledger has under their own names.
_IN_LEDGER: Final = ("macs", "flops", "flops_with_bias", "flops_without_bias")
_BYTES: Final = ((4, "float32"), (2, "float16"), (8, "float64"), (1, "int8"))


class Reading(NamedTuple):
    """A number that a network has: whose, what it is called, how it comes about.

    `plain` is False for what only a slip gives; `of` is "params" or "work" for parameters and
    operations.
    """

    owner: str
    value: int
    what: str
    sum: str = ""
    plain: bool = True
    in_bytes: bool = False
    of: str = ""


def solve_explain(problem: Problem, quoted: str) -> Solution:
    """The solution that says what a quoted figure of a network is.

    Its answers are all readings that fit; there are none where nothing does.

    Raises:
        InputError, InputErrors: the figure or the network cannot be read.
    """
    figure = read_figure(quoted)
    network = measured(problem)
    readings = list(_readings(problem, network))
    readings = [each for each in readings if _comparable(figure, each)]
    fitting = _once([each for each in readings if figure.fits(each.value)])
    if figure.half and any(each.plain for each in fitting):
        # what a slip changes is often less than a rounded figure shows
        fitting = [each for each in fitting if each.plain]
    found = tuple([Answer(_name(each), each.value) for each in fitting])
    section = _fits(figure, fitting) if fitting else _nearest(figure, readings)
    section = section._replace(blocks=(*section.blocks, Text((_searched(readings),))))
    return Solution(
        problem.title,
        problem.kind,
        statement=f"A network of {len(network.layers)} layers on {size_text(network.input)}.",
        label=problem.label,
        sections=(section,),
        answers=found,
        settings=problem.settings._asdict(),
    )


def _comparable(figure: Figure, reading: Reading) -> bool:
    """Whether a figure with this unit may mean a reading."""
    if reading.in_bytes != figure.in_bytes:
        # a plain whole number may be one of bytes
        return reading.in_bytes and not figure.half and not figure.of
    return not figure.of or figure.of == reading.of


def _name(reading: Reading) -> str:
    return f"{reading.owner}: {reading.what}"


def _once(readings: Sequence[Reading]) -> list[Reading]:
    """Each reading once: what a slip gives is left out where its owner has it without one."""
    plain = {(each.owner, each.value) for each in readings if each.plain}
    found: dict[tuple[str, int, str], Reading] = {}
    for each in readings:
        if each.plain or (each.owner, each.value) not in plain:
            found.setdefault((each.owner, each.value, each.what), each)
    return sorted(found.values(), key=lambda each: (not each.plain, each.owner != TOTAL))


def _fits(figure: Figure, fitting: Sequence[Reading]) -> Section:
    columns = (
        Column("of"), Column("what"), Column("value", "right"), Column("made of"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (each.owner, each.what, Num(each.value), each.sum) for each in fitting[:MOST_SHOWN]
    ]
    blocks: list[Block] = [Table(columns, tuple(rows))]
    more = len(fitting) - MOST_SHOWN
    if more > 0:
        blocks.append(Text((f"And {more} more, under the answers.",)))
    if all(not each.plain for each in fitting):
        blocks.append(Text(("No convention or tool gives it, only what is said here does.",)))
    elif len(fitting) > 1:
        blocks.append(Text(("The figure alone does not say which of them was meant.",)))
    return Section(f"What gives {figure.text}", tuple(blocks), detail="short")


def _nearest(figure: Figure, readings: Sequence[Reading]) -> Section:
    same = [each for each in readings if each.plain]
    near = sorted(same, key=lambda each: (abs(each.value - figure.value), each.owner != TOTAL))
    columns = (
        Column("of"), Column("what"), Column("value", "right"), Column("difference", "right"),
    )  # fmt: skip
    kept: list[Reading] = []
    for each in near:
        if len(kept) == NEAREST:
            break
        if all(each.value != other.value for other in kept):
            kept.append(each)
    rows: list[tuple[Cell, ...]] = [
        (each.owner, each.what, Num(each.value), _difference(figure.value, each.value))
        for each in kept
    ]
    said = Text((f"No convention, tool or slip that is looked for here gives {figure.text}.",))
    table = Table(columns, tuple(rows), title="The nearest:")
    return Section(f"Nothing gives {figure.text}", (said, table), detail="short")


def _difference(figure: Fraction, value: int) -> Cell:
    difference = figure - value
    whole = difference.numerator if difference.denominator == 1 else None
    shown = f"{whole:+,}" if whole is not None else f"{float(difference):+,.6g}"
    return f"{shown} ({float(difference / value):+.2%})" if value else shown


def _searched(readings: Sequence[Reading]) -> str:
    slips = sum(not each.plain for each in readings)
    return (
        f"{len(readings) - slips:,} figures of the network and its layers were compared, and "
        f"{slips:,} that slips would give."
    )


# -- what a network has ------------------------------------------------------------------


def _readings(problem: Problem, network: Network) -> Iterator[Reading]:
    yield from _of_network(network)
    yield from _memory(network)
    for slip in slipped(problem, network):
        yield from _of_slip(slip.network, slip.said)
    yield from _miscounts(network)


def _owners(network: Network) -> Iterator[tuple[str, Sequence[Layer]]]:
    yield TOTAL, network.layers
    for title, rows in (
        ("convolutions", {"conv", "conv1d", "conv2d", "conv3d", "depthwise", "pointwise"}),
        ("dense layers", {"dense"}),
    ):
        chosen = [layer for layer in network.layers if layer.spec.row.name in rows]
        if 1 < len(chosen) < len(network.layers):
            yield title, chosen
    for layer in network.layers:
        yield layer.name, (layer,)


def _of_network(network: Network) -> Iterator[Reading]:
    for owner, layers in _owners(network):
        yield from _grouped(network, owner, layers)
        for quantity in QUANTITIES:
            name = quantity.name
            if name in _IN_LEDGER or not all(layer.counts.known(name) for layer in layers):
                continue
            value = _sum(layers, name)
            if name == "active_params" and value == _sum(layers, "params"):
                continue
            of = "params" if name in PARAMETERS else "work" if name in OPERATIONS else ""
            if value:
                yield Reading(owner, value, quantity.title, _layers_sum(layers, name), of=of)
        running = _sum(layers, "running")
        if running:
            value = _sum(layers, "params") + running
            yield Reading(owner, value, "parameters and running values", of="params")
    sizes = sum(prod(layer.output) for layer in network.layers)
    yield Reading(TOTAL, sizes + prod(network.input), "outputs of all layers, and the input")
    yield Reading("input", prod(network.input), "values")


def _grouped(network: Network, owner: str, layers: Sequence[Layer]) -> Iterator[Reading]:
    """What the conventions give, those that agree in one reading."""
    found: dict[int, list[str]] = {}
    sums: dict[int, str] = {}
    for convention, total in ledger(network, layers):
        value = total.value
        if value:
            found.setdefault(value, []).append(f"{convention.title} ({convention.word})")
            sums.setdefault(value, written_sum(total) if len(total.parts) > 1 else "")
    for value, titles in found.items():
        yield Reading(owner, value, ", ".join(titles), sums[value], of="work")


def _sum(layers: Sequence[Layer], name: str) -> int:
    try:
        return sum(layer.counts[name] for layer in layers)
    except EquationError:
        return 0


def _layers_sum(layers: Sequence[Layer], name: str) -> str:
    summands = [layer.counts[name] for layer in layers if layer.counts[name]]
    most = 5
    if not 1 < len(summands) <= most:
        return ""
    return " + ".join(f"{summand:,}" for summand in summands)


def _memory(network: Network) -> Iterator[Reading]:
    params = _sum(network.layers, "params")
    running = _sum(network.layers, "running")
    outputs = sum(prod(layer.output) for layer in network.layers)
    amounts = [
        ("parameters", params, _BYTES),
        ("parameters and running values", params + running if running else 0, _BYTES[:1]),
        ("parameters and their gradients", 2 * params, _BYTES[:1]),
        ("parameters, gradients and both moments of Adam", 4 * params, _BYTES[:1]),
        ("outputs of all layers", outputs, _BYTES[:2]),
        ("outputs of all layers, and the input", outputs + prod(network.input), _BYTES[:2]),
        ("outputs of all layers and their gradients", 2 * outputs, _BYTES[:1]),
    ]  # fmt: skip
    for what, amount, kinds in amounts:
        for size, kind in kinds:
            if amount:
                yield Reading(
                    TOTAL, size * amount, f"bytes of {what} in {kind}",
                    f"{size}·{amount:,}", in_bytes=True,
                )  # fmt: skip


def _of_slip(network: Network, said: str) -> Iterator[Reading]:
    """Parameters and the usual counts of a network with a slip, and of its layers."""
    owners: list[tuple[str, Sequence[Layer]]] = [(TOTAL, network.layers)]
    owners += [(layer.name, (layer,)) for layer in network.layers]
    wanted = {"macs", "two_macs", "macs_with_bias", "usual", "usual_without_bias"}
    for owner, layers in owners:
        params = _sum(layers, "params")
        if params:
            yield Reading(owner, params, f"parameters {said}", plain=False, of="params")
        for convention in CONVENTIONS:
            if convention.name not in wanted:
                continue
            value = convention.counting(network, layers).value
            if value:
                what = f"{convention.title} ({convention.word}) {said}"
                yield Reading(owner, value, what, plain=False, of="work")


def _one_bias_an_output(layer: Layer) -> int | None:
    if not layer.counts["biases"] or not _is_convolution(layer):
        return None
    return layer.counts["weights"] + prod(layer.output)


def _one_channel(layer: Layer) -> int | None:
    if not _is_convolution(layer) or not layer.rule.windows:
        return None
    area = prod(window.kernel for window in layer.rule.windows)
    return layer.output[0] * area + layer.counts["biases"]


def _one_bias(layer: Layer) -> int | None:
    return layer.counts["weights"] + 1 if layer.counts["biases"] > 1 else None


def _twice_biased(layer: Layer) -> int | None:
    return layer.counts["params"] + layer.counts["biases"] or None


def _is_convolution(layer: Layer) -> bool:
    return layer.rule.windows is not None and layer.counts["macs"] > 0


# Wrong ways to count the parameters of a layer; None where they make no difference.
_MISCOUNTS: tuple[tuple[str, Callable[[Layer], int | None]], ...] = (
    ("parameters with a bias for each output instead of each filter", _one_bias_an_output),
    ("parameters of filters that see one channel only", _one_channel),
    ("parameters with one bias for a whole layer", _one_bias),
    ("parameters with every bias twice", _twice_biased),
)


def _miscounts(network: Network) -> Iterator[Reading]:
    for what, count in _MISCOUNTS:
        total = 0
        changed = False
        for layer in network.layers:
            wrong = count(layer)
            right = layer.counts["params"]
            if wrong is not None and wrong != right:
                changed = True
                yield Reading(layer.name, wrong, what, plain=False, of="params")
            total += right if wrong is None else wrong
        if changed:
            yield Reading(TOTAL, total, what, plain=False, of="params")
