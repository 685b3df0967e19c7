"""The update rules by name: each one a few equation texts, so that what is solved is shown.

A line is written for the parameter `w` and its gradient `g`. A prime is the value before
the step (`m'`), `t` the number of the step, counted from 1; the settings stand under the
names of `SETTINGS`. `ROOT(x)` is a square root with epsilon, inside it or beside it as the
convention `epsilon` says. Rules that courses write in several forms have a row for each,
and `when` names the conventions that choose it; the first row is the usual one.

`g` is the gradient after clipping and weight decay. Where `look` is not empty the gradient
is taken at that point and not at `w'`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Conventions by name and value.
Forms = tuple[tuple[str, str], ...]


class Setting(NamedTuple):
    """A number that rules use: the names by which it may be given, and its usual value.

    `usual` is "" where a problem has to give it.
    """

    meaning: str
    names: tuple[str, ...]
    usual: str = ""


class Rule(NamedTuple):
    """An update rule, in one of its forms.

    `settings` are the settings that must have a value; `states` are what a rule remembers,
    each with the other letters that books use for it. `usual` replaces a setting's usual
    value. `on_data` marks rules that see examples with targets and have no gradient.
    """

    name: str
    aliases: tuple[str, ...]
    title: str
    lines: tuple[tuple[str, str], ...]
    settings: tuple[str, ...] = ("lr",)
    states: tuple[tuple[str, ...], ...] = ()
    when: Forms = ()
    look: str = ""
    usual: tuple[tuple[str, str], ...] = ()
    on_data: bool = False


SETTINGS: Final[Mapping[str, Setting]] = {
    "lr": Setting(
        "the learning rate",
        (
            "lr",
            "learning_rate",
            "eta",
            "η",
            "rate",
            "step_size",
            "lr0",
            "eta0",
            "η0",
            "alpha",
            "α",
            "alpha0",
            "α0",
            "gamma",
            "γ",
            "a",
        ),
    ),
    "mu": Setting(
        "the momentum coefficient",
        ("momentum", "mu", "μ", "beta", "β", "rho", "ρ", "gamma", "γ", "alpha", "α", "beta1", "β1"),
    ),
    "rho": Setting(
        "the decay of the mean of squared gradients",
        ("rho", "ρ", "decay", "decay_rate", "beta", "β", "gamma", "γ", "alpha", "α", "beta2", "β2"),
    ),
    "beta1": Setting("the decay of the first moment", ("beta1", "β1", "b1", "rho1", "ρ1"), "0.9"),
    "beta2": Setting(
        "the decay of the second moment", ("beta2", "β2", "b2", "rho2", "ρ2"), "0.999"
    ),
    "eps": Setting(
        "the small number against a division by 0",
        ("eps", "epsilon", "ε", "ϵ", "delta", "δ"),
        "1e-8",
    ),
    "psi": Setting("how slowly the first moment's decay grows", ("psi", "ψ"), "0.004"),
    "wd": Setting("the weight decay", ("weight_decay", "wd", "lambda", "λ", "lam", "lmbda"), "0"),
}

_LR_MU: Final = ("lr", "mu")
_ADAM: Final = ("lr", "beta1", "beta2", "eps")
_V: Final = ("v", "velocity", "u", "m", "s", "z", "b", "delta")
_S: Final = ("s", "v", "r", "G", "E", "h", "cache", "S", "n", "acc", "Eg")
_MOMENTS: Final = (("m", "s"), ("v", "r"))
_MHAT: Final = ("mhat", "m/(1 - beta1^t)")
_M: Final = ("m", "beta1*m' + (1 - beta1)*g")
_SQUARES: Final = ("v", "beta2*v' + (1 - beta2)*g^2")
_MEAN_OF_SQUARES: Final = ("s", "rho*s' + (1 - rho)*g^2")

RULES: Final = (
    Rule(
        "gradient descent",
        ("gd", "sgd", "batch gradient descent", "stochastic gradient descent", "vanilla",
         "minibatch gradient descent", "minibatch sgd", "steepest descent"),
        "Gradient descent",
        (("w", "w' - lr*g"),),
    ),
    Rule(
        "momentum",
        ("heavy ball", "sgd momentum", "sgd with momentum", "gradient descent with momentum",
         "polyak"),
        "Gradient descent with momentum",
        (("v", "mu*v' + g"), ("w", "w' - lr*v")),
        _LR_MU,
        (_V,),
        (("momentum", "accumulate"),),
    ),
    Rule(
        "momentum",
        (),
        "Gradient descent with momentum",
        (("v", "mu*v' + (1 - mu)*g"), ("w", "w' - lr*v")),
        _LR_MU,
        (_V,),
        (("momentum", "average"),),
    ),
    Rule(
        "momentum",
        (),
        "Gradient descent with momentum",
        (("v", "mu*v' - lr*g"), ("w", "w' + v")),
        _LR_MU,
        (_V,),
        (("momentum", "velocity"),),
    ),
    Rule(
        "nesterov",
        ("nag", "nesterov momentum", "nesterov accelerated gradient", "sgd nesterov",
         "accelerated gradient"),
        "Nesterov's momentum",
        (("v", "mu*v' - lr*g"), ("w", "w' + v")),
        _LR_MU,
        (_V,),
        (("nesterov", "lookahead"), ("momentum", "velocity")),
        look="w' + mu*v'",
    ),
    Rule(
        "nesterov",
        (),
        "Nesterov's momentum",
        (("v", "mu*v' + g"), ("w", "w' - lr*v")),
        _LR_MU,
        (_V,),
        (("nesterov", "lookahead"), ("momentum", "accumulate")),
        look="w' - lr*mu*v'",
    ),
    Rule(
        "nesterov",
        (),
        "Nesterov's momentum",
        (("v", "mu*v' + (1 - mu)*g"), ("w", "w' - lr*v")),
        _LR_MU,
        (_V,),
        (("nesterov", "lookahead"), ("momentum", "average")),
        look="w' - lr*mu*v'",
    ),
    Rule(
        "nesterov",
        (),
        "Nesterov's momentum",
        (("v", "mu*v' + g"), ("w", "w' - lr*(g + mu*v)")),
        _LR_MU,
        (_V,),
        (("nesterov", "pytorch"),),
    ),
    Rule(
        "nesterov",
        (),
        "Nesterov's momentum",
        (("v", "mu*v' - lr*g"), ("w", "w' - mu*v' + (1 + mu)*v")),
        _LR_MU,
        (_V,),
        (("nesterov", "cs231n"),),
    ),
    Rule(
        "adagrad",
        ("ada grad",),
        "AdaGrad",
        (("s", "s' + g^2"), ("w", "w' - lr*g/ROOT(s)")),
        ("lr", "eps"),
        (_S,),
    ),
    Rule(
        "rmsprop",
        ("rms prop",),
        "RMSProp",
        (_MEAN_OF_SQUARES, ("w", "w' - lr*g/ROOT(s)")),
        ("lr", "rho", "eps"),
        (_S,),
    ),
    Rule(
        "centered rmsprop",
        ("rmsprop centered", "centred rmsprop"),
        "Centred RMSProp",
        (
            _MEAN_OF_SQUARES,
            ("gbar", "rho*gbar' + (1 - rho)*g"),
            ("w", "w' - lr*g/ROOT(s - gbar^2)"),
        ),
        ("lr", "rho", "eps"),
        (_S, ("gbar", "gavg", "m")),
    ),
    Rule(
        "rmsprop with momentum",
        ("rmsprop momentum",),
        "RMSProp with momentum",
        (_MEAN_OF_SQUARES, ("b", "mu*b' + g/ROOT(s)"), ("w", "w' - lr*b")),
        ("lr", "mu", "rho", "eps"),
        (("s", "v", "r"), ("b", "u")),
    ),
    Rule(
        "adadelta",
        ("ada delta",),
        "Adadelta",
        (
            _MEAN_OF_SQUARES,
            ("d", "sqrt(u' + eps)/sqrt(s + eps)*g"),
            ("u", "rho*u' + (1 - rho)*d^2"),
            ("w", "w' - lr*d"),
        ),
        ("lr", "rho", "eps"),
        (("s", "v", "E", "G"), ("u", "D", "acc")),
        usual=(("lr", "1"), ("eps", "1e-6")),
    ),
    Rule(
        "adam",
        (),
        "Adam",
        (
            _M,
            _SQUARES,
            _MHAT,
            ("vhat", "v/(1 - beta2^t)"),
            ("w", "w' - lr*mhat/ROOT(vhat)"),
        ),
        _ADAM,
        _MOMENTS,
        (("bias_correction", "yes"),),
    ),
    Rule(
        "adam",
        (),
        "Adam without bias correction",
        (_M, _SQUARES, ("w", "w' - lr*m/ROOT(v)")),
        _ADAM,
        _MOMENTS,
        (("bias_correction", "no"),),
    ),
    Rule(
        "adam",
        (),
        "Adam with the corrected rate",
        (
            _M,
            _SQUARES,
            ("rate", "lr*sqrt(1 - beta2^t)/(1 - beta1^t)"),
            ("w", "w' - rate*m/(sqrt(v) + eps)"),
        ),
        _ADAM,
        _MOMENTS,
        (("epsilon", "hat"),),
    ),
    Rule(
        "adamw",
        ("adam w", "adam with decoupled weight decay"),
        "AdamW",
        (
            _M,
            _SQUARES,
            _MHAT,
            ("vhat", "v/(1 - beta2^t)"),
            ("w", "w' - lr*(mhat/ROOT(vhat) + wd*w')"),
        ),
        (*_ADAM, "wd"),
        _MOMENTS,
        (("weight_decay", "decoupled"),),
        usual=(("wd", "0.01"),),
    ),
    Rule(
        "adamax",
        ("ada max",),
        "AdaMax",
        (
            _M,
            ("u", "max(beta2*u', abs(g))"),
            ("w", "w' - lr/(1 - beta1^t)*m/u"),
        ),
        ("lr", "beta1", "beta2"),
        (("m",), ("u", "v")),
    ),
    Rule(
        "nadam",
        (),
        "NAdam",
        (
            _M,
            _SQUARES,
            _MHAT,
            ("vhat", "v/(1 - beta2^t)"),
            ("w", "w' - lr*(beta1*mhat + (1 - beta1)*g/(1 - beta1^t))/ROOT(vhat)"),
        ),
        _ADAM,
        _MOMENTS,
        (("nadam", "constant"),),
    ),
    Rule(
        "nadam",
        (),
        "NAdam",
        (
            ("mu", "beta1*(1 - 1/2*0.96^(t*psi))"),
            ("munext", "beta1*(1 - 1/2*0.96^((t + 1)*psi))"),
            ("p", "p'*mu"),
            _M,
            _SQUARES,
            ("mhat", "munext*m/(1 - p*munext) + (1 - mu)*g/(1 - p)"),
            ("vhat", "v/(1 - beta2^t)"),
            ("w", "w' - lr*mhat/ROOT(vhat)"),
        ),
        (*_ADAM, "psi"),
        (("m",), ("v",), ("p",)),
        (("nadam", "schedule"),),
    ),
    Rule(
        "amsgrad",
        ("ams grad",),
        "AMSGrad",
        (
            _M,
            _SQUARES,
            ("vmax", "max(vmax', v)"),
            _MHAT,
            ("vhat", "vmax/(1 - beta2^t)"),
            ("w", "w' - lr*mhat/ROOT(vhat)"),
        ),
        _ADAM,
        (("m",), ("v",), ("vmax",)),
    ),
    Rule(
        "sign sgd",
        ("signsgd", "sign gradient descent", "sign descent"),
        "Sign descent",
        (("w", "w' - lr*sign(g)"),),
    ),
    Rule(
        "lion",
        (),
        "Lion",
        (
            ("c", "beta1*m' + (1 - beta1)*g"),
            ("w", "w' - lr*sign(c)"),
            ("m", "beta2*m' + (1 - beta2)*g"),
        ),
        ("lr", "beta1", "beta2"),
        (("m",),),
        usual=(("beta2", "0.99"),),
    ),
    Rule(
        "newton",
        ("newtons method", "newton raphson", "newton step"),
        "Newton's method",
        (("w", "w' - lr*NEWTON"),),
        usual=(("lr", "1"),),
    ),
    Rule(
        "perceptron",
        ("perceptron rule", "perceptron learning rule", "rosenblatt"),
        "The perceptron rule",
        (),
        usual=(("lr", "1"),),
        on_data=True,
    ),
    Rule(
        "delta rule",
        ("delta", "adaline", "lms", "widrow hoff", "least mean squares"),
        "The delta rule",
        (),
        on_data=True,
    ),
)  # fmt: skip


class Schedule(NamedTuple):
    """How the learning rate changes: a text in `lr`, the count `s` and settings of its own.

    `s` counts steps (or epochs) and is 0 in the first. `settings` are names by which each
    number may be given and, where it may be left out, its usual value.
    """

    name: str
    aliases: tuple[str, ...]
    text: str
    settings: tuple[tuple[str, tuple[str, ...], str], ...] = ()


_TOTAL: Final = ("T", ("T", "total", "T_max", "total_steps", "max_steps", "N"), "")
_END: Final = ("lr_end", ("lr_end", "lr_min", "eta_min", "eta_end", "eta_T", "lr_final"), "0")
SCHEDULES: Final = (
    Schedule(
        "step",
        ("step decay", "steps", "staircase", "drop"),
        "lr*drop^floor(s/every)",
        (
            ("drop", ("drop", "factor", "gamma", "γ", "decay", "d"), ""),
            ("every", ("every", "period", "step_every", "drop_every", "r"), ""),
        ),
    ),
    Schedule(
        "exponential",
        ("exponential decay", "exp", "geometric"),
        "lr*decay^s",
        (("decay", ("decay", "decay_rate", "gamma", "γ", "d"), ""),),
    ),
    Schedule(
        "natural exponential",
        ("exponential e", "natural exp"),
        "lr*exp(-k*s)",
        (("k", ("k", "decay", "decay_rate", "lambda", "λ"), ""),),
    ),
    Schedule(
        "inverse time",
        ("1/t", "1/t decay", "time based", "time based decay", "hyperbolic", "inverse"),
        "lr/(1 + decay*s)",
        (("decay", ("decay", "decay_rate", "k"), ""),),
    ),
    Schedule("inverse sqrt", ("1/sqrt(t)", "inverse square root"), "lr/sqrt(s + 1)"),
    Schedule(
        "polynomial",
        ("poly", "polynomial decay"),
        "(lr - lr_end)*(1 - s/T)^power + lr_end",
        (_TOTAL, _END, ("power", ("power", "p", "exponent"), "")),
    ),
    Schedule("linear", ("linear decay",), "lr - (lr - lr_end)*s/T", (_TOTAL, _END)),
    Schedule(
        "cosine",
        ("cosine annealing", "cosine decay"),
        "lr_end + 1/2*(lr - lr_end)*(1 + cos(pi*s/T))",
        (_TOTAL, _END),
    ),
    Schedule("constant", ("none", "warmup", "warm up"), "lr"),
)


def plain(name: str) -> str:
    """A rule's name as it is compared: lower case, without hyphens and apostrophes."""
    words = re.sub(r"[\s_\-]+", " ", name.strip().lower().replace("'", ""))
    return words.removesuffix(" algorithm").removesuffix(" optimizer").removesuffix(" optimiser")


