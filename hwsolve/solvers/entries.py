"""One entry of an array worked out as a scalar: `--entry "dL/dW1[0,2]"`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError, InputError
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Sym
from hwsolve.expr.writing import elementwise
from hwsolve.solution import Block, Section, Step

if TYPE_CHECKING:
    from hwsolve.expr.graph import Graph
    from hwsolve.problem.model import Written
    from hwsolve.solvers.graph import Solved

# An entry rests on other entries; so many of them are worked out too.
STEPS: Final = 24
# A sum of more terms than this is shortened in the middle.
TERMS: Final = 12


class Entry:
    """An array as its entries: what a row's `entry` rule is given and indexes."""

    __slots__ = ("node", "shape", "source")

    def __init__(self, source: Entries, node: int) -> None:
        self.source = source
        self.node = node
        self.shape = source.graph.shapes[node]

    def __getitem__(self, at: tuple[int, ...]) -> Expr:
        return self.source.expression(self.node, at)

    def value(self, at: tuple[int, ...]) -> Any:
        """The number that decides which entries a rule chooses: an index, the largest."""
        return value_at(self.source.solved, self.node, at)


class Entries:
    """Writes entries of nodes as expressions in entries of named arrays."""

    def __init__(self, solved: Solved) -> None:
        self.solved = solved
        self.graph: Graph = solved.graph
        self.first = solved.lowering.first_index
        # the named entries that were used: what they are called, and where they are
        self.used: dict[Expr, tuple[int, tuple[int, ...]]] = {}

    def expression(self, node: int, at: tuple[int, ...], *, inside: bool = False) -> Expr:
        """One entry, by its name, or (`inside`) by what it is made of."""
        graph = self.graph
        label = graph.labels.get(node)
        if label is not None and not inside:
            name = named_entry(label, at, self.first)
            self.used[name] = (node, at)
            return name
        row = graph.rows[node]
        if row is None:
            return Num(self._constant(node, at))
        args = graph.args[node]
        if row.entry is not None:
            made = row.entry(at, [Entry(self, arg) for arg in args], graph.attributes[node])
            return made if isinstance(made, Expr) else _sum_of_products(made)
        if row.name in {"step", "identity"}:
            inner = self.aligned(args[0], at)
            return inner if row.name == "identity" else Apply("step", (inner,))
        if row.shape is None:
            return elementwise(row.name, tuple(self.aligned(arg, at) for arg in args))
        # an operation on a whole row or array has no shorter description of one entry
        return Index(graph.expression(node, inside=inside), _numbers(at, self.first))

    def aligned(self, node: int, at: tuple[int, ...]) -> Expr:
        """The entry of an argument that broadcasting puts at an index of the result."""
        shape = self.graph.shapes[node]
        tail = at[len(at) - len(shape) :]
        own = tuple(0 if size == 1 else part for size, part in zip(shape, tail, strict=True))
        return self.expression(node, own)

    def _constant(self, node: int, at: tuple[int, ...]) -> Any:
        value: Any = self.graph.values[node]
        for part in at:
            value = value[part]
        return value


def _numbers(at: tuple[int, ...], first: int) -> tuple[Expr, ...]:
    return tuple(Num(part + first) for part in at)


def named_entry(label: Expr, at: tuple[int, ...], first: int) -> Expr:
    """`W[0, 2]` or `dL/dW[0, 2]`, in the author's numbering."""
    if not at:
        return label
    numbers = _numbers(at, first)
    if isinstance(label, Deriv):
        below = Index(label.bottoms[-1], numbers)
        return Deriv(label.top, (*label.bottoms[:-1], below))
    return Index(label, numbers)


def _sum_of_products(terms: list[tuple[Expr, ...]]) -> Expr:
    products = []
    for factors in terms:
        product = factors[0]
        for factor in factors[1:]:
            product = Apply("mul", (product, factor))
        products.append(product)
    return products[0] if len(products) == 1 else Apply("add", tuple(products))


