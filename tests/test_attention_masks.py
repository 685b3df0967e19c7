"""Masks that are added to scores and heads with biases, against PyTorch 2.13 in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_losses import solved

from hwsolve.errors import InputError, InputErrors
from hwsolve.problem.reader import read_text

Q = [[1, 0.5, -1], [0.2, 2, 0.3]]
KEYS = [[0.5, 1, 0], [1, -1, 2], [0.3, 0.3, 0.3]]
VALUES, UPSTREAM = [[1, 2], [3, -1], [0.5, 0.5]], [[1, -2], [0.5, 3]]
WEIGHTS: dict[str, Any] = {
    "WQ": [0, 0.84, 0.91, 0.14, -0.76, -0.96, -0.28, 0.66, 0.99, 0.41, -0.54, -1, -0.54, 0.42,
           0.99, 0.65],
    "WK": [1, 0.54, -0.42, -0.99, -0.65, 0.28, 0.96, 0.75, -0.15, -0.91, -0.84, 0, 0.84, 0.91,
           0.14, -0.76],
    "WV": [0, 0.91, -0.76, -0.28, 0.99, -0.54, -0.54, 0.99, -0.29, -0.75, 0.91, -0.01, -0.91,
           0.76, 0.27, -0.99],
    "WO": [1, -0.42, -0.65, 0.96, -0.15, -0.84, 0.84, 0.14, -0.96, 0.66, 0.41, -1, 0.42, 0.65,
           -0.96, 0.15],
}  # fmt: skip
BIASES: dict[str, Any] = {
    "bQ": [0.1, -0.2, 0.3, 0.4],
    "bK": [0.5, 0, -0.1, 0.2],
    "bV": [-0.3, 0.2, 0.1, 0.6],
    "bO": [0.25, -0.5, 0.75, 1],
}
X = [[1, 0.5, -1, 2], [0.2, 2, 0.3, -0.4], [1, 1, -1, 0.5]]
CALL = (
    "y = multi_head_attention(x, WQ, WK, WV, WO, heads=2, add=M, bQ=bQ, bK=bK, bV=bV, bO=bO); "
    "L = sum(y^2)"
)


def test_a_mask_that_is_added_hides_what_a_mask_of_zeros_and_ones_hides() -> None:
    found = solved(
        "o = attention(Q, K, V, add=M); L = sum(u*o)", "o; dL/dQ",
        Q=Q, K=KEYS, V=VALUES, u=UPSTREAM, M=[[0, -1e9, 0], [0, 0, 0]],
    )  # fmt: skip
    # from PyTorch with a mask of truth values
    expected = [0.8101412811584, 1.430423843475, 1.042448340133, 1.294313358757]
    assert found["o"].ravel() == pytest.approx(expected, rel=1e-11)
    assert found["dL/dQ"].ravel() == pytest.approx(
        [-0.06799226217073, -0.2379729175976, 0.1019883932561, -0.07030645147948,
         0.9370999272438, -0.7622001615569],
        rel=1e-10,
    )  # fmt: skip


def test_heads_with_biases_and_an_added_mask_are_what_pytorch_gives() -> None:
    """PyTorch's mask had -infinity where this one has -1e9."""
    given: dict[str, Any] = {
        name: np.reshape(numbers, (4, 4)).tolist() for name, numbers in WEIGHTS.items()
    }
    mask = [[0, -1e9, 0.5], [0, 0, -1e9], [-1, 0, 0]]
    found = solved(CALL, "y; dL/dx; dL/dbQ; dL/dbK; dL/dbV; dL/dbO", x=X, M=mask, **given, **BIASES)
    expected = {
        "y": [2.607281564857, -2.951573207294, 0.4190832315917, 3.723391756611, 4.475094156773,
              0.8273241220419, -4.564420552362, 4.096463268366, 4.511788936706, 0.8994104327422,
              -4.661412670892, 4.105242126211],
        "dL/dx": [3.91461399549, 1.766413695044, -4.092210627445, 1.990793870938, 1.057641836578,
                  108.8780381917, -39.10385098666, -91.73956061278, 16.233179551, 21.98005879156,
                  -26.19855833017, -10.73661458148],
        "dL/dbQ": [-3.349782304199, -2.827192439281, 0.6370325364996, 6.959581577459],
        # a bias of the keys moves all scores of a row alike
        "dL/dbK": [0, 0, 0, 0],
        "dL/dbV": [58.56215530422, -12.87683324494, -54.94931246086, 28.63329719409],
        "dL/dbO": [23.18832931667, -2.44967730502, -17.61349998332, 23.85019430238],
    }  # fmt: skip
    for name, numbers in expected.items():
        assert found[name].ravel() == pytest.approx(numbers, rel=1e-10, abs=1e-12), name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("attention(X, X, X, mask=M)", "attention(..., add=M)"),
        ("multi_head_attention(X, X, X, X, bQ=b)", "the bias bQ is"),
        ("multi_head_attention(X, X, X, X, bO=c)", "bO is the bias of WO, which is not given"),
    ],
)
def test_a_mask_or_a_bias_that_does_not_fit_is_refused(call: str, message: str) -> None:
    given: dict[str, Any] = {
        "X": [[1, 2], [3, 4]],
        "M": [[0, -1e9], [0, 0]],
        "b": [1, 2, 3],
        "c": [1, 2],
    }
    with pytest.raises((InputError, InputErrors)) as caught:
        solved(f"y = {call}", "y", **given)
    assert message in str(caught.value)


def test_an_infinite_entry_of_a_mask_gets_the_number_to_write() -> None:
    text = "kind: graph\ngiven: {M: [[0, -inf], [0, 0]]}\nequations: [y = sum(M)]\nfind: [y]"
    with pytest.raises((InputError, InputErrors), match="takes -1e9 for -infinity"):
        read_text(text, "mask.yaml")
