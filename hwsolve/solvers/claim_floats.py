"""Claims about floats of 64 bits, in which nan and inf are values (IEEE 754)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hwsolve.errors import InputError
from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.solution import Answer, Certificate, Section, Solution, Step, Text
from hwsolve.solvers.claim_reading import FLOATS_ONLY, stated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsolve.expr.graph import Graph
    from hwsolve.problem.model import Problem
    from hwsolve.proofs.prover import Test
    from hwsolve.proofs.situation import Situation
    from hwsolve.solvers.claim_reading import Stated


def solve_in_floats(problem: Problem, *, document: bool) -> Solution:
    """Decide a claim about a calculation in floats by doing it.

    Raises:
        InputError: with the place of what cannot be read, or of a name without a value.
    """
    from hwsolve.solvers.claim_reading import situation

    reading = stated(problem)
    claim = reading.claim._replace(
        comparisons=tuple(map(_without_special, reading.claim.comparisons))
    )
    here = situation(problem, reading, claim)
    free = [slot.name for slot in here.slots if slot.name not in FLOATS_ONLY]
    if free:
        raise InputError(
            f"a calculation in floats needs a value for '{free[0]}'",
            reading.said[0].origin,
            "give it under 'given'",
        )
    values = values_in_floats(here.graph, here.order)
    truths = [
        _holds(test, comparison, values)
        for test, comparison in zip(here.tests, reading.claim.comparisons, strict=True)
    ]
    truth = all(truths)
    solution = Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        answers=_answers(problem, here, values, truth=truth),
        certificates=(
            Certificate("the claim", "calculation in floats", proved=True, trials=len(truths)),
        ),
        settings=problem.settings._asdict(),
    )
    if not document or problem.settings.working == "none":
        return solution
    return solution._replace(sections=tuple(_sections(reading, here, values, truths)))


def values_in_floats(graph: Graph, nodes: Sequence[int]) -> list[Any]:
    """The values of nodes as processors compute them: overflow is inf, 0/0 is nan."""
    import numpy as np

    from hwsolve.expr.arrays import Arrays
    from hwsolve.expr.systems import FLOATS

    system = Arrays(FLOATS)
    values: list[Any] = [None] * len(graph)
    with np.errstate(all="ignore"):
        for node in nodes:
            row = graph.rows[node]
            if row is None:
                values[node] = np.asarray(system.number(graph.values[node]), dtype=float)[()]
                continue
            args = [values[arg] for arg in graph.args[node]]
            values[node] = row.compute(system, *args, **dict(graph.attributes[node]))
    return values


def _without_special(comparison: Apply) -> Apply:
    """The comparison with 0 in the place of nan and inf, which are no real numbers."""
    args = tuple(Num(0) if _special(side) is not None else side for side in comparison.args)
    return Apply(comparison.op, args, comparison.attributes, comparison.at)


def _special(side: Expr) -> float | None:
    """The float that `nan`, `inf` or `-inf` means, or None."""
    if isinstance(side, Apply) and side.op == "neg":
        inner = _special(side.args[0])
        return None if inner is None else -inner
    if isinstance(side, Sym) and side.name in FLOATS_ONLY:
        return math.nan if side.name == "nan" else math.inf
    return None


def _holds(test: Test, comparison: Apply, values: Sequence[Any]) -> bool:
    import numpy as np

    sides: list[Any] = []
    for node, side in zip((test.left, test.right), comparison.args, strict=True):
        special = _special(side)
        sides.append(values[node] if special is None else special)
    is_nan = [isinstance(side, float) and math.isnan(side) for side in sides]
    if any(is_nan) and any(_special(side) is not None for side in comparison.args):
        # x == nan asks what x is; as a comparison of floats it would never hold
        other = sides[0] if _special(comparison.args[1]) is not None else sides[1]
        found = bool(np.all(np.isnan(other)))
        return found if comparison.op == "eq" else not found and comparison.op == "ne"
    compare = {
        "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal,
        "gt": np.greater, "ge": np.greater_equal,
    }[comparison.op]  # fmt: skip
    found_all = compare(*sides)
    return bool(np.any(found_all) if comparison.op == "ne" else np.all(found_all))


def _answers(
    problem: Problem, here: Situation, values: Sequence[Any], *, truth: bool
) -> tuple[Answer, ...]:
    verdict = Answer("verdict", truth, note="as floats of 64 bits give it")
    answers = []
    for written in problem.find:
        if written.text == "verdict":
            answers.append(verdict)
            continue
        node = here.statement.lowering.names.get(written.text)
        if not isinstance(node, int) or values[node] is None:
            raise InputError(f"'{written.text}' is not computed here", written.origin)
        value = values[node]
        answers.append(Answer(written.text, value if getattr(value, "shape", ()) else float(value)))
    return tuple(answers) or (verdict,)


def _sections(
    reading: Stated, here: Situation, values: Sequence[Any], truths: Sequence[bool]
) -> Iterator[Section]:
    claimed: list[Text] = []
    for place, comparison in enumerate(reading.claim.comparisons):
        claimed.append(Text(("and " if place else "", comparison)))
    yield Section("Claim, in floats of 64 bits", tuple(claimed), "short")
    graph = here.graph
    steps = []
    for node in here.order:
        row = graph.rows[node]
        is_side = any(node in (test.left, test.right) for test in here.tests)
        if row is None or (node not in graph.labels and not is_side):
            continue
        value = values[node]
        name = graph.labels.get(node)
        steps.append(
            Step(
                name,
                (graph.expression(node, inside=True),),
                value if getattr(value, "shape", ()) else float(value),
                shape=graph.shapes[node],
            )
        )
    yield Section("Calculation", tuple(steps), "short")
    blocks = tuple(
        Text((comparison, " holds" if holds else " does not hold"))
        for comparison, holds in zip(reading.claim.comparisons, truths, strict=True)
    )
    yield Section("Outcome", blocks, "short")
