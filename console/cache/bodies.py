"""How a webhook body lies in the cache: as it was received, or packed where that makes it clearly smaller."""

from __future__ import annotations

import gzip
import zlib
from typing import Final

from console.domain.exceptions import Report

GZIP: Final = "gzip"
GONE: Final = "gone"
"""The body was removed, and its row stays only because it has the highest number: no number may come
twice, for facts name their body by it."""

PACK_FROM: Final = 2000
"""Bytes from which a body is packed; a shorter one hardly takes fewer pages."""
_CLEARLY: Final = 0.8
_SAMPLE: Final = 4000
"""Bytes by which a long body is judged before it is packed as a whole."""
_LEVEL: Final = 1
"""The fastest. It is done between a webhook and its answer, and JSON shrinks well all the same."""


class BodyDamaged(Report):
    """A stored body cannot be unpacked."""


def pack(body: bytes) -> tuple[bytes, str | None]:
    """What to store for a body, and its coding (None: as it is)."""
    if len(body) >= PACK_FROM and _shrinks(body[:_SAMPLE], _packed(body[:_SAMPLE])):
        packed = _packed(body)
        if _shrinks(body, packed):
            return packed, GZIP
    return body, None


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)


def _shrinks(body: bytes, packed: bytes) -> bool:
    return len(packed) < _CLEARLY * len(body)


def unpack(stored: bytes, coding: str | None) -> bytes:
    """The inverse of `pack`.

    Raises:
        BodyDamaged: these bytes are not what was stored, or a newer version stored them.
    """
    if coding is None:
        return stored
    try:
        if coding == GZIP and stored:
            return gzip.decompress(stored)
    except (OSError, EOFError, zlib.error) as error:
        raise BodyDamaged(
            f"A stored webhook body cannot be unpacked ({error}).",
            "Stop the service and run media-console recover.",
        ) from error
    raise BodyDamaged(f"A stored webhook body cannot be unpacked (coding {coding!r}).", "Update the console.")
