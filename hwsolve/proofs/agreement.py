"""Whether two formulas with free indices and symbolic sizes agree: at small sizes, or at all.

Each comparison is `identity.compare` at concrete sizes and indices; where the sums run
over 1..N a proof for every N is tried first. A gradient is held against central
differences too, which know no rule for a derivative.
"""

from __future__ import annotations

import random
from itertools import product
from math import prod
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError, HwsolveError
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, children, walk
from hwsolve.proofs.identity import compare
from hwsolve.proofs.index_ranges import CONSTANT, Range, affine, ends
from hwsolve.proofs.names import substitute
from hwsolve.proofs.points import Context, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hwsolve.expr.parser import Equation
    from hwsolve.proofs.definitions import Definitions
    from hwsolve.proofs.identity import Comparison

# After so many seconds what was compared until then has to do.
SECONDS: Final = 1.0
# Sizes to try are not larger, and so many choices of sizes are tried.
LARGEST, CHOICES = 6, 3
# Indices are tried in all combinations up to this many, else in so many random ones.
COMBINATIONS: Final = 24
SEED: Final = 5
# Entries of a gradient that are held against differences.
ENTRIES: Final = 12
POINTS: Final = 60
# Up to so many kinks each side of each is tried, in the formula and in the graph.
FEW_KINKS: Final = 3
MANY_SIZES: Final = 6
_KINKS: Final = frozenset({
    "relu", "abs", "sign", "step", "maximum", "minimum", "lt", "le", "gt", "ge",
})  # fmt: skip


class Agreement(NamedTuple):
    """What comparing two formulas came to.

    Attributes:
        equal: True, False, or None where nothing could be compared.
        every_size: equal for all sizes, by a proof.
        complete: everything was compared: all indices, and there are no other sizes.
        exact: each comparison was exact (modulo a prime), not in floats.
        sizes: the sizes that were tried.
        trials: the number of comparisons, each at several points.
        chance: the chance that "equal" is wrong at the sizes that were tried.
        where: sizes, indices and values by name at which the formulas differ.
        left: the first one's value there.
        right: the second one's value there.
    """

    equal: bool | None
    every_size: bool = False
    complete: bool = False
    exact: bool = True
    sizes: tuple[dict[str, int], ...] = ()
    trials: int = 0
    chance: float = 0.0
    where: dict[str, Any] | None = None
    left: Any = None
    right: Any = None


class Question(NamedTuple):
    """What formulas are about: the equations, the assumptions, and what is known of sizes.

    `equations` are the author's, `assumptions` hold for each value of their loops, and
    `shapes` are those of the names that are used as whole arrays.
    """

    definitions: Definitions
    equations: tuple[Equation, ...]
    assumptions: tuple[tuple[Expr, tuple[tuple[str, Range], ...]], ...] = ()
    shapes: Mapping[str, tuple[Expr, ...]] = {}


def agreement(
    left: Expr, right: Expr, question: Question, free: Mapping[str, Range] | None = None
) -> Agreement:
    """Compare two formulas for all values of their symbols, and all or some of their sizes.

    Args:
        left: the first formula; derivatives in it are worked out by the ordinary engine.
        right: the second one.
        question: what they are about.
        free: the ranges of the free indices.

    Raises:
        EquationError: if one of them cannot be read.
    """
    left, right = _with_tests(left), _with_tests(right)
    proof = _for_every_size(left, right, question)
    if proof is not None:
        return Agreement(equal=True, every_size=True, chance=proof.chance)
    deadline = perf_counter() + SECONDS
    tried: list[dict[str, int]] = []
    trials, chance, exact = 0, 0.0, True
    complete = not question.definitions.sizes
    for sizes in _choices(question, free or {}):
        complete = complete and _combinations(free or {}, sizes) <= COMBINATIONS
        for indices in _indices(free or {}, sizes):
            if trials and perf_counter() > deadline:
                complete = False
                break
            found = _compared(left, right, question, sizes, indices)
            if found.equal is None:
                complete = False
                continue
            trials += 1
            chance += found.chance
            exact = exact and found.proved
            if not found.equal:
                where = {**sizes, **indices, **(found.counterexample or {})}
                return Agreement(
                    equal=False,
                    sizes=(sizes,),
                    trials=trials,
                    where=where,
                    left=found.left,
                    right=found.right,
                )
        tried.append(sizes)
    return Agreement(
        equal=True if trials else None,
        complete=complete and exact,
        exact=exact,
        sizes=tuple(tried),
        trials=trials,
        chance=chance,
    )


