"""Counts of a network under the conventions of the ledger, by name: `total.thop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hwsolve.errors import EquationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsolve.nets.network import Layer, Network

# The conventions of nets/ledger.py but for textbook MACs, which are `macs`; a test compares
# them. The ledger itself is only loaded where one of them is asked for.
NAMES: Final = (
    "macs_with_bias", "two_macs", "sums", "sums_without_bias", "usual", "usual_without_bias",
    "all_operations", "fvcore", "thop", "torchinfo", "ptflops_aten", "ptflops", "flop_counter",
    "calflops",
)  # fmt: skip


def is_convention(word: str) -> bool:
    """Whether a word names a convention of the ledger."""
    return word in NAMES


def under_convention(name: str, network: Network, layers: Sequence[Layer]) -> int:
    """What layers count under a convention.

    Raises:
        EquationError: a layer is not known to be counted in any way under it, or work on
            padding is left out, which no tool does.
    """
    from hwsolve.nets.ledger import BY_CONVENTION
    from hwsolve.nets.options import SKIPPED

    if any(SKIPPED in layer.options for layer in layers):
        raise EquationError(
            "the ledger counts padding as any other value",
            hint="remove 'padding: skipped' from the conventions",
        )
    total = BY_CONVENTION[name].counting(network, layers)
    if total.value is None:
        unknown = ", ".join(total.unknown[:3])
        raise EquationError(f"how it counts {unknown} is not known")
    return total.value
