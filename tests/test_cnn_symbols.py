"""Sizes and counts of layers as formulas in letters."""

from __future__ import annotations

from itertools import product

import pytest
from counted_loops import Meter, convolve, new_maps, padded

import hwsolve
from hwsolve.errors import HwsolveError
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_expression
from hwsolve.expr.tree import Expr
from hwsolve.nets.exact import evaluate
from hwsolve.solution import Solution, Step
from hwsolve.solvers.flops import flops_solution

CONVOLUTION = """
kind: cnn
input: C x n x n
layers:
  - C1: conv F kxk stride=s padding=p
"""
PLAIN = """
kind: cnn
input: C x n x n
layers:
  - C1: conv F k x k
  - R: relu
  - P: maxpool 2
  - D: dense 10
"""
SIDE = "floor((n + 2·p - k)/s) + 1"


def solved(words: str) -> Solution:
    return hwsolve.solve(hwsolve.loads(words, "t"))


def formulas(words: str) -> dict[str, str]:
    return formulas_of(solved(words))


def formulas_of(solution: Solution) -> dict[str, str]:
    return {
        answer.name: text(answer.value)
        for answer in solution.answers
        if isinstance(answer.value, Expr)
    }


def network(size: str, *layers: str, asked: str) -> str:
    lines = "".join(f"  - {layer}\n" for layer in layers)
    return f"kind: cnn\ninput: {size}\nlayers:\n{lines}expressions: {asked}\n"


def conditions(words: str) -> str:
    return next((c.value for c in solved(words).conventions if c.name == "letters"), "")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("C1.height", SIDE),
        ("C1.params", "F·C·k² + F"),
        ("C1.weights", "F·C·k²"),
        ("C1.biases", "F"),
        ("C1.multiplications", f"F·C·k²·({SIDE})²"),
        ("C1.size", f"[F, {SIDE}, {SIDE}]"),
        ("input.size", "[C, n, n]"),
        ("C1.flops", f"2·F·C·k²·({SIDE})²"),
        ("C1.receptive_field", "k"),
        ("C1.stride", "s"),
        ("C1.padding", "p"),
    ],
)
def test_a_convolution_is_counted_in_letters(asked: str, found: str) -> None:
    assert formulas(f"{CONVOLUTION}expressions: {asked}\n") == {asked: found}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("C1.height", "n - k + 1"),
        ("C1.outputs", "F·(n - k + 1)²"),
        ("R.height", "n - k + 1"),
        ("P.height", "floor((n - k + 1)/2)"),
        ("R.params", "0"),
        ("D.units", "10"),
        ("C1.params/C1.biases", "C·k² + 1"),
        ("P.receptive_field", "k + 1"),
    ],
)
def test_sizes_go_on_from_layer_to_layer(asked: str, found: str) -> None:
    assert formulas(f"{PLAIN}expressions: {asked}\n")[asked] == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        # two letters stay two, whatever numbers they might be
        (network("C x h x w", "c: conv F 3x3", asked="c.size"), "[F, h - 2, w - 2]"),
        # a 3 that is not the kernel k is a 3
        (network("3 x n x n", "c: conv 3 kxk padding=3", asked="c.params"), "9·k² + 3"),
        (network("C x n x n", "c: conv F 3x3 s2 p1", asked="c.height"), "floor((n + 1)/2)"),
        (network("C x n x n", "c: conv F kxk same", asked="c.height"), "n"),
        (network("C x n x n", "c: conv F kxk s2 same", asked="c.height"), "ceil(n/2)"),
        (network("C x n x n", "c: conv F kxk padding=(k-1)/2", asked="c.height"), "n"),
        (network("C x n", "c: conv F k", asked="c.size"), "[F, n - k + 1]"),
        (network("C x n x n", "c: conv 4C 1x1", asked="c.weights"), "4·C²"),
        (network("C x n x n", "c: {conv: F, kernel: 3, groups: g}", asked="c.weights"),
         "9·F·C/g"),
        (network("C x n x n", "c: depthwise kxk", asked="c.weights"), "C·k²"),
        (network("n", "d: dense m", "e: dense c", asked="total.params"), "n·m + m + m·c + c"),
        (network("C_in x n x n", "c: conv C_out 3x3", asked="c.weights"), "9·C_out·C_in"),
        (network("C x n x n", "p: maxpool k stride=k", asked="p.height"), "floor(n/k)"),
        (network("C x n x n", "b: batchnorm", asked="b.params"), "2·C"),
        (network("C x n x n", "a: conv C 3x3 same", "b: {add: [input, a]}", asked="b.outputs"),
         "C·n²"),
        (network("C x n x n", "a: conv F 1x1", "b: {concat: [input, a]}", asked="b.channels"),
         "C + F"),
        (network("C x n x n", "a: conv F kxk", "b: conv G kxk", asked="b.receptive_field"),
         "2·k - 1"),
    ],
)  # fmt: skip
def test_letters_stand_in_the_layers_themselves(words: str, found: str) -> None:
    (shown,) = formulas(words).values()
    assert shown == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (CONVOLUTION + "expressions: C1.height\n", "k ≤ n + 2·p"),
        (PLAIN + "expressions: P.height\n", "k + 1 ≤ n"),
        (network("C x n x n", "c: conv F kxk s2 same", asked="c.height"), ""),
        (network("C x n x n", "c: conv F kxk p=(k-1)/2", asked="c.height"), "2 divides k - 1"),
        (network("C x n x n", "c: conv F kxk stride=s", "p: maxpool 2", asked="p.height"),
         "k + s ≤ n"),
        (network("C x n x n", "c: {conv: F, kernel: 1, groups: g}", asked="c.weights"),
         "g divides C, g divides F"),
        # the last window would reach over the edge, and what it reads depends on n
        (network("C x n x n", "p: pool 2 ceil", asked="p.comparisons"), "2 divides n"),
    ],
)  # fmt: skip
def test_it_is_said_where_a_formula_holds(words: str, found: str) -> None:
    assert conditions(words) == found


