"""Where two lines of cells differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from console.ui.pens import PLAIN, Pen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Cell(NamedTuple):
    """One cell of a terminal, or one of those that a text fills which is drawn as a whole."""

    text: str
    """All of the text, in each of its cells."""
    pen: Pen = PLAIN
    offset: int = 0
    """Which of the text's cells it is."""
    width: int = 1
    """How many cells the text fills."""

    @property
    def alone(self) -> bool:
        """Whether it is one ASCII character, which every terminal draws in one cell."""
        return self.width == 1 and self.text.isascii()


def differing(old: Sequence[Cell | None], new: Sequence[Cell | None]) -> Iterator[tuple[int, int]]:
    """The spans `(start, end)` of cells in which two lines of one length differ, from left to right.

    None is a cell of which nothing is known: as an old one it differs from all, as a new one from none.
    No text that is drawn as a whole reaches over the end of a span of the new line.
    """
    end = 0
    for x, (before, after) in enumerate(zip(old, new, strict=True)):
        if x < end or after is None or before == after:
            continue
        start = x - after.offset
        end = start + after.width
        while end < len(new):
            before, after = old[end], new[end]
            if after is None or before == after:
                break
            end += after.width - after.offset
        yield start, end
