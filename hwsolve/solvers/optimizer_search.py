"""How many steps there are: stated, asked for, or found by trying one after the other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import EquationError, InputError
from hwsolve.expr.tree import Sym
from hwsolve.problem.model import Given, Optimizer
from hwsolve.solution import Answer, Certificate, Column, Num, Section, Step, Table, Text
from hwsolve.solvers.graph import given_value
from hwsolve.solvers.optimizer_asked import Asked
from hwsolve.solvers.optimizer_equations import Writer
from hwsolve.solvers.optimizer_names import mention, names_in, numbered
from hwsolve.solvers.optimizer_setup import Setup

if TYPE_CHECKING:
    from hwsolve.problem.model import Problem, Written
    from hwsolve.solvers.optimizer import Course
    from hwsolve.solvers.optimizer_asked import Question
    from hwsolve.solvers.optimizer_curvature import Analysis

    Findings = tuple[Answer, Certificate | None]

# So many steps are tried, more and more at once, before a search is given up.
TRIED: Final = (8, 32, 128, 512, 2_000)
EPOCHS_TRIED: Final = (4, 16, 64, 250)
# The first and last values of a search are shown.
SHOWN: Final = 4
COUNTED: Final = frozenset({"steps", "epochs", "updates"})


class Search:
    """Finds the number of steps of a problem, and answers what is asked about it.

    Attributes:
        warnings: what a reader should know about the search.
        sections: what was found, and how.
    """

    def __init__(self, problem: Problem, questions: list[Question]) -> None:
        body = problem.body
        assert isinstance(body, Optimizer)  # noqa: S101  (the reader made it one)
        self.problem = problem
        self.body = body
        self.questions = questions
        self.warnings: list[str] = []
        self.sections: list[Section] = []
        self.curvature: Analysis | None = None
        # the step at which each condition holds first, and the values up to there
        self.found: dict[str, tuple[int, list[Any]]] = {}

    def count(self) -> int:
        """The number of steps.

        Raises:
            InputError: if steps are stated in several ways, or a search finds no end.
        """
        body = self.body
        if body.steps is not None and body.epochs is not None:
            hint = "remove one of the two"
            raise InputError("there are both steps and epochs", self.problem.place, hint)
        writer = Writer(Setup(self.problem))
        stated = self._stated(writer)
        bound = stated if isinstance(body.steps, int) or isinstance(body.epochs, int) else None
        reached = [self._reached(each, bound) for each in self.questions if each.condition]
        if "until" in {body.steps, body.epochs}:
            return self._until_no_change(writer)
        if bound is None and reached:
            return max(reached)
        return stated

    def _stated(self, writer: Writer) -> int:  # noqa: PLR0911  (one for each way of saying it)
        body = self.body
        texts = [each.written for each in self.questions if not each.analysis]
        texts += [*body.after, *self.problem.settings.entries]
        plain = [text for text in texts if "until" not in text.text]
        asked = Asked(writer).last_step(plain) - writer.first
        if isinstance(body.steps, int):
            return max(body.steps, asked)
        if isinstance(body.epochs, int):
            return max(body.epochs * writer.steps_in_epoch(), asked)
        setup = writer.setup
        if not setup.parameters:
            return 0
        lists = [
            len(given_value(gradient))
            for gradient in setup.gradients.values()
            if isinstance(gradient, Given) and setup.gradient_list(gradient)
        ]
        if lists:
            return max(*lists, asked)
        if setup.data and setup.batch < len(setup.order):
            return max(writer.steps_in_epoch(), asked)
        curvature = [
            each for each in self.questions if each.analysis and each.analysis not in COUNTED
        ]
        if len(curvature) == len(self.questions) and not body.after:
            return 0
        return max(asked, 0 if self._only_at_start(writer) else 1)

    def _only_at_start(self, writer: Writer) -> bool:
        """Whether all that is asked is known before the first step: `L0`, `dL0/dw0`."""
        known = {*writer.names, *(name for name, _ in writer.setup.equations)}
        if self.body.after or not self.questions:
            return False
        for each in self.questions:
            words = set(names_in(each.written.text)) - set(writer.given)
            met = [mention(word, writer.stems) for word in words]
            if each.condition or each.analysis or None in met:
                return False
            if any(one.number != writer.first or one.stem not in known for one in met if one):
                return False
        return True

    # -- until a condition holds -------------------------------------------------

    def _reached(self, each: Question, bound: int | None) -> int:
        condition = each.condition
        assert condition is not None  # noqa: S101  (that is what was asked)
        limits = [limit for limit in TRIED if bound is None or limit < bound]
        for limit in [*limits, *([bound] if bound is not None else [])]:
            try:
                values = self._conditions(condition, limit)
            except InputError as error:
                if limit == TRIED[0] or "too large" not in error.message:
                    raise
                break
            first = next((step for step, value in enumerate(values) if _holds(value)), None)
            if first is not None:
                done = self.body.done
                self.found[each.written.text] = (first + done, values[: first + 1])
                return first
        most = bound or TRIED[-1]
        raise InputError(
            f"'{condition.text.strip()}' does not hold within {most} steps",
            condition.origin,
            "look at the values with 'steps: 10'; perhaps they diverge",
        )

    def _conditions(self, condition: Written, count: int) -> list[Any]:
        from hwsolve.solvers.optimizer import Course

        course = Course(self.problem, Setup(self.problem), count)
        # before the first step there are no gradients and no moments to compare
        late = self._of_a_step(condition, course.writer)
        solved = course.solve([], conditions=[condition] * (count + 1), late=late)
        values = [solved.value(ask.lowered) for ask in solved.asks]
        values = [None, *values] if late else values
        if values and hasattr(values[-1], "shape") and values[-1].shape:
            hint = "compare a single number, such as norm(w) < 0.1"
            raise InputError("a condition on a vector is many", condition.origin, hint)
        return values

    def _of_a_step(self, condition: Written, writer: Writer) -> bool:
        """Whether a condition is about something that only a step has: `abs(g) < 0.1`."""
        setup = writer.setup
        known = {*writer.names, *(name for name, _ in setup.equations)}
        known |= {
            writer.stem(group[0], name) for group in setup.rule.states for name in writer.names
        }
        stems = {writer.stems[name] for name in names_in(condition.text) if name in writer.stems}
        return bool(stems - known)

    # -- until nothing changes -----------------------------------------------------

    def _until_no_change(self, writer: Writer) -> int:
        from hwsolve.solvers.optimizer import Course

        if not self.body.data:
            hint = "write find: steps_until(abs(g) < 0.001), or steps_until(L < 0.01)"
            message = "'until no change' needs examples: other steps get small but never nothing"
            raise InputError(message, self.problem.place, hint)
        size = writer.steps_in_epoch()
        limits = EPOCHS_TRIED
        for limit in limits:
            course = Course(self.problem, Setup(self.problem), limit * size)
            solved = course.solve([])
            points = [_point(course, writer.first + step) for step in range(limit * size + 1)]
            seen: dict[Any, int] = {}
            for epoch in range(limit):
                start = points[epoch * size]
                if all(point == start for point in points[epoch * size : (epoch + 1) * size + 1]):
                    return (epoch + 1) * size
                if start in seen and not writer.setup.rule.states and solved.floats:
                    raise InputError(
                        f"the parameters after epoch {epoch} are those after epoch "
                        f"{seen[start]}, so they go round for ever",
                        self.problem.place,
                        "state a number of epochs",
                    )
                seen[start] = epoch
        raise InputError(
            f"the parameters still change after {limits[-1]} epochs",
            self.problem.place,
            "state a number, or ask for steps_until(...)",
        )

    # -- answers -------------------------------------------------------------------

    def answer(self, each: Question, course: Course) -> Findings:
        """The answer to a question about the course of the steps."""
        if each.condition is not None:
            return self._first_step(each)
        name = each.written.text
        writer = course.writer
        done = writer.last - writer.first
        size = writer.steps_in_epoch()
        match each.analysis:
            case "steps":
                return Answer(name, done), None
            case "epochs":
                until = "until" in {self.body.steps, self.body.epochs}
                note = "the last of them changes nothing" if until else ""
                return Answer(name, -(-done // size), note), None
            case "updates":
                points = [_point(course, writer.first + step) for step in range(done + 1)]
                changed = sum(before != after for before, after in pairwise(points))
                return Answer(name, changed), None
        if self.curvature is None:
            from hwsolve.solvers.optimizer_curvature import Analysis

            self.curvature = Analysis(self.problem)
        return self.curvature.answer(each)

    def working(self) -> list[Section]:
        """The sections about what was searched for, and about the curvature."""
        return [*self.sections, *([self.curvature.section()] if self.curvature else [])]

    def _first_step(self, each: Question) -> Findings:
        condition = each.condition
        assert condition is not None  # noqa: S101  (that is what was asked)
        step, values = self.found[each.written.text]
        text = condition.text.strip()
        before = self._compared(condition, len(values) - 1)
        blocks: list[Any] = []
        if before:
            left, sides = before
            places = range(len(sides))
            shown = [p for p in places if p < SHOWN or p >= len(sides) - SHOWN]
            rows: list[tuple[Any, ...]] = []
            for place in [place for place in shown if sides[place] is not None]:
                if rows and place - 1 not in shown:
                    rows.append(("...", "", ""))
                rows.append((
                    Num(place + self.body.done),
                    Num(sides[place]),
                    "yes" if _holds(values[place]) else "no",
                ))  # fmt: skip
            columns = (Column("step", "right"), Column(left, "right"), Column(text))
            blocks.append(Table(columns, tuple(rows)))
        first = self.body.done
        if step > first:
            words = f"for steps {first} to {step - 1} it does not hold, at step {step} it does"
            blocks.append(Text((f"{text}: {words}",)))
        else:
            blocks.append(Text((f"{text} holds before the first step",)))
        blocks.append(Step(Sym(each.written.text), (), step))
        self.sections.append(Section("The first step", tuple(blocks), detail="short"))
        method = "the value at every step up to it"
        proof = Certificate(each.written.text, method, proved=True, trials=len(values))
        return Answer(each.written.text, step), proof

    def _compared(self, condition: Written, count: int) -> tuple[str, list[Any]] | None:
        """The left side of a comparison, and its value in each step."""
        for sign in ("<=", ">=", "≤", "≥", "<", ">"):
            left, found, _ = condition.text.partition(sign)
            if found:
                part = condition.part(0, len(left.rstrip()))
                try:
                    return part.text.strip(), self._conditions(part, count)
                except (InputError, EquationError):
                    return None
        return None


def _holds(value: Any) -> bool:
    return bool(value)


def _point(course: Course, step: int) -> Any:
    """The parameters at a step, as something that can be compared."""
    solved = course.solved
    assert solved is not None  # noqa: S101  (it was solved before it is asked)
    point = []
    for name in course.writer.names:
        node = solved.lowering.names[numbered(name, step)]
        value = solved.value(node)
        point.append(tuple(value.ravel().tolist()) if hasattr(value, "ravel") else value)
    return tuple(point)