def test_formulas_agree_with_a_naive_loop() -> None:
    asked = "C1.height, C1.params, C1.multiplications, C1.additions"
    found = {
        name: parse_expression(formula)
        for name, formula in formulas(f"{CONVOLUTION}expressions: {asked}\n").items()
    }
    tried = 0
    for channels, side, kernel, stride, rows in product((1, 3), (4, 5), (1, 2, 3), (1, 2), (0, 1)):
        letters = {"C": channels, "n": side, "F": 2, "k": kernel, "s": stride, "p": rows}
        meter = Meter()
        maps = padded(new_maps(meter, channels, side, side), (rows, rows), (rows, rows))
        sees = [list(range(channels))] * 2
        outputs, weights, biases = convolve(
            maps, sees, (kernel, kernel), (stride, stride), (1, 1), bias=True
        )
        assert evaluate(found["C1.height"], letters) == len(outputs[0])
        assert evaluate(found["C1.params"], letters) == weights + biases
        assert evaluate(found["C1.multiplications"], letters) == meter["multiplications"]
        assert evaluate(found["C1.additions"], letters) == meter["additions"]
        tried += 1
    assert tried == 48


def test_given_letters_are_numbers_too() -> None:
    words = PLAIN + "given: {C: 3, n: 32, F: 6, k: 5}\n"
    solution = solved(words + "find: [C1.params]\nexpressions: C1.weights\n")
    assert [answer.name for answer in solution.answers] == ["C1.params", "C1.weights"]
    assert solution.answers[0].value == 6 * (3 * 25 + 1)
    assert formulas_of(solution) == {"C1.weights": "F·C·k²"}


def test_a_total_is_added_up_layer_by_layer() -> None:
    words = network("m", "A: dense h", "B: dense 1", asked="total.params")
    (section,) = [part for part in solved(words).sections if part.title == "In letters"]
    steps = [
        " = ".join(map(text, (step.name, *step.forms)))
        for step in section.blocks
        if isinstance(step, Step) and step.name is not None
    ]
    assert steps == [
        "A.params = m·h + h",
        "B.params = h + 1",
        "total.params = A.params + B.params = m·h + 2·h + 1",
    ]


def test_formulas_are_tested_by_counting_anew() -> None:
    (certificate,) = solved(CONVOLUTION + "expressions: C1.params\n").certificates
    assert certificate.method == "counting the layers anew with other numbers"
    assert not certificate.proved
    assert certificate.trials == 60


