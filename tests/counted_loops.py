"""Layers run the naive way on numbers that count what is done with them.

Nothing here knows a formula: a window is moved until it leaves the padded map, every
product and sum is really formed, and a weight counts once it was used.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias


class Meter(Counter[str]):
    """How often each type of operation was done, and who saw whom."""


class Value:
    """A number of which only the operations matter."""

    __slots__ = ("meter",)

    def __init__(self, meter: Meter) -> None:
        self.meter = meter

    def __add__(self, other: Value) -> Value:
        self.meter["additions"] += 1
        return Value(self.meter)

    def __mul__(self, other: Value) -> Value:
        self.meter["multiplications"] += 1
        return Value(self.meter)

    def __truediv__(self, other: Value) -> Value:
        self.meter["divisions"] += 1
        return Value(self.meter)

    def larger(self, _other: Value) -> Value:
        self.meter["comparisons"] += 1
        return Value(self.meter)


# More rows and columns than any map of a test has.
EVERYWHERE = (range(1000), range(1000))

Map: TypeAlias = list[list[Value]]
Maps: TypeAlias = list[Map]


def new_maps(meter: Meter, channels: int, height: int, width: int) -> Maps:
    return [[[Value(meter) for _ in range(width)] for _ in range(height)] for _ in range(channels)]


def padded(maps: Maps, rows: tuple[int, int], columns: tuple[int, int]) -> Maps:
    meter = maps[0][0][0].meter
    wide = len(maps[0][0]) + sum(columns)
    return [
        [
            *([Value(meter) for _ in range(wide)] for _ in range(rows[0])),
            *(
                [
                    *(Value(meter) for _ in range(columns[0])),
                    *row,
                    *(Value(meter) for _ in range(columns[1])),
                ]
                for row in map_
            ),
            *([Value(meter) for _ in range(wide)] for _ in range(rows[1])),
        ]
        for map_ in maps
    ]


def positions(length: int, reach: int, stride: int) -> list[int]:
    """The rows on which a window of `reach` rows can start, moved until it does not fit."""
    starts, here = [], 0
    while here + reach <= length:
        starts.append(here)
        here += stride
    return starts


def covering(length: int, reach: int, stride: int, before: int, after: int) -> list[int]:
    """Starts of windows until everything is covered, none of them behind the input."""
    starts = [0]
    while starts[-1] + reach < before + length + after:
        if starts[-1] + stride >= before + length:
            break
        starts.append(starts[-1] + stride)
    return starts


def convolve(  # noqa: PLR0913  (a convolution has this many settings)
    maps: Maps,
    sees: list[list[int]],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    *,
    bias: bool,
    there: tuple[range, range] = EVERYWHERE,
) -> tuple[Maps, int, int]:
    """The output of a convolution on padded maps, and how many weights and biases it used.

    `sees` lists the maps that each filter reads; values outside of the rows and columns
    `there` are passed over.
    """
    meter = maps[0][0][0].meter
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    rows = positions(len(maps[0]), reach[0], stride[0])
    columns = positions(len(maps[0][0]), reach[1], stride[1])
    weights: dict[tuple[int, int, int, int], Value] = {}
    biases: dict[int, Value] = {}
    outputs: Maps = []
    for number, channels in enumerate(sees):
        output: Map = []
        for top in rows:
            line: list[Value] = []
            for left in columns:
                products = []
                for channel in channels:
                    for i in range(kernel[0]):
                        for j in range(kernel[1]):
                            key = (number, channel, i, j)
                            weight = weights.setdefault(key, Value(meter))
                            row, column = top + i * dilation[0], left + j * dilation[1]
                            if row in there[0] and column in there[1]:
                                products.append(weight * maps[channel][row][column])
                                meter["connections"] += 1
                if bias:
                    products.append(biases.setdefault(number, Value(meter)))
                    meter["connections"] += 1
                total = products[0] if products else Value(meter)
                for product in products[1:]:
                    total = total + product
                line.append(total)
            output.append(line)
        outputs.append(output)
    return outputs, len(weights), len(biases)


def pool(  # noqa: PLR0913  (a pooling has this many settings)
    meter: Meter,
    channels: int,
    rows: list[int],
    columns: list[int],
    kernel: tuple[int, int],
    kind: str,
    there: tuple[range, range] = EVERYWHERE,
) -> Maps:
    """The output of a pooling whose windows start at these rows and columns.

    Only the values in the rows and columns `there` exist.
    """
    outputs: Maps = []
    for _ in range(channels):
        coefficient, bias = Value(meter), Value(meter)
        output: Map = []
        for top in rows:
            line: list[Value] = []
            for left in columns:
                seen = [
                    Value(meter)
                    for row in range(top, top + kernel[0])
                    for column in range(left, left + kernel[1])
                    if row in there[0] and column in there[1]
                ]
                meter["connections"] += len(seen)
                result = seen[0]
                for value in seen[1:]:
                    result = result.larger(value) if kind == "maxpool" else result + value
                if kind == "avgpool":
                    result = result / Value(meter)
                if kind == "subsample":
                    result = result * coefficient + bias
                    meter["connections"] += 1
                line.append(result)
            output.append(line)
        outputs.append(output)
    return outputs


def dense(meter: Meter, inputs: int, units: int, *, bias: bool) -> int:
    """Run a dense layer; the number of weights that it used."""
    weights: set[tuple[int, int]] = set()
    for unit in range(units):
        products = []
        for number in range(inputs):
            weights.add((unit, number))
            products.append(Value(meter) * Value(meter))
            meter["connections"] += 1
        total = products[0]
        for product in products[1:]:
            total = total + product
        if bias:
            total = total + Value(meter)
            meter["connections"] += 1
    return len(weights)


def size(maps: Maps) -> tuple[int, int, int]:
    return len(maps), len(maps[0]), len(maps[0][0])
