"""The clock of a media: how long WhatsApp promises to keep its file, and how that reads.

The window counts from the *sending* of the message, not from its arrival. Past it nothing is
lost for certain: WhatsApp then asks the sender's device, so a request stays possible and is only
labelled as lapsed. Every text about a deadline or a duration is made here, and only here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from console.domain.display import Shown
from console.domain.media import CLOCKED, Media, Millis, State

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

DEFAULT_WINDOW_MS = 14 * DAY_MS
"""What the media-store document promises; providers say 7 days, so it is a setting."""

URGENT_MS = DAY_MS
SOON_MS = 3 * DAY_MS
"""Time left below which a deadline is urgent (`!!`) or soon (`!`)."""

LONGEST_MS = 36_500 * DAY_MS
"""The longest duration that is taken from text: a hundred years."""

_UNITS = {"d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": SECOND_MS}
_DURATION = re.compile(r"(?:([0-9]{1,10})d)?(?:([0-9]{1,10})h)?(?:([0-9]{1,10})m)?(?:([0-9]{1,10})s)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Urgency(StrEnum):
    """How near a deadline is; the value is the mark in front of the countdown."""

    NONE = ""
    SOON = "!"
    URGENT = "!!"


def expires_at(media: Media, window_ms: int) -> Millis:
    """The deadline: message time (never later than its receipt) plus the window."""
    return Millis(media.clock_from + window_ms)


def lapsed(media: Media, window_ms: int, now: Millis) -> bool:
    """Whether the deadline is reached or past, in whatever state the media is."""
    return now >= expires_at(media, window_ms)


def due_text(media: Media, window_ms: int, now: Millis) -> Shown:
    """What the due column says: `13d 04h`, `23h 10m`, `9m`, `<1m`, `past 14d`, or `kept`.

    The two largest units, rounded down. A media whose file the client holds after a request is
    `kept`: its clock no longer matters.
    """
    if media.state is State.DOWNLOADED:
        return Shown("kept")
    left = expires_at(media, window_ms) - now
    if left <= 0:
        return Shown(f"past {duration_text(window_ms)}")
    return Shown("<1m" if left < MINUTE_MS else span_text(left))


def span_text(span_ms: int) -> str:
    """How long something is, in its two largest units, rounded down: `13d 04h`, `1h 02m`, `9m`, `40s`."""
    days, rest = divmod(span_ms, DAY_MS)
    hours, rest = divmod(rest, HOUR_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    if days:
        return f"{days}d {hours:02}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m" if minutes else f"{rest // SECOND_MS}s"


def urgency_mark(media: Media, window_ms: int, now: Millis) -> Urgency:
    """`!!` with under a day left, `!` with under three days, else nothing.

    Only a running clock that is somebody's work is marked: not a media that its client holds,
    and not a lapsed one, whose text says enough.
    """
    left = expires_at(media, window_ms) - now
    if media.state not in CLOCKED or left <= 0 or left >= SOON_MS:
        return Urgency.NONE
    return Urgency.URGENT if left < URGENT_MS else Urgency.SOON


def next_change(media: Media, window_ms: int, now: Millis) -> Millis | None:
    """The first moment after `now` at which the due text or its mark reads differently.

    None where they never change again by time alone (kept, lapsed).
    """
    deadline = expires_at(media, window_ms)
    left = deadline - now
    if media.state is State.DOWNLOADED or left <= 0:
        return None
    if left < MINUTE_MS:
        return deadline
    unit = HOUR_MS if left >= DAY_MS else MINUTE_MS
    return Millis(deadline - left // unit * unit + 1)


def parse_duration(text: str) -> int:
    """Milliseconds of a duration such as `14d`, `36h`, `10m`, `90s` or `1d12h`.

    Raises:
        ValueError: it reads otherwise or is longer than a hundred years; the words of the
            exception say what would be right.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or not any(found.groups()):
        raise ValueError("a duration is a whole number and a unit: 14d, 36h, 10m or 90s")
    total = sum(int(count or 0) * unit for count, unit in zip(found.groups(), _UNITS.values(), strict=True))
    if total > LONGEST_MS:
        raise ValueError(f"a duration is at most {duration_text(LONGEST_MS)}")
    return total


def duration_text(duration_ms: int) -> str:
    """A duration as people write it, in the largest unit that divides it: `14d`, `36h`, `90s`.

    `parse_duration` reads it back; what is below a second is left out.
    """
    seconds = duration_ms // SECOND_MS
    for name, unit in _UNITS.items():
        count, rest = divmod(seconds * SECOND_MS, unit)
        if count and not rest:
            return f"{count}{name}"
    return "0s"


def age_text(age_ms: int) -> str:
    """How long ago, in one unit that does not tick by the second: `<10s`, `<1m`, `3m`, `2h`, `5d`.

    What lies in the future (clocks disagree) reads as just now.
    """
    if age_ms < 10 * SECOND_MS:
        return "<10s"
    if age_ms < MINUTE_MS:
        return "<1m"
    name, unit = next((name, unit) for name, unit in _UNITS.items() if age_ms >= unit)
    return f"{age_ms // unit}{name}"


def next_age(at: Millis, now: Millis) -> Millis:
    """The first moment after `now` at which the age of what happened at `at` reads differently."""
    age = now - at
    if age < MINUTE_MS:
        return Millis(at + (10 * SECOND_MS if age < 10 * SECOND_MS else MINUTE_MS))
    unit = next(unit for unit in _UNITS.values() if age >= unit)
    bound = next(larger for larger in (HOUR_MS, DAY_MS, age + 2 * DAY_MS) if larger > age)
    return Millis(at + min(age // unit * unit + unit, bound))


def rfc3339(moment: Millis) -> str:
    """The moment as RFC 3339 in UTC: `2026-11-08T16:12:24Z`, with `.250` only where it has a fraction.

    Raises:
        OverflowError: the moment lies outside the years 1 to 9999.
    """
    when = _EPOCH + timedelta(milliseconds=moment)
    precision = "milliseconds" if moment % SECOND_MS else "seconds"
    return when.isoformat(timespec=precision).removesuffix("+00:00") + "Z"
