"""Whole documents as they are printed: in a pipe, on narrow and wide screens, in ASCII."""

from __future__ import annotations

import numpy as np
import pytest
from documents import SMALL

from hwsolve.expr.parser import parse_expression
from hwsolve.render.layout import lines
from hwsolve.render.page import Page
from hwsolve.render.terminal import plain
from hwsolve.solution import Answer, Section, Solution, Step

PIPE = """\
A neuron and a skip connection
==============================
exercise 1

Find z and its derivatives. Use the chain rule.

- first by hand
- then check

Given
  x0 = 1              w0 = 0.5            w1 = -0.123456789
  W  = [[  0.15, 0.2],
        [-10   , 3  ]]   (2x2)

Conventions
  relu_at_0: 0   the slope of ReLU at 0 is 0
  log: 2         log is the logarithm to the base 2 (stated)

Forward
  u0 = x0·w0     = 1·0.5           = 0.5
  a1 = relu(u0)  = relu(0.5)       = 0.5   (u0 > 0)
  s1 = σ(a1)     = σ(0.5)          ≈ 0.622459
  z  = (s1 - y)² ≈ (0.622459 - 1)² ≈ 0.142537
  V  = W.T
     = [[0.15, -10],
        [0.2 ,   3]]   (2x2)

Gradients
  The path has 12,345 and dz/da1.
  dz/dw0 = dz/ds1 · ds1/da1 · da1/du0 · du0/dw0 · dz/ds1 · ds1/da1 · da1/du0 · du0/dw0
         = 1·1·1·0.25·1·1·1·0.25 = 0.0625
  dz/dw1 = dz/ds1   (nothing else depends on it)

Counting
  Sizes and parameters
  layer  working            output  parameters
  --------------------------------------------
  C1     6·(5·5·1 + 1)     6x28x28         156
  S2                       6x14x14           0
  C3     16·(5·5·6 + 1)   16x10x10       2,416
  C5     fully connected       120      48,120
  --------------------------------------------
  total                                 50,692

Warning: z does not depend on w9, so dz/dw9 is 0

Answers
  z          ≈ 0.142537
  dz/dw0     = 0.0625   (exactly)
  parameters = 50,692 numbers
  V          = [[0.15, -10],
                [0.2 ,   3]]

Proved: z by exact fractions
Tested: dz/dw0, dz/dw1 by central differences (4 comparisons, relative
difference at most 3.1e-11)
"""

NARROW_SCREEN = """\
A neuron and a skip connection
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
exercise 1

Find z and its derivatives. Use the
chain rule.

- first by hand
- then check

Given
  x0 = 1              w0 = 0.5
  w1 = -0.123456789
  W  = [[  0.15, 0.2],
        [-10   , 3  ]]   (2x2)

Conventions
  relu_at_0: 0
    the slope of ReLU at 0 is 0
  log: 2
    log is the logarithm to the base 2
    (stated)

Forward
  u0 = x0·w0    = 1·0.5     = 0.5
  a1 = relu(u0) = relu(0.5) = 0.5
       (u0 > 0)
  s1 = σ(a1)    = σ(0.5)    ≈ 0.622459
  z  = (s1 - y)²
     ≈ (0.622459 - 1)² ≈ 0.142537
  V  = W.T
     = [[0.15, -10],
        [0.2 ,   3]]   (2x2)

Gradients
  The path has 12,345 and dz/da1.
  dz/dw0 = dz/ds1 · ds1/da1 · da1/du0
             · du0/dw0 · dz/ds1
             · ds1/da1 · da1/du0
             · du0/dw0
         = 1·1·1·0.25·1·1·1·0.25
         = 0.0625
  dz/dw1 = dz/ds1
           (nothing else depends on it)

Counting
  Sizes and parameters
  C1
    working     6·(5·5·1 + 1)
    output      6x28x28
    parameters  156
  S2
    output      6x14x14
    parameters  0
  C3
    working     16·(5·5·6 + 1)
    output      16x10x10
    parameters  2,416
  C5
    working     fully connected
    output      120
    parameters  48,120
  total
    parameters  50,692

Warning: z does not depend on w9, so
dz/dw9 is 0

Answers
┃ z          ≈ 0.142537
┃ dz/dw0     = 0.0625   (exactly)
┃ parameters = 50,692 numbers
┃ V          = [[0.15, -10],
┃               [0.2 ,   3]]

Proved: z by exact fractions
Tested: dz/dw0, dz/dw1 by central
differences (4 comparisons, relative
difference at most 3.1e-11)
"""

