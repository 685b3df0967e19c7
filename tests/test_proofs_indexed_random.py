"""Random systems of families and sums: their formulas against the numbers of the ordinary engine.

The formula is written as text into the problem, read back, and worked out beside the
gradient itself, at concrete sizes and values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import hwsolve
from hwsolve.expr.notation import text
from hwsolve.expr.parser import parse_equation, parse_expression
from hwsolve.expr.tree import Deriv, Index, Sym
from hwsolve.proofs.indexed import Gradient, define
from hwsolve.proofs.matrix_form import matrix_form

ACTIVATIONS = ("sigmoid", "tanh", "softplus", "relu", "exp", "")
LETTERS = ("i", "j", "k", "m", "n")


class System:
    """Equations, the given arrays by name, and what may be asked."""

    def __init__(self) -> None:
        self.equations: list[str] = []
        self.given: dict[str, Any] = {}
        self.sizes: dict[str, int] = {}
        self.asked: dict[str, int] = {}


def numbers(draw: st.DrawFn, *shape: int) -> Any:
    seed = draw(st.integers(0, 10_000))
    values = np.random.default_rng(seed).integers(-15, 15, shape) / 10 + 0.05
    return values.round(2).tolist()


@st.composite
def systems(draw: st.DrawFn) -> System:  # noqa: PLR0915  (a case for each)
    """One to three layers (dense, convolution, entry by entry, softmax) and a loss."""
    system = System()
    size = draw(st.integers(2, 4))
    symbolic = draw(st.booleans())
    end = "N" if symbolic else str(size)
    if symbolic:
        system.sizes["N"] = size
    system.given["x"] = numbers(draw, size)
    system.asked["x"] = 1
    before = "x"
    for layer in range(draw(st.integers(1, 3))):
        name, letters = f"h{layer}", draw(st.permutations(LETTERS))
        i, j = letters[0], letters[1]
        kind = draw(st.sampled_from(["dense", "dense", "convolution", "entries", "softmax"]))
        act = draw(st.sampled_from(ACTIVATIONS))
        if kind == "convolution" and (size < 2 or symbolic):
            kind = "dense"
        if kind == "dense":
            out = draw(st.integers(1, 3))
            weights, bias = f"W{layer}", f"b{layer}"
            system.given[weights] = numbers(draw, out, size)
            system.given[bias] = numbers(draw, out)
            system.asked[weights], system.asked[bias] = 2, 1
            body = f"sum({weights}[{i},{j}]*{before}[{j}] for {j} in 1..{end}) + {bias}[{i}]"
            size, end = out, str(out)
        elif kind == "convolution":
            filter_ = f"v{layer}"
            width = draw(st.integers(1, size))
            system.given[filter_] = numbers(draw, width)
            system.asked[filter_] = 1
            body = f"sum({filter_}[{j}]*{before}[{i}+{j}-1] for {j} in 1..{width})"
            size = size - width + 1
            end = str(size)
        elif kind == "entries":
            scale = f"a{layer}"
            system.given[scale] = numbers(draw, size)
            system.asked[scale] = 1
            body = f"{scale}[{i}]*{before}[{i}]^2 + {before}[{i}]/2"
        else:
            act = ""
            body = f"exp({before}[{i}])/sum(exp({before}[{j}]) for {j} in 1..{end})"
        if act == "exp":
            body = f"({body})/4"
        body = f"{act}({body})" if act else body
        system.equations.append(f"{name} [{i}] = {body} for {i} in 1..{end}".replace(" [", "["))
        system.asked[name] = 1
        before = name
    system.given["t"] = numbers(draw, size)
    i, j = draw(st.permutations(LETTERS))[:2]
    loss = draw(
        st.sampled_from(
            [
                f"1/2*sum(({before}[{i}] - t[{i}])^2 for {i} in 1..{end})",
                f"(y - sum(t[{i}]*{before}[{i}] for {i} in 1..{end}))^2",
                f"mean({before}[{i}]^3*t[{i}] for {i} in 1..{end})",
                f"sum(sum({before}[{i}]*t[{j}]*{before}[{j}] for {j} in 1..{end}) "
                f"for {i} in 1..{end})",
                f"log(1 + sum({before}[{i}]^2 for {i} in 1..{end})) + y*{before}[1]",
            ]
        )
    )
    system.given["y"] = 0.75
    system.equations.append(f"L = {loss}")
    return system


def solved(system: System, equations: list[str], find: list[str]) -> dict[str, Any]:
    """The numbers that the ordinary engine finds."""
    lines = "\n".join(f"  - '{line}'" for line in equations)
    asked = "\n".join(f"  - {name}" for name in find)
    given_ = {**system.given, **system.sizes}
    problem = hwsolve.loads(
        f"kind: graph\nconventions: {{first_index: 1}}\ngiven: {given_}\n"
        f"equations:\n{lines}\nfind:\n{asked}\nworking: none\n"
    )
    return {answer.name: answer.value for answer in hwsolve.solve(problem).answers}


@settings(max_examples=25, deadline=None)
@given(systems(), st.data())
def test_the_formula_of_a_random_gradient_has_the_value_of_the_gradient(
    system: System, data: st.DataObject
) -> None:
    known = define([parse_equation(line) for line in system.equations], first_index=1)
    gradient = Gradient(known, Sym("L"))
    name = data.draw(st.sampled_from(sorted(system.asked)))
    letters = data.draw(st.permutations(LETTERS))[: system.asked[name]]
    bottom = Index(Sym(name), tuple(map(Sym, letters)))
    formula = gradient.by(bottom).value
    axes = known.axes[name]
    loops = ", ".join(
        f"{letter} in {text(axis.low)}..{text(axis.high)}"
        for letter, axis in zip(letters, axes, strict=True)
    )
    line = f"formula[{','.join(letters)}] = {text(formula, unicode=False)} for {loops}"
    found = solved(system, [*system.equations, line], ["formula", f"dL/d{name}"])
    assert np.allclose(
        np.array(found["formula"], dtype=float),
        np.array(found[f"dL/d{name}"], dtype=float),
        rtol=1e-9,
        atol=1e-9,
    ), line


@settings(max_examples=25, deadline=None)
@given(systems(), st.data())
def test_one_entry_has_the_same_formula_as_the_family_at_that_index(
    system: System, data: st.DataObject
) -> None:
    known = define([parse_equation(line) for line in system.equations], first_index=1)
    name = data.draw(st.sampled_from(sorted(system.given.keys() & system.asked.keys())))
    shape = np.array(system.given[name]).shape
    at = [data.draw(st.integers(1, length)) for length in shape]
    asked = f"dL/d{name}[{','.join(map(str, at))}]"
    tree = parse_expression(asked)
    assert isinstance(tree, Deriv)
    bottom = tree.bottoms[0]
    assert isinstance(bottom, Index)
    formula = Gradient(known, Sym("L")).by(bottom).value
    line = f"formula = {text(formula, unicode=False)}"
    found = solved(system, [*system.equations, line], ["formula", asked])
    assert np.isclose(float(found["formula"]), float(found[asked]), rtol=1e-9, atol=1e-9), line


@st.composite
def matrix_systems(draw: st.DrawFn) -> tuple[System, dict[str, tuple[int, ...]]]:
    """Dense layers on a batch in matrix notation, of different sizes."""
    system = System()
    rows, width = 3, draw(st.integers(1, 2))
    shapes: dict[str, tuple[int, ...]] = {"X": (rows, width)}
    system.given["X"] = numbers(draw, rows, width)
    before = "X"
    for layer in range(draw(st.integers(1, 2))):
        out = draw(st.sampled_from([1, 2, 4]))
        shapes[f"W{layer}"], shapes[f"b{layer}"] = (width, out), (out,)
        system.given[f"W{layer}"] = numbers(draw, width, out)
        system.given[f"b{layer}"] = numbers(draw, out)
        act = draw(st.sampled_from(["sigmoid", "tanh", "softmax", "relu", "identity"]))
        system.equations += [
            f"Z{layer} = {before} @ W{layer} + b{layer}",
            f"A{layer} = {act}(Z{layer})",
        ]
        before, width = f"A{layer}", out
    shapes["T"] = (rows, width)
    system.given["T"] = numbers(draw, rows, width)
    loss = draw(
        st.sampled_from(
            [f"mse({before}, T)", f"1/2*sum(({before} - T)^2)", f"sum(T*{before}^2)/3",
             f"-sum(T*log({before}^2 + 1))"]
        )
    )  # fmt: skip
    system.equations.append(f"L = {loss}")
    return system, shapes


@settings(max_examples=25, deadline=None)
@given(matrix_systems(), st.data())
def test_the_formula_of_a_matrix_has_the_value_of_the_gradient(
    made: tuple[System, dict[str, tuple[int, ...]]], data: st.DataObject
) -> None:
    system, shapes = made
    names = {f"s{size}": size for sizes in shapes.values() for size in sizes if size > 1}
    symbols = {size: name for name, size in names.items()}
    known = define(
        [parse_equation(line) for line in system.equations],
        shapes={
            name: tuple(parse_expression(symbols.get(size, str(size))) for size in sizes)
            for name, sizes in shapes.items()
        },
    )
    name = data.draw(st.sampled_from(sorted({*shapes, "Z0", "A0"})))
    axes = known.axes[name]
    letters = ["i", "j"][: len(axes)]
    entry = Gradient(known, Sym("L")).by(Index(Sym(name), tuple(map(Sym, letters)))).value
    formula = matrix_form(entry, letters, known.axes, axes)
    assert formula is not None, text(entry)
    system.sizes = names
    line = f"formula = {text(formula, unicode=False)}"
    found = solved(system, [*system.equations, line], ["formula", f"dL/d{name}"])
    one, other = (np.array(found[key], dtype=float) for key in ("formula", f"dL/d{name}"))
    assert one.shape == other.shape, line
    assert np.allclose(one, other, rtol=1e-9, atol=1e-9), line
