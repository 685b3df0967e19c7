"""Long chains: no recursion, and work that grows with the length and not faster.

What is counted are calls of functions, so that the speed of a machine does not matter.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from collections.abc import Callable


def chain(length: int, line: str, find: str = "dL/dx, dL/dw") -> str:
    lines = "".join(
        f"  - {line.format(now=f'a{k}', before=f'a{k - 1}')}\n" for k in range(1, length)
    )
    return (
        "kind: graph\ngiven: {x: 0.5, w: 0.0009765625}\nequations:\n  - a0 = x\n"
        f"{lines}  - L = 2*a{length - 1}\nfind: [L, {find}]\n"
    )


def test_a_chain_of_100000_equations_is_solved_with_its_gradients() -> None:
    problem = read_text(chain(100_000, "{now} = {before} + w"))
    solution = solve(problem, document=False)
    # L = 2(x + 99999 w) with w = 1/1024, which floats add without error
    assert [answer.value for answer in solution.answers] == [196.310546875, 2, 199998]
    assert solution.certificates[-1].trials == 2


def test_a_sum_of_20000_products_in_one_line_is_solved_with_its_gradient() -> None:
    line = " + ".join(f"{k}*w*x" for k in range(1, 20_001))
    written = (
        f"kind: graph\ngiven: {{x: 0.5, w: 0.25}}\nequations:\n  - L = {line}\nfind: [L, dL/dx]\n"
    )
    answers = solve(read_text(written), document=False).answers
    # 20000·20001/2 = 200010000
    assert [answer.value for answer in answers] == pytest.approx(
        [25_001_250, 50_002_500], rel=1e-12
    )


def test_a_product_of_2000_factors_is_written_in_lines_that_can_be_read() -> None:
    values = [1 + (k % 7 - 3) / 100 for k in range(2000)]
    written = (
        f"kind: graph\ngiven: {{v: {values}}}\nequations:\n"
        "  - 'p = prod(v[i] for i in 0..1999)'\nfind: [p]\n"
    )
    solution = solve(read_text(written))
    assert solution.answers[0].value == pytest.approx(math.prod(values), rel=1e-12)
    lines = solution.sections[0].blocks
    assert len(lines) > 50


def test_a_family_in_which_each_entry_uses_the_one_before_is_solved() -> None:
    written = (
        "kind: graph\ngiven: {x: 1.5, w: 0.9}\nequations:\n  - 'h[0] = x'\n"
        "  - 'h[t] = w*h[t-1] + 0.1 for t in 1..5000'\n  - 'L = h[5000]'\nfind: [L, dL/dw]\n"
    )
    answers = solve(read_text(written), document=False).answers
    # the limit 0.1/(1 - w) = 1, and its derivative 0.1/(1 - w)^2 = 10
    assert [answer.value for answer in answers] == pytest.approx([1, 10], rel=1e-9)


def test_a_sum_that_uses_one_value_10000_times_is_solved_and_written() -> None:
    written = (
        f"kind: graph\ngiven: {{x: 2}}\nequations:\n  - 'L = x*x{' + x' * 10_000}'\n"
        "find: [L, dL/dx]\n"
    )
    solution = solve(read_text(written))
    assert [answer.value for answer in solution.answers] == [20_004, 10_004]


def calls(work: Callable[[], Any]) -> int:
    """The number of function calls that some work takes."""
    count = 0

    def counted(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "line", ["{now} = tanh({before} + w)", "{now} = {before}*w + {before} + x"]
)
@pytest.mark.parametrize("document", [False, True])
def test_twice_the_length_takes_twice_the_work(line: str, *, document: bool) -> None:
    def work(length: int) -> int:
        problem = read_text(chain(length, line))
        return calls(lambda: solve(problem, document))

    work(50)  # what is imported and made once
    short, long = work(1_000), work(2_000)
    assert long < 2.3 * short


def test_twice_the_terms_of_a_sum_take_twice_the_work() -> None:
    def work(length: int) -> int:
        line = " + ".join(f"w*x*{k}" for k in range(length))
        written = (
            f"kind: graph\ngiven: {{x: 0.5, w: 2}}\nequations:\n  - L = {line}\nfind: [L, dL/dx]\n"
        )
        problem = read_text(written)
        return calls(lambda: solve(problem, document=False))

    work(50)
    short, long = work(1_000), work(2_000)
    assert long < 2.3 * short