def _compared(
    left: Expr,
    right: Expr,
    question: Question,
    sizes: Mapping[str, int],
    indices: Mapping[str, int],
) -> Comparison:
    """One comparison; a difference just at a kink, where there is no derivative, is none."""
    found = compare(left, right, _context(question, sizes, indices))
    if found.equal is not False:
        return found
    kinks = list(_kinks(question.definitions))
    if not kinks:
        return found
    beside = question._replace(assumptions=(*question.assumptions, *kinks))
    return compare(left, right, _context(beside, sizes, indices))


def _kinks(definitions: Definitions) -> Iterator[tuple[Expr, tuple[tuple[str, Range], ...]]]:
    """What must not be 0 so that no ReLU, maximum or condition is at its kink."""
    for definition in definitions.by_name.values():
        loops = tuple(zip(definition.variables, definition.ranges, strict=True))
        stack: list[tuple[Expr, tuple[tuple[str, Range], ...]]] = [(definition.body, loops)]
        while stack:
            node, inside = stack.pop()
            if isinstance(node, Over):
                here = (node.variable, Range(node.low, node.high))
                stack.append((node.body, (*inside, here)))
                continue
            if isinstance(node, Apply) and node.op in _KINKS:
                sides = (*node.args, Num(0))[:2]
                yield Apply("ne", sides), inside
            stack.extend((child, inside) for child in children(node))


def _with_tests(expr: Expr) -> Expr:
    """Deltas as the comparisons that they are."""
    match expr:
        case Apply():
            args = tuple(map(_with_tests, expr.args))
            return Apply("eq" if expr.op == "delta" else expr.op, args, expr.attributes, expr.at)
        case Over():
            body = _with_tests(expr.body)
            return Over(expr.op, body, expr.variable, expr.low, expr.high, expr.at)
    return expr


# -- sizes and indices ----------------------------------------------------------------


def _context(question: Question, sizes: Mapping[str, int], indices: Mapping[str, int]) -> Context:
    shapes = {
        name: tuple(_whole(size, sizes) for size in shape)
        for name, shape in question.shapes.items()
    }
    assumptions: list[Expr] = []
    for assumption, loops in question.assumptions:
        spans = [range(_whole(r.low, sizes), _whole(r.high, sizes) + 1) for _, r in loops]
        for at in product(*spans):
            values: dict[str, Expr] = {
                name: Num(number) for (name, _), number in zip(loops, at, strict=True)
            }
            assumptions.append(substitute(assumption, values))
    return Context(
        equations=question.equations,
        assumptions=tuple(assumptions),
        sizes=sizes,
        indices=indices,
        shapes=shapes,
        first_index=question.definitions.first_index,
    )


def _choices(question: Question, free: Mapping[str, Range]) -> Iterator[dict[str, int]]:
    """Small sizes for which no range is empty: small ones first, then different ones."""
    names = sorted(question.definitions.sizes)
    ranges = [*_ranges(question), *free.values()]
    equal = [dict.fromkeys(names, size) for size in range(1, LARGEST + 1)]
    staggered = [
        {name: 2 + (start + place) % 3 for place, name in enumerate(names)} for start in range(3)
    ]
    grown = [
        dict(zip(names, at, strict=True))
        for at in product(range(1, LARGEST + 1), repeat=min(len(names), 3))
        if len(at) == len(names)
    ]
    wanted = [*equal[:2], *staggered, *equal[2:], *grown]
    if names and any(_kinks(question.definitions)):
        wanted = _with_few_kinks(question, names) or wanted
    found: list[dict[str, int]] = []
    for sizes in wanted:
        if sizes not in found and all(_is_filled(range_, sizes) for range_ in ranges):
            found.append(sizes)
            yield sizes
            if len(found) == (CHOICES if names else 1):
                return


