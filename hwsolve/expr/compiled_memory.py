"""Where the arrays of a program lie: one workspace, used again as soon as values die.

A value is an array of its own, another shape of one (a transpose, a slice), or a part of
one that is put together from parts, into which it is written at once. An operation
entry by entry may overwrite an argument that is needed no more.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hwsolve.expr.compiled_program import ELEMENTWISE, MASKS, VIEWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.expr.compiled_program import Program
    from hwsolve.expr.operations import Shape

ALIGNMENT: Final = 64
# So many arrays may be parts of each other.
DEEPEST: Final = 32


class Layout(NamedTuple):
    """Where the entries of an array lie.

    Attributes:
        root: the memory: "w" the workspace, "i3" a given array, "k4" a constant, "o5" a
            result.
        offset: the byte at which it starts.
        shape: its shape.
        strides: for each axis the number of bytes from one entry to the next.
        mask: whether its entries are truth values.
    """

    root: str
    offset: int
    shape: Shape
    strides: tuple[int, ...]
    mask: bool = False

    def is_solid(self, itemsize: int) -> bool:
        """Whether its entries lie behind each other, row by row."""
        return self.strides == row_major(self.shape, itemsize) or prod(self.shape) == 1


def row_major(shape: Shape, itemsize: int) -> tuple[int, ...]:
    """The strides of an array whose entries lie behind each other, row by row."""
    strides = []
    step = itemsize
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def viewed(op: str, layout: Layout, settings: tuple[Any, ...], shape: Shape) -> Layout | None:
    """The layout of another shape of an array; None where its entries must be copied."""
    match op:
        case "transpose":
            return layout._replace(
                shape=shape, strides=tuple([layout.strides[axis] for axis in settings])
            )
        case "item":
            return part_of(layout, settings)
        case "spread":
            gap = len(shape) - len(layout.shape)
            strides = [0] * gap
            for position, step in enumerate(layout.strides):
                stays = layout.shape[position] == shape[gap + position]
                strides.append(step if stays else 0)
            return layout._replace(shape=shape, strides=tuple(strides))
        case "reshape":
            return reshaped(layout, shape)
        case "windows":
            stride, dilation = settings
            return windowed(layout, stride, dilation, shape)
    raise AssertionError(op)


def part_of(layout: Layout, at: Sequence[Any]) -> Layout:
    """The layout of a slice: for each axis a number, "all" or (start, end) with a step."""
    offset = layout.offset
    shape, strides = [], []
    for axis, (size, step) in enumerate(zip(layout.shape, layout.strides, strict=True)):
        part = at[axis] if axis < len(at) else "all"
        if isinstance(part, int):
            offset += part * step
            continue
        chosen = range(size) if part == "all" else range(*part)
        offset += chosen.start * step
        shape.append(len(chosen))
        strides.append(step * chosen.step)
    return layout._replace(offset=offset, shape=tuple(shape), strides=tuple(strides))


def reshaped(layout: Layout, shape: Shape) -> Layout | None:
    """The same entries in another shape, if steps of one size reach them all."""
    # axes that lie behind each other count as one
    axes: list[list[int]] = []
    for size, step in zip(layout.shape, layout.strides, strict=True):
        if size == 1:
            continue
        if axes and axes[-1][1] == step * size:
            axes[-1] = [axes[-1][0] * size, step]
        else:
            axes.append([size, step])
    strides: list[int] = []
    left = list(reversed(axes))
    size, step = left.pop(0) if left else (1, 0)
    for wanted in reversed(shape):
        if wanted == 1:
            strides.append(step * size if size > 1 else step)
            continue
        if size == 1 and left:
            size, step = left.pop(0)
        if size % wanted:
            return None
        strides.append(step)
        size //= wanted
        step *= wanted
    return layout._replace(shape=shape, strides=tuple(reversed(strides)))


def windowed(layout: Layout, stride: Shape, dilation: Shape, shape: Shape) -> Layout:
    """What lies under each place of a window: (channels, window, places, batch)."""
    inner = layout.strides[1:-1]
    inside = [step * distance for step, distance in zip(inner, dilation, strict=True)]
    places = [step * far for step, far in zip(inner, stride, strict=True)]
    strides = (layout.strides[0], *inside, *places, layout.strides[-1])
    return layout._replace(shape=shape, strides=strides)


def dense(shape: Shape, order: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """The strides of an array without gaps whose axes lie in some order, the first outermost."""
    strides = [0] * len(shape)
    step = itemsize
    for axis in reversed(order):
        strides[axis] = step
        step *= shape[axis]
    return tuple(strides)


class Block:
    """A piece of the workspace, for as long as a value in it is needed."""

    __slots__ = ("last", "offset", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.offset = -1
        self.last = -1


class Plan:
    """The layouts of a program's values, in a workspace as small as their lives allow.

    Attributes:
        layouts: the layout of each value that is an array.
        size: the bytes of the workspace.
        fills: the arrays that must be filled with 0 before a value is computed.
        copied: the wanted values that lie in something else, to be copied at the end.
        results: for each position of `wanted` that is an array the name of its root.
    """

    def __init__(self, p: Program, itemsize: int) -> None:
        self.p = p
        self.itemsize = itemsize
        self.layouts: list[Layout | None] = [None] * len(p)
        self.size = 0
        self.fills: dict[int, list[Layout]] = {}
        self.copied: list[tuple[int, Layout]] = []
        self.results: dict[int, str] = {}
        self._free: dict[int, list[int]] = {}
        self._blocks: dict[int, Block] = {}
        self._homes: dict[int, tuple[int, tuple[Any, ...]]] = {}
        self._bases: list[int] = []
        # the layouts as if every array were alone in its memory, and those that must be
        self._alone: list[Layout] = []
        self._wanted = set(p.wanted)
        self._solid: set[int] = set()
        self._last: list[int] = []
        self._outputs: dict[int, str] = {}
        self._late: dict[str, int] = {}
        self._begun: set[int] = set()
        # the value at which the walk is
        self._now = -1
        self._find_bases()
        self._find_outputs()
        self._find_homes()
        self._find_lives()
        for self._now in range(len(p)):
            self._lay(self._now)
        for root, value in self._late.items():
            layout = Layout(root, 0, p.shapes[value], row_major(p.shapes[value], itemsize))
            self.copied.append((value, layout))

    # -- before the walk ----------------------------------------------------

    def _find_bases(self) -> None:
        """For each value the one in whose memory it lies; a view that cannot be is a copy."""
        p = self.p
        for value, op in enumerate(p.ops):
            arg = p.args[value][0] if p.args[value] else -1
            is_array = arg >= 0 and p.shapes[arg] and p.shapes[value]
            known = self._alone[arg] if op in VIEWS and is_array else None
            found = viewed(op, known, p.settings[value], p.shapes[value]) if known else None
            self._alone.append(found or self._natural(value))
            self._bases.append(self._bases[arg] if found else value)
            if found and op == "reshape" and p.shapes[value] != p.shapes[arg]:
                self._solid.add(self._bases[arg])

    def _natural(self, value: int) -> Layout:
        """An array of its own: an operation entry by entry keeps its argument's order."""
        p = self.p
        shape = p.shapes[value]
        itemsize = 1 if p.ops[value] in MASKS else self.itemsize
        strides = row_major(shape, itemsize)
        if p.ops[value] in ELEMENTWISE and value not in self._wanted:
            for arg in p.args[value]:
                known = self._alone[arg]
                if p.shapes[arg] == shape and 0 not in known.strides:
                    order = sorted(range(len(shape)), key=lambda axis: -abs(known.strides[axis]))
                    strides = dense(shape, order, itemsize)
                    break
        return Layout("", 0, shape, strides, mask=itemsize == 1)

    def _is_own(self, value: int) -> bool:
        """Whether a value is an array of numbers that an operation writes."""
        p = self.p
        return (
            bool(p.shapes[value])
            and self._bases[value] == value
            and p.ops[value] not in {"given", "constant"}
            and p.ops[value] not in MASKS
        )

    def _find_outputs(self) -> None:
        """Wanted arrays that are computed get memory of their own, which is handed out."""
        p = self.p
        first: dict[int, str] = {}
        for position, value in enumerate(p.wanted):
            if not p.shapes[value]:
                continue
            root = first.setdefault(value, f"o{position}")
            self.results[position] = root
            if root != f"o{position}":
                continue
            if self._is_own(value):
                self._outputs[value] = root
            else:
                self._late[root] = value

    def _find_homes(self) -> None:
        """Which values are written at once into what they will be a part of."""
        p = self.p
        depths = [0] * len(p)
        for value in range(len(p) - 1, -1, -1):
            if p.ops[value] != "assemble":
                continue
            for arg, at in zip(p.args[value], p.settings[value], strict=True):
                taken = arg in self._outputs or arg in self._homes or arg in self._solid
                if self._is_own(arg) and not taken and depths[value] < DEEPEST:
                    self._homes[arg] = (value, at)
                    depths[arg] = depths[value] + 1

    def _owner(self, value: int) -> int:
        """The value whose block holds a value that is part of something."""
        while value in self._homes:
            value = self._homes[value][0]
        return value

    def _find_lives(self) -> None:
        p = self.p
        self._last = [-1] * len(p)
        for value, args in enumerate(p.args):
            for arg in args:
                self._last[self._bases[arg]] = value
        for value in self._late.values():
            self._last[self._bases[value]] = len(p)
        for value in self._homes:
            owner = self._owner(value)
            self._last[owner] = max(self._last[owner], self._last[value])

    # -- the walk -----------------------------------------------------------

    def _lay(self, value: int) -> None:
        p = self.p
        shape, op = p.shapes[value], p.ops[value]
        if shape:
            if op == "given":
                self.layouts[value] = self._whole(f"i{p.settings[value][0]}", shape)
            elif op == "constant":
                self.layouts[value] = self._whole(f"k{p.settings[value][0]}", shape)
            elif self._bases[value] != value:
                before = self.layouts[p.args[value][0]]
                assert before is not None  # noqa: S101  (an array has a layout)
                self.layouts[value] = viewed(op, before, p.settings[value], shape)
            else:
                self.layouts[value] = self._place(value)
        for arg in dict.fromkeys((*p.args[value], value)):
            owner = self._owner(self._bases[arg])
            block = self._blocks.get(owner)
            if block is not None and block.last <= value:
                self._free.setdefault(block.size, []).append(block.offset)
                del self._blocks[owner]

    def _whole(self, root: str, shape: Shape) -> Layout:
        return Layout(root, 0, shape, row_major(shape, self.itemsize))

    def _place(self, value: int) -> Layout:
        known = self.layouts[value]
        if known is not None:
            return known
        p = self.p
        if value in self._homes:
            parent, at = self._homes[value]
            whole = self._place(parent)
            self.layouts[parent] = whole
            self._begin(parent)
            return part_of(whole, at)
        if value in self._outputs:
            return self._whole(self._outputs[value], p.shapes[value])
        overwritten = self._overwritten(value)
        if overwritten is not None:
            return overwritten
        natural = self._alone[value]
        itemsize = 1 if natural.mask else self.itemsize
        size = -(-prod(p.shapes[value]) * itemsize // ALIGNMENT) * ALIGNMENT
        block = self._blocks[value] = Block(size)
        block.last = self._last[value]
        free = self._free.get(size)
        if free:
            block.offset = free.pop()
        else:
            block.offset = self.size
            self.size += size
        return natural._replace(root="w", offset=block.offset)

    def _begin(self, parent: int) -> None:
        """Before the first part of an array is written, the rest of it becomes 0."""
        if parent in self._begun:
            return
        self._begun.add(parent)
        layout = self.layouts[parent]
        if not is_complete(self.p, parent) and layout is not None:
            # what it is itself a part of has been begun before
            self.fills.setdefault(self._now, []).append(layout)

    def _overwritten(self, value: int) -> Layout | None:
        """The layout of an argument that dies here and may be overwritten."""
        p = self.p
        op = p.ops[value]
        if op not in ELEMENTWISE or op in MASKS or op in {"where", "erf"}:
            return None
        # of several steps only the first may read what is overwritten
        several = op == "add" and len(p.args[value]) > 2  # noqa: PLR2004  (a pair)
        for position, arg in enumerate(p.args[value]):
            layout = self.layouts[arg]
            if layout is None or layout.shape != p.shapes[value] or layout.mask:
                continue
            owner = self._owner(self._bases[arg])
            block = self._blocks.get(owner)
            if block is None or block.last > value or layout.strides != self._alone[value].strides:
                continue
            rest = [self._owner(self._bases[other]) for other in p.args[value][2:]]
            if several and (position > 1 or owner in rest):
                continue
            del self._blocks[owner]
            block.last = self._last[value]
            self._blocks[value] = block
            return layout
        return None

    def is_begun(self, value: int) -> bool:
        """Whether a part of an array was written before the array is put together."""
        return value in self._begun

    def is_home(self, arg: int, parent: int, at: tuple[Any, ...]) -> bool:
        """Whether a part was written into the whole when it was computed."""
        return self._homes.get(arg) == (parent, at)

    def is_view(self, value: int) -> bool:
        """Whether a value is only another shape of one that is there."""
        return self._bases[value] != value


def is_complete(p: Program, value: int) -> bool:
    """Whether the parts of an array leave nothing of it out."""
    covered = sum(prod(p.shapes[arg]) for arg in p.args[value])
    return covered == prod(p.shapes[value])
