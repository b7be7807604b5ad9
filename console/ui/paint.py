"""From text to the screen: the one way on which any text becomes something Textual draws.

A `Piece` is a run of text in one ink. Making one cleans its text, whoever wrote it; drawing one makes
a `Segment`, which Textual never parses. So no outside text can be markup, a link or an escape sequence.
A piece is as wide as the terminal that draws its text widest: what follows it is never drawn over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from rich.segment import Segment
from textual.strip import Strip

from console.domain import display
from console.domain.display import Shown
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.style import Style


class Piece(NamedTuple):
    """A run of clean text in one ink. `do` names the command that a click on it runs, if any."""

    text: Shown
    ink: Ink = Ink.PLAIN
    do: str = ""


Line: TypeAlias = tuple[Piece, ...]
"""One line of the screen, from left to right."""

EMPTY: Line = ()


def piece(text: str, ink: Ink = Ink.PLAIN, do: str = "") -> Piece:
    """Text of any origin as one piece: cleaned, on one line."""
    return Piece(display.with_room(display.line(text, limit=4096)), ink, do)


def line(*parts: Piece | str) -> Line:
    """A line of pieces; plain strings are cleaned and written in the plain ink."""
    return tuple(part if isinstance(part, Piece) else piece(part) for part in parts)


def measure(pieces: Iterable[Piece]) -> int:
    """How many cells the pieces fill."""
    return sum(display.width(part.text) for part in pieces)


def cut(pieces: Line, width: int, *, ascii: bool = False) -> Line:
    """The line within `width` cells; what does not fit ends in the truncation mark."""
    if measure(pieces) <= width:
        return pieces
    kept: list[Piece] = []
    room = width
    for part in pieces:
        wide = display.width(part.text)
        if wide >= room:
            kept.append(part._replace(text=display.cell(part.text + "  ", room, ascii=ascii)))
            break
        kept.append(part)
        room -= wide
    return tuple(kept)


def justify(left: Line, right: Line, width: int, *, ascii: bool = False) -> Line:
    """`left` at the left edge, `right` at the right one; `left` is cut where both do not fit."""
    room = width - measure(right)
    if room < 1:
        return cut(right, width, ascii=ascii)
    if right and measure(left) >= room:
        left = cut(left, max(0, room - 2), ascii=ascii)
    elif not right:
        left = cut(left, room, ascii=ascii)
    return (*left, Piece(Shown(" " * (room - measure(left)))), *right)


def strip(
    pieces: Line,
    width: int,
    inks: Mapping[Ink, Style],
    base: Style,
    over: Ink | None = None,
    *,
    ascii: bool = False,
) -> Strip:
    """The pieces as Textual draws them, padded or cropped to `width` cells.

    Args:
        base: the widget's own style.
        over: an ink for the whole line, such as the cursor's; it wins over that of a piece in what it sets.
        ascii: whether the marks for what was cut or cleaned away are ASCII ones, whoever put them there.
    """
    ground = base + inks[over] if over is not None else base
    segments = []
    for text, ink, _ in pieces:
        style = base + inks[ink]
        text = display.ascii_marks(text) if ascii else text
        segments.append(Segment(text, style + inks[over] if over is not None else style))
    return Strip(segments).adjust_cell_length(width, ground)


def wrap(text: str, width: int) -> list[Shown]:
    """Text of any origin as lines of at most `width` cells, broken between words where possible."""
    width = max(1, width)
    found: list[Shown] = []
    for paragraph in display.block(text, limit=8192).split("\n"):
        found += _wrap_paragraph(paragraph, width)
    return [display.with_room(part, width) for part in found]


def _wrap_paragraph(paragraph: str, width: int) -> list[Shown]:
    """One paragraph; what it is indented by stays."""
    found: list[Shown] = []
    first, *others = paragraph.split(" ")
    current, used = _broken(first, width, found)
    for word in others:
        wide = display.widest(word)
        if used + 1 + wide <= width:
            current, used = f"{current} {word}", used + 1 + wide
            continue
        found.append(Shown(current))
        current, used = _broken(word, width, found)
    found.append(Shown(current))
    return found


def _broken(word: str, width: int, found: list[Shown]) -> tuple[str, int]:
    """The end of a word, and its width, after whole lines of it went into `found`."""
    wide = display.widest(word)
    while wide > width:
        head = display.head(word, width) or display.first_cluster(word)
        found.append(Shown(head))
        word, wide = word[len(head) :], wide - display.widest(head)
    return word, wide
