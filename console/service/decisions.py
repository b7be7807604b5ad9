"""What the service decides of a media inside the writer's transaction, where nobody comes in between.

The writer may work in another process: all that these are given besides the media is values, and the clock
a function of a module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.facts import Fact, StoreDeferred, StoreRefused, StoreRequested, StoreUnanswered
from console.domain.media import Origin, State, Step, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.clock import Now
    from console.domain.media import Media, Progress

NOT_RETRIEVABLE = StoreError(
    code="not-retrievable",
    title="The media has no id that may be put into a request",
    origin=Origin.NETWORK,
)


def claim(media: Media | None, *, due: bool, now: Now) -> Sequence[Fact]:
    """The claim of a call, if there is still something to claim; before its time only where it is `due`."""
    if media is None or media.state is not State.QUEUED or media.progress is None:
        return ()
    if media.next_try_at is not None and not due:
        return ()
    at, attempt = now(), media.progress.attempt
    if not media.retrievable:
        refused = StoreRefused(
            key=media.key, account=media.account, at=at, attempt=attempt, error=NOT_RETRIEVABLE
        )
        return (refused,)
    asked = StoreRequested(
        key=media.key,
        account=media.account,
        at=at,
        attempt=attempt,
        try_number=media.progress.try_number + 1,
    )
    return (asked,)


def explain(media: Media | None, *, error: StoreError, now: Now) -> Sequence[Fact]:
    """Why a queued media waits; no call was made, so the number of the try stays."""
    progress = media.progress if media is not None else None
    if media is None or progress is None or progress.step is not Step.QUEUED:
        return ()
    at = now()
    deferred = StoreDeferred(
        key=media.key,
        account=media.account,
        at=at,
        attempt=progress.attempt,
        try_number=progress.try_number,
        error=error,
        next_try_at=at,
    )
    return (deferred,)


def keep(media: Media | None, *, fact: Fact) -> Sequence[Fact]:
    """A fact of a media, unless that was purged while its call was open."""
    return () if media is None else (fact,)


def unanswered(media: Media | None, *, seen: Progress | None, now: Now) -> Sequence[Fact]:
    """The end of waiting for a callback, unless anything has come since the media was `seen`."""
    progress = media.progress if media is not None else None
    if media is None or progress is None or media.state is not State.REQUESTED or progress != seen:
        return ()
    return (StoreUnanswered(key=media.key, account=media.account, at=now(), attempt=progress.attempt),)
