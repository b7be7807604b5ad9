"""The JSON of the On-Premises API, whole: answers and webhooks in their published shapes.

Sources of the shapes: Meta's reference of `media/{media-id}/download`, the OpenAPI description of
the client, and the observed behaviour of its web layer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from console.domain.media import Millis

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = "dict[str, Json]"

VERSION = "3.0.0.0"
META: JsonObject = {"api_status": "stable", "version": VERSION}

TITLES: Mapping[int, str] = {
    0: "undefined",
    1000: "Generic error",
    1005: "Access denied",
    1006: "Resource not found",
    1008: "Required parameter is missing",
    1009: "Parameter value is not valid",
    1010: "Parameter is not required",
    1011: "Service not ready",
    1014: "Internal error",
    1015: "Too many requests",
    1016: "System overloaded",
    1022: "Webhooks URL is not configured",
    1024: "Password change required",
    1025: "Request is not valid",
}
STATUSES: Mapping[int, int] = {
    0: 500,
    1000: 500,
    1005: 403,
    1006: 404,
    1008: 400,
    1009: 400,
    1010: 400,
    1011: 500,
    1014: 500,
    1015: 429,
    1016: 503,
    1022: 412,
    1024: 401,
    1025: 400,
}
"""The HTTP status that goes with a code, unless the call says otherwise (1005 with 401)."""

ROUTE_NOT_FOUND = "URL path not found."
NOT_IN_DATASTORE = "Media not found in the datastore."
BAD_CREDENTIALS = "Missing or invalid authentication credentials"


def error(code: int | str, title: str, details: str = "") -> JsonObject:
    """One entry of `errors`; `details` is left out when empty, as the API does."""
    told: JsonObject = {"code": code, "title": title}
    return {**told, "details": details} if details else told


def failure(*errors: JsonObject) -> JsonObject:
    """A refusal: `meta` and `errors`."""
    return {"meta": META, "errors": list(errors)}


def accepted(media_id: str) -> JsonObject:
    """The answer to a store request that was taken."""
    return {"media_items": [{"id": media_id}], "meta": META}


def login(token: str, expires: Millis) -> JsonObject:
    """The answer to a login; the moment is written with a space, as the API does."""
    moment = datetime.fromtimestamp(expires // 1000, UTC)
    return {"users": [{"token": token, "expires_after": moment.isoformat(sep=" ")}], "meta": META}


def media_object(
    media_id: str | None,
    mime_type: str | None,
    sha256: str | None,
    *,
    status: str | None = None,
    caption: str | None = None,
    filename: str | None = None,
) -> JsonObject:
    """The object under the key that is named like the media's type; absent parts are left out."""
    parts: JsonObject = {
        "caption": caption,
        "file": None if media_id is None or status is not None else f"/usr/local/wamedia/shared/{media_id}",
        "filename": filename,
        "id": media_id,
        "mime_type": mime_type,
        "sha256": sha256,
        "status": status,
    }
    return {key: value for key, value in parts.items() if value is not None}


def result(
    media_id: str,
    media_type: str,
    mime_type: str | None,
    sha256: str | None,
    *,
    status: str = "downloaded",
    errors: Sequence[JsonObject] = (),
) -> JsonObject:
    """The webhook that ends a store request; a failure says `downloaded` too, as the API does."""
    told = media_object(media_id, mime_type, sha256, status=status)
    item: JsonObject = {media_type: told, "type": media_type}
    return {"media_items": [{"errors": list(errors), **item} if errors else item]}


def message(
    media_type: str,
    media: JsonObject | None,
    *,
    message_id: str,
    sender: str,
    timestamp: str,
    name: str | None = None,
    errors: Sequence[JsonObject] = (),
) -> JsonObject:
    """The webhook of one inbound message; without a name it comes without `contacts`."""
    told: JsonObject = {"from": sender, "id": message_id, "timestamp": timestamp, "type": media_type}
    if media is not None:
        told[media_type] = media
    if errors:
        told["errors"] = list(errors)
    body: JsonObject = {"messages": [told]}
    if name is not None:
        body = {"contacts": [{"profile": {"name": name}, "wa_id": sender}], **body}
    return body


def delivery_status(message_id: str, recipient: str, timestamp: str, status: str = "delivered") -> JsonObject:
    """The webhook of an outgoing message's fate: none of a media console's business."""
    told: JsonObject = {"id": message_id, "recipient_id": recipient, "status": status, "timestamp": timestamp}
    return {"statuses": [told]}
