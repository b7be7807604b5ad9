"""A media as a row of the `media` table, and back. The two directions are each other's inverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec

from console.cache.query import marks, sql
from console.domain.filters import search_text
from console.domain.media import Media, MediaType, Origin, Progress, Step, StoreError

SqlValue: TypeAlias = str | int | bytes | None
Row: TypeAlias = Sequence[Any]
"""What SQLite gives for one row: text, numbers, bytes or None, in the order that was asked for."""

COLUMNS: Final = (
    "account",
    "key",
    "id",
    "type",
    "mime_type",
    "sha256",
    "size",
    "filename",
    "caption",
    "sender",
    "sender_name",
    "message_id",
    "sent_at",
    "heard_at",
    "announced_at",
    "error_code",
    "error_title",
    "error_details",
    "error_origin",
    "attempts",
    "next_try_at",
    "progress_attempt",
    "progress_step",
    "progress_at",
    "progress_try_number",
    "undownloaded",
    "announced_error",
    "announced_error_from",
    "conflict",
    "type_from",
    "mime_type_from",
    "sha256_from",
    "size_from",
)
"""What a `Media` is read from, in the order that `read_media` expects."""

DERIVED: Final = ("state", "clock_from", "search_text")
"""Written beside them for the queries and for other tools; follows from the rest."""

SELECTED: Final = ", ".join(COLUMNS)

_ALL: Final = COLUMNS + DERIVED


def _upsert(names: Sequence[str]) -> str:
    return sql(
        "INSERT INTO media",
        f"({', '.join(names)}) VALUES {marks(len(names))}",
        "ON CONFLICT (account, key) DO UPDATE SET",
        ", ".join(f"{name} = excluded.{name}" for name in _ALL if name not in ("account", "key")),
    )


UPSERT: Final = _upsert(_ALL)
"""Writes a `media_row`."""
UPSERT_AT: Final = _upsert((*_ALL, "seq"))
"""Writes a `media_row` with the `seq` behind it that it gets if it is new; None: the next one."""

_TYPES: Final = {member.value: member for member in MediaType}
_STEPS: Final = {member.value: member for member in Step}
_ORIGINS: Final = {member.value: member for member in Origin}
_encode = msgspec.json.Encoder().encode
_decode_error = msgspec.json.Decoder(StoreError).decode


def media_row(media: Media) -> tuple[SqlValue, ...]:
    """The values of `COLUMNS` and `DERIVED`."""
    # Of an enum's member `_value_` is the plain attribute behind `value`, which costs ten times as much.
    progress = media.progress
    error = media.error
    announced = media.announced_error
    return (
        media.account,
        media.key,
        media.id,
        media.type._value_,
        media.mime_type,
        media.sha256,
        media.size,
        media.filename,
        media.caption,
        media.sender,
        media.sender_name,
        media.message_id,
        media.sent_at,
        media.heard_at,
        media.announced_at,
        *((None, None, None, None) if error is None else _error_row(error)),
        media.opened,
        *((None, None, None, None, None) if progress is None else _progress_row(progress)),
        media.undownloaded,
        None if announced is None else _encode(announced).decode(),
        media.announced_error_from,
        media.conflict,
        media.type_from,
        media.mime_type_from,
        media.sha256_from,
        media.size_from,
        media.state._value_,
        media.clock_from,
        search_text(media),
    )


def _error_row(error: StoreError) -> tuple[SqlValue, ...]:
    return error.code, error.title, error.details, error.origin.value


def _progress_row(progress: Progress) -> tuple[SqlValue, ...]:
    return (
        progress.next_try_at,
        progress.attempt,
        progress.step.value,
        progress.at,
        progress.try_number,
    )


def read_media(row: Row) -> Media:
    """The media that a row of `COLUMNS` holds."""
    (
        account,
        key,
        id_,
        type_,
        mime_type,
        sha256,
        size,
        filename,
        caption,
        sender,
        sender_name,
        message_id,
        sent_at,
        heard_at,
        announced_at,
        code,
        title,
        details,
        origin,
        attempts,
        next_try_at,
        attempt,
        step,
        at,
        try_number,
        undownloaded,
        announced_error,
        announced_error_from,
        conflict,
        type_from,
        mime_type_from,
        sha256_from,
        size_from,
    ) = row
    progress = None
    if attempt is not None:
        error = None
        if origin is not None:
            error = StoreError(code=code, title=title, origin=_ORIGINS[origin], details=details)
        progress = Progress(
            attempt=attempt,
            step=_STEPS[step],
            at=at,
            try_number=try_number,
            error=error,
            next_try_at=next_try_at,
        )
    return Media(
        key=key,
        id=id_,
        account=account,
        heard_at=heard_at,
        announced_at=announced_at,
        message_id=message_id,
        sent_at=sent_at,
        sender=sender,
        sender_name=sender_name,
        filename=filename,
        caption=caption,
        type=_TYPES[type_],
        type_from=type_from,
        mime_type=mime_type,
        mime_type_from=mime_type_from,
        sha256=sha256,
        sha256_from=sha256_from,
        size=size,
        size_from=size_from,
        conflict=bool(conflict),
        undownloaded=bool(undownloaded),
        announced_error=None if announced_error is None else _decode_error(announced_error),
        announced_error_from=announced_error_from,
        opened=attempts,
        progress=progress,
    )
