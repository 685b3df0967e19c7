"""The losses against loops over plain numbers, and against values that PyTorch gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from loss_loops import LOOPS, MORE

from hwsolve.errors import InputError, InputErrors
from hwsolve.expr.loss_table import LOSSES
from hwsolve.problem.reader import read_text
from hwsolve.solvers import solve

if TYPE_CHECKING:
    from collections.abc import Callable


def solved(equations: str, find: str, conventions: str = "", **given: Any) -> dict[str, Any]:
    """The answers of a problem by name; every gradient is tested by differences as well."""
    lines = "\n".join(f"  {name}: {value}" for name, value in given.items())
    listed = "\n".join(f"  - {line}" for line in equations.split("; "))
    asked = "\n".join(f"  - {line}" for line in find.split("; "))
    text = f"kind: graph\ngiven:\n{lines}\nequations:\n{listed}\nfind:\n{asked}\n"
    if conventions:
        text += f"conventions: {conventions}\n"
    found = solve(read_text(text), document=False).answers
    return {answer.name: np.asarray(answer.value, dtype=float) for answer in found}


def slopes(function: Callable[[list[float]], float], at: list[float]) -> list[float]:
    """Central differences with a step of Richardson's."""

    def difference(place: int, step: float) -> float:
        up, down = [*at], [*at]
        up[place] += step
        down[place] -= step
        return (function(up) - function(down)) / (2 * step)

    return [(4 * difference(place, 5e-4) - difference(place, 1e-3)) / 3 for place in range(len(at))]


# predictions and targets that each loss can take: probabilities, labels -1 and 1, classes
PROBABILITIES, SHARES = [0.55, 0.15, 0.3], [0.2, 0.5, 0.3]
ONE_HOT, BITS, LABELS = [0, 1, 0], [1, 0, 1], [1, -1, 1]
SCORES, COUNTS = [0.4, -1.3, 0.9], [2, 0, 1]
TAKES: dict[str, tuple[list[float], list[Any]]] = {
    **dict.fromkeys(("cross_entropy", "focal", "kl_divergence"), (PROBABILITIES, ONE_HOT)),
    "reverse_kl_divergence": (PROBABILITIES, SHARES),
    "jensen_shannon": (PROBABILITIES, SHARES),
    **dict.fromkeys(("binary_cross_entropy", "binary_focal", "dice_loss", "iou_loss"), (PROBABILITIES, BITS)),
    **dict.fromkeys(("binary_cross_entropy_logits", "binary_focal_logits"), (SCORES, BITS)),
    **dict.fromkeys(("cross_entropy_logits", "focal_logits", "multiclass_hinge", "squared_multiclass_hinge", "crammer_singer"), (SCORES, ONE_HOT)),
    **dict.fromkeys(("hinge", "squared_hinge", "perceptron", "exponential", "soft_margin"), (SCORES, LABELS)),
    "poisson_nll": (PROBABILITIES, COUNTS),
    "poisson_nll_log": (SCORES, COUNTS),
}  # fmt: skip
THIRD: dict[str, list[Any]] = {
    "gaussian_nll": [[0.4, 1.5, 2]],
    "gaussian_nll_full": [[0.4, 1.5, 2]],
    "cosine_embedding": [1, -1],
    "triplet": [[0.3, -0.2, 0.7]],
    "squared_triplet": [[0.3, -0.2, 0.7]],
    "contrastive": [0, 1],
}


def test_every_loss_of_the_table_is_written_as_a_loop_too() -> None:
    assert {loss.name for loss in LOSSES} == {*LOOPS, *MORE}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loss_and_its_gradient_are_those_of_the_loop(name: str) -> None:
    p, y = TAKES.get(name, ([0.7, -1.6, 2.2], [0.5, 1.2, -1]))
    found = solved(f"L = {name}(p, y)", "L; dL/dp", p=p, y=y)
    assert found["L"] == pytest.approx(LOOPS[name](p, y), rel=1e-12)
    expected = slopes(lambda at: LOOPS[name](at, y), p)
    assert found["dL/dp"] == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("name", MORE)
