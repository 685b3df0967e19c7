"""A batch of sequences against its sequences one by one: every cell, layout and option."""

from __future__ import annotations

import random
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

STEPS, EXAMPLES, CLASSES = 2, 3, 3
LETTERS = {"rnn": ("",), "lstm": ("i", "f", "o", "g"), "gru": ("z", "r", "h")}


class Case(NamedTuple):
    """A cell with weights: its keys, its given values but the input, and a weight of it."""

    keys: str
    given: dict[str, Any]
    weight: str
    features: int | None
    output: bool


def drawn_array(chance: random.Random, *shape: int) -> Any:
    if not shape:
        return round(chance.uniform(-1, 1), 2)
    return [drawn_array(chance, *shape[1:]) for _ in range(shape[0])]


def drawn_keys(chance: random.Random, cell: str, order: str, *, in_out: bool) -> str:
    keys = f"concatenated: {order}\n" if order else ""
    if cell == "gru":
        keys += f"reset: {chance.choice(('before',) if order else ('before', 'after'))}\n"
    return keys + ("conventions: {weights: in_out}\n" if in_out else "")


def drawn(seed: int) -> Case:
    """A random cell: numbers or vectors, one or two biases, one or two matrices, peepholes."""
    chance = random.Random(seed)  # noqa: S311  (no secrets)

    array = partial(drawn_array, chance)
    cell = chance.choice(sorted(LETTERS))
    units, features = chance.choice((None, 1, 2)), chance.choice((None, 1, 3))
    in_out = chance.random() < 0.5
    order = chance.choice(("", "x h", "h x"))
    state = () if units is None else (units,)
    given: dict[str, Any] = {}
    for letter in LETTERS[cell]:
        one = () if features is None else (features,)
        shape = (*state, (features or 1) + (units or 1)) if order else (*state, *one)
        given[f"W{letter}"] = array(*(shape[::-1] if in_out and len(shape) > 1 else shape))
        if not order:
            given[f"U{letter}"] = array(*state, *state)
        given[f"b{letter}"] = array(*state)
    if not order and chance.random() < 0.5:
        given |= {f"d{letter}": array(*state) for letter in LETTERS[cell]}
    if cell == "lstm" and chance.random() < 0.5:
        given |= {f"p{letter}": array(*state * chance.choice((0, 1))) for letter in "ifo"}
        given["pf"] = given["po"] = given["pi"]
    keys = f"kind: recurrent\ncell: {cell}\n" + drawn_keys(chance, cell, order, in_out=in_out)
    output = units is not None and chance.random() < 0.5
    if output and units is not None:
        given["V"] = array(units, CLASSES) if in_out else array(CLASSES, units)
        given["by"] = array(CLASSES)
        keys += "output: softmax\n"
    return Case(keys, given, f"W{LETTERS[cell][-1]}", features, output)


def solved(case: Case, x: Any, layout: str = "") -> dict[str, Any]:
    given = "".join(f"  {name}: {value}\n" for name, value in {**case.given, "x": x}.items())
    loss = "sum(h2^2)" if _is_array(case, layout) else "h2^2"
    asked = f"[h2, L, dL/d{case.weight}{', yhat2' if case.output else ''}]"
    text = f"{case.keys}{layout}given:\n{given}equations: ['L = {loss}']\nfind: {asked}\n"
    answers = solve(read_text(text, "t"), document=False).answers
    return {answer.name: np.array(answer.value, dtype=float) for answer in answers}


def _is_array(case: Case, layout: str) -> bool:
    bias = next(value for name, value in case.given.items() if name.startswith("b"))
    return bool(layout) or isinstance(bias, list)


@pytest.mark.parametrize("seed", range(40))
def test_a_batch_gives_what_its_sequences_give(seed: int) -> None:
    case = drawn(seed)
    chance = np.random.default_rng(seed)
    shape = (EXAMPLES, STEPS) if case.features is None else (EXAMPLES, STEPS, case.features)
    xs = chance.uniform(-1, 1, shape).round(2)
    alone = [solved(case, x.tolist()) for x in xs]
    steps = xs.swapaxes(0, 1)
    layouts = {
        "examples: rows\n": steps,
        "batch_first: yes\nexamples: rows\n": xs,
        "examples: columns\n": steps if case.features is None else steps.swapaxes(1, 2),
    }
    for layout, x in layouts.items():
        batch = solved(case, x.tolist(), layout)
        for name in ("h2", *(("yhat2",) if case.output else ())):
            value = batch[name].T if "columns" in layout and batch[name].ndim > 1 else batch[name]
            expected = np.array([one[name] for one in alone])
            assert value.shape == expected.shape
            np.testing.assert_allclose(value, expected, rtol=1e-11)
        for name in ("L", f"dL/d{case.weight}"):
            total = sum(one[name] for one in alone)
            np.testing.assert_allclose(batch[name], total, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(60))
def test_weights_of_any_other_shape_are_refused_in_one_sentence_or_fit(seed: int) -> None:
    case = drawn(seed)
    chance = random.Random(seed)  # noqa: S311  (no secrets)
    name = chance.choice(sorted(case.given))
    wrong = chance.choice((0.5, [0.5] * 4, [[0.5] * 2] * 4, [[[0.5]]], [[0.5] * 5]))
    case.given[name] = wrong
    shape = (STEPS,) if case.features is None else (STEPS, case.features)
    said = refusal(case, np.full(shape, 0.5).tolist())
    assert said == "" or said.startswith("t:")


def refusal(case: Case, x: Any) -> str:
    """What is said of a case that cannot be solved; nothing of one that has finite answers."""
    try:
        found = solved(case, x)
    except HwsolveError as error:
        return str(error)
    return "" if all(np.isfinite(value).all() for value in found.values()) else "not finite"
