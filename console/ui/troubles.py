"""What went wrong lately: the service's notices and the media that failed, read as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, structs

from console.domain import errors
from console.domain.display import Shown, line
from console.domain.media import Media, MediaKey, Millis
from console.domain.standing import Level, Notice
from console.ui import moments
from console.ui.rows import sender, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.domain.standing import Standing, Trouble


GOOD_NEWS_MS = 60 * 1000
"""For so long it is said that a trouble is over."""


class Event(Struct, frozen=True, kw_only=True):
    """One line of events and errors; equal ones are one line with a count."""

    at: Millis
    level: Level
    source: str
    text: str
    count: int = 1
    key: MediaKey | None = None


def failed_at(media: Media) -> Millis:
    """When it failed."""
    return media.progress.at if media.progress is not None else Millis(0)


def subject(media: Media) -> Shown:
    """A media in few words for a sentence: who sent it and what it is."""
    name, _ = title(media)
    what = name if media.filename else media.type.value
    return line(f"{what} from {sender(media)}")


def failure(media: Media) -> Event | None:
    """The failure of one media as an event."""
    if media.error is None:
        return None
    text = errors.sentence(media.error, subject(media))
    return Event(at=failed_at(media), level=Level.ERROR, source="media", text=text, key=media.key)


def newest(events: Sequence[Event], since: Millis, now: Millis) -> Event | None:
    """The newest event after a moment: it is news until it is read, good news for a while only."""
    late = [event for event in events if event.at > since]
    event = max(late, key=lambda event: (event.at, event.level is Level.INFO), default=None)
    if event is not None and event.level is Level.INFO and now - event.at > GOOD_NEWS_MS:
        return None
    return event


def lasting(standing: Standing | None, *, here: bool) -> Sequence[Trouble]:
    """What lasts now, as the service knows it; what one that ended elsewhere had is history."""
    return standing.troubles if standing is not None and (here or not standing.stopped) else ()


def all_of(notices: Sequence[Notice], failed: Sequence[Media], lasts: Sequence[Trouble] = ()) -> list[Event]:
    """Everything: what lasts, then the rest, newest first; media that failed alike are one line.

    What lasts is told from the service itself: a cache that cannot be written has no notice of it.
    """
    begun = {trouble.text: trouble.since for trouble in lasts}
    notices = [one for one in notices if one.text not in begun or one.at < begun[one.text]]
    return [_of_trouble(trouble) for trouble in lasts] + _newest_first(notices, failed)


def _newest_first(notices: Sequence[Notice], failed: Sequence[Media]) -> list[Event]:
    events: list[Event] = []
    alike: dict[str, list[Event]] = {}
    for event in events_of(notices, failed):
        if event.level is Level.ERROR and event.key is not None:
            alike.setdefault(event.text.partition(": ")[0], []).append(event)
        else:
            events.append(event)
    for name, group in alike.items():
        last = max(group, key=lambda event: event.at)
        if len(group) > 1:
            text = f"{len(group)} times {name}, the newest: {last.text.partition(': ')[2]}"
            last = structs.replace(last, text=text)
        events.append(last)
    return sorted(events, key=lambda event: -event.at)


def counted(events: Sequence[Event], since: Millis) -> str:
    """`2 errors, 1 warning` after a moment; empty if there is neither."""
    levels = [event.level for event in events if event.at > since]
    told = [
        f"{count} {word}{'s' * (count != 1)}"
        for word, count in (("error", levels.count(Level.ERROR)), ("warning", levels.count(Level.WARNING)))
        if count
    ]
    return ", ".join(told)


def totals(standing: Standing | None) -> str:
    """How many webhooks there were since the service started, and how many of them were no good."""
    if standing is None:
        return ""
    return (
        f"Since {moments.short(standing.since)}: webhooks {standing.webhooks}, "
        f"refused {standing.refused}, in quarantine {standing.quarantined}."
    )


def events_of(notices: Sequence[Notice], failed: Sequence[Media]) -> list[Event]:
    """Each trouble once: a media whose failure the service told is not told again."""
    told = {notice.key for notice in notices if notice.level is Level.ERROR}
    events = [_of_notice(notice) for notice in notices]
    return events + [event for media in failed if media.key not in told and (event := failure(media))]


def _of_trouble(trouble: Trouble) -> Event:
    text = f"{trouble.text} {trouble.remedy}".rstrip()
    return Event(at=trouble.since, level=Level.ERROR, source="lasts", text=text)


def _of_notice(notice: Notice) -> Event:
    key = MediaKey(notice.key) if notice.key is not None else None
    return Event(
        at=notice.at, level=notice.level, source=notice.source, text=notice.text, count=notice.count, key=key
    )
