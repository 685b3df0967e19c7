"""Lines with "<=", "<", ">=" and ">": proved, refuted by a point, or only tested.

At concrete sizes a comparison is proved by intervals and algebra (`hwsolve.proofs.prover`).
For every size there are two ways: both sides are equal, or they are sums over the same
range and the comparison holds term by term.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Apply, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.domains import Domain
from hwsolve.proofs.effort import Effort
from hwsolve.proofs.field import UnsupportedError
from hwsolve.proofs.identity import CLOSE, RANDOM_POINTS, SEED, TRIES, Comparison
from hwsolve.proofs.inlining import Inliner
from hwsolve.proofs.intervals import POSITIVE
from hwsolve.proofs.points import COMPARISONS, Context, Statement
from hwsolve.proofs.prover import Prover, Test
from hwsolve.proofs.ranges import Case, size_of, substituted
from hwsolve.proofs.reach import ContradictionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hwsolve.expr.systems import NumberSystem
    from hwsolve.proofs.sums import Setting

OPS: Final = {"<=": "le", "<": "lt", ">=": "ge", ">": "gt"}
TERMS: Final = "intervals and exact algebra, term by term"
# No proof takes nearly as long; this only stops what would never end.
STEPS: Final = 3_000_000


def compare_order(sign: str, left: Expr, right: Expr, context: Context) -> Comparison:
    """Whether a comparison holds for all values of the free variables.

    Raises:
        EquationError: if an equation or a side cannot be read as a graph, or an
            assumption cannot be made to hold.
    """
    statement = Statement((left, right), context)
    if any(statement.graph.shapes[node] for node in statement.sides):
        raise EquationError("only numbers are smaller or larger", hint="name an entry: x[i]")
    found = _at_points(OPS[sign], statement)
    if found.equal is not True:
        return found
    if not _proved(OPS[sign], statement):
        return found
    return found._replace(proved=True)


def _proved(op: str, statement: Statement) -> bool:
    leaves = {
        leaf: POSITIVE if leaf in statement.positive else Domain().hull for leaf in statement.leaves
    }
    conditions = [Test("eq", *pair) for pair in statement.equal]
    for test in statement.tests:
        row, args = statement.graph.rows[test], statement.graph.args[test]
        if row is not None and row.name in COMPARISONS:
            conditions.append(Test(row.name, *args))
    left, right = statement.sides
    try:
        prover = Prover(statement.graph, leaves, conditions, effort=Effort(STEPS))
        return prover.prove(Test(op, left, right)) is not None
    except (ContradictionError, ArithmeticError):
        return False


def _at_points(op: str, statement: Statement) -> Comparison:
    """Fractions first, for a counterexample that can be read; then random floats."""
    from hwsolve.expr.systems import EXACT, FLOATS
    from hwsolve.proofs.small import exact_points, random_points

    scalars: list[tuple[NumberSystem, Iterator[dict[int, Any]]]] = [
        (EXACT, (point for point, _ in exact_points(statement, TRIES))),
        (FLOATS, random_points(statement, RANDOM_POINTS, SEED)),
    ]
    tried = 0
    for scalar, points in scalars:
        system = statement.system(scalar)
        for point in points:
            try:
                values = statement.at(system, point)
            except (EquationError, ArithmeticError, ValueError):
                continue
            if not statement.met(values):
                continue
            tried += 1
            left, right = (values[node] for node in statement.sides)
            if fails(op, left, right):
                where = {
                    statement.name(leaf): values[leaf].tolist()
                    if hasattr(values[leaf], "tolist")
                    else values[leaf]
                    for leaf in statement.leaves
                }
                return Comparison(
                    equal=False, proved=True, method="a counterexample", points=tried,
                    counterexample=where, left=left, right=right,
                )  # fmt: skip
    if not tried:
        return Comparison(
            equal=None, proved=False, method="no point where both sides have a value", points=0
        )
    return Comparison(equal=True, proved=False, method="random points", points=tried)


def fails(op: str, left: Any, right: Any) -> bool:
    """Whether a comparison certainly fails: rounding is not held against it."""
    if op in {"ge", "gt"}:
        op, left, right = {"ge": "le", "gt": "lt"}[op], right, left
    if isinstance(left, float) or isinstance(right, float):
        noise = CLOSE * max(1.0, abs(left), abs(right))
        return bool(left > right + noise)
    return bool(left > right if op == "le" else left >= right)


# -- for every size ------------------------------------------------------------------


def proved_order(sign: str, left: Expr, right: Expr, assumed: Sequence[Expr]) -> bool:
    """Whether a comparison of formulas in entries and sums is proved for any such numbers."""
    try:
        known = [*assumed, *map(_positive, (*_positive_sums(left), *_positive_sums(right)))]
        context = Context(assumptions=tuple(_flat(test) for test in dict.fromkeys(known)))
        return _proved(OPS[sign], Statement((_flat(left), _flat(right)), context))
    except EquationError:
        return False


class _Term(NamedTuple):
    """A comparison of two terms, one for each value of some indices."""

    op: str
    left: Expr
    right: Expr
    indices: Mapping[str, tuple[Expr, Expr]]


def ordered_for_every_size(
    sign: str, left: Expr, right: Expr, setting: Setting, case: Case
) -> bool:
    """Whether a comparison is proved for all sizes, term by term.

    Raises:
        EquationError: if a side cannot be read as a graph.
    """
    if not setting.indices.sizes or setting.shapes or case.equal or case.different:
        return False
    try:
        inliner = Inliner(setting.equations)
        one, other = inliner.tree(left), inliner.tree(right)
        op = OPS[sign]
        if op in {"ge", "gt"}:
            op, one, other = {"ge": "le", "gt": "lt"}[op], other, one
        return _term_by_term(_Term(op, one, other, {}), setting, case)
    except UnsupportedError:
        return False


def _term_by_term(  # noqa: PLR0911  (one case for each form)
    term: _Term, setting: Setting, case: Case
) -> bool:
    """Whether one <= other, which may be sums over the same range."""
    op, left, right, indices = term
    match left, right:
        case Apply(op="neg", args=(a,)), Apply(op="neg", args=(b,)):
            return _term_by_term(_Term(op, b, a, indices), setting, case)
        case Apply(op="neg", args=(a,)), Num(value=0):
            return _term_by_term(_Term(op, Num(0), a, indices), setting, case)
        case Num(value=0), Apply(op="neg", args=(b,)):
            return _term_by_term(_Term(op, b, Num(0), indices), setting, case)
        case Apply(op="div", args=(a, Sym(name=size))), Num(value=0) if (
            size in setting.indices.sizes
        ):
            return _term_by_term(_Term(op, a, right, indices), setting, case)
        case Num(value=0), Apply(op="div", args=(b, Sym(name=size))) if (
            size in setting.indices.sizes
        ):
            return _term_by_term(_Term(op, left, b, indices), setting, case)
        case Over(), Over() if left.op == right.op and left.op in {"sum", "mean"}:
            if (left.low, left.high) != (right.low, right.high):
                return False
            body = substituted(right.body, {right.variable: Sym(left.variable)})
            return _inside(term, left, (left.body, body), setting, case)
        case Over(op="sum" | "mean"), Num(value=0):
            return _inside(term, left, (left.body, right), setting, case)
        case Num(value=0), Over(op="sum" | "mean"):
            return _inside(term, right, (left, right.body), setting, case)
    return _of_numbers(term, setting, case)


def _inside(
    term: _Term, over: Over, sides: tuple[Expr, Expr], setting: Setting, case: Case
) -> bool:
    if size_of((over.low, over.high)) is None:
        return False
    name = over.variable
    while name in term.indices or name in setting.indices.free:
        name += "'"
    one, other = (substituted(side, {over.variable: Sym(name)}) for side in sides)
    indices = {**term.indices, name: (over.low, over.high)}
    return _term_by_term(_Term(term.op, one, other, indices), setting, case)


def _of_numbers(term: _Term, setting: Setting, case: Case) -> bool:
    """The comparison with each entry a number of its own."""
    assumptions = [*_assumed(term, setting), *case.conditions]
    # sums are numbers of their own here
    assumptions = [test for test in assumptions if not any(isinstance(n, Over) for n in walk(test))]
    left, right = term.left, term.right
    known = list(assumptions)
    for side in (left, right):
        known += [_positive(node) for node in _positive_sums(side)]
    flat = tuple(_flat(test) for test in dict.fromkeys(known))

    def holds(op: str, one: Expr, other: Expr) -> bool:
        context = Context(assumptions=flat)
        return _proved(op, Statement((_flat(one), _flat(other)), context))

    return any(holds(term.op, one, other) for one, other in _generalised(left, right, holds))


def _assumed(term: _Term, setting: Setting) -> Iterator[Expr]:
    """The assumptions about numbers, and those about each entry at the indices here."""
    for body, loops in setting.assumptions:
        if not loops:
            yield body
        elif len(loops) == 1:
            (loop,) = loops
            for name, range_ in term.indices.items():
                if (loop.low, loop.high) == range_:
                    yield substituted(body, {loop.variable: Sym(name)})


def _positive(tree: Expr) -> Expr:
    return Apply("gt", (tree, Num(0)))


def _positive_sums(tree: Expr) -> Iterator[Over]:
    """The sums in an expression whose terms are powers of e."""
    for node in walk(tree):
        if isinstance(node, Over) and isinstance(node.body, Apply) and node.body.op == "exp":
            yield node


def _generalised(
    left: Expr, right: Expr, holds: Callable[[str, Expr, Expr], bool]
) -> Iterator[tuple[Expr, Expr]]:
    """The sides; without common positive factors; with any number for a function's argument."""
    yield left, right
    one, other = factors(left), factors(right)
    for factor in list(one):
        if factor in other and holds("lt", Num(0), factor):
            one.remove(factor)
            other.remove(factor)
    left, right = _product(one), _product(other)
    yield left, right
    inside: dict[Expr, Expr] = {
        node.args[0]: Sym(f"argument {place}")
        for place, node in enumerate((*walk(left), *walk(right)))
        if isinstance(node, Apply)
        and node.op in {"log", "exp", "sqrt"}
        and isinstance(node.args[0], Apply)
    }
    if inside:
        yield _put(left, inside), _put(right, inside)


def factors(tree: Expr) -> list[Expr]:
    """The factors of a product; a minus sign is the factor -1."""
    match tree:
        case Apply(op="mul", args=(a, b)):
            return [*factors(a), *factors(b)]
        case Apply(op="neg", args=(a,)):
            return [Num(-1), *factors(a)]
    return [tree]


def _product(parts: Sequence[Expr]) -> Expr:
    total: Expr = Num(1)
    for part in parts:
        total = part if total == Num(1) else total * part
    return total


def _put(tree: Expr, parts: Mapping[Expr, Expr]) -> Expr:
    if tree in parts:
        return parts[tree]
    if isinstance(tree, Apply):
        return Apply(tree.op, tuple(_put(arg, parts) for arg in tree.args), tree.attributes)
    return tree


def _flat(tree: Expr) -> Expr:
    """Entries and sums as names of their own: what holds for any numbers holds for them."""
    from hwsolve.expr.notation import text

    match tree:
        case Index() | Over():
            return Sym(f"the number {text(tree)}")
        case Apply():
            return Apply(tree.op, tuple(map(_flat, tree.args)), tree.attributes)
    return tree
