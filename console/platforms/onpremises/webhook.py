"""Reads the webhooks of the On-Premises dialect.

One body may hold any of five arrays. `messages` announce media, `media_items` bring the results of
store requests, root `errors` tell of trouble of the client itself, `contacts` name the senders;
`statuses` and every message without a media are other people's business and give nothing.

This is the hot path of the listener: a body is decoded once and walked once.
"""

from __future__ import annotations

from console.domain.facts import Fact, MediaAnnounced, MediaStored, ResultNoted, StoreFailed
from console.domain.media import MediaId, MediaKey, MediaType, Millis, Origin, StoreError, message_key
from console.domain.reading import Reading, Unread
from console.domain.standing import Level, Notice
from console.platforms.onpremises import wire

ID_LIMIT = 512
NAME_LIMIT = 256
FILENAME_LIMIT = 255
CAPTION_LIMIT = 4096
MIME_LIMIT = 255
HASH_LIMIT = 128
STATUS_LIMIT = 64
NOTICE_LIMIT = 512

MOST_UNREAD = 100
"""Parts of one body that are listed as not understood; the rest is counted in a last entry."""
MOST_NOTICES = 20

_ROOT_KEYS = frozenset({"contacts", "messages", "statuses", "errors", "media_items"})
_KINDS = {kind.value: kind for kind in MediaType if kind is not MediaType.UNKNOWN}
_MEDIALESS = frozenset({"text", "location", "contacts", "button", "interactive", "order", "system"})
_MEDIALESS |= {"reaction", "hsm", "ephemeral"}
_MEDIA_DOWNLOAD_ERROR = 400
_EARLIEST = 1_230_768_000_000  # 2009-01-01, the year of the first WhatsApp
_DAY = 86_400_000

_Json = dict[str, object]


def read_webhook(body: bytes, received_at: Millis) -> Reading:
    """Everything one body says about media, with `received_at` as the moment of every fact.

    A part that is not understood becomes an `Unread` and leaves the rest of the body as it is.

    Raises:
        BadBody: it is not JSON text that may be parsed at all.
    """
    root = wire.decode(body)
    if type(root) is not dict:
        return _unread_whole(f"expected an object, got {wire.name_of(root)}")
    if root.keys().isdisjoint(_ROOT_KEYS):
        return _unread_whole("none of the keys contacts, messages, statuses, errors, media_items is there")
    reader = _Body(root, received_at)
    reader.read()
    return Reading(facts=tuple(reader.facts), unread=reader.listed(), notices=tuple(reader.notices))


def message_time(value: object, received_at: Millis) -> Millis | None:
    """A message's `timestamp`, or None where it is absent or implausible.

    Unix seconds in up to 11 ASCII digits, or milliseconds in 13, as some providers send [S-COUR];
    text or number. It counts if it lies between 2009 and a day after its receipt.
    """
    digits = value if type(value) is str else str(value) if type(value) is int else ""
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) <= 11:
        moment = int(digits) * 1000
    elif len(digits) == 13:
        moment = int(digits)
    else:
        return None
    return Millis(moment) if _EARLIEST <= moment <= received_at + _DAY else None


def _unread_whole(reason: str) -> Reading:
    return Reading(unread=(Unread(where="body", reason=reason),))


def _media_object(part: _Json, kind: object) -> tuple[str, object] | None:
    """The key and value of a message's or an item's media object; its key equals `type` [S-SEED].

    The object leads: under a `type` that is missing or another, any of the six keys will do.
    """
    if type(kind) is str and kind in _KINDS:
        value = part.get(kind)
        if value is not None:
            return kind, value
    for name in _KINDS:
        value = part.get(name)
        if type(value) is dict:
            return name, value
    return None


