"""Solutions as JSON: everything in them, in full precision, for other programs to read.

Integers and floats are JSON numbers, other numbers are marked: `{"fraction": "3/5"}`,
`{"decimal": "1.3680"}`, and `{"float": "nan"}` for a float that JSON has no number for.
Arrays are nested lists, formulas are texts that the parser reads.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hwsolve.expr.notation import text
from hwsolve.expr.tree import Expr
from hwsolve.render.numbers import all_digits
from hwsolve.render.page import has_large_array
from hwsolve.solution import Num, Section, Solution, Step, Table, Text

if TYPE_CHECKING:
    from hwsolve.solution import Block

FORMAT, VERSION = "hwsolve-solution", 1
WIDTH = 100
# Formulas with larger arrays written out in them are left out; the symbols stay.
LARGEST_IN_FORMULA = 1000


def to_json(solution: Solution) -> str:
    """The solution as a JSON object, in ASCII, a line for each thing of interest."""
    document = {"format": FORMAT, "version": VERSION, **_solution(solution)}
    return _pretty(document, 0)


def _solution(solution: Solution) -> dict[str, Any]:
    return {
        "title": solution.title,
        "kind": solution.kind,
        "label": solution.label,
        "statement": solution.statement,
        "source": solution.source,
        "given": [_block(step) for step in solution.given],
        "conventions": [convention._asdict() for convention in solution.conventions],
        "sections": [_section(section) for section in solution.sections],
        "answers": [_plain(answer._asdict()) for answer in solution.answers],
        "certificates": [_plain(certificate._asdict()) for certificate in solution.certificates],
        "warnings": list(solution.warnings),
        "settings": _plain(solution.settings),
        "parts": [_solution(part) for part in solution.parts],
    }


def _section(section: Section) -> dict[str, Any]:
    blocks = [_block(block) for block in section.blocks]
    return {"title": section.title, "detail": section.detail, "blocks": blocks}


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Step():
            return {
                "type": "step",
                "name": _plain(block.name) if block.name is None else text(block.name),
                "forms": [
                    _formula(form)
                    for form in block.forms
                    if not has_large_array(form, LARGEST_IN_FORMULA)
                ],
                "value": _plain(block.value),
                "shape": list(block.shape),
                "reason": block.reason,
            }
        case Text():
            return {"type": "text", "parts": _plain(block.parts)}
        case Table():
            return {
                "type": "table",
                "title": block.title,
                "columns": [column._asdict() for column in block.columns],
                "rows": _plain(block.rows),
                "totals": _plain(block.totals),
            }


def _formula(expr: Expr) -> str:
    return text(expr, all_digits, unicode=False)


def _plain(value: Any) -> Any:  # noqa: PLR0911  (a case for each kind of value)
    """A value in what JSON has; a formula or a number of a sentence or table is marked."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            # a zero has no sign
            return float(value) + 0.0 if math.isfinite(value) else {"float": all_digits(value)}
        case Decimal():
            return {"decimal": str(value)}
        case Expr():
            return {"formula": _formula(value)}
        case Num(number, unit):
            return {"number": _plain(number), **({"unit": unit} if unit else {})}
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _ if hasattr(value, "tolist"):
            nested = value.tolist()
            return _plain(nested if not hasattr(nested, "tolist") else float(nested))
        case _ if hasattr(value, "denominator"):
            return {"fraction": f"{value.numerator}/{value.denominator}"}
        case _:
            return str(value)


def _pretty(value: Any, indent: int) -> str:
    """Objects and lists of objects over several lines; numbers and what is short in one."""
    if isinstance(value, dict) and value:
        inner = [f"{json.dumps(key)}: {_pretty(item, indent + 2)}" for key, item in value.items()]
        brackets = "{}"
    elif isinstance(value, list) and any(isinstance(item, (dict, str)) for item in value):
        inner = [_pretty(item, indent + 2) for item in value]
        brackets = "[]"
    else:
        return json.dumps(value, allow_nan=False)
    is_short = sum(map(len, inner)) + 2 * len(inner) + indent < WIDTH
    if is_short and not any(item[0] == "{" or "\n" in item for item in inner):
        return brackets[0] + ", ".join(inner) + brackets[1]
    pad = " " * (indent + 2)
    return f"{brackets[0]}\n{pad}" + f",\n{pad}".join(inner) + f"\n{' ' * indent}{brackets[1]}"
