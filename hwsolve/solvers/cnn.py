"""`kind: cnn`: sizes, parameters, operations and receptive fields of a network of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import EquationError, InputError, InputErrors, did_you_mean
from hwsolve.expr.tree import Apply, Expr, Sym
from hwsolve.nets.counting import DEFAULT_FLOPS, FlopRule, read_flop_rule, reweighted
from hwsolve.nets.exact import exact
from hwsolve.nets.layer_text import read_layer, read_layer_options
from hwsolve.nets.network import Layer, Network, build_network
from hwsolve.nets.options import OPTIONS, SKIPPED
from hwsolve.nets.receptive_field import field_of
from hwsolve.nets.sizes import CHANNELS_LAST, read_sizes, read_whole, size_text
from hwsolve.solution import Answer, Solution
from hwsolve.solvers.cnn_certificates import certify
from hwsolve.solvers.cnn_names import FIELD, JUMP, Names, written_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.errors import Place
    from hwsolve.nets.exact import Exact
    from hwsolve.nets.layer import OptionValue, Spec
    from hwsolve.nets.sizes import Size
    from hwsolve.problem.model import Cnn, LayerEntry, Problem, Written

MOST_AXES = 3
# Asked for in one word, answered layer by layer.
_EVERY_LAYER = {"sizes": "size", "shapes": "size"}
OPERATION_WEIGHTS = ("multiplication", "addition", "comparison", "division", "exponential")


class Ask(NamedTuple):
    """Something that was asked for, under the name that it was asked by."""

    text: str
    expr: Expr


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
    solved = solve_network(problem)
    certificates = certify(solved.network, solved.names, thorough=document)
    if not document:
        return Solution(
            problem.title, problem.kind, answers=solved.answers, certificates=certificates
        )
    from hwsolve.solvers.cnn_working import written_solution

    return written_solution(solved, certificates)


def solve_network(problem: Problem) -> Solved:
    """The network of a problem, and the answers to what it asks.

    Raises:
        InputError, InputErrors: for whatever cannot be read, does not fit or means nothing.
    """
    body: Cnn = problem.body  # type: ignore[assignment]  # the reader gives each kind its body
    size = _input_size(body.input, problem.conventions)
    order = _order(problem.conventions)
    network = build_network(size, _specs(body.layers), _defaults(problem.conventions), order)
    flops = _flop_rule(problem.conventions)
    paths = _paths(body.paths, network)
    names = Names(network, paths, flops, _given_numbers(problem), order, _batch(problem))
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
        answers.append(Answer(ask.text, value, _note(value) or _field_note(ask.expr, names)))
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
    place = written.place()
    size = read_sizes(written.text, "the input", place)
    if len(size) > MOST_AXES:
        raise InputError(
            f"an input of {len(size)} axes is not known", place,
            "write channels x height x width, channels x length, or a number of features",
        )  # fmt: skip
    if _order(conventions) == CHANNELS_LAST and len(size) > 1:
        size = (size[-1], *size[:-1])
    return size


def _order(conventions: Mapping[str, Written]) -> str:
    return conventions["size_order"].text if "size_order" in conventions else "CHW"


def _specs(entries: tuple[LayerEntry, ...]) -> list[Spec]:
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
    return specs


def _defaults(conventions: Mapping[str, Written]) -> dict[str, OptionValue]:
    defaults: dict[str, OptionValue] = {}
    if "bias" in conventions:
        defaults["bias"] = conventions["bias"].text.lower() not in {"no", "false", "off", "none"}
    if "rounding" in conventions:
        defaults["rounding"] = conventions["rounding"].text
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
            known = network.by_name.get(layer.text)
            if known is None:
                hint = did_you_mean(layer.text, tuple(network.by_name))
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
    asked = [f"{network.layers[-1].name}.size", "total.params"]
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