class _Body:
    """One walk over one body."""

    __slots__ = ("_names", "_root", "_unread", "_unread_more", "facts", "notices", "received_at")

    def __init__(self, root: _Json, received_at: Millis) -> None:
        self._root = root
        self._names: dict[str, str] | None = None
        self._unread: list[Unread] = []
        self._unread_more = 0
        self.received_at = received_at
        self.facts: list[Fact] = []
        self.notices: list[Notice] = []

    def read(self) -> None:
        for index, message in enumerate(self._array("messages")):
            if type(message) is dict:
                self._message(message, f"messages[{index}]")
            else:
                self._odd(f"messages[{index}]", "an object", message)
        for index, item in enumerate(self._array("media_items")):
            if type(item) is dict:
                self._result(item, f"media_items[{index}]")
            else:
                self._odd(f"media_items[{index}]", "an object", item)
        for index, error in enumerate(self._array("errors")):
            if type(error) is dict:
                self._notice(wire.store_error(error, Origin.WEBHOOK))
            else:
                self._odd(f"errors[{index}]", "an object", error)

    def listed(self) -> tuple[Unread, ...]:
        """What was not understood, cut to a bounded number."""
        if self._unread_more:
            reason = f"{self._unread_more} more parts were not understood"
            return (*self._unread, Unread(where="body", reason=reason))
        return tuple(self._unread)

    def _message(self, message: _Json, where: str) -> None:
        kind = message.get("type")
        found = _media_object(message, kind)
        if found is None:
            self._message_without_media(message, kind, where)
            return
        name, media = found
        where_media = f"{where}.{name}"
        if type(media) is not dict:
            self._odd(where_media, "an object", media)
            return
        media_id = media.get("id")
        if media_id is not None and media_id != "":
            media_id = self._text(media, "id", ID_LIMIT, where_media)
            if media_id is None:
                return
        status = self._text(media, "status", STATUS_LIMIT, where_media)
        error = self._error(message, media, where)
        self._announce(
            message,
            where,
            media_id=MediaId(media_id) if media_id else None,
            kind=_KINDS[name],
            error=error,
            undownloaded=not media_id
            or error is not None
            or (status is not None and status.lower() == "undownloaded"),
            status=status,
            filename=self._text(media, "filename", FILENAME_LIMIT, where_media),
            caption=self._text(media, "caption", CAPTION_LIMIT, where_media),
            mime_type=self._text(media, "mime_type", MIME_LIMIT, where_media),
            sha256=self._text(media, "sha256", HASH_LIMIT, where_media),
        )

    def _announce(
        self,
        message: _Json,
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
        message_id = self._text(message, "id", ID_LIMIT, where)
        if media_id is not None:
            key = MediaKey(media_id)
        elif message_id is not None:
            key = message_key(message_id)
        else:
            self._note(where, "it announces a media, but has neither a media id nor a message id")
            return
        sender = self._sender(message, where)
        self.facts.append(
            MediaAnnounced(
                key=key,
                at=self.received_at,
                id=media_id,
                type=kind,
                message_id=message_id,
                sent_at=message_time(message.get("timestamp"), self.received_at),
                sender=sender,
                sender_name=self._name(sender) if sender is not None else None,
                filename=filename,
                caption=caption,
                mime_type=mime_type,
                sha256=sha256,
                status=status,
                undownloaded=undownloaded,
                error=error,
            )
        )

    def _message_without_media(self, message: _Json, kind: object, where: str) -> None:
        """Noise, unless it tells of a media that the client could not fetch, or of a new kind."""
        if type(kind) is not str:
            if kind is not None:
                self._odd(f"{where}.type", "a text", kind)
                return
        elif kind in _MEDIALESS:
            return
        elif kind in _KINDS:
            error = self._error(message, {}, where)
            if error is None:
                self._note(f"{where}.{kind}", f"the type is {kind}, but there is no {kind} object")
            else:
                self._announce(
                    message, where, media_id=None, kind=_KINDS[kind], error=error, undownloaded=True
                )
            return
        error = _download_error(message.get("errors"))
        if error is not None:
            self._announce(
                message, where, media_id=None, kind=MediaType.UNKNOWN, error=error, undownloaded=True
            )
        elif any(type(value) is dict and "mime_type" in value for value in message.values()):
            self._note(where, "it seems to carry a media of a type that is not known here")

    def _result(self, item: _Json, where: str) -> None:
        found = _media_object(item, item.get("type"))
        if found is None:
            self._note(where, "none of the six media objects is there")
            return
        name, media = found
        where_media = f"{where}.{name}"
        if type(media) is not dict:
            self._odd(where_media, "an object", media)
            return
        id_text = self._text(media, "id", ID_LIMIT, where_media)
        if id_text is None:
            if not media.get("id"):
                self._note(f"{where_media}.id", "a result must name its media")
            return
        error = self._error(item, media, where)
        status = self._text(media, "status", STATUS_LIMIT, where_media)
        media_id, kind = MediaId(id_text), _KINDS[name]
        mime_type = self._text(media, "mime_type", MIME_LIMIT, where_media)
        sha256 = self._text(media, "sha256", HASH_LIMIT, where_media)
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
        if status is None and media.get("status"):
            return
        stored = status is None or status.lower() == "downloaded"
        self.facts.append(
            (MediaStored if stored else ResultNoted)(
                key=MediaKey(media_id),
                at=self.received_at,
                id=media_id,
                type=kind,
                mime_type=mime_type,
                sha256=sha256,
                status=status,
            )
        )

    def _error(self, part: _Json, media: _Json, where: str) -> StoreError | None:
        """The first error of a message or an item; anything under `errors` that is not empty counts."""
        errors = part.get("errors") or media.get("errors")
        if not errors:
            return None
        for error in errors if type(errors) is list else [errors]:
            if type(error) is dict:
                return wire.store_error(error, Origin.WEBHOOK)
        self._note(f"{where}.errors", "no error in it can be read")
        return StoreError(code="unknown", title="Unreadable error", origin=Origin.WEBHOOK)

    def _notice(self, error: StoreError) -> None:
        if len(self.notices) == MOST_NOTICES:
            return
        words = f"{error.code} {error.title}"
        if error.details is not None:
            words = f"{words}: {error.details}"
        self.notices.append(
            Notice(at=self.received_at, level=Level.WARNING, source="client", text=words[:NOTICE_LIMIT])
        )

    def _sender(self, message: _Json, where: str) -> str | None:
        """`from`, or what providers put in its place for accounts without a number [S-TRN]."""
        for key in ("from", "from_bsuid", "user_id"):
            sender = self._text(message, key, NAME_LIMIT, where)
            if sender is not None:
                return sender
        return None

    def _name(self, sender: str) -> str | None:
        """The profile name of a sender; contacts may be missing or be those of others."""
        if self._names is None:
            self._names = {}
            for index, contact in enumerate(self._array("contacts")):
                if type(contact) is dict:
                    self._contact(contact, f"contacts[{index}]")
                else:
                    self._odd(f"contacts[{index}]", "an object", contact)
        return self._names.get(sender)

    def _contact(self, contact: _Json, where: str) -> None:
        profile = contact.get("profile")
        if type(profile) is not dict:
            if profile is not None:
                self._odd(f"{where}.profile", "an object", profile)
            return
        name = self._text(profile, "name", NAME_LIMIT, f"{where}.profile")
        if name is None or self._names is None:
            return
        for key in ("wa_id", "user_id"):
            sender = self._text(contact, key, NAME_LIMIT, where)
            if sender is not None:
                self._names.setdefault(sender, name)

    def _array(self, key: str) -> list[object]:
        value = self._root.get(key)
        if type(value) is list:
            return value
        if value is not None:
            self._odd(key, "an array", value)
        return []

    def _text(self, part: _Json, key: str, limit: int, where: str) -> str | None:
        value = part.get(key)
        if type(value) is str:
            return value[:limit] or None
        if value is None:
            return None
        words = wire.text(value, limit)
        if words is None:
            self._odd(f"{where}.{key}", "a text", value)
        return words

    def _odd(self, where: str, expected: str, value: object) -> None:
        self._note(where, f"expected {expected}, got {wire.name_of(value)}")

    def _note(self, where: str, reason: str) -> None:
        if len(self._unread) < MOST_UNREAD:
            self._unread.append(Unread(where=where, reason=reason))
        else:
            self._unread_more += 1


def _download_error(errors: object) -> StoreError | None:
    """The media download error among the errors of a message whose type says nothing [S-TAB]."""
    for error in errors if type(errors) is list else []:
        if type(error) is dict and wire.error_code(error.get("code")) == _MEDIA_DOWNLOAD_ERROR:
            return wire.store_error(error, Origin.WEBHOOK)
    return None
