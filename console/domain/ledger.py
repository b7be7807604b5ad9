"""The fold: the one place where the state of a media changes.

Facts arrive late, twice and in any order. The fold is therefore a join: each part of a `Media` is
decided by a rule that does not care about the order (earliest receipt leads, any announcement of
trouble counts, the highest attempt wins and within it the most authoritative step), so that any
permutation and any repetition of the same facts ends in the same `Media`.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from console.domain.facts import (
    Fact,
    MediaAnnounced,
    MediaStored,
    ResultNoted,
    StoreAccepted,
    StoreDeferred,
    StoreFailed,
    StoreQueued,
    StoreRefused,
    StoreRequested,
    StoreUnanswered,
)
from console.domain.media import (
    OPEN_STATES,
    Media,
    MediaType,
    Millis,
    Origin,
    Progress,
    Step,
    StoreError,
)

_T = TypeVar("_T", str, int, MediaType)

_AUTHORITY = {Origin.NETWORK: 0, Origin.RESPONSE: 1, Origin.WEBHOOK: 2}


def fold(media: Media | None, fact: Fact) -> Media:
    """Returns the media as it is after one more fact; accepts any order and any repetition.

    Raises:
        ValueError: the fact belongs to another media.
    """
    if media is None:
        media = Media(key=fact.key, account=fact.account)
    elif media.key != fact.key or media.account != fact.account:
        raise ValueError(f"a fact of {fact.key!r} cannot be folded into {media.key!r}")
    if isinstance(fact, MediaAnnounced):
        return _announce(_hear(media, fact), fact)
    if isinstance(fact, MediaStored | StoreFailed | ResultNoted):
        media = _hear(media, fact)
        if isinstance(fact, ResultNoted):
            return media
    return _advance(media, fact)


def attempt_of_result(media: Media | None, *, success: bool) -> int:
    """The number a result gets when it comes in: that of the attempt last opened.

    While an attempt waits and nothing was asked for it, a failure can only be the echo of the one
    before; a success settles the waiting one, because the file is there and no call is needed.
    Where a try before that may have been heard, its failure is taken for an echo too: that costs one
    more call, while the opposite would end an order for which no call was ever made.
    """
    if media is None or media.progress is None:
        return 0
    unasked = _is_unasked(media.progress)
    return media.progress.attempt - 1 if unasked and not success else media.progress.attempt


def _is_unasked(progress: Progress) -> bool:
    """Whether it waits and its last call, if there was one, found no connection or no login.

    Such a call has no delay of its own: see `StoreDeferred`.
    """
    if progress.step is Step.DEFERRED:
        return progress.next_try_at is None or progress.next_try_at <= progress.at
    return progress.step is Step.QUEUED


def next_attempt(media: Media) -> int | None:
    """The number a new order opens, or None while a request for this media is under way."""
    if media.state in OPEN_STATES:
        return None
    return 1 if media.progress is None else media.progress.attempt + 1


def _hear(media: Media, fact: MediaAnnounced | MediaStored | StoreFailed | ResultNoted) -> Media:
    """Takes what every webhook may tell of a file; the earliest receipt leads."""
    kind = fact.type if fact.type is not MediaType.UNKNOWN else None
    size = fact.size if isinstance(fact, MediaAnnounced) else None
    known = media.type if media.type_from is not None else None
    type_, type_from, clash_a = _earliest(known, media.type_from, kind, fact.at)
    mime, mime_from, clash_b = _earliest(media.mime_type, media.mime_type_from, fact.mime_type, fact.at)
    sha, sha_from, clash_c = _earliest(media.sha256, media.sha256_from, fact.sha256, fact.at)
    size, size_from, clash_d = _earliest(media.size, media.size_from, size, fact.at)
    return replace(
        media,
        id=media.id if media.id is not None else fact.id,
        heard_at=fact.at if media.heard_at is None else min(media.heard_at, fact.at),
        type=type_ or MediaType.UNKNOWN,
        type_from=type_from,
        mime_type=mime,
        mime_type_from=mime_from,
        sha256=sha,
        sha256_from=sha_from,
        size=size,
        size_from=size_from,
        conflict=media.conflict or clash_a or clash_b or clash_c or clash_d,
    )


def _earliest(
    held: _T | None, held_from: Millis | None, told: _T | None, told_at: Millis
) -> tuple[_T | None, Millis | None, bool]:
    """The value of the earlier claim, its moment, and whether the two disagree."""
    if told is None:
        return held, held_from, False
    if held is None or held_from is None:
        return told, told_at, False
    first = min((held_from, held), (told_at, told))
    return first[1], first[0], held != told


def _announce(media: Media, fact: MediaAnnounced) -> Media:
    if media.announced_at is None or _lead(fact, fact.at) < _lead(media, media.announced_at):
        media = replace(
            media,
            announced_at=fact.at,
            message_id=fact.message_id,
            sent_at=fact.sent_at,
            sender=fact.sender,
            sender_name=fact.sender_name,
            filename=fact.filename,
            caption=fact.caption,
        )
    if not fact.undownloaded:
        return media
    error, since = media.announced_error, media.announced_error_from
    if fact.error is not None and (
        error is None or since is None or (fact.at, _error_order(fact.error)) < (since, _error_order(error))
    ):
        error, since = fact.error, fact.at
    return replace(media, undownloaded=True, announced_error=error, announced_error_from=since)


def _lead(told: MediaAnnounced | Media, at: Millis) -> tuple[object, ...]:
    """A total order over announcements: by receipt, then by content so that ties have one winner."""
    texts = (told.message_id, told.sender, told.sender_name, told.filename, told.caption)
    sent = -1 if told.sent_at is None else told.sent_at
    return (at, sent, *((text is not None, text or "") for text in texts))


def _advance(media: Media, fact: Fact) -> Media:
    told = _progress(fact)
    opened = media.opened
    called = isinstance(fact, StoreRequested | StoreAccepted | StoreRefused | StoreUnanswered)
    # An attempt may also be deferred while the queue is held, before any call was made for it.
    if called or (isinstance(fact, StoreDeferred) and fact.try_number > 0):
        opened = max(opened, told.attempt)
    held = media.progress
    if held is None or _rank(told) > _rank(held):
        held = told
    return replace(media, opened=opened, progress=held)


def _progress(fact: Fact) -> Progress:
    match fact:
        case StoreQueued():
            return Progress(attempt=fact.attempt, step=Step.QUEUED, at=fact.at)
        case StoreRequested():
            step, tried = Step.REQUESTED, fact.try_number
            return Progress(attempt=fact.attempt, step=step, at=fact.at, try_number=tried)
        case StoreAccepted():
            step, tried = Step.ACCEPTED, fact.try_number
            return Progress(attempt=fact.attempt, step=step, at=fact.at, try_number=tried)
        case StoreDeferred():
            return Progress(
                attempt=fact.attempt,
                step=Step.DEFERRED,
                at=fact.at,
                try_number=fact.try_number,
                error=fact.error,
                next_try_at=fact.next_try_at,
            )
        case StoreRefused():
            return Progress(
                attempt=fact.attempt,
                step=Step.FAILED,
                at=fact.at,
                try_number=fact.try_number,
                error=fact.error,
            )
        case StoreUnanswered():
            return Progress(attempt=fact.attempt, step=Step.UNANSWERED, at=fact.at)
        case StoreFailed():
            return Progress(attempt=fact.attempt, step=Step.FAILED, at=fact.at, error=fact.error)
        case MediaStored():
            return Progress(attempt=fact.attempt, step=Step.STORED, at=fact.at)
    raise ValueError(f"{type(fact).__name__} does not move a store attempt")


def _rank(progress: Progress) -> tuple[object, ...]:
    """A total order: later attempt, then settled over open, then the later try, then authority.

    Among equals the earlier moment ranks higher, so that a repetition changes nothing; what is
    left is decided by content, so that every order of folding picks the same winner.
    """
    settled = progress.step if progress.step >= Step.UNANSWERED else Step.QUEUED
    open_part = (progress.try_number, progress.step) if settled is Step.QUEUED else (0, 0)
    authority = _AUTHORITY[progress.error.origin] if progress.error else 0
    return (
        progress.attempt,
        settled,
        *open_part,
        authority,
        -progress.at,
        _error_order(progress.error) if progress.error else (),
        progress.next_try_at or 0,
        progress.try_number,
    )


def _error_order(error: StoreError) -> tuple[object, ...]:
    """A total order in which only equal errors tie: `400` and `"400"` are two."""
    code = (str(error.code), isinstance(error.code, str))
    return (*code, error.title, error.details is not None, error.details or "", error.origin)
