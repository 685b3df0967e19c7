"""Recurrent layers over a sequence: RNN, LSTM, GRU, stacked, both ways, projected.

Each gate is a dense layer on the input and on the state of the step before, with one
bias vector (the textbooks) or two (PyTorch and cuDNN). The state of the first step is
counted like any other. LSTM: Hochreiter and Schmidhuber 1997 with the forget gate of
Gers et al. 2000; its projection: Sak et al. 2014; GRU: Cho et al. 2014.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.activations import ACTIVATIONS
from hwsolve.nets.exact import plus, times
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.sizes import Size, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsolve.nets.layer import OptionValue

STEPS, UNITS = Sym("steps"), Sym("units")


class Cell(NamedTuple):
    """What one hidden value of a cell takes in a step, beside the sums of its gates."""

    gates: int
    activations: tuple[str, ...]
    multiplications: int
    additions: int
    formula: str


CELL = {
    "rnn": Cell(1, ("tanh",), 0, 0, "h = tanh(W x + U h + b)"),
    "lstm": Cell(
        4, ("sigmoid", "sigmoid", "sigmoid", "tanh", "tanh"), 3, 1,
        "c = f c + i g, h = o tanh(c)",
    ),
    "gru": Cell(
        3, ("sigmoid", "sigmoid", "tanh"), 3, 2, "h = (1 - z) n + z h, n = tanh(W x + r (U h) + b)"
    ),
}  # fmt: skip


def recurrent(kind: str) -> Callable[[Request], Rule]:
    """The rule of a recurrent layer."""

    def rule(request: Request) -> Rule:
        return _rule(request, CELL[kind])

    return rule


def bias_vectors(options: OptionValue) -> int:
    """How many bias vectors each gate has: none, one or two."""
    return int(options.get("biases", 1))


def _rule(request: Request, cell: Cell) -> Rule:
    size = _sequence(request)
    options = request.options
    units, layers = options["units"], options.get("layers", 1)
    ways = 2 if options.get("bidirectional") else 1
    projected = options.get("projection")
    state = units if projected is None else projected
    if projected is not None and projected >= units:
        raise request.error(
            f"a projection of {projected} is not smaller than the state of {units}", "projection"
        )
    biases = bias_vectors(options)
    sizes: dict[str, int] = {"features": size[0], "steps": size[1], "units": units}
    lines = _lines(sizes, state, layers=layers, ways=ways)
    cells = Sym("cells") if ways * layers > 1 else UNITS
    gates: Expr = Num(cell.gates)
    both: tuple[Expr, ...] = (Sym("directions"),) if ways > 1 else ()
    stacked: tuple[Expr, ...] = (Sym("layers"),) if layers > 1 else ()
    reads = Sym("read")
    first: Expr = gates if cell.gates > 1 else UNITS
    rest = (UNITS, reads) if cell.gates > 1 else (reads,)
    products = times(*both, first, *rest) if both else times(first, *rest)
    projection: Expr = ZERO
    projected_values: Expr = ZERO
    if projected is not None:
        projected_values = times(*both, *stacked, Sym("state"))
        projection = times(projected_values, UNITS)
    weights = plus(products, projection)
    sums = _all_gates(cell, cells)
    bias_sums = ZERO if not biases else sums if biases == 1 else times(Num(biases), sums)
    each_step = products
    if biases != 1:
        each_step = products - sums if not biases else products + sums
    if projected is not None:
        each_step = plus(each_step, projection - projected_values)
    value = times(STEPS, cells)
    names = cell.activations
    if "activation" in options:
        names = (options["activation"],)
    operations = _of_each_value(cell, names, value)
    macs = times(STEPS, weights)
    return Rule(
        output=(state * ways,) if options.get("last") else Tokens((state * ways, size[1])),
        sizes=sizes,
        lines=lines,
        weights=weights,
        biases=bias_sums,
        operations={
            **operations,
            "multiplications": plus(macs, operations.get("multiplications", ZERO)),
            "additions": plus(times(STEPS, each_step), operations.get("additions", ZERO)),
        },
        bias_additions=times(STEPS, bias_sums) if biases else ZERO,
        macs=macs,
        connections=None,
        units=cells,
        whole=bool(options.get("last")) or ways > 1,
        unseen="" if options.get("last") or ways > 1 else "later steps see more",
        remarks=(_formula(cell, names),),
        conventions=("biases", "mac"),
    )


def _formula(cell: Cell, names: tuple[str, ...]) -> str:
    return cell.formula if cell.gates > 1 else cell.formula.replace("tanh", names[0])


def _all_gates(cell: Cell, cells: Expr) -> Expr:
    return cells if cell.gates == 1 else Num(cell.gates) * cells


def _of_each_value(cell: Cell, names: tuple[str, ...], values: Expr) -> dict[str, Expr]:
    """The operations of the activations and of the products and sums of the state."""
    totals = {"multiplications": cell.multiplications, "additions": cell.additions}
    for name in names:
        for kind, count in (ACTIVATIONS[name].operations or {}).items():
            totals[kind] = totals.get(kind, 0) + count
    return {
        kind: values if count == 1 else times(Num(count), values)
        for kind, count in totals.items()
        if count
    }


def _lines(sizes: dict[str, int], state: int, *, layers: int, ways: int) -> tuple[Line, ...]:
    """The number of values that the gates read in all layers, and that of hidden values."""
    features, units = Sym("features"), UNITS
    lines: list[Line] = []
    own: Expr = units
    if state != sizes["units"]:
        sizes["state"] = state
        own = Sym("state")
    sizes["read"] = sizes["features"] + state + (layers - 1) * (ways * state + state)
    read = features + own
    remark = "values that a gate reads"
    if ways > 1:
        sizes["directions"] = ways
    if layers > 1:
        sizes["layers"] = layers
        below = Num(ways + 1) * own
        read = read + times(Sym("layers") - 1, below)
        remark = "values that a gate reads, in all layers"
    lines.append(Line("read", read, remark))
    factors = [Sym(name) for name in ("directions", "layers") if name in sizes]
    if factors:
        sizes["cells"] = ways * layers * sizes["units"]
        lines.append(Line("cells", times(*factors, units), "hidden values"))
    return tuple(lines)


def _sequence(request: Request) -> Size:
    (size,) = request.inputs
    if not isinstance(size, Tokens):
        raise request.error(
            f"it reads a sequence, not {request.shown(size)}", "",
            "write the input as 5 steps x 8, or put tokens or an embedding in front of it",
        )  # fmt: skip
    return size
