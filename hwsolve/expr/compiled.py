"""A graph compiled once, to be evaluated many times with other numbers.

Scalars become one Python function of local variables, arrays a sequence of calls of
numpy on arrays that exist already. Where a step has no finite value the graph is
evaluated step by step, which names the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsolve.expr.compiled_program import program
from hwsolve.expr.compiled_scalars import function_of_numbers
from hwsolve.expr.evaluation import evaluate
from hwsolve.expr.systems import FLOATS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hwsolve.expr.graph import Graph


# An argument of a compiled function: a given node, or several whose values come as one
# list; among those -1 stands for what nothing depends on.
Argument = int | list[int]


class Compiled:
    """The values of some nodes of a graph as a function of its given nodes.

    Args:
        graph: the graph.
        wanted: the nodes whose values are asked for.
        dtype: the type of the entries of arrays, "float64" or "float32".
        arguments: the given nodes in the order in which their values will come; by
            default each that something wanted depends on, as in the graph.

    Attributes:
        arguments: the same.
        has_arrays: whether any step is on arrays; without any, numpy is not imported.
    """

    def __init__(
        self,
        graph: Graph,
        wanted: Sequence[int],
        dtype: str = "float64",
        arguments: Sequence[Argument] | None = None,
    ) -> None:
        self.graph = graph
        self.wanted = list(wanted)
        self.dtype = dtype
        steps = program(graph, wanted)
        self.arguments = list(steps.given if arguments is None else arguments)
        self.has_arrays = any(steps.shapes)
        self._run: Callable[[Sequence[Any]], Sequence[Any]]
        if self.has_arrays:
            from hwsolve.expr.compiled_arrays import ArrayFunction

            self._run = ArrayFunction(graph, steps, dtype, self.arguments)
        else:
            self._run = function_of_numbers(steps, self.arguments)

    def __call__(self, values: Sequence[Any]) -> Sequence[Any]:
        """The values of the wanted nodes.

        Args:
            values: the value of each argument: a float, a list of floats for several
                nodes, or an array of its shape, row by row in memory and of the dtype.

        Raises:
            EquationError: naming the first step that has no finite value.
        """
        try:
            found = self._run(values)
        except (ArithmeticError, ValueError):
            return self._step_by_step(values)
        for value in found:
            # nan is not equal to itself, and infinity minus infinity is nan
            if type(value) is float and value - value != 0:
                return self._step_by_step(values)
        return found

    def numbers(self, values: Sequence[Any]) -> Sequence[float]:
        """The same for a graph without arrays, whose function looks at its own values.

        Raises:
            EquationError: naming the first step that has no finite value.
        """
        try:
            return self._run(values)
        except (ArithmeticError, ValueError):
            return self._step_by_step(values)

    def _step_by_step(self, values: Sequence[Any]) -> list[Any]:
        graph = self.graph
        start: list[Any] = [None] * len(graph)
        for argument, value in zip(self.arguments, values, strict=True):
            if isinstance(argument, list):
                for node, number in zip(argument, value, strict=True):
                    if node >= 0:
                        start[node] = number
            else:
                start[argument] = value.astype("float64") if graph.shapes[argument] else value
        nodes = graph.ancestors(self.wanted)
        if not graph.has_arrays:
            found = evaluate(graph, FLOATS, nodes, start=start)
            return [found[node] for node in self.wanted]
        import numpy as np

        from hwsolve.expr.arrays import Arrays

        found = evaluate(graph, Arrays(FLOATS), nodes, start=start)
        return [
            np.array(found[node], dtype=self.dtype) if graph.shapes[node] else float(found[node])
            for node in self.wanted
        ]
