"""What an operator wants done, as it lies in the inbox until the service takes it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from console.domain.media import DEFAULT_ACCOUNT, MediaKey, Millis


class Verb(StrEnum):
    """What an order asks for."""

    STORE = "store"


class Order(Struct, frozen=True, kw_only=True):
    """One wish for one media. `id` is unique for ever: an order taken twice changes nothing."""

    id: str
    at: Millis
    key: MediaKey
    verb: Verb = Verb.STORE
    by: str = ""
    account: str = DEFAULT_ACCOUNT


class Taken(StrEnum):
    """What became of an order when the service took it."""

    QUEUED = "queued"
    ALREADY = "already"
    """A request for this media was under way; nothing was added."""
    UNKNOWN = "unknown"
    """The cache has no such media."""
    NOT_RETRIEVABLE = "not_retrievable"
    """The media has no id that could be asked for."""
