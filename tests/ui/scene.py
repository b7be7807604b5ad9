"""A fixed cache at a fixed moment: believable media in every state, for tests and for screenshots."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from console.cache.writer import CacheWriter
from console.domain.facts import (
    Fact,
    MediaAnnounced,
    MediaStored,
    StoreAccepted,
    StoreDeferred,
    StoreFailed,
    StoreQueued,
    StoreRefused,
    StoreRequested,
    StoreUnanswered,
)
from console.domain.media import Media, MediaId, MediaKey, MediaType, Millis, Origin, StoreError
from console.domain.reading import Reading
from console.domain.standing import Health, Level, Notice, Standing, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NOW = Millis(1_795_356_150_000)
"""2026-11-22 14:02:30 UTC."""
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

NOT_FOUND_PATH = StoreError(
    code=1006, title="Resource not found", details="URL path not found.", origin=Origin.RESPONSE
)
GONE = StoreError(
    code=400,
    title="Parameter not valid",
    details="Media not found in the datastore.",
    origin=Origin.WEBHOOK,
)
BUSY = StoreError(code=429, title="Too many requests", origin=Origin.RESPONSE)


def not_found_file(media_id: str) -> StoreError:
    """The other 1006: the file is not on the volume."""
    return StoreError(
        code=1006,
        title="Resource not found",
        details=f"File with id {media_id} not found",
        origin=Origin.RESPONSE,
    )


class Line(NamedTuple):
    """One media: how long ago it was sent, what it is, and how its story went on."""

    age: int
    kind: MediaType
    sender: str
    name: str | None
    filename: str | None
    caption: str | None
    story: str


_DOC, _IMG, _VID = MediaType.DOCUMENT, MediaType.IMAGE, MediaType.VIDEO
_AUD, _VOC, _STK = MediaType.AUDIO, MediaType.VOICE, MediaType.STICKER

LINES: tuple[Line, ...] = (
    Line(13 * DAY + 21 * HOUR, _DOC, "15550100111", None, "invoice-0921.pdf", None, "requested"),
    Line(13 * DAY + 23 * HOUR + 20 * MINUTE, _VOC, "15550100120", "Amara Okafor", None, None, "missing"),
    Line(13 * DAY + 9 * HOUR, _IMG, "15550100134", None, None, "Front of the parcel, label torn", "missing"),
    Line(12 * DAY + 21 * HOUR, _IMG, "15550100134", None, None, "Side view", "missing"),
    Line(12 * DAY + 3 * HOUR, _AUD, "15550100102", None, None, None, "gone"),
    Line(11 * DAY + 14 * HOUR, _DOC, "15550100177", "Sheena Nelson", "contract final (2).pdf", None, "path"),
    Line(9 * DAY + 2 * HOUR, _VID, "15550100148", "Νίκος Παππάς", None, "Βίντεο από το εργοτάξιο", "file"),
    Line(8 * DAY + 5 * HOUR, _IMG, "15550100190", "Kerry Fisher", None, None, "unconfirmed"),
    Line(6 * DAY + 1 * HOUR, _DOC, "15550100155", "Łukasz Żak", "umowa_najmu.docx", None, "deferred"),
    Line(5 * DAY + 7 * HOUR, _IMG, "15550100161", "Mona Hassan", None, "Photo of the invoice", "queued"),
    Line(4 * DAY + 2 * HOUR, _VID, "15550100166", "Priya Raman", None, "Leak under the sink", "missing"),
    Line(3 * DAY + 8 * HOUR, _IMG, "15550100169", "Ana Sofía Pérez", None, None, "noid"),
    Line(15 * DAY + 6 * HOUR, _IMG, "15550100190", "Kerry Fisher", None, "Receipt, September", "gone"),
    Line(16 * DAY + 2 * HOUR, _DOC, "15550100111", None, "invoice-0917.pdf", None, "missing"),
    Line(10 * DAY, _DOC, "15550100177", "Sheena Nelson", "contract final.pdf", None, "stored"),
    Line(10 * DAY + HOUR, _STK, "15550100177", "Sheena Nelson", None, None, "stored"),
    Line(7 * DAY + 4 * HOUR, _AUD, "15550100120", "Amara Okafor", None, None, "retried"),
    Line(2 * MINUTE, _IMG, "15550100181", "Jonas Weber", None, "Zählerstand heute", "received"),
    Line(41 * MINUTE, _DOC, "15550100144", "Отдел закупок", "Счёт 1184.xlsx", None, "received"),
    *(
        Line(hour * HOUR + 11 * MINUTE, kind, sender, name, filename, caption, "received")
        for hour, kind, sender, name, filename, caption in (
            (2, _IMG, "15550100183", "Lerato M.", None, "Meter reading"),
            (5, _VOC, "15550100120", "Amara Okafor", None, None),
            (9, _DOC, "15550100111", None, "invoice-0934.pdf", "November invoice, see page 2"),
            (14, _IMG, "15550100190", "Kerry Fisher", None, None),
            (20, _STK, "15550100148", "Νίκος Παππάς", None, None),
            (31, _VID, "15550100166", "Priya Raman", None, "Second try, better light"),
            (47, _IMG, "15550100134", None, None, "Back of the parcel"),
            (60, _DOC, "15550100155", "Łukasz Żak", "zdjęcia.zip", None),
            (75, _AUD, "15550100102", None, None, None),
            (101, _IMG, "15550100181", "Jonas Weber", None, None),
            (126, _DOC, "15550100144", "Отдел закупок", "Акт сверки.pdf", None),
        )
    ),
)


def media_id(number: int) -> MediaId:
    """The id of the media of a line: a UUID that depends on its number alone."""
    return MediaId(f"4b5bf27b-8672-4d55-bc21-d096dc20{number:04x}")


def key_of(story: str) -> MediaKey:
    """The key of the first media with a story."""
    number = next(number for number, line in enumerate(LINES) if line.story == story)
    return MediaKey(media_id(number)) if story != "noid" else MediaKey(f"message:wamid-{number:04}")


def announced(number: int, line: Line) -> MediaAnnounced:
    """The announcement of a line's media."""
    sent_at = Millis(NOW - line.age)
    known = line.story != "noid"
    mime = {
        _DOC: "application/pdf",
        _IMG: "image/jpeg",
        _VID: "video/mp4",
        _AUD: "audio/mpeg",
        _VOC: "audio/ogg; codecs=opus",
        _STK: "image/webp",
    }[line.kind]
    return MediaAnnounced(
        key=MediaKey(media_id(number)) if known else MediaKey(f"message:wamid-{number:04}"),
        id=media_id(number) if known else None,
        at=Millis(sent_at + 2_000),
        sent_at=sent_at,
        type=line.kind,
        message_id=f"wamid-{number:04}",
        sender=line.sender,
        sender_name=line.name,
        filename=line.filename,
        caption=line.caption,
        mime_type=mime if known else None,
        sha256=hashlib.sha256(str(number).encode()).hexdigest() if known else None,
        undownloaded=line.story not in ("received", "stored"),
        status="undownloaded" if line.story not in ("received", "stored") else None,
    )


