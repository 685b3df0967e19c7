"""A problem in symbols: what is asked of it as a formula, derived and certified.

A name that no equation defines is a symbol; it needs no value, and neither do sizes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import CertificateError, EquationError, InputError
from hwsolve.expr.notation import text
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.agreement import Agreement, Question, agreement, free_indices
from hwsolve.proofs.definitions import CONSTANTS
from hwsolve.proofs.deltas import with_condition
from hwsolve.proofs.index_ranges import Facts, Range
from hwsolve.proofs.indexed import Derivative, Gradient, base_name, define, derived, known_sums
from hwsolve.proofs.lines import parse_assumption, parse_shape
from hwsolve.proofs.matrix_form import matrix_form
from hwsolve.proofs.names import free_names, fresh, substitute
from hwsolve.proofs.products import key
from hwsolve.proofs.rewriting import (
    over_one_divisor,
    size,
    spread,
    term_by_term,
    without_even_roots,
)
from hwsolve.proofs.tidy import Tidier
from hwsolve.proofs.unrolled import by_entries, entry_name, needs_entries, with_indices
from hwsolve.solvers.jacobian import NUMERATOR, Jacobian, jacobian

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.parser import Equation
    from hwsolve.problem.model import Problem, Written
    from hwsolve.proofs.definitions import Definitions


# A formula longer than this is left in the names of its parts.
LONGEST = 400
# What the names of functions hold whose targets are probabilities of classes.
_OF_CLASSES = ("log", "softmax", "entropy", "nll", "ce", "kl")


class Found(NamedTuple):
    """An answer: what was asked, its formula, and how it came about.

    Attributes:
        text: the name as it was asked.
        asked: the same as an expression.
        value: the formula.
        free: the ranges of its free indices.
        shape: the sizes of its axes, where it is an array.
        derivative: the derivative by entries that the formula was made of, if it is one.
        gradient: all derivatives of the same top.
        agreement: what comparing it with the ordinary engine came to.
        jacobian: the derivative by entries that was meant, where a whole vector is on top.
    """

    text: str
    asked: Expr
    value: Expr
    free: Mapping[str, Range]
    shape: tuple[Expr, ...]
    derivative: Derivative | None
    gradient: Gradient | None
    agreement: Agreement
    jacobian: Jacobian | None = None


class Asked:
    """A problem in symbols, ready for questions.

    Attributes:
        problem: the problem.
        written: its equations as they stand in the file.
        equations: the same, read.
        question: what formulas are compared about.
        definitions: the equations in single numbers.
        families: names whose entries are quantities of their own (a recurrence).
    """

    def __init__(self, problem: Problem, written: Sequence[Written]) -> None:
        from hwsolve.solvers.graph import parsed, stated

        self.problem = problem
        self.written = tuple(written)
        self.equations: tuple[Equation, ...] = tuple(parsed(written))
        self.first_index = int(stated(problem, "first_index", "0"))
        body: Any = problem.body
        shapes = self._shapes(getattr(body, "shapes", {}))
        assumptions = [*self._assumptions(getattr(body, "assume", ())), *self._sums_of_given()]
        self.families: set[str] = set()
        self.gradients: dict[Expr, Gradient] = {}
        single: Sequence[Equation] = self.equations
        try:
            if needs_entries(self.equations):
                self.families = {
                    equation.target.base.name
                    for equation in self.equations
                    if isinstance(equation.target, Index) and isinstance(equation.target.base, Sym)
                }
                single = by_entries(self.equations, self._sizes())
            self.definitions: Definitions = define(
                single,
                shapes=shapes,
                assumptions=tuple(left for left, _ in assumptions),
                first_index=self.first_index,
                log_base=stated(problem, "log", "e"),
                relu_at_0=stated(problem, "relu_at_0", "0"),
            )
        except EquationError as error:
            raise self._placed(error, single) from None
        self.question = Question(
            self.definitions, self.equations, tuple(assumptions), self._whole_arrays(shapes)
        )

    # -- what the problem says --------------------------------------------------

    def _shapes(self, written: Mapping[str, Written]) -> dict[str, tuple[Expr, ...]]:
        from hwsolve.solvers.written_out import shapes_of

        shapes: dict[str, tuple[Expr, ...]] = {
            name: tuple(map(Num, shape))
            for name, shape in shapes_of(self.problem).items()
            if shape and self._is_used_whole(name)
        }
        for name, place in written.items():
            try:
                shapes[name] = parse_shape(place.text)
            except EquationError as error:
                raise placed(error, place) from None
        return shapes

    def _is_used_whole(self, name: str) -> bool:
        """Whether a name is used without an index (`x[i]` only needs a family of entries)."""
        stack: list[Expr] = [equation.body for equation in self.equations]
        while stack:
            node = stack.pop()
            match node:
                case Sym(name=found) if found == name:
                    return True
                case Index(base=Sym()):
                    stack.extend(node.indices)
                case Apply():
                    stack.extend(node.args)
                case Over():
                    stack.append(node.body)
        return False

    def _whole_arrays(self, shapes: Mapping[str, tuple[Expr, ...]]) -> dict[str, tuple[Expr, ...]]:
        """The shapes of the symbols that are used as arrays, stated or found by their use."""
        found = dict(shapes)
        for name, axes in self.definitions.axes.items():
            if name not in self.definitions.by_name and name not in found:
                starts = all(axis.low == Num(self.first_index) for axis in axes)
                if starts and self._is_used_whole(name):
                    found[name] = tuple(axis.size for axis in axes)
        return found

    def _assumptions(
        self, written: Sequence[Written]
    ) -> list[tuple[Expr, tuple[tuple[str, Range], ...]]]:
        found = []
        for place in written:
            try:
                body, loops = parse_assumption(place.text)
            except EquationError as error:
                raise placed(error, place) from None
            ranges = tuple((loop.variable, Range(loop.low, loop.high)) for loop in loops)
            found.append((body, ranges))
        return found

    def _sums_of_given(self) -> list[tuple[Expr, tuple[tuple[str, Range], ...]]]:
        """What is seen of given targets: the entries of y (or of each row of Y) add up to 1."""
        from hwsolve.solvers.graph import given_value

        found: list[tuple[Expr, tuple[tuple[str, Range], ...]]] = []
        nodes = [node for equation in self.equations for node in walk(equation.body)]
        calls = {node.op for node in nodes if isinstance(node, Apply)}
        if not any(word in call for call in calls for word in _OF_CLASSES):
            return found
        first = self.first_index
        for name, given in self.problem.given.items():
            rows = given_value(given)
            if not isinstance(rows, list) or not self._is_used_whole(name):
                continue
            k = fresh("k", {name, "i"})
            if not isinstance(rows[0], list):
                low, high = Num(first), Num(first + len(rows) - 1)
                if len(rows) > 1 and _adds_up(rows):
                    total = Over("sum", Index(Sym(name), (Sym(k),)), k, low, high)
                    found.append((Apply("eq", (total, Num(1))), ()))
            elif all(isinstance(row, list) and _adds_up(row) for row in rows) and len(rows[0]) > 1:
                low, high = Num(first), Num(first + len(rows[0]) - 1)
                total = Over("sum", Index(Sym(name), (Sym("i"), Sym(k))), k, low, high)
                rows_ = Range(Num(first), Num(first + len(rows) - 1))
                found.append((Apply("eq", (total, Num(1))), (("i", rows_),)))
        return found

    def _sizes(self) -> dict[str, int]:
        values = {name: given.value for name, given in self.problem.given.items()}
        return {name: value for name, value in values.items() if isinstance(value, int)}

    def _placed(self, error: EquationError, single: Sequence[Equation]) -> InputError:
        """An error of an equation, with its place in the file."""
        if 0 <= error.equation < len(single):
            # the equations of a recurrence were written out from those of the file
            words = [equation.text for equation in self.equations]
            return placed(error, self.written[words.index(single[error.equation].text)])
        return InputError(error.message, self.problem.place, error.hint)

    # -- answers ----------------------------------------------------------------

    def gradient(self, top: Expr) -> Gradient:
        """The derivatives of a quantity, the same object each time."""
        found = self.gradients.get(top)
        if found is None:
            found = self.gradients[top] = Gradient(self.definitions, top)
        return found

    def answer(self, asked_text: str, asked: Expr) -> Found:
        """The formula of something that was asked for, certified.

        Raises:
            EquationError: for a name that there is not, or a formula that is not found.
            CertificateError: if the ordinary engine or differences disagree.
        """
        own = self.by_own_names(asked)
        whole = self.jacobian(own)
        if whole is not None:
            return self._whole_derivative(asked_text, asked, whole)
        derivative = gradient = None
        shape: tuple[Expr, ...] = ()
        free = free_indices(own, self.definitions)
        self.check_names(asked, own, free)
        match own:
            case Deriv(top=top, bottoms=(Sym() | Index() as bottom,)):
                gradient = self.gradient(top)
                value, shape, derivative = self._gradient_by(gradient, bottom)
                facts = Facts({**gradient.facts.ranges, **free})
                if not shape:
                    decimals = self.definitions.decimals
                    value = Tidier(facts, None, decimals=decimals, resolve=True).expr(value)
                value = with_condition(value, facts)
                if any(isinstance(part, Num) for part in getattr(bottom, "indices", ())):
                    value = term_by_term(value, gradient.tidier(facts))
            case Deriv():
                value = self._in_short(derived(self.definitions, own), Facts(free))
            case _:
                value, shape = self._formula(own)
        value = without_even_roots(with_indices(value))
        free = {name: range_ for name, range_ in free.items() if name in free_names(asked)}
        return Found(
            asked_text, asked, value, free, shape, derivative, gradient,
            self._certified(asked, asked_text, value, free),
        )  # fmt: skip

    def jacobian(self, asked: Expr) -> Jacobian | None:
        """What was asked by its entries, if it is the derivative of a whole vector."""
        from hwsolve.solvers.graph import stated

        return jacobian(asked, self.definitions, stated(self.problem, "layout", NUMERATOR))

    def _whole_derivative(self, asked_text: str, asked: Expr, whole: Jacobian) -> Found:
        """The derivative of a vector by a number or a vector, as a vector or matrix.

        Raises:
            EquationError: no formula in whole arrays was found.
            CertificateError: the ordinary engine disagrees.
        """
        self.check_names(asked, whole.entry, whole.free)
        gradient: Gradient | None = None
        derivative: Derivative | None = None
        if len(whole.entry.bottoms) > 1:
            forms = [self._in_short(derived(self.definitions, whole.entry), Facts(whole.free))]
        else:
            gradient = self.gradient(whole.entry.top)
            derivative = gradient.by(whole.entry.bottoms[0])  # type: ignore[arg-type]  # a name or an entry
            facts = Facts({**gradient.facts.ranges, **whole.free})
            forms = [derivative.value, spread(derivative.value, gradient.tidier(facts))]
        found_forms = [self._in_arrays(form, whole) for form in forms]
        # a diagonal is seen best alone: P*eye(m) - outer(P, P)
        value = min(filter(None, found_forms), key=_columns, default=None)
        if value is None:
            raise EquationError(
                f"no formula in whole arrays was found for {asked_text}",
                getattr(asked, "at", -1),
                f"ask for an entry: {text(whole.entry)}",
            )
        shape = tuple([axis.size for axis in whole.ranges])
        found = self._certified(whole.entry, asked_text, whole.entry_of(value), whole.free)
        return Found(asked_text, asked, value, {}, shape, derivative, gradient, found, whole)

    def _in_arrays(self, entry: Expr, whole: Jacobian) -> Expr | None:
        axes, decimals = self.definitions.axes, self.definitions.decimals
        return matrix_form(entry, whole.letters, axes, whole.ranges, decimals=decimals)

    def by_own_names(self, asked: Expr) -> Expr:
        """A name with the entries of a recurrence under their own names."""
        if not self.families:
            return asked
        match asked:
            case Index(base=Sym(name=name)) if name in self.families:
                return entry_name(asked, self.families)
            case Apply():
                args = tuple(map(self.by_own_names, asked.args))
                return Apply(asked.op, args, asked.attributes, asked.at)
            case Deriv():
                bottoms = tuple(map(self.by_own_names, asked.bottoms))
                return Deriv(self.by_own_names(asked.top), bottoms, asked.at)
        return asked

    def check_names(self, asked: Expr, own: Expr, free: Mapping[str, Range]) -> None:
        """Refuse names that the equations do not have, and indices without a range.

        Raises:
            EquationError: for the first of them.
        """
        definitions = self.definitions
        plain = {node.name: node.at for node in walk(asked) if isinstance(node, Sym)}
        entries = [node for node in walk(own) if isinstance(node, Index)]
        indices = {name for entry in entries for part in entry.indices for name in free_names(part)}
        unknown = [
            name
            for name in sorted(free_names(own), key=lambda name: plain.get(name, -1))
            if name not in free and not definitions.known(name) and name not in CONSTANTS
        ]
        for name in unknown:
            if name not in indices:
                raise definitions.unknown(name, plain.get(name, -1))
        for name in unknown:
            for entry in entries:
                base = base_name(entry)
                count = len(definitions.axes.get(base, entry.indices))
                # another number of indices is another mistake, which is found later
                if count == len(entry.indices) and name in free_names(entry):
                    raise EquationError(
                        f"the range of the index '{name}' is not known",
                        plain.get(name, -1),
                        f"state the shape of '{base}': shapes: {{{base}: n}}",
                    )

    def _gradient_by(
        self, gradient: Gradient, bottom: Sym | Index
    ) -> tuple[Expr, tuple[Expr, ...], Derivative]:
        """The derivative by a number, an entry, or a whole array."""
        definitions = self.definitions
        axes = definitions.axes.get(base_name(bottom), ())
        rest = axes[len(bottom.indices) if isinstance(bottom, Index) else 0 :]
        if not rest:
            derivative = gradient.by(bottom)
            return derivative.value, (), derivative
        letters: list[str] = []
        taken = definitions.letters | gradient.free | free_names(bottom)
        for position in range(len(rest)):
            letters.append(fresh(("i", "j", "k")[min(position, 2)], taken | set(letters)))
        before = bottom.indices if isinstance(bottom, Index) else ()
        entry = Index(Sym(base_name(bottom)), (*before, *map(Sym, letters)))
        derivative = gradient.by(entry)
        value = matrix_form(
            derivative.value, letters, definitions.axes, rest, decimals=definitions.decimals
        )
        if value is None:
            wanted = text(Deriv(gradient.top, (entry,)))
            raise EquationError(
                f"no formula in whole arrays was found for {text(Deriv(gradient.top, (bottom,)))}",
                bottom.at,
                f"ask for an entry: {wanted}",
            )
        return value, tuple(axis.size for axis in rest), derivative

    def _formula(self, own: Expr) -> tuple[Expr, tuple[Expr, ...]]:
        """The formula of a name, or of an expression with derivatives in it."""
        definitions = self.definitions
        name = base_name(own) if isinstance(own, (Sym, Index)) else ""
        definition = definitions.by_name.get(name)
        if definition is None:
            return self._shortest(definitions.single(definitions.without_derivatives(own)), own), ()
        indices = own.indices if isinstance(own, Index) else ()
        if len(indices) == len(definition.variables):
            values = dict(zip(definition.variables, indices, strict=True))
            return self._shortest(substitute(definition.body, values), own), ()
        if indices:
            raise EquationError(f"'{definition.name}' has {len(definition.variables)} indices", -1)
        value = matrix_form(
            definition.body, definition.variables, definitions.axes, definition.ranges,
            decimals=definitions.decimals,
        )  # fmt: skip
        if value is None:
            wanted = text(definition.target)
            raise EquationError(
                f"no formula in whole arrays was found for {definition.name}",
                -1,
                f"ask for an entry: {wanted}",
            )
        return value, tuple(axis.size for axis in definition.ranges)

    def _in_short(self, value: Expr, facts: Facts) -> Expr:
        """A second derivative tidied, over one divisor where that is shorter."""
        known, decimals = known_sums(self.definitions), self.definitions.decimals
        single = self.definitions.has_arrays
        tidier = Tidier(facts, known, decimals=decimals, resolve=True, single=single)
        tidy = tidier.expr(value)
        # brackets in brackets are multiplied out one after the other
        plain = spread(spread(tidy, tidier), tidier)
        return min((tidy, over_one_divisor(plain), value), key=size)

    def _shortest(self, formula: Expr, own: Expr) -> Expr:
        """A formula in named quantities, or in symbols alone where that is shorter."""
        definitions = self.definitions
        facts = Facts(free_indices(own, definitions))
        known, decimals = known_sums(definitions), definitions.decimals
        tidier = Tidier(facts, known, decimals=decimals, resolve=True)
        named = tidier.expr(formula)
        plain = definitions.written_out(named)
        if size(plain) > LONGEST:
            return named
        found = [named, tidier.expr(plain), spread(plain, tidier)]
        if key(named) == key(own):
            found = found[1:]
        return min(found, key=size)

    def question_about(self, asked: Expr, formula: Expr | None = None) -> Question:
        """The question, with the shapes of arrays that are only ever used by their entries."""
        shapes = dict(self.question.shapes)
        nodes = [] if formula is None else list(walk(formula))
        entries = {node.base for node in nodes if isinstance(node, Index)}
        for node in nodes:
            if not isinstance(node, Sym) or node in entries or node.name in shapes:
                continue
            axes = self.definitions.axes.get(node.name, ())
            plain = all(axis.low == Num(self.first_index) for axis in axes)
            if axes and plain and node.name not in self.definitions.by_name:
                shapes[node.name] = tuple(axis.size for axis in axes)
        for node in walk(asked):
            for bottom in node.bottoms if isinstance(node, Deriv) else ():
                if not isinstance(bottom, Sym) or bottom.name in self.definitions.by_name:
                    continue
                axes = self.definitions.axes.get(bottom.name, ())
                if axes and bottom.name not in shapes:
                    if any(axis.low != Num(self.first_index) for axis in axes):
                        raise EquationError(
                            f"the entries of '{bottom.name}' do not begin at {self.first_index}",
                            bottom.at,
                            "ask for an entry with a free index",
                        )
                    shapes[bottom.name] = tuple(axis.size for axis in axes)
        return self.question._replace(shapes=shapes)

    def _certified(
        self, asked: Expr, asked_text: str, value: Expr, free: Mapping[str, Range]
    ) -> Agreement:
        """The formula against the ordinary engine's value of what was asked."""
        found = agreement(asked, value, self.question_about(asked, value), free)
        if found.equal is False:
            where = ", ".join(f"{name} = {shown}" for name, shown in (found.where or {}).items())
            raise CertificateError(
                f"no answer for {asked_text}: the formula {text(value)} gives {found.right}, "
                f"the equations give {found.left} at {where}"
            )
        if found.equal is None:
            raise CertificateError(
                f"no answer for {asked_text}: no point was found at which {text(value)} has a value"
            )
        return found


def _columns(array: Expr) -> tuple[int, int]:
    """How much of a formula in whole arrays is hard to read: columns, then its length."""
    columns = sum(isinstance(node, Apply) and node.op == "column" for node in walk(array))
    return columns, size(array)


def _adds_up(row: Any) -> bool:
    """Whether numbers as they were written add up to exactly 1."""
    from fractions import Fraction

    numbers = [Fraction(repr(entry)) if isinstance(entry, float) else entry for entry in row]
    if any(not isinstance(entry, (int, Fraction)) for entry in numbers):
        return False
    return sum(numbers) == 1


def placed(error: EquationError, written: Written) -> InputError:
    """An error in a text of the file, with its place."""
    return InputError(error.message, written.place(max(error.at, 0)), error.hint)