def _squeezed(name: str) -> str:
    return plain(name).replace(" ", "")


def rules_named(name: str) -> tuple[Rule, ...]:
    """All forms of the rule of a name as people type it (`RMSprop`, `SGD + momentum`)."""
    wanted = _squeezed(name.replace("+", " "))
    for rule in RULES:
        if wanted in {_squeezed(known) for known in (rule.name, *rule.aliases)}:
            return tuple(form for form in RULES if form.name == rule.name)
    return ()


def form_of(forms: Collection[Rule], stated: Mapping[str, str]) -> Rule:
    """The form of a rule that agrees best with the stated conventions, the first of several.

    A convention that chooses between forms of other rules does not matter here.
    """
    known = {name for form in forms for name, _ in form.when}
    mine = {name: value for name, value in stated.items() if name in known}

    def agreement(form: Rule) -> int:
        chosen = dict(form.when)
        if any(chosen.get(name, value) != value for name, value in mine.items()):
            return -1
        return sum(name in chosen for name in mine)

    return max(forms, key=agreement)


def schedule_named(name: str) -> Schedule | None:
    """The schedule of a name as people type it, or None."""
    wanted = _squeezed(name)
    for schedule in SCHEDULES:
        if wanted in {_squeezed(known) for known in (schedule.name, *schedule.aliases)}:
            return schedule
    return None


def known_rules() -> tuple[str, ...]:
    """Every name and alias of a rule."""
    return tuple(dict.fromkeys(name for rule in RULES for name in (rule.name, *rule.aliases)))


def known_schedules() -> tuple[str, ...]:
    """Every name and alias of a schedule."""
    return tuple(name for row in SCHEDULES for name in (row.name, *row.aliases))
