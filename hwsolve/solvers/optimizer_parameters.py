"""Which given values are parameters, where nothing names them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hwsolve.errors import InputError
from hwsolve.problem.model import Written
from hwsolve.solvers.optimizer_names import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hwsolve.solvers.optimizer_setup import Setup

# What a parameter is called.
WEIGHT: Final = re.compile(r"(w|W|b|B|theta|θ|Θ|bias|U|V|v)(_?\d+|_[a-z]+|[a-z]{1,2})?\Z")
# What is no parameter: inputs and targets, numbers of them, weights of penalties.
DATUM: Final = re.compile(r"(x|X|y|Y|t|T|n|N|target|label|lambda|λ|lam|C)(_?\d+|_[a-z]+)?\Z")


def found_parameters(setup: Setup) -> list[str]:
    """The names of the parameters.

    Raises:
        InputError: if it could be several sets of names.
    """
    used = setup.used()
    reserved = setup.setting_names(used)
    if setup.rule.on_data:
        return [
            name.removesuffix("0") if name == "w0" and "w1" not in setup.given else name
            for name in setup.given
            if name not in reserved and WEIGHT.match(name)
        ]
    formulas = any(isinstance(value, Written) for value in setup.gradients.values())
    if setup.gradients and not formulas:
        return _beside_gradients(setup, reserved | used)
    own = {name for name, _ in setup.equations}
    started = [
        name
        for name in sorted(used - own - set(setup.given))
        if numbered(name, 0) in setup.given or f"{name}_0" in setup.given
    ]
    if started:
        return started
    candidates = [name for name in setup.given if name in used and name not in reserved]
    if len(candidates) == 1:
        return candidates
    usual = [name for name in candidates if WEIGHT.match(name)]
    left = [name for name in candidates if name not in usual and not DATUM.match(name)]
    if candidates and (left or not usual):
        raise _which(setup, candidates)
    if usual:
        listed = ", ".join(usual)
        setup.note("parameters", listed, f"the parameters are taken to be {listed}")
    elif formulas:  # a name without a value starts at 0
        return sorted(used - own - set(setup.given) - set(setup.data))[:1]
    return usual


def _beside_gradients(setup: Setup, reserved: set[str]) -> list[str]:
    """The given value that is no setting and no state; `w` where there is none."""
    done = str(setup.body.done)
    left = [name for name in setup.given if name not in reserved]
    stems = [name.removesuffix(done).removesuffix("_") or name for name in left]
    states = {letter for group in setup.rule.states for letter in group}
    stems = [stem for stem in stems if stem not in states]
    usual = [stem for stem in stems if WEIGHT.match(stem)]
    if len(stems) > 1 and len(usual) == 1:
        stems = usual
    if len(stems) > 1:
        raise _which(setup, stems)
    return stems or ["w"]


def _which(setup: Setup, names: Iterable[str]) -> InputError:
    listed = ", ".join(names)
    return InputError(
        f"which of {listed} are the parameters is not said",
        setup.problem.place,
        "write 'start:' with their values before the first step, or 'parameters: [...]'",
    )
