"""How moments read on the screen: absolute in UTC, or relative to now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain import retention

if TYPE_CHECKING:
    from console.domain.media import Millis


def clock(now: Millis) -> str:
    """The time of day for the header, in minutes: `14:02Z`."""
    return f"{retention.rfc3339(now)[11:16]}Z"


def full(moment: Millis) -> str:
    """Date and time to the second: `2026-11-08 16:12:24Z`."""
    text = retention.rfc3339(moment)
    return f"{text[:10]} {text[11:19]}Z"


def short(moment: Millis) -> str:
    """The same without the year: `11-08 16:12:24Z`."""
    return full(moment)[5:]


def stamp(moment: Millis, now: Millis, *, absolute: bool) -> str:
    """A moment of a history line, absolute or as an age (`3m ago`)."""
    return short(moment) if absolute else f"{retention.age_text(now - moment)} ago"
