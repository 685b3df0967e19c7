"""The tables of the pages in `docs`, from the tables that the program itself reads.

`python tests/language_page.py` writes them anew into the pages; a test compares.
"""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

DOCS: Final = Path(__file__).parents[1] / "docs"
PAGES: Final = tuple(sorted(DOCS.glob("*.md")))
if __name__ == "__main__":
    sys.path.insert(0, str(DOCS.parent))

from hwsolve.expr.array_calls import (  # noqa: E402  (as a script this file has to find the package)
    ARRAY_ALIASES,
    ARRAY_CALLS,
)
from hwsolve.expr.calls import (  # noqa: E402  (as a script this file has to find the package)
    _MAKERS,
    _RESHAPERS,
    _SETTINGS,
    known_functions,
)
from hwsolve.expr.functions import FUNCTION_ALIASES, FUNCTIONS  # noqa: E402
from hwsolve.expr.loss_table import LOSSES  # noqa: E402
from hwsolve.expr.losses import known_losses  # noqa: E402
from hwsolve.expr.operations import ACTIVATION, ALIASES, FUNCTION, OPERATIONS  # noqa: E402
from hwsolve.expr.tensors import TENSORS  # noqa: E402
from hwsolve.nets.counting import QUANTITIES  # noqa: E402
from hwsolve.nets.layers import LAYERS  # noqa: E402
from hwsolve.nets.optimizers import RULES, SCHEDULES, SETTINGS  # noqa: E402
from hwsolve.nets.options import OPTIONS  # noqa: E402
from hwsolve.problem.conventions import CONVENTIONS  # noqa: E402
from hwsolve.problem.fields import COMMON, DENSE_LAYER, KINDS  # noqa: E402
from hwsolve.solvers.optimizer_asked import ANALYSES  # noqa: E402

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
    "step": ("step(x), step(x, h)", "1 if x > 0 else 0, and h at 0; its slope is 0"),
    "sign": ("sign(x)", "1, 0 or -1; its slope is 0"),
    "where": ("where(c, a, b)", "a where c is not 0, else b; also `a if c else b`"),
    "identity": ("linear(x)", "x itself"),
    "matmul": ("A @ B, matmul(A, B)", "the product of matrices, or of a matrix and a vector"),
    "outer": ("outer(u, v)", "the matrix of all products u[i]*v[j]"),
    "transpose": (
        "W.T, Wᵀ, transpose(W), transpose(x, 0, 2, 1)",
        "rows and columns exchanged, all axes backwards, or in the order given",
    ),
    "swap": ("swap(x, -1, -2)", "two axes exchanged"),
    "squeeze": ("squeeze(x), squeeze(x, axis=1)", "without axes of 1"),
    "unsqueeze": ("unsqueeze(x, 1)", "with a new axis of 1 before axis 1"),
    "broadcast_to": ("broadcast_to(x, 2, 3)", "stretched to a shape"),
    "flip": ("flip(x), x[::-1]", "the entries in the opposite order, along all axes or `axis=`"),
    "gather": ("E[ids], gather(E, ids)", "the rows with these numbers, or along `axis=`"),
    "scatter_add": (
        "scatter_add(g, ids, shape=[5, 3])",
        "each row of g added to the row with its number: the gradient of a gather",
    ),
    "repeat": ("repeat(x, 2)", "each entry twice, along `axis=`"),
    "tile": ("tile(x, 2), tile(x, 2, 3)", "the whole array again and again, along its last axes"),
    "roll": ("roll(x, 1)", "the entries moved on, the last ones coming back in front"),
    "pad": (
        "pad(x, 1), pad(x, [[0, 0], [1, 2]])",
        "with zeros (or `value=`) on every side, or before and behind each axis; `mode=reflect`, "
        "`edge` or `circular` repeats entries instead",
    ),
    "argsort": ("argsort(x)", "the positions, from 0, that put a vector in order"),
    "sort": ("sort(x)", "a vector in order, or with `descending=true` from the largest on"),
    "cumsum": ("cumsum(x)", "running sums, of a vector or along `axis=`"),
    "tril": ("tril(A), tril(A, k)", "the entries on and below the (k-th) diagonal, else 0"),
    "triu": ("triu(A), triu(A, k)", "the entries on and above the (k-th) diagonal, else 0"),
    "diag": ("diag(v), diag(A)", "a matrix with v on its diagonal; the diagonal of A"),
    "diagonal": ("diagonal(A)", "the diagonal of A"),
    "trace": ("trace(A)", "the sum of the diagonal"),
    "conv": ("conv(x, k), conv(x, k, b)", "a convolution whose kernel is not turned round"),
    "convolve": ("convolve(x, k)", "a convolution with the kernel turned round"),
    "conv_transpose": ("conv_transpose(x, k)", "each entry lays down the kernel, times itself"),
    "conv_weight": (
        "conv_weight(x, g, size=[3, 3])",
        "the gradient of `conv(x, k)` by k, where g is that by its result",
    ),
    "max_pool": ("max_pool(x, 2)", "the largest entry of each window"),
    "avg_pool": ("avg_pool(x, 2)", "the mean of each window"),
    "global_avg_pool": ("global_avg_pool(x)", "the mean of each channel"),
    "global_max_pool": ("global_max_pool(x)", "the largest entry of each channel"),
    "adaptive_avg_pool": (
        "adaptive_avg_pool(x, (2, 3))",
        "means, so that the result has this size",
    ),
    "adaptive_max_pool": ("adaptive_max_pool(x, (2, 3))", "largest entries, likewise"),
    "max_unpool": ("max_unpool(g, x, size=2)", "g sent back through `max_pool(x, 2)`"),
    "at_max": ("at_max(h, x, size=2)", "the entries of h where those of x are the largest"),
    "avg_unpool": ("avg_unpool(g, size=2, shape=[4, 4])", "g sent back through `avg_pool(x, 2)`"),
    "fold": (
        "fold(y, 2, shape=[3, 3])",
        "columns added up where `unfold` took them from",
    ),
    "unfold": (
        "unfold(x, 2)",
        "what lies under each place of a window, as the columns of a matrix",
    ),
    "sum": ("sum(x)", "the sum of all entries, or along an axis"),
    "prod": ("prod(x)", "the product of all entries, or along an axis"),
    "mean": ("mean(x)", "the mean of all entries, or along an axis"),
    "max": ("max(x)", "the largest entry, or those along an axis; `max_ties` says where slopes go"),
    "min": ("min(x)", "the smallest entry, or those along an axis"),
    "argmax": ("argmax(x)", "the position of the first largest entry, always counted from 0"),
    "argmin": ("argmin(x)", "the position of the first smallest entry, always counted from 0"),
    "first": ("first(x)", "1 at the first of the largest entries, else 0; or along an axis"),
    "softmax": ("softmax(x)", "exp(x)/sum(exp(x)), along the last axis or `axis=`"),
    "log_softmax": ("log_softmax(x)", "log(softmax(x)), worked out without overflow"),
    "one_hot": ("one_hot(k, classes=3)", "a 1 at the class k (or at each of a vector), else 0"),
    "masked_softmax": (
        "masked_softmax(x, mask=m)",
        "the softmax over the entries whose mask is not 0, as if the others were -infinity",
    ),
    "stack": (
        "stack(u, v, ...), [u, v]",
        "numbers to a vector, vectors to the rows of a matrix, or along a new `axis=`",
    ),
    "concat": ("concat(u, v, ...)", "arrays behind each other, along the first axis or `axis=`"),
    "reshape": ("reshape(x, 2, 3)", "the same entries in another shape, row by row"),
    "column": ("column(x)", "a vector as a matrix of one column"),
    "row": ("row(x)", "a vector as a matrix of one row"),
    "flatten": (
        "flatten(x), flatten(X, 1)",
        "all entries as a vector, row by row; those of each example, behind the first axis",
    ),
    "zeros": ("zeros(2, 3)", "an array of 0"),
    "ones": ("ones(4)", "an array of 1"),
    "eye": ("eye(3)", "the identity matrix"),
    "arange": ("arange(4), arange(1, 5)", "0 to 3; 1 to 4: the end is left out"),
    "causal_mask": ("causal_mask(3)", "1 on and below the diagonal, 0 above it"),
    "onehot": ("onehot(k, n)", "n numbers, a 1 at index k and 0 elsewhere"),
}
# Rows that only the program itself uses.
HIDDEN: Final = {"item", "place", "spread", "sum_to"}


