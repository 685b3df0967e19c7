"""What the curvature of a quadratic loss says: stable rates, speed, the minimum.

The loss is worked out with polynomials in the parameters instead of numbers, so that it is
known to be quadratic, and its second derivatives are exact.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import CertificateError, EquationError, InputError
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.lower import Bundle
from hwsolve.expr.systems import EXACT, NumberSystem
from hwsolve.expr.tree import Apply, Expr, Sym
from hwsolve.expr.tree import Num as Number
from hwsolve.solution import Answer, Certificate, Section, Step, Text
from hwsolve.solvers.graph import given_value
from hwsolve.solvers.optimizer_names import Mention, numbered
from hwsolve.solvers.optimizer_polynomials import Polynomial, PolynomialError, Polynomials
from hwsolve.solvers.optimizer_setup import Setup
from hwsolve.solvers.optimizer_spectrum import eigenvalues, solution_of

if TYPE_CHECKING:
    from hwsolve.errors import Place
    from hwsolve.problem.model import Problem
    from hwsolve.solvers.optimizer_asked import Question

Matrix = list[list[Any]]
# Eigenvalues in floats miss the trace by no more than this part of it.
CLOSE = 1e-9


class Quadratic(NamedTuple):
    """L = 1/2 w^T H w + b^T w + c, in all entries of the parameters one after the other.

    `start` is where the steps begin, `names` says what each entry is called.
    """

    hessian: Matrix
    linear: list[Any]
    constant: Any
    start: list[Any]
    names: list[str]
    loss: str


def quadratic_of(problem: Problem) -> Quadratic:
    """The loss of a problem as a quadratic function of its parameters.

    Raises:
        InputError: if it has no loss, or one that is not quadratic.
    """
    from hwsolve.solvers.optimizer import Course

    course = Course(problem, Setup(problem), 0)
    writer = course.writer
    setup = writer.setup
    place = setup.body.loss.origin if setup.body.loss is not None else problem.place
    if not setup.loss:
        hint = "write 'loss: ...' instead of the gradients"
        raise InputError("the curvature is that of a loss, and there is none", place, hint)
    first = writer.first
    whole = "all" if setup.batch and setup.batch < setup.examples else None
    wanted = Mention(setup.loss, first, whole)
    writer.want(wanted)
    solved = course.solve([])
    node = solved.lowering.names[numbered(*wanted)]
    graph = solved.graph
    names: list[str] = []
    points: list[Any] = []
    values: list[Any] = [None] * len(graph)
    for name, parameter in setup.parameters.items():
        at = solved.lowering.names[numbered(name, first)]
        value = given_value(parameter.start)
        entries = _flat(value)
        variables = [Polynomial.variable(len(names) + k) for k in range(len(entries))]
        if isinstance(at, int):
            values[at] = _shaped(variables, parameter.shape)
        elif isinstance(at, Bundle):  # its entries are used one by one
            places = ndindex(parameter.shape, int(setup.stated("first_index") or 0))
            for place_of, variable in zip(places, variables, strict=True):
                if place_of in at.entries:
                    values[at.entries[place_of]] = variable
        points += [EXACT.number(entry) for entry in entries]
        names += [name] if not parameter.shape else _entry_names(name, parameter.shape, setup)
    system: NumberSystem = Polynomials()
    if graph.has_arrays:
        from hwsolve.expr.arrays import Arrays

        system = Arrays(system)
    assert isinstance(node, int)  # noqa: S101  (a loss is one number)
    try:
        result = evaluate(graph, system, graph.ancestors([node]), start=values)[node]
        loss = result if isinstance(result, Polynomial) else Polynomial({(): result})
    except (PolynomialError, EquationError, TypeError, ValueError, ArithmeticError) as error:
        reason = str(error) if isinstance(error, PolynomialError) else "it is no polynomial"
        raise _not_quadratic(reason, place) from None
    if loss.degree() > 2:  # noqa: PLR2004  (quadratic)
        raise _not_quadratic(f"it has the degree {loss.degree()}", place)
    count = len(names)
    hessian = [[loss.second(i, j) for j in range(count)] for i in range(count)]
    linear = [loss.terms.get((i,), Fraction(0)) for i in range(count)]
    constant = loss.terms.get((), Fraction(0))
    return Quadratic(hessian, linear, constant, points, names, setup.loss)


def _not_quadratic(reason: str, place: Place) -> InputError:
    return InputError(
        f"the loss is not quadratic: {reason}",
        place,
        "stable rates and speeds follow from the curvature of a quadratic loss only",
    )


def ndindex(shape: tuple[int, ...], first: int) -> list[tuple[int, ...]]:
    """All places of an array, row by row."""
    places: list[tuple[int, ...]] = [()]
    for length in shape:
        places = [(*at, k + first) for at in places for k in range(length)]
    return places


def _flat(value: Any) -> list[Any]:
    return (
        [entry for part in value for entry in _flat(part)] if isinstance(value, list) else [value]
    )


def _shaped(variables: list[Polynomial], shape: tuple[int, ...]) -> Any:
    if not shape:
        return variables[0]
    import numpy as np

    whole = np.empty(len(variables), dtype=object)
    whole[:] = variables
    return whole.reshape(shape)


def _entry_names(name: str, shape: tuple[int, ...], setup: Setup) -> list[str]:
    first = int(setup.stated("first_index") or 0)
    return [f"{name}[{','.join(map(str, at))}]" for at in ndindex(shape, first)]


class Analysis:
    """Answers about one quadratic loss, and the lines that lead to them."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.name = ""
        self.speed: Any = None
        self.quadratic = quadratic_of(problem)
        self.setup = Setup(problem)
        self.values, self.exact = eigenvalues(self.quadratic.hessian)
        self.blocks: list[Any] = []
        self._curvature()

    def _curvature(self) -> None:
        quadratic = self.quadratic
        names = quadratic.names
        if len(names) == 1:
            second = Sym(f"d²{quadratic.loss}/d{names[0]}²")
            self.blocks.append(
                Text((f"{quadratic.loss} is quadratic, so its curvature is constant",))
            )
            self.blocks.append(Step(second, (), self.value(quadratic.hessian[0][0])))
            return
        words = f"{quadratic.loss} is quadratic; its second derivatives by {', '.join(names)} are"
        self.blocks.append(Text((words,)))
        shape = (len(names), len(names))
        self.blocks.append(Step(Sym("H"), (), self.array(quadratic.hessian), shape=shape))
        if len(names) == 2:  # noqa: PLR2004  (written out)
            (a, b), (_, d) = quadratic.hessian
            root = Sym("λ")
            square = Apply("pow", (root, Number(2)))
            linear = Apply("sub", (square, Apply("mul", (self.number(a + d), root))))
            whole = Apply("add", (linear, self.number(a * d - b * b)))
            self.blocks.append(Text(("the eigenvalues are the roots of ", whole)))
        for number, value in enumerate(self.values, start=1):
            self.blocks.append(Step(Sym(f"λ{number}"), (), self.value(value)))

    def value(self, value: Any) -> Any:
        """A value as it is shown: a fraction only where the problem wants fractions."""
        if self.problem.settings.exact or not isinstance(value, Fraction):
            return value
        return int(value) if value.denominator == 1 else float(value)

    def number(self, value: Any) -> Expr:
        """A number in a formula."""
        return Number(self.value(value))

    def array(self, values: list[Any]) -> Any:
        """A vector or a matrix as it is shown."""
        import numpy as np

        shown = [
            [self.value(entry) for entry in row] if isinstance(row, list) else self.value(row)
            for row in values
        ]
        return np.array(shown, dtype=object)

    def line(self, formula: Expr, numbers: Expr, value: Any) -> Any:
        """Note a line of working; its value."""
        self.blocks.append(Step(Sym(self.name), (formula, numbers), self.value(value)))
        return value

    @property
    def largest(self) -> Any:
        """The largest eigenvalue."""
        return self.values[-1]

    def convex(self) -> None:
        """Refuse a loss without a minimum.

        Raises:
            InputError: if the curvature is nowhere positive, or negative somewhere.
        """
        if self.values[0] < 0 or self.largest <= 0:
            raise InputError(
                f"the loss has no minimum: its curvature is {_shown(self.values[0])} somewhere",
                self.problem.place,
                "every rate diverges, or nothing moves",
            )

    def rate(self) -> Any:
        """The learning rate of the problem.

        Raises:
            InputError: if there is none, or it changes.
        """
        setup = self.setup
        symbol = setup.settings.get("lr", "")
        if (
            not symbol
            or setup.schedule is not None
            or (setup.body.lr and symbol not in setup.given)
        ):
            if not symbol and not setup.body.lr:
                raise setup.needs("lr")
            raise InputError("the learning rate changes", self.problem.place, "give one number")
        return EXACT.number(given_value(setup.given[symbol]))

    def momentum(self) -> tuple[Any, Any]:
        """The factor of the velocity and that of the gradient in it; 0 and 1 without momentum.

        Raises:
            InputError: for rules whose steps are not linear in the gradient.
        """
        rule = self.setup.rule
        if rule.name == "gradient descent":
            return Fraction(0), Fraction(1)
        if rule.name == "momentum":
            mu = EXACT.number(given_value(self.setup.given[self.setup.settings["mu"]]))
            return mu, 1 - mu if ("momentum", "average") in rule.when else Fraction(1)
        raise InputError(
            f"this is worked out for gradient descent and momentum, not for {rule.name}",
            self.problem.place,
        )

    def factors(self) -> list[float | Any]:
        """By how much each eigenvalue's part of the error is multiplied in a step."""
        mu, share = self.momentum()
        rate = self.rate()
        if not mu:
            return [1 - rate * value for value in self.values]
        return [_spectral_radius(1 + mu - rate * share * value, mu) for value in self.values]

    def active(self) -> list[bool]:
        """Whether the start has a part along each eigenvector; True where it is not known."""
        quadratic = self.quadratic
        if len(quadratic.names) > 1:
            return [True] * len(self.values)
        gradient = quadratic.linear[0] + quadratic.hessian[0][0] * quadratic.start[0]
        return [gradient != 0]

    def answer(self, each: Question) -> tuple[Answer, Certificate]:
        """The answer to a question, whose lines are noted, with its certificate."""
        self.name = each.written.text
        note, value = "", getattr(_Answers, each.analysis)(self)
        if isinstance(value, tuple):
            value, note = value
        if not isinstance(value, (list, str)) and not hasattr(value, "shape"):
            value = self.value(value)
        name = each.written.text
        if self.exact:
            proof = Certificate(name, "polynomials with exact coefficients", True, 1)  # noqa: FBT003  (proved)
        else:
            method = "the sums of the eigenvalues and of their squares"
            proof = Certificate(name, method, proved=False, trials=2, worst=self._apart())
        return Answer(name, value, note), proof

    def _apart(self) -> float:
        """How far the eigenvalues miss the trace of H and the sum of its squares."""
        entries = [float(entry) for row in self.quadratic.hessian for entry in row]
        trace = sum(float(row[at]) for at, row in enumerate(self.quadratic.hessian))
        squares = sum(entry**2 for entry in entries)
        sizes = [float(abs(value)) for value in self.values]
        first = abs(sum(map(float, self.values)) - trace) / sum(sizes)
        second = abs(sum(size**2 for size in sizes) - squares) / squares
        worst = max(first, second)
        if worst > CLOSE:
            raise CertificateError(f"the eigenvalues miss the trace by a part of {worst:.2g}")
        return worst

    def section(self) -> Section:
        """All lines of working."""
        return Section("Curvature", tuple(self.blocks), detail="short")


