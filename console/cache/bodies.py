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
_LEVEL: Final = 1
"""The fastest. It is done between a webhook and its answer, and JSON shrinks well all the same."""


class BodyDamaged(Report):
    """A stored body cannot be unpacked."""


def pack(body: bytes) -> tuple[bytes, str | None]:
    """What to store for a body, and its coding (None: as it is)."""
    if len(body) >= PACK_FROM:
        packed = gzip.compress(body, _LEVEL, mtime=0)
        if len(packed) < _CLEARLY * len(body):
            return packed, GZIP
    return body, None


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