def test_a_loss_of_three_values_and_its_gradient_are_those_of_the_loop(name: str) -> None:
    a, b = [0.5, 0.8, -0.4], [0.2, 0.9, -0.1]
    for third in THIRD[name]:
        found = solved(f"L = {name}(a, b, c)", "L; dL/da; dL/db", a=a, b=b, c=third)
        assert found["L"] == pytest.approx(MORE[name](a, b, third), rel=1e-12)
        for letter, expected in (
            ("a", slopes(lambda at, c=third: MORE[name](at, b, c), a)),  # type: ignore[misc]  # a default binds the loop's value
            ("b", slopes(lambda at, c=third: MORE[name](a, at, c), b)),  # type: ignore[misc]  # likewise
        ):
            assert found[f"dL/d{letter}"] == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("loss", [row for row in LOSSES if row.over in {"classes", "example"}])
def test_the_loss_of_a_batch_is_the_mean_of_the_losses_of_its_examples(loss: Any) -> None:
    rows = [[0.2, 0.5, 0.3], [0.6, 0.15, 0.25]]
    if loss.name in MORE:
        third: Any = [1, 0] if loss.name == "contrastive" else [1, -1]
        if "triplet" in loss.name:
            third = [[0.1, 0.9, -0.4], [0.3, 0.3, 0.8]]
        other = [[0.3, 0.4, 0.1], [0.2, -0.1, 0.8]]
        each = [MORE[loss.name](*parts) for parts in zip(rows, other, third, strict=True)]
        found = solved(f"L = {loss.name}(p, b, c)", "L", p=rows, b=other, c=third)
        assert found["L"] == pytest.approx(sum(each) / 2, rel=1e-12)
        return
    y = [[0, 0, 1], [0, 1, 0]]
    if loss.name in {"reverse_kl_divergence", "jensen_shannon"}:
        y = [[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]  # type: ignore[list-item]  # shares
    each = [LOOPS[loss.name](*pair) for pair in zip(rows, y, strict=True)]
    found = solved(f"L = {loss.name}(p, y)", "L", p=rows, y=y)
    assert found["L"] == pytest.approx(sum(each) / 2, rel=1e-12)
    turned = [list(column) for column in zip(*rows, strict=True)]
    y_turned = [list(column) for column in zip(*y, strict=True)]
    found = solved(f"L = {loss.name}(p, y, axis=0)", "L", p=turned, y=y_turned)
    assert found["L"] == pytest.approx(sum(each) / 2, rel=1e-12)
    found = solved(f"L = {loss.name}(p, y, reduction=sum)", "L", p=rows, y=y)
    assert found["L"] == pytest.approx(sum(each), rel=1e-12)
    found = solved(f"l = {loss.name}(p, y, reduction=none)", "l", p=rows, y=y)
    assert found["l"] == pytest.approx(each, rel=1e-12)


# -- values of PyTorch 2.13, float64 ---------------------------------------------------------

Z = [[2.0, 1.0, -0.5], [0.3, -1.2, 0.8], [1.5, 0.2, 0.1]]
Y = [[1, 0, 1], [0, 1, 0], [1, 1, 0]]
SOFT = [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.25, 0.5, 0.25]]
K, W = [0, 2, 1], [0.5, 2.0, 1.0]

