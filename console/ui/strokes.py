"""The shortest sequences that write spans of lines: one pen after the other, wherever it is needed.

To change the colour takes more bytes than to go to another place. What terminals may draw too wide comes
first, so that what stands behind it is written over it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from console.domain import display
from console.ui.pens import PLAIN, UNSEEN, Pen, change
from console.ui.spans import Cell, differing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from console.ui.scrolls import Scroll

    Row = Sequence[Cell | None]

_NEAR = 5
"""Cells that are rather written again than stepped over: the sequence for a column is as long."""


class Stroke(NamedTuple):
    """Cells side by side that one pen writes: ASCII ones, or one text that is none."""

    x: int
    cells: Sequence[Cell | None]
    pen: Pen
    blank: bool = False
    """Whether nothing stands in them: then each pen whose blanks look the same writes them."""
    whole: str = ""
    """The text, if it is one that is drawn as a whole: terminals may draw it wider or narrower."""

    @property
    def end(self) -> int:
        """The column behind it."""
        return self.x + len(self.cells)


def strokes(old: Row, new: Row, *, erases: bool) -> Iterator[Stroke]:
    """What makes one line of the other, from left to right.

    Args:
        erases: whether the terminal can erase any number of cells, in the colour behind them.
    """
    last: Stroke | None = None
    for start, end in differing(old, new):
        for stroke in _strokes(start, new[start:end]):
            joined = None if last is None else _joined(last, stroke, new, erases=erases)
            if last is not None and joined is None:
                yield last
            last = joined or stroke
    if last is not None:
        yield last


def _strokes(x: int, cells: Row) -> Iterator[Stroke]:
    """Cells of one line, parted where the pen changes or a text is drawn as a whole."""
    for (pen, text), run in groupby(cells, _kind):
        same = list(run)
        step = same[0].width if text and same[0] is not None else len(same)
        for start in range(0, len(same), step):
            part = same[start : start + step]
            blank = all(cell is not None and cell.text == " " for cell in part)
            yield Stroke(x + start, part, pen, blank, text)
        x += len(same)


def _kind(cell: Cell | None) -> tuple[Pen, str]:
    """What cells of one stroke have in common."""
    return (PLAIN, "") if cell is None else (cell.pen, "" if cell.alone else cell.text)


def _joined(last: Stroke, stroke: Stroke, line: Row, *, erases: bool) -> Stroke | None:
    """Two strokes as one with the cells between them, where that is no longer than to go to the other."""
    between = line[last.end : stroke.x]
    if len(between) >= _NEAR and not (erases and _is_void((last.cells[-1], *between, stroke.cells[0]))):
        return None
    joined = last
    for part in (*_strokes(last.end, between), stroke):
        pen = _common(joined.pen, joined.blank, part.pen, part.blank)
        if pen is None or joined.whole or part.whole or None in part.cells:
            return None
        joined = Stroke(last.x, line[last.x : part.end], pen, joined.blank and part.blank)
    return joined


def _is_void(cells: Row) -> bool:
    """Whether the cells are blanks of one look."""
    return len(set(cells)) == 1 and cells[0] is not None and cells[0].text == " "


@lru_cache(maxsize=4096)
def _common(pen: Pen, blank: bool, other: Pen, other_blank: bool) -> Pen | None:
    """The one of two pens that writes what both do; either may write only blanks."""
    if pen == other or (other_blank and pen.blank_like(other) == pen):
        return pen
    return other if blank and other.blank_like(pen) == other else None


class Written:
    """What the terminal gets, and where its cursor stands after it, and with which pen."""

    def __init__(self, *, erases: bool) -> None:
        self._erases = erases
        self._told: list[str] = []
        self._pen = PLAIN
        self._place: tuple[int, int] | None = None
        """Line and column; None where terminals disagree."""

    @property
    def text(self) -> str:
        """All of it; the pen is left plain."""
        return "".join((*self._told, change(self._pen, PLAIN)))

    def scroll(self, moved: Scroll) -> None:
        """Moves lines; those that come in are blank."""
        deleted = f"\x1b[{abs(moved.by)}{'M' if moved.by > 0 else 'L'}"
        self._told += (f"\x1b[{moved.top + 1};{moved.bottom + 1}r\x1b[{moved.top + 1}H", deleted, "\x1b[r")
        self._place = None

    def draw(self, lines: Mapping[int, Sequence[Stroke]]) -> None:
        """Writes the strokes of lines."""
        every = [(y, stroke) for y, line in lines.items() for stroke in line]
        for y, stroke in _by_pen([each for each in every if each[1].whole], self._pen):
            self._go(y, stroke.x)
            self._whole(stroke)
        for y, stroke in _by_pen([each for each in every if not each[1].whole], self._pen):
            self._go(y, stroke.x)
            self._change(self._pen.blank_like(stroke.pen) if stroke.blank else stroke.pen)
            for cell, run in groupby(stroke.cells):
                if cell is not None:
                    self._repeat(cell, sum(1 for _ in run), stroke.end)

    def _go(self, y: int, x: int) -> None:
        """Brings the cursor to a cell."""
        before, self._place = self._place, (y, x)
        if before == (y, x):
            return
        if before is not None and before[0] == y:
            self._told.append(_column(x))
        else:
            self._told.append(f"\x1b[{y + 1};{x + 1}H")

    def _change(self, pen: Pen) -> None:
        self._told.append(change(self._pen, pen))
        self._pen = pen

    def _whole(self, stroke: Stroke) -> None:
        """Writes a text that is no ASCII; cells that a terminal may leave out are blank before it comes."""
        self._change(stroke.pen)
        if not display.fills(stroke.whole):
            self._blank(len(stroke.cells), stroke.x)
        self._told.append(stroke.whole)
        self._place = None

    def _blank(self, count: int, x: int) -> None:
        """Blanks cells from the cursor on, which stands in column `x`, and goes back to them."""
        erased, written = f"\x1b[{count}X", f"{' ' * count}{_column(x)}"
        can = self._erases and not self._pen.attributes - UNSEEN
        self._told.append(erased if can and len(erased) < len(written) else written)

    def _repeat(self, cell: Cell, count: int, end: int) -> None:
        """Writes a cell so many times; many blanks are erased instead, where that is shorter."""
        y, x = self._place or (0, 0)
        erased = f"\x1b[{count}X"
        after = _column(x + count) if x + count < end else ""
        if self._erases and cell.text == " " and not cell.pen.attributes and len(erased + after) < count:
            self._told += (erased, after)
            self._place = y, x + count if after else x
        else:
            self._told.append(cell.text * count)
            self._place = y, x + count


def _by_pen(every: Sequence[tuple[int, Stroke]], first: Pen) -> list[tuple[int, Stroke]]:
    """The strokes ordered by pen, `first` before the others in the order in which those come first.

    The ground changes least.
    """
    grounds: dict[str, dict[Pen, list[tuple[int, Stroke]]]] = {first.ground: {first: []}}
    for each in every:
        pens = grounds.setdefault(each[1].pen.ground, {})
        pen = next(iter(pens), each[1].pen) if each[1].blank and not each[1].pen.attributes else each[1].pen
        pens.setdefault(pen, []).append(each)
    return [each for pens in grounds.values() for found in pens.values() for each in found]


def _column(x: int) -> str:
    return f"\x1b[{x + 1}G"
