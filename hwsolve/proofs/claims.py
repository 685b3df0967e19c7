"""Claims decided: refuted by the simplest counterexample, proved, or left open.

"Proved" rests on a proof for all values; a claim that merely was not refuted is never
called proved. What is true where everything has a value is said to be so, and an
equality of which only one side has a value somewhere is false there.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Apply, Num, walk
from hwsolve.proofs.effort import Effort
from hwsolve.proofs.existence import same_domain
from hwsolve.proofs.natural import JUMPS
from hwsolve.proofs.points import Context
from hwsolve.proofs.prover import Prover, Shown, Test
from hwsolve.proofs.reach import ContradictionError
from hwsolve.proofs.search import Counterexample, Outcome, Search
from hwsolve.proofs.situation import Situation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.proofs.identity import Comparison
    from hwsolve.proofs.situation import Claim

# The work for a first look, for proofs, and for a search that goes deeper.
FIRST: Final = 600_000
PROVING: Final = 1_000_000
DEEP: Final = 1_400_000
# At these sizes a claim with symbolic sizes is tried.
SIZES: Final = (1, 2, 3)
MOST_POINTS: Final = 20_000
FIRST_POINTS: Final = 700

IDENTITY: Final = "identity"
EVALUATED: Final = "evaluation"
ENUMERATED: Final = "all cases"

EVERY, SOME = "every size", "some sizes"


class Proof(NamedTuple):
    """Why a comparison holds.

    Attributes:
        method: the kind of proof.
        shown: a proof by intervals, algebra or slopes.
        identity: a proof by the identity modulo a prime.
        prover: what is known about the graph, for the intervals of its quantities.
        situation: the graph that the proof is about.
        sizes: EVERY, or the sizes it was made for where there are symbolic ones.
    """

    method: str
    shown: Shown | None = None
    identity: Comparison | None = None
    prover: Prover | None = None
    situation: Situation | None = None
    sizes: str = ""


class Decision(NamedTuple):
    """What came of a claim.

    Attributes:
        truth: True (proved), False (refuted), or None (neither).
        situation: the graph of the counterexample, or the one to show.
        counterexample: the point where the claim fails.
        proofs: a proof for each comparison, None where there is none.
        tried: at how many points it held.
        without: a point at which something has no value, by name.
        remark: why nothing more is said.
    """

    truth: bool | None
    situation: Situation
    counterexample: Counterexample | None = None
    proofs: tuple[Proof | None, ...] = ()
    tried: int = 0
    without: Mapping[str, object] | None = None
    remark: str = ""


class NothingSatisfiesError(Exception):
    """No values satisfy the conditions; `certain` where that is proved."""

    def __init__(self, *, certain: bool) -> None:
        super().__init__()
        self.certain = certain


def decide(claim: Claim, share: float = 1.0) -> Decision:
    """Whether a claim is true; `share` says how much of the usual work goes into it.

    Raises:
        EquationError: if something cannot be read as a graph.
        NothingSatisfiesError: if no values satisfy the conditions.
    """
    return _Decider(claim, share).decide()


class _Decider:
    def __init__(self, claim: Claim, share: float) -> None:
        self.claim = claim
        self.share = share
        self.proving: Effort | None = None
        self.situations = [Situation(claim, sizes) for sizes in _assignments(claim.sizes())]
        self.provers: dict[tuple[int, bool], Prover] = {}
        constants = _constants(claim)
        self.searches = [
            Search(situation, Effort(FIRST * share), constants) for situation in self.situations
        ]

    @property
    def last(self) -> Situation:
        """The situation that is shown: a size at which sums have more than one term."""
        return self.situations[min(1, len(self.situations) - 1)]

    def decide(self) -> Decision:
        if not self.claim.sizes():
            known = self._by_evaluation() or self._by_all_cases()
            if known is not None:
                return known
        found = self._search(FIRST, FIRST_POINTS)
        if found is not None:
            return found
        try:
            proofs = tuple(self._proof(number) for number in range(len(self.claim.comparisons)))
        except ContradictionError:
            raise NothingSatisfiesError(certain=True) from None
        some = all(proof is not None for proof in proofs)
        sized = [proof for proof in proofs if proof is not None and proof.sizes == SOME]
        if some and not sized:
            self._need_a_point()
            return self._decision(True, proofs)  # noqa: FBT003  (the truth of the claim)
        found = self._equal_everywhere(proofs) or self._search(DEEP)
        if found is not None:
            return found
        self._need_a_point()
        remark = ""
        if some:
            shown = ", ".join(str(next(iter(s.sizes.values()), "")) for s in self.situations)
            remark = f"proved for sizes up to {max(SIZES)} only" if shown else ""
        return self._decision(None, proofs)._replace(remark=remark)

    def _decision(self, truth: bool | None, proofs: tuple[Proof | None, ...]) -> Decision:  # noqa: FBT001  (the truth of the claim)
        return Decision(
            truth,
            self.last,
            proofs=proofs,
            tried=sum(search.tried for search in self.searches),
            without=self._without(),
        )

    def _without(self) -> Mapping[str, object] | None:
        for search in self.searches:
            if search.without is not None:
                return search.situation.named(search.without)
        return None

    def _equal_everywhere(self, proofs: tuple[Proof | None, ...]) -> Decision | None:
        """A strict comparison of two sides that are equal fails at every point."""
        for number, proof in enumerate(proofs):
            if proof is not None or self.claim.comparisons[number].op not in {"lt", "gt", "ne"}:
                continue
            for place, search in enumerate(self.searches):
                situation, point = self.situations[place], search.inside
                if point is None:
                    continue
                _, left, right = situation.tests[number]
                test, prover = Test("eq", left, right), self._prover(place, any_size=False)
                if same_domain(prover, test) and (
                    prover.prove(test) is not None or self._identity(situation, number)
                ):
                    found = Counterexample(point, number, equal=True)
                    return Decision(False, situation, found, tried=search.tried)  # noqa: FBT003  (the truth of the claim)
        return None

    def _need_a_point(self) -> None:
        """Refuse a claim whose conditions were met by no point, also after a longer search."""
        if all(search.inside is None for search in self.searches):
            self._search(DEEP)
        if all(search.inside is None for search in self.searches):
            raise NothingSatisfiesError(certain=False)

    # -- without proofs -----------------------------------------------------------------

    def _by_evaluation(self) -> Decision | None:
        """Where nothing is free there is one point, and it decides."""
        (situation,) = self.situations
        if situation.slots:
            return None
        search = self.searches[0]
        found = search.test((), certain=True)
        if search.outside:
            raise NothingSatisfiesError(certain=True)
        if found is not None:
            return Decision(False, situation, found)  # noqa: FBT003  (the truth of the claim)
        from hwsolve.proofs.search import certain_truth

        values = situation.values((), certain=True)
        truths = [certain_truth(test, values) for test in situation.tests]
        if all(truth is True for truth in truths):
            proofs = tuple(Proof(EVALUATED, situation=situation) for _ in truths)
            return self._decision(True, proofs)  # noqa: FBT003  (the truth of the claim)
        return None

    def _by_all_cases(self) -> Decision | None:
        (situation,) = self.situations
        outcome: Outcome | None = self.searches[0].everything(MOST_POINTS)
        if outcome is None:
            return None
        if outcome.found is not None:
            return Decision(False, situation, outcome.found, tried=outcome.tried)  # noqa: FBT003  (the truth of the claim)
        if not outcome.complete:
            return None
        if not outcome.tried and outcome.outside:
            raise NothingSatisfiesError(certain=True)
        if outcome.without is not None or not self._all_certain():
            return None
        proofs = tuple(Proof(ENUMERATED, situation=situation) for _ in situation.tests)
        return self._decision(True, proofs)  # noqa: FBT003  (the truth of the claim)

    def _all_certain(self) -> bool:
        """Whether intervals confirm the claim at each of finitely many points."""
        from hwsolve.proofs.search import certain_truth

        (situation,) = self.situations
        for point in self.searches[0].seen:
            values = situation.values(point, certain=True)
            conditions = [certain_truth(test, values) for test in situation.conditions]
            if False in conditions:
                continue
            if not all(certain_truth(test, values) for test in situation.tests):
                return False
            if self.searches[0].effort.over:
                return False
        return True

    def _search(self, steps: float, count: int = 0) -> Decision | None:
        """A counterexample in one of the situations; with a `count`, among simple points."""
        for search in self.searches:
            search.effort = Effort(steps * self.share / len(self.searches))
            if count:
                found = search.simple(count)
            else:
                found = search.simple() or search.random() or search.climb()
            if found is not None:
                tried = sum(each.tried for each in self.searches)
                return Decision(False, search.situation, found, tried=tried)  # noqa: FBT003  (the truth of the claim)
        return None

    # -- proofs ---------------------------------------------------------------------------

    def _prover(self, place: int, *, any_size: bool) -> Prover:
        key = (place, any_size)
        self.proving = self.proving or Effort(PROVING * self.share)
        if key not in self.provers:
            situation = self.situations[place]
            self.provers[key] = Prover(
                situation.graph,
                situation.leaves(),
                situation.conditions,
                any_size=any_size,
                effort=self.proving,
                whole=situation.whole(),
            )
        return self.provers[key]

    def _proof(self, number: int) -> Proof | None:
        """A proof of one comparison, for every size where sizes are symbolic."""
        if not self.claim.sizes():
            return self._proof_at(0, number)
        general = self._for_every_size(number)
        if general is not None:
            return general
        each = [self._proof_at(place, number) for place in range(len(self.situations))]
        if all(proof is not None for proof in each) and each[-1] is not None:
            return each[-1]._replace(sizes=SOME)
        return None

    def _proof_at(self, place: int, number: int, *, any_size: bool = False) -> Proof | None:
        situation = self.situations[place]
        prover = self._prover(place, any_size=any_size)
        test = situation.tests[number]
        if test.op == "eq" and not same_domain(prover, test):
            return None
        shown = prover.prove(test)
        if shown is not None:
            return Proof(shown.method, shown=shown, prover=prover, situation=situation)
        if test.op != "eq" or any_size:
            return None
        identity = self._identity(situation, number)
        if identity is None:
            return None
        return Proof(IDENTITY, identity=identity, prover=prover, situation=situation)

    def _identity(self, situation: Situation, number: int) -> Comparison | None:
        """The proof of an equality modulo a prime; not where something jumps."""
        from hwsolve.proofs.identity import proved_equal

        test = situation.tests[number]
        graph = situation.graph
        rows = (graph.rows[node] for node in graph.ancestors([test.left, test.right]))
        if any(row is not None and row.name in JUMPS for row in rows):
            return None
        left, right = self.claim.comparisons[number].args
        shapes = {
            name: tuple(situation.sizes[axis] if isinstance(axis, str) else axis for axis in shape)
            for name, shape in self.claim.shapes.items()
        }
        equal = tuple(c for c in self.claim.conditions if c.op == "eq")
        for assumptions in dict.fromkeys((equal, ())):
            context = Context(
                equations=situation.equations,
                assumptions=assumptions,
                sizes=situation.sizes,
                shapes=shapes,
                first_index=self.claim.first_index,
                conventions=self.claim.conventions,
                log_base=self.claim.log_base,
            )
            try:
                found = proved_equal(left, right, context)
            except EquationError:
                continue
            if found is not None and found.equal:
                return found
        return None

    def _for_every_size(self, number: int) -> Proof | None:
        """A proof for all sizes: by one graph that stands for all, or by words of matrices."""
        if len(self.situations) > 2 and self._alike():  # noqa: PLR2004  (sizes 1, 2 and 3)
            first = self._proof_at(0, number)
            general = self._proof_at(1, number, any_size=True)
            if first is not None and general is not None:
                return general._replace(sizes=EVERY)
        return self._by_words(number)

    def _alike(self) -> bool:
        """Whether the graphs of all sizes above 1 have the same operations."""
        one, *others = self.situations[1:]
        form = _form(one)
        return all(_form(other) == form for other in others)

    def _by_words(self, number: int) -> Proof | None:
        """An equality of matrices as words of letters, or of sums over a symbolic range."""
        from hwsolve.expr.tree import Sym
        from hwsolve.proofs.identity import Comparison
        from hwsolve.proofs.matrices import equal_for_every_shape
        from hwsolve.proofs.ranges import Case, Indices
        from hwsolve.proofs.sums import Assumption, Setting, proved_for_every_size

        claim = self.claim
        comparison = claim.comparisons[number]
        if comparison.op != "eq" or any(test.op != "eq" for test in claim.conditions):
            return None
        if not same_domain(
            self._prover(len(self.situations) - 1, any_size=False), self._last(number)
        ):
            return None
        left, right = comparison.args
        shapes = {
            name: tuple(Sym(axis) if isinstance(axis, str) else Num(axis) for axis in shape)
            for name, shape in claim.shapes.items()
        }
        assumed = tuple(map(Assumption, claim.conditions))
        try:
            indices = Indices(claim.equations, (left, right, *claim.conditions))
            setting = Setting(claim.equations, assumed, indices, shapes)
            if not shapes:
                found = proved_for_every_size(left, right, setting, Case())
            else:
                chance = equal_for_every_shape(left, right, setting)
                found = None
                if chance is not None:
                    found = Comparison(True, True, "words of matrices", 1, chance)  # noqa: FBT003  (equal and proved)
        except EquationError:
            return None
        if found is None or not found.equal:
            return None
        return Proof(IDENTITY, identity=found, situation=self.last, sizes=EVERY)

    def _last(self, number: int) -> Test:
        return self.situations[-1].tests[number]


def _assignments(names: Sequence[str]) -> list[dict[str, int]]:
    """Values for symbolic sizes, the smallest first."""
    if not names:
        return [{}]
    if len(names) == 1:
        return [{names[0]: size} for size in SIZES]
    found = [dict.fromkeys(names, 1), dict.fromkeys(names, 2)]
    found.append({name: 2 + place % 2 for place, name in enumerate(names)})
    if len(names) <= 3:  # noqa: PLR2004  (no more than four of them)
        mixed = list(product((1, 2), repeat=len(names)))[1:3]
        found += [dict(zip(names, sizes, strict=True)) for sizes in mixed]
    return found


def _form(situation: Situation) -> list[object]:
    """The operations of a graph without the shapes of its arrays."""
    graph = situation.graph
    return [
        (
            row.name if row is not None else "",
            graph.args[node],
            [pair for pair in graph.attributes[node] if pair[0] != "shape"],
            len(graph.shapes[node]),
            None if row is not None or graph.active[node] else _constant(graph.values[node]),
        )
        for node, row in enumerate(graph.rows)
    ]


def _constant(value: object) -> object:
    return str(value) if not isinstance(value, list) else "array"


def _constants(claim: Claim) -> list[Fraction]:
    """The numbers that stand in a claim, its conditions and equations."""
    trees = (
        *claim.comparisons,
        *claim.conditions,
        *(equation.body for equation in claim.equations),
    )
    found: dict[Fraction, None] = {}
    for tree in trees:
        for node in walk(tree):
            if isinstance(node, Num) and isinstance(node.value, (int, float, Fraction)):
                found[
                    Fraction(repr(node.value) if isinstance(node.value, float) else node.value)
                ] = None
            if isinstance(node, Apply) and node.op == "div":
                top, bottom = node.args
                if isinstance(top, Num) and isinstance(bottom, Num) and bottom.value:
                    found[Fraction(str(top.value)) / Fraction(str(bottom.value))] = None
    return [value for value in found if abs(value) < 10**9][:12]


__all__ = ["EVERY", "SOME", "Decision", "NothingSatisfiesError", "Proof", "decide"]