def _with_few_kinks(question: Question, names: Sequence[str]) -> list[dict[str, int]]:
    """Sizes with so few ReLUs that every side of every kink can be tried, different ones."""
    loops = [inside for _, inside in _kinks(question.definitions)]
    fitting: list[dict[str, int]] = []
    for at in product((3, 2, 1), repeat=len(names) if len(names) <= MANY_SIZES else 0):
        sizes = dict(zip(names, at, strict=False))
        try:
            spans = [
                [_whole(r.high, sizes) - _whole(r.low, sizes) + 1 for _, r in inside]
                for inside in loops
            ]
        except EquationError:
            return []
        if all(min(span, default=1) > 0 for span in spans) and sum(map(prod, spans)) <= FEW_KINKS:
            fitting.append(sizes)
    chosen: list[dict[str, int]] = []
    large: set[str] = set()
    fitting.sort(key=lambda sizes: -len({*sizes.values()} - {1}) - sum(sizes.values()) / 100)
    for sizes in fitting:
        new = {name for name, size in sizes.items() if size > 1} - large
        if new or not chosen:
            chosen.append(sizes)
            large |= new
    return chosen[:CHOICES]


def _ranges(question: Question) -> Iterator[Range]:
    for axes in question.definitions.axes.values():
        yield from axes
    for equation in question.equations:
        yield from (Range(loop.low, loop.high) for loop in equation.loops)
        for node in walk(equation.body):
            if isinstance(node, Over):
                yield Range(node.low, node.high)


def _is_filled(range_: Range, sizes: Mapping[str, int]) -> bool:
    """Whether a range has a number in it; one whose ends are no sizes counts as such."""
    try:
        return _whole(range_.low, sizes) <= _whole(range_.high, sizes)
    except EquationError:
        return True


def _whole(expr: Expr, sizes: Mapping[str, int]) -> int:
    """The value of an end of a range at concrete sizes."""
    for op, choose in (("max", max), ("min", min)):
        several = ends(expr, op)
        if len(several) > 1:
            return choose(_whole(end, sizes) for end in several)
    value = affine(expr)
    if value is None or not value.keys() <= {CONSTANT, *sizes}:
        raise EquationError("the end of a range is not a whole number", getattr(expr, "at", -1))
    total = sum(part * (1 if name == CONSTANT else sizes[name]) for name, part in value.items())
    return int(total)