def pages() -> dict[Path, str]:
    """Every page with all its tables written anew; a table stands on one page."""
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    for name, rows in TABLES.items():
        pattern = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        places = [page for page, text in texts.items() if pattern.search(text)]
        if len(places) != 1:
            raise ValueError(f"the table '{name}' is on {len(places)} pages")
        table = "\n".join(rows())
        texts[places[0]] = pattern.sub(
            lambda m, table=table: f"{m[1]}\n{table}\n\n{m[2]}",  # type: ignore[misc]  # a default binds the loop's value
            texts[places[0]],
        )
    return texts


def documented() -> set[str]:
    """Every name of a function, activation or loss in the tables."""
    rows = [*_functions(), *_activations(), *_arrays(), *_formulas(), *_layer_functions()]
    rows += _losses()
    return {name.strip() for row in rows for name in re.findall(r"`([^`(]+)", row)}


def _table(*heads: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [heads, tuple("---" for _ in heads), *rows]
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return [f"| {' | '.join(line)} |" for line in escaped]


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _row(name: str) -> tuple[str, str, str]:
    calls, meaning = MEANINGS[name]
    aliases = {**ALIASES, **ARRAY_ALIASES}
    also = [alias for alias, meant in aliases.items() if meant == name]
    shown: list[str] = []
    for piece in calls.split(", "):
        # a comma inside brackets is part of a call
        if shown and re.subn(r"[(\[]", "", shown[-1])[1] > re.subn(r"[)\]]", "", shown[-1])[1]:
            shown[-1] += f", {piece}"
        else:
            shown.append(piece)
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
        [
            *(name for name in TENSORS if name not in {*HIDDEN, *ARRAY_CALLS}),
            "prod",
            *_RESHAPERS,
            *ARRAY_CALLS,
            *_MAKERS,
        ]
    )
    return _table("function", "meaning", "also", rows=map(_row, names))