class _Answers:
    """One function for each analysis."""

    @staticmethod
    def largest_lr(a: Analysis) -> Any:
        """2/lambda for gradient descent, 2(1 + mu)/lambda with momentum."""
        a.convex()
        mu, share = a.momentum()
        top: Expr = Number(2)
        value = 2 * (1 + mu) / share / a.largest
        if mu:
            top = Apply("mul", (Number(2), Apply("add", (Number(1), Sym("mu")))))
        numbers: Expr = a.number(2 * (1 + mu))
        below: Expr = Sym("λmax") if len(a.values) > 1 else Sym("λ")
        shown: Expr = a.number(a.largest)
        if share != 1:
            below = Apply("mul", (Apply("sub", (Number(1), Sym("mu"))), below))
            shown = Apply("mul", (a.number(share), shown))
        factor = (
            "|1 - lr·λ| < 1"
            if not mu
            else "both roots of z² - (1 + mu - lr·λ)·z + mu lie inside the unit circle"
        )
        if share != 1:
            factor = factor.replace("lr·λ", "lr·(1 - mu)·λ")
        a.blocks.append(Text((f"steps shrink the error where {factor}, for every λ",)))
        a.line(Apply("div", (top, below)), Apply("div", (numbers, shown)), value)
        return value, "below it the steps converge, above it they diverge"

    @staticmethod
    def best_lr(a: Analysis) -> Any:
        """2/(smallest + largest eigenvalue): the fastest constant rate."""
        a.convex()
        if len(a.values) == 1:
            return a.line(
                Apply("div", (Number(1), Sym("λ"))), Apply("div", (Number(1), a.number(a.largest))),
                1 / a.largest,
            )  # fmt: skip
        low = a.values[0]
        formula = Apply("div", (Number(2), Apply("add", (Sym("λmin"), Sym("λmax")))))
        numbers = Apply("div", (Number(2), Apply("add", (a.number(low), a.number(a.largest)))))
        return a.line(formula, numbers, 2 / (low + a.largest))

    @staticmethod
    def one_step_lr(a: Analysis) -> Any:
        """The rate with which the first step ends at the minimum."""
        a.convex()
        quadratic = a.quadratic
        gradient = _gradient(quadratic)
        if not any(gradient):
            return "any", "the start is the minimum"
        curved = [_dot(row, gradient) for row in quadratic.hessian]
        rates = [g / c for g, c in zip(gradient, curved, strict=True) if c]
        fits = rates and all(rates[0] * c == g for g, c in zip(gradient, curved, strict=True))
        if not fits:
            a.blocks.append(
                Text(("the gradient is no eigenvector of H, so it does not lead there",))
            )
            return "none", "no single step along the gradient ends at the minimum"
        curvature = gradient[0] / rates[0] / gradient[0] if gradient[0] else 1 / rates[0]
        return a.line(
            Apply("div", (Number(1), Sym("λ"))), Apply("div", (Number(1), a.number(curvature))),
            rates[0],
        )  # fmt: skip

    @staticmethod
    def line_search_lr(a: Analysis) -> Any:
        """g·g/(g·Hg): the rate with which the first step lowers the loss most."""
        a.convex()
        gradient = _gradient(a.quadratic)
        curved = [_dot(row, gradient) for row in a.quadratic.hessian]
        top, bottom = _dot(gradient, gradient), _dot(gradient, curved)
        if not bottom:
            raise InputError("the gradient is 0 at the start", a.problem.place)
        g = Sym("g")
        a.blocks.append(Step(g, (), a.array(gradient), shape=(len(gradient),)))
        formula = Apply("div", (Sym("(g·g)"), Sym("(g·Hg)")))
        return a.line(formula, Apply("div", (a.number(top), a.number(bottom))), top / bottom)

    @staticmethod
    def convergence_rate(a: Analysis) -> Any:
        """The largest factor in the error, in absolute value."""
        if a.speed is not None:
            return a.speed
        factors = a.factors()
        mu, _ = a.momentum()
        rate = a.rate()
        if not mu:
            for number, (value, factor) in enumerate(zip(a.values, factors, strict=True), start=1):
                name = f"λ{number}" if len(a.values) > 1 else "λ"
                symbol = Sym(a.setup.settings["lr"])
                one = Apply("sub", (Number(1), Apply("mul", (symbol, Sym(name)))))
                two = Apply("sub", (Number(1), Apply("mul", (a.number(rate), a.number(value)))))
                a.blocks.append(Step(Sym(f"factor{number}"), (one, two), a.value(factor)))
        a.speed = max(abs(factor) for factor in factors)
        return a.speed

    @staticmethod
    def diverges(a: Analysis) -> Any:
        """Whether a part of the error grows."""
        worst = _Answers.convergence_rate(a)
        moving = [
            abs(factor) for factor, active in zip(a.factors(), a.active(), strict=True) if active
        ]
        return bool(moving and max(moving) > 1), f"the error is multiplied by up to {_shown(worst)}"

    @staticmethod
    def converges(a: Analysis) -> Any:
        """Whether every part of the error shrinks."""
        worst = _Answers.convergence_rate(a)
        moving = [
            abs(factor)
            for factor, value, active in zip(a.factors(), a.values, a.active(), strict=True)
            if active and value != 0
        ]
        converging = all(factor < 1 for factor in moving)
        return converging, f"the error is multiplied by up to {_shown(worst)}"

    @staticmethod
    def eigenvalues(a: Analysis) -> Any:
        """All eigenvalues, the smallest first."""
        return a.values[0] if len(a.values) == 1 else a.array(a.values)

    @staticmethod
    def hessian(a: Analysis) -> Any:
        """The matrix of second derivatives."""
        whole = a.quadratic.hessian
        return whole[0][0] if len(whole) == 1 else a.array(whole)

    @staticmethod
    def condition_number(a: Analysis) -> Any:
        """The largest eigenvalue by the smallest."""
        a.convex()
        if not a.values[0]:
            raise InputError("the smallest eigenvalue is 0", a.problem.place)
        low, high = a.values[0], a.largest
        formula = Apply("div", (Sym("λmax"), Sym("λmin")))
        return a.line(formula, Apply("div", (a.number(high), a.number(low))), high / low)

    @staticmethod
    def best_rate(a: Analysis) -> Any:
        """By how much a step shrinks the error at the best constant rate."""
        kappa = _Answers._condition(a)
        one = Number(1)
        formula = Apply("div", (Apply("sub", (Sym("κ"), one)), Apply("add", (Sym("κ"), one))))
        shown = a.number(kappa)
        numbers = Apply("div", (Apply("sub", (shown, one)), Apply("add", (shown, one))))
        return a.line(formula, numbers, (kappa - 1) / (kappa + 1))

    @staticmethod
    def best_momentum(a: Analysis) -> Any:
        """Polyak's coefficient for the heavy ball."""
        root = EXACT.sqrt(_Answers._condition(a))
        one, two = Number(1), Number(2)
        name, shown = Apply("sqrt", (Sym("κ"),)), a.number(root)
        sides = [
            Apply("pow", (Apply("div", (Apply("sub", (k, one)), Apply("add", (k, one)))), two))
            for k in (name, shown)
        ]
        return a.line(sides[0], sides[1], ((root - 1) / (root + 1)) ** 2)

    @staticmethod
    def _condition(a: Analysis) -> Any:
        """The condition number, with its line."""
        a.convex()
        if not a.values[0]:
            raise InputError("the smallest eigenvalue is 0", a.problem.place)
        kappa = a.largest / a.values[0]
        formula = Apply("div", (Sym("λmax"), Sym("λmin")))
        numbers = Apply("div", (a.number(a.largest), a.number(a.values[0])))
        a.blocks.append(Step(Sym("κ"), (formula, numbers), a.value(kappa)))
        return kappa

    @staticmethod
    def minimum(a: Analysis) -> Any:
        """Where the gradient is 0."""
        point = _minimum(a)
        shown = a.value(point[0]) if len(point) == 1 else a.array(point)
        shape = () if len(point) == 1 else (len(point),)
        a.blocks.append(Text((f"the gradient is 0 where {', '.join(a.quadratic.names)} are",)))
        a.blocks.append(Step(Sym(a.name), (), shown, shape=shape))
        return shown

    @staticmethod
    def least_loss(a: Analysis) -> Any:
        """The loss where the gradient is 0."""
        point = _minimum(a)
        return a.quadratic.constant + _dot(a.quadratic.linear, point) / 2


def _minimum(a: Analysis) -> list[Any]:
    a.convex()
    point = solution_of(a.quadratic.hessian, [-entry for entry in a.quadratic.linear])
    if point is None:
        raise InputError("the minimum is not a single point", a.problem.place)
    return point


def _gradient(quadratic: Quadratic) -> list[Any]:
    """The gradient at the start."""
    return [
        slope + _dot(row, quadratic.start)
        for slope, row in zip(quadratic.linear, quadratic.hessian, strict=True)
    ]


def _dot(one: list[Any], other: list[Any]) -> Any:
    return sum((a * b for a, b in zip(one, other, strict=True)), Fraction(0))


def _spectral_radius(trace: Any, product: Any) -> Any:
    """The largest absolute value of the roots of z² - trace·z + product."""
    under = trace * trace - 4 * product
    if under < 0:
        return EXACT.sqrt(product)
    return (abs(trace) + EXACT.sqrt(under)) / 2


def _shown(value: Any) -> str:
    return f"{float(value):.4g}"
