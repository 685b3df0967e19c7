"""Derivations that the program writes itself, from the statement alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.parser import parse_equation
from hwsolve.expr.tree import Deriv, Expr, Index, Num, Over, Sym
from hwsolve.proofs.derivation import Line
from hwsolve.proofs.lines import parse_case, parse_chain, parse_shape
from hwsolve.proofs.patterns import Names, equation_fits, filled, fits
from hwsolve.proofs.ranges import Case, Indices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.proofs.indexed import Derivative, Gradient
    from hwsolve.proofs.sums import Setting

Goal = tuple[Expr, Expr]


class Known(NamedTuple):
    """A derivation that is known: when it applies, and its lines.

    Attributes:
        equations: the forms of definitions that must be there, in any order.
        left: the form of the left side of what is to be shown.
        lines: text, reason and case of each line.
    """

    equations: tuple[str, ...]
    left: str
    lines: tuple[tuple[str, str, str], ...]


_SOFTMAX: Final = "_P[_j] = exp(_h[_j])/sum(exp(_h[_k]) for _k in 1.._N) for _j in 1.._N"
_S: Final = "sum(exp(_h[_k]) for _k in 1.._N)"
_SAME: Final = (
    f"d_P[_m]/d_h[_i] = (exp(_h[_i])*{_S} - exp(_h[_i])*exp(_h[_i]))/{_S}^2",
    "quotient rule; the numerator and the sum both depend on this score",
    "_m = _i",
)
_OTHER: Final = (
    f"d_P[_m]/d_h[_i] = (0*{_S} - exp(_h[_m])*exp(_h[_i]))/{_S}^2",
    "quotient rule; only the sum depends on this score",
    "_m != _i",
)
_JACOBIAN: Final = (
    _SAME,
    ("= _P[_i]*(1 - _P[_i])", "one factor of the square cancels", "_m = _i"),
    _OTHER,
    ("= -_P[_m]*_P[_i]", "the definition of the softmax", "_m != _i"),
)
_CROSS_ENTROPY: Final = tuple(
    (line.replace("_m", "_j"), reason, case.replace("_m", "_j")) for line, reason, case in _JACOBIAN
)
_LOGISTIC: Final = (
    ("d_s/d_z = exp(-_z)/(1 + exp(-_z))^2", "quotient rule; the derivative of exp(-z) is -exp(-z)",
     ""),
    ("= 1/(1 + exp(-_z))*(exp(-_z)/(1 + exp(-_z)))", "two factors", ""),
    ("= 1/(1 + exp(-_z))*(1 - 1/(1 + exp(-_z)))", "exp(-z) = (1 + exp(-z)) - 1", ""),
    ("= _s*(1 - _s)", "the definition of the logistic function", ""),
)  # fmt: skip
_E: Final = "(exp(_x) + exp(-_x))"
_D: Final = "(exp(_x) - exp(-_x))"
_TANH: Final = (
    (f"d_t/d_x = ({_E}*{_E} - {_D}*{_D})/{_E}^2", "quotient rule", ""),
    (f"= 1 - ({_D}/{_E})^2", "the first quotient is 1", ""),
    ("= 1 - _t^2", "the definition of tanh", ""),
)

KNOWN: Final = (
    Known(
        (_SOFTMAX, "_L = -sum(_y[_m]*log(_P[_m]) for _m in 1.._N)"),
        "d_L/d_h[_i]",
        (
            *_CROSS_ENTROPY,
            ("d_L/d_h[_i] = -sum(_y[_j]/_P[_j]*d_P[_j]/d_h[_i] for _j in 1.._N)",
             "chain rule; the derivative of log(P) is 1/P", ""),
            ("= -_y[_i]*(1 - _P[_i]) + (sum(_y[_j]*_P[_i] for _j in 1.._N) - _y[_i]*_P[_i])",
             "the case of equal indices for one term, the other case for all others", ""),
            ("= -_y[_i] + _P[_i]*sum(_y[_j] for _j in 1.._N)",
             "two terms cancel; what does not depend on the index stands before the sum", ""),
            ("= _P[_i] - _y[_i]", "the targets add up to 1", ""),
        ),
    ),
    Known((_SOFTMAX,), "d_P[_m]/d_h[_i]", _JACOBIAN),
    Known(("_s = 1/(1 + exp(-_z))",), "d_s/d_z", _LOGISTIC),
    Known(("_s = sigmoid(_z)",), "d_s/d_z", _LOGISTIC),
    Known(("_t = tanh(_x)",), "d_t/d_x", _TANH),
    Known(("_t = (exp(_x) - exp(-_x))/(exp(_x) + exp(-_x))",), "d_t/d_x", _TANH),
    Known(
        (),
        "tanh(_x)",
        (
            (f"tanh(_x) = {_D}/{_E}", "the definition of tanh", ""),
            ("= (1 - exp(-2*_x))/(1 + exp(-2*_x))", "both divided by exp(x)", ""),
            ("= (2 - (1 + exp(-2*_x)))/(1 + exp(-2*_x))", "1 = 2 - 1", ""),
            ("= 2/(1 + exp(-2*_x)) - 1", "two quotients", ""),
            ("= 2*sigmoid(2*_x) - 1", "the definition of the logistic function", ""),
        ),
    ),
)  # fmt: skip


def derived(goal: Goal, setting: Setting) -> tuple[list[Line], Setting] | None:
    """The lines of a derivation of a goal, and what they rest on; None where none is known."""
    for known in KNOWN:
        lines = _from_known(known, goal, setting)
        if lines is not None:
            return lines, setting
    collapse = _collapse(goal, setting)
    if collapse is not None:
        return collapse
    lines = _by_the_chain_rule(goal, setting)
    if lines is None:
        return None
    # the lines may have indices of their own
    trees = [*goal, *(body for body, _ in setting.assumptions)]
    trees += [part for line in lines for part in line.parts]
    return lines, setting._replace(indices=Indices(setting.equations, trees))


def _from_known(known: Known, goal: Goal, setting: Setting) -> list[Line] | None:
    names: Names = {}
    left = parse_chain(f"{known.left} = 0").parts[0]
    if not fits(left, goal[0], names):
        return None
    for text in known.equations:
        pattern = parse_equation(text)
        if not any(equation_fits(pattern, equation, names) for equation in setting.equations):
            return None
    if "_i" in names and names.get("_j") == names["_i"]:
        # the goal uses the index of the family: another letter for the sum
        names["_j"] = next(letter for letter in "jklmn" if letter not in names.values())
    if "_m" not in names and "_j" in names:
        names["_m"] = names["_j"]
    lines = [
        Line(*_chain(filled(line, names)), reason=reason, case=_case(filled(case, names), setting))
        for line, reason, case in known.lines
    ]
    return _ended(lines, goal)


def _chain(text: str) -> tuple[tuple[Expr, ...], bool]:
    chain = parse_chain(text)
    return chain.parts, chain.continues


def _case(text: str, setting: Setting) -> Case:
    if not text:
        return Case()
    names = [word for word in text.replace("!=", " ").replace("=", " ").split() if word]
    known = [setting.indices.free[name] for name in names if name in setting.indices.free]
    for name in names:
        setting.indices.free.setdefault(name, known[0])
    return parse_case(text, setting.indices.free)


def _ended(lines: list[Line], goal: Goal) -> list[Line]:
    """The lines, with the wanted form of the result behind them where it is another."""
    last: dict[str, int] = {}
    for number, line in enumerate(lines):
        last[line.case.text] = number
    ends = [number for number in last.values() if lines[number].parts[-1] != goal[1]]
    if not _begins_with(goal[0], lines, last):
        return lines
    for number in sorted(ends, reverse=True):
        if lines[_start(lines, number)].parts[0] == goal[0]:
            wanted = Line((goal[1],), continues=True, case=lines[number].case)
            lines.insert(number + 1, wanted._replace(reason="the wanted form"))
    return lines


def _begins_with(left: Expr, lines: Sequence[Line], last: dict[str, int]) -> bool:
    return any(lines[_start(lines, number)].parts[0] == left for number in last.values())


def _start(lines: Sequence[Line], number: int) -> int:
    while lines[number].continues:
        number = number - 1 if lines[number].source is None else lines[number].source or 0
    return number


# -- any gradient -----------------------------------------------------------------------


def _by_the_chain_rule(goal: Goal, setting: Setting) -> list[Line] | None:
    """A gradient from its definitions: first by what is near the top, then by what is below."""
    from hwsolve.proofs.indexed import Gradient, define

    left, right = goal
    if not isinstance(left, Deriv) or len(left.bottoms) != 1 or setting.shapes:
        return None
    try:
        gradient = Gradient(define(setting.equations), left.top)
        lines: list[Line] = []
        _gradient_lines(gradient, left.bottoms[0], lines, set())
    except (EquationError, KeyError, ValueError):
        return None
    if lines and lines[-1].parts[-1] != right:
        reason = "by the assumptions" if setting.assumptions else "the same in other words"
        lines.append(Line((right,), continues=True, reason=reason))
    return lines or None


def _gradient_lines(
    gradient: Gradient, bottom: Expr, lines: list[Line], done: set[Expr]
) -> Derivative:
    assert isinstance(bottom, (Sym, Index))  # noqa: S101  (names are what is differentiated by)
    found = gradient.by(bottom)
    top = gradient.top
    first: list[Expr] = []
    second: list[Expr] = []
    for chain in found.chains:
        if chain.through == top:
            first.append(chain.raw)
            second.append(chain.local)
            continue
        if chain.through not in done:
            done.add(chain.through)
            _gradient_lines(gradient, chain.through, lines, done)
        first.append(_summed(Deriv(top, (chain.through,)) * chain.raw, chain.over))
        second.append(_summed(chain.above * chain.local, chain.over))
    reasons = ("chain rule", "the derivatives put in", "simplified")
    if all(chain.through == top for chain in found.chains):
        reasons = ("the derivative of the definition", "simplified", "simplified")
    forms = [_total(first), _total(second), found.value]
    parts = [_with_tests(form) for form in forms]
    start: Expr = Deriv(top, (bottom,))
    before: Expr | None = None
    for part, reason in zip(parts, reasons, strict=True):
        if part == before:
            continue
        if before is None:
            lines.append(Line((start, part), reason=reason))
        else:
            lines.append(Line((part,), continues=True, reason=reason))
        before = part
    return found


def _summed(body: Expr, over: Sequence[tuple[str, object]]) -> Expr:
    for variable, range_ in reversed(over):
        body = Over("sum", body, variable, range_.low, range_.high)  # type: ignore[attr-defined]  # a Range
    return body


def _total(terms: Sequence[Expr]) -> Expr:
    if not terms:
        return Num(0)
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _with_tests(tree: Expr) -> Expr:
    from hwsolve.proofs.derivation import deltas_as_tests

    return deltas_as_tests(tree)


# -- layers that are linear ------------------------------------------------------------

_LAYER: Final = "_y[_l] = _s(_W[_l] @ _y[_l - 1] + _b[_l]) for _l in 1.._n"
_LINEAR: Final = "_s(_z) = _c*_z + _d"


def _collapse(goal: Goal, setting: Setting) -> tuple[list[Line], Setting] | None:
    """Layers with a linear activation are one layer: by induction over their number."""
    names: Names = {}
    wanted = parse_equation("_g = _A @ _x + _v").body
    for text in (_LINEAR, _LAYER):
        pattern = parse_equation(text)
        if not any(equation_fits(pattern, equation, names) for equation in setting.equations):
            return None
    if not fits(wanted, goal[1], names):
        return None
    texts = (
        "_s(_z) = _c*_z + _d",
        "first = _s(W1 @ _x + b1)",
        "_A1 = _c*W1",
        "_v1 = _c*b1 + _d",
        "before = _A @ _x + _v",
        "after = _s(_W @ before + _b)",
        "_A' = (_c*_W) @ _A",
        "_v' = _c*(_W @ _v + _b) + _d",
    )
    names.update({"_A1": f"{names['_A']}1", "_v1": f"{names['_v']}1"})
    equations = tuple(parse_equation(filled(text, names)) for text in texts)
    shapes = {
        "W1": "p x m", names["_x"]: "m", "b1": "p", names["_A"]: "p x m", names["_v"]: "p",
        names["_W"]: "q x p", names["_b"]: "q",
    }  # fmt: skip
    lines = (
        ("first = _c*(W1 @ _x + b1) + _d", "the base: the first layer, its activation put in"),
        ("= (_c*W1) @ _x + (_c*b1 + _d)", "the product with x collected"),
        ("= _A1 @ _x + _v1", "so the first layer is a linear layer"),
        ("after = _c*(_W @ (_A @ _x + _v) + _b) + _d",
         "the step: let the layers before be one linear layer, and put it in"),
        ("= ((_c*_W) @ _A) @ _x + (_c*(_W @ _v + _b) + _d)", "multiplied out"),
        ("= _A' @ _x + _v'",
         "so the layers up to this one are a linear layer too; by induction any number of them"),
    )  # fmt: skip
    made = [Line(*_chain(filled(line, names)), reason=reason) for line, reason in lines]
    trees = [part for line in made for part in line.parts]
    inner = setting._replace(
        equations=equations,
        assumptions=(),
        indices=Indices(equations, trees),
        shapes={name: parse_shape(shape) for name, shape in shapes.items()},
    )
    return made, inner
