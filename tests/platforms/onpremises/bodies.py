"""Webhook bodies as the contract shows them, to be used whole or to be spoilt."""

from __future__ import annotations

import copy
from typing import Any, TypeAlias

from console.domain.media import Millis

Body: TypeAlias = dict[str, Any]

RECEIVED_AT = Millis(1_749_988_800_000)
SENT = 1_749_985_200
MEDIA_ID = "4b5bf27b-8672-4d55-bc21-d096dc200d0f"
MESSAGE_ID = "ABGGFlA5FpafAgo6tHcNmNjXmuSf"
SENDER = "16315551234"
SHA256 = "fa9e1807d936b7cebe63654ea3a7912b1fa9479220258d823590521ef53b0710"

MIME = {
    "image": "image/jpeg",
    "document": "application/pdf",
    "audio": "audio/mpeg",
    "voice": "audio/ogg; codecs=opus",
    "video": "video/mp4",
    "sticker": "image/webp",
}


def media(kind: str = "image", **more: object) -> Body:
    """A media object; a value of None takes a key away."""
    told = {
        "id": MEDIA_ID,
        "mime_type": MIME[kind],
        "sha256": SHA256,
        "file": f"/usr/local/wamedia/shared/{MEDIA_ID}",
        **more,
    }
    return {key: value for key, value in told.items() if value is not None}


def message(kind: str = "image", told: object = None, **more: object) -> Body:
    """A message with a media; keyword arguments set or (None) take away keys of the message."""
    whole = {
        "from": SENDER,
        "id": MESSAGE_ID,
        "timestamp": str(SENT),
        "type": kind,
        kind: media(kind) if told is None else told,
        **more,
    }
    return {key: value for key, value in whole.items() if value is not None}


def announcement(*messages: object) -> Body:
    """A body that announces, with the sender's contact."""
    return {
        "contacts": [{"profile": {"name": "Kerry Fisher"}, "wa_id": SENDER}],
        "messages": list(messages) or [message()],
    }


FAILURE = {"code": 400, "title": "Parameter not valid", "details": "Media not found in the datastore."}


def item(kind: str = "image", told: object = None, **more: object) -> Body:
    """One element of `media_items`, a success as the contract prints it."""
    whole = {
        kind: media(kind, file=None, status="downloaded") if told is None else told,
        "type": kind,
        **more,
    }
    return {key: value for key, value in whole.items() if value is not None}


def result(*items: object) -> Body:
    """A body of results."""
    return {"media_items": list(items) or [item()]}


def every_shape() -> list[Body]:
    """Valid bodies of every shape of the contract, to be mutated."""
    shapes = [announcement(message(kind)) for kind in MIME]
    shapes += [result(item(kind)) for kind in MIME]
    shapes += [
        result(item(errors=[FAILURE])),
        announcement(message(told=media(status="undownloaded", id=None))),
        announcement(message(errors=[FAILURE])),
        announcement(*(message(kind) for kind in MIME)) | result(item("voice"), item(errors=[FAILURE])),
        {
            "messages": [
                {"from": SENDER, "id": "T1", "timestamp": "1", "type": "text", "text": {"body": "hi"}}
            ]
        },
        {"statuses": [{"id": "S1", "recipient_id": SENDER, "status": "read", "timestamp": "1"}]},
        {"errors": [{"code": 1016, "title": "System overloaded", "details": "Backlog is full"}]},
        {
            "messages": [
                {"id": "U1", "from": SENDER, "type": "unknown", "errors": [{"code": 501, "title": "x"}]}
            ]
        },
    ]
    return copy.deepcopy(shapes)
