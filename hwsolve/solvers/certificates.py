"""Certificates of a graph: values computed again, gradients tested by differences.

The differences know nothing of the derivative rules; the second calculation uses
exact fractions, or 60 digits where a function is not rational.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import CertificateError, EquationError
from hwsolve.expr.certify import Certifier, Finding, float_system
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.systems import EXACT, Decimals, NumberSystem
from hwsolve.solution import Certificate

if TYPE_CHECKING:
    from hwsolve.expr.graph import Graph
    from hwsolve.solvers.graph import Solved

# How many operations the tests of one problem may take.
BUDGET: Final = 400_000
# A function with 60 digits takes a hundred times as long as one in floats.
DIGITS_BUDGET: Final = 20_000
ENTRIES: Final = 200
DIRECTIONS: Final = 3
CLOSE: Final = 1e-9


def certify(solved: Solved) -> tuple[tuple[Certificate, ...], list[str]]:
    """The certificates of a solved problem, and remarks about kinks.

    Raises:
        CertificateError: if two methods disagree.
    """
    found = [_values(solved)]
    remarks: list[str] = []
    gradient = _gradients(solved, remarks)
    if gradient is not None:
        found.append(gradient)
    return tuple(certificate for certificate in found if certificate is not None), remarks


def _values(solved: Solved) -> Certificate | None:
    """All values again: as exact fractions if the operations allow, else with 60 digits."""
    graph = solved.graph
    nodes = solved.needed()
    if sum(_entries(graph, node) for node in nodes) > BUDGET:
        return None
    rational = all(row is None or row.exact for row in (graph.rows[node] for node in nodes))
    if not rational and len(nodes) > DIGITS_BUDGET:
        return None
    system: NumberSystem = EXACT if rational else Decimals()
    if graph.has_arrays:
        from hwsolve.expr.arrays import Arrays

        system = Arrays(system)
    try:
        again = evaluate(graph, system, nodes)
    except (EquationError, ArithmeticError, ValueError, TypeError):
        return None
    worst = 0.0
    sizes = _magnitudes(solved, nodes)
    for node in nodes:
        worst = max(worst, _apart(solved.floats[node], again[node], sizes[node]))
        if worst > CLOSE:
            return _cancelled(solved, node, again[node])
    count = sum(graph.rows[node] is not None for node in nodes)
    method = "exact fractions" if rational else "60 digits"
    return Certificate("values", f"a second calculation with {method}", rational, count, worst)


def _cancelled(solved: Solved, node: int, precise: Any) -> Certificate | None:
    """Floats lost digits by cancellation: the answer is not what was shown."""
    from hwsolve.expr.notation import text

    owner = node
    labels = solved.graph.labels
    while owner not in labels and owner + 1 < len(solved.graph):
        owner += 1
    name = text(labels[owner]) if owner in labels else "a step"
    raise CertificateError(
        f"the value of {name} is not certain: floats give {solved.floats[node]}, "
        f"a calculation with 60 digits gives {_short(precise)}"
    )


def _short(value: Any) -> str:
    return f"{float(value):.12g}" if not hasattr(value, "tolist") else "another array"


def _magnitudes(solved: Solved, nodes: list[int]) -> dict[int, float]:
    """The size of the largest number that each value was made from (cancellation)."""
    sizes: dict[int, float] = {}
    floats, args = solved.floats, solved.graph.args
    for node in nodes:
        value = floats[node]
        size = float(abs(value).max()) if getattr(value, "shape", ()) else abs(float(value))
        sizes[node] = max([size, *[sizes[arg] for arg in args[node]]])
    return sizes


def _apart(one: Any, other: Any, size: float) -> float:
    """The largest difference of two values, relative to the numbers they are made of."""
    if getattr(one, "shape", ()):
        import numpy as np

        if not one.size:
            return 0.0
        difference = float(np.abs(one - np.asarray(other).astype(float)).max())
    else:
        difference = abs(float(one) - float(other))
    return difference / max(size, 1e-300) if difference else 0.0


def _entries(graph: Graph, node: int) -> int:
    return math.prod(graph.shapes[node]) if graph.shapes[node] else 1


def _gradients(solved: Solved, remarks: list[str]) -> Certificate | None:
    tests = _Tests(solved, remarks)
    for top, gradient in solved.lowering.derivatives.known.items():
        certifier = Certifier(solved.graph, solved.floats, top, tests.system)
        cost = max(1, sum(_entries(solved.graph, node) for node in certifier.order))
        room = max(4, min(ENTRIES, BUDGET // (4 * cost)))
        for node in sorted(gradient.wrt):
            adjoint = gradient.adjoints.get(node)
            claimed = 0.0 if adjoint is None else solved.floats[adjoint]
            if claimed is not None:
                tests.one(certifier, node, claimed, room)
    return tests.certificate()


class _Tests:
    """The tests of all gradients of a problem, and what came of them."""

    def __init__(self, solved: Solved, remarks: list[str]) -> None:
        self.solved = solved
        self.remarks = remarks
        self.system = float_system(solved.graph)
        self.entries = self.tested = self.kinks = self.directions = 0
        self.worst = 0.0

    def one(self, certifier: Certifier, node: int, claimed: Any, room: int) -> None:
        """Test the derivative by one node: every entry, or some and random directions."""
        shape = self.solved.graph.shapes[node]
        stretched = bool(getattr(claimed, "shape", ()))
        size = _entries(self.solved.graph, node)
        self.entries += size
        for at in _chosen(shape, room):
            value = float(claimed[at]) if at and stretched else _first(claimed)
            self.tested += 1
            self._compare(certifier, node, at, value, at)
        if size > room and stretched:
            for direction in _directions(shape):
                self.directions += 1
                self._compare(certifier, node, direction, float((claimed * direction).sum()), ())

    def _compare(
        self, certifier: Certifier, node: int, at: Any, value: float, shown: tuple[int, ...]
    ) -> None:
        finding = certifier.test(node, at, value)
        name = derivative_name(self.solved, certifier.top, node, shown)
        if finding.agrees is False:
            raise CertificateError(
                f"no answer for {name}: the chain rule gives {value:.10g}, "
                f"differences give {finding.numeric:.10g}"
            )
        if finding.agrees:
            self.worst = max(self.worst, finding.difference)
        elif isinstance(at, tuple):
            self.kinks += 1
            self.remarks.append(_kink(name, value, finding))

    def certificate(self) -> Certificate | None:
        """What was tested, and how well it agreed."""
        if self.tested == self.kinks:
            # nothing to compare with: the remarks say what the slopes on both sides are
            return None
        remarks = []
        if self.tested < self.entries:
            more = f" and in {self.directions} random directions" if self.directions else ""
            remarks.append(f"{self.tested} of {self.entries} entries{more}")
        if self.kinks:
            at_kink = "one is" if self.kinks == 1 else f"{self.kinks} are"
            remarks.append(f"{at_kink} at a kink, where there is no derivative")
        return Certificate(
            subject="gradient" if self.entries == 1 else "gradients",
            method="central differences",
            proved=False,
            trials=self.tested - self.kinks,
            worst=self.worst,
            remark="; ".join(remarks),
        )


def _first(claimed: Any) -> float:
    return float(claimed) if not getattr(claimed, "shape", ()) else 0.0


def _chosen(shape: tuple[int, ...], room: int) -> list[tuple[int, ...]]:
    """All entries of a small array, evenly spread ones of a large one."""
    if not shape:
        return [()]
    size = math.prod(shape)
    step = max(1, -(-size // room))
    chosen = []
    for flat in range(0, size, step):
        rest, at = flat, []
        for length in reversed(shape):
            rest, position = divmod(rest, length)
            at.append(position)
        chosen.append(tuple(reversed(at)))
    return chosen


def _directions(shape: tuple[int, ...]) -> list[Any]:
    import numpy as np

    generator = np.random.default_rng(20_240_501)
    return [generator.standard_normal(shape) for _ in range(DIRECTIONS)]


def derivative_name(solved: Solved, top: int, node: int, at: tuple[int, ...]) -> str:
    """`dL/dW[0, 2]` as text, in the author's numbering."""
    from hwsolve.expr.notation import text

    labels = solved.graph.labels
    first = solved.lowering.first_index
    index = f"[{', '.join(str(part + first) for part in at)}]" if at else ""
    over = text(labels[top]) if top in labels else "result"
    return f"d{over}/d{text(labels[node])}{index}"


def _kink(name: str, claimed: float, finding: Finding) -> str:
    left, right = finding.left, finding.right
    if math.isnan(left):
        return f"{name} is taken at a kink; {claimed:g} follows from the convention"
    # one-sided differences are no better than this
    if abs(left - right) < 1e-4 * (1 + abs(left)):
        return f"{name} is taken next to a kink; both sides have the slope {left:.6g}"
    return (
        f"{name} does not exist: the slope is {left:.6g} on the left and {right:.6g} on the "
        f"right; {claimed:g} follows from the convention"
    )
