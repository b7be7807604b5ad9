"""What went wrong lately: the service's notices and the media that failed, read as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from console.domain import errors
from console.domain.display import Shown, line
from console.domain.media import Media, MediaKey, Millis
from console.domain.standing import Level, Notice
from console.ui.rows import sender, title

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def newest(notices: Sequence[Notice], failed: Sequence[Media], since: Millis) -> Event | None:
    """The newest error or warning after a moment."""
    found = [event for media in failed if (event := failure(media)) is not None]
    found += [_of_notice(notice) for notice in notices if notice.level is not Level.INFO]
    late = [event for event in found if event.at > since]
    return max(late, key=lambda event: event.at, default=None)


def all_of(notices: Sequence[Notice], failed: Sequence[Media]) -> list[Event]:
    """Everything, newest first; media that failed alike are one line."""
    alike: dict[str, list[Media]] = {}
    for media in failed:
        if media.error is not None:
            explained = errors.explain(media.error)
            alike.setdefault(f"{explained.code} {explained.title}", []).append(media)
    events = [_of_notice(notice) for notice in notices]
    for name, group in alike.items():
        first = group[0]
        one = failure(first)
        if len(group) == 1 and one is not None:
            events.append(one)
        elif first.error is not None:
            remedy = errors.explain(first.error).remedy
            text = f"{len(group)} media: {name}, the newest {subject(first)}. {remedy}"
            events.append(Event(at=failed_at(first), level=Level.ERROR, source="media", text=text))
    return sorted(events, key=lambda event: -event.at)


def counted(notices: Sequence[Notice], failed: Sequence[Media], since: Millis) -> str:
    """`2 errors, 1 warning` after a moment; empty if there is neither."""
    levels = [notice.level for notice in notices if notice.at > since]
    errors_ = levels.count(Level.ERROR) + sum(failed_at(media) > since for media in failed)
    warnings = levels.count(Level.WARNING)
    told = [f"{errors_} error{'s' * (errors_ != 1)}"] if errors_ else []
    if warnings:
        told.append(f"{warnings} warning{'s' * (warnings != 1)}")
    return ", ".join(told)


def _of_notice(notice: Notice) -> Event:
    key = MediaKey(notice.key) if notice.key is not None else None
    return Event(
        at=notice.at, level=notice.level, source=notice.source, text=notice.text, count=notice.count, key=key
    )
