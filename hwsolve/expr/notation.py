"""How expressions are written: one table of signs and one walk that decides brackets.

What is printed can be read again by the parser with the same meaning. Brackets
follow the tree and not only the value: `a + (b + c)` keeps them, because with
rounding at every step the order of additions matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, Value

if TYPE_CHECKING:
    from collections.abc import Callable

# How tightly a written form holds together; a looser one inside a tighter one is bracketed.
CHOICE, COMPARISON, SUM, PRODUCT, POWER, ATOM = range(6)

# operation: (sign, sign in ASCII, its rank, least rank on its left, least rank on its right)
INFIX: dict[str, tuple[str, str, int, int, int]] = {
    "add": (" + ", " + ", SUM, SUM, PRODUCT),
    "sub": (" - ", " - ", SUM, SUM, PRODUCT),
    "mul": ("·", "*", PRODUCT, PRODUCT, POWER),
    "div": ("/", "/", PRODUCT, PRODUCT, POWER),
    "matmul": (" @ ", " @ ", PRODUCT, PRODUCT, POWER),
    "pow": ("^", "^", POWER, ATOM, ATOM),
    "lt": (" < ", " < ", COMPARISON, SUM, SUM),
    "le": (" ≤ ", " <= ", COMPARISON, SUM, SUM),
    "gt": (" > ", " > ", COMPARISON, SUM, SUM),
    "ge": (" ≥ ", " >= ", COMPARISON, SUM, SUM),
    "eq": (" == ", " == ", COMPARISON, SUM, SUM),
    "ne": (" ≠ ", " != ", COMPARISON, SUM, SUM),
}
# What may stand at the left without brackets: `a·b/c` is plain, but `a/b·c` and `a·B @ x`
# are easily misread and get them.
CHAINS = {
    "mul": {"mul"},
    "spaced mul": {"mul"},
    "div": {"mul", "div"},
    "matmul": {"matmul"},
    "neg": {"mul", "div"},
}
RAISED = {"2": "²", "3": "³"}
_COMPARED = {name for name, (_, _, rank, _, _) in INFIX.items() if rank == COMPARISON}
# Functions with a sign of their own; the parser knows both.
SIGNS = {"sigmoid": "σ", "delta": "δ"}

# The operation that an index or the end of a range is an operand of: `x[i+j-1]`.
TIGHT = "index"

# What is still to be written: a text, or a node with the least rank that stands there
# without brackets, whether it starts its group (only there may it begin with a minus
# sign), and the operation that it is an operand of.
_Task: TypeAlias = "str | tuple[Expr, int, bool, str]"


def plain_number(value: Value) -> str:
    """A number with all its digits, an array as nested lists."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(plain_number, value)) + "]"
    nested = getattr(value, "tolist", None)
    return str(value) if nested is None else plain_number(nested())


def text(expr: Expr, number: Callable[[Value], str] = plain_number, *, unicode: bool = True) -> str:
    """The expression as a line of text that the parser reads back with the same meaning.

    `number` writes the values in the leaves; a value that it writes with a minus
    sign or as a fraction gets brackets where they are needed. With `unicode` a
    product is `a·b` and a square is `a²`, without it they are `a*b` and `a^2`.
    The tree may be of any depth, and the time is linear in its size.
    """
    written: list[str] = []
    tasks: list[_Task] = [(expr, CHOICE, True, "")]
    while tasks:
        task = tasks.pop()
        if isinstance(task, str):
            written.append(task)
            continue
        node, least, first, parent = task
        digits = number(node.value) if isinstance(node, Num) else ""
        if _stands_free(node, digits, least, parent, first=first):
            tasks.extend(reversed(_pieces(node, digits, parent, first=first, unicode=unicode)))
        else:
            tasks.append(")")
            tasks.extend(reversed(_pieces(node, digits, "", first=True, unicode=unicode)))
            tasks.append("(")
    return "".join(written)


