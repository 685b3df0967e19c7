"""`kind: functions`: ranges, limits, slopes, saturation and symmetry, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.errors import EquationError, InputError, did_you_mean
from hwsolve.expr.parser import Equation, normal_name, parse_equation, parse_expression
from hwsolve.expr.tree import Apply, Expr, Num, Sym
from hwsolve.proofs.behaviour import Behaviour, Found, behaviour, number_text, place_text
from hwsolve.proofs.built_in import names_in, target
from hwsolve.proofs.replacing import with_parts
from hwsolve.solution import Answer, Certificate, Column, Section, Solution, Table, Text
from hwsolve.solvers.graph import given_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsolve.problem.model import Functions, Problem, Written
    from hwsolve.solution import Cell

PROPERTIES: Final = ("range", "limits", "derivative", "slope", "saturation", "symmetry")
# What a table shows in one row under a property is asked for under these names too.
# Slopes nearer than this, relative to their size, are called equal.
SAME: Final = 1e-9
_VALUES: Final = (*PROPERTIES, "slope_at")
_CONSTANTS: Final = frozenset({"pi", "π", "e"})


class Named(NamedTuple):
    """A function: its name, its formula in one variable, and its text."""

    name: str
    formula: Expr
    text: Written


def solve_functions(problem: Problem, document: bool = True) -> Solution:  # noqa: FBT001, FBT002  (the switch of every solver)
    """Compare functions of one variable.

    Raises:
        InputError: with the place of a function that cannot be read, or of an unknown
            property.
    """
    body: Functions = problem.body  # type: ignore[assignment]  # the reader made it one
    equations = _equations(problem, body)
    plain = {target(eq): eq.body for eq in equations if eq.parameters is None}
    functions = _functions(body, plain, equations)
    variable = _variable(functions)
    calls = tuple(eq for eq in equations if eq.parameters is not None)
    asked = [_ask(written, functions) for written in problem.find]
    found = [_behaviour(function, variable, calls) for function in functions]
    by_name = {each.name: each for each in found}
    answers = tuple(
        Answer(written.text, _answer(by_name[name], what))
        for written, (name, what) in zip(problem.find, asked, strict=True)
        if name
    )
    shown = [what for name, what in asked if not name] or list(PROPERTIES)
    if asked and not any(not name for name, _ in asked):
        shown = list(PROPERTIES)
    if not answers:
        answers = tuple(
            Answer(f"{each.name}.{what}", _answer(each, what)) for each in found for what in shown
        )
    solution = Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        answers=answers,
        certificates=tuple(_certificates(found, shown)),
        settings=problem.settings._asdict(),
    )
    if not document or problem.settings.working == "none":
        return solution
    return solution._replace(sections=_sections(found, functions, shown, variable))


# -- reading -----------------------------------------------------------------------------


def _equations(problem: Problem, body: Functions) -> list[Equation]:
    found = [
        Equation(Sym(normal_name(given.name)), Num(given_value(given)), (), None, "")
        for given in problem.given.values()
    ]
    for written in body.equations:
        try:
            found.append(parse_equation(written.text))
        except EquationError as error:
            raise InputError(error.message, written.place(max(error.at, 0)), error.hint) from None
    return found


def _functions(
    body: Functions, plain: dict[str, Expr], equations: Sequence[Equation]
) -> list[Named]:
    found: list[Named] = []
    for written in body.functions:
        name, formula = _function(written, equations)
        for _ in range(len(plain) + 1):
            formula = with_parts(formula, plain)
        if names_in(formula) & plain.keys():
            raise InputError(f"the names in '{name}' are defined in a circle", written.origin)
        if any(name == other.name for other in found):
            raise InputError(
                f"two functions are called '{name}'", written.origin, "write 'name = formula'"
            )
        found.append(Named(name, formula, written))
    return found


def _function(written: Written, equations: Sequence[Equation]) -> tuple[str, Expr]:
    """The name and the formula of a function."""
    try:
        if "=" in written.text:
            equation = parse_equation(written.text)
            return target(equation), equation.body
        formula = _called(parse_expression(written.text), equations)
    except EquationError as error:
        raise InputError(error.message, written.place(max(error.at, 0)), error.hint) from None
    if isinstance(formula, Apply) and formula.op.isidentifier() and len(formula.args) == 1:
        plain = isinstance(formula.args[0], Sym)
        name = formula.op if plain and written.text.lstrip().startswith(formula.op) else ""
        if name:
            return name, formula
    return "".join(written.text.split()), formula


def _called(formula: Expr, equations: Sequence[Equation]) -> Expr:
    """A function's name alone means the function of x: `tanh` is tanh(x)."""
    from hwsolve.expr.calls import known_functions

    if not isinstance(formula, Sym):
        return formula
    own = {target(eq) for eq in equations if eq.parameters is not None}
    defined = {target(eq) for eq in equations if eq.parameters is None}
    known = formula.name in own or formula.name in known_functions()
    return Apply(formula.name, (Sym("x"),)) if known and formula.name not in defined else formula


