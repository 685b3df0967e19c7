"""`kind: optimizer`: the steps of an update rule written out as equations, and solved as such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.errors import InputError
from hwsolve.nets.emitted import describe
from hwsolve.problem.model import Optimizer
from hwsolve.solution import Answer, Solution
from hwsolve.solvers.certificates import certify
from hwsolve.solvers.graph import Solved
from hwsolve.solvers.optimizer_asked import Asked, Question, question
from hwsolve.solvers.optimizer_equations import Writer
from hwsolve.solvers.optimizer_names import numbered
from hwsolve.solvers.optimizer_setup import Setup

if TYPE_CHECKING:
    from hwsolve.problem.model import Problem, Written
    from hwsolve.solution import Certificate

# The gradients of so many steps are tested by differences.
MOST_TESTED: Final = 200


class Course:
    """A problem with its steps written out and solved.

    Attributes:
        writer: the steps as equations.
        starts: for each step the number of its first equation; then the number behind the last.
        solved: the equations with values.
        asked: what was asked and is a value, in the names of the equations.
        equations: all of them, with those that follow the last step.
        notes: what is said beside an answer, by what was asked.
    """

    def __init__(self, problem: Problem, setup: Setup, count: int) -> None:
        self.problem = problem
        self.writer = writer = Writer(setup)
        self.starts: list[int] = []
        for _ in range(count):
            self.starts.append(len(writer.equations))
            writer.step()
        self.starts.append(len(writer.equations))
        self.asked: list[Written] = []
        self.notes: dict[str, str] = {}
        self.equations: list[Written] = []
        self.solved: Solved | None = None

    def solve(
        self,
        questions: list[Question],
        *,
        conditions: list[Written] | None = None,
        late: bool = False,
        document: bool = False,
    ) -> Solved:
        """Solve the equations for what was asked.

        The conditions are those before the first step, after it, and so on; with `late`
        the first is left out.
        """
        writer = self.writer
        reader = Asked(writer)
        problem = self.problem
        last = writer.last
        finds = [reader.at_step(each.written, last) for each in questions]
        entries = tuple(reader.at_step(each, last) for each in problem.settings.entries)
        after = [reader.at_step(each, last) for each in writer.setup.body.after]
        for number, condition in enumerate(conditions or (), start=writer.first):
            if late and number == writer.first:
                continue
            finds.append(reader.everywhere(condition, number))
        for wanted in reader.mentions:
            writer.want(wanted)
        self.asked = finds
        self.notes = reader.notes
        equations = self.equations = [*writer.equations, *after]
        finds = finds or equations[-1:][:0]
        inner = problem._replace(
            given=writer.given,
            find=tuple(finds),
            settings=problem.settings._replace(entries=entries),
        )
        solved = Solved(inner, equations)
        solved.lowering.unsplit = writer.own_lines
        solved.lowering.held = writer.held()
        solved.build()
        self._one_number(solved)
        solved.evaluate(document=document)
        self.solved = solved
        return solved

    def _one_number(self, solved: Solved) -> None:
        """Refuse a loss that is a vector.

        Raises:
            InputError: saying of which shape it is.
        """
        setup = self.writer.setup
        for written in range(self.writer.first, self.writer.last + 1):
            node = solved.lowering.names.get(numbered(setup.loss, written)) if setup.loss else None
            if isinstance(node, int) and solved.graph.shapes[node]:
                loss = setup.body.loss
                place = loss.origin if loss is not None else self.problem.place
                words = describe(solved.graph.shapes[node])
                hint = "write mean(...) or sum(...) around it, or the examples under 'data'"
                raise InputError(f"the loss is {words}, not one number", place, hint)


def solve_optimizer(problem: Problem, document: bool = True) -> Solution:  # noqa: FBT001, FBT002  (the switch of every solver)
    """Solve the steps of an update rule.

    Args:
        problem: the problem, whose body is an optimizer.
        document: whether to write the working too.

    Raises:
        InputErrors: for equations that cannot be solved.
        InputError: for settings, parameters or gradients that are missing or do not fit.
        CertificateError: if a gradient fails its test.
    """
    assert isinstance(problem.body, Optimizer)  # noqa: S101  (the reader made it one)
    document = document and problem.settings.working != "none"
    first = Writer(Setup(problem))
    find = list(problem.find) or _all_parameters(problem, first)
    questions = [question(written, first) for written in find]
    from hwsolve.solvers.optimizer_search import Search

    search = Search(problem, questions)
    count = search.count()
    course = Course(problem, Setup(problem), count)
    plain = [each for each in questions if each.condition is None and not each.analysis]
    solved = course.solve(plain, document=document)
    certificates, remarks = _certified(solved)
    values = {
        each.written.text: solved.value(ask.lowered)
        for each, ask in zip(plain, solved.asks, strict=False)
    }
    answers: list[Answer] = []
    more: list[Certificate] = []
    for each in questions:
        if each in plain:
            name = each.written.text
            answers.append(Answer(name, values[name], course.notes.get(name, "")))
            continue
        answer, proof = search.answer(each, course)
        answers.append(answer)
        more += [proof] if proof is not None else []
    from hwsolve.solvers.entries import value_at

    asked = {answer.name for answer in answers}
    for written, place in zip(problem.settings.entries, solved.entries, strict=True):
        if written.text not in asked:
            answers.append(Answer(written.text, value_at(solved, *place)))
    setup = course.writer.setup
    solution = Solution(
        title=problem.title,
        kind=problem.kind,
        statement=problem.statement,
        source=problem.source,
        label=problem.label,
        answers=tuple(answers),
        certificates=(*certificates, *more),
        warnings=tuple(dict.fromkeys((*remarks, *setup.warnings, *search.warnings))),
        settings=problem.settings._asdict(),
    )
    if not document:
        return solution
    from hwsolve.solvers.optimizer_document import written_out

    return written_out(solution, course, search.working())


def _certified(solved: Solved) -> tuple[tuple[Certificate, ...], list[str]]:
    """The certificates; of very many gradients some, evenly spread, are tested."""
    derivatives = solved.lowering.derivatives
    every = derivatives.known
    apart = -(-len(every) // MOST_TESTED)
    if apart > 1:
        derivatives.known = dict(list(every.items())[::apart])
    try:
        return certify(solved)
    finally:
        derivatives.known = every


def _all_parameters(problem: Problem, writer: Writer) -> list[Written]:
    """What is asked where nothing is said: the parameters after the last step."""
    from hwsolve.problem.model import Written

    if not writer.names:
        hint = "write 'find: [lr5]' for the rate of step 5"
        raise InputError("nothing is asked", problem.place, hint)
    return [Written(name, problem.place) for name in writer.names]