@pytest.mark.parametrize(
    ("asked", "stated", "reason"),
    [
        ("C1.params", "F*(C*k^2 + 1)", ""),
        ("C1.params", "F + C*F*k*k", ""),
        ("C1.params", "F*C*k^2", "at C = "),
        ("C1.params", "F*C*k^2 + C", "at C = "),
        ("C1.params", "F*C*q^2", "'q' is no letter of the layers"),
        ("C1.height", "floor((n - k + 2*p + s)/s)", ""),
        ("C1.height", "(n + 2*p - k)/s + 1", "at C = "),
        ("C1.size", "F x (floor((n+2*p-k)/s)+1) x (floor((n+2*p-k)/s)+1)", ""),
        ("C1.size", "C x (floor((n+2*p-k)/s)+1) x (floor((n+2*p-k)/s)+1)", "at C = "),
    ],
)
def test_stated_formulas_are_compared_by_what_they_count(
    asked: str, stated: str, reason: str
) -> None:
    words = f"{CONVOLUTION}answers: {{{asked}: {stated}}}\n"
    (verdict,) = hwsolve.check(hwsolve.loads(words))
    assert verdict.right is not bool(reason)
    assert verdict.reason.startswith(reason)


def test_a_formula_that_lacks_its_rounding_is_told_so() -> None:
    words = f"{CONVOLUTION}answers: {{C1.height: (n + 2*p - k)/s + 1}}\n"
    (verdict,) = hwsolve.check(hwsolve.loads(words))
    assert verdict.reason.endswith(": it has to be rounded")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (CONVOLUTION + "expressions: C2.params\n",
         "t:6:14: there is no layer 'C2'; there are C1, input, output, total"),
        (CONVOLUTION + "expressions: C1.tint\n",
         "t:6:14: 'tint' is nothing that is known of C1; known are size, height, width, "),
        (CONVOLUTION + "given: {C: 1.5, n: 9, F: 2, k: 3, s: 1, p: 0}\nfind: [C1.params]\n",
         "t:6:12: 'C' stands for a size; give a whole number"),
        (CONVOLUTION.replace("conv F", "conv F sam"),
         "t:5:16: conv has no option 'sam'; did you mean 'same'?"),
        (network("C x n x n", "a: conv F 3x3 same", "b: {add: [input, a]}", asked="b.size"),
         "t:5:5: b: layers of sizes C x n x n and F x n x n cannot be added; "),
        (network("C x n", "c: maxpool 2x2", asked="c.size"), "t:4:16: c: the kernel 2x2 needs a "),
        ("kind: cnn\ninput: 1x8x8\nlayers: [pool 2]\nexpressions: pool1.size\n",
         "t:4:14: the layers hold no letters; ask under 'find', or write letters: "),
    ],
)  # fmt: skip
def test_what_has_no_formula_is_said(words: str, message: str) -> None:
    with pytest.raises(HwsolveError) as raised:
        solved(words)
    assert str(raised.value).startswith(message)


def test_windows_over_the_edge_are_not_counted_in_letters() -> None:
    words = network("C x n x n", "c: conv F kxk padding=p", asked="c.macs")
    with pytest.raises(HwsolveError) as raised:
        solved(f"{words}conventions: {{padding: skipped}}\n")
    assert str(raised.value).endswith(
        "c: in letters it cannot be counted what windows over the edge read; "
        "write numbers, or count padded zeros and round down"
    )


def test_the_command_takes_letters() -> None:
    solution = flops_solution("Cxnxn", "k", "s", "p", filters="F", bias=False)
    assert formulas_of(solution) == {
        "conv.size": f"[F, {SIDE}, {SIDE}]",
        "total.params": "F·C·k²",
        "total.macs": f"F·C·k²·({SIDE})²",
        "total.flops": f"2·F·C·k²·({SIDE})² - F·({SIDE})²",
    }
    assert formulas_of(flops_solution("3xnxn", "5"))["total.params"] == "76·F"


def test_many_layers_are_counted_layer_by_layer() -> None:
    layers = [f"c{number}: conv F 3x3 s2 p1" for number in range(6)]
    words = network("C x n x n", *layers, asked="total.params, c1.height")
    assert formulas(words) == {
        "total.params": "9·F·C + 6·F + 45·F²",
        "c1.height": "floor((floor((n + 1)/2) + 1)/2)",
    }


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("c: conv F kxk stride=k-k", "t:4:5: the stride is at least 1, not 0"),
        ("c: conv 0F 3x3", "t:4:5: the number of filters is at least 1, not 0"),
        ("c: conv n/0 3x3", "t:4:5: division by zero"),
    ],
)
def test_a_size_that_no_layer_has_is_refused(layer: str, message: str) -> None:
    with pytest.raises(HwsolveError) as raised:
        solved(network("C x n x n", layer, asked="total.params"))
    assert str(raised.value) == message
