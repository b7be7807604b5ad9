"""One line of the list: which columns fit, and what stands in them."""

from __future__ import annotations

from msgspec import Struct

from console.domain import errors, naming, retention
from console.domain.display import Shown, cell, line
from console.domain.media import Media, Millis, State
from console.domain.retention import Urgency
from console.ui.glyphs import Glyphs
from console.ui.paint import Line, Piece
from console.ui.theme import STATE_INKS, Ink

_LEAD, _STATE, _TYPE, _SIZE, _DUE = 5, 16, 8, 8, 11
_URGENCY_INKS = {Urgency.NONE: Ink.PLAIN, Urgency.SOON: Ink.WARN, Urgency.URGENT: Ink.BAD}

SHORT_STATES = {State.UNDOWNLOADED: "needs dl"}
"""Words that stand for a state's own where room is short."""


class Look(Struct, frozen=True, kw_only=True):
    """Everything besides the media that decides how a row reads."""

    width: int
    glyphs: Glyphs
    window_ms: int
    now: Millis
    absolute: bool = False
    """Absolute times instead of countdowns and ages."""
    sizes: bool = False
    """Whether there is a column for sizes; only a list that knows any has one."""


class Columns(Struct, frozen=True):
    """Widths in cells; 0 leaves a column out."""

    state: int
    type: int
    sender: int
    name: int
    size: int
    due: int


def columns(width: int, *, sizes: bool) -> Columns:
    """The columns for a list of this width. State, name and due stay longest."""
    room = width - _LEAD - _STATE - 1 - _DUE - 1
    kind = _TYPE if room >= 30 else 0
    room -= kind + 1 if kind else 0
    size = _SIZE if sizes and room >= 40 else 0
    room -= size + 1 if size else 0
    sender = min(24, max(10, room * 2 // 5)) if room >= 24 else 0
    room -= sender + 1 if sender else 0
    return Columns(_STATE, kind, sender, max(1, room - 1), size, _DUE)


def heading(look: Look) -> Line:
    """The line above the list."""
    cols = columns(look.width, sizes=look.sizes)
    parts = [" " * _LEAD, cell("STATE", cols.state), " "]
    if cols.type:
        parts += [cell("TYPE", cols.type), " "]
    if cols.sender:
        parts += [cell("FROM", cols.sender), " "]
    parts += [cell("FILE OR CAPTION", cols.name), " "]
    if cols.size:
        parts += [cell("SIZE", cols.size, align="right"), " "]
    parts.append(cell("DUE", cols.due, align="right"))
    return (Piece(Shown("".join(parts)), Ink.DIM),)


def row(media: Media, look: Look, *, cursor: bool = False, marked: bool = False) -> Line:
    """A media as one line of exactly `look.width` cells (as long as the columns fit)."""
    cols = columns(look.width, sizes=look.sizes)
    glyphs, ascii = look.glyphs, look.glyphs.ascii
    ink = STATE_INKS[media.state]
    lead = (glyphs.cursor if cursor else " ") + (glyphs.mark if marked else " ") + " "
    parts = [
        Piece(Shown(lead), Ink.KEY),
        Piece(Shown(f"{glyphs.states[media.state]} "), ink),
        Piece(Shown(cell(state_words(media, look.now), cols.state, ascii=ascii) + " "), ink),
    ]
    if cols.type:
        parts.append(Piece(Shown(cell(media.type.value, cols.type, ascii=ascii) + " "), Ink.DIM))
    if cols.sender:
        parts.append(Piece(Shown(cell(sender(media), cols.sender, ascii=ascii) + " ")))
    name, name_ink = title(media)
    parts.append(Piece(Shown(cell(name, cols.name, ascii=ascii) + " "), name_ink))
    if cols.size:
        parts.append(Piece(Shown(cell(size_text(media.size), cols.size, align="right") + " ")))
    parts += _due(media, look, cols.due)
    return tuple(parts)


def state_words(media: Media, now: Millis) -> Shown:
    """The state in the words of a row: with two words for an error, with an age while requested."""
    word = SHORT_STATES.get(media.state, media.state.value)
    if media.state is State.REQUESTED and media.progress is not None:
        return Shown(f"{word} {retention.age_text(now - media.progress.at)}")
    if media.error is None:
        return Shown(word)
    if media.state is State.UNDOWNLOADED:
        return line(f"{word} {media.error.code}")
    return line(f"{word} {errors.short(media.error)}")


def sender(media: Media) -> Shown:
    """Who sent it: the name, else the number."""
    return naming.sender(media) or Shown("(unknown)")


def title(media: Media) -> tuple[Shown, Ink]:
    """The file name, else the caption in quotes, else that there is none."""
    if media.filename:
        return line(media.filename), Ink.PLAIN
    if media.caption:
        return Shown(f'"{line(media.caption)}"'), Ink.PLAIN
    if media.id is None:
        return Shown("(no id)"), Ink.DIM
    return Shown("(no name)"), Ink.DIM


def size_text(size: int | None) -> Shown:
    """A size in the largest unit below it, three digits at least: `303 kB`, `1.2 MB`, `?` if unknown."""
    if size is None:
        return Shown("?")
    amount, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return Shown(f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}")


def _due(media: Media, look: Look, width: int) -> list[Piece]:
    mark = retention.urgency_mark(media, look.window_ms, look.now)
    ink = _URGENCY_INKS[mark]
    if media.state in (State.RECEIVED, State.DOWNLOADED):
        ink = Ink.DIM
    if look.absolute:
        moment = retention.rfc3339(retention.expires_at(media, look.window_ms))
        return [Piece(cell(f"{moment[5:10]} {moment[11:16]}", width, align="right"), ink)]
    text = retention.due_text(media, look.window_ms, look.now)
    return [Piece(Shown(f"{mark.value:>2} "), ink), Piece(cell(text, width - 3, align="right"), ink)]
