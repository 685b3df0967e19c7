"""`kind: cnn`: sizes, parameters, operations and receptive fields of a network of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import EquationError, InputError, InputErrors, did_you_mean
from hwsolve.expr.tree import Apply, Expr, Sym
from hwsolve.nets.counting import DEFAULT_FLOPS, FlopRule, read_flop_rule, reweighted
from hwsolve.nets.exact import exact
from hwsolve.nets.layer_text import read_layer, read_layer_options
from hwsolve.nets.letters import InLetters
from hwsolve.nets.memory import Memory, asked_memory
from hwsolve.nets.network import Group, Layer, Network, build_network
from hwsolve.nets.options import OPTIONS, SKIPPED
from hwsolve.nets.receptive_field import field_of
from hwsolve.nets.sizes import read_input, read_whole, size_text
from hwsolve.solution import Answer, Solution
from hwsolve.solvers.cnn_certificates import certify
from hwsolve.solvers.cnn_names import FIELD, JUMP, SCALES, Names, written_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.errors import Place
    from hwsolve.nets.exact import Exact
    from hwsolve.nets.layer import OptionValue, Spec
    from hwsolve.nets.sizes import Size
    from hwsolve.problem.model import Cnn, LayerEntry, Problem, Written

# Asked for in one word, answered layer by layer.
_EVERY_LAYER = {"sizes": "size", "shapes": "size"}
# Asked for in one word, answered under every convention.
LEDGER = "ledger"
OPERATION_WEIGHTS = ("multiplication", "addition", "comparison", "division", "exponential")


class Ask(NamedTuple):
    """Something that was asked for, under the name that it was asked by."""

    text: str
    expr: Expr


class Unmeasured(NamedTuple):
    """A network as it was written: the size of its input, and its layers."""

    size: Size
    specs: tuple[Spec, ...]
    groups: Mapping[str, Group] = {}
    train_only: frozenset[int] = frozenset()


class Solved(NamedTuple):
    """A network, what was asked of it, and the answers: what the working is written from."""

    problem: Problem
    network: Network
    names: Names
    flops: FlopRule
    asks: tuple[Ask, ...]
    answers: tuple[Answer, ...]


def solve_cnn(problem: Problem, document: bool = True) -> Solution:  # noqa: FBT001, FBT002  (every solver has this switch)
    """The solution of a `kind: cnn` problem.

    With `document` False only the answers and their certificates are worked out.

    Raises:
        InputError, InputErrors: for layers that cannot be read or do not fit, and for
            names that mean nothing, each at its place.
        CertificateError: two ways of counting disagree.
    """
    body: Cnn = problem.body  # type: ignore[assignment]  # the reader gives each kind its body
    if body.wanted:
        from hwsolve.solvers.inverse import solve_wanted

        return solve_wanted(problem)
    if any(asked.text.strip() == LEDGER for asked in problem.find):
        from hwsolve.solvers.ledger import with_ledger

        return with_ledger(problem, solve_cnn, document=document)
    written = read_network(problem)
    if in_letters(written):
        from hwsolve.solvers.cnn_symbols import solve_in_letters

        return solve_in_letters(problem, written, solve_network, solution_of, document=document)
    if problem.expressions:
        raise InputError(
            "the layers hold no letters", problem.expressions[0].place(),
            "ask under 'find', or write letters: input: C x n x n",
        )  # fmt: skip
    return solution_of(solve_network(problem, written), document)


def solution_of(solved: Solved, document: bool) -> Solution:  # noqa: FBT001  (as solve_cnn)
    """The solution of a network in numbers.

    Raises:
        CertificateError: two ways of counting disagree.
    """
    problem = solved.problem
    certificates = certify(solved.network, solved.names, thorough=document)
    if not document:
        return Solution(
            problem.title, problem.kind, answers=solved.answers, certificates=certificates
        )
    from hwsolve.solvers.cnn_working import written_solution

    return written_solution(solved, certificates)


def read_network(problem: Problem) -> Unmeasured:
    """The network of a problem as it was written.

    Raises:
        InputError, InputErrors: for whatever cannot be read.
    """
    body: Cnn = problem.body  # type: ignore[assignment]  # the reader gives each kind its body
    size = _input_size(body.input, problem.conventions)
    from hwsolve.solvers.cnn_blocks import has_blocks, write_out

    if not has_blocks(body.layers, body.blocks):
        return Unmeasured(size, _specs(body.layers))
    return Unmeasured(size, *write_out(body.layers, body.blocks))


def in_letters(written: Unmeasured) -> bool:
    """Whether a size of a network is a letter."""
    if any(isinstance(side, InLetters) for side in written.size):
        return True
    values = (value for spec in written.specs for value in spec.options.values())
    return any(
        isinstance(part, InLetters)
        for value in values
        for part in (value if isinstance(value, tuple) else (value,))
    )


def solve_network(problem: Problem, written: Unmeasured) -> Solved:
    """The network of a problem, and the answers to what it asks.

    Raises:
        InputError, InputErrors: for whatever does not fit or means nothing.
    """
    body: Cnn = problem.body  # type: ignore[assignment]  # see read_network
    order = _order(problem.conventions)
    defaults = _defaults(problem.conventions)
    network = build_network(written.size, written.specs, defaults, order)
    network.groups, network.train_only = written.groups, written.train_only
    flops = _flop_rule(problem.conventions)
    paths = _paths(body.paths, network)
    names = Names(network, paths, flops, _given_numbers(problem), order, _batch(problem))
    names.memory = _memory(problem)
    asks = _asks(problem, names)
    errors: list[InputError] = []
    answers: list[Answer] = []
    for number, ask in enumerate(asks):
        try:
            value = names.value(ask.expr)
        except EquationError as error:
            where = problem.find[number] if len(asks) == len(problem.find) else None
            errors.append(_placed(error, where, problem))
            continue
        unit = _unit(ask.expr, names)
        if unit and not isinstance(value, int):
            decimal = as_decimal(value)
            answers.append(Answer(ask.text, value if decimal is None else decimal, unit=unit))
            continue
        note = _note(value) or _field_note(ask.expr, names)
        answers.append(Answer(ask.text, value, note, unit))
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return Solved(problem, network, names, flops, asks, tuple(answers))


def _placed(error: EquationError, written: Written | None, problem: Problem) -> InputError:
    place = written.place(max(error.at, 0)) if written is not None else problem.place
    return InputError(error.message, place, error.hint)


def _note(value: Any) -> str:
    """The decimal beside a fraction; sizes and integers say all themselves."""
    if isinstance(value, int | str | tuple | list):
        return ""
    decimal = as_decimal(value)
    if decimal is None:
        return ""
    shown = f"{decimal:.6g}"
    return shown if exact(float(shown)) == value else f"about {shown}"


def as_decimal(fraction: Any) -> float | None:
    """The float nearest to a fraction, or None where it is too large for one."""
    try:
        return float(fraction)
    except OverflowError:
        return None


def _unit(expr: Expr, names: Names) -> str:
    """The unit that was asked for: of memory, or thousands and millions."""
    if not isinstance(expr, Sym) or expr.name in names.given:
        return ""
    what = names.taken_apart(expr.name).what
    if what.rpartition("_")[2] in SCALES:
        return what.rpartition("_")[2]
    memory = asked_memory(what)
    return "" if memory is None else memory.unit


def _field_note(expr: Expr, names: Names) -> str:
    """What to say of a receptive field that is larger than the input, and of strides."""
    if not isinstance(expr, Sym) or expr.name in names.given:
        return ""
    owner, what = names.taken_apart(expr.name)
    if what == JUMP:
        return "in the input, from one output to the next"
    if what != FIELD or owner in names.paths:
        return ""
    fields = field_of(names.fields()[names.layers_of(owner)[-1].name])
    sides = names.network.input[1:]
    if any(field.size > side for field, side in zip(fields, sides, strict=True)):
        return "with the padding around the input"
    return ""


def _input_size(written: Written, conventions: Mapping[str, Written]) -> Size:
    return read_input(written.text, written.place(), _order(conventions))


def _order(conventions: Mapping[str, Written]) -> str:
    return conventions["size_order"].text if "size_order" in conventions else "CHW"


def _specs(entries: tuple[LayerEntry, ...]) -> tuple[Spec, ...]:
    """The layers as the layer table knows them.

    Raises:
        InputErrors: one line for each layer that cannot be read.
    """
    errors: list[InputError] = []
    specs: list[Spec] = []
    for entry in entries:
        try:
            spec = (
                read_layer_options(entry.options, entry.place)
                if entry.text is None
                else read_layer(entry.text)
            )
        except InputError as error:
            error.place = error.place or entry.place
            errors.append(error)
            continue
        except InputErrors as several:
            errors.extend(several.errors)
            continue
        sources: tuple[tuple[str, Place | None], ...] = tuple(
            [(source.text, source.place()) for source in entry.sources]
        )
        name = entry.name or spec.name
        sources = sources or spec.sources
        specs.append(spec._replace(name=name, place=entry.place, sources=sources))
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return tuple(specs)


def _defaults(conventions: Mapping[str, Written]) -> dict[str, OptionValue]:
    defaults: dict[str, OptionValue] = {}
    if "bias" in conventions:
        defaults["bias"] = conventions["bias"].text.lower() not in {"no", "false", "off", "none"}
    if "rounding" in conventions:
        defaults["rounding"] = conventions["rounding"].text
    if "biases" in conventions:
        defaults["biases"] = 2 if conventions["biases"].text == "two" else 1
    if "padding" in conventions and conventions["padding"].text == SKIPPED:
        defaults[SKIPPED] = True
    return defaults


def _flop_rule(conventions: Mapping[str, Written]) -> FlopRule:
    stated = conventions.get("flops")
    rule = DEFAULT_FLOPS if stated is None else read_flop_rule(stated.text, stated.place())
    weights = {
        f"{name}s": read_whole(
            conventions[name].text, f"FLOPs for a {name}", conventions[name].place(), 0
        )
        for name in OPERATION_WEIGHTS
        if name in conventions
    }
    return reweighted(rule, weights)


def _memory(problem: Problem) -> Memory:
    """How memory is counted in a problem."""
    said = {name: written.text for name, written in problem.conventions.items()}
    body: Cnn = problem.body  # type: ignore[assignment]  # see read_network
    usual = Memory()
    return Memory(
        said.get("dtype", usual.dtype),
        said.get("optimizer", usual.optimizer),
        said.get("activations") == "in place",
        body.batch or 1,
    )


def _paths(
    written: Mapping[str, tuple[Written, ...]], network: Network
) -> dict[str, tuple[Layer, ...]]:
    errors: list[InputError] = []
    paths: dict[str, tuple[Layer, ...]] = {}
    for name, layers in written.items():
        found: list[Layer] = []
        if name in network.by_name and layers:
            errors.append(
                InputError(f"a layer and a path are both called '{name}'", layers[0].place())
            )
        for layer in layers:
            group = network.groups.get(layer.text)
            known = network.by_name.get(layer.text)
            if group is not None:
                found += network.layers[group.first : group.last + 1]
            elif known is None:
                hint = did_you_mean(layer.text, (*network.by_name, *network.groups))
                errors.append(
                    InputError(
                        f"the path {name} names '{layer.text}', which is no layer", layer.place(),
                        hint or f"the layers are {', '.join(network.by_name)}",
                    )
                )  # fmt: skip
            elif known in found:
                errors.append(
                    InputError(f"the path {name} names {layer.text} twice", layer.place())
                )
            else:
                found.append(known)
        paths[name] = tuple(found)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return paths


def _given_numbers(problem: Problem) -> dict[str, Exact]:
    from numbers import Rational

    return (
        {
            name: exact(given.value)
            for name, given in problem.given.items()
            if isinstance(given.value, int | float | Rational)
        }
        if problem.given
        else {}
    )


def _batch(problem: Problem) -> tuple[int, str] | None:
    """The number of examples, and whether a batch has them in rows or in columns."""
    body: Cnn = problem.body  # type: ignore[assignment]  # see solve_network
    if body.batch is None:
        return None
    stated = problem.conventions.get("examples")
    if stated is not None:
        return body.batch, stated.text
    # features have no first axis that everybody agrees on; a batch of maps has
    return body.batch, "columns" if "x" not in body.input.text else "rows"


def _asks(problem: Problem, names: Names) -> tuple[Ask, ...]:
    """What the problem asks for; the sizes and totals of a network that asks for nothing."""
    if not problem.find:
        return tuple([Ask(text, Sym(text)) for text in _usual(names)])
    asks: list[Ask] = []
    for written in problem.find:
        text = written.text.strip()
        if text in _EVERY_LAYER and text not in names.network.by_name:
            asks += [
                Ask(f"{name}.{_EVERY_LAYER[text]}", Sym(f"{name}.{_EVERY_LAYER[text]}"))
                for name in names.network.by_name
            ]
        else:
            asks.append(Ask(written.text, _expression(written)))
    return tuple(asks)


def _usual(names: Names) -> list[str]:
    network = names.network
    asked = [f"{network.output.name}.size", "total.params"]
    if all(layer.counts.known("flops") for layer in network.layers):
        asked += ["total.macs", "total.flops"]
    return asked


def _expression(written: Written) -> Expr:
    text = written.text.strip()
    if text.replace(".", "").replace("_", "").isalnum() and text.isascii() and text[:1].isalpha():
        return Sym(text)  # the usual case needs no parser
    from hwsolve.expr.parser import parse_expression

    try:
        return written_out(parse_expression(written.text))
    except EquationError as error:
        raise InputError(error.message, written.place(max(error.at, 0)), error.hint) from None


def is_calculation(expr: Expr) -> bool:
    """Whether something asked for is worked out from several names."""
    return isinstance(expr, Apply) and expr.op != "stack"


def described(layer: Layer, network: Network) -> str:
    """A layer in words: "convolution, 6 filters 5x5, stride 2"."""
    said = _said(layer, network)
    filters, kernel = said.pop("filters", ""), said.pop("kernel", "")
    title = layer.spec.row.title
    words = [title, f"{filters} {kernel}"] if filters else [f"{title} {kernel}".strip()]
    return ", ".join([*words, *said.values()])


def abbreviated(layer: Layer, network: Network) -> str:
    """A layer in its short form: "conv 6 5x5 s2"."""
    words = [layer.spec.row.name]
    for name, said in _said(layer, network).items():
        value = layer.spec.options[name]
        letter = OPTIONS[name].letter
        if name in layer.spec.row.arguments:
            words.append(str(value) if isinstance(value, int) else said)
        elif letter and not isinstance(value, str | bool):
            words.append(f"{letter}{size_text(value) if isinstance(value, tuple) else value}")
        else:
            words.append(said.removesuffix(" padding"))
    return " ".join(words)


def _said(layer: Layer, network: Network) -> dict[str, str]:
    """The options of a layer that are worth saying, each in words."""
    axes = max(len(network.inputs(layer)[0]) - 1, 1)
    row = layer.spec.row
    order = [*row.arguments, *(name for name in layer.spec.options if name not in row.arguments)]
    said = {
        name: OPTIONS[name].said(layer.spec.options[name], axes)
        for name in order
        if name in OPTIONS and (name, layer.spec.options.get(name)) not in row.settled
        and name in layer.spec.options
    }  # fmt: skip
    return {name: words for name, words in said.items() if words}