def _indices(free: Mapping[str, Range], sizes: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Values of the free indices: all, or the ends and some between them."""
    spans = [range(_whole(r.low, sizes), _whole(r.high, sizes) + 1) for r in free.values()]
    if _combinations(free, sizes) <= COMBINATIONS:
        for at in product(*spans):
            yield dict(zip(free, at, strict=True))
        return
    source = random.Random(SEED)  # noqa: S311  (repeatable, not secret)
    for number in range(COMBINATIONS):
        ends_ = [(span[0], span[-1])[number % 2] for span in spans]
        at = tuple(ends_ if number < 2 else [source.choice(span) for span in spans])  # noqa: PLR2004  (both ends)
        yield dict(zip(free, at, strict=True))


def _combinations(free: Mapping[str, Range], sizes: Mapping[str, int]) -> int:
    return prod(_whole(r.high, sizes) - _whole(r.low, sizes) + 1 for r in free.values())


def _for_every_size(left: Expr, right: Expr, question: Question) -> Comparison | None:
    """The proof that two formulas are equal for every size, or None."""
    if not question.definitions.sizes or question.shapes or question.definitions.first_index != 1:
        return None
    from hwsolve.expr.parser import Loop
    from hwsolve.proofs.ranges import Case, Indices
    from hwsolve.proofs.sums import Assumption, Setting, proved_for_every_size

    assumptions = tuple(
        Assumption(body, tuple(Loop(name, r.low, r.high) for name, r in loops))
        for body, loops in question.assumptions
    )
    trees = [left, right, *(assumption.body for assumption in assumptions)]
    if any(isinstance(node, Over) and _is_cut(node) for tree in trees for node in walk(tree)):
        return None
    try:
        indices = Indices(question.equations, trees)
        if set(indices.sizes) != question.definitions.sizes:
            return None
        setting = Setting(question.equations, assumptions, indices)
        found = proved_for_every_size(left, right, setting, Case())
    except (HwsolveError, ArithmeticError):
        return None
    return found if found is not None and found.equal and found.proved else None


def _is_cut(node: Over) -> bool:
    return len(ends(node.low, "max")) > 1 or len(ends(node.high, "min")) > 1


# -- central differences -----------------------------------------------------------------


class Differences(NamedTuple):
    """A gradient against central differences: how many, and the largest relative gap."""

    trials: int
    worst: float
    sizes: dict[str, int]


def differences(
    deriv: Deriv, value: Expr, question: Question, free: Mapping[str, Range] | None = None
) -> Differences | None:
    """Hold a derivative's formula against central differences at a random point.

    None where no point was found at which everything has a value.

    Raises:
        EquationError: if it disagrees with them.
    """
    if len(deriv.bottoms) != 1:
        return None
    trials, worst = 0, 0.0
    chosen = max(_choices(question, free or {}), key=lambda sizes: sum(sizes.values()))
    for indices in _indices(free or {}, chosen):
        if trials >= ENTRIES:
            break
        found = _at_a_point(deriv, value, _context(question, chosen, indices))
        if found is None:
            return None
        trials += found[0]
        worst = max(worst, found[1])
    return Differences(trials, worst, chosen) if trials else None


def _at_a_point(deriv: Deriv, value: Expr, context: Context) -> tuple[int, float] | None:
    from hwsolve.expr.certify import Certifier, float_system
    from hwsolve.expr.lower import Bundle
    from hwsolve.proofs.small import random_points

    bottom = deriv.bottoms[0]
    statement = Statement((_with_tests(value), deriv, deriv.top, bottom), context)
    graph, system = statement.graph, float_system(statement.graph)
    formula, _, top, node = statement.sides
    targets: list[tuple[int, tuple[int, ...]]]
    whole = statement.lowering.lower(bottom)
    if isinstance(whole, Bundle):
        targets = [(entry, ()) for _, entry in sorted(whole.entries.items())]
    elif _is_entry(graph, node):
        targets = [_entry_of(graph, node)]
    else:
        targets = [(node, at) for at in product(*map(range, graph.shapes[node]))]
    for point in random_points(statement, POINTS, SEED):
        try:
            values = statement.at(system, point)
        except (EquationError, ArithmeticError, ValueError):
            continue
        certifier = Certifier(graph, values, top, system)
        claims = values[formula]
        flat = claims.ravel().tolist() if getattr(claims, "shape", ()) else [float(claims)]
        worst, trials = 0.0, 0
        for (target, at), claim in list(zip(targets, flat, strict=False))[:ENTRIES]:
            finding = certifier.test(target, at, float(claim))
            if finding.agrees is None:
                continue
            if not finding.agrees:
                found = f"the formula gives {float(claim):.10g}"
                raise EquationError(f"{found}, differences give {finding.numeric:.10g}")
            trials += 1
            worst = max(worst, finding.difference)
        if trials:
            return trials, worst
    return None


def _is_entry(graph: Any, node: int) -> bool:
    """Whether a node picks an entry of an array."""
    row = graph.rows[node]
    return row is not None and row.name == "item"


def _entry_of(graph: Any, node: int) -> tuple[int, tuple[int, ...]]:
    """The array and the index from 0 of a node that picks an entry of it."""
    at: Any = dict(graph.attributes[node]).get("at", ())
    return graph.args[node][0], tuple(at)


def free_indices(expr: Expr, definitions: Definitions) -> dict[str, Range]:
    """The ranges of the indices of an asked name: `dR/dv[j]`, `h[i]`, also second derivatives.

    Raises:
        EquationError: for an index whose range is not known.
    """
    found: dict[str, Range] = {}
    for node in walk(expr):
        if not isinstance(node, Index) or not isinstance(node.base, Sym):
            continue
        axes = definitions.axes.get(node.base.name, ())
        for part, axis in zip(node.indices, axes, strict=False):
            if isinstance(part, Sym) and part.name not in definitions.sizes:
                found.setdefault(part.name, axis)
    return found
