"""The header: whether the client is well, whether the listener hears, and when it last heard anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from console.domain import retention
from console.domain.media import State
from console.domain.standing import Health, Standing
from console.ui import moments
from console.ui.paint import Line, Piece, cut, justify, line, measure, piece
from console.ui.theme import Ink

if TYPE_CHECKING:
    from console.domain.media import Millis
    from console.ui.glyphs import Glyphs

QUIET_MS = 60 * 60 * 1000
"""An event older than this is said to be unusually old."""

_HEALTH_INKS = {Health.CONNECTED: Ink.GOOD, Health.CONNECTING: Ink.WARN, Health.UNKNOWN: Ink.DIM}
_MARGIN = piece(" ")


class Liveness(Struct, frozen=True, kw_only=True):
    """Everything the header says besides the time."""

    account: str
    standing: Standing | None
    viewer_of: str | None


def header(live: Liveness, glyphs: Glyphs, now: Millis, width: int) -> Line:
    """Who is watched, whether it is well, whether events arrive.

    Where room is short, words give way first: the client, the signs and the age of the last event stay.
    """
    account = (piece(live.account),) if live.account else ()
    name = (piece("Media Console", Ink.TITLE),)
    time = piece(f"  {moments.clock(now)} ", Ink.DIM)
    whole, brief = _parts(live, glyphs, now, brief=False), _parts(live, glyphs, now, brief=True)
    aged = whole._replace(last=brief.last)
    for left, parts, right in (
        ((name, account), whole, time),
        ((name,), whole, time),
        ((), whole, time),
        ((), aged, time),
        ((), brief, time),
        ((), brief, _MARGIN),
    ):
        middle = _spaced(*left, parts.api, parts.health, parts.listener)
        if measure(middle) + measure(parts.last) + measure((right,)) + 3 <= width:
            return justify((_MARGIN, *middle), (*parts.last, right), width)
    room = width - measure(_spaced(brief.health, brief.listener, brief.last)) - 5
    middle = _spaced(cut(brief.api, max(room, 0), ascii=glyphs.ascii), brief.health, brief.listener)
    return justify((_MARGIN, *middle), (*brief.last, _MARGIN), width, ascii=glyphs.ascii)


def _spaced(*parts: Line) -> Line:
    """Those that say something, with a gap between each two."""
    made: list[Piece] = []
    for part in parts:
        if part:
            made += [piece("  "), *part] if made else part
    return tuple(made)


class _Parts(NamedTuple):
    """What the header says of the service; each may be empty."""

    api: Line
    health: Line
    listener: Line
    last: Line


def _parts(live: Liveness, glyphs: Glyphs, now: Millis, *, brief: bool) -> _Parts:
    standing = live.standing
    viewing = line(piece(f"viewing ({live.viewer_of})", Ink.WARN)) if live.viewer_of else ()
    if standing is None:
        waiting = viewing or line(piece("starting", Ink.DIM))
        return _Parts((), waiting, (), ())
    if standing.stopped and not viewing:
        viewing = line(piece("no service", Ink.WARN))
    host = (standing.api_url or "").removeprefix("https://").removeprefix("http://")
    sign, word = _health_words(standing, glyphs)
    return _Parts(
        line(piece(host)) if host else (),
        line(piece(f"{sign} {word}", _HEALTH_INKS.get(standing.health, Ink.BAD))),
        viewing or _listener(standing, glyphs, brief=brief),
        _last_event(standing.last_event_at, now, brief=brief),
    )


def _listener(standing: Standing, glyphs: Glyphs, *, brief: bool) -> Line:
    if not standing.listener:
        return line(piece(f"{glyphs.bad} {'no port' if brief else 'not listening'}", Ink.BAD))
    port = standing.listener.rpartition(":")[2]
    if any(trouble.id == "cache" for trouble in standing.troubles):  # each webhook is answered 503
        return line(piece(f"{glyphs.bad} :{port}{'' if brief else ' cannot store'}", Ink.BAD))
    return line(piece(f"{glyphs.on} {'' if brief else 'listening '}:{port}", Ink.GOOD))


def _last_event(at: Millis | None, now: Millis, *, brief: bool) -> Line:
    if at is None:
        return line(piece("no event" if brief else "no event yet", Ink.DIM))
    quiet = now - at > QUIET_MS
    told = f"{'! ' if quiet else ''}{'' if brief else 'last event '}{retention.age_text(now - at)} ago"
    return line(piece(told, Ink.WARN if quiet else Ink.PLAIN))


def _health_words(standing: Standing, glyphs: Glyphs) -> tuple[str, str]:
    """The sign and the word for the client's health."""
    match standing.health:
        case Health.CONNECTED:
            return glyphs.on, standing.health.value
        case Health.NOT_CONFIGURED:
            return glyphs.bad, "no API set"
        case Health.UNKNOWN if standing.health_at is None:
            return glyphs.states[State.QUEUED], "not asked yet"
        case Health.UNKNOWN:
            return glyphs.states[State.UNCONFIRMED], "client unknown"
    return glyphs.bad, standing.health.value
