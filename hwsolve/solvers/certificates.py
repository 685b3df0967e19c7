"""Certificates of a graph: values computed again, gradients tested by differences.

The differences know nothing of the derivative rules. What is rational is exact from
the start; what is not is calculated a second time with 60 digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import CertificateError
from hwsolve.expr.certify import Certifier, Finding, float_system
from hwsolve.solution import Certificate

if TYPE_CHECKING:
    from hwsolve.expr.graph import Graph
    from hwsolve.solvers.graph import Solved

# How many operations the tests of one problem may take.
BUDGET: Final = 400_000
ENTRIES: Final = 200
DIRECTIONS: Final = 3
# More entries of one array at a kink than these are told of in one remark.
MANY_KINKS: Final = 3


def certify(solved: Solved) -> tuple[tuple[Certificate, ...], list[str]]:
    """The certificates of a solved problem, and remarks about kinks.

    Raises:
        CertificateError: if two methods disagree.
    """
    found = [_values(solved)]
    remarks = [solved.worked_out.remark] if solved.worked_out.remark else []
    gradient = _gradients(solved, remarks)
    if gradient is not None:
        found.append(gradient)
    return tuple(certificate for certificate in found if certificate is not None), remarks


def _values(solved: Solved) -> Certificate | None:
    """How the values were made sure of; None where they were calculated only once."""
    graph = solved.graph
    count = sum(graph.rows[node] is not None for node in solved.needed())
    found = solved.worked_out
    match found.method:
        case "fractions":
            return Certificate("values", "exact fractions", proved=True, trials=count)
        case "digits":
            method = "a second calculation with 60 digits"
            return Certificate("values", method, proved=False, trials=count, worst=found.worst)
    return None


def _entries(graph: Graph, node: int) -> int:
    return math.prod(graph.shapes[node]) if graph.shapes[node] else 1


def _gradients(solved: Solved, remarks: list[str]) -> Certificate | None:
    tests = _Tests(solved, remarks)
    for top, gradient in solved.lowering.derivatives.known.items():
        certifier = Certifier(solved.graph, solved.floats, top, tests.system)
        cost = max(1, sum(_entries(solved.graph, node) for node in certifier.order))
        room = max(4, min(ENTRIES, BUDGET // (4 * cost)))
        for node in sorted(gradient.wrt):
            if _through_stated(solved, top, node):
                tests.stated += 1
                continue
            adjoint = gradient.adjoints.get(node)
            claimed = 0.0 if adjoint is None else solved.floats[adjoint]
            if claimed is not None:
                tests.one(certifier, node, claimed, room)
    return tests.certificate()


def _through_stated(solved: Solved, top: int, node: int) -> bool:
    """Whether a derivative goes through a value that is stated and not computed."""
    graph = solved.graph
    return any(
        node in graph.ancestors([stated]) and stated in graph.ancestors([top])
        for stated in solved.overridden
        if stated != node
    )


class _Tests:
    """The tests of all gradients of a problem, and what came of them."""

    def __init__(self, solved: Solved, remarks: list[str]) -> None:
        self.solved = solved
        self.remarks = remarks
        self.system = float_system(solved.graph)
        self.entries = self.tested = self.kinks = self.directions = self.stated = 0
        self.worst = 0.0

    def one(self, certifier: Certifier, node: int, claimed: Any, room: int) -> None:
        """Test the derivative by one node: every entry, or some and random directions."""
        shape = self.solved.graph.shapes[node]
        stretched = bool(getattr(claimed, "shape", ()))
        size = _entries(self.solved.graph, node)
        self.entries += size
        told, kinks = len(self.remarks), []
        for at in _chosen(shape, room):
            value = float(claimed[at]) if at and stretched else _first(claimed)
            self.tested += 1
            before = self.kinks
            self._compare(certifier, node, at, value, at)
            if self.kinks > before:
                kinks.append(at)
        if len(kinks) > MANY_KINKS:
            self.remarks[told:] = [self._kinks(certifier.top, node, kinks)]
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

    def _kinks(self, top: int, node: int, places: list[tuple[int, ...]]) -> str:
        """One remark for the many entries of an array that are at a kink."""
        first = self.solved.lowering.first_index
        shown = ", ".join(
            f"[{', '.join(str(part + first) for part in at)}]" for at in places[:MANY_KINKS]
        )
        return (
            f"{derivative_name(self.solved, top, node, ())} is taken at a kink in {len(places)} "
            f"entries: {shown}, ...; what stands there follows from the convention"
        )

    def certificate(self) -> Certificate | None:
        """What was tested, and how well it agreed."""
        if self.stated:
            self.remarks.append(
                "gradients through a stated value follow from the rules alone: differences "
                "cannot test them"
            )
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