def _stands_free(node: Expr, digits: str, least: int, parent: str, *, first: bool) -> bool:
    """Whether a node needs no brackets as an operand of `parent`."""
    rank, family = _rank(node, digits)
    if family == "deriv":  # one word to the parser, but `dz/da/2` or `dz/da^2` misleads a reader
        return least < ATOM and parent != "div"
    signed = family == "neg" or digits.startswith("-")
    if signed and not first:
        return False
    if rank > PRODUCT or parent not in CHAINS:
        return rank >= least
    if rank == PRODUCT and family in CHAINS[parent]:
        return least == PRODUCT
    # `-a·b` may start a product when the minus sign stands before `a` alone
    return signed and rank == PRODUCT and least == PRODUCT and _signs_one_factor(node, digits)


def _signs_one_factor(node: Expr, digits: str) -> bool:
    if isinstance(node, Apply):
        return _rank(node.args[0], "0")[0] >= POWER
    return "/" not in digits


def _rank(  # noqa: PLR0911  (a case for each form)
    node: Expr, digits: str
) -> tuple[int, str]:
    """The rank of a node's own sign and the family of operations that it belongs to."""
    match node:
        case Num() if "/" in digits and not digits.startswith("["):
            return PRODUCT, "fraction"
        case Num() if digits.startswith("-"):
            return PRODUCT, "number"
        case Apply(op="neg"):
            return PRODUCT, "neg"
        case Apply(op="where", args=(_, _, _), attributes=()):
            return CHOICE, "where"
        case Apply(op="transpose", args=(Sym(),), attributes=()):
            return ATOM, ""
        case Apply(op="transpose", args=(_,), attributes=()):
            return POWER, "pow"
        case Apply(op=op, args=args, attributes=()) if op in INFIX and len(args) > 1:
            return INFIX[op][2], op
        case Deriv():
            return ATOM, "deriv"
        case _:
            return ATOM, ""


def _pieces(node: Expr, digits: str, parent: str, *, first: bool, unicode: bool) -> list[_Task]:
    """The texts and operands that make up a node, from left to right."""
    match node:
        case Num():
            return [digits]
        case Sym():
            return [node.name]
        case Index():
            return [(node.base, ATOM, True, ""), *_listed("[", node.indices, "]", slices=True)]
        case Over():
            return [
                f"{node.op}(", (node.body, CHOICE, True, ""), f" for {node.variable} in ",
                (node.low, SUM, True, TIGHT), "..", (node.high, SUM, True, TIGHT), ")",
            ]  # fmt: skip
        case Deriv():
            return _derivative(node)
        case Apply():
            return _operation(node, parent, first=first, unicode=unicode)
        case _:
            message = f"no way to write {type(node).__name__}"
            raise TypeError(message)


def _operation(  # noqa: PLR0911  (a case for each way of writing)
    node: Apply, parent: str, *, first: bool, unicode: bool
) -> list[_Task]:
    args = node.args
    match node.op:
        case _ if node.attributes:
            return _call(node, unicode=unicode)
        case "neg" if len(args) == 1:
            return ["-", (args[0], PRODUCT, False, "neg")]
        case "transpose" if len(args) == 1:
            raised = ".T" if isinstance(args[0], Sym) else "ᵀ" if unicode else "^T"
            return [(args[0], ATOM, True, ""), raised]
        case "stack":
            return _listed("[", args, "]")
        case "where" if len(args) == 3:  # noqa: PLR2004  (condition and two values)
            condition, then, otherwise = args
            return [
                (then, COMPARISON, True, ""), " if ", *_conditions(condition),
                " else ", (otherwise, CHOICE, True, ""),
            ]  # fmt: skip
        case "pow" if unicode and isinstance(args[1], Num) and str(args[1].value) in RAISED:
            return [(args[0], ATOM, True, "pow"), RAISED[str(args[1].value)]]
        case op if op in INFIX and len(args) > 1:
            return _infix(node, parent, first=first, unicode=unicode)
        case _:
            return _call(node, unicode=unicode)


