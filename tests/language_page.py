"""The tables of `docs/language.md`, from the tables that the program itself reads.

`python tests/language_page.py` writes them anew into the page; a test compares.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "language.md"
if __name__ == "__main__":
    sys.path.insert(0, str(PAGE.parents[1]))

from hwsolve.expr.calls import (  # noqa: E402  (as a script this file has to find the package)
    _MAKERS,
    _RESHAPERS,
    _SETTINGS,
    known_functions,
)
from hwsolve.expr.functions import FUNCTION_ALIASES, FUNCTIONS  # noqa: E402
from hwsolve.expr.losses import LOSSES, known_losses  # noqa: E402
from hwsolve.expr.operations import ACTIVATION, ALIASES, FUNCTION, OPERATIONS  # noqa: E402
from hwsolve.expr.tensors import TENSORS  # noqa: E402
from hwsolve.nets.counting import QUANTITIES  # noqa: E402
from hwsolve.nets.layers import LAYERS  # noqa: E402
from hwsolve.nets.options import OPTIONS  # noqa: E402
from hwsolve.problem.conventions import CONVENTIONS  # noqa: E402
from hwsolve.problem.fields import COMMON, DENSE_LAYER, KINDS  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hwsolve.problem.fields import Field

# What an operation without a formula in its row is called with, and what it gives.
MEANINGS: Final = {
    "exp": ("exp(x)", "e to the power x"),
    "log": ("log(x)", "the natural logarithm; `conventions: {log: 2}` changes the base"),
    "log2": ("log2(x)", "the logarithm to base 2"),
    "log10": ("log10(x)", "the logarithm to base 10"),
    "sqrt": ("sqrt(x), √x", "the square root"),
    "pow": ("pow(x, n)", "x^n"),
    "mul": ("multiply(a, b)", "a*b, entry by entry"),
    "sin": ("sin(x)", "the sine, x in radians"),
    "cos": ("cos(x)", "the cosine, x in radians"),
    "erf": ("erf(x)", "the error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x"),
    "abs": ("abs(x)", "the absolute value; its slope at 0 is 0"),
    "floor": ("floor(x)", "the largest whole number up to x; its slope is 0"),
    "maximum": ("maximum(a, b)", "the larger of two, entry by entry; so is `max(a, b)`"),
    "minimum": ("minimum(a, b)", "the smaller of two, entry by entry; so is `min(a, b)`"),
    "sigmoid": ("sigmoid(x), σ(x)", "1/(1 + exp(-x))"),
    "tanh": ("tanh(x)", "the hyperbolic tangent"),
    "relu": ("relu(x)", "max(0, x); its slope at 0 is 0, or as `relu_at_0` says"),
    "softplus": ("softplus(x)", "log(1 + exp(x))"),
    "step": ("step(x)", "1 if x > 0 else 0; its slope is 0"),
    "sign": ("sign(x)", "1, 0 or -1; its slope is 0"),
    "where": ("where(c, a, b)", "a where c is not 0, else b; also `a if c else b`"),
    "identity": ("linear(x)", "x itself"),
    "matmul": ("A @ B, matmul(A, B)", "the product of matrices, or of a matrix and a vector"),
    "outer": ("outer(u, v)", "the matrix of all products u[i]*v[j]"),
    "transpose": ("W.T, Wᵀ, transpose(W)", "rows and columns exchanged"),
    "sum": ("sum(x)", "the sum of all entries, or along an axis"),
    "prod": ("prod(x)", "the product of all entries"),
    "mean": ("mean(x)", "the mean of all entries, or along an axis"),
    "max": ("max(x)", "the largest entry, or those along an axis; `max_ties` says where slopes go"),
    "min": ("min(x)", "the smallest entry, or those along an axis"),
    "argmax": ("argmax(x)", "the position of the first largest entry, always counted from 0"),
    "argmin": ("argmin(x)", "the position of the first smallest entry, always counted from 0"),
    "first": ("first(x)", "1 at the first of the largest entries, else 0; or along an axis"),
    "softmax": ("softmax(x)", "exp(x)/sum(exp(x)), along the last axis or `axis=`"),
    "log_softmax": ("log_softmax(x)", "log(softmax(x)), worked out without overflow"),
    "stack": ("stack(u, v, ...), [u, v]", "numbers to a vector, vectors to the rows of a matrix"),
    "concat": ("concat(u, v, ...)", "arrays behind each other, along the first axis or `axis=`"),
    "reshape": ("reshape(x, 2, 3)", "the same entries in another shape, row by row"),
    "column": ("column(x)", "a vector as a matrix of one column"),
    "row": ("row(x)", "a vector as a matrix of one row"),
    "flatten": ("flatten(x)", "all entries as a vector, row by row"),
    "zeros": ("zeros(2, 3)", "an array of 0"),
    "ones": ("ones(4)", "an array of 1"),
    "eye": ("eye(3)", "the identity matrix"),
    "onehot": ("onehot(k, n)", "n numbers, a 1 at index k and 0 elsewhere"),
}
# Rows that only the program itself uses.
HIDDEN: Final = {"item", "place", "spread", "sum_to"}


def page() -> str:
    """The page with all its tables written anew."""
    text = PAGE.read_text(encoding="utf-8")
    for name, rows in TABLES.items():
        pattern = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        table = "\n".join(rows())
        text, found = pattern.subn(lambda m, table=table: f"{m[1]}\n{table}\n\n{m[2]}", text)  # type: ignore[misc]  # a default binds the loop's value
        if found != 1:
            raise ValueError(f"{PAGE.name} has the table '{name}' {found} times")
    return text


def documented() -> set[str]:
    """Every name of a function, activation or loss in the tables."""
    rows = [*_functions(), *_activations(), *_arrays(), *_formulas(), *_losses()]
    return {name.strip() for row in rows for name in re.findall(r"`([^`(]+)", row)}


def _table(*heads: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [heads, tuple("---" for _ in heads), *rows]
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return [f"| {' | '.join(line)} |" for line in escaped]


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _row(name: str) -> tuple[str, str, str]:
    calls, meaning = MEANINGS[name]
    also = [alias for alias, meant in ALIASES.items() if meant == name]
    # a comma inside brackets is part of a call
    shown = re.split(r", (?![^(\[]*[)\]])", calls)
    return _code(shown), meaning, _code(alias for alias in also if f"{alias}(" not in calls)


def _of_kind(kind: str) -> list[str]:
    names = [name for name, row in OPERATIONS.items() if row.kind == kind]
    names += ["identity"] if kind == ACTIVATION else []
    return _table("function", "meaning", "also", rows=map(_row, names))


def _functions() -> list[str]:
    return [*_of_kind(FUNCTION), *_table("", rows=map(_row, ("pow", "mul")))[2:]]


def _activations() -> list[str]:
    return _of_kind(ACTIVATION)


def _arrays() -> list[str]:
    names = dict.fromkeys(
        [*(name for name in TENSORS if name not in HIDDEN), "prod", *_RESHAPERS, *_MAKERS]
    )
    return _table("function", "meaning", "also", rows=map(_row, names))


def _formulas() -> list[str]:
    rows = []
    for row in FUNCTIONS.values():
        plain = len(row.parameters) - len(row.defaults)
        settings = zip(row.parameters[plain:], row.defaults, strict=True)
        call = ", ".join([*row.parameters[:plain], *(f"{key}={value}" for key, value in settings)])
        also = _code(alias for alias, meant in FUNCTION_ALIASES.items() if meant == row.name)
        rows.append((f"`{row.name}({call})`", f"`{row.body}`", row.source, also))
    return _table("function", "formula", "remark", "also", rows=rows)


def _losses() -> list[str]:
    rows = []
    for loss in LOSSES:
        body = loss.body()
        rows.append((f"`{loss.name}`", f"`{body}`", loss.convention, _code(loss.aliases)))
    return _table("loss", "for one example", "convention", "also", rows=rows)


def _settings() -> list[str]:
    by_settings: dict[tuple[str, ...], list[str]] = {}
    for name, settings in _SETTINGS.items():
        if name not in HIDDEN:
            by_settings.setdefault(settings, []).append(name)
    rows = [(_code(names), _code(f"{one}=" for one in each)) for each, names in by_settings.items()]
    defaults = [(name, row.parameters[-1]) for name, row in FUNCTIONS.items() if row.defaults]
    rows += [(f"`{name}`", f"`{parameter}=`") for name, parameter in defaults]
    rows.append(("every loss", "`reduction=`, `axis=`"))
    return _table("function", "settings", rows=rows)


def _field(field: Field) -> tuple[str, str, str]:
    meaning = field.meaning + (f": {_code(field.choices)}" if field.choices else "")
    if field.type == "count" and field.most <= 50:
        meaning += f", from {field.least} to {field.most}"
    name = f"`{field.name}`" + (" (required)" if field.required else "")
    return name, meaning, f"`{field.name}: {field.example}`"


def _fields(fields: Iterable[Field]) -> list[str]:
    return _table("key", "meaning", "example", rows=map(_field, fields))


def _kinds() -> list[str]:
    lines: list[str] = []
    for kind in KINDS:
        lines += [f"### `kind: {kind.name}`", "", f"{kind.meaning.capitalize()}.", ""]
        lines += [*_fields(kind.fields), ""]
    return lines[:-1]


def _conventions() -> list[str]:
    rows = []
    for convention in CONVENTIONS:
        values = "<br>".join(
            f"{_code((choice.value, *choice.also))}: {choice.meaning}"
            for choice in convention.choices
        )
        default = f"`{convention.default}`" if convention.default else ""
        rows.append(
            (f"`{convention.name}`", convention.description, values or "a whole number", default)
        )
    return _table("convention", "what it decides", "values", "default", rows=rows)


def _layers() -> list[str]:
    rows = [
        (f"`{row.name}`", _code(row.arguments), _code(row.options), _code(row.aliases))
        for row in LAYERS
    ]
    return _table("layer", "arguments in order", "options by name", "also", rows=rows)


def _options() -> list[str]:
    rows = [
        (
            f"`{option.name}`",
            option.what,
            f"`{option.letter}2`" if option.letter else "",
            _code(option.aliases),
        )
        for option in OPTIONS.values()
    ]
    return _table("option", "meaning", "short", "also", rows=rows)


def _quantities() -> list[str]:
    rows = [(f"`{each.name}`", each.title, _code(each.aliases)) for each in QUANTITIES]
    return _table("quantity", "what is counted", "also", rows=rows)


TABLES: Final[dict[str, Callable[[], list[str]]]] = {
    "functions": _functions,
    "activations": _activations,
    "arrays": _arrays,
    "formulas": _formulas,
    "losses": _losses,
    "settings": _settings,
    "keys": lambda: _fields(COMMON),
    "kinds": _kinds,
    "dense layers": lambda: _fields(DENSE_LAYER),
    "conventions": _conventions,
    "layers": _layers,
    "layer options": _options,
    "quantities": _quantities,
}

__all__ = ["PAGE", "documented", "known_functions", "known_losses", "page"]

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
