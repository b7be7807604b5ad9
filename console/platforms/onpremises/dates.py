"""HTTP's dates: what a `Retry-After` names, and what the `Date` of an answer tells of the client's clock."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from console.domain.media import Millis
from console.platforms.base import ClockLead

_DATE_LIMIT = 64


def moment_of(words: str | None) -> Millis | None:
    """The moment that an HTTP date names; None if there is none or it cannot be read."""
    if words is None or len(words) > _DATE_LIMIT:
        return None
    try:
        moment = parsedate_to_datetime(words.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return Millis(round(moment.timestamp() * 1000))
    except (ValueError, TypeError, OverflowError):
        return None


def clock_lead(date: str | None, heard_at: Millis, took: float) -> ClockLead | None:
    """What the `Date` of an answer tells of the clock of who wrote it; None if it tells nothing.

    Args:
        date: the header. It names whole seconds, rounded down.
        heard_at: when the head of the answer was here, by this machine's clock.
        took: seconds from before the request until then. The date was written at some moment in between.
    """
    moment = moment_of(date)
    if moment is None:
        return None
    least = (moment - heard_at) / 1000
    return ClockLead(least=least, most=least + took + 1)
