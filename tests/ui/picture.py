"""A terminal's screen as an SVG that depends on nothing but what stands on the screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.style import Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.segment import Segment

CELL_WIDTH, LINE_HEIGHT, FONT_SIZE = 8.4, 18, 14
PAD, TITLE = 12, 30
FONTS = "'Fira Code','DejaVu Sans Mono',Menlo,Consolas,monospace"

_RUN = re.compile(r"─+|[│╭╮╰╯▁▂▃▄▅▆▇█]|[^\s─│╭╮╰╯▁▂▃▄▅▆▇█]+(?: [^\s─│╭╮╰╯▁▂▃▄▅▆▇█]+)*")
"""A stretch of frame, or words with single blanks between them; wider gaps are left out, so that
columns stay where they are in any font."""

_BLOCKS = " ▁▂▃▄▅▆▇█"
_FRAME = {
    "│": ((0.5, 0, 0, 1),),
    "╭": ((0.5, 0.5, 0.5, 0), (0.5, 0.5, 0, 0.5)),
    "╮": ((0, 0.5, 0.5, 0), (0.5, 0.5, 0, 0.5)),
    "╰": ((0.5, 0.5, 0.5, 0), (0.5, 0, 0, 0.5)),
    "╯": ((0, 0.5, 0.5, 0), (0.5, 0, 0, 0.5)),
}
"""Lines within one cell: left, top, and how far right and down, in parts of the cell."""


def svg(rows: Sequence[Iterable[Segment]], width: int, title: str, ground: str) -> str:
    """The rows as a window with a title.

    Args:
        width: the terminal's columns.
        ground: the background, as `#rrggbb`.
    """
    wide = round(width * CELL_WIDTH + 2 * PAD, 1)
    high = len(rows) * LINE_HEIGHT + TITLE + PAD
    dots = "".join(
        f'<circle cx="{20 + 18 * index}" cy="16" r="5.5" fill="{colour}"/>'
        for index, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    body = "\n".join(_row(row, number, ground) for number, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'xml:space="preserve" shape-rendering="crispEdges" font-family="{FONTS}" font-size="{FONT_SIZE}">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{wide}" height="{high}" rx="8" fill="{ground}" stroke="#5b6472"/>\n'
        f'{dots}\n<text x="{wide / 2:.1f}" y="20" fill="#8a93a3" text-anchor="middle">'
        f"{escape(title)}</text>\n"
        f"{body}\n</svg>\n"
    )


def _row(row: Iterable[Segment], number: int, ground: str) -> str:
    top = TITLE + number * LINE_HEIGHT
    made: list[str] = []
    column = 0
    for text, style, control in row:
        if control:
            continue
        front, back, bold = _look(style or Style(), ground)
        cells = cell_len(text)
        if back != ground and cells:
            made.append(_rect(PAD + column * CELL_WIDTH, top, cells * CELL_WIDTH, LINE_HEIGHT, back))
        for before, run in _runs(text):
            made += _drawn(run, column + before, top, front, bold)
        column += cells
    return "\n".join(made)


def _drawn(run: str, column: int, top: int, front: str, bold: str) -> list[str]:
    """A run as text, or as lines and blocks, which fonts draw with gaps."""
    left = PAD + column * CELL_WIDTH
    if run[0] == "─":
        return [_rect(left, top + LINE_HEIGHT / 2, len(run) * CELL_WIDTH, 1, front)]
    if run in _FRAME:
        return [
            _rect(
                left + x * CELL_WIDTH,
                top + y * LINE_HEIGHT,
                max(1, wide * CELL_WIDTH),
                max(1, high * LINE_HEIGHT),
                front,
            )
            for x, y, wide, high in _FRAME[run]
        ]
    if run in _BLOCKS:
        high = LINE_HEIGHT * _BLOCKS.index(run) / 8
        return [_rect(left, top + LINE_HEIGHT - high, CELL_WIDTH, high, front)]
    wide = cell_len(run) * CELL_WIDTH
    place = f'x="{left:.1f}" y="{top + 13.5}" fill="{front}"{bold}'
    return [f'<text {place} textLength="{wide:.1f}">{escape(run)}</text>']


def _rect(x: float, y: float, wide: float, high: float, fill: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{fill}"/>'


def _runs(text: str) -> Iterator[tuple[int, str]]:
    for found in _RUN.finditer(text):
        yield cell_len(text[: found.start()]), found.group()


def _look(style: Style, ground: str) -> tuple[str, str, str]:
    front = style.color.get_truecolor().hex if style.color is not None else "#d5d9e0"
    back = style.bgcolor.get_truecolor().hex if style.bgcolor is not None else ground
    if style.reverse:
        front, back = back, front
    return front, back, ' font-weight="bold"' if style.bold else ""
