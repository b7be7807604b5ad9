"""Where two lines of cells differ."""

from __future__ import annotations

from operator import ne
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import east_asian_width

from console.ui.pens import PLAIN, Pen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Cell(NamedTuple):
    """One cell of a terminal: an ASCII character, or one of the cells that a text fills as a whole."""

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
        return self.text.isascii()

    @property
    def reach(self) -> int:
        """How many cells behind it there are terminals that draw it over: those of East Asia."""
        return 0 if self.alone else sum(east_asian_width(char) == "A" for char in self.text)


def differing(old: Sequence[Cell | None], new: Sequence[Cell | None]) -> Iterator[tuple[int, int]]:
    """The spans `(start, end)` of cells in which two lines of one length differ, from left to right.

    None is a cell of which nothing is known: as an old one it differs from all, as a new one from none.
    A text that is no ASCII is within a span as a whole, and so is what stands behind it as far as there
    are terminals that draw characters of ambiguous width in two cells each.
    """
    unequal = list(map(ne, old, new))
    x = 0
    while True in unequal[x:]:
        x = unequal.index(True, x)
        after = new[x]
        if after is None:
            x += 1
            continue
        start = x = reach = x - after.offset
        while x < len(new) and (cell := new[x]) is not None and (x < reach or unequal[x]):
            x += cell.width
            reach = max(reach, x + cell.reach)
        yield start, x