def _variable(functions: Sequence[Named]) -> str:
    """The one name that all functions depend on."""
    variable = ""
    for function in functions:
        free = sorted(names_in(function.formula) - _CONSTANTS)
        if len(free) != 1:
            what = f"depends on {', '.join(free)}" if free else "depends on nothing"
            raise InputError(
                f"a function here has one variable, but '{function.text.text}' {what}",
                function.text.origin,
                "give the others a value under 'given'" if free else "such as tanh(x)",
            )
        if variable and free[0] != variable:
            raise InputError(
                f"the functions before have the variable '{variable}', this one '{free[0]}'",
                function.text.origin,
                "write all of them in one variable",
            )
        variable = free[0]
    return variable


def _ask(written: Written, functions: Sequence[Named]) -> tuple[str, str]:
    """The function ("" for all) and the property that are asked for."""
    name, _, what = written.text.rpartition(".")
    names = [function.name for function in functions]
    if what not in _VALUES:
        hint = did_you_mean(what, _VALUES) or f"known are {', '.join(_VALUES)}"
        raise InputError(f"a function has no property '{what}'", written.origin, hint)
    if name and name not in names:
        hint = did_you_mean(name, names) or f"the functions are {', '.join(names)}"
        raise InputError(f"there is no function '{name}'", written.origin, hint)
    return name, what


def _behaviour(function: Named, variable: str, equations: Sequence[Equation]) -> Behaviour:
    try:
        return behaviour(function.name, function.formula, variable, equations)
    except EquationError as error:
        place = function.text.place(max(error.at, 0))
        raise InputError(error.message, place, error.hint) from None


# -- writing -----------------------------------------------------------------------------


def _answer(found: Behaviour, what: str) -> Any:  # noqa: PLR0911  (one case after the other)
    match what:
        case "range":
            return found.range
        case "limits":
            return [_limit(found.left), _limit(found.right)]
        case "slope":
            return "not known" if found.slope is None else _plain(found.slope.value)
        case "slope_at":
            return "not known" if found.slope is None else _where(found.slope)
        case "derivative":
            from hwsolve.expr.notation import text

            return text(found.derivative, unicode=False)
        case "saturation":
            return _saturation_value(found)
    return found.symmetry or "none"


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value
    return int(value) if value.denominator == 1 else value


def _limit(found: Found | None) -> Any:
    if found is None:
        return "not found"
    if isinstance(found.value, float) and abs(found.value) == float("inf"):
        return "inf" if found.value > 0 else "-inf"
    return _plain(found.value)


def _where(found: Found) -> Any:
    place = found.where.partition(" = ")[2] if found.where.startswith("at ") else ""
    try:
        return _plain(parse_number(place))
    except ValueError:
        return found.where or "only approached"


def parse_number(text: str) -> Any:
    """A fraction or a decimal.

    Raises:
        ValueError: if the text is neither.
    """
    from fractions import Fraction

    return Fraction(text) if "." not in text else float(text)


def _saturation_value(found: Behaviour) -> Any:
    left, right = found.saturated
    if found.slope is None:
        return "not known"
    if left is None and right is None:
        return "none"
    if left is not None and right is not None and abs(left.value + right.value) < 1e-6:  # noqa: PLR2004  (digits shown)
        return _plain(right.value)
    return _saturation(found)


def _saturation(found: Behaviour) -> str:
    left, right = found.saturated
    if found.slope is None:
        return "not known"
    if left is not None and right is not None and abs(left.value + right.value) < 1e-6:  # noqa: PLR2004  (digits shown)
        return f"for |{found.variable}| > {place_text(right.value)}"
    parts = []
    if left is not None:
        parts.append(f"for {found.variable} < {place_text(left.value)}")
    if right is not None:
        parts.append(f"for {found.variable} > {place_text(right.value)}")
    return " and ".join(parts) or "nowhere"


