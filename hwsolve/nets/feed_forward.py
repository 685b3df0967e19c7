"""The feed-forward part of a transformer: plain, gated, and as a mixture of experts."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from hwsolve.expr.tree import Expr, Num, Sym
from hwsolve.nets.activations import of_each
from hwsolve.nets.exact import plus, times
from hwsolve.nets.layer import ZERO, Line, Request, Rule
from hwsolve.nets.sizes import Tokens
from hwsolve.nets.tokens import not_tokens

if TYPE_CHECKING:
    from hwsolve.nets.sizes import Size

TOKENS, FEATURES, HIDDEN = Sym("tokens"), Sym("features"), Sym("hidden")
_TWO = Num(2)


def feed_forward(request: Request) -> Rule:
    """Two dense layers on each token; gated, a third whose output is a factor.

    Vaswani et al. 2017, section 3.3: W2 act(W1 x); Shazeer 2020: W2 (act(W1 x) * W3 x).

    Raises:
        InputError: it reads a map.
    """
    size = _tokens(request)
    options = request.options
    hidden = options["hidden"]
    gated = options.get("gated", False)
    bias = options.get("bias", not gated)
    sizes = {"features": size[0], "hidden": hidden, "tokens": prod(size[1:])}
    up = _TWO if gated else Num(1)
    weights = times(Num(3) if gated else _TWO, FEATURES, HIDDEN)
    products = times(TOKENS, weights)
    inner = times(TOKENS, HIDDEN)
    hidden_sums = inner if not gated else times(_TWO, inner)
    outputs = plus(hidden_sums, times(TOKENS, FEATURES))
    name = options.get("activation", "silu" if gated else "relu")
    operations = _with_activation(
        name, inner, gated=gated, products=products,
        sums=products if bias else products - outputs,
    )  # fmt: skip
    return Rule(
        output=size,
        sizes=sizes,
        weights=weights,
        biases=plus(HIDDEN if up == Num(1) else times(up, HIDDEN), FEATURES) if bias else ZERO,
        operations=operations,
        bias_additions=outputs if bias else ZERO,
        macs=products,
        connections=None,
        units=None,
        remarks=(_said(name, gated=gated), *(() if bias else ("no bias",))),
        conventions=("bias", "mac") if bias or "bias" in options else ("mac",),
    )


def _said(name: str, *, gated: bool) -> str:
    return f"W2 ({name}(W1 x) times W3 x)" if gated else f"W2 {name}(W1 x)"


def _with_activation(
    name: str, inner: Expr, *, gated: bool, products: Expr, sums: Expr
) -> dict[str, Expr]:
    """The operations of the dense layers with those of the activation and of the gate."""
    own = of_each(name, inner)
    gate = inner if gated else ZERO
    return {
        **own,
        "multiplications": plus(products, own.get("multiplications", ZERO), gate),
        "additions": plus(sums, own.get("additions", ZERO)),
    }


def _tokens(request: Request) -> Size:
    (size,) = request.inputs
    if not isinstance(size, Tokens) and len(size) > 1:
        raise not_tokens(request, size)
    return size


def mixture_of_experts(request: Request) -> Rule:
    """Several feed-forward parts of which a router chooses a few for each token.

    The router is a dense layer without bias and a softmax over all experts (Shazeer et
    al. 2017; Fedus et al. 2022); what the chosen ones give is added up with its weights.
    Choosing `top` of E takes (E - 1) + ... + (E - top) comparisons.

    Raises:
        InputError: it reads a map, or more experts are to be used than there are.
    """
    size = _tokens(request)
    options = request.options
    experts, top = options["experts"], options.get("top", 2)
    shared, gated = options.get("shared", 0), options.get("gated", False)
    if top > experts:
        raise request.error(f"{top} of {experts} experts cannot be used", "top")
    bias = options.get("bias", False)
    sizes = {
        "features": size[0], "hidden": options["hidden"], "experts": experts,
        "tokens": prod(size[1:]), "used": top + shared, "top": top,
    }  # fmt: skip
    count, used, chosen = Sym("experts"), Sym("used"), Sym("top")
    each = times(Num(3) if gated else _TWO, FEATURES, HIDDEN)
    sizes["expert"] = (3 if gated else 2) * size[0] * options["hidden"]
    expert = Sym("expert")
    biases = plus(times(_TWO, HIDDEN) if gated else HIDDEN, FEATURES) if bias else ZERO
    router = times(FEATURES, count)
    every = plus(count, Num(shared)) if shared else count
    products = plus(times(TOKENS, router), times(TOKENS, used, expert))
    inner = times(TOKENS, used, HIDDEN)
    outputs = plus(times(_TWO, inner) if gated else inner, times(TOKENS, used, FEATURES))
    name = options.get("activation", "silu" if gated else "relu")
    sums = plus(
        times(TOKENS, FEATURES - 1, count),
        times(TOKENS, used, expert) if bias else times(TOKENS, used, expert) - outputs,
        times(TOKENS, count - 1),
    )
    operations = _with_activation(name, inner, gated=gated, products=products, sums=sums)
    chosen_values = times(TOKENS, chosen, FEATURES)
    operations["multiplications"] = plus(operations["multiplications"], chosen_values)
    operations["additions"] = plus(
        operations["additions"], times(TOKENS, used - 1, FEATURES) if top + shared > 1 else ZERO
    )
    comparisons = times(TOKENS, _TWO * count - chosen - 1, chosen) / 2
    operations["comparisons"] = plus(operations.get("comparisons", ZERO), comparisons)
    operations["exponentials"] = plus(operations.get("exponentials", ZERO), times(TOKENS, count))
    operations["divisions"] = plus(operations.get("divisions", ZERO), times(TOKENS, count))
    return Rule(
        output=size,
        sizes=sizes,
        lines=(
            Line("expert", each, "weights of an expert"),
            *((Line("used", chosen + Num(shared), "experts a token"),) if shared else ()),
        ),
        weights=plus(router, times(every, expert)),
        biases=times(every, biases) if bias else ZERO,
        active=plus(
            router, times(used, expert), times(used, biases) if bias else ZERO
        ),
        operations=operations,
        bias_additions=outputs if bias else ZERO,
        macs=products,
        connections=None,
        units=None,
        remarks=(
            f"each expert: {_said(name, gated=gated)}",
            f"the router: softmax over {experts} experts, the largest {top} chosen",
        ),
        conventions=("bias", "mac") if bias or "bias" in options else ("mac",),
    )  # fmt: skip
