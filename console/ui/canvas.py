"""What stands on the terminal, and the least that has to be written to change it.

Textual writes a whole line of a widget, with all colours, where one cell of it differs. Over a thin line
that is what a screen costs, so what it would write is compared with what stands there.

Terminals disagree about the width of Indian scripts and of emoji sequences. Where the terminal counts
other cells than the screen library, what follows on the line would shift, and what stood there before
would stay. So after such text the column is told, and its cells are blank before it comes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.console import COLOR_SYSTEMS
from rich.segment import Segment
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

from console.domain import display
from console.ui.pens import Pen, pen
from console.ui.scrolls import Scroll, scroll
from console.ui.spans import Cell
from console.ui.strokes import Stroke, Written, strokes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.color import ColorSystem
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from textual.strip import Strip

_FOREIGN = re.compile(r"[^ ]*[^\x00-\x7f](?:.*[^\x00-\x7f])?[^ ]*")
"""From the first to the last word that is no ASCII."""


class _Part(NamedTuple):
    """What a part of a line is to be, from column `x` of line `y` on."""

    y: int
    x: int
    strip: Strip


class Canvas:
    """Remembers the cells of the terminal and writes only those that are to change."""

    def __init__(self, *, ascii: bool, erases: bool) -> None:
        """Knows nothing of the terminal yet.

        Args:
            ascii: whether the mark of a text that is cut is an ASCII one.
            erases: whether the terminal can blank cells in the colour behind them.
        """
        self._ascii = ascii
        self._erases = erases
        self._lines: dict[int, list[Cell | None]] = {}
        self._strips: dict[int, dict[int, Strip]] = {}

    def forget(self) -> None:
        """Somebody else has written on the terminal, or it has another size: all will be written again."""
        self._lines.clear()
        self._strips.clear()

    def lessened(self, drawn: RenderableType | None) -> RenderableType | None:
        """What Textual would draw, as an update that writes what differs by then.

        Anything but an update of a screen is left as it is, and the terminal unknown after it.
        """
        if isinstance(drawn, ChopsUpdate):
            return Difference(self, _chopped(drawn))
        if isinstance(drawn, LayoutUpdate):
            return Difference(self, _laid_out(drawn))
        if drawn is not None:
            self.forget()
        return drawn

    def write(self, parts: Iterable[_Part], colours: ColorSystem | None) -> str:
        """The sequences that make those parts of the terminal what they are to be; the pen is left plain."""
        lines: dict[int, list[Cell | None]] = {}
        for part in parts:
            if self._is_new(part):
                line = lines.setdefault(part.y, list(self._lines.get(part.y, ())))
                _put(line, part.x, list(cells(part.strip, colours, ascii=self._ascii)))
        written = Written(erases=self._erases)
        moved = scroll(self._lines, lines) if lines else None
        if moved is not None:
            lines = {y: self._lines.get(y, []) for y in range(moved.top, moved.bottom + 1)} | lines
            written.scroll(moved)
            self._scroll(moved)
        written.draw({y: self._strokes(y, line) for y, line in sorted(lines.items())})
        self._lines.update(lines)
        return written.text

    def _strokes(self, y: int, line: list[Cell | None]) -> list[Stroke]:
        """What has to be written for a line; it may be longer than what is known of it."""
        known = self._lines.get(y, [])
        return list(strokes([*known, *[None] * (len(line) - len(known))], line, erases=self._erases))

    def _scroll(self, moved: Scroll) -> None:
        """Moves what is remembered; of the lines that come in nothing is known."""
        before = self._lines.copy()
        for y in range(moved.top, moved.bottom + 1):
            inside = moved.top <= y + moved.by <= moved.bottom
            self._lines[y] = before.get(y + moved.by, []) if inside else []

    def _is_new(self, part: _Part) -> bool:
        """Whether a part differs from what was written there last; it is remembered instead."""
        known, end = self._strips.setdefault(part.y, {}), part.x + part.strip.cell_length
        if known.get(part.x) == part.strip:
            return False
        for x in [x for x, strip in known.items() if x < end and x + strip.cell_length > part.x]:
            del known[x]
        known[part.x] = part.strip
        return True


class Difference(CompositorUpdate):
    """An update that is compared with what stands on the terminal when it is written."""

    def __init__(self, canvas: Canvas, parts: Iterator[_Part]) -> None:
        self._canvas = canvas
        self._parts = parts
        self._told: str | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self.render_segments(console))

    def render_segments(self, console: Console) -> str:
        """The sequences, made once; what they draw is remembered."""
        if self._told is None:
            self._told = self._canvas.write(self._parts, COLOR_SYSTEMS.get(console.color_system or ""))
        return self._told

    def is_empty(self, console: Console) -> bool:
        """Whether nothing differs; to be asked only where the sequences are written then."""
        return not self.render_segments(console)


def _chopped(update: ChopsUpdate) -> Iterator[_Part]:
    """The parts of lines that the spans of an update touch, whole: each strip says what all its cells are."""
    for y, x1, x2 in update.spans:
        for (x, strip), end in zip(update.chops[y].items(), update.chop_ends[y], strict=False):
            if strip is not None and x < x2 and end > x1:
                yield _Part(y, x, strip)


def _laid_out(update: LayoutUpdate) -> Iterator[_Part]:
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            yield _Part(y, x, strip)
            x += strip.cell_length


def _put(line: list[Cell | None], x: int, fresh: list[Cell]) -> None:
    """Puts cells into a line; of a text that they cover in part, the rest is unknown."""
    end = x + len(fresh)
    line += [None] * (end - len(line))
    for edge in (x, end):
        cell = line[edge] if edge < len(line) else None
        if cell is not None and cell.offset:
            start = edge - cell.offset
            line[start : start + cell.width] = [None] * cell.width
    line[x:end] = fresh


def cells(strip: Strip, colours: ColorSystem | None, *, ascii: bool) -> Iterator[Cell]:
    """The cells of a strip as they are to stand on a terminal with so many colours."""
    for text, style, control in strip:
        if not control:
            yield from _cells(text, pen(style, colours), ascii=ascii)


@lru_cache(maxsize=4096)
def _cells(text: str, drawn: Pen, *, ascii: bool) -> tuple[Cell, ...]:
    """A screen draws the same texts again and again; the same cells are told to be equal at once."""
    blank = Cell(" ", drawn.on_blanks)
    if text.isascii():
        return tuple(blank if char == " " else Cell(char, drawn) for char in text)
    width = cell_len(text)
    if width == len(text) and display.fills(text):
        before, whole, after = _part(text)
        middle = (Cell(whole, drawn, offset, len(whole)) for offset in range(len(whole)))
        return (*_cells(before, drawn, ascii=ascii), *middle, *_cells(after, drawn, ascii=ascii))
    told = text.rstrip(" ")
    if display.widest(told) > width:
        told = display.cell(told, width, ascii=ascii).rstrip(" ")
    kept = min(width, display.widest(told))
    return (*(Cell(told, drawn, offset, kept) for offset in range(kept)), *[blank] * (width - kept))


def _part(text: str) -> tuple[str, str, str]:
    """A text of which some is no ASCII: that with its words, and what stands before and behind it."""
    found = _FOREIGN.search(text)
    start, end = found.span() if found is not None else (len(text), len(text))
    return text[:start], text[start:end], text[end:]
