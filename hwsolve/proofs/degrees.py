"""How many sums over a range are multiplied in an expression: an upper bound.

An expression with sums over 1..N is a quotient of polynomials in the sums. What is
counted here is the degree of both, which says on how many points such an identity has
to be tested before it holds for every N (see `hwsolve.proofs.sums`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.expr.operations import ALIASES
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym
from hwsolve.proofs.field import UnsupportedError
from hwsolve.proofs.ranges import size_of, substituted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.expr.parser import Equation

Deps = frozenset[str]
NONE: Final[Deps] = frozenset()
MOST: Final = 64
MANY_NODES: Final = 20_000
MANY_LEVELS: Final = 100


class Degree(NamedTuple):
    """The degree of an expression as a quotient.

    Attributes:
        top: the factors of the numerator: degree and the bound indices they depend on.
        bottom: the factors of the denominator by what they are: degree, indices, power.
    """

    top: tuple[tuple[int, Deps], ...] = ()
    bottom: Mapping[Any, tuple[int, Deps, int]] = {}

    @property
    def above(self) -> int:
        """The degree of the numerator."""
        return sum(degree for degree, _ in self.top)

    @property
    def below(self) -> int:
        """The degree of the denominator."""
        return sum(degree * power for degree, _, power in self.bottom.values())

    @property
    def deps(self) -> Deps:
        """The bound indices that anything in it depends on."""
        found = NONE.union(*(deps for _, deps in self.top))
        return found.union(*(deps for _, deps, _ in self.bottom.values()))


class Degrees:
    """Degrees in the sums over one size.

    Attributes:
        most: the largest degree of an argument of a function met so far.
    """

    def __init__(
        self, size: str, equations: Mapping[str, Equation], normalised: frozenset[str]
    ) -> None:
        self.size = size
        self.equations = equations
        self.normalised = normalised
        self.most = 0
        self._nodes = self._depth = 0
        self._known: dict[Expr, Degree] = {}

    def of(self, tree: Expr) -> Degree:
        """The degree of an expression.

        Raises:
            UnsupportedError: where a denominator mixes a bound index with a sum.
        """
        known = self._known.get(tree)
        if known is None:
            self._nodes += 1
            self._depth += 1
            if self._nodes > MANY_NODES or self._depth > MANY_LEVELS:
                raise UnsupportedError("a large expression")
            known = self._known[tree] = self._of(tree)
            self._depth -= 1
        return known

    def _of(self, tree: Expr) -> Degree:  # noqa: PLR0911  (one case for each node)
        match tree:
            case Num():
                return Degree()
            case Sym(name=name):
                if name == self.size:
                    return Degree(((1, NONE),))
                equation = self.equations.get(name)
                if equation is not None and not equation.loops and equation.parameters is None:
                    return self.of(equation.body)
                return Degree()
            case Index(base=Sym(name=name)):
                return self._entry(name, tree)
            case Over():
                return self._over(tree)
            case Deriv():
                return self.of(derivative(tree, self.equations))
            case Apply():
                return self._apply(tree)
        raise UnsupportedError("an expression")

    def _entry(self, name: str, tree: Index) -> Degree:
        equation = self.equations.get(name)
        deps = frozenset(
            node.name for index in tree.indices for node in _walk(index) if isinstance(node, Sym)
        )
        if equation is not None and isinstance(equation.target, Index):
            parts = {
                variable.name: index
                for variable, index in zip(equation.target.indices, tree.indices, strict=False)
                if isinstance(variable, Sym)
            }
            return self.of(substituted(renamed(equation.body, deps), parts))
        if name in self.normalised:
            return Degree(((0, deps),), {f"sum of {name}": (1, NONE, 1)})
        return Degree(((0, deps),))

    def _over(self, tree: Over) -> Degree:
        inner = self.of(tree.body)
        if size_of((tree.low, tree.high)) != self.size:
            for degree, deps, _ in inner.bottom.values():
                if degree and tree.variable in deps:
                    raise UnsupportedError("a sum of quotients by sums")
            return _without(inner, tree.variable)
        for degree, deps, _ in inner.bottom.values():
            if degree and tree.variable in deps:
                raise UnsupportedError("a denominator with a bound index and a sum")
        result = _without(inner, tree.variable)
        return Degree(((1, NONE), *result.top), result.bottom)

    def _apply(self, tree: Apply) -> Degree:  # noqa: PLR0911  (one case for each)
        op, args = ALIASES.get(tree.op, tree.op), tree.args
        match op:
            case "add" | "sub":
                return _added([(arg, self.of(arg)) for arg in args])
            case "neg" | "identity":
                return self.of(args[0])
            case "mul":
                return _multiplied(self.of(args[0]), self.of(args[1]))
            case "div":
                return _multiplied(self.of(args[0]), _inverse(self.of(args[1]), args[1]))
            case "pow" if isinstance(args[1], Num) and isinstance(args[1].value, int):
                return self._power(args[0], args[1].value)
            case "square":
                return self._power(args[0], 2)
            case "sqrt":
                # a root: numerator and denominator stay, at most of the same degree
                inner = self.of(args[0])
                self.most = max(self.most, inner.above + inner.below)
                return inner
            case "pow":
                return self._function("exp", (args[1] * Apply("log", (args[0],)),))
        equation = self.equations.get(tree.op)
        if equation is not None and equation.parameters is not None:
            parts = dict(zip(equation.parameters, args, strict=False))
            return self.of(substituted(equation.body, parts))
        return self._function(op, args)

    def _power(self, base: Expr, exponent: int) -> Degree:
        inner = self.of(base)
        if exponent < 0:
            inner = _inverse(inner, base)
        if abs(exponent) > MOST:
            raise UnsupportedError("a high power")
        result = Degree()
        for _ in range(abs(exponent)):
            result = _multiplied(result, inner)
        return result

    def _function(self, op: str, args: tuple[Expr, ...]) -> Degree:
        """A function of its own at each argument; log(exp(x)) and exp(log(x)) are x."""
        inner = [self.of(arg) for arg in args]
        total = sum(degree.above + degree.below for degree in inner)
        self.most = max(self.most, total)
        deps = NONE.union(*(degree.deps for degree in inner))
        if op in {"log", "log2", "log10", "softplus"}:
            reach = self._reach(args, {"exp", "sigmoid", "tanh", "softplus"})
            return Degree(((reach, deps),)) if reach or deps else Degree()
        if op in {"exp", "sigmoid", "tanh"}:
            reach = self._reach(args, {"log", "log2", "log10", "softplus"})
            if reach and deps:
                return Degree(((reach, deps),), {(op, args): (reach, deps, 1)})
            return Degree(((reach, deps),), {(op, args): (reach, NONE, 1)} if reach else {})
        return Degree(((0, deps),))

    def _reach(self, args: tuple[Expr, ...], inverses: set[str]) -> int:
        """The degree that comes to light where a function meets its inverse."""
        total, factor = 0, 1
        stack, seen = list(args), set()
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            match node:
                case Num(value=int() | float() as value):
                    factor *= int(abs(value)) + 1 if abs(value) > 1 else 1
                case Apply(op=op, args=inner) if ALIASES.get(op, op) in inverses:
                    for degree in map(self.of, inner):
                        total += degree.above + degree.below
                    stack.extend(inner)
                    continue
                case Apply(op=op) if op in self.equations:
                    stack.append(self.equations[op].body)
                case Sym(name=name) if name in self.equations:
                    stack.append(self.equations[name].body)
                case Index(base=Sym(name=name)) if name in self.equations:
                    stack.append(self.equations[name].body)
            from hwsolve.expr.tree import children

            stack.extend(children(node))
        return min(total * factor, 10 * MOST)


def _without(degree: Degree, variable: str) -> Degree:
    top = tuple((number, deps - {variable}) for number, deps in degree.top)
    bottom = {
        key: (number, deps - {variable}, power)
        for key, (number, deps, power) in degree.bottom.items()
        if number or variable not in deps
    }
    return Degree(top, bottom)


def _added(terms: list[tuple[Expr, Degree]]) -> Degree:
    bottom: dict[Any, tuple[int, Deps, int]] = {}
    for _, degree in terms:
        for key, (number, deps, power) in degree.bottom.items():
            before = bottom.get(key)
            bottom[key] = (number, deps, max(power, before[2] if before else 0))
    whole = sum(number * power for number, _, power in bottom.values())
    most = max(degree.above + whole - degree.below for _, degree in terms)
    deps = NONE.union(*(degree.deps for _, degree in terms))
    return Degree(((most, deps),) if most or deps else (), bottom)


def _multiplied(one: Degree, other: Degree) -> Degree:
    bottom = dict(one.bottom)
    for key, (number, deps, power) in other.bottom.items():
        before = bottom.get(key)
        bottom[key] = (number, deps, power + (before[2] if before else 0))
    return Degree(one.top + other.top, bottom)


def _inverse(degree: Degree, tree: Expr) -> Degree:
    bottom = {
        (tree, place): (number, deps, 1)
        for place, (number, deps) in enumerate(degree.top)
        if number or deps
    }
    top = tuple(
        (number, deps) for number, deps, power in degree.bottom.values() for _ in range(power)
    )
    return Degree(top, bottom)


def renamed(tree: Expr, taken: frozenset[str]) -> Expr:
    """A tree whose sums use none of the taken names for their indices."""
    match tree:
        case Over():
            body = renamed(tree.body, taken)
            variable = tree.variable
            if variable in taken:
                while variable in taken:
                    variable += "'"
                body = substituted(body, {tree.variable: Sym(variable)})
            return Over(tree.op, body, variable, tree.low, tree.high)
        case Apply():
            return Apply(tree.op, tuple(renamed(arg, taken) for arg in tree.args), tree.attributes)
    return tree


def derivative(tree: Deriv, equations: Mapping[str, Equation]) -> Expr:
    """An expression with at least the degree of a derivative (deltas are left out)."""
    result = tree.top
    for _ in tree.bottoms:
        result = _slope(result, equations, 0)
    return result


def _slope(tree: Expr, equations: Mapping[str, Equation], depth: int) -> Expr:
    if depth > MOST:
        raise UnsupportedError("deep definitions")
    match tree:
        case Num():
            return Num(0)
        case Sym(name=name):
            equation = equations.get(name)
            return _slope(equation.body, equations, depth + 1) if equation else Num(1)
        case Index(base=Sym(name=name)):
            return _entry_slope(name, tree, equations, depth)
        case Over():
            body = _slope(tree.body, equations, depth)
            return Over("sum", body, tree.variable, tree.low, tree.high)
        case Deriv():
            return _slope(derivative(tree, equations), equations, depth + 1)
        case Apply():
            return _operation_slope(tree, equations, depth)
    raise UnsupportedError("a derivative")


def _operation_slope(tree: Apply, equations: Mapping[str, Equation], depth: int) -> Expr:  # noqa: PLR0911  (one case for each)
    args = tree.args
    equation = equations.get(tree.op)
    if equation is not None and equation.parameters is not None:
        parts = dict(zip(equation.parameters, args, strict=False))
        return _slope(substituted(equation.body, parts), equations, depth + 1)
    slopes = [_slope(arg, equations, depth) for arg in args]
    match ALIASES.get(tree.op, tree.op):
        case "add" | "sub" | "neg":
            return Apply("add", tuple(slopes)) if len(slopes) > 1 else slopes[0]
        case "mul":
            return args[0] * slopes[1] + args[1] * slopes[0]
        case "div":
            return slopes[0] / args[1] + args[0] * slopes[1] / args[1] ** 2
        case "log" | "log2" | "log10":
            return slopes[0] / args[0]
        case "sqrt":
            return slopes[0] / tree
        case "pow" if isinstance(args[1], Num) and isinstance(args[1].value, int):
            return args[0] ** (args[1].value - 1) * slopes[0]
        case "square":
            return args[0] * slopes[0]
        case "exp" | "sigmoid" | "tanh" | "softplus" | "relu" | "abs" | "sin" | "cos":
            return tree * tree * slopes[0]
    raise UnsupportedError("a derivative")


def _entry_slope(name: str, tree: Index, equations: Mapping[str, Equation], depth: int) -> Expr:
    equation = equations.get(name)
    if equation is None:
        return Num(1)
    deps = frozenset(
        node.name for index in tree.indices for node in _walk(index) if isinstance(node, Sym)
    )
    if not isinstance(equation.target, Index):
        raise UnsupportedError("an entry of a whole array")
    parts = {
        variable.name: index
        for variable, index in zip(equation.target.indices, tree.indices, strict=False)
        if isinstance(variable, Sym)
    }
    return _slope(substituted(renamed(equation.body, deps), parts), equations, depth + 1)


def _walk(tree: Expr) -> Any:
    from hwsolve.expr.tree import walk

    return walk(tree)
