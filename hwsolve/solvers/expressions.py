"""Answers that are formulas: gradients in named symbols, also indexed ones and matrices.

A name that no equation defines is a symbol; it needs no value, and neither do sizes.
What is asked as a number besides is left to the ordinary solver.
"""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsolve.errors import CertificateError, EquationError, InputError, InputErrors
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Apply, Deriv, Expr, Index, Num, Over, Sym, walk
from hwsolve.proofs.agreement import Agreement, Question, agreement, differences, free_indices
from hwsolve.proofs.deltas import with_condition
from hwsolve.proofs.index_ranges import Facts, Range
from hwsolve.proofs.indexed import Derivative, Gradient, base_name, define, derived, known_sums
from hwsolve.proofs.lines import parse_assumption, parse_shape
from hwsolve.proofs.matrix_form import matrix_form
from hwsolve.proofs.names import fresh, free_names, substitute
from hwsolve.proofs.tidy import Tidier
from hwsolve.proofs.unrolled import by_entries, entry_name, needs_entries, with_indices
from hwsolve.solution import Answer, Certificate, Solution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsolve.expr.parser import Equation
    from hwsolve.problem.model import Graph, Problem, Written
    from hwsolve.proofs.definitions import Definitions
    from hwsolve.solution import Convention


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
    """

    text: str
    asked: Expr
    value: Expr
    free: Mapping[str, Range]
    shape: tuple[Expr, ...]
    derivative: Derivative | None
    gradient: Gradient | None
    agreement: Agreement


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
            raise self.placed(error) from None
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
                raise _placed(error, place) from None
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

    def _whole_arrays(
        self, shapes: Mapping[str, tuple[Expr, ...]]
    ) -> dict[str, tuple[Expr, ...]]:
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
                raise _placed(error, place) from None
            ranges = tuple((loop.variable, Range(loop.low, loop.high)) for loop in loops)
            found.append((body, ranges))
        return found

    def _sums_of_given(self) -> list[tuple[Expr, tuple[tuple[str, Range], ...]]]:
        """What is seen of given targets: the entries of y (or of each row of Y) add up to 1."""
        found: list[tuple[Expr, tuple[tuple[str, Range], ...]]] = []
        first = self.first_index
        for name, given in self.problem.given.items():
            rows = given.value
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

    def placed(self, error: EquationError) -> InputError:
        """An error of an equation, with its place in the file."""
        if 0 <= error.equation < len(self.written):
            return _placed(error, self.written[error.equation])
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
        own = self._by_own_names(asked)
        derivative = gradient = None
        shape: tuple[Expr, ...] = ()
        free = free_indices(own, self.definitions)
        self._check_names(asked, own, free)
        match own:
            case Deriv(top=top, bottoms=(Sym() | Index() as bottom,)):
                gradient = self.gradient(top)
                value, shape, derivative = self._gradient_by(gradient, bottom)
                value = with_condition(value, Facts({**gradient.facts.ranges, **free}))
            case Deriv():
                value = derived(self.definitions, own)
            case _:
                value, shape = self._formula(own)
        value = with_indices(value)
        free = {name: range_ for name, range_ in free.items() if name in free_names(asked)}
        return Found(
            asked_text, asked, value, free, shape, derivative, gradient,
            self._certified(asked, asked_text, value, free),
        )  # fmt: skip

    def _by_own_names(self, asked: Expr) -> Expr:
        """A name with the entries of a recurrence under their own names."""
        if not self.families:
            return asked
        match asked:
            case Index(base=Sym(name=name)) if name in self.families:
                return entry_name(asked, self.families)
            case Apply():
                args = tuple(map(self._by_own_names, asked.args))
                return Apply(asked.op, args, asked.attributes, asked.at)
            case Deriv():
                bottoms = tuple(map(self._by_own_names, asked.bottoms))
                return Deriv(self._by_own_names(asked.top), bottoms, asked.at)
        return asked

    def _check_names(self, asked: Expr, own: Expr, free: Mapping[str, Range]) -> None:
        definitions = self.definitions
        for name in free_names(own):
            if name in free or definitions.known(name) or name in {"pi", "π", "e"}:
                continue
            at = next(
                (n.at for n in walk(asked) if isinstance(n, Sym) and n.name == name),
                -1,
            )
            in_index = any(
                isinstance(node, Index) and any(name in free_names(part) for part in node.indices)
                for node in walk(own)
            )
            if in_index:
                raise EquationError(
                    f"the range of the index '{name}' is not known", at,
                    "state the shape of what it is an index of: shapes: {x: n}",
                )
            raise definitions.unknown(name, at)

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
        value = matrix_form(derivative.value, letters, definitions.axes, rest)
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
        definition = definitions.by_name.get(base_name(own)) if isinstance(own, (Sym, Index)) else None
        if definition is None:
            single = definitions.single(definitions.without_derivatives(own))
            facts = Facts(free_indices(own, definitions))
            tidier = Tidier(
                facts, known_sums(definitions), decimals=definitions.decimals, resolve=True
            )
            return tidier.expr(single), ()
        indices = own.indices if isinstance(own, Index) else ()
        if len(indices) == len(definition.variables):
            values = dict(zip(definition.variables, indices, strict=True))
            return substitute(definition.body, values), ()
        if indices:
            raise EquationError(f"'{definition.name}' has more indices than that", own.at)  # type: ignore[union-attr]  # an entry
        value = matrix_form(
            definition.body, definition.variables, definitions.axes, definition.ranges
        )
        if value is None:
            wanted = text(definition.target)
            raise EquationError(
                f"no formula in whole arrays was found for {definition.name}", -1,
                f"ask for an entry: {wanted}",
            )
        return value, tuple(axis.size for axis in definition.ranges)

    def _certified(
        self, asked: Expr, asked_text: str, value: Expr, free: Mapping[str, Range]
    ) -> Agreement:
        """The formula against the ordinary engine's value of what was asked."""
        found = agreement(asked, value, self.question, free)
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


