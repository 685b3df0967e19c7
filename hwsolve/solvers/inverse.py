"""Inverse questions: for which sizes a network gives what is wanted of it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

from hwsolve.errors import CertificateError, EquationError, HwsolveError, InputError
from hwsolve.expr.tree import Expr, Sym, walk
from hwsolve.nets.exact import evaluate
from hwsolve.nets.inverse import MOST, Span, reached
from hwsolve.nets.letters import InLetters
from hwsolve.solution import Certificate, Solution
from hwsolve.solvers.cnn import read_network, solution_of, solve_network
from hwsolve.solvers.cnn_choices import roles_of, with_numbers
from hwsolve.solvers.inverse_document import checked, document
from hwsolve.solvers.question import Found, Question, Unknown, solved_with
from hwsolve.solvers.wanted import FITS, Wanted, read_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hwsolve.nets.network import Network
    from hwsolve.problem.model import Cnn, Problem
    from hwsolve.solvers.cnn import Unmeasured

# What is looked through for each letter where the question says nothing else.
RANGES: Final[Mapping[str, Span]] = {
    "side": Span(1, 1024), "groups": Span(1, 64), "kernel": Span(1, 15), "stride": Span(1, 8),
    "padding": Span(0, 7), "dilation": Span(1, 4), "other": Span(1, 1024),
}  # fmt: skip
# The least that is looked through for a single letter.
FURTHER: Final = 256
# So many choices are looked at through formulas, and so many networks are built.
MOST_CHOICES: Final = 150_000
MOST_BUILT: Final = 20_000
# Up to so many numbers around a solution are counted anew to certify it.
AROUND: Final = 200
MOST_TRIED: Final = 3000


def solve_inverse(
    problem: Problem,
    wanted: Sequence[Wanted],
    ranges: Mapping[str, Span] | None = None,
) -> Solution:
    """The numbers for the letters of a network with which it gives what is wanted.

    `ranges` are the numbers that are looked through for some letters.

    Raises:
        InputError, InputErrors: the network cannot be read, or there are too many choices.
        CertificateError: trying gives other solutions.
    """
    written = read_network(problem)
    stated, conditions = _ranges(written, wanted)
    unknowns = _unknowns(written, {**stated, **(ranges or {})})
    question = Question(problem, written, conditions, unknowns)
    if not question.unknowns:
        return checked(question, gives(question, {}), {})
    formulas = _formulas(question)
    question, free = _without_free(question, formulas)
    if not question.unknowns:
        return checked(question, gives(question, {}), free)
    found = _search(question, formulas)
    certificate = _certify(question, found)
    return document(question, formulas, found, certificate, free)


def solve_wanted(problem: Problem) -> Solution:
    """The solution of a problem file that says under `wanted` what its network is to give.

    Raises:
        InputError, InputErrors, CertificateError: as `solve_inverse`.
    """
    body: Cnn = problem.body  # type: ignore[assignment]  # the reader gives each kind its body
    wanted = [each for text in body.wanted for each in read_wanted(text)]
    return solve_inverse(problem, wanted)


def _unknowns(written: Unmeasured, ranges: Mapping[str, Span]) -> tuple[Unknown, ...]:
    roles = roles_of(written)
    for letter in ranges:
        if letter not in roles:
            known = ", ".join(roles)
            raise InputError(
                f"there is no unknown '{letter}'", None, f"there is {known}" if known else ""
            )
    usual = dict(RANGES)
    if len(roles) == 1:
        # there is time to look further
        usual = {role: Span(span.low, max(span.high, FURTHER)) for role, span in usual.items()}
    return tuple(
        [
            Unknown(letter, role, ranges.get(letter, usual[role]), letter in ranges)
            for letter, role in roles.items()
        ]
    )


def _ranges(
    written: Unmeasured, wanted: Sequence[Wanted]
) -> tuple[dict[str, Span], tuple[Wanted, ...]]:
    """The conditions on the letters themselves (`k <= 7`) as ranges, and the others."""
    roles = roles_of(written)
    stated: dict[str, Span] = {}
    others: list[Wanted] = []
    for each in wanted:
        letter = each.name.removeprefix("total.")
        if letter not in roles or isinstance(each.value, tuple):
            others.append(each)
            continue
        usual = stated.get(letter, RANGES[roles[letter]])
        low, high = span_of(each.sign, each.value)
        stated[letter] = Span(max(low, usual.low), high if high < MOST else usual.high)
    if not others:
        raise InputError(
            "nothing but the range of letters is wanted",
            wanted[0].source.place() if wanted else None,
            "say what the network is to give: 16x16x16, params = 456, receptive_field = 15, fits",
        )  # fmt: skip
    return stated, tuple(others)


def span_of(sign: str, value: int) -> Span:
    """The whole numbers that compare so with a value."""
    return {
        "=": Span(value, value), "<=": Span(-MOST, value), "<": Span(-MOST, value - 1),
        ">=": Span(value, MOST**4), ">": Span(value + 1, MOST**4),
    }[sign]  # fmt: skip


# -- formulas ----------------------------------------------------------------------------


def _formulas(question: Question) -> dict[str, Expr]:
    """The formula of everything that is wanted, where there is one, by its name."""
    from hwsolve.solvers.cnn_symbols import solve_in_letters

    found: dict[str, Expr] = {}
    for wanted in question.wanted:
        for name in _names_of(question, wanted):
            asked = _asking(question.problem, (name,), wanted)
            try:
                solution = solve_in_letters(
                    asked, question.written, solve_network, solution_of, document=False
                )
            except HwsolveError:
                continue  # the layers fit no usual sizes: every network is built instead
            value = solution.answers[0].value
            if isinstance(value, Expr | int):
                found[name] = _as_formula(value)
    return found


def _as_formula(value: Any) -> Expr:
    from hwsolve.expr.tree import Num as Number

    return Number(value) if isinstance(value, int) else value


def _names_of(question: Question, wanted: Wanted) -> tuple[str, ...]:
    """The numbers that a condition is about: a size is several of them."""
    if wanted.name == FITS:
        return ()
    if not isinstance(wanted.value, tuple):
        return (wanted.name,)
    owner = wanted.name.rpartition(".")[0]
    words = _AXES.get((len(question.written.size), len(wanted.value)), ())
    return tuple([f"{owner}.{word}" for word in words])


# The numbers of a size, by how many the input has and how many are wanted.
_AXES: Final = {
    (3, 3): ("channels", "height", "width"), (3, 2): ("height", "width"),
    (2, 2): ("channels", "width"),
}  # fmt: skip


def _asking(problem: Problem, names: Sequence[str], wanted: Wanted) -> Problem:
    find = tuple([wanted.source._replace(text=name, breaks=()) for name in names])
    return problem._replace(find=find, expressions=(), given={}, answers={}, answer_names={})


def _spans(question: Question, wanted: Wanted) -> Iterator[tuple[str, Span]]:
    """The values that each number of a condition may have."""
    for number, name in enumerate(_names_of(question, wanted)):
        if isinstance(wanted.value, tuple):
            yield name, Span(wanted.value[number], wanted.value[number])
            continue
        yield name, span_of(wanted.sign, wanted.value)


def _without_free(
    question: Question, formulas: Mapping[str, Expr]
) -> tuple[Question, dict[str, int]]:
    """The question without letters that nothing wanted depends on, with numbers for those."""
    names = [name for wanted in question.wanted for name in _names_of(question, wanted)]
    known = names and all(name in formulas for name in names)
    if not known or any(wanted.name == FITS for wanted in question.wanted):
        return question, {}
    used = {
        node.name for formula in formulas.values() for node in walk(formula)
        if isinstance(node, Sym)
    }  # fmt: skip
    free = {
        each.letter: each.span.low
        for each in question.unknowns
        if each.letter not in used and each.role == "other"
    }
    if not free:
        return question, {}
    kept = tuple([each for each in question.unknowns if each.letter not in free])
    letters = {each.letter: InLetters(Sym(each.letter), (1,), []) for each in kept}
    written = with_numbers(question.written, {**letters, **free})
    return question._replace(written=written, unknowns=kept), free


# -- searching ---------------------------------------------------------------------------


def _search(question: Question, formulas: Mapping[str, Expr]) -> Found:
    spans = [
        (formulas[name], span)
        for wanted in question.wanted
        for name, span in _spans(question, wanted)
        if name in formulas
    ]
    *first, last = sorted(question.unknowns, key=lambda each: each.span.high - each.span.low)
    choices = 1
    for unknown in first:
        choices *= unknown.span.high - unknown.span.low + 1
    if choices > MOST_CHOICES:
        raise InputError(
            f"{choices:,} choices are too many to look through", None,
            f"give numbers for some of {', '.join(each.letter for each in question.unknowns)}, or "
            "ranges: --range k=1..7",
        )  # fmt: skip
    solutions: list[dict[str, int]] = []
    looked_at = built = 0
    complete = True
    for numbers in product(*(range(each.span.low, each.span.high + 1) for each in first)):
        others = {each.letter: number for each, number in zip(first, numbers, strict=True)}
        inside, whole = _narrowed(last, spans, others)
        complete = complete and whole
        for number in range(inside.low, inside.high + 1):
            looked_at += 1
            chosen = {**others, last.letter: number}
            if not all(_inside(formula, span, chosen) for formula, span in spans):
                continue
            built += 1
            if built > MOST_BUILT:
                raise InputError(
                    f"more than {MOST_BUILT:,} networks would have to be built", None,
                    f"give a range: --range {last.letter}=1..100",
                )  # fmt: skip
            if gives(question, chosen):
                solutions.append(chosen)
    order = [each.letter for each in question.unknowns]
    solutions = [{letter: each[letter] for letter in order} for each in solutions]
    solutions.sort(key=lambda each: tuple(each.values()))
    return Found(tuple(solutions), max(looked_at, choices), complete)


def _narrowed(
    unknown: Unknown, spans: Sequence[tuple[Expr, Span]], others: Mapping[str, int]
) -> tuple[Span, bool]:
    """The numbers of a letter that formulas leave over, and whether none are beyond them."""
    least = 0 if unknown.role == "padding" else 1
    low, high, whole = least, MOST, False
    for formula, wanted in spans:
        found = reached(formula, unknown.letter, wanted, others, least)
        if found is None:
            continue
        low, high = max(low, found.low), min(high, found.high)
        whole = whole or found.high < MOST
    if unknown.stated or others or not whole:
        return Span(max(low, unknown.span.low), min(high, unknown.span.high)), False
    return Span(low, high), True


def _inside(formula: Expr, span: Span, chosen: Mapping[str, int]) -> bool:
    try:
        return span.low <= evaluate(formula, chosen) <= span.high
    except (EquationError, ArithmeticError):
        return False


def gives(question: Question, chosen: Mapping[str, int]) -> bool:
    """Whether the network with these numbers gives all that is wanted.

    Raises:
        InputError: a name of what is wanted means nothing.
    """
    solved = solved_with(question, chosen)
    if solved is None or (len(question.unknowns) > 1 and _sees_padding_only(solved.network)):
        return False
    for wanted in question.wanted:
        if wanted.name == FITS:
            if not fits(solved.network):
                return False
            continue
        try:
            value = solved.names.value(Sym(wanted.name))
        except EquationError as error:
            raise InputError(error.message, wanted.source.place(), error.hint) from None
        if not wanted.holds(value):
            return False
    return True


def _sees_padding_only(network: Network) -> bool:
    """Whether the padding of a layer is as large as its kernel."""
    return any(
        window.before >= window.extent
        for layer in network.layers
        for window in layer.rule.windows or ()
    )


def fits(network: Network) -> bool:
    """Whether every window comes out even at the end of its axis."""
    return all(
        window.left_over == 0 for layer in network.layers for window in layer.rule.windows or ()
    )


# -- certificate -------------------------------------------------------------------------


def _certify(question: Question, found: Found) -> Certificate:
    """The solutions compared with what building networks gives: all, or those near them.

    Raises:
        CertificateError: they differ.
    """
    box = [_box(question, unknown, found) for unknown in question.unknowns]
    expected = {tuple(each.values()) for each in found.solutions}
    letters = [each.letter for each in question.unknowns]
    tried = 0
    for choice in product(*box):
        tried += 1
        chosen = dict(zip(letters, choice, strict=True))
        if gives(question, chosen) != (choice in expected):
            raise CertificateError(f"no answer: {chosen} tried out contradicts the solutions")
    every = all(
        side == range(each.span.low, each.span.high + 1)
        for each, side in zip(question.unknowns, box, strict=True)
    )
    if found.complete:
        method = f"the formula, and building {tried:,} networks around them"
    elif every:
        method = f"building all {tried:,} networks that were looked through"
    else:
        method = f"building {tried:,} networks around them"
    return Certificate("solutions", method, proved=found.complete or every, trials=tried)


def _box(question: Question, unknown: Unknown, found: Found) -> range:
    """The numbers of a letter that are tried out: all, where there are not too many."""
    choices = 1
    for each in question.unknowns:
        choices *= each.span.high - each.span.low + 1
    if not found.complete and choices <= MOST_TRIED:
        return range(unknown.span.low, unknown.span.high + 1)
    width = max(2, int(AROUND ** (1 / len(question.unknowns))))
    numbers = [each[unknown.letter] for each in found.solutions]
    least = 0 if unknown.role == "padding" else 1
    low = min(numbers) - width // 4 if numbers else unknown.span.low
    high = low + width - 1
    if unknown.stated or not found.complete:
        low, high = max(low, unknown.span.low), min(high, unknown.span.high)
    return range(max(least, low), high + 1)
