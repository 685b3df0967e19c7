"""Every update rule against PyTorch's values and against a loop written out by hand."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

import pytest

import hwsolve
from hwsolve.nets.optimizers import RULES, SCHEDULES, rules_named, schedule_named

if TYPE_CHECKING:
    from collections.abc import Callable

GRADIENTS = [0.4, -1.3, 2.0, 0.05, -0.7]


def answers(text: str) -> dict[str, Any]:
    solution = hwsolve.solve(hwsolve.loads(f"kind: optimizer\n{text}"))
    return {answer.name: answer.value for answer in solution.answers}


def walk(text: str) -> list[float]:
    """The parameter after each of five steps from 1.5 on the gradients above."""
    found = answers(
        f"start: {{w: 1.5}}\ngradients: {GRADIENTS}\nfind: [w1, w2, w3, w4, w5]\n{text}"
    )
    return [float(value) for value in found.values()]


# What torch.optim of PyTorch 2.15 gives in float64 for these gradients from w = 1.5.
PYTORCH = [
    (
        "rule: adam\ngiven: {lr: 0.1}",
        [
            1.4000000025,
            1.4514296517096517,
            1.4209453225626556,
            1.394777870656471,
            1.3887121813397842,
        ],
    ),
    (
        "rule: adam\ngiven: {lr: 0.05, beta1: 0.8, beta2: 0.95, eps: 0.001, weight_decay: 0.1}",
        [
            1.4500907441016333,
            1.4718476454284177,
            1.4498807774958242,
            1.4303211351115865,
            1.4224182144215047,
        ],
    ),
    (
        "rule: AdamW\ngiven: {lr: 0.1, weight_decay: 0.1}",
        [
            1.3850000024999998,
            1.4225796516846516,
            1.377869526020809,
            1.3379233788544163,
            1.3184784557491853,
        ],
    ),
    (
        "rule: nesterov\ngiven: {lr: 0.1, momentum: 0.9}",
        [1.424, 1.6385999999999998, 1.3347399999999998, 1.2317659999999997, 1.2765893999999998],
    ),
    (
        "rule: momentum\ngiven: {lr: 0.1, momentum: 0.9, weight_decay: 0.2}",
        [1.43, 1.4684, 1.2735919999999998, 1.0677929599999998, 0.9312179647999997],
    ),
    (
        "rule: RMSprop\ngiven: {lr: 0.1, alpha: 0.9}",
        [
            1.18377225898316,
            1.4873316525161266,
            1.2212697407667827,
            1.2142601164924027,
            1.3125767000582942,
        ],
    ),
    (
        "rule: centered rmsprop\ngiven: {lr: 0.1, alpha: 0.9}",
        [
            1.1666666944444422,
            1.4778139677578832,
            1.2085602945006189,
            1.2014675858400239,
            1.299860143684221,
        ],
    ),
    (
        "rule: rmsprop with momentum\ngiven: {lr: 0.1, alpha: 0.9, momentum: 0.8}",
        [
            1.18377225898316,
            1.2343494597026545,
            1.0087493085289063,
            0.8212595633155276,
            0.7695843507107161,
        ],
    ),
    (
        "rule: Adagrad\ngiven: {lr: 0.1, eps: 1.0e-10}",
        [
            1.400000000025,
            1.495577900890168,
            1.4128880778341144,
            1.410821273835327,
            1.4386163457510515,
        ],
    ),
    (
        "rule: Adagrad\ngiven: {lr: 0.1, eps: 1.0e-10, s0: 0.5}",
        [
            1.4507634036143275,
            1.5355660531057431,
            1.4561984740956382,
            1.4542146750935716,
            1.480974954089026,
        ],
    ),
    (
        "rule: Adadelta\ngiven: {rho: 0.9}",
        [
            1.4968378211563764,
            1.5011307205920692,
            1.4959833777709701,
            1.4958099967296208,
            1.4981385145178003,
        ],
    ),
    (
        "rule: Adadelta\ngiven: {lr: 0.5, rho: 0.9}",
        [
            1.4984189105781882,
            1.5005653602960345,
            1.497991688885485,
            1.4979049983648103,
            1.4990692572589002,
        ],
    ),
    (
        "rule: NAdam\ngiven: {lr: 0.1}\nconventions: {nadam: pytorch}",
        [
            1.3943548248055906,
            1.4923822004760507,
            1.4018870445064595,
            1.395388401622406,
            1.429067362678599,
        ],
    ),
    (
        "rule: Adamax\ngiven: {lr: 0.1}",
        [1.4, 1.4380566801619432, 1.416765167246814, 1.4009220487575775, 1.3974996619985196],
    ),
    (
        "rule: AMSGrad\ngiven: {lr: 0.1}",
        [
            1.4000000025,
            1.4514296517096517,
            1.4209453225626556,
            1.3947853621972373,
            1.3887196728805504,
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), PYTORCH, ids=[text[6:40] for text, _ in PYTORCH])
def test_the_steps_are_those_of_pytorch(text: str, expected: list[float]) -> None:
    assert walk(text) == pytest.approx(expected, rel=1e-13)


LR, MU, RHO, B1, B2, EPS = 0.07, 0.8, 0.85, 0.75, 0.96, 1e-3
SETTINGS = f"lr: {LR}, mu: {MU}, rho: {RHO}, beta1: {B1}, beta2: {B2}, eps: {EPS}"

Loop = list[float]


def descent(w: float, gradients: Loop) -> Loop:
    path = []
    for g in gradients:
        w -= LR * g
        path.append(w)
    return path


def accumulated(w: float, gradients: Loop) -> Loop:
    path, v = [], 0.0
    for g in gradients:
        v = MU * v + g
        w -= LR * v
        path.append(w)
    return path


def averaged(w: float, gradients: Loop) -> Loop:
    path, v = [], 0.0
    for g in gradients:
        v = MU * v + (1 - MU) * g
        w -= LR * v
        path.append(w)
    return path


def pytorch_nesterov(w: float, gradients: Loop) -> Loop:
    path, v = [], 0.0
    for g in gradients:
        v = MU * v + g
        w -= LR * (g + MU * v)
        path.append(w)
    return path


def adagrad(w: float, gradients: Loop) -> Loop:
    path, total = [], 0.0
    for g in gradients:
        total += g * g
        w -= LR * g / (math.sqrt(total) + EPS)
        path.append(w)
    return path


def rmsprop(w: float, gradients: Loop) -> Loop:
    path, s = [], 0.0
    for g in gradients:
        s = RHO * s + (1 - RHO) * g * g
        w -= LR * g / (math.sqrt(s) + EPS)
        path.append(w)
    return path


def centered(w: float, gradients: Loop) -> Loop:
    path, s, mean = [], 0.0, 0.0
    for g in gradients:
        s = RHO * s + (1 - RHO) * g * g
        mean = RHO * mean + (1 - RHO) * g
        w -= LR * g / (math.sqrt(s - mean * mean) + EPS)
        path.append(w)
    return path


def rmsprop_momentum(w: float, gradients: Loop) -> Loop:
    path, s, b = [], 0.0, 0.0
    for g in gradients:
        s = RHO * s + (1 - RHO) * g * g
        b = MU * b + g / (math.sqrt(s) + EPS)
        w -= LR * b
        path.append(w)
    return path


def adadelta(w: float, gradients: Loop) -> Loop:
    path, s, u = [], 0.0, 0.0
    for g in gradients:
        s = RHO * s + (1 - RHO) * g * g
        move = math.sqrt(u + EPS) / math.sqrt(s + EPS) * g
        u = RHO * u + (1 - RHO) * move * move
        w -= LR * move
        path.append(w)
    return path


def moments(gradients: Loop) -> list[tuple[int, float, float, float]]:
    found, m, v = [], 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        m = B1 * m + (1 - B1) * g
        v = B2 * v + (1 - B2) * g * g
        found.append((t, g, m, v))
    return found


def adam(w: float, gradients: Loop) -> Loop:
    path = []
    for t, _, m, v in moments(gradients):
        w -= LR * (m / (1 - B1**t)) / (math.sqrt(v / (1 - B2**t)) + EPS)
        path.append(w)
    return path


def uncorrected(w: float, gradients: Loop) -> Loop:
    path = []
    for _, _, m, v in moments(gradients):
        w -= LR * m / (math.sqrt(v) + EPS)
        path.append(w)
    return path


def corrected_rate(w: float, gradients: Loop) -> Loop:
    path = []
    for t, _, m, v in moments(gradients):
        w -= LR * math.sqrt(1 - B2**t) / (1 - B1**t) * m / (math.sqrt(v) + EPS)
        path.append(w)
    return path


def adamw(w: float, gradients: Loop) -> Loop:
    path = []
    for t, _, m, v in moments(gradients):
        step = (m / (1 - B1**t)) / (math.sqrt(v / (1 - B2**t)) + EPS)
        w = w - LR * step - LR * 0.01 * w
        path.append(w)
    return path


def adamax(w: float, gradients: Loop) -> Loop:
    path, m, u = [], 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        m = B1 * m + (1 - B1) * g
        u = max(B2 * u, abs(g))
        w -= LR / (1 - B1**t) * m / u
        path.append(w)
    return path


def nadam(w: float, gradients: Loop) -> Loop:
    path = []
    for t, g, m, v in moments(gradients):
        ahead = B1 * m / (1 - B1**t) + (1 - B1) * g / (1 - B1**t)
        w -= LR * ahead / (math.sqrt(v / (1 - B2**t)) + EPS)
        path.append(w)
    return path


def scheduled_nadam(w: float, gradients: Loop) -> Loop:
    path, product = [], 1.0
    for t, g, m, v in moments(gradients):
        now = B1 * (1 - 0.5 * 0.96 ** (t * 0.004))
        after = B1 * (1 - 0.5 * 0.96 ** ((t + 1) * 0.004))
        product *= now
        ahead = after * m / (1 - product * after) + (1 - now) * g / (1 - product)
        w -= LR * ahead / (math.sqrt(v / (1 - B2**t)) + EPS)
        path.append(w)
    return path


def amsgrad(w: float, gradients: Loop) -> Loop:
    path, most = [], 0.0
    for t, _, m, v in moments(gradients):
        most = max(most, v)
        w -= LR * (m / (1 - B1**t)) / (math.sqrt(most / (1 - B2**t)) + EPS)
        path.append(w)
    return path


def sign(value: float) -> int:
    return (value > 0) - (value < 0)


def sign_descent(w: float, gradients: Loop) -> Loop:
    path = []
    for g in gradients:
        w -= LR * sign(g)
        path.append(w)
    return path


def lion(w: float, gradients: Loop) -> Loop:
    path, m = [], 0.0
    for g in gradients:
        w -= LR * sign(B1 * m + (1 - B1) * g)
        m = B2 * m + (1 - B2) * g
        path.append(w)
    return path


# A loop for each form of each rule that works on gradients: by name and conventions.
LOOPS: dict[tuple[str, tuple[tuple[str, str], ...]], Callable[[float, Loop], Loop]] = {
    ("gradient descent", ()): descent,
    ("momentum", (("momentum", "accumulate"),)): accumulated,
    ("momentum", (("momentum", "average"),)): averaged,
    # as a velocity the walk is that of the accumulated gradients
    ("momentum", (("momentum", "velocity"),)): accumulated,
    # on given gradients looking ahead changes nothing
    ("nesterov", (("nesterov", "lookahead"), ("momentum", "velocity"))): accumulated,
    ("nesterov", (("nesterov", "lookahead"), ("momentum", "accumulate"))): accumulated,
    ("nesterov", (("nesterov", "lookahead"), ("momentum", "average"))): averaged,
    ("nesterov", (("nesterov", "pytorch"),)): pytorch_nesterov,
    # the same walk, with the velocity in units of the parameter
    ("nesterov", (("nesterov", "cs231n"),)): pytorch_nesterov,
    ("adagrad", ()): adagrad,
    ("rmsprop", ()): rmsprop,
    ("centered rmsprop", ()): centered,
    ("rmsprop with momentum", ()): rmsprop_momentum,
    ("adadelta", ()): adadelta,
    ("adam", (("bias_correction", "yes"),)): adam,
    ("adam", (("bias_correction", "no"),)): uncorrected,
    ("adam", (("epsilon", "hat"),)): corrected_rate,
    ("adamw", (("weight_decay", "decoupled"),)): adamw,
    ("adamax", ()): adamax,
    ("nadam", (("nadam", "constant"),)): nadam,
    ("nadam", (("nadam", "schedule"),)): scheduled_nadam,
    ("amsgrad", ()): amsgrad,
    ("sign sgd", ()): sign_descent,
    ("lion", ()): lion,
}
ON_GRADIENTS = [rule for rule in RULES if not rule.on_data and rule.name != "newton"]


def test_every_form_of_every_rule_has_a_loop_to_compare_with() -> None:
    assert {(rule.name, rule.when) for rule in ON_GRADIENTS} == set(LOOPS)


@pytest.mark.parametrize("key", LOOPS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_rule_walks_as_a_loop_written_by_hand(key: Any, seed: int) -> None:
    numbers = random.Random(seed)  # noqa: S311  (no secret)
    gradients = [round(numbers.uniform(-3, 3), 3) for _ in range(6)]
    name, when = key
    conventions = ", ".join(f"{convention}: {value}" for convention, value in when)
    text = f"rule: {name}\ngiven: {{{SETTINGS}}}\nconventions: {{{conventions}}}\n"
    if not conventions:
        text = f"rule: {name}\ngiven: {{{SETTINGS}}}\n"
    text += f"start: {{w: 2.5}}\ngradients: {gradients}\nfind: [w1, w2, w3, w4, w5, w6]\n"
    expected = LOOPS[key](2.5, gradients)
    assert list(answers(text).values()) == pytest.approx(expected, rel=1e-12)


def test_a_vector_walks_as_each_of_its_entries_alone() -> None:
    one, other = [0.3, -2.0, 1.5], [-1.0, 0.5, 0.25]
    stream = [list(pair) for pair in zip(one, other, strict=True)]
    found = answers(
        f"rule: adam\ngiven: {{{SETTINGS}}}\nstart: {{w: [2.5, -1]}}\n"
        f"gradients: {stream}\nfind: [w3]"
    )["w3"]
    assert list(found) == pytest.approx([adam(2.5, one)[-1], adam(-1.0, other)[-1]], rel=1e-12)


def test_epsilon_stands_inside_the_root_where_the_convention_says_so() -> None:
    s = 0.15 * 4.0
    found = answers(
        f"rule: rmsprop\ngiven: {{{SETTINGS}}}\nstart: {{w: 1}}\ngradients: [2]\n"
        "conventions: {epsilon: inside}\nfind: [w1]"
    )
    assert found["w1"] == pytest.approx(1 - 0.07 * 2 / math.sqrt(s + 0.001), rel=1e-13)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("SGD", "gradient descent"),
        ("SGD with momentum", "momentum"),
        ("sgd + momentum", "momentum"),
        ("RMSprop", "rmsprop"),
        ("RMS-Prop", "rmsprop"),
        ("AdaGrad", "adagrad"),
        ("NAG", "nesterov"),
        ("Newton's method", "newton"),
        ("Adam optimizer", "adam"),
        ("Mini-batch gradient descent", "gradient descent"),
        ("Widrow-Hoff", "delta rule"),
        ("Perceptron learning rule", "perceptron"),
    ],
)
def test_a_rule_is_known_by_the_names_that_people_type(written: str, rule: str) -> None:
    assert {form.name for form in rules_named(written)} == {rule}


def test_no_two_rules_and_no_two_schedules_answer_to_the_same_name() -> None:
    for rule in RULES:
        for name in (rule.name, *rule.aliases):
            assert rules_named(name)[0].name == rule.name
    for row in SCHEDULES:
        for name in (row.name, *row.aliases):
            assert schedule_named(name) is row


# torch.optim.lr_scheduler of PyTorch 2.15 from the rate 0.1, before each of five steps.
SCHEDULED = [
    ("step", "drop: 0.5, every: 2", [0.1, 0.1, 0.05, 0.05, 0.025]),
    ("exponential", "gamma: 0.9", [0.1, 0.09, 0.081, 0.0729, 0.06561]),
    (
        "cosine",
        "eta_min: 0.01, T_max: 4",
        [0.1, 0.08681980515339464, 0.055, 0.023180194846605363, 0.01],
    ),
    ("polynomial", "power: 2, T: 4", [0.1, 0.05625, 0.025, 0.00625, 0.0]),
    ("linear", "lr_end: 0.02, T: 4", [0.1, 0.08, 0.06, 0.04, 0.02]),
    # by the formulas, typed with a calculator
    (
        "natural exponential",
        "k: 0.5",
        [0.1, 0.060653065971, 0.036787944117, 0.022313016015, 0.0135335283237],
    ),
    ("inverse time", "decay: 0.25", [0.1, 0.08, 0.0666666666667, 0.0571428571429, 0.05]),
    ("inverse sqrt", "unused: 0", [0.1, 0.0707106781187, 0.0577350269190, 0.05, 0.0447213595500]),
    ("constant", "unused: 0", [0.1, 0.1, 0.1, 0.1, 0.1]),
]


def test_every_schedule_is_compared() -> None:
    assert {name for name, _, _ in SCHEDULED} == {row.name for row in SCHEDULES}


@pytest.mark.parametrize(("name", "given", "rates"), SCHEDULED)
def test_a_schedule_gives_the_rates_of_pytorch_and_of_a_calculator(
    name: str, given: str, rates: list[float]
) -> None:
    text = f"schedule: {name}\ngiven: {{lr: 0.1, {given}}}\n"
    found = answers(f"{text}find: [lr0, lr1, lr2, lr3, lr4]")
    assert list(found.values()) == pytest.approx(rates, rel=1e-11)
    steps = answers(f"{text}start: {{w: 1}}\ngradients: [1, 1, 1, 1, 1]\nfind: [w5]")
    assert steps["w5"] == pytest.approx(1 - sum(rates), rel=1e-11)


def test_a_warm_up_grows_for_its_steps_and_the_schedule_counts_from_there() -> None:
    text = "schedule: cosine\ngiven: {lr: 0.2, warmup: 4, T: 12}\n"
    found = answers(f"{text}find: [lr1, lr4, lr8, lr12]")
    assert list(found.values()) == pytest.approx([0.05, 0.2, 0.1, 0.0], rel=1e-13)
    steps = answers(f"{text}start: {{w: 0}}\ngradients: [1, 1]\nfind: [w1, w2]")
    assert list(steps.values()) == pytest.approx([-0.05, -0.15], rel=1e-13)


def test_a_schedule_counts_epochs_where_the_convention_says_so() -> None:
    found = answers(
        "schedule: exponential\nbatch: 1\nepochs: 2\ngiven: {lr: 0.1, decay: 0.5}\nstart: {w: 0}\n"
        "data: {x: [1, 2]}\ngradients: x\nconventions: {schedule_unit: epoch}\n"
        "find: [w1, w2, w3, w4]"
    )
    assert list(found.values()) == pytest.approx([-0.1, -0.3, -0.35, -0.45], rel=1e-13)


@pytest.mark.parametrize(
    ("schedule", "given", "rates"),
    [
        ("linear", "T: 2", [0.1, 0.05, 0, 0, 0]),
        ("linear", "T: 2, lr_end: 0.02", [0.1, 0.06, 0.02, 0.02, 0.02]),
        ("polynomial", "T: 2, power: 1", [0.1, 0.05, 0, 0, 0]),
        ("cosine", "T: 2", [0.1, 0.05, 0, 0, 0]),
        # the steps that warm up are among the T
        ("cosine", "T: 3, warmup: 1", [0, 0.1, 0.05, 0, 0]),
    ],
)
def test_a_schedule_that_has_come_to_its_end_stays_there(
    schedule: str, given: str, rates: list[float]
) -> None:
    text = f"schedule: {schedule}\ngiven: {{lr: 0.1, {given}}}\nstart: {{w: 0}}\n"
    found = answers(f"{text}gradients: [1, 1, 1, 1, 1]\nfind: [lr0, lr1, lr2, lr3, lr4]")
    assert list(found.values()) == pytest.approx(rates, abs=1e-15)


def test_lr0_is_the_rate_of_the_count_0_and_not_the_last_one() -> None:
    text = "schedule: inverse time\ngiven: {eta: 1, decay: 0.1}\nstart: {w: 10}\nsteps: 3\n"
    found = answers(f"{text}loss: w^2/2\nfind: [lr0, eta0, eta2]")
    assert list(found.values()) == pytest.approx([1, 1, 1 / 1.2])
