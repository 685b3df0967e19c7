"""Texts of formulas with pieces that stand there only if a parameter is given.

`«gamma*»xhat« + beta»` is `gamma*xhat + beta` or `xhat`; `max(0, «margin|1» - y*s)` has
a 1 where no margin is given.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_PIECE = re.compile(r"«([^«»|]*)(?:\|([^«»]*))?»")
_NAME = re.compile(r"[A-Za-z_]\w*")


def filled(text: str, optional: Collection[str], given: Collection[str]) -> str:
    """The text with the pieces whose optional parameters are all given, or what replaces them."""
    if "«" not in text:
        return text

    def piece(found: re.Match[str]) -> str:
        named = [name for name in _NAME.findall(found[1]) if name in optional]
        return found[1] if all(name in given for name in named) else found[2] or ""

    return _PIECE.sub(piece, text)
