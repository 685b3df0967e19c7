"""The working of memory: what is stored, in values and in bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.expr.tree import Apply, Expr, Sym
from hwsolve.expr.tree import Num as Number
from hwsolve.nets.exact import exact
from hwsolve.nets.memory import (
    ACTIVATIONS,
    DEPLOYED,
    GRADIENTS,
    INFERENCE,
    KV_CACHE,
    MODEL,
    OPTIMIZER,
    PARAMS,
    PARTS,
    PEAK,
    RUNNING,
    TITLES,
    TRAINING,
    UNITS,
    asked_memory,
    cached,
    kept,
    most_at_a_time,
    stored,
)
from hwsolve.nets.sizes import size_text
from hwsolve.problem.conventions import meaning
from hwsolve.solution import Column, Convention, Num, Section, Step, Table, Text
from hwsolve.solvers.cnn import as_decimal
from hwsolve.solvers.cnn_tables import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hwsolve.nets.memory import Asked
    from hwsolve.solution import Block, Cell
    from hwsolve.solvers.cnn import Solved

_ORDER = (
    PARAMS, RUNNING, MODEL, GRADIENTS, OPTIMIZER, ACTIVATIONS, DEPLOYED, PEAK, TRAINING,
    INFERENCE, KV_CACHE,
)  # fmt: skip
_LETTERS = {
    "N": "trainable parameters", "R": "running values", "A": "activations of one example",
    "K": "keys and values of one example", "V": "values that are needed at a time",
    "B": "examples", "b": "bytes of a value",
}  # fmt: skip


def _asked(solved: Solved) -> dict[str, list[tuple[str, Asked]]]:
    """The memory that was asked for, by owner."""
    found: dict[str, list[tuple[str, Asked]]] = {}
    for owner, what in solved.names.used:
        memory = asked_memory(what)
        if memory is not None:
            found.setdefault(owner, []).append((what, memory))
    return found


def memory_conventions(solved: Solved) -> Iterable[Convention]:
    """The choices on which the memory that was asked for depends."""
    wanted = {memory.what for asked in _asked(solved).values() for _, memory in asked}
    if not wanted:
        return
    memory = solved.names.memory
    yield _convention(solved, "dtype", memory.dtype)
    if wanted & {ACTIVATIONS, PEAK, TRAINING, INFERENCE}:
        yield _convention(solved, "activations", "in place" if memory.in_place else "kept")
    if wanted & {OPTIMIZER, TRAINING} and memory.optimizer:
        yield _convention(solved, "optimizer", memory.optimizer)


def _convention(solved: Solved, name: str, value: str) -> Convention:
    source = "problem" if name in solved.problem.conventions else "default"
    return Convention(name, value, meaning(name, value), source)


def memory_section(solved: Solved) -> Iterable[Section]:
    """Each thing that is stored, as values times bytes, and the activations layer by layer."""
    for owner, asked in _asked(solved).items():
        wanted = {memory.what for _, memory in asked}
        parts = wanted | {part for what in wanted for part in PARTS.get(what, ())}
        steps: list[Step] = [
            _step(solved, owner, what) for what in _ORDER if what in parts
        ]  # fmt: skip
        steps += [
            _converted(solved, owner, memory) for _, memory in asked if memory.unit != "bytes"
        ]
        letters = {
            node for step in steps for form in step.forms[:1] for node in _letters(form)
        } & set(_LETTERS)
        said = ", ".join(f"{letter} {_LETTERS[letter]}" for letter in _LETTERS if letter in letters)
        blocks: list[Block] = [Text((said,))] if said else []
        if ACTIVATIONS in parts and not owner:
            blocks.append(_activations(solved))
        if PEAK in parts:
            at = most_at_a_time(solved.network, solved.names.memory)[1]
            blocks.append(Text((f"Most is needed while {at.name} runs.",)))
        if KV_CACHE in parts:
            steps.insert(0, _keys_and_values(solved, owner))
        title = f"Memory of {owner}" if owner else "Memory"
        yield Section(title, (*blocks, *steps), detail="short")


def _letters(form: Expr) -> set[str]:
    from hwsolve.expr.tree import walk

    return {node.name for node in walk(form) if isinstance(node, Sym)}


def _step(solved: Solved, owner: str, what: str) -> Step:
    names, network = solved.names, solved.network
    memory, layers = names.memory, names.layers_of(owner)
    values = stored(network, layers, what, memory)
    if what == DEPLOYED:
        layers = tuple([layer for layer in layers if layer.number not in network.train_only])
    width = exact(memory.width)
    b, batch = Sym("b"), memory.batch
    params = sum(layer.counts["params"] for layer in layers)
    running = sum(layer.counts["running"] for layer in layers)
    one = values // batch
    forms: dict[str, tuple[Expr, Expr]] = {
        PARAMS: (Sym("N") * b, Number(params) * Number(width)),
        RUNNING: (Sym("R") * b, Number(running) * Number(width)),
        MODEL: ((Sym("N") + Sym("R")) * b, (Number(params) + Number(running)) * Number(width)),
        GRADIENTS: (Sym("N") * b, Number(params) * Number(width)),
        OPTIMIZER: (
            Number(memory.remembered) * Sym("N") * b,
            Number(memory.remembered) * Number(params) * Number(width),
        ),
        ACTIVATIONS: (Sym("B") * Sym("A") * b, Number(batch) * Number(one) * Number(width)),
        KV_CACHE: (Sym("B") * Sym("K") * b, Number(batch) * Number(one) * Number(width)),
        PEAK: (Sym("B") * Sym("V") * b, Number(batch) * Number(one) * Number(width)),
    }  # fmt: skip
    if not running:
        forms[MODEL] = forms[PARAMS]
    forms[DEPLOYED] = forms[MODEL]
    if what in forms:
        return Step(Sym(TITLES[what]), forms[what], values * width, "bytes")
    parts = PARTS[what]
    each = [stored(network, layers, part, memory) * width for part in parts]
    symbols = Apply("add", tuple([Sym(TITLES[part]) for part in parts]))
    numbers = Apply("add", tuple([Number(value) for value in each]))
    return Step(Sym(TITLES[what]), (symbols, numbers), values * width, "bytes")


def _keys_and_values(solved: Solved, owner: str) -> Step:
    """Two vectors for each token in each attention layer."""
    terms = [
        Number(count) * Number(2) * Number(keys) * Number(width)
        for count, keys, width in cached(solved.names.layers_of(owner))
    ]
    product = Sym("layers") * Number(2) * Sym("tokens") * Sym("width of keys")
    value = stored(solved.network, solved.names.layers_of(owner), KV_CACHE, solved.names.memory)
    numbers = Apply("add", tuple(terms)) if len(terms) > 1 else (*terms, Number(0))[0]
    forms = (product, numbers) if len(terms) == 1 else (numbers,)
    return Step(Sym("K"), forms, value // solved.names.memory.batch)


def _converted(solved: Solved, owner: str, asked: Asked) -> Step:
    names = solved.names
    values = stored(solved.network, names.layers_of(owner), asked.what, names.memory)
    size = exact(values * names.memory.width)
    from hwsolve.nets.exact import divide

    value = divide(size, UNITS[asked.unit])
    shown = value if isinstance(value, int) else as_decimal(value)
    forms = (Number(size) / Number(UNITS[asked.unit]),)
    return Step(Sym(f"{TITLES[asked.what]} in {asked.unit}"), forms, shown)


def _activations(solved: Solved) -> Table:
    """The values that one example stores, layer by layer."""
    names = solved.names
    rows: list[tuple[Cell, ...]] = []
    total = 0
    for line in lines_of(solved):
        values = sum(kept(layer, names.memory) for layer in line.layers)
        total += values
        rows.append((line.name, size_text(names.shown_size(line.output)), Num(values)))
    columns = (Column("layer"), Column("output"), Column("values stored", "right"))
    return Table(columns, tuple(rows), ("A", None, Num(total)))
