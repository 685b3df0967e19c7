"""hwsolve solves neural-network homework, with full working and certified answers.

    >>> import hwsolve
    >>> problem = hwsolve.load("problems/t1.yaml")
    >>> solution = hwsolve.solve(problem)
    >>> [(answer.name, answer.value) for answer in solution.answers]
    >>> all(verdict.right for verdict in hwsolve.check(problem))

A `Solution` is data (sections, steps, tables, answers, certificates): nothing in
it is rounded and nothing is marked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from hwsolve.errors import HwsolveError
    from hwsolve.marking.compare import Verdict
    from hwsolve.problem.model import Problem
    from hwsolve.solution import Solution
    from hwsolve.solvers.prepared import Prepared

__version__ = "0.1.0"

__all__ = [
    "HwsolveError",
    "Prepared",
    "Problem",
    "Solution",
    "Verdict",
    "__version__",
    "check",
    "load",
    "loads",
    "prepare",
    "solve",
]


def load(path: str | PathLike[str]) -> Problem:
    """The checked problem in a file.

    Args:
        path: A YAML file, in UTF-8.

    Raises:
        HwsolveError: The file cannot be read, or what it says cannot be used; the
            text has a line for each mistake: file:line:column, what, how to mend it.
    """
    from os import fspath

    from hwsolve.problem.reader import read_problem

    return read_problem(fspath(path))


def loads(text: str, name: str = "<text>") -> Problem:
    """The checked problem in a text.

    Args:
        text: What a problem file would hold.
        name: What error messages call the text.

    Raises:
        HwsolveError: What the text says cannot be used.
    """
    from hwsolve.problem.reader import read_text

    return read_text(text, name)


def solve(  # noqa: PLR0913  (one argument for each setting of a problem)
    problem: Problem,
    *,
    given: Mapping[str, object] | None = None,
    digits: int | None = None,
    exact: bool | None = None,
    round_steps: int | None = None,
    ties: str | None = None,
    working: str | None = None,
    entries: Sequence[str] = (),
    part: str | None = None,
) -> Solution:
    """The solution of a problem: its working, answers and certificates.

    Every argument but the first overrides what the problem itself says.

    Args:
        problem: What `load` or `loads` returned.
        given: Values that replace given ones, by name: numbers, fractions, lists.
        digits: How many significant digits are shown.
        exact: Whether to calculate with fractions where the operations allow.
        round_steps: The number of decimals to which every step is rounded.
        ties: How a tie is rounded: "away" from zero, or to "even".
        working: How much of the working is written: "full", "short" or "none".
        entries: Entries of arrays to be worked out as numbers: `dL/dW1[0,2]`.
        part: The label of the only part to be solved.

    Raises:
        HwsolveError: The problem cannot be solved as it stands, or two independent
            methods did not agree on an answer.
    """
    from hwsolve.problem.override import override
    from hwsolve.solvers import solve as solve_problem

    changed = override(
        problem,
        sets=[f"{name}={_as_written(value)}" for name, value in (given or {}).items()],
        digits=digits,
        exact=exact,
        round_steps=round_steps,
        ties=ties,
        working=working,
        entries=list(entries),
        part=part,
    )
    return solve_problem(changed)


def check(problem: Problem | str | PathLike[str], tolerance: str | None = None) -> list[Verdict]:
    """A verdict for each stated answer of a problem, parts included, in their order.

    Args:
        problem: A problem, or the path of its file.
        tolerance: How far a number may be off: absolute (`1e-3`) or relative (`1%`).
            Without it the digits that the answer states decide.

    Raises:
        HwsolveError: The file cannot be read or the problem cannot be solved.
        ValueError: The tolerance is neither a number nor a percentage.
    """
    from hwsolve.marking.check import check_problem
    from hwsolve.marking.compare import Tolerance
    from hwsolve.problem.model import Problem

    if not isinstance(problem, Problem):
        problem = load(problem)
    return check_problem(problem, Tolerance.parse(tolerance) if tolerance else None)


def prepare(
    problem: Problem | str | PathLike[str],
    *,
    find: Sequence[str] = (),
    part: str | None = None,
    dtype: str = "float64",
) -> Prepared:
    """A problem made ready to be evaluated many times with other numbers.

    Reading, checking, differentiating and compiling are done here, once. What comes back
    is called with given values by name and returns values and gradients by name:

        step = hwsolve.prepare("problems/t1.yaml")
        step(w0=0.3)["dz/dw1"]

    Args:
        problem: A problem of the kind graph, network or recurrent, the path of its file,
            or the text of one.
        find: Names to evaluate instead of those that the problem asks for.
        part: The label of the part that is meant, in a problem with parts.
        dtype: The type of the entries of arrays: "float64" or "float32".

    Raises:
        HwsolveError: The file cannot be read or the problem cannot be solved.
    """
    from hwsolve.problem.model import Problem
    from hwsolve.solvers.prepared import prepare as prepared

    if isinstance(problem, str) and "\n" in problem:
        problem = loads(problem)
    elif not isinstance(problem, Problem):
        problem = load(problem)
    return prepared(problem, find=find, part=part, dtype=dtype)


def _as_written(value: object) -> str:
    """A value as a problem file would state it."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(plain, list | tuple):
        return f"[{', '.join(_as_written(entry) for entry in plain)}]"
    return str(plain)


if not TYPE_CHECKING:  # a type checker sees the imports above, and every other name as wrong

    def __getattr__(name: str) -> Any:
        """The public classes, imported when they are first asked for."""
        from importlib import import_module

        homes = {
            "HwsolveError": "hwsolve.errors",
            "Prepared": "hwsolve.solvers.prepared",
            "Problem": "hwsolve.problem.model",
            "Solution": "hwsolve.solution",
            "Verdict": "hwsolve.marking.compare",
        }
        if name not in homes:
            raise AttributeError(f"module 'hwsolve' has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(homes[name]), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