WIDE_SCREEN = """\
A neuron and a skip connection
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
exercise 1

Find z and its derivatives. Use the chain rule.

- first by hand
- then check

Given
  x0 = 1              w0 = 0.5            w1 = -0.123456789
  W  = [[  0.15, 0.2],
        [-10   , 3  ]]   (2x2)

Conventions
  relu_at_0: 0   the slope of ReLU at 0 is 0
  log: 2         log is the logarithm to the base 2 (stated)

Forward
  u0 = x0·w0     = 1·0.5           = 0.5
  a1 = relu(u0)  = relu(0.5)       = 0.5   (u0 > 0)
  s1 = σ(a1)     = σ(0.5)          ≈ 0.622459
  z  = (s1 - y)² ≈ (0.622459 - 1)² ≈ 0.142537
  V  = W.T
     = [[0.15, -10],
        [0.2 ,   3]]   (2x2)

Gradients
  The path has 12,345 and dz/da1.
  dz/dw0 = dz/ds1 · ds1/da1 · da1/du0 · du0/dw0 · dz/ds1 · ds1/da1 · da1/du0 · du0/dw0 = 1·1·1·0.25·1·1·1·0.25 = 0.0625
  dz/dw1 = dz/ds1   (nothing else depends on it)

Counting
  Sizes and parameters
  layer  working            output  parameters
  ────────────────────────────────────────────
  C1     6·(5·5·1 + 1)     6x28x28         156
  S2                       6x14x14           0
  C3     16·(5·5·6 + 1)   16x10x10       2,416
  C5     fully connected       120      48,120
  ────────────────────────────────────────────
  total                                 50,692

Warning: z does not depend on w9, so dz/dw9 is 0

Answers
┃ z          ≈ 0.142537
┃ dz/dw0     = 0.0625   (exactly)
┃ parameters = 50,692 numbers
┃ V          = [[0.15, -10],
┃               [0.2 ,   3]]

Proved: z by exact fractions
Tested: dz/dw0, dz/dw1 by central differences (4 comparisons, relative difference at
most 3.1e-11)
"""

ASCII_PIPE = """\
A neuron and a skip connection
==============================
exercise 1

Find z and its derivatives. Use the chain rule.

- first by hand
- then check

Given
  x0 = 1              w0 = 0.5            w1 = -0.123456789
  W  = [[  0.15, 0.2],
        [-10   , 3  ]]   (2x2)

Conventions
  relu_at_0: 0   the slope of ReLU at 0 is 0
  log: 2         log is the logarithm to the base 2 (stated)

Forward
  u0 = x0*w0       = 1*0.5            = 0.5
  a1 = relu(u0)    = relu(0.5)        = 0.5   (u0 > 0)
  s1 = sigmoid(a1) = sigmoid(0.5)     ~ 0.622459
  z  = (s1 - y)^2  ~ (0.622459 - 1)^2 ~ 0.142537
  V  = W.T
     = [[0.15, -10],
        [0.2 ,   3]]   (2x2)

Gradients
  The path has 12,345 and dz/da1.
  dz/dw0 = dz/ds1 * ds1/da1 * da1/du0 * du0/dw0 * dz/ds1 * ds1/da1 * da1/du0 * du0/dw0
         = 1*1*1*0.25*1*1*1*0.25 = 0.0625
  dz/dw1 = dz/ds1   (nothing else depends on it)

Counting
  Sizes and parameters
  layer  working            output  parameters
  --------------------------------------------
  C1     6*(5*5*1 + 1)     6x28x28         156
  S2                       6x14x14           0
  C3     16*(5*5*6 + 1)   16x10x10       2,416
  C5     fully connected       120      48,120
  --------------------------------------------
  total                                 50,692

Warning: z does not depend on w9, so dz/dw9 is 0

Answers
  z          ~ 0.142537
  dz/dw0     = 0.0625   (exactly)
  parameters = 50,692 numbers
  V          = [[0.15, -10],
                [0.2 ,   3]]

Proved: z by exact fractions
Tested: dz/dw0, dz/dw1 by central differences (4 comparisons, relative
difference at most 3.1e-11)
"""


