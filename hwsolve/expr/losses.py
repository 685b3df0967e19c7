"""The losses by name: each one an equation text, so that what is solved is what is shown.

`L = mse(yhat, y)` in an equation and `loss: mse` in a network mean the same row of
`loss_table`. A row gives the part for one entry (or class, or example); what is done
over the entries and over the examples of a batch is the row's reduction, and a
sentence says it, because books differ:

    sum       the sum over all entries and all examples
    entries   the mean over all entries of all examples
    examples  the sum over the entries of an example, the mean over the examples

The parameter `yhat` is what the network says (probabilities, or for `.._logits`
rows the scores before them) and `y` is what it should say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.expr.pieces import filled

if TYPE_CHECKING:
    from collections.abc import Collection

REDUCTIONS = ("sum", "entries", "examples")
# `mean` is what the row itself averages over, `none` keeps the entries apart.
ASKED_REDUCTIONS = (*REDUCTIONS, "mean", "none")


class Loss(NamedTuple):
    """A loss: names, the text for one part of it, the factor before it, and the reduction.

    `term` is written in the parameters, with `{axis}` (and `{keep}`, which keeps that
    axis) where it works along the classes, and pieces in « » that stand there only if
    their parameters are given. `factor` (`-`, `1/2*`, or nothing) stands before the
    reduction. `convention` says in a sentence what was chosen. `defaults` belong to the
    last parameters; None for one that leaves out its pieces.

    `over` tells what the term gives: a number for each of the `entries`, for each of
    the `classes` of an example (the target may then be the number of a class), for each
    `example`, or one for the `whole`. `numbered` says of an `example` loss that its
    target may be the number of a class. The first `alike` arguments have one shape.
    `lines` are intermediate results with names.
    """

    name: str
    aliases: tuple[str, ...]
    term: str
    factor: str
    reduction: str
    convention: str
    parameters: tuple[str, ...] = ("yhat", "y")
    defaults: tuple[str | None, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    over: str = "entries"
    numbered: bool = False
    alike: int = 2

    @property
    def takes_classes(self) -> bool:
        """Whether the target may be the number of a class."""
        return self.over == "classes" or self.numbered

    @property
    def optional(self) -> frozenset[str]:
        """The parameters that may be left out together with their pieces."""
        missing = [default is None for default in self.defaults]
        last = self.parameters[len(self.parameters) - len(missing) :]
        return frozenset(name for name, left in zip(last, missing, strict=True) if left)

    def body(  # noqa: PLR0911, PLR0913  (one reduction after the other)
        self,
        examples: int | None = None,
        *,
        axis: int = -1,
        reduction: str = "",
        single_entry: bool = False,
        given: Collection[str] = (),
        base: str = "e",
    ) -> str:
        """The right side of `L = ...` in the row's parameters.

        `examples` is the number of examples of a batch, None for a single example
        (its mean over examples is then left out). `axis` is the axis of the classes:
        the last where examples are rows, 0 where they are columns. `reduction`
        replaces the row's own. With `single_entry` there is one number and nothing
        to add up. `given` are the optional parameters that have a value, `base` is that
        of the logarithm.
        """
        chosen = self.reduction if reduction in {"", "mean"} else reduction
        if reduction == "mean" and self.reduction == "sum":
            chosen = "entries"
        term = self.along(self.term, examples, axis, given, base)
        if single_entry or self.over == "whole":
            return self.factor + (f"({term})" if self.factor and _is_sum(term) else term)
        if chosen == "none":
            each = f"sum({term}{_axis(examples, axis)})" if self.over == "classes" else f"({term})"
            return f"{self.factor}{each}"
        if self.over == "example":
            if examples is None:
                return f"{self.factor}({term})" if self.factor else term
            return f"{self.factor}{'sum' if chosen == 'sum' else 'mean'}({term})"
        if chosen == "entries":
            return f"{self.factor}mean({term})"
        if chosen == "examples" and examples is not None and examples != 1:
            parts = {"": f"1/{examples}", "-": f"-1/{examples}", "1/2*": f"1/(2*{examples})"}
            return f"{parts[self.factor]}*sum({term})"
        return f"{self.factor}sum({term})"

    def along(
        self,
        text: str,
        examples: int | None,
        axis: int,
        given: Collection[str] = (),
        base: str = "e",
    ) -> str:
        """A text of the row for arguments of some shape."""
        text = filled(text, self.optional, given)
        keep = "" if examples is None else f"{_axis(examples, axis)}, keepdims=1"
        text = text.replace("{axis}", _axis(examples, axis)).replace("{keep}", keep)
        return text.replace("{ln}", "" if base == "e" else f"/ln({base})")


def _axis(examples: int | None, axis: int) -> str:
    return "" if examples is None else f", axis={axis}"


def _is_sum(term: str) -> bool:
    """Whether a text has a + or - outside brackets, so that a factor needs brackets."""
    depth = 0
    for character in term:
        depth += (character == "(") - (character == ")")
        if character in "+-" and depth == 0:
            return True
    return " if " in term


def known_losses() -> tuple[str, ...]:
    """Every name and alias that `find_loss` knows."""
    from hwsolve.expr.loss_table import LOSSES

    return tuple(name for loss in LOSSES for name in (loss.name, *loss.aliases))


def find_loss(name: str) -> Loss | None:
    """The loss of a name as people type it (`MSE`, `cross entropy`), or None."""
    import re

    from hwsolve.expr.loss_table import BY_NAME

    wanted = re.sub(r"[\s\-]+", "_", name.strip().lower())
    if wanted in BY_NAME:
        return BY_NAME[wanted]
    bare = wanted.removesuffix("_loss").removesuffix("_cost")
    bare = bare.replace("crossentropy", "cross_entropy")
    return find_loss(bare) if bare != wanted else None
