"""The pages in `docs` say what the program's tables say, and their examples run."""

from __future__ import annotations

import re

import pytest
from commands import ROOT
from language_page import PAGES, documented, pages

from hwsolve.expr.calls import known_functions
from hwsolve.marking.check import check_problem
from hwsolve.problem.fields import KIND_NAMES
from hwsolve.problem.reader import read_text
from hwsolve.problem.templates import template
from hwsolve.solvers import solve

EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> list[str]:
    texts = [page.read_text(encoding="utf-8") for page in (*PAGES, ROOT / "README.md")]
    return [example for text in texts for example in EXAMPLE.findall(text)]


def headings(text: str) -> set[str]:
    """The anchors of a page's titles, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")) for title in titles}


def test_the_tables_of_the_pages_are_those_of_the_program() -> None:
    # `python tests/language_page.py` writes them anew
    for page, text in pages().items():
        assert page.read_text(encoding="utf-8") == text


def test_the_pages_have_every_function_activation_and_loss() -> None:
    assert known_functions() - documented() == set()


def test_every_page_is_linked_and_every_link_leads_somewhere() -> None:
    readme = ROOT / "README.md"
    linked = set()
    for page in (*PAGES, readme):
        for path, place in re.findall(
            r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8")
        ):
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"{page.name}: {path}"
            if place:
                assert place in headings(target.read_text(encoding="utf-8")), f"{path}#{place}"
            if page != target:
                linked.add(target)
    assert set(PAGES) <= linked


@pytest.mark.parametrize("text", examples())
def test_every_example_runs_and_its_answers_are_right(text: str) -> None:
    problem = read_text(text)
    assert solve(problem).title == problem.title
    assert all(verdict.right for verdict in check_problem(problem))


LANGUAGE = """
kind: graph
given: {w: 0.5, u: 1, h0: 0, x: [1, -1, 2], X: [[1, 2], [3, 4]], v: [0, 0, 5]}
conventions: {first_index: 1}
equations:
  - h[0] = h0
  - h[t] = relu(w*h[t-1] + u*x[t]) for t in 1..3
  - a := √4 + w
  - b ← Σ(x[i] for i in 1..3) + prod(x[i] for i in 1..3) + mean(v[i] for i in 1..2)
answers: {"h[3]": 2, a: 5/2, b: 0, d2q/dwdu: 2}
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sum(X, axis=0)", "[4, 6]"),
        ("sum(X, axis=1, keepdims=1)", "[[3], [7]]"),
        ("leaky_relu(-w, slope=0.1)", "-0.05"),
        ("mse(X, X*2, reduction=sum)", "30"),
        ("mse(X, X*2)", "7.5"),
        ("argmax(x)", "2"),
        ("first(v)", "[0, 0, 1]"),
        ("concat(x, v)", "[1, -1, 2, 0, 0, 5]"),
        ("stack(x, v)", "[[1, -1, 2], [0, 0, 5]]"),
        ("[x, v]", "[[1, -1, 2], [0, 0, 5]]"),
        ("x[1:2]", "[1, -1]"),
        ("X[1,:]", "[1, 2]"),
        ("where(w > 0, u, w)", "1"),
        ("onehot(2, 3)", "[0, 1, 0]"),
        ("X.T @ Xᵀ", "[[7, 15], [10, 22]]"),
        ("reshape(X, 4, 1)", "[[1], [2], [3], [4]]"),
        ("column(x)", "[[1], [-1], [2]]"),
        ("flatten(X)", "[1, 2, 3, 4]"),
        ("max(w, u, 3)", "3"),
        ("step(w) + sign(-w) + floor(-w)", "-1"),
        ("zeros(2) + ones(2) @ eye(2)", "[1, 1]"),
    ],
)
def test_what_the_page_says_of_the_language_holds(expression: str, value: str) -> None:
    text = LANGUAGE.replace("answers: {", f"  - q = {expression}\nanswers: {{q: {value}, ")
    text = text.replace(", d2q/dwdu: 2", "")
    assert [verdict for verdict in check_problem(read_text(text)) if not verdict.right] == []


def test_what_the_page_says_of_second_derivatives_holds() -> None:
    text = LANGUAGE.replace("answers:", "  - q = w^2*u^2\nanswers:")
    assert all(verdict.right for verdict in check_problem(read_text(text)))


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_the_parts_that_a_template_shows_run_without_their_comment_signs(kind: str) -> None:
    text = template(kind)
    above, found, parts = text.partition("# parts:\n")
    if kind == "derivation" and not found:
        pytest.skip("it has no parts to show")
    below = "".join(f"{line.removeprefix('# ')}\n" for line in parts.splitlines())
    above = re.sub(r"^answers:.*\n", "", above, flags=re.MULTILINE)
    problem = read_text(f"{above}parts:\n{below}")
    assert [part.label for part in problem.parts] == ["a", "b"]
    assert all(part.answers for part in solve(problem).parts)
