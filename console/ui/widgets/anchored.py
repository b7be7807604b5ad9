"""Lines whose every part begins in its own column, whatever a terminal thinks of the text before it.

Terminals disagree about the width of Indian scripts and of emoji sequences. Where the terminal counts
other cells than the screen library, what follows on the line would shift, and what stood there before
would stay. So the columns are told to it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from console.domain import display

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console
    from rich.style import Style


class Anchored(Strip):
    """A strip that knows where it stands; rendering it writes the column of each part, whatever its text.

    Its columns are no segments: Textual counts cells in a segment's text even where that is a control code.

    Args:
        x: the column of the screen, from 0, that it begins in.
        ascii: whether the truncation mark is an ASCII one.
    """

    __slots__ = ("_ascii", "_x")

    def __init__(self, segments: Iterable[Segment], cell_length: int, x: int, *, ascii: bool) -> None:
        super().__init__(segments, cell_length)
        self._x = x
        self._ascii = ascii

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        parts: list[Strip] = []
        x = self._x
        for part in super().divide(cuts):
            parts.append(self._at(part, x))
            x += part.cell_length
        return parts

    def crop(self, start: int, end: int | None = None) -> Strip:
        return self._at(super().crop(start, end), self._x + max(0, start))

    def render(self, console: Console) -> str:
        """The terminal's sequences: text in its colours, and the column after each part."""
        if self._render_cache is None:
            self._render_cache = Strip(self._placed()).render(console)
        return self._render_cache

    def _at(self, part: Strip, x: int) -> Strip:
        return part if part is self else Anchored(part, part.cell_length, x, ascii=self._ascii)

    def _placed(self) -> Iterator[Segment]:
        """One segment for each run of one style, and the column after the last."""
        x = self._x
        for style, run in groupby(self, key=_style_of):
            parts: list[str] = []
            for segment in run:
                if x > self._x:
                    parts.append(_column(x))
                parts.append(self._drawn(segment.text, x))
                x += segment.cell_length
            yield Segment("".join(parts), style)
        yield Segment(_column(x))

    def _drawn(self, text: str, x: int) -> str:
        """Text within its cells; those that a terminal may leave out are blank before it comes."""
        if text.isascii():
            return text
        cells = display.width(text)
        told = text.rstrip(" ")
        if display.widest(told) > cells:
            told = display.cell(told, cells, ascii=self._ascii).rstrip(" ")
        return f"{' ' * cells}{_column(x)}{told}"


def anchored(strips: Iterable[Strip], x: int, *, ascii: bool) -> list[Strip]:
    """The lines of a widget whose left edge is column `x` of the screen."""
    return [Anchored(strip, strip.cell_length, x, ascii=ascii) for strip in strips]


def _column(x: int) -> str:
    return f"\x1b[{x + 1}G"


def _style_of(segment: Segment) -> Style | None:
    return segment.style
