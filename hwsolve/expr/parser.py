"""The equation language: text to expression trees.

A grammar of our own, read by precedence climbing, rather than Python's `ast`: it
takes what people type (`σ(x)`, `·`, `²`, `h'`, `1..4`, `∂L/∂W1[0,2]`), every error
has its exact column, and nothing that Python could run is ever built.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple, NoReturn

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym

MAX_DEPTH = 100
MAX_FACTORS = 200
MAX_DIGITS = 400

_CHAR = r"(?:(?![⁰¹²³⁴-⁹ᵀᐟ])\w|['′\u0300-\u036f])"
_NAME = rf"(?:(?![\d⁰¹²³⁴-⁹ᵀ₀-₉])\w){_CHAR}*"
_INDEXED = rf"{_NAME}(?:\[[^\[\]]*\])?"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>\d+(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
    | (?P<deriv>[d∂](?P<order>[2²](?![\d\[/])|\^2)?(?P<top>{_INDEXED})/[d∂](?P<bottom>{_INDEXED})(?P<square>\^2|²)?)
    | (?P<name>{_NAME}(?:\.{_NAME})*)
    | (?P<op>\*\*|<=|>=|==|!=|:=|\.\.|[-+*/^@<>=()\[\],:²³⁴⁵⁶⁷⁸⁹√ᵀ·×⋅−≤≥≠←])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_SAME = {"^": "**", "·": "*", "×": "*", "⋅": "*", "−": "-", "≤": "<=", "≥": ">=", "≠": "!="}
_POWERS = {"²": 2, "³": 3, "⁴": 4, "⁵": 5, "⁶": 6, "⁷": 7, "⁸": 8, "⁹": 9}
_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_RANGED = {"sum", "prod", "product", "max", "min", "mean", "Σ", "∑", "∏", "Π"}
_RANGED_NAME = {"Σ": "sum", "∑": "sum", "product": "prod", "∏": "prod", "Π": "prod"}
_WORDS = {"if", "else", "for", "in", "and", "or", "not"}
# Subscript digits become digits, typographic primes become the apostrophe.
_LETTERS = str.maketrans("₀₁₂₃₄₅₆₇₈₉′", "0123456789'")


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


class _Token(NamedTuple):
    kind: str
    text: str
    at: int
    match: re.Match[str] | None = None


def parse_equation(text: str) -> Equation:
    """Read one equation.

    Raises:
        EquationError: with the offset of what could not be read.
    """
    return _Parser(text).equation()


def parse_expression(text: str) -> Expr:
    """Read one expression, or the name of an answer (`dL/dW1[0,2]`).

    Raises:
        EquationError: with the offset of what could not be read.
    """
    parser = _Parser(text)
    tree = parser.expression()
    parser.finish()
    return tree


def normal_name(name: str) -> str:
    """A name in its one spelling: subscript digits as digits, composed letters."""
    if name.isascii():
        return name
    return unicodedata.normalize("NFKC", name.translate(_LETTERS))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0
        self.here = self.tokens[0]

    def advance(self) -> _Token:
        token = self.here
        self.position += 1
        self.here = self.tokens[self.position]
        return token

    def fail(self, message: str, token: _Token | None = None, hint: str = "") -> NoReturn:
        raise EquationError(message, (token or self.here).at, hint)

    def accept(self, text: str) -> bool:
        if self.here.text == text and self.here.kind != "end":
            self.advance()
            return True
        return False

    def expect(self, text: str, after: str) -> None:
        if not self.accept(text):
            self.fail(f"expected '{text}' {after}{self._found()}")

    def _found(self) -> str:
        return " but the text ends" if self.here.kind == "end" else f", found '{self.here.text}'"

    def finish(self) -> None:
        token = self.here
        if token.kind == "end":
            return
        if token.text == "=":
            self.fail("an '=' where an expression should go on", hint="write '==' to compare")
        before = self.tokens[self.position - 1]
        if token.kind in {"name", "number", "deriv"} or token.text == "(":
            self.fail(
                f"'{before.text}' is followed by '{token.text}' with nothing between them",
                hint=f"write {before.text}*{token.text} for a product",
            )
        self.fail(f"'{token.text}' cannot stand here")

    def equation(self) -> Equation:
        if self.here.kind == "end":
            self.fail("the equation is empty", hint="write name = expression")
        target = self.postfix()
        if not (self.accept("=") or self.accept(":=") or self.accept("←")):
            if self.here.text == "==":
                self.fail("'==' compares", hint="an equation has one '='")
            hint = "write name = expression"
            if self.here.kind == "end" or self.here.text in "+-*/**@":
                self.fail("this equation has no '='", self.tokens[0], hint)
            self.fail(f"expected '=' after '{_source(self, target)}'{self._found()}", hint=hint)
        parameters = None
        if isinstance(target, Apply):
            parameters = self._parameters(target)
            target = Sym(target.op, target.at)
        if not isinstance(target, (Sym, Index)) or (
            isinstance(target, Index) and not isinstance(target.base, Sym)
        ):
            self.fail(
                "the left side of an equation must be a name",
                self.tokens[0],
                "write name = expression, h[i] = ... for i in 1..4, or s(z) = ...",
            )
        if self.here.kind == "end":
            self.fail(f"nothing stands after '=' in the equation for '{_source(self, target)}'")
        body = self.expression()
        loops = self._loops()
        if self.here.text == "=":
            self.fail("a second '=' in one equation", hint="write one equation a line")
        self.finish()
        return Equation(target, body, loops, parameters, self.text)

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
            variable = self.advance()
            if variable.kind != "name":
                self.fail("expected the name of an index after 'for'", variable, "for i in 1..4")
            self.expect("in", f"after 'for {variable.text}'")
            low = self.binary(_SUM)
            self.expect("..", "between the ends of the range")
            loops.append(Loop(normal_name(variable.text), low, self.binary(_SUM)))
        return tuple(loops)

    def expression(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"brackets are nested deeper than {MAX_DEPTH}", hint="name a part of it")
        value = self.binary(_COMPARE)
        if self.here.text == "if" and self.here.kind == "name":
            at = self.advance().at
            condition = self.binary(_COMPARE)
            self.expect("else", "after the condition")
            value = Apply("where", (condition, value, self.expression()), (), at)
        self.depth -= 1
        return value

    def binary(self, level: int) -> Expr:
        if level == _COMPARE:
            return self.comparison()
        return self.sum() if level == _SUM else self.product()

    def comparison(self) -> Expr:
        left = self.sum()
        name = _COMPARISONS.get(self.here.text)
        if name is None:
            return left
        at = self.advance().at
        return Apply(name, (left, self.sum()), (), at)

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
        signed = (
            t if plus else Apply("neg", (t,)) for t, plus in zip(terms, signs, strict=True)
        )
        return Apply("add", tuple(signed), (), at)

    def product(self) -> Expr:
        left = self.unary()
        factors = 1
        while self.here.text in {"*", "/", "@"}:
            token = self.advance()
            factors += 1
            if factors > MAX_FACTORS:
                self.fail(f"a product of more than {MAX_FACTORS} factors", hint="name a part of it")
            op = {"*": "mul", "/": "div", "@": "matmul"}[token.text]
            left = Apply(op, (left, self.unary()), (), token.at)
        return left

    def unary(self) -> Expr:
        token = self.here
        if token.text not in {"-", "+", "√"} or token.kind == "end":
            return self.power()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"more than {MAX_DEPTH} signs or brackets in each other")
        self.advance()
        inner = self.unary()
        self.depth -= 1
        if token.text == "+":
            return inner
        if token.text == "√":
            return Apply("sqrt", (inner,), (), token.at)
        if isinstance(inner, Num) and not isinstance(inner.value, str):
            return Num(-inner.value)  # type: ignore[operator]  # a number that was just read
        return Apply("neg", (inner,), (), token.at)

    def power(self) -> Expr:
        base = self.postfix()
        if self.here.text != "**" or self.here.kind == "end":
            return base
        token = self.advance()
        if self.here.text == "T" and self.here.kind == "name":
            self.advance()
            return Apply("transpose", (base,), (), token.at)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"more than {MAX_DEPTH} powers in each other")
        exponent = self.unary()
        self.depth -= 1
        return Apply("pow", (base, exponent), (), token.at)

    def postfix(self) -> Expr:
        value = self.atom()
        while True:
            text = self.here.text
            if text == "[":
                at = self.advance().at
                value = Index(value, self._indices(), at)
            elif text in _POWERS and self.here.kind == "op":
                value = Apply("pow", (value, Num(_POWERS[text])), (), self.advance().at)
            elif text == "ᵀ":
                value = Apply("transpose", (value,), (), self.advance().at)
            else:
                return value

    def _indices(self) -> tuple[Expr, ...]:
        indices = [self._one_index()]
        while self.accept(","):
            indices.append(self._one_index())
        self.expect("]", "to close the index")
        return tuple(indices)

    def _one_index(self) -> Expr:
        if self.here.text in {":", ",", "]"}:
            if self.here.text != ":":
                self.fail("an index is missing", hint="write x[1] or W[0, 2]")
            low: tuple[Expr, ...] = ()
        else:
            first = self.expression()
            if self.here.text != ":":
                return first
            low = (first,)
        at = self.advance().at
        ends = self.here.text in {",", "]"}
        high = () if ends else (self.expression(),)
        parts = (low[0] if low else Sym(""), high[0] if high else Sym(""))
        return Apply("slice", parts, (), at)

    def atom(self) -> Expr:
        token = self.here
        match token.kind:
            case "number":
                self.advance()
                return Num(_number(token))
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
        self.fail(f"'{token.text}' cannot stand here", hint="a name, a number or '(' may")

    def _named(self, token: _Token) -> Expr:
        name = normal_name(token.text)
        transposed = name.endswith(".T")
        if transposed:
            name = name[:-2]
        if self.here.text == "(" and not transposed:
            return self._call(name, token.at)
        symbol = Sym(name, token.at)
        return Apply("transpose", (symbol,), (), token.at) if transposed else symbol

    def _call(self, name: str, at: int) -> Expr:
        self.advance()
        args: list[Expr] = []
        attributes: list[tuple[str, object]] = []
        while not self.accept(")"):
            following = self.tokens[self.position + 1]
            if self.here.kind == "name" and following.text == "=":
                key = self.advance().text
                self.advance()
                attributes.append((key, self._setting(key)))
            else:
                args.append(self.expression())
            if self.here.text == "for" and len(args) == 1 and not attributes:
                return self._over(name, args[0], at)
            if not self.accept(",") and self.here.text != ")":
                token = self.here
                if token.kind in {"name", "number", "deriv"}:
                    self.finish()
                self.fail(f"expected ',' or ')' in the call of '{name}'{self._found()}")
        if not args:
            self.fail(f"'{name}()' has no argument", self.tokens[self.position - 1])
        return Apply(name, tuple(args), tuple(sorted(attributes)), at)  # type: ignore[arg-type]  # ints, names and tuples of ints: hashable

    def _setting(self, key: str) -> object:
        token = self.here
        value = self.expression()
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
            body = Over(_RANGED_NAME.get(name, name), body, loop.variable, loop.low, loop.high, at)
        self.expect(")", "to close the sum")
        return body

    def _derivative(self, token: _Token) -> Expr:
        match = token.match
        assert match is not None  # noqa: S101  (the tokeniser attaches it to this kind)
        top, bottom = match["top"], match["bottom"]
        if match["order"] is None and match["square"] is None:
            return Deriv(_part(top, token), (_part(bottom, token),), token.at)
        if match["order"] is None:
            return Apply("pow", (_first(top, bottom, token), Num(2)), (), token.at)
        if match["square"] is None:
            # d2L/dw2 and d2L/dwdv: the second is told apart by its middle d.
            if bottom.endswith("2"):
                bottom = bottom[:-1]
            elif bottom[1:-1].find("d") >= 0 or "∂" in bottom:
                cut = bottom.find("∂") if "∂" in bottom else bottom.find("d", 1)
                parts = (_part(bottom[:cut], token), _part(bottom[cut + 1 :], token))
                return Deriv(_part(top, token), parts, token.at)
            else:
                self.fail(
                    f"a second derivative names two variables, not '{bottom}'",
                    token,
                    f"write d2{top}/d{bottom}2",
                )
        below = _part(bottom, token)
        return Deriv(_part(top, token), (below, below), token.at)


_COMPARE, _SUM = 0, 1


def _first(top: str, bottom: str, token: _Token) -> Expr:
    return Deriv(_part(top, token), (_part(bottom, token),), token.at)


def _part(text: str, token: _Token) -> Expr:
    """The top or bottom of a derivative: a name, or an entry of one."""
    name, bracket, inside = text.partition("[")
    symbol = Sym(normal_name(name), token.at)
    if not bracket:
        return symbol
    parser = _Parser(f"[{inside}")
    parser.advance()
    return Index(symbol, parser._indices(), token.at)


def _number(token: _Token) -> int | float:
    text = token.text
    if len(text) > MAX_DIGITS:
        raise EquationError(f"a number of {len(text)} digits", token.at, f"at most {MAX_DIGITS}")
    if text.isdigit():
        return int(text)
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise EquationError(f"{text} is too large", token.at, "numbers go up to about 1.8e308")
    return value


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    match_at = _TOKEN.match
    while True:
        match = match_at(text, position)
        if match is None:
            at = position
            while text[at].isspace():
                at += 1
            _unreadable(text, at)
        kind = match.lastgroup or "end"
        if kind in {"order", "top", "bottom", "square"}:
            kind = "deriv"
        start = match.start(kind)
        if kind == "end":
            tokens.append(_Token("end", "", len(text)))
            tokens.append(tokens[-1])
            return tokens
        word = match[kind]
        if kind == "deriv":
            tokens.append(_Token("deriv", word, start, match))
        else:
            tokens.append(_Token(kind, _SAME.get(word, word), start))
        position = match.end()


def _unreadable(text: str, at: int) -> NoReturn:
    character = text[at]
    hints = {
        ";": "write one equation a line",
        "#": "comments go outside the equation",
        "|": "write abs(x)",
        "&": "conditions are written a if x > 0 else b",
        "!": "write != to compare",
        "{": "use round brackets",
        "}": "use round brackets",
        "∑": "write sum(x[i] for i in 1..3)",
        "∞": "write a number",
        "%": "write the factor 0.01",
    }
    shown = character if character.isprintable() else f"\\x{ord(character):02x}"
    raise EquationError(f"'{shown}' is not part of the equation language", at, hints.get(character, ""))


def _source(parser: _Parser, target: Expr) -> str:
    del target
    end = parser.here.at if parser.here.kind != "end" else len(parser.text)
    return parser.text[parser.tokens[0].at : end].rstrip().rstrip("=").rstrip()
