"""What happened, one frozen class a fact, in the past tense.

A fact never changes after it was written. `at` is the moment it was learnt here (receipt of the
webhook, answer of the API, …). Facts that belong to a store attempt carry its number; a result
that a dialect has just read carries `attempt` 0 until the cache's writer numbers it with
`ledger.attempt_of_result`.
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import msgspec
from msgspec import Struct

from console.domain.media import (
    DEFAULT_ACCOUNT,
    MediaId,
    MediaKey,
    MediaType,
    Millis,
    StoreError,
)


class _Base(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="fact"):
    key: MediaKey
    at: Millis
    account: str = DEFAULT_ACCOUNT


class MediaAnnounced(_Base, frozen=True, kw_only=True, omit_defaults=True, tag="MediaAnnounced"):
    """A message that carries a media was heard.

    `undownloaded` is True where the client says that it does not hold the file, or where its own
    download failed; then `error` tells what it said, if it said anything. `status` is the wire's
    word, kept for the history. `sent_at` is None where the message time is absent or implausible.
    """

    id: MediaId | None = None
    type: MediaType = MediaType.UNKNOWN
    message_id: str | None = None
    sent_at: Millis | None = None
    sender: str | None = None
    sender_name: str | None = None
    filename: str | None = None
    caption: str | None = None
    mime_type: str | None = None
    sha256: str | None = None
    size: int | None = None
    status: str | None = None
    undownloaded: bool = False
    error: StoreError | None = None


class StoreQueued(_Base, frozen=True, kw_only=True, omit_defaults=True, tag="StoreQueued"):
    """An operator's order was taken. `by` names who left it; `order_id` keeps it from being taken twice."""

    attempt: int
    order_id: str
    by: str = ""


class StoreRequested(_Base, frozen=True, kw_only=True, omit_defaults=True, tag="StoreRequested"):
    """The API is about to be called; written before the call so that no second call can start."""

    attempt: int
    try_number: int = 1


class StoreAccepted(_Base, frozen=True, kw_only=True, omit_defaults=True, tag="StoreAccepted"):
    """The API took the request; the result will come by webhook."""

    attempt: int
    try_number: int = 1


class StoreDeferred(_Base, frozen=True, kw_only=True, omit_defaults=True, tag="StoreDeferred"):
    """The call met a passing fault and will be tried again at `next_try_at` or later.

    `next_try_at` is `at` where nothing was asked for this media (no connection, no login, the queue
    held) or the service ended meanwhile: there is no delay of its own, and the try does not count.
    """

    attempt: int
    error: StoreError
    next_try_at: Millis
    try_number: int = 1


class StoreRefused(_Base, frozen=True, kw_only=True, omit_defaults=True, tag="StoreRefused"):
    """The API refused the request in its answer, or a passing fault outlived the last try."""

    attempt: int
    error: StoreError
    try_number: int = 1


class StoreUnanswered(_Base, frozen=True, kw_only=True, omit_defaults=True, tag="StoreUnanswered"):
    """No webhook came within the time-out: the outcome is unknown, not failed."""

    attempt: int


class _Result(_Base, frozen=True, kw_only=True, omit_defaults=True):
    id: MediaId
    attempt: int = 0
    type: MediaType = MediaType.UNKNOWN
    mime_type: str | None = None
    sha256: str | None = None
    status: str | None = None


class MediaStored(_Result, frozen=True, kw_only=True, omit_defaults=True, tag="MediaStored"):
    """A result webhook without errors: the client holds the file."""


class StoreFailed(_Result, frozen=True, kw_only=True, omit_defaults=True, tag="StoreFailed"):
    """A result webhook with errors, whatever its `status` says."""

    error: StoreError


class ResultNoted(_Result, frozen=True, kw_only=True, omit_defaults=True, tag="ResultNoted"):
    """A result webhook without errors whose status is some other word: history, nothing more."""


Fact: TypeAlias = (
    MediaAnnounced
    | StoreQueued
    | StoreRequested
    | StoreAccepted
    | StoreDeferred
    | StoreRefused
    | StoreUnanswered
    | MediaStored
    | StoreFailed
    | ResultNoted
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def encode(fact: Fact) -> bytes:
    """The fact as JSON, tagged with its class name under `fact`; equal facts give equal text."""
    if fact.account is not DEFAULT_ACCOUNT and fact.account == DEFAULT_ACCOUNT:
        # msgspec leaves a default text out only where it is the very same object, which a copied one is not.
        fact = msgspec.structs.replace(fact, account=DEFAULT_ACCOUNT)
    return _encoder.encode(fact)


def decode(data: bytes | str) -> Fact:
    """The inverse of `encode`.

    Raises:
        msgspec.MsgspecError: the text is not a fact that this version knows.
    """
    return _decoder.decode(data)


def identity(fact: Fact) -> bytes:
    """Sixteen bytes that two facts share when they say the same thing at different moments.

    A webhook that is delivered twice gives facts of one identity; the cache keeps the first.
    """
    return hashlib.blake2b(encode(msgspec.structs.replace(fact, at=0)), digest_size=16).digest()
