"""Random calls on random arrays, in every number system: an answer that is tested, or an error.

Every gradient of a solved problem has been compared with central differences by the program
itself, which would have refused to answer; these problems try whether it ever has to.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

import hwsolve
from hwsolve.errors import InputError, InputErrors

GIVEN = (
    "{x: [1, 2.5, -3], X: [[1, 2, 3], [4, -5, 6]], T: [[[1, 2], [3, 4]], [[5, 6], [7, -8]]], "
    "F: [[[[1, 2], [0, 1]]], [[[0.5, 1], [2, -1]]]], K: [[1, 0.5], [0, 1]], k: [1, -1], "
    "b: [1, 2], ids: [0, 1, 1], y: [3, 1, 2, 2, 0, 4], "
    "M: [[1, 2, 3, 4], [0, -1, 2, 5], [3, 3, 1, 0], [2, 2, 8, 1]]}"
)
SETTINGS = (
    "",
    "conventions: {first_index: 1}\n",
    "conventions: {max_ties: first}\n",
    "exact: yes\n",
    "round_steps: 3\n",
)
STRIDES = ("stride=1", "stride=2", "stride=(2, 1)")
PADDINGS = ("padding=1", "padding=(1, 0)", "padding=same", "padding=full", "padding=(1, 0, 0, 1)")
DILATIONS = ("dilation=2", "dilation=(1, 2)")
POOLS = (*STRIDES, "padding=1", "ceil=true")
AXES = ("axis=0", "axis=-1", "axis=1", "axis=(0, 1)")
ENTRIES = ("::-1", "1:5:2", "-1", "[2, 2]", "argmax(x)", "-3:", "y[:2]", "ids")
REDUCTIONS = ("sum", "mean", "max", "min", "var", "std", "norm", "logsumexp", "prod")
# What is called on what, and the settings that may stand behind it.
CALLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("conv(M, K{})", (*STRIDES, *PADDINGS, *DILATIONS)),
    ("conv(T, F{})", (*STRIDES, *PADDINGS)),
    ("conv(T, F, b{})", PADDINGS),
    ("conv(T, [F[0], 2*F[1]]{})", STRIDES),
    ("conv(y, k{})", ("stride=2", "padding=2", "padding=(1, 0)", "dilation=2")),
    ("convolve(M, K{})", (*STRIDES, *PADDINGS)),
    ("conv_transpose(M, K{})", ("stride=2", "padding=1", "output_padding=1")),
    ("conv_transpose(T, F{})", ("stride=2", "padding=1")),
    ("max_pool(M, 2{})", POOLS),
    ("max_pool(M, (2, 1){})", POOLS),
    ("max_pool(y, 3{})", ("stride=1", "padding=1", "ceil=true")),
    ("avg_pool(M, 2{})", (*POOLS, "count_include_pad=false")),
    ("avg_pool(M, 3{})", (*POOLS, "count_include_pad=false")),
    ("max_pool1d(X, 2{})", ("stride=1", "ceil=true")),
    ("max_pool(sin(conv(M, K)), 2{})", ("stride=1",)),
    ("adaptive_avg_pool(M, (3, 2){})", ()),
    ("adaptive_max_pool(X, (1, 2){})", ()),
    ("global_avg_pool(T{})", ("keepdims=true",)),
    ("unfold(M, 2{})", (*STRIDES, "padding=1")),
    ("swap(T, 0, -1) @ K{}", ()),
    ("T @ T{}", ()),
    ("pad(X, 1{})", ("mode=reflect", "mode=edge", "mode=circular", "value=2")),
    ("tril(M{})", ("1", "-1")),
    ("repeat(X, 2{})", AXES),
    ("flip(T{})", AXES),
    ("roll(X, 1, axis=1{})", ()),
    ("stack(x, x*x{})", ("axis=1",)),
    ("cumsum(M, axis=0{})", ("reverse=true",)),
    ("sort(y{})", ("descending=true",)),
    ("trace(M @ M{})", ()),
    ("softmax(X{})", ("axis=0", "axis=-1")),
    ("scatter_add(x, ids, shape=[3]{})", ()),
    ("F[:, ids - ids[1], 0]{}", ()),
    ("M[ids]*M[:3]{}", ()),
    *((f"y[{entry}]{{}}", ()) for entry in ENTRIES),
    *((f"{name}(T{{}})", (*AXES, "keepdims=true")) for name in REDUCTIONS),
)


def call(chance: random.Random) -> str:
    written, settings = chance.choice(CALLS)
    chosen: dict[str, str] = {}
    for _ in range(chance.choice([0, 1, 1, 2])):
        if settings:
            setting = chance.choice(settings)
            chosen[setting.partition("=")[0]] = setting
    return written.format("".join(f", {setting}" for setting in chosen.values()))


@pytest.mark.parametrize("seed", range(25))
def test_a_random_call_is_solved_with_its_gradients_or_refused_with_a_reason(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (test data)
    answered, refused = 0, []
    for _ in range(8):
        equation = call(chance)
        asked = ", ".join(f"dL/d{name}" for name in chance.sample(list("xXTFKMyb"), 2))
        written = (
            f"kind: graph\ngiven: {GIVEN}\n{chance.choice(SETTINGS)}equations:\n"
            f"  - 'z = {equation}'\n  - L = sum(0.1*z*z + z)\nfind: [L, {asked}]\n"
        )
        try:
            solution = hwsolve.solve(hwsolve.loads(written))
        except (InputError, InputErrors) as error:
            refused.append(str(error))
            continue
        answered += 1
        for answer in solution.answers:
            assert np.isfinite(np.asarray(answer.value, dtype=float)).all(), equation
    assert answered >= 3
    assert all(message.startswith("<text>:") for message in refused)