def _adds_up(row: Any) -> bool:
    """Whether numbers as they were written add up to exactly 1."""
    from fractions import Fraction

    numbers = [Fraction(repr(entry)) if isinstance(entry, float) else entry for entry in row]
    if any(not isinstance(entry, (int, Fraction)) for entry in numbers):
        return False
    return sum(numbers) == 1


def _placed(error: EquationError, written: Written) -> InputError:
    return InputError(error.message, written.place(max(error.at, 0)), error.hint)


# -- the solver ---------------------------------------------------------------------------


def solve_in_symbols(
    problem: Problem,
    equations: Sequence[Written],
    *,
    document: bool,
    conventions: Sequence[Convention] = (),
    show_equations: bool = False,
) -> Solution | None:
    """Answer what is to be a formula, and leave what is a number to the ordinary solver.

    None where nothing is to be a formula.

    Raises:
        InputError: with the place of what cannot be read or differentiated.
        CertificateError: if a formula does not agree with the ordinary engine.
    """
    from hwsolve.solvers.graph import in_symbols, is_formula, solve_graph

    wanted = {written.text for written in problem.expressions}
    asks = list(problem.find)
    if document or not asks:
        asks += [written for written in problem.expressions if written.text not in _texts(asks)]
    formulas = [
        written
        for written in asks
        if written.text in wanted or is_formula(problem.answers.get(written.text))
    ]
    asked = Asked(problem, equations) if formulas or _lacks_values(problem, equations) else None
    if asked is None:
        if not in_symbols(problem._replace(given={"": None})):  # type: ignore[dict-item]  # any value
            return None
        return solve_graph(
            _in_numbers(problem, asks),
            document,
            equations=equations,
            conventions=conventions,
            show_equations=show_equations,
        )
    if _lacks_values(problem, equations):
        formulas = asks or _last(equations)
    found = _answers(asked, formulas)
    numbers = [written for written in asks if written not in formulas]
    base = _numeric(problem, numbers, equations, document, conventions, show_equations)
    return _document(asked, found, base, asks or formulas, document=document)


def _texts(asks: Sequence[Written]) -> set[str]:
    return {written.text for written in asks}


def _last(equations: Sequence[Written]) -> list[Written]:
    """What is asked where nothing is: the name that the last equation defines."""
    last = equations[-1]
    return [last.part(0, len(last.text.partition("=")[0].rstrip()))]


def _lacks_values(problem: Problem, equations: Sequence[Written]) -> bool:
    """Whether a name in the equations has neither a value nor an equation."""
    from hwsolve.proofs.names import all_names
    from hwsolve.solvers.graph import parsed

    known = {*problem.given, "pi", "π", "e", ""}
    used: set[str] = set()
    for equation in parsed(equations):
        known.add(base_name(equation.target))
        known |= {*(equation.parameters or ()), *(loop.variable for loop in equation.loops)}
        known |= {n.variable for n in walk(equation.body) if isinstance(n, Over)}
        ends = [end for loop in equation.loops for end in (loop.low, loop.high)]
        used |= all_names([equation.body, *ends])
    return not used <= known


def _in_numbers(problem: Problem, asks: Sequence[Written]) -> Problem:
    """The problem without anything that is a formula."""
    from hwsolve.problem.model import Graph as Equations
    from hwsolve.solvers.graph import is_formula

    body = problem.body
    if isinstance(body, Equations):
        body = Equations(body.equations)
    answers = {name: answer for name, answer in problem.answers.items() if not is_formula(answer)}
    return problem._replace(find=tuple(asks), expressions=(), body=body, answers=answers)


def _numeric(
    problem: Problem,
    numbers: Sequence[Written],
    equations: Sequence[Written],
    document: bool,  # noqa: FBT001  (the switch of every solver)
    conventions: Sequence[Convention],
    show_equations: bool,  # noqa: FBT001  (the same)
) -> Solution:
    """The solution of what is asked in numbers, or an empty one."""
    if numbers:
        from hwsolve.solvers.graph import solve_graph

        return solve_graph(
            _in_numbers(problem, numbers),
            document,
            equations=equations,
            conventions=conventions,
            show_equations=show_equations,
        )
    return Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        conventions=tuple(conventions),
        settings=problem.settings._asdict(),
    )