def _formulas() -> list[str]:
    return _in_group("formulas")


def _layer_functions() -> list[str]:
    return _in_group("layers")


def _in_group(group: str) -> list[str]:
    rows = []
    for row in FUNCTIONS.values():
        if row.group != group:
            continue
        call = _call(row.parameters, row.defaults)
        also = _code(alias for alias, meant in FUNCTION_ALIASES.items() if meant == row.name)
        rows.append((f"`{row.name}({call})`", f"`{row.plain()[1]}`", row.source, also))
    return _table("function", "formula", "remark", "also", rows=rows)


def _call(parameters: tuple[str, ...], defaults: tuple[str | None, ...]) -> str:
    """The parameters of a call, those that may be left out with their defaults."""
    plain = len(parameters) - len(defaults)
    settings = zip(parameters[plain:], defaults, strict=True)
    return ", ".join([*parameters[:plain], *(f"{key}={value or ''}" for key, value in settings)])


def _losses() -> list[str]:
    rows = []
    for loss in LOSSES:
        body = f"`{loss.body(given=loss.optional)}`"
        lines = [
            f"`{name} = {loss.along(text, None, -1, loss.optional)}`" for name, text in loss.lines
        ]
        if lines:
            body += f" with {' and '.join(lines)}"
        name = loss.name
        if loss.parameters != ("yhat", "y"):
            name += f"({_call(loss.parameters, loss.defaults)})"
        rows.append((f"`{name}`", body, loss.convention, _code(loss.aliases)))
    return _table("loss", "for one example", "convention", "also", rows=rows)


