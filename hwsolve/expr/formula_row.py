"""A function that is short for a formula: what a row of their tables says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsolve.expr.operations import Shape

    # write(shapes by parameter, settings) -> lines with names, and the result's text
    Write = Callable[
        [Mapping[str, Shape], Mapping[str, Any]], tuple[tuple[tuple[str, str], ...], str]
    ]


class Function(NamedTuple):
    """A formula under a name; `defaults` are the values of the last parameters.

    A default of None leaves out the pieces of the body in « » that use its parameter.
    `lines` are intermediate results with names; `write` makes lines and body where they
    depend on the shapes of the arguments or on `settings` (names with their defaults;
    `body` is then what the page of the language shows). `scalar` is the body where the
    first argument is a number, `whole` are parameters that are known whole numbers (`write`
    finds them among the settings), and `group` the table of the page that the row stands in.
    """

    name: str
    parameters: tuple[str, ...]
    body: str
    defaults: tuple[str | None, ...] = ()
    source: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, Any], ...] = ()
    write: Write | None = None
    scalar: str = ""
    whole: tuple[str, ...] = ()
    group: str = "formulas"

    @property
    def optional(self) -> frozenset[str]:
        """The parameters that may be left out together with their pieces."""
        missing = [default is None for default in self.defaults]
        last = self.parameters[len(self.parameters) - len(missing) :]
        return frozenset(name for name, left in zip(last, missing, strict=True) if left)

    def plain(self) -> tuple[tuple[tuple[str, str], ...], str]:
        """Lines and body with every piece, as a reader is shown them."""
        from hwsolve.expr.pieces import filled

        lines = tuple(
            (name, filled(text, self.optional, self.optional)) for name, text in self.lines
        )
        return lines, filled(self.body, self.optional, self.optional)
