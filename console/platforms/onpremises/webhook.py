"""Reads the webhooks of the On-Premises dialect.

One body may hold any of five arrays. `messages` announce media, `media_items` bring the results of
store requests, root `errors` tell of trouble of the client itself, `contacts` name the senders;
`statuses` and every message without a media are other people's business and give nothing.

This is the hot path of the listener: a body of the usual form is decoded straight into its shape (see
`exact`), any other is decoded once and walked once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.facts import Fact, MediaAnnounced, MediaStored, ResultNoted, StoreFailed
from console.domain.media import (
    MESSAGE_KEY_PREFIX,
    MediaId,
    MediaKey,
    MediaType,
    Millis,
    Origin,
    StoreError,
    message_key,
)
from console.domain.reading import Reading, Unread
from console.domain.standing import Level, Notice
from console.platforms.onpremises import wire
from console.platforms.onpremises.exact import KINDS, read_exactly
from console.platforms.onpremises.limits import (
    CAPTION_LIMIT,
    FILENAME_LIMIT,
    HASH_LIMIT,
    ID_LIMIT,
    MIME_LIMIT,
    NOTICE_LIMIT,
    STATUS_LIMIT,
)
from console.platforms.onpremises.parts import Parts

if TYPE_CHECKING:
    from console.platforms.onpremises.wire import JsonObject

MOST_NOTICES = 20

_ROOT_KEYS = frozenset({"contacts", "messages", "statuses", "errors", "media_items"})
_MEDIALESS = {"text", "location", "contacts", "button", "interactive", "order", "system"}
_MEDIALESS |= {"reaction", "hsm", "ephemeral"}
_MEDIA_DOWNLOAD_ERROR = 400


def read_webhook(body: bytes, received_at: Millis) -> Reading:
    """Everything one body says about media, with `received_at` as the moment of every fact.

    A part that is not understood becomes an `Unread` and leaves the rest of the body as it is.

    Raises:
        BadBody: it is not JSON text that may be parsed at all.
    """
    return read_exactly(body, received_at) or read_parts(body, received_at)


def read_parts(body: bytes, received_at: Millis) -> Reading:
    """The same for a body of any form, which is walked part by part.

    Raises:
        BadBody: as `read_webhook`.
    """
    root = wire.decode(body)
    if type(root) is not dict:
        return _unread_whole(f"expected an object, got {wire.name_of(root)}")
    if root.keys().isdisjoint(_ROOT_KEYS):
        return _unread_whole("none of the keys contacts, messages, statuses, errors, media_items is there")
    reader = _Body(root, received_at)
    reader.read()
    return Reading(facts=tuple(reader.facts), unread=reader.listed(), notices=tuple(reader.notices))


def _unread_whole(reason: str) -> Reading:
    return Reading(unread=(Unread(where="body", reason=reason),))


def _media_object(part: JsonObject, kind: object) -> tuple[str, object] | None:
    """The key and value of a message's or an item's media object; its key equals `type` [S-SEED].

    The object leads: under a `type` that is missing or another, any of the six keys will do.
    """
    if type(kind) is str and kind in KINDS:
        value = part.get(kind)
        if value is not None:
            return kind, value
    for name in KINDS:
        value = part.get(name)
        if type(value) is dict:
            return name, value
    return None


class _Body(Parts):
    """One walk over one body."""

    __slots__ = ("facts", "notices", "received_at")

    def __init__(self, root: JsonObject, received_at: Millis) -> None:
        super().__init__(root)
        self.received_at = received_at
        self.facts: list[Fact] = []
        self.notices: list[Notice] = []

    def read(self) -> None:
        for where, message in self.objects("messages"):
            self._message(message, where)
        for where, item in self.objects("media_items"):
            self._result(item, where)
        for _, error in self.objects("errors"):
            self._notice(wire.store_error(error, Origin.WEBHOOK))

    def _message(self, message: JsonObject, where: str) -> None:
        kind = message.get("type")
        found = _media_object(message, kind)
        if found is None:
            self._message_without_media(message, kind, where)
            return
        name, media = found
        where_media = f"{where}.{name}"
        if type(media) is not dict:
            self.odd(where_media, "an object", media)
            return
        media_id = None
        if media.get("id") not in (None, ""):
            media_id = self._media_id(media, where_media)
            if media_id is None:
                return
        status = self.text(media, "status", STATUS_LIMIT, where_media)
        error = self.error(message, media, where)
        self._announce(
            message,
            where,
            media_id=media_id,
            kind=KINDS[name],
            error=error,
            undownloaded=media_id is None
            or error is not None
            or (status is not None and status.lower() == "undownloaded"),
            status=status,
            filename=self.text(media, "filename", FILENAME_LIMIT, where_media),
            caption=self.text(media, "caption", CAPTION_LIMIT, where_media),
            mime_type=self.text(media, "mime_type", MIME_LIMIT, where_media),
            sha256=self.text(media, "sha256", HASH_LIMIT, where_media),
        )

    def _announce(
        self,
        message: JsonObject,
        where: str,
        *,
        media_id: MediaId | None,
        kind: MediaType,
        error: StoreError | None,
        undownloaded: bool,
        status: str | None = None,
        filename: str | None = None,
        caption: str | None = None,
        mime_type: str | None = None,
        sha256: str | None = None,
    ) -> None:
        message_id = self.text(message, "id", ID_LIMIT, where)
        if media_id is not None:
            key = MediaKey(media_id)
        elif message_id is not None:
            key = message_key(message_id)
        else:
            self.note(where, "it announces a media, but has neither a media id nor a message id")
            return
        sender = self.sender(message, where)
        self.facts.append(
            MediaAnnounced(
                key=key,
                at=self.received_at,
                id=media_id,
                type=kind,
                message_id=message_id,
                sent_at=wire.message_time(message.get("timestamp"), self.received_at),
                sender=sender,
                sender_name=self.name(sender) if sender is not None else None,
                filename=filename,
                caption=caption,
                mime_type=mime_type,
                sha256=sha256,
                status=status,
                undownloaded=undownloaded,
                error=error,
            )
        )

    def _message_without_media(self, message: JsonObject, kind: object, where: str) -> None:
        """Noise, unless it tells of a media that the client could not fetch, or of a new kind."""
        if type(kind) is not str:
            if kind is not None:
                self.odd(f"{where}.type", "a text", kind)
                return
        elif kind in _MEDIALESS:
            return
        elif kind in KINDS:
            error = self.error(message, {}, where)
            if error is None:
                self.note(f"{where}.{kind}", f"the type is {kind}, but there is no {kind} object")
            else:
                self._announce(
                    message, where, media_id=None, kind=KINDS[kind], error=error, undownloaded=True
                )
            return
        error = _download_error(message.get("errors"))
        if error is not None:
            self._announce(
                message, where, media_id=None, kind=MediaType.UNKNOWN, error=error, undownloaded=True
            )
        elif any(type(value) is dict and "mime_type" in value for value in message.values()):
            self.note(where, "it seems to carry a media of a type that is not known here")

    def _result(self, item: JsonObject, where: str) -> None:
        found = _media_object(item, item.get("type"))
        if found is None:
            self.note(where, "none of the six media objects is there")
            return
        name, media = found
        where_media = f"{where}.{name}"
        if type(media) is not dict:
            self.odd(where_media, "an object", media)
            return
        if media.get("id") in (None, ""):
            self.note(f"{where_media}.id", "a result must name its media")
            return
        media_id = self._media_id(media, where_media)
        if media_id is not None:
            self._result_of(item, media, KINDS[name], media_id, where, where_media)

    def _media_id(self, media: JsonObject, where_media: str) -> MediaId | None:
        """The id, which names the row; one that could be taken for another's is noted instead."""
        words = self.text(media, "id", ID_LIMIT + 1, where_media)
        if words is None:
            return None
        if len(words) > ID_LIMIT:
            self.note(f"{where_media}.id", f"a media id of more than {ID_LIMIT} characters")
            return None
        if words.startswith(MESSAGE_KEY_PREFIX):
            self.note(f"{where_media}.id", f"a media id that begins with {MESSAGE_KEY_PREFIX}")
            return None
        return MediaId(words)

    def _result_of(
        self,
        item: JsonObject,
        media: JsonObject,
        kind: MediaType,
        media_id: MediaId,
        where: str,
        where_media: str,
    ) -> None:
        error = self.error(item, media, where)
        status = self.text(media, "status", STATUS_LIMIT, where_media)
        mime_type = self.text(media, "mime_type", MIME_LIMIT, where_media)
        sha256 = self.text(media, "sha256", HASH_LIMIT, where_media)
        # The failure form too says "status": "downloaded", so errors decide and nothing else does.
        if error is not None:
            self.facts.append(
                StoreFailed(
                    key=MediaKey(media_id),
                    at=self.received_at,
                    id=media_id,
                    type=kind,
                    mime_type=mime_type,
                    sha256=sha256,
                    status=status,
                    error=error,
                )
            )
            return
        if status is None and media.get("status") not in (None, ""):
            return  # noted by now: a status that is no text is neither success nor failure
        outcome = MediaStored if status is None or status.lower() == "downloaded" else ResultNoted
        self.facts.append(
            outcome(
                key=MediaKey(media_id),
                at=self.received_at,
                id=media_id,
                type=kind,
                mime_type=mime_type,
                sha256=sha256,
                status=status,
            )
        )

    def _notice(self, error: StoreError) -> None:
        if len(self.notices) == MOST_NOTICES:
            return
        head = dict.fromkeys(text for part in (error.code, error.title) if (text := str(part).strip()))
        words = ": ".join(part for part in (" ".join(head), (error.details or "").strip()) if part)
        words = words or "The client told of an error (no words)."
        self.notices.append(
            Notice(at=self.received_at, level=Level.WARNING, source="client", text=words[:NOTICE_LIMIT])
        )


def _download_error(errors: object) -> StoreError | None:
    """The media download error among the errors of a message whose type says nothing [S-TAB]."""
    for error in errors if type(errors) is list else []:
        if type(error) is dict and wire.error_code(error.get("code")) == _MEDIA_DOWNLOAD_ERROR:
            return wire.store_error(error, Origin.WEBHOOK)
    return None
