"""Media as plain text: a line of `list`, and the page of `show`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from console.domain import errors, retention
from console.domain.display import Shown, block, cell, line, width

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from console.domain.media import Media, Millis

_DUE, _STATE, _TYPE, _SENDER, _ID = 11, 24, 8, 20, 36
_LABEL: Final = 14


def heading() -> str:
    """The names of the columns of `row`."""
    names = (("STATE", _STATE), ("TYPE", _TYPE), ("FROM", _SENDER), ("ID", _ID))
    return "  ".join([f"{'DUE':>{_DUE}}", *(f"{name:<{width}}" for name, width in names), "NAME"])


def row(media: Media, window_ms: int, now: Millis) -> str:
    """One line: due, state with two words for an error, type, sender, id in full, name or caption."""
    mark = retention.urgency_mark(media, window_ms, now)
    due = f"{mark} {retention.due_text(media, window_ms, now)}"
    state = media.state.value if media.error is None else f"{media.state.value} {errors.short(media.error)}"
    parts = [cell(due, _DUE, "right"), cell(state, _STATE), cell(media.type.value, _TYPE)]
    key = line(media.key, 600)
    parts += [cell(_sender(media), _SENDER), Shown(key + " " * (_ID - width(key)))]
    return "  ".join([*parts, _title(media)]).rstrip()


def page(media: Media, history: Sequence[Mapping[str, object]], window_ms: int, now: Millis) -> Iterator[str]:
    """Everything about one media, line by line: its fields, its error explained, its history."""
    yield from _fields(media, window_ms, now)
    if media.error is not None:
        explained = errors.explain(media.error)
        yield ""
        yield _labelled("error", f"{explained.code} {explained.title} ({media.error.origin.value})")
        if media.error.details:
            yield _labelled("details", media.error.details, 4096)
        yield _labelled("meaning", explained.meaning, 1000)
        yield _labelled("remedy", explained.remedy, 1000)
    yield ""
    yield "history"
    for entry in history:
        yield _event(entry)


def _fields(media: Media, window_ms: int, now: Millis) -> Iterator[str]:
    yield _labelled("id", media.id if media.id is not None else "(none: it cannot be asked for)", 600)
    if media.id is None:
        yield _labelled("key", media.key, 600)
    yield _labelled("state", media.state.value)
    mark = retention.urgency_mark(media, window_ms, now)
    due = f"{mark} {retention.due_text(media, window_ms, now)}".strip()
    yield _labelled("due", f"{due}, {retention.rfc3339(retention.expires_at(media, window_ms))}")
    if retention.lapsed(media, window_ms, now):
        yield _labelled("", "lapsed: asking may still work, because WhatsApp then asks the sender's device")
    yield _labelled("type", " ".join(filter(None, (media.type.value, media.mime_type))))
    yield _labelled("from", " ".join(filter(None, (media.sender, media.sender_name))) or "(unknown)")
    yield _labelled("sent", _sent(media))
    if media.heard_at is not None:
        yield _labelled("heard", retention.rfc3339(media.heard_at))
    if media.next_try_at is not None:
        yield _labelled("next try", retention.rfc3339(media.next_try_at))
    told = (("file name", media.filename), ("message id", media.message_id), ("sha256", media.sha256))
    for label, text in told:
        if text:
            yield _labelled(label, text, 600)
    if media.caption:
        first, *rest = block(media.caption).split("\n")
        yield _labelled("caption", first, 5000)
        yield from (f"{'':<{_LABEL}}{part}" for part in rest)
    if media.conflict:
        yield _labelled("conflict", "webhooks disagree on type, MIME type, hash or size; the earliest counts")


def _sent(media: Media) -> str:
    """The moment that the clock counts from, and why, where it is not the message's own."""
    sent = retention.rfc3339(media.clock_from)
    if media.sent_at is not None and media.sent_at_assumed:
        return (
            f"{sent} (time of receipt: the message says {retention.rfc3339(media.sent_at)}, which is later)"
        )
    return f"{sent} (time of receipt)" if media.sent_at is None else retention.rfc3339(media.sent_at)


def _event(entry: Mapping[str, object]) -> str:
    """`2026-11-22T14:02:03Z  store refused  attempt 1, error 1006 …` from a record of history."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(entry["fact"])).lower()
    told = [_told(name, value) for name, value in entry.items() if name not in ("at", "fact")]
    return f"{line(str(entry['at'])):<26}{words:<18}{line(', '.join(told), 1000)}".rstrip()


def _told(name: str, value: object) -> str:
    if isinstance(value, dict):
        value = " ".join(str(part) for part in value.values() if part is not None)
    return f"{name.replace('_', ' ')} {value}"


def _labelled(label: str, text: str, limit: int = 300) -> str:
    return f"{label:<{_LABEL}}{line(text, limit)}"


def _sender(media: Media) -> str:
    if media.sender_name:
        return media.sender_name
    return media.sender or "(unknown)"


def _title(media: Media) -> Shown:
    if media.filename:
        return line(media.filename)
    return Shown(f'"{line(media.caption)}"') if media.caption else Shown("(no name)")
