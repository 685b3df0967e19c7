"""What is counted, and how each count is read off a layer's formulas.

FLOPs are a reading: so many for each type of operation, by convention. A layer whose
operations are not known has no number of them, which is not the same as none.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from hwsolve.errors import EquationError, InputError, did_you_mean
from hwsolve.expr.tree import Expr, Num
from hwsolve.nets.exact import whole
from hwsolve.nets.layer import OPERATIONS, ZERO, Rule
from hwsolve.nets.sizes import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsolve.errors import Place


class Quantity(NamedTuple):
    """Something that can be counted.

    Its name, its heading, how else people call it, and a heading for narrow columns.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    short: str = ""


QUANTITIES: tuple[Quantity, ...] = (
    Quantity("params", "parameters", ("parameters", "parameter", "param", "trainable"), "param."),
    Quantity("weights", "weights", ("weight",)),
    Quantity("biases", "biases", ("bias",)),
    Quantity("active_params", "active parameters", ("active", "active_parameters"), "active"),
    Quantity("running", "running values", ("non_trainable", "untrained")),
    Quantity("outputs", "outputs", ("values", "elements", "activations", "features")),
    Quantity("units", "units", ("neurons", "unit", "neuron")),
    Quantity("connections", "connections", ("connection",)),
    Quantity("multiplications", "multiplications",
             ("multiplication", "mults", "mult", "muls", "multiplies"), "mult."),
    Quantity("additions", "additions", ("addition", "adds"), "add."),
    Quantity("comparisons", "comparisons", ("comparison", "compares", "maxima"), "comp."),
    Quantity("divisions", "divisions", ("division", "divides"), "div."),
    Quantity("exponentials", "exponentials", ("exponential", "exps"), "exp."),
    Quantity("roots", "square roots", ("root", "square_roots", "sqrts")),
    Quantity("logarithms", "logarithms", ("logarithm", "logs"), "log."),
    Quantity("macs", "MACs", ("mac", "multiply_accumulates", "mult_adds", "madds")),
    Quantity("flops", "FLOPs", ("flop",)),
    Quantity("flops_with_bias", "FLOPs with bias"),
    Quantity("flops_without_bias", "FLOPs without bias",
             ("flop_without_bias", "flops_no_bias", "flops_nobias"), "w/o bias"),
)  # fmt: skip

BY_WORD: dict[str, Quantity] = {
    word: quantity for quantity in QUANTITIES for word in (quantity.name, *quantity.aliases)
}
# What a rule has a formula for under the quantity's own name.
_FIELDS = ("weights", "biases", "running", "units", "connections", "macs", "bias_additions")
UNKNOWN = "its operations are not in the layer table"
# What some layers have no agreed number of.
UNAGREED = ("connections", "units")
FLOPS = ("flops", "flops_with_bias", "flops_without_bias")


class FlopRule(NamedTuple):
    """How many FLOPs each type of operation (or a MAC) is; what is missing counts nothing."""

    name: str
    weights: Mapping[str, int]
    meaning: str


DEFAULT_FLOPS = FlopRule(
    "multiplications and additions",
    {"multiplications": 1, "additions": 1, "comparisons": 1},
    "1 FLOP each, and n - 1 for a maximum of n numbers; nothing else counts",
)
_SINGULAR = {name.removesuffix("s"): name for name in OPERATIONS}


class Counts:
    """The counts of one layer, each worked out when it is first asked for."""

    __slots__ = ("_rule", "_values")

    def __init__(self, rule: Rule | None) -> None:
        self._rule = rule
        self._values: dict[str, int] = {}

    @property
    def rule(self) -> Rule:
        """The formulas that the counts come from."""
        if self._rule is None:
            raise RuntimeError("a layer is counted before its sizes are known")
        return self._rule

    def known(self, quantity: str) -> bool:
        """Whether the layer has a number for this quantity, be it 0."""
        if quantity in UNAGREED:
            return getattr(self.rule, quantity) is not None
        needs = quantity in OPERATIONS or quantity in FLOPS
        return self.rule.operations is not None or not needs

    def __getitem__(self, quantity: str) -> int:
        """The number; the quantity is one of QUANTITIES, but for the FLOPs.

        Raises:
            EquationError: the layer's operations are not known.
        """
        value = self._values.get(quantity)
        if value is None:
            value = self._values[quantity] = whole(formula(self.rule, quantity), self.rule.sizes)
        return value

    def flops(self, rule: FlopRule, *, bias: bool = True) -> int:
        """The FLOPs under a convention, with or without the additions of biases."""
        weights = rule.weights.items()
        total = sum(weight * self[name] for name, weight in weights if weight)
        if not bias:
            total -= rule.weights.get("additions", 0) * self["bias_additions"]
        return total

    def read(self, quantity: str, rule: FlopRule) -> int:
        """The number of any quantity, FLOPs under the convention."""
        if quantity in FLOPS:
            if not self.known(quantity):
                raise EquationError(UNKNOWN)
            lacks_bias = "bias" in self.rule.conventions and not self["bias_additions"]
            if quantity == "flops_with_bias" and lacks_bias:
                raise EquationError("it has no bias", hint="ask for its flops")
            return self.flops(rule, bias=quantity != "flops_without_bias")
        return self[quantity]


