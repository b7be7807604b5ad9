"""Sheets that are only read: help, events and errors, raw JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from console.domain.standing import Level
from console.ui import moments
from console.ui.commands import COMMANDS, Group, shown_key
from console.ui.paint import EMPTY, Line, Piece, line, piece, wrap
from console.ui.screens.sheet import Sheet
from console.ui.theme import STATE_INKS, Ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.domain.media import Millis
    from console.ui.glyphs import Glyphs
    from console.ui.setup import Setup
    from console.ui.troubles import Event
    from console.ui.widgets.drawing import Drawing

LONGEST_BODY = 200_000
"""Bytes of one body that are read: three megabytes of brackets indented would hold up the screen."""
MOST_LINES = 4000
"""Lines of one body that are shown."""
_LONGEST_LINE = 4096

_STATE_MEANS = {
    "received": "announced; the client should hold the file",
    "undownloaded": "the client does not hold the file (needs dl): ask with d",
    "queued": "ordered, not called yet or waiting for its next try",
    "requested": "the API is asked; waiting for the webhook",
    "downloaded": "the client holds the file",
    "failed": "refused in the answer, or failed in the webhook",
    "unconfirmed": "asked, but no webhook came in time: outcome unknown",
}


class Help(Sheet[None]):
    """What every key does, what the signs mean, how a filter is written, where the files are."""

    def __init__(self, drawing: Drawing, setup: Setup, pane: str) -> None:
        super().__init__(drawing, f"Help ({pane})", keys="j k move", searchable=True)
        self._keys_of = setup.keys
        self._files = [
            (piece(name), str(path)) for name, path in (("cache", setup.db), ("log", setup.log)) if path
        ]

    def lines(self, width: int, query: str) -> list[Line]:
        lines: list[Line] = []
        for title, rows in self._sections(self.drawing.glyphs):
            found = [row for row in rows if query.casefold() in f"{row[0].text} {row[1]}".casefold()]
            if found:
                lines += [
                    line(piece(title, Ink.TITLE)),
                    *(part for row in found for part in _row(row, width)),
                    EMPTY,
                ]
        return lines or [line(piece("nothing matches", Ink.DIM))]

    def _sections(self, glyphs: Glyphs) -> list[tuple[str, list[tuple[Piece, str]]]]:
        sections = []
        for group in Group:
            rows = []
            for command in COMMANDS:
                if command.group is group:
                    keys = " ".join(shown_key(key) for key in self._keys_of[command.id])
                    rows.append((piece(keys, Ink.KEY), command.tip))
            sections.append((group.value, rows))
        states = [
            (piece(f"{glyphs.states[state]} {state.value}", ink), _STATE_MEANS[state.value])
            for state, ink in STATE_INKS.items()
        ]
        due = [
            (piece("!", Ink.WARN), "under 3 days left"),
            (piece("!!", Ink.BAD), "under 1 day left"),
            (piece("past 14d"), "lapsed: it may still work, no promise"),
            (piece("kept"), "the client holds the file after a request"),
        ]
        words = [
            (piece("state:failed", Ink.KEY), "a state; several with commas: state:failed,unconfirmed"),
            (piece("type:image,doc", Ink.KEY), "image, document, audio, voice, video, sticker"),
            (piece("from:kerry", Ink.KEY), "the sender's name or number"),
            (piece("due:<2d", Ink.KEY), "time left; also due:>3d and due:lapsed"),
            (piece("error:1006", Ink.KEY), "the error's code"),
            (piece("id:4b5b", Ink.KEY), "a part of the media or message id"),
            (piece('"two words"', Ink.KEY), "file name, caption or sender; one word needs no quotes"),
            (piece("-type:sticker", Ink.KEY), "a minus turns any of them round"),
        ]
        return [
            *sections,
            ("States", states),
            ("Due", due),
            ("Filter words", words),
            ("Files", self._files),
        ]


def _row(row: tuple[Piece, str], width: int) -> list[Line]:
    head, tip = row
    lines: list[Line] = []
    for index, part in enumerate(wrap(tip, width - 18)):
        label = piece(f"  {head.text:<16}", head.ink) if index == 0 else piece(" " * 18)
        lines.append((label, Piece(part)))
    return lines


class Events(Sheet[None]):
    """Notices and failures, newest first; equal ones are one line with a count."""

    def __init__(
        self, drawing: Drawing, events: Sequence[Event], now: Millis, *, absolute: bool, head: str = ""
    ) -> None:
        super().__init__(drawing, "Events and errors", keys="j k move", searchable=True)
        self._events = events
        self._head = head
        self._now = now
        self._absolute = absolute

    def lines(self, width: int, query: str) -> list[Line]:
        head = [(piece(part, Ink.DIM),) for part in wrap(self._head, width)] if self._head else []
        return head + self._list(width, query)

    def _list(self, width: int, query: str) -> list[Line]:
        lines: list[Line] = []
        for event in self._events:
            if query.casefold() in f"{event.level.value} {event.source} {event.text}".casefold():
                lines += self._told(event, width)
        empty = "nothing matches" if query else "Nothing happened that is worth a line."
        return lines or [line(piece(empty, Ink.GOOD if not query else Ink.DIM))]

    def _told(self, event: Event, width: int) -> list[Line]:
        ink = {Level.ERROR: Ink.BAD, Level.WARNING: Ink.WARN}.get(event.level, Ink.PLAIN)
        sign = {Level.ERROR: self.drawing.glyphs.bad, Level.WARNING: "!"}.get(event.level, " ")
        when = moments.stamp(event.at, self._now, absolute=self._absolute)
        times = f" ({event.count} times)" if event.count > 1 else ""
        room = 16 if self._absolute else 9
        lines: list[Line] = []
        for index, part in enumerate(wrap(event.text + times, width - room - 15)):
            head = f"{when:<{room}} " if index == 0 else " " * (room + 1)
            source = f"{sign} {event.source:<9} " if index == 0 else " " * 12
            lines.append(
                (piece(head, Ink.DIM), piece(source, ink), Piece(part, ink if index == 0 else Ink.PLAIN))
            )
        return lines


class Raw(Sheet[None]):
    """The webhook bodies that told of one media, pretty where they are JSON."""

    def __init__(self, drawing: Drawing, subject: str, bodies: Sequence[tuple[Millis, bytes]]) -> None:
        super().__init__(drawing, f"Raw JSON: {subject}", keys="j k move", searchable=True)
        self._bodies = bodies

    def lines(self, width: int, query: str) -> list[Line]:
        lines: list[Line] = []
        for received_at, body in self._bodies:
            lines.append(line(piece(f"received {moments.full(received_at)}", Ink.TITLE)))
            texts = _paragraphs(pretty(body[:LONGEST_BODY]))
            told = [part for text in texts[:MOST_LINES] for part in wrap(text, width)]
            lines += [(Piece(part),) for part in told if query.casefold() in part.casefold()]
            if len(body) > LONGEST_BODY or len(texts) > MOST_LINES:
                lines.append(line(piece(f"(the beginning of {len(body)} bytes)", Ink.WARN)))
            lines.append(EMPTY)
        return lines or [line(piece("No webhook body is kept for this media.", Ink.DIM))]


class Value(Sheet[None]):
    """A value that was sent to the clipboard, to be selected by hand where that did not work."""

    def __init__(self, drawing: Drawing, title: str, text: str) -> None:
        super().__init__(drawing, title, keys="sent to the terminal's clipboard")
        self._text = text

    def lines(self, width: int, query: str) -> list[Line]:
        return [(Piece(part),) for text in self._text.split("\n") for part in wrap(text, width)]


def _paragraphs(text: str) -> list[str]:
    """The lines of a text, long ones in pieces."""
    lines = text.split("\n", MOST_LINES)
    return [line[at : at + _LONGEST_LINE] for line in lines for at in range(0, len(line) or 1, _LONGEST_LINE)]


def pretty(body: bytes) -> str:
    """JSON with indentation, otherwise word for word; anything else as it is."""
    text = body.decode("utf-8", "replace")
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.MsgspecError, RecursionError):
        return text
