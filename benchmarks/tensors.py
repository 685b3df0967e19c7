"""Prepared problems on arrays against numpy by hand and PyTorch: speed and memory.

The values are compared first. Both sides of a pair run in turn in one process, on one
thread, and count the processor's time. PyTorch is left out where it is not installed.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import _one_thread  # noqa: F401  (before numpy)
import handwritten
import numpy as np
import tensor_problems as texts
from measure import ratios, report, seconds

import hwsolve

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 61
LONG_ENOUGH = 4e-3


class Case(NamedTuple):
    """A problem: its text, how it is written in numpy and PyTorch, what is not trained."""

    name: str
    text: str
    by_hand: Any
    eager: str
    data: frozenset[str]


CASES = (
    Case(
        "perceptron 30-1024-512-1",
        texts.perceptron(),
        handwritten.Perceptron,
        "perceptron",
        frozenset("XY"),
    ),
    Case("LeNet-5", texts.LENET, handwritten.Lenet, "lenet", frozenset("XY")),
    Case("LSTM", texts.lstm(), handwritten.Lstm, "lstm", frozenset({"X", "h0", "c0"})),
    Case("attention 64x64", texts.ATTENTION, handwritten.Attention, "attention", frozenset("XT")),
)


def values_for(prepared: Any, dtype: str) -> dict[str, Any]:
    """Random values; those called Y are probabilities."""
    generator = np.random.default_rng(20_240_501)
    found: dict[str, Any] = {}
    for name, shape in prepared.shapes.items():
        value = generator.normal(size=shape) * (1.0 if name in {"X", "x"} else 0.2)
        if name == "Y" and shape[-1] > 1:
            value = np.exp(value) / np.exp(value).sum(axis=-1, keepdims=True)
        found[name] = value.astype(dtype) if shape else float(value)
    return found


def same(results: list[Any], others: list[Any], dtype: str) -> None:
    """Stop where two sides do not agree."""
    tolerance = 1e-9 if dtype == "float64" else 2e-4
    for one, other in zip(results, others, strict=True):
        size = max(np.abs(other).max(), 1e-30)
        if np.abs(np.asarray(one).ravel() - np.asarray(other).ravel()).max() > tolerance * size:
            sys.exit("the values do not agree")


def timed(action: Callable[[], object], reference: Callable[[], object]) -> list[float]:
    """Ratios of the processor's time; short actions are repeated within a round."""
    for warm in (action, reference):
        warm()
    count = max(1, round(LONG_ENOUGH / min(seconds(action), seconds(reference))))

    def repeated(one: Callable[[], object]) -> None:
        for _ in range(count):
            one()

    return ratios(
        partial(repeated, action), partial(repeated, reference), ROUNDS, time.process_time
    )


def compare(case: Case, dtype: str) -> bool:
    """One problem in one precision; bounds are for float64."""
    prepared = hwsolve.prepare(case.text, dtype=dtype)
    values = values_for(prepared, dtype)
    arguments = list(values.values())
    by_hand = case.by_hand(dtype)
    results = list(prepared(**values).values())
    same(results, by_hand(*arguments), dtype)
    del results
    name = f"{case.name}, {dtype}"
    run = partial(prepared.evaluate, values)
    first = dtype == "float64"
    good = report(
        f"{name} / by hand", timed(run, partial(by_hand, *arguments)), 1.15 if first else None
    )
    if find_spec("torch"):
        import torch_eager

        eager = getattr(torch_eager, case.eager)
        tensors = torch_eager.tensors(arguments, [key not in case.data for key in values])
        same(list(run().values()), torch_eager.numbers(eager(*tensors)), dtype)
        found = timed(run, partial(eager, *tensors))
        good &= report(f"{name} / PyTorch", found, 1.0 if first else None)
    return good


def tiny() -> bool:
    """4-8-8-1 on one example, as numbers."""
    prepared = hwsolve.prepare(texts.TINY)
    values = values_for(prepared, "float64")
    run = partial(prepared.evaluate, values)
    if not find_spec("torch"):
        return True
    import torch_eager

    arguments = [np.asarray(value) for value in values.values()]
    tensors = torch_eager.tensors(arguments, [key not in "xy" for key in values])
    same(list(run().values()), torch_eager.numbers(torch_eager.tiny(*tensors)), "float64")
    return report(
        "4-8-8-1 as numbers / PyTorch", timed(run, partial(torch_eager.tiny, *tensors)), 0.2
    )


def preparing(case: Case) -> None:
    """How long reading, differentiating and compiling take, in evaluations."""
    prepared = hwsolve.prepare(case.text)
    evaluate = partial(prepared.evaluate, values_for(prepared, "float64"))
    evaluate()
    found = ratios(partial(hwsolve.prepare, case.text), evaluate, 5)
    report(f"{case.name}: preparing / evaluating", found, None)


def memory(case: Case) -> bool:
    """The peak while evaluating, with all that preparing left, against values and gradients.

    That is an array for each equation and each gradient by one, and the gradients asked
    for. Given values are on neither side: the caller has them already.
    """
    lines = [line.split(" = ")[0].strip(" -") for line in case.text.split("\n") if " = " in line]
    between = [name for name in lines if name != "L"]
    asked = hwsolve.prepare(case.text).names
    everything = [*between, *[f"dL/d{name}" for name in between], *asked[1:]]
    every = hwsolve.prepare(case.text, find=everything)
    values = values_for(every, "float64")
    needed = sum(value.nbytes for value in every.evaluate(values).values())
    del every
    gc.collect()
    tracemalloc.start()
    prepared = hwsolve.prepare(case.text)
    gc.collect()
    tracemalloc.reset_peak()
    prepared.evaluate(values)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return report(f"{case.name}: memory / its arrays", [peak / needed], 3)


def growth() -> bool:
    """Twice the work in about twice the time."""
    pairs = (
        ("perceptron, twice the batch", texts.perceptron(batch=64), texts.perceptron()),
        ("perceptron, twice the width", texts.perceptron(2048), texts.perceptron()),
        (
            "perceptron, twice the depth",
            texts.perceptron(512, depth=20),
            texts.perceptron(512, depth=10),
        ),
        ("LSTM, twice the length", texts.lstm(100), texts.lstm(50)),
    )
    good = True
    # the garbage collector need not look at what all that came before has left
    gc.collect()
    gc.freeze()
    for name, large, small in pairs:
        actions = []
        for text in (large, small):
            prepared = hwsolve.prepare(text)
            actions.append(partial(prepared.evaluate, values_for(prepared, "float64")))
        # twice the width is four times the products in the middle layer
        bound = 4.8 if "width" in name else 2.4
        good &= report(name, timed(*actions), bound)
        good &= report(
            f"{name}, preparing",
            ratios(
                partial(hwsolve.prepare, large),
                partial(hwsolve.prepare, small),
                9,
                time.process_time,
            ),
            bound,
        )
    return good


def main() -> int:
    """All comparisons."""
    good = True
    for case in CASES:
        good &= compare(case, "float64")
    good &= tiny()
    for case in CASES:
        good &= compare(case, "float32")
    for case in CASES:
        preparing(case)
        good &= memory(case)
    good &= growth()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
