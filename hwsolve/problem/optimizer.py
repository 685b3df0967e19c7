"""`kind: optimizer`: its keys, how the values of its own types are read, and its body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hwsolve.problem.model import Given, Optimizer, Written
from hwsolve.problem.names import normal, why_not
from hwsolve.problem.nodes import Map, Node, Scalar, Seq, is_empty, what
from hwsolve.problem.source import clip
from hwsolve.problem.values import formula_expected, number, read_given

if TYPE_CHECKING:
    from hwsolve.problem.bodies import Parsed
    from hwsolve.problem.fields import Field
    from hwsolve.problem.source import Source

# More steps are no table that anybody reads, and no file that is meant.
MOST_STEPS: Final = 2_000
_UNTIL: Final = ("until no change", "until convergence", "until it converges", "until converged")
# What `clip` takes, and other words for it.
CLIPS: Final = {
    "value": "value",
    "norm": "norm",
    "max_norm": "norm",
    "global_norm": "global_norm",
}


def read_gradients(source: Source, field: Field, node: Node) -> dict[str, Given | Written]:
    """A gradient for each step by parameter ("" where it is the only one), or a formula."""
    if not isinstance(node, Map):
        found = _gradient(source, field, "", node)
        return {} if found is None else {"": found}
    gradients: dict[str, Given | Written] = {}
    for text, (key, value) in node.entries.items():
        name = normal(text)
        if name is None:
            source.fail(key, f"'{clip(text)}' is not the name of a parameter", why_not(text))
        elif is_empty(value):
            source.fail(key, f"'{clip(text)}' has no gradients", f"write {clip(text)}: [1, 2]")
        else:
            one = _gradient(source, field, name, value)
            if one is not None:
                gradients[name] = one
    return gradients


def _gradient(source: Source, field: Field, name: str, node: Node) -> Given | Written | None:
    if isinstance(node, Scalar):
        try:
            is_number = number(node.text) is not None
        except Exception:  # noqa: BLE001  (read_given says what is wrong with it)
            is_number = True
        if not is_number:
            return source.written(node)
    if isinstance(node, Map):
        hint = f"for example {field.name}: {field.example}"
        source.fail(node, f"the gradients of '{clip(name)}' are a mapping", hint)
        return None
    return read_given(source, name or field.name, node)


def read_rate(source: Source, field: Field, node: Node) -> Written | None:
    """A learning rate: a number, a formula in t, or a list with one for each step."""
    if isinstance(node, Scalar):
        return source.written(node)
    if isinstance(node, Seq) and node.items:
        items = [item for item in node.items if isinstance(item, Scalar)]
        if len(items) == len(node.items):
            return Written(f"[{', '.join(item.text for item in items)}]", source.place(node))
    hint = f"for example {field.name}: {field.example}"
    source.fail(node, f"'{field.name}' takes a number, a formula in t or a list", hint)
    return None


def read_steps(source: Source, field: Field, node: Node) -> int | str | None:
    """A number of steps or epochs, or "until no change"."""
    text = " ".join(node.text.split()).lower() if isinstance(node, Scalar) else ""
    if text in _UNTIL:
        return "until"
    if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004  (longer than any limit)
        count = int(text)
        if 0 < count <= MOST_STEPS:
            return count
        source.fail(node, f"'{field.name}' is from 1 to {MOST_STEPS}, not {clip(text)}")
        return None
    shown = f"'{clip(text)}'" if isinstance(node, Scalar) else what(node)
    message = f"'{field.name}' takes a whole number or 'until no change', not {shown}"
    source.fail(node, message, f"for example {field.name}: {field.example}")
    return None


def optimizer(parsed: Parsed) -> Optimizer:
    """An update rule, what it is applied to, and for how long."""
    get = parsed.values.get
    _check_clip(parsed)
    _check_data(parsed)
    # the command line changes given values, so what the steps start from is one of them
    parsed.values["given"] = {**(get("given") or {}), **(get("start") or {})}
    return Optimizer(
        get("rule"),
        get("parameters") or (),
        get("start") or {},
        get("gradients") or {},
        get("loss"),
        get("equations") or (),
        get("data") or {},
        get("target"),
        get("batch"),
        get("steps"),
        get("epochs"),
        get("done") or 0,
        get("lr"),
        get("schedule"),
        get("clip") or {},
        get("activation"),
        get("after") or (),
        get("order"),
    )


def _check_clip(parsed: Parsed) -> None:
    clip_by: dict[str, Written] = parsed.values.get("clip") or {}
    for name, limit in list(clip_by.items()):
        if name not in CLIPS:
            hint = "it is norm, value or global_norm"
            parsed.source.fail(limit.origin, f"gradients cannot be clipped by '{clip(name)}'", hint)
            del clip_by[name]
    if len(clip_by) > 1:
        places = [limit.origin for limit in clip_by.values()]
        parsed.source.fail(max(places), "gradients are clipped in one way only", "remove one")


def _check_data(parsed: Parsed) -> None:
    data: dict[str, Given] = parsed.values.get("data") or {}
    sizes: dict[str, int] = {}
    for name, given in data.items():
        value: Any = given.value
        if isinstance(value, list):
            sizes[name] = len(value)
        elif given.formula is not None:
            try:
                formula_expected(given.formula.text)
            except Exception:  # noqa: BLE001, S112  (it was reported where it was read)
                continue
            hint = f"write {name}: [...]"
            parsed.source.fail(given.place, f"the data '{name}' are no list of examples", hint)
        elif value is not None:
            hint = f"write {name}: [{value}]"
            parsed.source.fail(given.place, f"the data '{name}' are one number, not a list", hint)
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        last = list(data.values())[-1]
        message = f"the data hold different numbers of examples: {found}"
        parsed.source.fail(last.place, message, "each list has one entry for each example")
    for name in set(data) & set(parsed.values.get("given") or {}):
        parsed.source.fail(data[name].place, f"'{name}' stands under 'given' too", "remove one")
