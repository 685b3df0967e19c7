"""The losses by name: each one an equation text, so that what is solved is what is shown.

`L = mse(yhat, y)` in an equation and `loss: mse` in a network mean the same row.
A row gives the part for one entry; what is done over the entries and over the
examples of a batch is the row's reduction, and a sentence says it, because books
differ:

    sum       the sum over all entries and all examples
    entries   the mean over all entries of all examples
    examples  the sum over the entries of an example, the mean over the examples

The parameter `yhat` is what the network says (probabilities, or for `.._logits`
rows the scores before them) and `y` is what it should say.
"""

from __future__ import annotations

from typing import NamedTuple

REDUCTIONS = ("sum", "entries", "examples")


class Loss(NamedTuple):
    """A loss: names, the text for one entry, the factor before it, and the reduction.

    `term` is written in the parameters, with `{axis}` where it works along the
    classes; `factor` (`-`, `1/2*`, or nothing) stands before the reduction.
    `convention` says in a sentence what was chosen.
    """

    name: str
    aliases: tuple[str, ...]
    term: str
    factor: str
    reduction: str
    convention: str
    parameters: tuple[str, ...] = ("yhat", "y")

    def body(
        self,
        examples: int | None = None,
        *,
        axis: int = -1,
        reduction: str = "",
        single_entry: bool = False,
    ) -> str:
        """The right side of `L = ...` in the row's parameters.

        `examples` is the number of examples of a batch, None for a single example
        (its mean over examples is then left out). `axis` is the axis of the classes:
        the last where examples are rows, 0 where they are columns. `reduction`
        replaces the row's own. With `single_entry` there is one number and nothing
        to add up.
        """
        chosen = reduction or self.reduction
        term = self.term
        if single_entry:
            term = term.replace("{axis}", "")
            return self.factor + (f"({term})" if self.factor and _is_sum(term) else term)
        if "{axis}" in term:
            term = term.replace("{axis}", "" if examples is None else f", axis={axis}")
        if chosen == "entries":
            return f"{self.factor}mean({term})"
        if chosen == "examples" and examples is not None and examples != 1:
            parts = {"": f"1/{examples}", "-": f"-1/{examples}", "1/2*": f"1/(2*{examples})"}
            return f"{parts[self.factor]}*sum({term})"
        return f"{self.factor}sum({term})"


def _is_sum(term: str) -> bool:
    """Whether a text has a + or - outside brackets, so that a factor needs brackets."""
    depth = 0
    for character in term:
        depth += (character == "(") - (character == ")")
        if character in "+-" and depth == 0:
            return True
    return False


LOSSES: tuple[Loss, ...] = (
    Loss(
        "squared_error",
        ("sse", "sum_of_squares", "sum_squared_error", "se", "l2", "residual_sum_of_squares"),
        "(yhat - y)^2",
        "",
        "sum",
        "the sum of the squared errors, without a factor 1/2",
    ),
    Loss(
        "half_squared_error",
        ("half_sse", "half_sum_of_squares", "half_se"),
        "(yhat - y)^2",
        "1/2*",
        "sum",
        "half the sum of the squared errors",
    ),
    Loss(
        "mean_squared_error",
        ("mse", "mean_square_error"),
        "(yhat - y)^2",
        "",
        "entries",
        "the mean of the squared errors over all entries, without a factor 1/2",
    ),
    Loss(
        "quadratic",
        ("quadratic_cost",),
        "(yhat - y)^2",
        "1/2*",
        "examples",
        "half the squared distance of an example, the mean over examples",
    ),
    Loss(
        "half_mean_squared_error",
        ("half_mse", "mean_half_squared_error"),
        "(yhat - y)^2",
        "1/2*",
        "entries",
        "half the mean of the squared errors over all entries",
    ),
    Loss(
        "absolute_error",
        ("sae", "l1", "sum_absolute_error", "absolute"),
        "abs(yhat - y)",
        "",
        "sum",
        "the sum of the absolute errors",
    ),
    Loss(
        "mean_absolute_error",
        ("mae",),
        "abs(yhat - y)",
        "",
        "entries",
        "the mean of the absolute errors over all entries",
    ),
    Loss(
        "huber",
        ("huber_loss", "smooth_l1"),
        "min(abs(yhat - y), 1)*(abs(yhat - y) - 1/2*min(abs(yhat - y), 1))",
        "",
        "entries",
        "1/2 r^2 up to |r| = 1 and |r| - 1/2 beyond, the mean over all entries",
    ),
    Loss(
        "cross_entropy",
        ("ce", "categorical_cross_entropy", "cce", "nll", "negative_log_likelihood"),
        "y*log(yhat)",
        "-",
        "examples",
        "-sum of y log(yhat) over the classes with the natural logarithm, the mean over examples",
    ),
    Loss(
        "cross_entropy_logits",
        ("cross_entropy_with_logits", "softmax_cross_entropy", "ce_logits"),
        "y*log(softmax(yhat{axis}))",
        "-",
        "examples",
        "the softmax belongs to the loss: yhat holds scores; the mean over examples",
    ),
    Loss(
        "binary_cross_entropy",
        ("bce", "logistic_loss", "log_loss"),
        "y*log(yhat) + (1 - y)*log(1 - yhat)",
        "-",
        "entries",
        "natural logarithm, the mean over all outputs and examples",
    ),
    Loss(
        "binary_cross_entropy_logits",
        ("bce_with_logits", "binary_cross_entropy_with_logits", "bce_logits"),
        "log(1 + exp(yhat)) - y*yhat",
        "",
        "entries",
        "the sigmoid belongs to the loss: yhat holds scores; the mean over outputs and examples",
    ),
    Loss(
        "kl_divergence",
        ("kl", "kullback_leibler"),
        "y*log(y/yhat)",
        "",
        "examples",
        "the divergence of yhat from y with the natural logarithm, the mean over examples",
    ),
    Loss(
        "hinge",
        ("hinge_loss",),
        "max(0, 1 - y*yhat)",
        "",
        "entries",
        "labels are -1 and 1, margin 1, the mean over all entries",
    ),
    Loss(
        "squared_hinge",
        (),
        "max(0, 1 - y*yhat)^2",
        "",
        "entries",
        "labels are -1 and 1, margin 1, the mean over all entries",
    ),
    Loss(
        "perceptron",
        ("perceptron_loss",),
        "max(0, -y*yhat)",
        "",
        "entries",
        "labels are -1 and 1, the mean over all entries",
    ),
    Loss(
        "exponential",
        ("exponential_loss",),
        "exp(-y*yhat)",
        "",
        "entries",
        "labels are -1 and 1, the mean over all entries",
    ),
)


def known_losses() -> tuple[str, ...]:
    """Every name and alias that `find_loss` knows."""
    return tuple(name for loss in LOSSES for name in (loss.name, *loss.aliases))


def find_loss(name: str) -> Loss | None:
    """The loss of a name as people type it (`MSE`, `cross entropy`), or None."""
    import re

    wanted = re.sub(r"[\s\-]+", "_", name.strip().lower())
    for loss in LOSSES:
        if wanted == loss.name or wanted in loss.aliases:
            return loss
    bare = wanted.removesuffix("_loss").removesuffix("_cost")
    bare = bare.replace("crossentropy", "cross_entropy")
    return find_loss(bare) if bare != wanted else None