def entry_section(solved: Solved, written: Written, place: tuple[int, tuple[int, ...]]) -> Section:
    """The working of one entry, and of the entries that it is made of."""
    entries = Entries(solved)
    todo = [place]
    done: dict[tuple[int, tuple[int, ...]], Step] = {}
    while todo and len(done) < STEPS:
        here = todo.pop(0)
        if here in done or solved.graph.rows[here[0]] is None:
            continue
        entries.used = {}
        formula = entries.expression(*here, inside=True)
        done[here] = _step(solved, entries, here, formula)
        todo.extend(entries.used.values())
    # what an entry is made of stands above it, as it is calculated
    steps: tuple[Block, ...] = tuple(step for _, step in sorted(done.items()))
    steps = (*_under_kernel(solved, place), *steps)
    return Section(f"Entry {written.text}", steps, detail="short")


def _under_kernel(solved: Solved, place: tuple[int, tuple[int, ...]]) -> tuple[Step, ...]:
    """The window and the kernel of an entry of a convolution, as arrays side by side."""
    from hwsolve.expr.window_entries import window_and_kernel

    graph, (node, at) = solved.graph, place
    while (row := graph.rows[node]) is not None and row.name in {"add", "identity"}:
        # a bias is added to it
        node = graph.args[node][0]
    if row is None or row.name != "conv" or (node != place[0] and node in graph.labels):
        return ()
    arrays = [graph.args[node][0], graph.args[node][1]]
    values = [solved.floats[arg] for arg in arrays]
    found = window_and_kernel(at, values, graph.attributes[node], solved.lowering.first_index)
    steps = []
    for arg, what, (parts, value) in zip(arrays, ("window", "kernel"), found, strict=True):
        name = graph.labels.get(arg)
        if name is None or parts is None:
            # padding lies in it, or it is a part of a formula
            name = Sym(what)
        elif parts:
            name = Index(name, parts)
        steps.append(Step(name, (), value, shape=value.shape))
    return tuple(steps)


def _step(
    solved: Solved, entries: Entries, here: tuple[int, tuple[int, ...]], formula: Expr
) -> Step:
    from hwsolve.solvers.working import substituted

    node, at = here
    graph = solved.graph
    label = graph.labels.get(node, Sym("entry"))
    leaves = {name: value_at(solved, *place) for name, place in entries.used.items()}
    forms = [formula]
    numbers = substituted(formula, leaves, budget=3 * TERMS)
    if numbers is not None and numbers != formula:
        forms.append(numbers)
    return Step(named_entry(label, at, entries.first), tuple(forms), value_at(solved, node, at))


def value_at(solved: Solved, node: int, at: tuple[int, ...]) -> Any:
    """The value of a node, or of one entry of it."""
    value = solved.values[node]
    if value is None:
        value = solved.graph.values[node]
    if not at:
        return value
    found = value[at]
    return found.item() if hasattr(found, "item") else found


def located(solved: Solved, written: Written) -> tuple[int, tuple[int, ...]]:
    """The node and the index (from 0) that the name of an entry means.

    Raises:
        InputError: if the name is not that of an entry.
    """
    try:
        return _node_and_index(solved, written.text)
    except EquationError as error:
        raise InputError(error.message, written.place(max(error.at, 0)), error.hint) from None


def _node_and_index(solved: Solved, text: str) -> tuple[int, tuple[int, ...]]:
    tree = parse_expression(text)
    lowering = solved.lowering
    base, indices = _apart(tree)
    array = lowering.node(base)
    shape = solved.graph.shapes[array]
    if not shape:
        raise EquationError(f"'{text}' is not an entry of an array", hint="write dL/dW[0,2]")
    lowering.lower(tree)  # says what is wrong with an index
    at = tuple(lowering.whole(part) - lowering.first_index for part in indices)
    if len(at) != len(shape):
        wanted = f"it takes {len(shape)} {'index' if len(shape) == 1 else 'indices'}"
        raise EquationError(f"'{text}' is not a single entry", hint=wanted)
    return array, at


def _apart(tree: Expr) -> tuple[Expr, tuple[Expr, ...]]:
    """The whole array that an entry belongs to, and the index."""
    if isinstance(tree, Index):
        return tree.base, tree.indices
    if isinstance(tree, Deriv) and isinstance(tree.bottoms[-1], Index):
        last = tree.bottoms[-1]
        return Deriv(tree.top, (*tree.bottoms[:-1], last.base)), last.indices
    return tree, ()