PAGES = [
    pytest.param(PIPE, Page(), id="pipe"),
    pytest.param(NARROW_SCREEN, Page(width=40, screen=True), id="40 columns"),
    pytest.param(WIDE_SCREEN, Page(width=120, screen=True), id="120 columns"),
    pytest.param(ASCII_PIPE, Page(encoding="ascii", unicode=False), id="ASCII"),
]


@pytest.mark.parametrize(("expected", "page"), PAGES)
def test_a_whole_document_looks_like_this(expected: str, page: Page) -> None:
    assert plain(lines(SMALL, page)) == expected


@pytest.mark.parametrize("width", [20, 30, 40, 50, 60, 80, 100, 140])
def test_no_line_on_a_screen_is_wider_than_the_screen(width: int) -> None:
    page = Page(width=width, screen=True)
    least = 36  # below that a matrix of two columns under its name does not fit
    for line in plain(lines(SMALL, page)).splitlines():
        assert len(line) <= max(width, least), line


STATEMENT = """\
A paragraph may be broken
into lines by its author,
who thinks of 80 columns.

    z = w*x
    h = relu(z)
So much for the net. Find
(a) the value of z, and with
its help
(b) that of h.
2. Then go on.
* And rest.
net. is no number of an item.
"""


def test_the_lines_of_a_statement_are_its_paragraphs() -> None:
    text = plain(lines(Solution("", "graph", statement=STATEMENT), Page(60)))
    assert (
        text
        == """\
A paragraph may be broken into lines by its author, who
thinks of 80 columns.

    z = w*x
    h = relu(z)
So much for the net. Find
(a) the value of z, and with its help
(b) that of h.
2. Then go on.
* And rest. net. is no number of an item.
"""
    )


def test_given_values_are_exactly_what_their_author_wrote() -> None:
    numbers = [0.12345678901234566, 2 / 3]
    given = (
        Step(parse_expression("a"), (), numbers[0]),
        Step(parse_expression("V"), (), numbers),
        Step(parse_expression("s"), (parse_expression("sqrt(2)"),), 2**0.5),
    )
    text = plain(lines(Solution("", "graph", given=given), Page(80)))
    assert (
        text
        == """\
Given
  a = 0.12345678901234566
  V = [0.12345678901234566, 0.6666666666666666]
  s = sqrt(2) ≈ 1.4142135623730951
"""
    )


def test_rows_of_a_family_are_set_as_a_matrix() -> None:
    rows = [np.array([1.0, 2.5]), np.array([30.0, 4.0])]
    for value in (rows, [[1.0, 2.5], [30.0, 4.0]], np.array(rows)):
        text = plain(lines(Solution("", "graph", answers=(Answer("h", value),)), Page(80)))
        assert text == "Answer\n  h = [[ 1, 2.5],\n       [30, 4  ]]\n"


LONG = "relu(" + " + ".join(f"[{n}.125, 22.25, 33.5, 4]*[5, 6, 7, {n}]" for n in range(1, 7)) + ")"


def test_a_very_long_formula_is_broken_before_its_terms_in_a_pipe() -> None:
    step = Step(parse_expression("z"), (parse_expression(LONG),), None)
    text = plain(lines(Solution("", "graph", sections=(Section("Forward", (step,)),)), Page(80)))
    _, first, *rest = text.splitlines()
    assert len(rest) == 2
    assert all(line.lstrip().startswith("+ [") for line in rest)
    assert max(map(len, (first, *rest))) <= 106
    joined = " ".join(line.strip() for line in (first, *rest)).partition("= ")[2]
    assert parse_expression(joined) == parse_expression(LONG)


def test_a_formula_of_a_hundred_columns_stays_in_one_line_in_a_pipe() -> None:
    formula = " + ".join(["alpha*beta"] * 7) + " + s*t"
    step = Step(parse_expression("z"), (parse_expression(formula),), None)
    text = plain(lines(Solution("", "graph", sections=(Section("Forward", (step,)),)), Page(80)))
    assert len(text.splitlines()) == 2
