"""Finds out that lines have moved up or down together, which a terminal does by itself."""

from __future__ import annotations

from collections import Counter
from operator import eq
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from console.ui.spans import Cell

    Row = Sequence[Cell | None]

_FEW = 4
"""Lines that must seem to have moved by as many before all cells are compared."""
_SAMPLE = slice(4, 40)
"""Cells that tell one line from most others."""
_WORTH = 120
"""Cells that must be spared by it."""


class Scroll(NamedTuple):
    """Lines `top` to `bottom`, both included, move up by `by` lines, or down where that is negative."""

    top: int
    bottom: int
    by: int


def scroll(old: Mapping[int, Row], new: Mapping[int, Row]) -> Scroll | None:
    """The scrolling after which least of the new lines differs; None if that is not worth it.

    Args:
        new: the lines that are to change; the others stay as they are among the old ones.
    """
    by = _seeming(old, new)
    spared, best = _best(old, new, by) if by else (0, None)
    return best if spared >= _WORTH else None


def _seeming(old: Mapping[int, Row], new: Mapping[int, Row]) -> int:
    """By how many lines most seem to have moved up, or down where that is negative; 0 where few have."""
    stood = {tuple(line[_SAMPLE]): y for y, line in old.items()}
    moved = Counter(stood.get(tuple(line[_SAMPLE]), y) - y for y, line in new.items())
    del moved[0]
    by, lines = max(moved.items(), key=lambda each: each[1], default=(0, 0))
    return by if lines >= _FEW else 0


def _best(old: Mapping[int, Row], new: Mapping[int, Row], by: int) -> tuple[int, Scroll | None]:
    """The run of lines that gains most by it, and how many cells of it need not be written."""
    best: tuple[int, Scroll | None] = (0, None)
    gain = start = 0
    for y in range(min(new), max(new) + 1):
        if gain <= 0:
            gain, start = 0, y
        line = new.get(y, old.get(y, ()))
        gain += _same(line, old.get(y + by, ())) - _same(line, old.get(y, ()))
        if gain > best[0]:
            best = gain, Scroll(min(start, start + by), max(y, y + by), by)
    return best


def _same(line: Row, other: Row) -> int:
    return sum(map(eq, line, other))