def _settings() -> list[str]:
    by_settings: dict[tuple[str, ...], list[str]] = {}
    for name, settings in _SETTINGS.items():
        if name not in HIDDEN:
            by_settings.setdefault(settings, []).append(name)
    rows = [(_code(names), _code(f"{one}=" for one in each)) for each, names in by_settings.items()]
    for name, row in FUNCTIONS.items():
        own = [*row.parameters[len(row.parameters) - len(row.defaults) :], *row.whole]
        own += [setting for setting, _ in row.settings]
        if own:
            rows.append((f"`{name}`", _code(f"{one}=" for one in dict.fromkeys(own))))
    rows.append(("every loss", "`reduction=`, `axis=`, and the parameters in its row"))
    rows.append(("losses over classes", "`ignore_index=`"))
    rows.append(("`softmax`, `log_softmax`", "`temperature=`"))
    return _table("function", "settings", rows=rows)


def _field(field: Field) -> tuple[str, str, str]:
    meaning = field.meaning + (f": {_code(field.choices)}" if field.choices else "")
    if field.type == "count" and field.most <= 50:
        meaning += f", from {field.least} to {field.most}"
    name = f"`{field.name}`" + (" (required)" if field.required else "")
    return name, meaning, f"`{field.name}: {field.example}`"


def _fields(fields: Iterable[Field]) -> list[str]:
    return _table("key", "meaning", "example", rows=map(_field, fields))


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


def _rules() -> list[str]:
    rows = []
    aliases = {rule.name: rule.aliases for rule in reversed(RULES)}
    for rule in RULES:
        look = [f"`g` taken at `{rule.look}`"] if rule.look else []
        lines = [f"`{name} = {body}`" for name, body in rule.lines]
        form = ", ".join(f"`{name}: {value}`" for name, value in rule.when)
        also = _code(aliases.pop(rule.name, ()))
        rows.append((f"`{rule.name}`", "<br>".join([*look, *lines]), form, also))
    return _table("rule", "a step", "convention", "also", rows=rows)


def _rule_settings() -> list[str]:
    rows = [
        (f"`{name}`", row.meaning, _code(row.names), f"`{row.usual}`" if row.usual else "")
        for name, row in SETTINGS.items()
    ]
    return _table("setting", "what it is", "given as", "if left out", rows=rows)


def _schedules() -> list[str]:
    rows = [
        (
            f"`{row.name}`",
            f"`{row.text}`",
            "; ".join(_code(names) for _, names, _ in row.settings),
            _code(row.aliases),
        )
        for row in SCHEDULES
    ]
    return _table("schedule", "the rate", "settings, given as", "also", rows=rows)


def _analyses() -> list[str]:
    rows = [(f"`{name}`", meaning, _code(also)) for name, (meaning, also) in ANALYSES.items()]
    return _table("asked", "answer", "also", rows=rows)


TABLES: Final[dict[str, Callable[[], list[str]]]] = {
    "functions": _functions,
    "activations": _activations,
    "arrays": _arrays,
    "formulas": _formulas,
    "layer functions": _layer_functions,
    "losses": _losses,
    "settings": _settings,
    "keys": lambda: _fields(COMMON),
    **{f"kind {kind.name}": partial(_fields, kind.fields) for kind in KINDS},
    "dense layers": lambda: _fields(DENSE_LAYER),
    "conventions": _conventions,
    "layers": _layers,
    "layer options": _options,
    "quantities": _quantities,
    "rules": _rules,
    "rule settings": _rule_settings,
    "schedules": _schedules,
    "analyses": _analyses,
}

__all__ = ["PAGES", "documented", "known_functions", "known_losses", "pages"]

if __name__ == "__main__":
    for page, text in pages().items():
        if page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")
