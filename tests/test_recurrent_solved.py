"""Recurrent cells solved: values and gradients against PyTorch 2.13 (double precision).

The expected numbers were printed by torch.nn.LSTM, GRU and RNN with the same
weights, for the loss L = sum of the squared entries of the last output.
"""

from __future__ import annotations

from typing import Any

import pytest

from hwsolve.errors import HwsolveError
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

WEIGHTS = """
given:
  x: [[0.5, -1.0], [1.0, 0.25], [-0.75, 2.0]]
  W_ih: {W_ih}
  W_hh: {W_hh}
  b_ih: {b_ih}
  b_hh: {b_hh}
equations: ["L = sum(h3^2)"]
find: [h1, h2, h3, L, dL/dW_ih, dL/dW_hh, dL/db_ih, dL/db_hh]
"""
W_IH = [
    [0.39, 0.99], [0.14, -0.92], [-0.63, 0.58], [0.94, -0.08],
    [-0.98, -0.45], [0.74, 0.85], [-0.29, -1.0], [-0.25, 0.87],
]  # fmt: skip
W_HH = [
    [0.98, 0.45], [-0.42, -0.97], [-0.79, -0.01], [0.78, 0.98],
    [0.44, -0.43], [-0.97, -0.78], [0.0, 0.79], [0.97, 0.42],
]  # fmt: skip
B_IH = [0.42, 0.02, -0.44, 0.43, 0.01, -0.44, 0.43, 0.0]
B_HH = [0.48, -0.21, -0.42, 0.32, 0.34, -0.41, -0.24, 0.47]


def answers(text: str) -> dict[str, Any]:
    solution = solve(read_text(text), document=True)
    return {answer.name: _plain(answer.value) for answer in solution.answers}


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def stacked(rows: int) -> str:
    return WEIGHTS.format(W_ih=W_IH[:rows], W_hh=W_HH[:rows], b_ih=B_IH[:rows], b_hh=B_HH[:rows])


def flat(value: Any) -> list[float]:
    return [entry for row in value for entry in row] if isinstance(value[0], list) else value


