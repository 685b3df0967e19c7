"""The working of a counted network: each layer's formulas, totals, and what is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.nets.counting import BY_WORD, FLOPS, formula
from hwsolve.nets.exact import times, with_numbers
from hwsolve.nets.layer import OPERATIONS, ZERO
from hwsolve.nets.sizes import Tokens, size_text
from hwsolve.solution import Section, Solution, Step, Text
from hwsolve.solvers.cnn import as_decimal, described, is_calculation
from hwsolve.solvers.cnn_conventions import conventions_of, notes_of
from hwsolve.solvers.cnn_memory import memory_conventions, memory_section
from hwsolve.solvers.cnn_names import DERIVED, EFFECTIVE_PADDING, FIELD, INFERENCE, JUMP
from hwsolve.solvers.cnn_tables import MANY, Wanted, field_section, path_section, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hwsolve.nets.network import Layer
    from hwsolve.solution import Block, Certificate
    from hwsolve.solvers.cnn import Solved

PARAMETERS = ("weights", "biases", "params", "active_params", "running")
COUNTED = (*OPERATIONS, "macs")
# Totals are written out as sums of layers where that fits into so many characters.
LONGEST_SUM = 66


# Sizes that are no part of an output's size: shown where a formula needs them.
_IF_NEEDED = frozenset(
    {"outputs", "T", "full", "kept", "pairs", "M", "means", "expert", "used", "places", "reads"}
)

LETTERS = {
    "n": "side", "h": "height", "w": "width", "C": "channels read", "F": "filters",
    "g": "groups", "k": "kernel", "p": "padding", "P": "rows of padding", "s": "stride",
    "r": "cells read along an axis", "d": "dilation", "T": "filters with their channels",
    "N": "values", "z": "depth", "m": "side of the output",
}  # fmt: skip


def written_solution(solved: Solved, certificates: tuple[Certificate, ...]) -> Solution:
    """The whole document."""
    problem = solved.problem
    wanted = _wanted(solved)
    layers = list(_layer_sections(solved, wanted))
    sections = [
        *_notes(notes_of(solved, wanted.quantities)),
        *_letters(layers),
        *layers,
        *field_section(solved, wanted),
        summary(solved, wanted),
        *_total_section(solved, wanted),
        *memory_section(solved),
        *path_section(solved, wanted),
        *_calculation_section(solved),
    ]
    shown = solved.names.shown_size(solved.network.input)
    return Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        given=(Step(Sym("input"), (), _with_unit(solved, shown)),),
        conventions=(*conventions_of(solved, wanted.quantities), *memory_conventions(solved)),
        sections=tuple(sections),
        answers=solved.answers,
        certificates=certificates,
        warnings=tuple(_warnings(solved)),
        settings=problem.settings._asdict(),
    )


def _with_unit(solved: Solved, shown: Any) -> Any:
    """The size of the input, in words where it is a sequence."""
    size = solved.network.input
    body: Any = solved.problem.body
    if isinstance(size, Tokens):
        return f"{size_text(shown)} (tokens x features)"
    is_list = len(size) == 1 and not body.input.text.isdigit()
    return f"{size_text(shown)} tokens" if is_list else shown


def _wanted(solved: Solved) -> Wanted:
    names, layers = solved.names, solved.network.layers
    if not solved.problem.find:
        work = [
            name
            for name in COUNTED
            if all(layer.counts.known(name) for layer in layers)
            and any(layer.counts[name] for layer in layers)
        ]
        everything = ("params", *work, *(["flops"] if work else []))
        slides = sum(layer.rule.windows is not None for layer in layers)
        return Wanted(everything, {layer.name: everything for layer in layers}, slides > 1)
    asked: dict[str, dict[str, None]] = {}
    for owner, what in names.used:
        if what in BY_WORD:
            for layer in names.counted_layers(owner, what):
                of_layer = asked.setdefault(layer.name, {})
                of_layer[what] = None
                if what in FLOPS:
                    of_layer |= dict.fromkeys((*_parts_of_flops(solved, [layer]), "flops"))
    order = (*PARAMETERS, "outputs", "units", "connections", *COUNTED, *FLOPS)
    quantities = {what for of_layer in asked.values() for what in of_layer}
    return Wanted(
        tuple([name for name in order if name in quantities]),
        {
            name: tuple([each for each in order if each in of_layer])
            for name, of_layer in asked.items()
        },
        any(what in (FIELD, JUMP, EFFECTIVE_PADDING) for _, what in names.used),
    )


def _parts_of_flops(solved: Solved, layers: Iterable[Layer]) -> list[str]:
    """The operations that FLOPs are made of, as far as these layers have any."""
    return [
        name
        for name, weight in solved.flops.weights.items()
        if weight and any(layer.counts.known(name) and layer.counts[name] for layer in layers)
    ]


def _layer_sections(solved: Solved, wanted: Wanted) -> Iterable[Section]:
    """A section for each different layer; equal layers on equal inputs share one."""
    network, names = solved.network, solved.names
    alike: dict[object, list[Layer]] = {}
    for layer in _explained(solved):
        alike.setdefault((layer.counts, wanted.of_layer.get(layer.name)), []).append(layer)
    for layers in alike.values():
        first = layers[0]
        blocks = _layer_blocks(solved, first, wanted.of_layer.get(first.name, ()))
        if not blocks:
            continue
        called = ", ".join(layer.name for layer in layers)
        sizes = " + ".join(size_text(names.shown_size(size)) for size in network.inputs(first))
        output = size_text(names.shown_size(first.output))
        yield Section(f"{called}: {described(first, network)}, {sizes} -> {output}", tuple(blocks))


def _explained(solved: Solved) -> Iterable[Layer]:
    """The layers that get a section: all, but of a large network those that are asked for."""
    network = solved.network
    if len(network.layers) <= MANY:
        return network.layers
    wanted = {owner for owner, _ in solved.names.used if owner in network.by_name}
    wanted |= {entry.text for entry in solved.problem.settings.entries}
    inside = {
        network.layers[number].name
        for name in wanted
        if (group := network.groups.get(name)) is not None
        for number in range(group.first, group.last + 1)
    }
    return [layer for layer in network.layers if layer.name in wanted | inside]


def _notes(notes: Iterable[str]) -> Iterable[Section]:
    """How things are counted, where that is a definition and no choice."""
    blocks = tuple([Text((note,)) for note in notes])
    if blocks:
        yield Section("Counted here", blocks)


def _letters(sections: Iterable[Section]) -> Iterable[Section]:
    """What the letters of the formulas stand for."""
    used = {
        symbol
        for section in sections
        for block in section.blocks
        if isinstance(block, Step)
        for form in block.forms[:1]
        for symbol in _symbols(form)
    }
    letters = [
        f"{letter} {meaning}"
        for letter, meaning in LETTERS.items()
        if any(symbol == letter or symbol.startswith(f"{letter}_") for symbol in used)
    ]
    if letters:
        yield Section("Letters", (Text((", ".join(letters),)),))


def _layer_blocks(solved: Solved, layer: Layer, quantities: Sequence[str]) -> list[Block]:
    rule = layer.rule
    blocks: list[Block] = []
    counted = [name for name in quantities if name not in (*FLOPS, "outputs") and _has(layer, name)]
    formulas = {name: formula(rule, name) for name in counted}
    needs = {"outputs"} if "outputs" in quantities else set()
    needs |= {name for each in formulas.values() for name in _symbols(each)}
    for line in rule.lines:
        if line.name.partition("_")[0] in _IF_NEEDED and line.name not in needs:
            continue
        value = rule.sizes[line.name]
        blocks.append(_step(line.name, line.formula, rule.sizes, value, line.remark))
    if "outputs" in quantities and "outputs" not in rule.sizes and len(layer.output) > 1:
        sides = times(Num(layer.output[0]), *map(Num, layer.output[1:]))
        blocks.append(Step(Sym("outputs"), (sides,), layer.counts["outputs"]))
    if solved.names.batch is not None and rule.whole and len(layer.output) == 1:
        blocks += _product_of_batch(solved, layer)
    if counted and rule.remarks:
        blocks.append(Text((f"({'; '.join(rule.remarks)})",)))
    for name in counted:
        if name == "macs" and formulas[name] == formulas.get("multiplications"):
            continue
        remark = _addition_remark(layer) if name == "additions" else ""
        blocks.append(
            _step(BY_WORD[name].title, formulas[name], rule.sizes, layer.counts[name], remark)
        )
    for name in quantities:
        if name in ("flops", "flops_without_bias") and layer.counts.known(name):
            blocks += _flops_steps(solved, layer, name)
    return blocks


def _product_of_batch(solved: Solved, layer: Layer) -> Iterable[Block]:
    """The shapes of W X + b for a batch with its examples in columns."""
    count, examples = solved.names.batch or (1, "")
    if examples == "columns" and layer.rule.macs != ZERO:
        inputs, units = layer.rule.sizes["inputs"], layer.output[0]
        yield Text(
            (f"W X + b: ({units}x{inputs}) ({inputs}x{count}) + ({units}x1) = {units}x{count}",)
        )


def _has(layer: Layer, name: str) -> bool:
    return layer.counts.known(name) and layer.counts[name] != 0


def _symbols(expr: Expr) -> set[str]:
    from hwsolve.expr.tree import walk

    return {node.name for node in walk(expr) if isinstance(node, Sym)}


def _step(name: str, expr: Expr, sizes: dict[str, int], value: int, remark: str = "") -> Step:
    if isinstance(expr, Num):
        return Step(Sym(name), (), value, remark)
    numbers = with_numbers(expr, sizes)
    return Step(Sym(name), (expr, numbers) if _symbols(expr) else (numbers,), value, remark)


def _addition_remark(layer: Layer) -> str:
    rule = layer.rule
    alone = rule.operations is not None and rule.operations.get("additions") == rule.macs
    if layer.counts["bias_additions"] and rule.macs != ZERO and alone:
        return "one fewer than there are products, and one for the bias, for each output"
    return ""


def _flops_steps(solved: Solved, layer: Layer, name: str) -> Iterable[Step]:
    """The FLOPs of a layer as the sum of its operations, each with its weight."""
    weights = {
        each: weight
        for each, weight in solved.flops.weights.items()
        if weight and layer.counts[each]
    }
    total = layer.counts.flops(solved.flops)
    if name == "flops_without_bias":
        bias = solved.flops.weights.get("additions", 0) * layer.counts["bias_additions"]
        if bias:
            yield Step(
                Sym(BY_WORD[name].title),
                (Sym("FLOPs") - Sym("additions of biases"), Num(total) - Num(bias)),
                total - bias,
            )
        return
    if not weights:
        return
    symbols = [_weighted(Sym(BY_WORD[each].title), weight) for each, weight in weights.items()]
    numbers = [_weighted(Num(layer.counts[each]), weight) for each, weight in weights.items()]
    yield Step(Sym("FLOPs"), (_sum(symbols), _sum(numbers)), total)


def _weighted(count: Expr, weight: int) -> Expr:
    return count if weight == 1 else Num(weight) * count


def _sum(terms: Sequence[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else Apply("add", tuple(terms))


def _total_section(solved: Solved, wanted: Wanted) -> Iterable[Section]:
    """Totals that were asked for, as sums over the layers."""
    steps: list[Block] = []
    asked = {what for owner, what in solved.names.used if not owner}
    for name in wanted.quantities:
        if name not in asked or name == "outputs":
            continue
        parts = [
            (layer.name, count)
            for layer in solved.names.counted_layers("", name)
            if (count := layer.counts.read(name, solved.flops))
        ]
        if len(parts) > 1 and sum(len(f"{count} + ") for _, count in parts) <= LONGEST_SUM:
            steps.append(
                Step(
                    Sym(f"total {BY_WORD[name].title}"),
                    (_sum([Sym(each) for each, _ in parts]), _sum([Num(n) for _, n in parts])),
                    sum(count for _, count in parts),
                )
            )
    for owner, what in solved.names.used:
        if what in DERIVED:
            steps.append(_derived_step(solved, owner, what))
        elif what == INFERENCE and solved.network.train_only:
            steps.append(_inference_step(solved))
    if steps:
        yield Section("Totals", tuple(steps))


def _derived_step(solved: Solved, owner: str, what: str) -> Step:
    """What is so many times other counts: the FLOPs of training are 3 times those of inference."""
    title, parts = DERIVED[what]
    names = solved.names
    counts = [
        sum(layer.counts.read(part, solved.flops) for layer in names.counted_layers(owner, part))
        for part, _ in parts
    ]
    symbols = [_weighted(Sym(BY_WORD[part].title), times) for part, times in parts]
    numbers = [
        _weighted(Num(count), times) for count, (_, times) in zip(counts, parts, strict=True)
    ]
    value = sum(count * times for count, (_, times) in zip(counts, parts, strict=True))
    name = title if not owner else f"{owner}: {title}"
    return Step(Sym(name), (_sum(symbols), _sum(numbers)), value, _WHY.get(what, ""))


_WHY = {
    "training_macs": "the backward pass takes two products for each of the forward pass",
    "training_flops": "the backward pass takes twice the work of the forward pass",
    "training_flops_6n": "2 FLOPs a weight forward, 4 backward; attention scores not counted",
}


def _inference_step(solved: Solved) -> Step:
    params = [layer.counts["params"] for layer in solved.network.layers]
    unused = sum(params[number] for number in solved.network.train_only)
    return Step(
        Sym("parameters of inference"),
        (Sym("parameters") - Sym("those that only train"), Num(sum(params)) - Num(unused)),
        sum(params) - unused,
    )


def _calculation_section(solved: Solved) -> Iterable[Section]:
    """What was asked for as a calculation, with its numbers."""
    steps: list[Block] = []
    for ask, answer in zip(solved.asks, solved.answers, strict=True):
        if not is_calculation(ask.expr):
            continue
        forms = [solved.names.in_numbers(ask.expr)]
        value: Any = answer.value
        decimal = None if isinstance(value, int) else as_decimal(value)
        if decimal is not None:
            forms.append(Num(value))
            value = decimal
        steps.append(Step(ask.expr, tuple(forms), value))
    if steps:
        yield Section("Compared", tuple(steps))


def _warnings(solved: Solved) -> Iterable[str]:
    network = solved.network
    in_paths = {layer.number for layers in solved.names.paths.values() for layer in layers}
    for layer in network.unread():
        if layer.number not in in_paths:
            place = layer.spec.place
            at = "" if place is None else f"{place}: "
            yield f"{at}nothing reads {layer.name}; it is in the totals all the same"
    size = network.input
    first = network.layers[0]
    if len(size) == 2 and size[0] == size[1] and first.rule.windows is not None:  # noqa: PLR2004  (channels x length)
        shown = size_text(size)
        yield (
            f"{shown} was read as {size[0]} channels of length {size[1]}; a picture with one "
            f"channel is 1x{shown}"
        )
