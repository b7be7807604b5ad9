"""What a program and its writer's process say to each other, over a pair of connected sockets.

Both are the same program, of the same user: values travel as pickles. Frames are a kind, a number and a
length, and what belongs to them.
"""

from __future__ import annotations

import pickle
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from console.domain.exceptions import Report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.domain.media import Millis
    from console.domain.reading import Reading

_HEAD: Final = struct.Struct("<BIQ")
_MOMENT: Final = struct.Struct("<q")


class Kind(IntEnum):
    """What a frame is. The number of an entry is the program's; an answer carries its entries' numbers."""

    BEGINNING = 0
    """To the writer, once: what it needs to begin."""
    WEBHOOK = 1
    """To the writer: a webhook, to be read by the writer."""
    ENTRY = 2
    """To the writer: any other entry."""
    END = 3
    """To the writer: nothing comes any more."""
    ANSWERS = 4
    """From the writer: outcomes, of entries whose transaction has ended."""
    LOG = 5
    """From the writer: a log record."""


class Beginning(NamedTuple):
    """What the writer begins with: the cache, the dialect of the webhooks, and what holds for the program."""

    db: Path
    read: Callable[[bytes, Millis], Reading]
    group: int | None
    log_level: int


class Frame(NamedTuple):
    """One frame."""

    kind: int
    number: int
    content: bytes

    def value(self) -> Any:
        """The value in it."""
        return pickle.loads(self.content)

    def webhook(self) -> tuple[bytes, Millis]:
        """Body and moment of its receipt."""
        (received_at,) = _MOMENT.unpack_from(self.content)
        return self.content[_MOMENT.size :], received_at


def framed(kind: Kind, value: object, number: int = 0) -> bytes:
    """A frame with a value in it.

    Raises:
        TypeError, AttributeError, pickle.PicklingError: the value cannot be told to another process.
    """
    content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _HEAD.pack(kind, number, len(content)) + content


def framed_webhook(number: int, body: bytes, received_at: Millis) -> bytes:
    """A frame with a webhook in it."""
    return _HEAD.pack(Kind.WEBHOOK, number, _MOMENT.size + len(body)) + _MOMENT.pack(received_at) + body


def telling(error: BaseException) -> BaseException:
    """The error, or words about it where it cannot be told to another process as it is."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever a class makes of being copied
        return Report(f"The writer met {type(error).__name__}: {error}", "Please report this text.")
    return error


class Frames:
    """Takes bytes as they come and gives whole frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def take(self, data: bytes) -> list[Frame]:
        """The frames that are whole with these bytes."""
        held, frames, at = self._bytes, [], 0
        held += data
        with memoryview(held) as view:
            while len(held) - at >= _HEAD.size:
                kind, number, length = _HEAD.unpack_from(held, at)
                end = at + _HEAD.size + length
                if end > len(held):
                    break
                frames.append(Frame(kind, number, bytes(view[end - length : end])))
                at = end
        del held[:at]
        return frames