def agree(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if isinstance(value, list):
            assert flat(found[name]) == pytest.approx(flat(value), rel=1e-9, abs=1e-14), name
        else:
            assert found[name] == pytest.approx(value, rel=1e-10), name


def test_the_stacked_lstm_of_pytorch_and_its_gradients_through_time() -> None:
    found = answers("kind: recurrent\ncell: lstm" + stacked(8))
    agree(
        found,
        {
            "h1": [0.11599804532760485, -0.1995491086210703],
            "h2": [-0.14813099092634485, -0.24835018537827294],
            "h3": [-0.013221667336494228, -0.07790609496910189],
            "L": 0.006244172120491641,
            "dL/dW_ih": [
                [7.030582230992707e-05, -0.001206671050331887],
                [0.008066979490168913, -0.023587433159899526],
                [-9.676721166357197e-05, 0.0006817831727419149],
                [-0.007516009828119847, 0.028826584732535056],
                [0.008954625173788706, -0.011756051812449882],
                [-0.008371313943494933, -0.02588010116200245],
                [-0.002480908286583438, -0.0005124742829426917],
                [-0.005035330143765007, 0.003148656298721644],
            ],
            "dL/dW_hh": [
                [-4.3207548599476456e-05, 0.00010833402285515526],
                [0.001219458819342374, 0.002542307063023846],
                [-3.095417188181075e-05, -0.00010914117152445011],
                [-0.0017299489567917728, -0.004087017880445943],
                [0.000882874165635269, 0.00011782441642163967],
                [8.53506091253078e-05, 0.0064579642204413215],
                [-0.00033431911960156137, 0.00042439718004565864],
                [-0.0005772050070269486, 0.00035542493372986786],
            ],
            "dL/db_ih": [
                0.00043044671740196576, -0.005656743765987052, 0.00046801276886267434,
                0.017048459923532166, 0.006320294151958573, -0.033531570960231884,
                -0.0017133641452080825, -0.003545136605387556,
            ],
        },
    )  # fmt: skip
    assert found["dL/db_hh"] == pytest.approx(found["dL/db_ih"])


def test_the_stacked_gru_of_pytorch_and_its_gradients_through_time() -> None:
    found = answers("kind: recurrent\ncell: gru\nreset: after\nupdate: old" + stacked(6))
    agree(
        found,
        {
            "h1": [0.12603356674341634, -0.17872795682529885],
            "h2": [-0.46003799086639, -0.09446204579691025],
            "h3": [-0.34740842468452926, 0.35931838897909657],
            "L": 0.24980231820031962,
            "dL/dW_ih": [
                [-0.034246297157842845, 0.00665977921349608],
                [-0.0060497113874593625, 0.008153953089269616],
                [-0.12847925324983764, 0.09179791660598319],
                [0.09446469971097948, -0.2753082597570093],
                [-0.38815374839053995, -0.2108646077818352],
                [-0.17831992140543204, 0.5578419954514391],
            ],
            "dL/dW_hh": [
                [-0.0020304452115937144, 0.0050724223169930655],
                [-0.002009529416287505, 0.00011278579510424743],
                [-0.03816753180676931, 0.009875917787214849],
                [0.05278568691586754, 0.013325258297383616],
                [0.02718722021772156, 0.07366410163729749],
                [-0.01622288707886965, -0.005808787662337201],
            ],
            "dL/db_ih": [
                -0.049004978178303626, -0.0003698416460354084, -0.022265580883618886,
                -0.09409648547834883, -0.7969802585437332, 0.32702889464884805,
            ],
            "dL/db_hh": [
                -0.049004978178303626, -0.00036984164603540864, -0.02226558088361889,
                -0.09409648547834884, -0.6024406703348737, 0.062229051497137824,
            ],
        },
    )  # fmt: skip


def test_the_vanilla_network_of_pytorch_with_two_biases() -> None:
    found = answers("kind: recurrent\ncell: rnn" + stacked(2))
    agree(
        found,
        {
            "h1": [0.10461581914865058, 0.664036770267849],
            "h2": [0.9594419256691068, -0.7478480235279283],
            "h3": [0.9966237354095551, -0.948090648077586],
            "L": 1.892134746953872,
            "dL/dW_ih": [
                [-0.016601422784989217, 0.056676242339831845],
                [0.2064381616666502, -0.31831533078642366],
            ],
            "dL/dW_hh": [
                [0.013670812414778868, -0.005103771390400776],
                [-0.17511818433287343, 0.19960245315644629],
            ],
            "dL/db_ih": [-0.007057673155856129, -0.15113599908182065],
            "dL/db_hh": [-0.007057673155856129, -0.15113599908182065],
        },
    )


def test_counting_from_one_cuts_the_same_gates() -> None:
    base = "kind: recurrent\ncell: lstm" + stacked(8)
    counted = answers(base + "conventions: {first_index: 1}\n")
    agree(counted, {"h3": [-0.013221667336494228, -0.07790609496910189]})


SCALARS = "given: {{x: 0.5, h0: 0.25, Wz: 1, Uz: 2, Wr: -1, Ur: 1, Wh: 0.5, Uh: -2{bias}}}\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # by hand: z = s(1) = 0.7310586, r = s(-0.25) = 0.4378235, tanh(0.25 - 0.5 r) = 0.0310782
        ("update: new", 0.08995536852068049),
        ("update: old", 0.19112287040889853),
    ],
)
def test_the_two_updates_of_the_gru_weigh_old_and_new_state(options: str, expected: float) -> None:
    text = f"kind: recurrent\ncell: gru\n{options}\nfind: [h1]\n" + SCALARS.format(bias="")
    assert answers(text)["h1"] == pytest.approx(expected, rel=1e-12)


def test_the_cell_of_the_homework_forgets_half_of_its_state_at_zero_input() -> None:
    weights = ", ".join(f"{stem}{gate}: 0.3" for stem in "WU" for gate in "ifoc")
    text = f"kind: recurrent\ncell: lstm\ngiven: {{x: 0, h': 0, c': 1, {weights}}}\nfind: [c, h]\n"
    assert answers(text) == {"c": pytest.approx(0.5), "h": pytest.approx(0.2310585786300049)}


def test_an_unknown_activation_is_reported_where_it_stands() -> None:
    text = "kind: recurrent\ncell: rnn\nactivation: tnah\ngiven: {x: [1], W: 1, U: 1}\nfind: [h1]\n"
    with pytest.raises(HwsolveError) as raised:
        solve(read_text(text, "rnn.yaml"))
    assert str(raised.value) == ("rnn.yaml:3:13: unknown function 'tnah'; did you mean 'tanh'?")