def _conditions(condition: Expr) -> list[_Task]:
    """A condition; comparisons that all have to hold with `and` between them."""
    parts = [condition]
    while isinstance(parts[0], Apply) and parts[0].op == "mul" and not parts[0].attributes:
        parts[:1] = parts[0].args
    if not all(isinstance(part, Apply) and part.op in _COMPARED for part in parts):
        parts = [condition]
    pieces: list[_Task] = []
    for part in parts:
        pieces += [" and "] if pieces else []
        pieces.append((part, COMPARISON, True, ""))
    return pieces


def _infix(node: Apply, parent: str, *, first: bool, unicode: bool) -> list[_Task]:
    sign, ascii_sign, rank, left, right = INFIX[node.op]
    if not unicode:
        sign = ascii_sign
    op = node.op
    minus = INFIX["sub"][0]
    if parent == TIGHT and rank == SUM:
        op, sign, minus = TIGHT, sign.strip(), minus.strip()
    elif op == "mul":
        if parent == "spaced mul" or (parent != "mul" and _multiplies_derivatives(node)):
            op, sign = "spaced mul", f" {sign.strip()} "
    elif op == "div" and _starts_like_a_differential(node.args[1]):
        sign = " / "
    fresh = rank == COMPARISON
    pieces: list[_Task] = [(node.args[0], left, first or fresh, op)]
    for arg in node.args[1:]:
        if node.op == "add" and isinstance(arg, Apply) and arg.op == "neg":
            pieces += [minus, (arg.args[0], right, False, op)]
        else:
            pieces += [sign, (arg, right, fresh, op)]
    return pieces


def _multiplies_derivatives(node: Apply) -> bool:
    """Whether a factor of a product is a derivative: `dz/da · da/dw` is written with spaces."""
    here: Expr = node
    while isinstance(here, Apply) and here.op == "mul":
        if any(isinstance(factor, Deriv) for factor in here.args):
            return True
        here = here.args[0]
    return False


def _starts_like_a_differential(node: Expr) -> bool:
    """Whether `x/` before this operand could be taken for a derivative `dx/dy`."""
    while True:
        match node:
            case Sym(name=name):
                return name.startswith(("d", "∂"))
            case Index(base=below) | Apply(op="transpose" | "pow", args=(below, *_)):
                node = below
            case Apply(op=name):
                return name not in INFIX and name.startswith("d")
            case _:
                return False


def _call(node: Apply, *, unicode: bool) -> list[_Task]:
    name = SIGNS.get(node.op, node.op) if unicode else node.op
    settings = [f"{key}={_setting(value)}" for key, value in node.attributes if value is not None]
    listed = _listed(f"{name}(", node.args, "")
    if settings:
        listed.append((", " if node.args else "") + ", ".join(settings))
    return [*listed, ")"]


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _listed(
    opening: str, items: tuple[Expr, ...], closing: str, *, slices: bool = False
) -> list[_Task]:
    pieces: list[_Task] = [opening]
    for position, item in enumerate(items):
        if position:
            pieces.append(", ")
        if slices and isinstance(item, Apply) and item.op == "slice":
            for part, end in enumerate(item.args):
                pieces += [*([":"] if part else []), (end, CHOICE, True, "")]
        else:
            pieces.append((item, CHOICE, True, TIGHT if slices else ""))
    return [*pieces, closing]


def _derivative(node: Deriv) -> list[_Task]:
    """`dz/dw0`, `dL/dW1[0,2]`, `d2L/dw2`, `d2L/dw1^2`, `d2L/dvdw`: one word without spaces."""
    order = len(node.bottoms)
    letter = "∂" if node.partial else "d"
    words = [_differentiated(bottom) for bottom in node.bottoms]
    over = f"{letter}{order if order > 1 else ''}{_differentiated(node.top)}/{letter}"
    if order > 1 and len(set(words)) == 1:
        raised = "" if words[0][-1].isalpha() else "^"
        return [f"{over}{words[0]}{raised}{order}"]
    return [over + letter.join(words)]


def _differentiated(name: Expr) -> str:
    """What stands behind a `d`: a name, an entry, or a derivative in brackets."""
    written = text(name).replace(" ", "")
    return f"({written})" if isinstance(name, Deriv) else written