def _answers(asked: Asked, asks: Sequence[Written]) -> list[Found]:
    found: list[Found] = []
    errors: list[InputError] = []
    for written in asks:
        try:
            found.append(asked.answer(written.text, parse_expression(written.text)))
        except EquationError as error:
            errors.append(_placed(error, written))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise InputErrors(errors)
    return found


def _document(
    asked: Asked,
    found: Sequence[Found],
    base: Solution,
    asks: Sequence[Written],
    *,
    document: bool,
) -> Solution:
    by_name = {answer.name: answer for answer in base.answers}
    by_name |= {one.text: Answer(one.text, one.value, _note(one)) for one in found}
    answers = tuple(by_name[written.text] for written in asks if written.text in by_name)
    solution = base._replace(
        answers=(*answers, *(a for a in base.answers if a not in answers)),
        certificates=(*base.certificates, *_certificates(asked, found)),
    )
    if not document:
        return solution
    from hwsolve.solvers.expression_document import sections, used_conventions

    return solution._replace(
        sections=(*base.sections, *sections(asked, found)),
        conventions=tuple(dict.fromkeys((*base.conventions, *used_conventions(asked, found)))),
    )


def _note(found: Found) -> str:
    """For which indices a formula holds, and the shape of an array."""
    parts = [_for_range(name, range_) for name, range_ in found.free.items()]
    note = f"for {', '.join(parts)}" if parts else ""
    if found.shape:
        note = " x ".join(text(size, unicode=False) for size in found.shape)
        if len(found.shape) == 1:
            note += " entries"
    return note


def _for_range(name: str, range_: Range) -> str:
    return f"{name} in {text(range_.low)}..{text(range_.high)}".replace(" - ", "-")


def _certificates(asked: Asked, found: Sequence[Found]) -> list[Certificate]:
    """How each formula was shown to be right."""
    certificates: list[Certificate] = []
    for one in found:
        certificates.append(_certificate(one))
        if isinstance(one.asked, Deriv) and len(one.asked.bottoms) == 1:
            certificates += _by_differences(asked, one)
    return certificates


def _certificate(one: Found) -> Certificate:
    """The formula against the value that the computation graph gives."""
    how = one.agreement
    what = "the gradient of the computation graph" if isinstance(one.asked, Deriv) else "its value"
    if how.every_size:
        return Certificate(
            one.text, f"comparison with {what} for every size", proved=True, trials=1,
            remark=f"exact modulo 2^61 - 1, with a chance of error below {_power(how.chance)}",
        )  # fmt: skip
    if how.complete:
        return Certificate(
            one.text, f"comparison with {what}", proved=True, trials=how.trials,
            remark=f"exact modulo 2^61 - 1, with a chance of error below {_power(how.chance)}",
        )  # fmt: skip
    method = f"comparison with {what} at random points"
    if how.exact:
        method += ", exact modulo 2^61 - 1"
    return Certificate(one.text, method, proved=False, trials=how.trials, remark=_tried(how.sizes))


def _power(chance: float) -> str:
    """A chance as a power of ten that is above it."""
    return f"10^{-int(-log10(chance))}" if chance > 0 else "10^-30"


def _by_differences(asked: Asked, one: Found) -> list[Certificate]:
    assert isinstance(one.asked, Deriv)  # noqa: S101  (the caller has asked)
    try:
        found = differences(one.asked, one.value, asked.question, one.free)
    except EquationError as error:
        raise CertificateError(f"no answer for {one.text}: {error.message}") from None
    if found is None:
        return []
    sizes = (found.sizes,) if found.sizes else ()
    return [
        Certificate(
            one.text, "central differences at a random point", proved=False,
            trials=found.trials, worst=found.worst, remark=_tried(sizes),
        )
    ]  # fmt: skip


def _tried(sizes: Sequence[Mapping[str, int]]) -> str:
    """The sizes at which something was tried, in words."""
    if not any(sizes):
        return ""
    shown = [", ".join(f"{name} = {size}" for name, size in one.items()) for one in sizes]
    return f"at {'; '.join(shown)}"


# -- stated answers -----------------------------------------------------------------------


def compared(problem: Problem, name: str, stated: str, computed: Expr) -> tuple[bool, str]:
    """Whether a stated formula means the same as the computed one, and what there is to say.

    A formula that is right may be spelt in any way and in other named quantities.
    """
    from hwsolve.problem.model import Graph as Equations

    body = problem.body
    equations = body.equations if isinstance(body, Equations) else ()
    asked = Asked(problem, equations)
    try:
        tree = parse_expression(stated)
        free = free_indices(parse_expression(name), asked.definitions)
        asked._check_names(tree, asked._by_own_names(tree), free)  # noqa: SLF001  (its own module)
        found = agreement(tree, computed, asked.question, free)
    except EquationError as error:
        return False, str(error)
    if found.equal is None:
        return False, "no point was found at which both have a value"
    if found.equal:
        return True, ""
    where = ", ".join(f"{key} = {_short(value)}" for key, value in (found.where or {}).items())
    return False, f"at {where} it is {_short(found.left)}, not {_short(found.right)}"


def _short(value: Any) -> str:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
