"""The form that nearly every webhook has, decoded straight into its shape.

It holds media messages with an id and contacts, each value of the kind that the contract names, and nothing
else. Any other body is not read here at all, but part by part in `webhook`; of a body that is read here
both make the same.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct, field

from console.domain.facts import MediaAnnounced
from console.domain.media import MESSAGE_KEY_PREFIX, MediaId, MediaKey, MediaType, Millis
from console.domain.reading import Reading
from console.platforms.onpremises import wire
from console.platforms.onpremises.limits import (
    CAPTION_LIMIT,
    FILENAME_LIMIT,
    HASH_LIMIT,
    ID_LIMIT,
    MIME_LIMIT,
    NAME_LIMIT,
    STATUS_LIMIT,
)


class _Exact(Struct, forbid_unknown_fields=True):
    """What is unknown is not skipped: it would not be looked at for its own mistakes."""


class _MediaObject(_Exact):
    id: str
    mime_type: str | None = None
    sha256: str | None = None
    status: str | None = None
    caption: str | None = None
    filename: str | None = None
    file: str | None = None
    link: str | None = None


class _Message(_Exact):
    type: str
    sender: str = field(name="from")
    id: str | None = None
    timestamp: str | None = None
    image: _MediaObject | None = None
    document: _MediaObject | None = None
    audio: _MediaObject | None = None
    voice: _MediaObject | None = None
    video: _MediaObject | None = None
    sticker: _MediaObject | None = None


class _Profile(_Exact):
    name: str


class _Contact(_Exact):
    profile: _Profile
    wa_id: str


class _Body(_Exact):
    messages: list[_Message]
    contacts: list[_Contact] = field(default_factory=list)


KINDS: Final = {kind.value: kind for kind in MediaType if kind is not MediaType.UNKNOWN}
_decode: Final = msgspec.json.Decoder(_Body).decode


def read_exactly(body: bytes, received_at: Millis) -> Reading | None:
    """What a body of that form says; None for any other."""
    try:
        told = _decode(body)
    except (ValueError, RecursionError):
        return None
    names: dict[str, str] = {}
    for contact in told.contacts:
        if contact.wa_id and contact.profile.name:
            names.setdefault(contact.wa_id[:NAME_LIMIT], contact.profile.name[:NAME_LIMIT])
    facts = []
    for message in told.messages:
        fact = _announced(message, names, received_at)
        if fact is None:
            return None
        facts.append(fact)
    return Reading(facts=tuple(facts)) if facts else None


def _announced(message: _Message, names: dict[str, str], received_at: Millis) -> MediaAnnounced | None:
    kind = KINDS.get(message.type)
    media: _MediaObject | None = getattr(message, message.type) if kind is not None else None
    if kind is None or media is None or not message.sender:
        return None
    id_ = media.id
    if not id_ or len(id_) > ID_LIMIT or id_.startswith(MESSAGE_KEY_PREFIX):
        return None
    sender, status = message.sender[:NAME_LIMIT], _cut(media.status, STATUS_LIMIT)
    return MediaAnnounced(
        key=MediaKey(id_),
        at=received_at,
        id=MediaId(id_),
        type=kind,
        message_id=_cut(message.id, ID_LIMIT),
        sent_at=wire.message_time(message.timestamp, received_at),
        sender=sender,
        sender_name=names.get(sender),
        filename=_cut(media.filename, FILENAME_LIMIT),
        caption=_cut(media.caption, CAPTION_LIMIT),
        mime_type=_cut(media.mime_type, MIME_LIMIT),
        sha256=_cut(media.sha256, HASH_LIMIT),
        status=status,
        undownloaded=status is not None and status.lower() == "undownloaded",
    )


def _cut(text: str | None, limit: int) -> str | None:
    return text[:limit] or None if text is not None else None
