"""The service's standing: one frozen value that says how the service itself is doing.

The service writes it into the cache for viewers and hands it to the screen that hosts it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import Struct

from console.domain.media import Millis


class Health(StrEnum):
    """The client's `gateway_status` in one word, or why it is not known."""

    CONNECTED = "connected"
    CONNECTING = "connecting"
    DISCONNECTED = "disconnected"
    UNINITIALIZED = "uninitialized"
    UNREGISTERED = "unregistered"
    UNKNOWN = "unknown"
    """Not asked yet, or the health call got no answer that was understood."""
    UNREACHABLE = "unreachable"
    """No connection to the API can be made, or no login for want of an answer."""
    NOT_CONFIGURED = "not configured"
    """No API_URL is set."""


class Trouble(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A condition that lasts: a line that stays until it is over, with its remedy.

    `id` names the condition (`api`, `login`, `listener`, `cache`, …); there is one trouble an id.
    """

    id: str
    text: str
    remedy: str
    since: Millis


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the service is doing, whole; every field is a plain value."""

    pid: int
    since: Millis
    updated_at: Millis
    api_url: str | None = None
    health: Health = Health.UNKNOWN
    health_detail: str | None = None
    health_at: Millis | None = None
    listener: str | None = None
    """Address the webhook listener is bound to, as `host:port`; None while it is not."""
    listener_error: str | None = None
    last_event_at: Millis | None = None
    """Receipt of the last webhook that was answered 200, or that an earlier service stored."""
    webhooks: int = 0
    refused: int = 0
    """Webhooks, and connections that brought none, that were turned away since the service started."""
    quarantined: int = 0
    calling: int = 0
    """Store requests with an open HTTP call."""
    paused_until: Millis | None = None
    """The queue is held until then (429, 503, a refused login); None while it runs."""
    troubles: tuple[Trouble, ...] = ()
    stopped: bool = False
    """The service ended in order; what it says of the listener and the client is history."""


class Level(StrEnum):
    """How much a notice matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Notice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the events-and-errors list; equal ones are counted, not repeated.

    `source` is the room it comes from (`listener`, `api`, `worker`, `client`, `service`), `text`
    what happened, `key` the media concerned, if any. All text may hold a stranger's words.
    """

    at: Millis
    level: Level
    source: str
    text: str
    key: str | None = None
    first_at: Millis | None = None
    count: int = 1


_decoder = msgspec.json.Decoder(Standing)


def encode(standing: Standing) -> bytes:
    """The standing as JSON."""
    return msgspec.json.encode(standing)


def decode(data: bytes | str) -> Standing:
    """The inverse of `encode`.

    Raises:
        msgspec.MsgspecError: the text was written by a version that this one does not understand.
    """
    return _decoder.decode(data)
