"""Changes to a line of a derivation: ones that change what it says, and ones that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym

if TYPE_CHECKING:
    from collections.abc import Iterator


def everywhere(tree: Expr, change: object) -> Iterator[Expr]:
    """All trees with one node changed."""
    yield from change(tree)  # type: ignore[operator]  # a function
    match tree:
        case Apply():
            for place, arg in enumerate(tree.args):
                for changed in everywhere(arg, change):
                    args = (*tree.args[:place], changed, *tree.args[place + 1 :])
                    yield Apply(tree.op, args, tree.attributes)
        case Over():
            for changed in everywhere(tree.body, change):
                yield Over(tree.op, changed, tree.variable, tree.low, tree.high)


def mistakes(names: tuple[str, ...]) -> object:  # noqa: C901  (one case for each mistake)
    """What people do: lose a sign, a factor, a term, an index; names are indices in reach."""

    def change(node: Expr) -> Iterator[Expr]:  # noqa: C901, PLR0912  (one case for each)
        match node:
            case Apply(op="neg", args=(arg,)):
                yield arg
            case Apply(op="sub", args=(a, b)):
                yield a + b
                yield a
                yield -b
                yield b - a
            case Apply(op="add", args=args):
                for place in range(len(args)):
                    rest = (*args[:place], *args[place + 1 :])
                    yield rest[0] if len(rest) == 1 else Apply("add", rest)
                    turned = (*args[:place], -args[place], *args[place + 1 :])
                    yield Apply("add", turned)
            case Apply(op="mul", args=(a, b)):
                yield a
                yield b
                yield a + b
            case Apply(op="div", args=(a, b)):
                yield a
                yield b / a
                yield a * b
            case Apply(op="pow", args=(a, Num(value=2))):
                yield a
                yield a ** Num(3)
            case Apply(op="exp" | "log", args=(a,)):
                yield a
                yield Apply(node.op, (-a,))
            case Num(value=int() as value):
                yield Num(value + 1)
                yield Num(-value)
            case Over():
                yield node.body
                yield Over("sum", node.body, node.variable, Num(2), node.high)
            case Index(base=base, indices=indices):
                for place in range(len(indices)):
                    for name in names:
                        if Sym(name) != indices[place]:
                            yield Index(base, (*indices[:place], Sym(name), *indices[place + 1 :]))
            case Deriv(top=Index() as top, bottoms=bottoms):
                for name in names:
                    if Sym(name) != top.indices[0]:
                        yield Deriv(Index(top.base, (Sym(name),)), bottoms)

    return change


def rewritings(node: Expr) -> Iterator[Expr]:  # noqa: C901  (one case for each rule)
    """Rules of arithmetic that never change a value."""
    match node:
        case Apply(op="add", args=args):
            yield Apply("add", args[::-1])
        case Apply(op="mul", args=(a, b)):
            yield b * a
            yield -((-a) * b)
            match a, b:
                case Apply(op="add", args=terms), _:
                    yield Apply("add", tuple(term * b for term in terms))
                case _, Apply(op="sub", args=(c, d)):
                    yield a * c - a * d
        case Apply(op="sub", args=(a, b)):
            yield a + (-b)
            yield -(b - a)
        case Apply(op="div", args=(a, b)):
            yield a * (1 / b)
            yield (2 * a) / (2 * b)
        case Apply(op="pow", args=(a, Num(value=2))):
            yield a * a
        case Apply(op="exp", args=(a,)):
            yield Apply("exp", (a / 2,)) ** Num(2)
            yield 1 / Apply("exp", (-a,))
        case Over(body=body):
            yield _renamed(node)
            yield -Over("sum", -body, node.variable, node.low, node.high)
            yield Over("sum", 3 * body, node.variable, node.low, node.high) / 3
            match body:
                case Apply(op="add" | "sub", args=(c, d)):
                    parts = [
                        Over("sum", part, node.variable, node.low, node.high) for part in (c, d)
                    ]
                    yield parts[0] + parts[1] if body.op == "add" else parts[0] - parts[1]
    if isinstance(node, (Sym, Index)):
        yield node + Num(1) - Num(1)
        yield (node * node) / node


def _renamed(node: Over) -> Over:
    return Over("sum", _with(node.body, node.variable), f"{node.variable}q", node.low, node.high)


def _with(tree: Expr, name: str) -> Expr:  # noqa: PLR0911  (one case for each node)
    match tree:
        case Sym(name=found):
            return Sym(f"{name}q") if found == name else tree
        case Index():
            return Index(tree.base, tuple(_with(index, name) for index in tree.indices))
        case Apply():
            return Apply(tree.op, tuple(_with(arg, name) for arg in tree.args), tree.attributes)
        case Over():
            if tree.variable == name:
                return tree
            return Over(tree.op, _with(tree.body, name), tree.variable, tree.low, tree.high)
        case Deriv():
            return Deriv(_with(tree.top, name), tuple(_with(b, name) for b in tree.bottoms))
    return tree
