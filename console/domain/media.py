"""What a media is: its identity, what was heard of it, and how far its store request has come.

Every value here is frozen. The only code that derives a new `Media` from an old one is
`console.domain.ledger`; everything else reads.
"""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import NewType

from msgspec import Struct

Millis = NewType("Millis", int)
"""A moment in UTC, in milliseconds since 1970-01-01. Always a wall time, never a duration."""

MediaId = NewType("MediaId", str)
"""The API's own id of a media: opaque text, usually a UUID, kept exactly as received."""

MediaKey = NewType("MediaKey", str)
"""What a row is found by: the media id, or `message:<message id>` where no id was announced."""

DEFAULT_ACCOUNT = "default"
MESSAGE_KEY_PREFIX = "message:"

CLOCKS_DIFFER_MS = 2 * 60 * 1000
"""Two clocks that follow the same time servers never differ by more; the one of a sender's client may."""

_RETRIEVABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~=-]{0,255}")


class MediaType(StrEnum):
    """The `type` of a media message in the API's words; `unknown` where no message said it."""

    IMAGE = "image"
    DOCUMENT = "document"
    AUDIO = "audio"
    VOICE = "voice"
    VIDEO = "video"
    STICKER = "sticker"
    UNKNOWN = "unknown"


class State(StrEnum):
    """What is known of a media, in the words that the screen, the shell and JSON use."""

    RECEIVED = "received"
    UNDOWNLOADED = "undownloaded"
    QUEUED = "queued"
    REQUESTED = "requested"
    DOWNLOADED = "downloaded"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


class Origin(StrEnum):
    """Where an error was learnt: the HTTP answer, a webhook, or the network below both."""

    RESPONSE = "response"
    WEBHOOK = "webhook"
    NETWORK = "network"


class StoreError(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as it came over the wire, or as the network gave it.

    `code` is the API's code as a number where it reads as one, the HTTP status where the answer
    had no body of its own, or a word (`timeout`, `reset`, `unreachable`, …) for the network.
    `title` is never empty. `details` is the sender's text, word for word.
    """

    code: int | str
    title: str
    origin: Origin
    details: str | None = None


class Step(IntEnum):
    """How far a store attempt has come. The order is the order of authority within one attempt."""

    QUEUED = 0
    REQUESTED = 1
    ACCEPTED = 2
    DEFERRED = 3
    UNANSWERED = 4
    FAILED = 5
    STORED = 6


class Progress(Struct, frozen=True, kw_only=True):
    """The fact that decides where the newest attempt stands.

    `attempt` 0 means a result that nobody here had asked for. `try_number` counts HTTP calls
    within the attempt, 0 while none was made. `at` is the moment of the deciding fact.
    """

    attempt: int
    step: Step
    at: Millis
    try_number: int = 0
    error: StoreError | None = None
    next_try_at: Millis | None = None


class Media(Struct, frozen=True, kw_only=True):
    """One media as far as its facts tell. See `ledger.fold` for how each field is decided.

    The fields ending in `_from` hold the moment of the fact that a value was taken from; they
    exist so that facts may be folded in any order.
    """

    key: MediaKey
    id: MediaId | None = None
    account: str = DEFAULT_ACCOUNT

    heard_at: Millis | None = None
    """Receipt of the earliest webhook that spoke of this media."""

    announced_at: Millis | None = None
    """Receipt of the leading (earliest) announcement; None while only results are known."""
    message_id: str | None = None
    sent_at: Millis | None = None
    """The message's own time; None if it was absent or not plausible."""
    sender: str | None = None
    sender_name: str | None = None
    filename: str | None = None
    caption: str | None = None

    type: MediaType = MediaType.UNKNOWN
    type_from: Millis | None = None
    mime_type: str | None = None
    mime_type_from: Millis | None = None
    sha256: str | None = None
    sha256_from: Millis | None = None
    size: int | None = None
    size_from: Millis | None = None
    conflict: bool = False
    """True once two facts disagreed on type, MIME type, hash or size; the earliest value stays."""

    undownloaded: bool = False
    """Some announcement said that the client does not hold the file."""
    announced_error: StoreError | None = None
    announced_error_from: Millis | None = None

    opened: int = 0
    """The number of the last attempt for which the API was called."""
    progress: Progress | None = None

    @property
    def state(self) -> State:
        """The one word for where this media stands."""
        if self.progress is None:
            return State.UNDOWNLOADED if self.undownloaded else State.RECEIVED
        return _STATE_OF_STEP[self.progress.step]

    @property
    def error(self) -> StoreError | None:
        """The error that belongs to the present state, if it has one."""
        if self.progress is not None:
            return self.progress.error
        return self.announced_error if self.undownloaded else None

    @property
    def next_try_at(self) -> Millis | None:
        """When the worker calls again, while the media is queued after a passing fault.

        None where it waits for no moment of its own, but for the whole queue to go on.
        """
        progress = self.progress
        if progress is None or progress.next_try_at is None or progress.next_try_at <= progress.at:
            return None
        return progress.next_try_at

    @property
    def clock_from(self) -> Millis:
        """The moment the retention window counts from: message time, never later than receipt."""
        heard = self.heard_at if self.heard_at is not None else self.announced_at
        if heard is None:
            return self.sent_at if self.sent_at is not None else Millis(0)
        return heard if self.sent_at is None else min(self.sent_at, heard)

    @property
    def sent_at_assumed(self) -> bool:
        """True where the time of receipt stands in for the message's own.

        That was missing, not plausible, or lies after the receipt by more than clocks may differ.
        """
        if self.sent_at is None:
            return True
        return self.sent_at > self.clock_from + CLOCKS_DIFFER_MS

    @property
    def retrievable(self) -> bool:
        """Whether a store request may be made for it: it has an id and the id is safe in a URL."""
        return self.id is not None and is_retrievable(self.id)


_STATE_OF_STEP = {
    Step.QUEUED: State.QUEUED,
    Step.DEFERRED: State.QUEUED,
    Step.REQUESTED: State.REQUESTED,
    Step.ACCEPTED: State.REQUESTED,
    Step.UNANSWERED: State.UNCONFIRMED,
    Step.FAILED: State.FAILED,
    Step.STORED: State.DOWNLOADED,
}

OPEN_STATES = frozenset({State.QUEUED, State.REQUESTED})
"""States in which a store request is under way, so that another one must not be started."""

NEEDS_DOWNLOAD = frozenset({State.UNDOWNLOADED, State.FAILED, State.UNCONFIRMED})
"""States in which the operator is expected to ask."""

CLOCKED = NEEDS_DOWNLOAD | OPEN_STATES
"""States in which the retention window matters: the client may not hold the file."""


def is_retrievable(media_id: str) -> bool:
    """Whether an id may be put into a request path.

    Percent-encoding is no guard by itself: `..` survives it and is folded away by HTTP clients.
    """
    return _RETRIEVABLE.fullmatch(media_id) is not None


def message_key(message_id: str) -> MediaKey:
    """The key of an announced failure that carried no media id."""
    return MediaKey(MESSAGE_KEY_PREFIX + message_id)