def formula(rule: Rule, quantity: str) -> Expr:
    """The formula of a quantity in the layer's named sizes.

    Raises:
        EquationError: the layer's operations are not known.
    """
    if quantity == "params":
        return _sum(rule.weights, rule.biases)
    if quantity == "active_params":
        return _sum(rule.weights, rule.biases) if rule.active is None else rule.active
    if quantity == "outputs":
        return Num(prod(rule.output))
    if quantity in _FIELDS:
        found: Expr | None = getattr(rule, quantity)
        if found is None:
            raise EquationError(f"what its {quantity} are is not agreed on", hint="ask for macs")
        return found
    if rule.operations is None:
        raise EquationError(UNKNOWN)
    return rule.operations.get(quantity, ZERO)


def _sum(first: Expr, second: Expr) -> Expr:
    if first == ZERO:
        return second
    return first if second == ZERO else first + second


def read_flop_rule(text: str, place: Place | None = None) -> FlopRule:
    """A convention for FLOPs: a list of operations, `macs`, `2 macs` or `all`.

    `multiplications and additions` is the usual rule, in which the comparisons of a
    maximum count too.

    Raises:
        InputError: for a word that is none of these.
    """
    said = " ".join(text.lower().replace("*", " ").replace("·", " ").split())
    if said in _NAMED_RULES:
        return _NAMED_RULES[said]
    chosen: dict[str, int] = {}
    for part in said.replace("+", ",").replace("&", ",").replace(" and ", ",").split(","):
        word = part.strip()
        name = word if word in OPERATIONS else _SINGULAR.get(word)
        if name is not None:
            chosen[name] = 1
        elif word or len(said) == 0:
            hint = did_you_mean(word, (*OPERATIONS, "macs", "all"))
            raise InputError(
                f"FLOPs are not made of '{shortened(word)}'", place,
                hint or f"they are {_listed(OPERATIONS)}, or macs, 2 macs, all",
            )  # fmt: skip
    if chosen == DEFAULT_FLOPS.weights:
        return DEFAULT_FLOPS
    return FlopRule(_listed(tuple(chosen)), chosen, "each is 1 FLOP; nothing else counts")


def reweighted(rule: FlopRule, weights: Mapping[str, int]) -> FlopRule:
    """The rule with other numbers of FLOPs for some operations.

    Its name lists them all, and its meaning says which of them come from `rule`.
    """
    if not weights:
        return rule
    merged = {**rule.weights, **weights}
    order = [name for name in ("macs", *OPERATIONS) if name in merged]
    words = {name: "MAC" if name == "macs" else name.removesuffix("s") for name in order}
    listed = ", ".join(f"{words[name]} {merged[name]}" for name in order)
    others = tuple([words[name] for name in order if name not in weights])
    meaning = "FLOPs for one of each; nothing else counts"
    if others:
        meaning = f"FLOPs for one of each ({_listed(others)} as usual); nothing else counts"
    return FlopRule(listed, {name: merged[name] for name in order if merged[name]}, meaning)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]


_NAMED_RULES = {
    "default": DEFAULT_FLOPS,
    "multiplications and additions": DEFAULT_FLOPS,
    "macs": FlopRule("macs", {"macs": 1}, "a multiplication with its addition is 1 FLOP"),
    "2 macs": FlopRule("2 macs", {"macs": 2}, "a MAC is 2 FLOPs; nothing else counts"),
    "all": FlopRule("all", dict.fromkeys(OPERATIONS, 1), f"1 FLOP each: {_listed(OPERATIONS)}"),
}