TORCH: dict[str, tuple[str, dict[str, Any], float, list[float]]] = {
    "cross_entropy": (
        "cross_entropy_logits(z, k)",
        {"k": K},
        0.8815443119395,
        [-0.1034426379585, 0.08457206054501, 0.01887057741349, 0.1160691426279, 0.02589852638286,
         -0.1419676690108, 0.2194240164323, -0.2735333127003, 0.05410929626807],
    ),
    "cross_entropy, weight": (
        "cross_entropy_logits(z, k, class_weights=w)",
        {"k": K, "w": W},
        1.193428686919,
        [-0.04433255912507, 0.036245168805, 0.008087390320067, 0.09948783653821,
         0.02219873689959, -0.1216865734378, 0.376155456741, -0.4689142503434, 0.0927587936024],
    ),
    "cross_entropy, label_smoothing": (
        "cross_entropy_logits(z, k, label_smoothing=0.1)",
        {"k": K},
        0.9348776452729,
        [-0.08122041573628, 0.0734609494339, 0.007759466302379, 0.1049580315168,
         0.01478741527175, -0.1197454467885, 0.2083129053211, -0.2513110904781, 0.04299818515696],
    ),
    "cross_entropy, weight and label_smoothing": (
        "cross_entropy_logits(z, k, class_weights=w, label_smoothing=0.2)",
        {"k": K, "w": W},
        1.287242288114,
        [0.0009882822511006, 0.007815309057766, -0.008803591308867, 0.09328028823234,
         -0.01515654329899, -0.07812374493335, 0.3352853591555, -0.4012666342434,
         0.06598127508792],
    ),
    "cross_entropy, weight, reduction=sum": (
        "cross_entropy_logits(z, k, class_weights=w, reduction=sum)",
        {"k": K, "w": W},
        4.177000404216,
        [-0.1551639569377, 0.1268580908175, 0.02830586612024, 0.3482074278837, 0.07769557914857,
         -0.4259030070323, 1.316544098594, -1.641199876202, 0.3246557776084],
    ),
    "cross_entropy, ignore_index": (
        "cross_entropy_logits(z, k, ignore_index=-100)",
        {"k": [0, -100, 1]},
        1.044838008088,
        [-0.1551639569377, 0.1268580908175, 0.02830586612024, 0, 0, 0, 0.3291360246484,
         -0.4102999690505, 0.0811639444021],
    ),
    "cross_entropy, ignore_index, weight and label_smoothing": (
        "cross_entropy_logits(z, k, ignore_index=-100, class_weights=w, label_smoothing=0.2)",
        {"k": [0, -100, 1], "w": W},
        1.459423676574,
        [0.001383595151541, 0.01094143268087, -0.01232502783241, 0, 0, 0, 0.4693995028176,
         -0.5617732879407, 0.09237378512308],
    ),
    "cross_entropy, probabilities": (
        "cross_entropy_logits(z, k)",
        {"k": SOFT},
        1.014877645273,
        [-0.003442637958499, 0.01790539387834, -0.01446275591984, 0.08273580929458,
         -0.007434806950476, -0.0753010023441, 0.1360906830989, -0.1068666460337,
         -0.02922403706527],
    ),
    "binary_cross_entropy_with_logits, pos_weight": (
        "bce_with_logits(z, k, pos_weight=3)",
        {"k": Y},
        1.574959231976,
        [-0.03973430734071, 0.08122873095889, -0.207486443734, 0.06382694631241, -0.256174927833,
         0.0766638312364, -0.06080850793545, -0.1500553342292, 0.05833102083099],
    ),
    "huber_loss": (
        "huber(z, k, delta=0.7)",
        {"k": Y},
        0.4238888888889,
        [0.07777777777778, 0.07777777777778, -0.07777777777778, 0.03333333333333,
         -0.07777777777778, 0.07777777777778, 0.05555555555556, -0.07777777777778,
         0.01111111111111],
    ),
    "smooth_l1_loss": (
        "smooth_l1(z, k, beta=1/2)",
        {"k": Y},
        0.6833333333333,
        [0.1111111111111, 0.1111111111111, -0.1111111111111, 0.06666666666667, -0.1111111111111,
         0.1111111111111, 0.1111111111111, -0.1111111111111, 0.02222222222222],
    ),
    # times the number of classes, by which PyTorch divides
    "multi_margin_loss": (
        "weston_watkins(z, k, margin=0.8)",
        {"k": K},
        1.033333333333,
        [0, 0, 0, 0.3333333333333, 0, -0.3333333333333, 0.3333333333333, -0.6666666666667,
         0.3333333333333],
    ),
    "poisson_nll_loss": (
        "poisson_nll_log(z, k)",
        {"k": Y},
        2.155413920184,
        [0.7098951221034, 0.3020313142732, -0.04371881558749, 0.1499843119529,
         -0.07764508756531, 0.2472823253881, 0.3868543411487, 0.02460030646224, 0.1227967686751],
    ),
    "gaussian_nll_loss": (
        "gaussian_nll(z, k, v)",
        {"k": Y, "v": [[0.5, 1, 2], [1, 1, 1], [0.3, 0.2, 0.1]]},
        0.48401875131,
        [0.2222222222222, 0.1111111111111, -0.08333333333333, 0.03333333333333, -0.2444444444444,
         0.08888888888889, 0.1851851851852, -0.4444444444444, 0.1111111111111],
    ),
    "cosine_embedding_loss": (
        "cosine_embedding(z, a, k, margin=0.1)",
        {"k": [1, -1, -1], "a": [[1, 2, 3], [0.5, -1, 2], [1, 0, -1]]},
        0.6783831955697,
        [-0.001851466169911, -0.05924691743693, -0.1258996995535, 0.009102055692185,
         0.06234908149127, 0.0901103513525, 0.01351456243832, -0.01892038741355,
         -0.1648776617468],
    ),
    "triplet_margin_loss, eps=0": (
        "triplet(z, a, b, margin=1.5)",
        {"a": [[1, 2, 3], [0.5, -1, 2], [1, 0, -1]],
         "b": [[0.2, 1, -1], [2, 1, 0.3], [0.5, 0.5, -2]]},
        1.262100013296,
        [-0.2328704794056, -0.08830215713767, -0.3982721712439, 0, 0, 0, -0.006051047415786,
         0.0970732486663, 0.0009010767756449],
    ),
    "kl_div, batchmean": (
        "kl(softmax(z), k)",
        {"k": SOFT},
        0.1880205842617,
        [-0.003442637958499, 0.01790539387834, -0.01446275591984, 0.08273580929458,
         -0.007434806950476, -0.0753010023441, 0.1360906830989, -0.1068666460337,
         -0.02922403706527],
    ),
    "soft_margin_loss": (
        "soft_margin(z, 2*k - 1)",
        {"k": Y},
        0.8274393186593,
        [-0.01324476911357, 0.08122873095889, -0.06916214791132, 0.06382694631241,
         -0.085391642611, 0.0766638312364, -0.02026950264515, -0.05001844474306,
         0.05833102083099],
    ),
    "sigmoid_focal_loss of torchvision": (
        "binary_focal_logits(z, k, gamma=2, alpha=1/4)",
        {"k": Y},
        0.1836333111602,
        [-0.0001353038943165, 0.06401956026661, -0.01461532838541, 0.03579220571548,
         -0.02372286517753, 0.05618027289947, -0.000473086256201, -0.006236649768231,
         0.02829955127251],
    ),
    "-(1 - p)^1.5 log p of the class": (
        "focal_logits(z, k, gamma=3/2)",
        {"k": K},
        0.4985560829187,
        [-0.04003131387001, 0.03272858046861, 0.007302733401392, 0.06846131897242,
         0.01527578506629, -0.08373710403871, 0.2550115721144, -0.3178966515678,
         0.0628850794534],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TORCH)
def test_a_loss_and_its_gradient_are_what_pytorch_gives(case: str) -> None:
    loss, given, value, gradient = TORCH[case]
    found = solved(f"L = {loss}", "L; dL/dz", z=Z, **given)
    assert found["L"] == pytest.approx(value, rel=1e-11)
    assert found["dL/dz"].ravel() == pytest.approx(gradient, rel=1e-9, abs=1e-13)


def test_a_stated_reduction_keeps_the_weights_and_divides_by_the_number_of_examples() -> None:
    call = "cross_entropy_logits(z, k, class_weights=w, reduction=examples)"
    # the weighted sum above, over 3 examples
    assert solved(f"L = {call}", "L", z=Z, k=K, w=W)["L"] == pytest.approx(4.177000404216 / 3)


def test_weights_of_classes_lie_along_their_axis_in_columns_too() -> None:
    turned = [list(column) for column in zip(*Z, strict=True)]
    call = "cross_entropy_logits(z, k, class_weights=w, label_smoothing=0.2, axis=0)"
    assert solved(f"L = {call}", "L", z=turned, k=K, w=W)["L"] == pytest.approx(1.287242288114)


def test_the_gaussian_likelihood_with_its_constant() -> None:
    v = [[0.5, 1, 2], [1, 1, 1], [0.3, 0.2, 0.1]]
    found = solved("L = gaussian_nll_full(z, k, v)", "L", z=Z, k=Y, v=v)
    assert found["L"] == pytest.approx(1.402957284515, rel=1e-11)


# -- conventions ----------------------------------------------------------------------------


def test_zero_times_the_logarithm_of_zero_is_zero_in_a_loss() -> None:
    found = solved("L = ce(p, y); M = entropy(p)", "L; dL/dp; M", p=[1, 0, 0], y=[1, 0, 0])
    assert found["L"] == 0
    assert found["dL/dp"].tolist() == [-1, 0, 0]
    assert found["M"] == 0


def test_the_logarithm_of_zero_for_the_right_class_is_an_error_that_names_the_step() -> None:
    message = r"logarithm of a number that is not positive in entry \[0\] of y·log\(p\)"
    with pytest.raises(InputError, match=message):
        solved("L = ce(p, y)", "L", p=[0, 1], y=[1, 0])


@pytest.mark.parametrize(
    ("call", "bits"),
    [
        ("ce(p, y)", 1.0),
        ("ce_logits(z, y)", math.log2(1 + math.e)),
        ("bce(p, y)", 1 / 2 + 1 / 2),
        ("bce_with_logits(z, y)", (math.log2(1 + math.exp(0)) + math.log2(1 + math.e)) / 2),
        ("entropy(p)", 1.0),
        ("relative_entropy(y, p)", 1.0),
    ],
)
def test_the_base_of_the_logarithm_counts_in_every_loss(call: str, bits: float) -> None:
    given = {"p": [0.5, 0.5], "y": [1, 0], "z": [0, 1]}
    assert solved(f"L = {call}", "L", "{log: 2}", **given)["L"] == pytest.approx(bits, rel=1e-13)


def test_both_directions_of_the_divergence_are_told_apart() -> None:
    p, q = [0.5, 0.5], [0.25, 0.75]
    forward = 0.5 * math.log(2) + 0.5 * math.log(2 / 3)
    backward = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    calls = "a = kl(q, p); b = reverse_kl(q, p); c = relative_entropy(p, q)"
    found = solved(calls, "a; b; c", p=p, q=q)
    assert found["a"] == pytest.approx(forward, rel=1e-13)
    assert found["b"] == pytest.approx(backward, rel=1e-13)
    assert found["c"] == pytest.approx(forward, rel=1e-13)


def test_the_quantile_loss_weighs_both_sides_by_hand() -> None:
    # too low by 2 costs 0.9·2, too high by 2 costs 0.1·2
    assert solved("L = pinball(p, y, tau=0.9)", "L", p=1, y=3)["L"] == pytest.approx(1.8)
    assert solved("L = pinball(p, y, tau=0.9)", "L", p=3, y=1)["L"] == pytest.approx(0.2)


def test_the_class_that_is_nearest_to_the_right_one_counts_for_crammer_and_singer() -> None:
    # 5 - 4 + 1 = 2 and 3 - 4 + 1 = 0
    found = solved("L = crammer_singer(s, k); M = svm(s, k)", "L; M", s=[4, 5, 3], k=0)
    assert found["L"] == 2
    assert found["M"] == 2


def test_scores_that_overflow_give_the_loss_and_its_gradient() -> None:
    found = solved("L = ce_logits(z, k)", "L; dL/dz", z=[1000, 0, -1000], k=2)
    assert found["L"] == 2000
    assert found["dL/dz"].tolist() == [1, 0, -1]
    found = solved("L = bce_with_logits(z, 0)", "L; dL/dz", z=1000)
    assert found["L"] == 1000
    assert found["dL/dz"] == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ce(p, k, ignore_index=0)", "'ignore_index=' needs the numbers of the classes"),
        ("ce(p, 3)", r"there is no class 3: the 3 classes are 0 to 2"),
        ("ce(p, [0, 1])", "the target is a vector of 2 and the prediction a vector of 3"),
        ("mse(p)", "'mse' takes 2 values, not 1"),
        ("mse(p, k, delta=2)", "'mse' has no setting 'delta'"),
        ("huber(p, k, dela=2)", "'huber' has no setting 'dela'; did you mean 'delta'?"),
        ("ce(p, k, class_weights=[1, 2])", "'class_weights=' has 2 entries for 3 classes"),
        ("mse(p, k, reduction=summ)", "unknown reduction 'summ'; did you mean 'sum'?"),
    ],
)
def test_what_is_wrong_with_a_call_of_a_loss_is_said(call: str, message: str) -> None:
    with pytest.raises(InputErrors, match=message):
        solved(f"L = {call}", "L", p=[0.2, 0.3, 0.5], k=[0, 0, 1])
