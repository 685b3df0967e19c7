"""The texts of a derivation: lines, cases, assumptions, shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hwsolve.errors import EquationError
from hwsolve.expr.parser import parse_equation, parse_expression
from hwsolve.expr.tokens import tokens
from hwsolve.expr.tree import Apply, Expr, Over, Sym
from hwsolve.proofs.points import COMPARISONS
from hwsolve.proofs.ranges import Case
from hwsolve.proofs.sums import Assumption

if TYPE_CHECKING:
    from collections.abc import Collection

_OPENING, _CLOSING = "([", ")]"
SIGNS: Final = ("=", "<=", "<", ">=", ">")


class Chain(NamedTuple):
    """A line as it is written.

    Attributes:
        parts: the expressions between the signs.
        continues: whether it begins with a sign, and so goes on from another line.
        signs: the signs, "=", "<=", "<", ">=" or ">"; the first stands before the first
            part where it continues.
    """

    parts: tuple[Expr, ...]
    continues: bool
    signs: tuple[str, ...]


def parse_chain(text: str) -> Chain:
    """The expressions of a line and the signs between them.

    Raises:
        EquationError: with the offset of what could not be read.
    """
    cuts: list[tuple[int, str]] = []
    lengths: list[int] = []
    depth = choices = 0
    for token in tokens(text):
        if token.text in _OPENING and token.text:
            depth += 1
        elif token.text in _CLOSING and token.text:
            depth -= 1
        elif depth == 0 and token.text in {"if", "else"}:
            # the comparison of a choice belongs to it
            choices += 1 if token.text == "if" else -1
        elif token.text in {*SIGNS, "=="} and depth == 0 and not choices:
            cuts.append((token.at, "=" if token.text == "==" else token.text))
            lengths.append(len(token.text) if text.startswith(token.text, token.at) else 1)
    starts = [0, *(cut + length for (cut, _), length in zip(cuts, lengths, strict=True))]
    ends = [*(cut for cut, _ in cuts), len(text)]
    continues = bool(cuts) and not text[: cuts[0][0]].strip()
    parts: list[Expr] = []
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if place == 0 and continues:
            continue
        if not text[start:end].strip():
            sign = cuts[max(place - 1, 0)][1] if cuts else "="
            message = f"an expression is missing beside '{sign}'"
            raise EquationError(message, start, f"write left {sign} right")
        parts.append(_parsed(text, start, end))
    if not cuts:
        raise EquationError("this line has no '='", 0, "write left = right, or = right")
    return Chain(tuple(parts), continues, tuple(sign for _, sign in cuts))


def _parsed(text: str, start: int, end: int) -> Expr:
    try:
        # spaces before it keep the offsets
        return parse_expression(" " * start + text[start:end])
    except EquationError as error:
        if error.at < 0:
            error.at = start
        raise


def parse_assumption(text: str) -> Assumption:
    """A comparison, or one for each index: `P[j] > 0 for j in 1..N`.

    Raises:
        EquationError: with the offset of what could not be read.
    """
    prefix = "a = "
    try:
        equation = parse_equation(prefix + text)
    except EquationError as error:
        error.at = max(error.at - len(prefix), 0)
        if "second '='" in error.message or "'='" in error.message:
            raise EquationError(
                "an assumption is a comparison", error.at, "write == for an equality"
            ) from None
        raise
    body = equation.body
    if not isinstance(body, Apply) or body.op not in COMPARISONS:
        raise EquationError(
            "an assumption is a comparison", 0, "such as sum(y[j] for j in 1..N) == 1 or c > 0"
        )
    return Assumption(body, equation.loops)


def parse_case(text: str, free: Collection[str]) -> Case:
    """A case: `i = j`, `i != j`, `x > 0`, several with commas or `and` between them.

    Raises:
        EquationError: with the offset of what could not be read.
    """
    case = Case(text=text)
    start = 0
    for piece in text.replace(" and ", " ,   ").split(","):
        case = _with(case, text, start, start + len(piece), free)
        start += len(piece) + 1
    return case


def _with(case: Case, text: str, start: int, end: int, free: Collection[str]) -> Case:
    piece = text[start:end]
    if "=" in piece and not any(sign in piece for sign in ("==", "!=", "<=", ">=")):
        at = piece.index("=")
        piece = f"{piece[:at]}=={piece[at + 1 :]}"
    tree = _parsed(" " * start + piece, start, start + len(piece))
    if not isinstance(tree, Apply) or tree.op not in COMPARISONS:
        raise EquationError("a case is a comparison", start, "such as i = j, i != j or x > 0")
    match tree.args:
        case (Sym(name=left), Sym(name=right)) if left in free and right in free:
            if tree.op == "eq":
                return case._replace(equal=(*case.equal, (left, right)))
            if tree.op == "ne":
                return case._replace(different=(*case.different, (left, right)))
    return case._replace(conditions=(*case.conditions, tree))


def with_powers(tree: Expr, text: str, name: str = "T") -> Expr:
    """A tree in which b^T is a power, for a problem in which T is a number."""
    match tree:
        case Apply(op="transpose", args=(base,)) if text[tree.at : tree.at + 1] in {"^", "*"}:
            return Apply("pow", (with_powers(base, text), Sym(name)), (), tree.at)
        case Apply():
            args = tuple(with_powers(arg, text) for arg in tree.args)
            return Apply(tree.op, args, tree.attributes, tree.at)
        case Over():
            body = with_powers(tree.body, text)
            return Over(tree.op, body, tree.variable, tree.low, tree.high, tree.at)
    return tree


def parse_shape(text: str) -> tuple[Expr, ...]:
    """A shape: `3x2`, `n x m`, `nxm`, `m`, `(n, m)`.

    Raises:
        EquationError: with the offset of what could not be read.
    """
    plain = text.strip().strip("()[]")
    pieces = [piece.strip() for piece in plain.replace("×", "x").replace(",", "x").split("x")]
    if not all(pieces):
        raise EquationError(f"'{text}' is not a shape", 0, "write n, or n x m")
    return tuple(parse_expression(piece) for piece in pieces)