def body_of(number: int, line: Line) -> bytes:
    """The webhook body that told it."""
    fact = announced(number, line)
    part = {
        "id": fact.id,
        "mime_type": fact.mime_type,
        "sha256": fact.sha256,
        "filename": line.filename,
        "caption": line.caption,
        "status": fact.status,
    }
    message = {
        "from": line.sender,
        "id": fact.message_id,
        "timestamp": str((NOW - line.age) // 1000),
        "type": line.kind.value,
        line.kind.value: {name: value for name, value in part.items() if value is not None},
    }
    profile = [{"profile": {"name": line.name}, "wa_id": line.sender}] if line.name else []
    return json.dumps({"contacts": profile, "messages": [message]}).encode()


def steps(number: int, story: str) -> Sequence[Fact]:
    """What happened to it after the announcement."""
    ident = media_id(number)
    key = MediaKey(ident)

    def ask(attempt: int, ago: int) -> list[Fact]:
        at = NOW - ago
        return [
            StoreQueued(key=key, at=Millis(at), attempt=attempt, order_id=f"o-{number}-{attempt}", by="kim"),
            StoreRequested(key=key, at=Millis(at + 200), attempt=attempt),
        ]

    match story:
        case "requested":
            return [*ask(1, 41_000), StoreAccepted(key=key, at=Millis(NOW - 40_500), attempt=1)]
        case "gone":
            return [
                *ask(1, 3 * HOUR),
                StoreAccepted(key=key, at=Millis(NOW - 3 * HOUR + 500), attempt=1),
                StoreFailed(key=key, id=ident, at=Millis(NOW - 3 * HOUR + 4_000), attempt=1, error=GONE),
            ]
        case "path":
            refused = StoreRefused(
                key=key, at=Millis(NOW - 2 * HOUR + 300), attempt=1, error=NOT_FOUND_PATH, try_number=1
            )
            return [*ask(1, 2 * HOUR), refused]
        case "file":
            first = StoreRefused(
                key=key, at=Millis(NOW - 30 * MINUTE + 300), attempt=1, error=not_found_file(ident)
            )
            second = StoreRefused(
                key=key, at=Millis(NOW - 4 * MINUTE + 300), attempt=2, error=not_found_file(ident)
            )
            return [*ask(1, 30 * MINUTE), first, *ask(2, 4 * MINUTE), second]
        case "unconfirmed":
            return [
                *ask(1, 50 * MINUTE),
                StoreAccepted(key=key, at=Millis(NOW - 50 * MINUTE + 500), attempt=1),
                StoreUnanswered(key=key, at=Millis(NOW - 40 * MINUTE), attempt=1),
            ]
        case "deferred":
            deferred = StoreDeferred(
                key=key,
                at=Millis(NOW - 20_000),
                attempt=1,
                error=BUSY,
                next_try_at=Millis(NOW + 40_000),
                try_number=1,
            )
            return [*ask(1, 20_500), deferred]
        case "queued":
            return ask(1, 3_000)[:1]
        case "stored":
            return [*ask(1, DAY), MediaStored(key=key, id=ident, at=Millis(NOW - DAY + 3_000), attempt=1)]
        case "retried":
            failed = StoreFailed(key=key, id=ident, at=Millis(NOW - 2 * DAY + 4_000), attempt=1, error=GONE)
            stored = MediaStored(key=key, id=ident, at=Millis(NOW - DAY + 4_000), attempt=2)
            return [*ask(1, 2 * DAY), failed, *ask(2, DAY), stored]
    return []


STANDING = Standing(
    pid=4121,
    since=Millis(NOW - 3 * DAY),
    updated_at=NOW,
    api_url="https://wa.example:9090",
    health=Health.CONNECTED,
    health_at=Millis(NOW - 9_000),
    listener="127.0.0.1:8085",
    last_event_at=Millis(NOW - 38_000),
    webhooks=1204,
    refused=57,
    quarantined=2,
)
TROUBLE = Trouble(
    id="api",
    text="The API at wa.example:9090 does not answer: connection refused.",
    remedy="Check that the client runs; requests stay queued.",
    since=Millis(NOW - 5 * MINUTE),
)
NOTICES = (
    Notice(at=Millis(NOW - 3 * HOUR), level=Level.INFO, source="service", text="The service started."),
    Notice(
        at=Millis(NOW - 2 * HOUR),
        level=Level.WARNING,
        source="listener",
        text="A webhook was refused: its body is not JSON.",
    ),
)


def keep(facts: Sequence[Fact]) -> Callable[[Media | None], Sequence[Fact]]:
    """A decision that does not depend on the media."""
    return lambda media: facts


async def build(db: Path, *, standing: Standing | None = STANDING) -> None:
    """Writes the scene into a new cache."""
    writer = await CacheWriter.open(db, now=lambda: NOW)
    try:
        waits = []
        for number, line in enumerate(LINES):
            fact = announced(number, line)
            waits.append(writer.take_webhook(body_of(number, line), fact.at, Reading(facts=(fact,))))
        await asyncio.gather(*waits)
        for number, line in enumerate(LINES):
            told = steps(number, line.story)
            if told:
                await writer.decide(MediaKey(media_id(number)), keep(told))
        for notice in NOTICES:
            await writer.write_notice(notice)
        if standing is not None:
            await writer.write_standing(standing)
    finally:
        await writer.close()


async def build_empty(db: Path) -> None:
    """A cache that knows no media, of a service that has just begun to listen."""
    writer = await CacheWriter.open(db, now=lambda: NOW)
    try:
        fresh = structs.replace(STANDING, last_event_at=None, webhooks=0, since=NOW)
        await writer.write_standing(fresh)
    finally:
        await writer.close()
