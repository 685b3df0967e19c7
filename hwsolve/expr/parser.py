"""The equation language: text to expression trees.

A grammar of our own, read by precedence climbing, rather than Python's `ast`: it
takes what people type (`σ(x)`, `·`, `²`, `h'`, `1..4`, `∂L/∂W1[0,2]`), every error
has its exact column, and nothing that Python could run is ever built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from hwsolve.errors import EquationError
from hwsolve.expr.conditions import COMPARISONS, cases, condition
from hwsolve.expr.tokens import Token, normal_name, number_of, second_order, tokens
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, children

if TYPE_CHECKING:
    import re
    from collections.abc import Hashable

__all__ = [
    "Equation",
    "Loop",
    "normal_name",
    "parse_comparisons",
    "parse_equation",
    "parse_expression",
]

# Brackets, signs and powers in each other, and operations in each other: a reader is
# lost long before, and what walks a tree may call itself so often.
MAX_DEPTH: Final = 64
MAX_HEIGHT: Final = 150

_POWERS: Final = {"²": 2, "³": 3, "⁴": 4, "⁵": 5, "⁶": 6, "⁷": 7, "⁸": 8, "⁹": 9}
_PRODUCTS: Final = {"*": "mul", "/": "div", "@": "matmul"}
_RANGED: Final = {
    "sum": "sum", "Σ": "sum", "∑": "sum", "prod": "prod", "product": "prod", "∏": "prod",
    "Π": "prod", "max": "max", "min": "min", "mean": "mean",
}  # fmt: skip
_WORDS: Final = {"if", "else", "for", "in", "and", "or", "not"}
# Functions that people write without brackets.
_CALLED: Final = {
    "sigmoid", "σ", "tanh", "relu", "ReLU", "exp", "log", "ln", "sqrt", "softmax", "sin", "cos",
    "sum", "max", "min", "mean", "abs",
}  # fmt: skip
_CONDITIONS: Final = "conditions are written a if x > 0 else b"
# Functions whose arguments are values with conditions.
_CASES: Final = {"cases", "piecewise"}


class Loop(NamedTuple):
    """`for i in low..high`, both ends included."""

    variable: str
    low: Expr
    high: Expr


class Equation(NamedTuple):
    """`target = body`, a family of them (`loops`), or a function (`parameters`).

    `target` is a `Sym`, or an `Index` for `h[i] = ...`.
    """

    target: Sym | Index
    body: Expr
    loops: tuple[Loop, ...]
    parameters: tuple[str, ...] | None
    text: str


def parse_equation(text: str) -> Equation:
    """Read one equation.

    Raises:
        EquationError: with the offset of what could not be read.
    """
    parser = _Parser(text)
    equation = parser.equation()
    parser.limit_height(equation.body)
    return equation


def parse_expression(text: str) -> Expr:
    """Read one expression, or the name of an answer (`dL/dW1[0,2]`).

    Raises:
        EquationError: with the offset of what could not be read.
    """
    parser = _Parser(text)
    tree = parser.expression()
    parser.finish()
    parser.limit_height(tree)
    return tree


def parse_comparisons(text: str) -> tuple[Apply, ...]:
    """Read a statement: `h == h'`, `a = b`, `0 < i < 1` (two comparisons), `a < b and b < c`.

    Raises:
        EquationError: with the offset of what could not be read.
    """
    parser = _Parser(text)
    found = parser.comparisons()
    parser.finish()
    for comparison in found:
        parser.limit_height(comparison)
    return tuple(found)


class _Parser:
    """A text, or a part of it, being read from left to right."""

    def __init__(self, text: str, start: int = 0, end: int | None = None) -> None:
        self.text = text
        self.tokens = tokens(text, start, end)
        self.position = 0
        self.depth = 0
        self.here = self.tokens[0]

    # -- what every rule needs ------------------------------------------------

    def advance(self) -> Token:
        token = self.here
        self.position += 1
        self.here = self.tokens[self.position]
        return token

    def fail(self, message: str, token: Token | None = None, hint: str = "") -> NoReturn:
        raise EquationError(message, (token or self.here).at, hint)

    def accept(self, text: str) -> bool:
        if self.here.text == text and self.here.kind != "end":
            self.advance()
            return True
        return False

    def expect(self, text: str, after: str) -> None:
        if not self.accept(text):
            self.fail(f"expected '{text}' {after}{self.found()}")

    def found(self) -> str:
        """What stands here, for the end of a message."""
        return " but the text ends" if self.here.kind == "end" else f", found '{self.here.text}'"

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(
                f"brackets, signs and powers are nested deeper than {MAX_DEPTH}",
                hint="give a part of it a name of its own",
            )

    def limit_height(self, tree: Expr) -> None:
        """Refuse a tree that is too high for what walks it."""
        if len(self.tokens) <= MAX_HEIGHT:
            return
        level, height = [tree], 0
        while level:
            height += 1
            if height > MAX_HEIGHT:
                raise EquationError(
                    f"more than {MAX_HEIGHT} operations stand in each other",
                    getattr(level[0], "at", -1),
                    "give a part of it a name of its own",
                )
            level = [below for node in level for below in children(node)]

    def finish(self) -> None:
        """Refuse anything behind a complete expression."""
        token = self.here
        if token.kind == "end":
            return
        before = self.tokens[self.position - 1]
        if token.text == "=":
            self.fail("an '=' where an expression should go on", hint="write '==' to compare")
        if token.text in _WORDS:
            hint = _CONDITIONS if token.text in {"else", "and", "or", "not"} else ""
            self.fail(f"'{token.text}' cannot stand here", hint=hint)
        if token.kind in {"name", "number", "deriv"} or token.text == "(":
            self.fail(
                f"'{before.text}' is followed by '{token.text}' with nothing between them",
                hint=self._between(before, token),
            )
        hint = ""
        after = self.tokens[self.position + 1]
        if token.text in COMPARISONS:
            hint = "compare two at a time: (a < b)*(b < c)"
        elif token.text == "," and (before.kind, after.kind) == ("number", "number"):
            hint = f"a decimal number has a point: {before.text}.{after.text}"
        self.fail(f"'{token.text}' cannot stand here", hint=hint)

    def _between(self, before: Token, token: Token) -> str:
        """What to write between two values."""
        if before.text in {"ᵀ", ".T"} or before.text.endswith(".T"):
            return f"write @ before {token.text} for a matrix product"
        if before.text == "T" and self.tokens[self.position - 2].text == "**":
            return f"write .T @ {token.text} for the product with a transpose"
        if before.kind == "name" and before.text in _CALLED:
            return f"write {before.text}(...)"
        return f"write {before.text}*{token.text} for a product"

    # -- equations --------------------------------------------------------------

    def equation(self) -> Equation:
        if self.here.kind == "end":
            self.fail("the equation is empty", hint="write name = expression")
        target = self.postfix()
        if not (self.accept("=") or self.accept(":=") or self.accept("←")):
            self._without_sign()
        is_call = self.tokens[0].kind == "name" and self.tokens[1].text == "("
        parameters = None
        if is_call and isinstance(target, Apply) and target.at == self.tokens[0].at:
            parameters = self._parameters(target)
            target = Sym(target.op, target.at)
        if not isinstance(target, (Sym, Index)) or (
            isinstance(target, Index) and not isinstance(target.base, Sym)
        ):
            self._bad_target()
        if self.here.kind == "end":
            name = self.text[self.tokens[0].at : self.tokens[self.position - 1].at].rstrip()
            self.fail(f"nothing stands after '=' in the equation for '{name}'")
        body = self.expression()
        loops = self._loops()
        if self.here.text == "=":
            self.fail("a second '=' in one equation", hint="write one equation a line")
        self.finish()
        return Equation(target, body, loops, parameters, self.text)

    def _without_sign(self) -> NoReturn:
        """The error for a left side that no '=' follows."""
        here = self.here
        if here.text == "==":
            self.fail("'==' compares", hint="an equation has one '='")
        if all(token.text not in {"=", ":=", "←"} for token in self.tokens):
            self.fail("this equation has no '='", self.tokens[0], "write name = expression")
        if here.text in {"+", "-", "**", *_PRODUCTS}:
            self._bad_target()
        left = self.text[self.tokens[0].at : here.at].rstrip()
        self.fail(f"expected '=' after '{left}'{self.found()}", hint="write name = expression")

    def _bad_target(self) -> NoReturn:
        self.fail(
            "the left side of an equation must be a name",
            self.tokens[0],
            "write name = expression, h[i] = ... for i in 1..4, or s(z) = ...",
        )

    def _parameters(self, call: Apply) -> tuple[str, ...]:
        names = [arg.name for arg in call.args if isinstance(arg, Sym)]
        if len(names) != len(call.args) or len(set(names)) != len(names) or call.attributes:
            self.fail(
                f"the parameters of the function '{call.op}' must be different names",
                self.tokens[0],
                f"write {call.op}(z) = ...",
            )
        return tuple(names)

    def _loops(self) -> tuple[Loop, ...]:
        loops: list[Loop] = []
        while self.here.text == "for" or (loops and self.here.text == ","):
            self.advance()
            self.accept("for")
            variable = self.here
            if variable.kind != "name" or variable.text in _WORDS:
                self.fail("expected the name of an index after 'for'", hint="write for i in 1..4")
            self.advance()
            self.expect("in", f"after 'for {variable.text}'")
            low = self.sum()
            self.expect("..", "between the ends of the range")
            loops.append(Loop(normal_name(variable.text), low, self.sum()))
        return tuple(loops)

    # -- expressions, from the loosest to the tightest ------------------------------

    def expression(self) -> Expr:
        self.deeper()
        value = self.comparison()
        if self.here.text == "if":
            at = self.advance().at
            holds = condition(self)
            self.expect("else", "after the condition")
            value = Apply("where", (holds, value, self.expression()), (), at)
        self.depth -= 1
        return value

    def comparison(self) -> Expr:
        left = self.sum()
        name = COMPARISONS.get(self.here.text)
        if name is None:
            return left
        at = self.advance().at
        return Apply(name, (left, self.sum()), (), at)

    def comparisons(self) -> list[Apply]:
        """One or more comparisons in a chain or with `and` between them; `=` compares too."""
        found: list[Apply] = []
        left = self.sum()
        while True:
            name = "eq" if self.here.text == "=" else COMPARISONS.get(self.here.text)
            if name is None:
                self.fail(
                    f"expected a comparison{self.found()}",
                    hint="write a == b, a < b, a <= b, a > b, a >= b or a != b",
                )
            while name is not None:
                at = self.advance().at
                right = self.sum()
                found.append(Apply(name, (left, right), (), at))
                left = right
                name = "eq" if self.here.text == "=" else COMPARISONS.get(self.here.text)
            if not self.accept("and"):
                return found
            left = self.sum()

    def sum(self) -> Expr:
        terms = [self.product()]
        signs = [True]
        at = self.here.at
        while self.here.text in {"+", "-"}:
            signs.append(self.advance().text == "+")
            terms.append(self.product())
        if len(terms) == 1:
            return terms[0]
        if len(terms) == 2 and not signs[1]:  # noqa: PLR2004  (one term less another)
            return Apply("sub", (terms[0], terms[1]), (), at)
        signed = (t if plus else Apply("neg", (t,)) for t, plus in zip(terms, signs, strict=True))
        return Apply("add", tuple(signed), (), at)

    def product(self) -> Expr:
        left = self.unary()
        while self.here.text in _PRODUCTS:
            token = self.advance()
            left = Apply(_PRODUCTS[token.text], (left, self.unary()), (), token.at)
        return left

    def unary(self) -> Expr:
        token = self.here
        if token.text not in {"-", "+", "√"}:
            return self.power()
        self.deeper()
        self.advance()
        inner = self.unary()
        self.depth -= 1
        if token.text == "+":
            return inner
        if token.text == "√":
            return Apply("sqrt", (inner,), (), token.at)
        if isinstance(inner, Num):
            return Num(-inner.value)  # type: ignore[operator]  # a number that was just read
        return Apply("neg", (inner,), (), token.at)

    def power(self) -> Expr:
        base = self.postfix()
        if self.here.text != "**":
            return base
        token = self.advance()
        if self.here.text == "T":
            self.advance()
            return Apply("transpose", (base,), (), token.at)
        self.deeper()
        exponent = self.unary()
        self.depth -= 1
        return Apply("pow", (base, exponent), (), token.at)

    def postfix(self) -> Expr:
        value = self.atom()
        while True:
            text = self.here.text
            if text == "[":
                at = self.advance().at
                value = Index(value, self.indices(), at)
            elif text in _POWERS:
                value = Apply("pow", (value, Num(_POWERS[text])), (), self.advance().at)
            elif text in {"ᵀ", ".T"}:
                value = Apply("transpose", (value,), (), self.advance().at)
            else:
                return value

    def indices(self) -> tuple[Expr, ...]:
        indices = [self._one_index()]
        while self.accept(","):
            indices.append(self._one_index())
        self.expect("]", "to close the index")
        return tuple(indices)

    def _one_index(self) -> Expr:
        if self.here.text in {",", "]"}:
            self.fail("an index is missing", hint="write x[1] or W[0, 2]")
        low: Expr = Sym("")
        if self.here.text != ":":
            low = self.expression()
            if self.here.text != ":":
                return low
        at = self.advance().at
        high = Sym("") if self.here.text in {",", "]", ":"} else self.expression()
        if not self.accept(":") or self.here.text in {",", "]"}:
            return Apply("slice", (low, high), (), at)
        return Apply("slice", (low, high, self.expression()), (), at)

    def atom(self) -> Expr:
        token = self.here
        match token.kind:
            case "number":
                self.advance()
                return Num(number_of(token))
            case "deriv":
                self.advance()
                return self._derivative(token)
            case "name" if token.text not in _WORDS:
                self.advance()
                return self._named(token)
            case "end":
                self.fail("the text ends where a value should follow")
        if token.text == "(":
            self.advance()
            inner = self.expression()
            self.expect(")", "to close the bracket")
            return inner
        if token.text == "[":
            self.advance()
            items = [self.expression()]
            while self.accept(","):
                items.append(self.expression())
            self.expect("]", "to close the list")
            return Apply("stack", tuple(items), (), token.at)
        hint = _CONDITIONS if token.text in {"if", "not"} else "a name, a number or '(' may"
        self.fail(f"'{token.text}' cannot stand here", hint=hint)

    # -- names, calls and derivatives ---------------------------------------------

    def _named(self, token: Token) -> Expr:
        name = normal_name(token.text)
        turns = 0
        while name.endswith(".T"):
            name, turns = name[:-2], turns + 1
        if self.here.text == "(" and not turns:
            return self._call(name, token.at)
        value: Expr = Sym(name, token.at)
        for _ in range(turns):
            value = Apply("transpose", (value,), (), token.at)
        return value

    def _call(self, name: str, at: int) -> Expr:
        self.advance()
        if name in _CASES:
            return cases(self, name)
        args: list[Expr] = []
        settings: dict[str, tuple[Expr, Token]] = {}
        while not self.accept(")"):
            following = self.tokens[self.position + 1]
            if self.here.kind == "name" and following.text == "=":
                key = self.advance()
                self.advance()
                if key.text in settings:
                    self.fail(f"'{key.text}=' is set twice", key)
                token = self.here
                settings[key.text] = self.argument(), token
            else:
                args.append(self.argument())
            if self.here.text == "for" and len(args) == 1 and not settings:
                return self._over(name, args[0], at)
            if not self.accept(",") and self.here.text != ")":
                if self.here.kind in {"name", "number", "deriv"}:
                    self.finish()
                self.fail(f"expected ',' or ')' in the call of '{name}'{self.found()}")
        if not args:
            owner, _, method = name.rpartition(".")
            hint = f"write {method}({owner})" if owner else ""
            self.fail(f"'{name}()' has no argument", self.tokens[self.position - 1], hint)
        if settings:
            from hwsolve.expr.signatures import arranged

            values = {key: value for key, (value, _) in settings.items()}
            args, kept = arranged(name, args, values)
            settings = {key: settings[key] for key in kept}
        attributes = tuple(
            sorted((key, self._setting(key, *each)) for key, each in settings.items())
        )
        return Apply(name, tuple(args), attributes, at)

    def argument(self) -> Expr:
        """An argument of a call; only there `(0, 2, 1)` is a list, as in Python."""
        if self.here.text != "(" or not self._is_tuple():
            return self.expression()
        self.deeper()
        at = self.advance().at
        items = [self.argument()]
        while self.accept(",") and self.here.text != ")":
            items.append(self.argument())
        self.expect(")", "to close the list")
        self.depth -= 1
        return Apply("stack", tuple(items), (), at)

    def _is_tuple(self) -> bool:
        """Whether the bracket that opens here holds a comma and is all of an argument."""
        depth, commas = 0, 0
        for place in range(self.position, len(self.tokens)):
            text = self.tokens[place].text
            depth += (text in {"(", "["}) - (text in {")", "]"})
            commas += depth == 1 and text == ","
            if depth == 0:
                return commas > 0 and self.tokens[place + 1].text in {",", ")"}
        return False

    def _setting(self, key: str, value: Expr, token: Token) -> Hashable:
        match value:
            case Num(value=int() | float() as number):
                return number
            case Sym(name=name):
                return {"true": True, "false": False}.get(name.lower(), name)
            case Apply(op="stack", args=args) if all(
                isinstance(a, Num) and isinstance(a.value, int) for a in args
            ):
                return tuple(a.value for a in args if isinstance(a, Num))
        self.fail(f"'{key}=' takes a number, a word or a list of whole numbers", token)

    def _over(self, name: str, body: Expr, at: int) -> Expr:
        if name not in _RANGED:
            self.fail(f"'{name}' cannot run over a range", hint="sum, prod, max, min, mean can")
        for loop in reversed(self._loops()):
            body = Over(_RANGED[name], body, loop.variable, loop.low, loop.high, at)
        self.expect(")", "to close the sum")
        return body

    def _derivative(self, token: Token) -> Expr:
        match = token.match
        assert match is not None  # noqa: S101  (the tokeniser attaches it to this kind)
        top, below = self._part(match, "top"), self._part(match, "bottom")
        if match["order"] is None:
            first = Deriv(top, (below,), token.at)
            return first if match["square"] is None else Apply("pow", (first, Num(2)), (), token.at)
        if match["square"] is not None:
            if match["other"] is not None:
                self.fail("a derivative of third order", token, "two are taken at most")
            return Deriv(top, (below, below), token.at)
        if match["other"] is not None:
            return Deriv(top, (below, self._part(match, "other")), token.at)
        pair = second_order(match["bottom"])
        if pair is None:
            self.fail(
                f"a second derivative names two variables, not '{match['bottom']}'",
                token,
                f"write d2{match['top']}/d{match['bottom']}^2",
            )
        first_name, second_name = (Sym(normal_name(name), token.at) for name in pair)
        return Deriv(top, (first_name, second_name), token.at)

    def _part(self, match: re.Match[str], group: str) -> Sym | Index:
        """The top or bottom of a derivative: a name, or an entry of one."""
        start, end = match.span(group)
        name, bracket, _ = match[group].partition("[")
        symbol = Sym(normal_name(name), start)
        if not bracket:
            return symbol
        parser = _Parser(self.text, start + len(name) + 1, end)
        return Index(symbol, parser.indices(), start)
