"""Targets of a loss over classes: classes as vectors or by their numbers, smoothed, weighted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.errors import EquationError
from hwsolve.expr.tree import Sym

if TYPE_CHECKING:
    from hwsolve.expr.losses import Loss
    from hwsolve.expr.lower import Lowering
    from hwsolve.expr.operations import Shape
    from hwsolve.expr.tree import Apply

_HINT = "write a class as a vector of 0s and one 1, or by its number"


class Targets:
    """The arguments of a loss, its targets on their way to the shape of the prediction.

    Attributes:
        nodes: the nodes of the arguments, by parameter.
    """

    def __init__(  # noqa: PLR0913  (what a call of a loss consists of)
        self,
        lowering: Lowering,
        expr: Apply,
        loss: Loss,
        parameters: tuple[str, ...],
        nodes: list[int],
        axis: int,
    ) -> None:
        self.lowering = lowering
        self.expr = expr
        self.loss = loss
        self.parameters = parameters
        self.nodes = nodes
        self.axis = axis
        # the targets as vectors, before they are smoothed
        self.vectors = nodes[1]
        self.numbered = self.ignores = False

    @property
    def shape(self) -> Shape:
        """The shape of the prediction."""
        return self.lowering.graph.shapes[self.nodes[0]]

    def as_classes(self, ignored: Any) -> None:
        """Numbers of classes to vectors; then label smoothing and class weights.

        Raises:
            EquationError: if the shapes do not fit, or a class does not exist.
        """
        if not self.shape:
            return
        axis = self.axis % len(self.shape)
        given = self.lowering.graph.shapes[self.nodes[1]]
        if given != self.shape and given == self.shape[:axis] + self.shape[axis + 1 :]:
            self._vectors(axis, ignored)
        elif given != self.shape:
            from hwsolve.expr.shapes import shape_text

            raise EquationError(
                f"the target is {shape_text(given)} and the prediction {shape_text(self.shape)}",
                self.expr.at,
                _HINT,
            )
        elif ignored is not None:
            raise EquationError(
                "'ignore_index=' needs the numbers of the classes as a target", self.expr.at, _HINT
            )
        self.vectors = self.nodes[1]
        if "class_weights" in self.parameters:
            self._weights(axis)
        if "label_smoothing" in self.parameters:
            self._smoothed(axis)

    def _vectors(self, axis: int, ignored: Any) -> None:
        """A row of 0s and a 1 for the number of each class; only 0s for one that is ignored."""
        graph, lowering = self.lowering.graph, self.lowering
        classes = self.shape[axis]
        value = graph.values[self.nodes[1]]
        if value is not None:
            _check(value, classes, lowering.first_index, ignored, self.expr.at)
        self.ignores = ignored is not None
        from hwsolve.expr.tensors import TENSORS

        attributes: list[tuple[str, Any]] = [("classes", classes)]
        if axis != len(self.shape) - 1:
            attributes.append(("axis", axis))
        if lowering.first_index:
            attributes.append(("first", lowering.first_index))
        if self.ignores:
            attributes.append(("ignored", ignored))
        node = graph.derive(TENSORS["one_hot"], (self.nodes[1],), tuple(attributes))
        name = graph.labels.get(self.nodes[1])
        if name is not None and node not in graph.labels:
            word = f"{name.name}_onehot" if isinstance(name, Sym) else "onehot"
            graph.labels[node] = Sym(lowering.fresh_word(word))
        self.nodes[1] = node
        self.numbered = lowering.numbered_classes = True

    def _weights(self, axis: int) -> None:
        """Weights with an entry for each class, turned so that they lie along that axis."""
        place = self.parameters.index("class_weights")
        graph, node = self.lowering.graph, self.nodes[place]
        shape = graph.shapes[node]
        if shape and shape != self.shape and (shape != (self.shape[axis],)):
            raise EquationError(
                f"'class_weights=' has {shape[0]} entries for {self.shape[axis]} classes",
                self.expr.at,
                "give a weight for each class",
            )
        if shape and shape != self.shape and axis != len(self.shape) - 1:
            from hwsolve.expr.tensors import TENSORS

            wanted = (shape[0], *(1 for _ in self.shape[axis + 1 :]))
            self.nodes[place] = graph.emit(TENSORS["reshape"], (node,), (("shape", wanted),))

    def _smoothed(self, axis: int) -> None:
        """(1 - s)·y + s/K: a share s of the weight goes to all K classes alike."""
        from hwsolve.expr.formula_calls import formula, inside
        from hwsolve.expr.lines import split

        lowering, graph = self.lowering, self.lowering.graph
        share = self.nodes[self.parameters.index("label_smoothing")]
        text = f"(1 - s)*y + s/{self.shape[axis]}"
        if self.ignores:
            text += f"*sum(y, axis={axis}, keepdims=1)"
        node = inside(lowering, self.expr, ("s", "y"), (share, self.nodes[1]), formula(text))
        assert isinstance(node, int)  # noqa: S101  (of two nodes)
        if graph.active[node]:
            graph.labels[node] = Sym(lowering.fresh_word("y_smooth"))
            split(lowering, node)
        self.nodes[1] = node

    # -- the mean over examples ---------------------------------------------------

    def _weighted(self, reduction: str) -> bool:
        return (
            "class_weights" in self.parameters
            and self.numbered
            and reduction in {"", "mean"}
            and len(self.shape) > 1
        )

    def reduction(self, stated: str) -> str:
        """The reduction that stands before the mean over what has weight is taken."""
        return "sum" if self._weighted(stated) or self._counts(stated) else stated

    def _counts(self, stated: str) -> bool:
        means = {"", "mean", "examples"}
        return self.ignores and stated in means and len(self.shape) > 1

    def divisor(self, stated: str) -> str:
        """What a sum is divided by, where that is not the number of examples."""
        if self._weighted(stated):
            return "/sum(class_weights*y_vectors)"
        return "/sum(y_vectors)" if self._counts(stated) else ""

    def sentence(self, stated: str) -> str:
        """What was chosen, in words."""
        words = self.loss.convention
        if stated == "none":
            words = f"{words.rpartition(', the mean')[0] or words}, each by itself"
        elif stated and stated != "mean":
            words = f"the reduction is stated: {stated}"
        elif self._weighted(stated):
            words = words.replace(
                "the mean over examples",
                "the mean over examples by the weights of their classes (the sum is divided "
                "by the sum of these weights)",
            )
        base = self.lowering.log_base
        if base != "e":
            words = words.replace("natural logarithm", f"logarithm to base {base}")
        if self.ignores:
            words += "; examples with the ignored class do not count"
        return words


def _check(value: Any, classes: int, first: int, ignored: Any, at: int) -> None:
    """Refuse a class that does not exist."""
    if isinstance(value, list):
        for entry in value:
            _check(entry, classes, first, ignored, at)
        return
    if ignored is not None and value == ignored:
        return
    number = int(value)
    if number != value or not first <= number < first + classes:
        raise EquationError(
            f"there is no class {value}: the {classes} classes are {first} to "
            f"{first + classes - 1}",
            at,
            _HINT,
        )
