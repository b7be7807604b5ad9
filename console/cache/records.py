"""A media and its history as plain JSON values: the promise of `--json`. Keys are only ever added."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

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
)
from console.domain.media import Millis, StoreError
from console.domain.retention import expires_at, lapsed, rfc3339

if TYPE_CHECKING:
    from console.domain.media import Media

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def media_record(media: Media, window_ms: int, now: Millis) -> dict[str, Json]:
    """One media as `list --json` shows it; times are RFC 3339 in UTC, texts as received.

    `sent_at` is the time of receipt where `sent_at_assumed`; `received_at` the receipt of the
    first webhook that spoke of it.
    """
    sent_at = media.heard_at if media.sent_at_assumed else media.sent_at
    return {
        "key": media.key,
        "id": media.id,
        "type": media.type.value,
        "state": media.state.value,
        "error": None if media.error is None else error_record(media.error),
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "size": media.size,
        "filename": media.filename,
        "caption": media.caption,
        "sender": media.sender,
        "sender_name": media.sender_name,
        "message_id": media.message_id,
        "sent_at": _time(sent_at),
        "sent_at_assumed": media.sent_at_assumed,
        "received_at": _time(media.heard_at),
        "expires_at": _time(expires_at(media, window_ms)),
        "lapsed": lapsed(media, window_ms, now),
        "attempts": media.opened,
        "next_try_at": _time(media.next_try_at),
    }


def error_record(error: StoreError) -> dict[str, Json]:
    """An error; `code` is a number where it reads as one."""
    code = error.code
    if isinstance(code, str) and code.isascii() and code.isdecimal():
        code = int(code)
    return {"code": code, "title": error.title, "details": error.details, "origin": error.origin.value}


def history_record(fact: Fact) -> dict[str, Json]:
    """One fact as `show --json` shows it: `at`, `fact`, `source` and what else it says.

    What there is nothing to say of is left out; so is a `next_try_at` that is no later than `at`.
    """
    record: dict[str, Json] = {
        "at": _time(fact.at),
        "fact": type(fact).__name__,
        "source": _source(fact),
    }
    for name, value in msgspec.structs.asdict(fact).items():
        if name in ("key", "account", "at") or value is None:
            continue
        if name == "next_try_at" and value <= fact.at:
            continue
        if isinstance(value, StoreError):
            record[name] = error_record(value)
        elif name in ("sent_at", "next_try_at"):
            record[name] = _time(value)
        else:
            record[name] = msgspec.to_builtins(value)
    return record


def _source(fact: Fact) -> str:
    """Who said so: a webhook, the API's answer, the operator, or this program itself."""
    match fact:
        case MediaAnnounced() | MediaStored() | StoreFailed() | ResultNoted():
            return "webhook"
        case StoreDeferred() | StoreRefused():
            return fact.error.origin.value
        case StoreAccepted():
            return "response"
        case StoreQueued():
            return "operator"
        case _:
            return "service"


def _time(moment: Millis | None) -> str | None:
    return None if moment is None else rfc3339(moment)