_TITLES: Final = {
    "range": ("range",),
    "limits": ("limit for x to -inf", "limit for x to inf"),
    "derivative": ("derivative",),
    "slope": ("largest slope",),
    "saturation": ("slope below 1/100 of that",),
    "symmetry": ("symmetry",),
}


def _cells(found: Behaviour, what: str) -> tuple[Cell, ...]:  # noqa: PLR0911  (one case after the other)
    match what:
        case "range":
            return (found.range,)
        case "limits":
            return tuple(
                "not found" if limit is None else number_text(limit)
                for limit in (found.left, found.right)
            )
        case "derivative":
            return (found.derivative,)
        case "slope":
            if found.slope is None:
                return ("not known",)
            if isinstance(found.slope.value, float) and abs(found.slope.value) == float("inf"):
                return ("without bound",)
            return (f"{number_text(found.slope)} {found.slope.where or '(only approached)'}",)
        case "saturation":
            return (_saturation(found),)
    x = found.variable
    words = {"odd": f"odd: f(-{x}) = -f({x})", "even": f"even: f(-{x}) = f({x})"}
    return (words.get(found.symmetry, found.symmetry or "none"),)


def _sections(
    found: Sequence[Behaviour], functions: Sequence[Named], shown: Sequence[str], variable: str
) -> tuple[Section, ...]:
    columns = (Column(""), *(Column(function.name) for function in functions))
    rows: list[tuple[Cell, ...]] = [
        (f"f({variable})", *(function.formula for function in functions))
    ]
    for what in dict.fromkeys("slope" if each == "slope_at" else each for each in shown):
        cells = [_cells(each, what) for each in found]
        for number, title in enumerate(_TITLES[what]):
            rows.append((title.replace(" x ", f" {variable} "), *(each[number] for each in cells)))
    blocks = [Table(columns, tuple(rows))]
    notes = tuple(Text((note,)) for note in _notes(found, shown))
    return (Section("Comparison", (*blocks, *notes), "short"),)


def _notes(found: Sequence[Behaviour], shown: Sequence[str]) -> Iterator[str]:
    """What the numbers mean for learning with these functions."""
    if "slope" in shown and len(found) > 1:
        known = [each for each in found if each.slope is not None]
        sizes = {each.name: abs(each.slope.value) for each in known if each.slope is not None}
        most = max(sizes.values(), default=0)
        steep = [name for name, size in sizes.items() if abs(size - most) <= SAME * most]
        if len(known) == len(found) and 0 < most < float("inf") and len(steep) < len(found):
            verb = "is" if len(steep) == 1 else "are"
            text = number_text(Found(most))
            yield (
                f"{_and(steep)} {verb} the steepest: a gradient is multiplied by up to {text} in "
                "size at each step back."
            )
    centred = [each.name for each in found if each.symmetry == "odd"]
    if "range" in shown and centred and len(centred) < len(found):
        yield f"The values of {_and(centred)} are centred at 0; those of the others are not."
    flat = [each.name for each in found if any(side is not None for side in each.saturated)]
    if "saturation" in shown and flat:
        they, verb = ("it saturates", "passes") if len(flat) == 1 else ("they saturate", "pass")
        yield f"Where {they}, {_and(flat)} {verb} on hardly any gradient."


def _and(names: Sequence[str]) -> str:
    """Names in a sentence: a, b and c."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _certificates(found: Sequence[Behaviour], shown: Sequence[str]) -> Iterator[Certificate]:
    proved: list[str] = []
    tested: list[str] = []
    for each in found:
        checks: list[tuple[str, bool]] = []
        if "range" in shown and each.low is not None and each.high is not None:
            checks.append(("range", each.low.proved and each.high.proved))
        elif "range" in shown and each.values:
            checks.append(("range", False))
        if each.slope is not None and ("slope" in shown or "slope_at" in shown):
            checks.append(("largest slope", each.slope.proved))
        if each.slope is not None and "saturation" in shown and any(each.saturated):
            sides = [side for side in each.saturated if side is not None]
            checks.append(("saturation", all(side.proved for side in sides)))
        if "symmetry" in shown and each.symmetry:
            checks.append(("symmetry", True))
        for what, sure in checks:
            (proved if sure else tested).append(f"{what} of {each.name}")
    method = "intervals over all real numbers and exact algebra"
    for subject in proved:
        yield Certificate(subject, method, proved=True, trials=1)
    for subject in tested:
        yield Certificate(subject, "evaluation at many points", proved=False, trials=len(found))
