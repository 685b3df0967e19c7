"""The steps of the sequence that a recurrent network reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsolve.nets.recurrent_shapes import Layout, step_entries

if TYPE_CHECKING:
    from hwsolve.nets.gates import Gate
    from hwsolve.nets.recurrent import Writer


class Inputs(NamedTuple):
    """The steps of a sequence.

    `texts` are names or texts that cut a step out of the sequence; `length` is the number
    of steps, more than `texts` where outputs are fed back. `each` is the number of entries
    of a step, None for a plain number.
    """

    texts: tuple[str, ...]
    each: int | None
    length: int


def sequence(writer: Writer, found: tuple[Gate, ...]) -> Inputs:
    """The steps that are given; the writer learns whether a step holds several examples."""
    recurrent = writer.recurrent
    names = _names(writer)
    writer.stop()
    batch = recurrent.examples
    if recurrent.batch_first and batch == "columns":
        writer.fail(
            writer.place,
            "`batch_first` has the examples on the first axis, and `examples: columns` on the last",
            "remove one of them",
        )
        writer.stop()
    if not writer.shapes[names[0]] and (recurrent.batch_first or batch in {"rows", "columns"}):
        writer.fail(
            writer.places.get(names[0], writer.place),
            f"{names[0]} is a number, but a step holds several examples",
            "give a list, or remove `examples` and `batch_first`",
        )
        writer.stop()
    entries = step_entries(
        found[0].input,
        names,
        writer.shapes,
        writer.state(found),
        in_out=writer.settings.in_out,
        order=writer.settings.words["concatenated"],
        layout=Layout(batch, recurrent.batch_first),
    )
    if entries.examples is not None:
        writer.batch, writer.examples = batch or "rows", entries.examples
    count = len(entries.steps)
    if recurrent.feed is not None:
        count = _fed_steps(writer, count)
    return Inputs(entries.steps, entries.each, count)


def _fed_steps(writer: Writer, given: int) -> int:
    """The number of steps where those behind the given ones are fed back."""
    recurrent = writer.recurrent
    target = recurrent.target
    known = writer.shapes.get(target or "", ())
    count = recurrent.steps or (known[0] if known else 0)
    feed = recurrent.feed
    assert feed is not None  # noqa: S101  (only then steps are fed)
    if recurrent.output is None:
        message = "what is fed back is the output, but there is none"
        writer.fail(feed.origin, message, "add `output`")
    elif writer.several:
        writer.fail(feed.origin, "one layer in one direction can read its own output")
    elif not count:
        writer.fail(feed.origin, "how many steps are there?", "write `steps: 3`")
    writer.stop()
    return max(count, given)


def _names(writer: Writer) -> tuple[str, ...]:
    """The given sequence by name, or the steps where each has a name of its own."""
    given, shapes = writer.recurrent.input, writer.shapes
    stem = given.removesuffix("1")
    if given in shapes and (stem == given or f"{stem}2" not in shapes):
        return (given,)
    names: list[str] = []
    while f"{stem}{len(names) + 1}" in shapes:
        names.append(f"{stem}{len(names) + 1}")
    if not names:
        writer.fail(
            writer.place,
            f"the {writer.settings.title} needs its input '{given}'",
            f"give {given} as a list of steps, or {given}1, {given}2, ...",
        )
    return tuple(names)
