"""What a purge finds beside the cache: numbers in log files, and copies of the cache."""

from __future__ import annotations

import os
import re
from glob import escape
from typing import TYPE_CHECKING, Final

from console.cache.copies import copies
from console.cache.paths import log_path
from console.cache.purge import number_pattern

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK: Final = 1_000_000
_OVERLAP: Final = 200
"""Longer than any way to write a number."""


def mask_number(db: Path, number: str) -> int:
    """Makes a number unreadable in the log files of a cache, but for its last four digits; how often.

    Each digit becomes a `*` in its place, so that a program which writes to the log may go on with it.

    Raises:
        OSError: a log file cannot be written.
    """
    place = log_path(db)
    pattern = re.compile(number_pattern(number).encode())
    found = sorted(place.parent.glob(escape(place.name) + "*"))
    return sum(_mask(path, pattern) for path in found if path.is_symlink() or not path.is_dir())


def set_aside(db: Path) -> list[Path]:
    """The damaged caches that `recover` has set aside, by name."""
    place = db.resolve()
    return sorted(place.parent.glob(f"{escape(place.name)}.damaged-*"))


def copies_beside(db: Path) -> list[Path]:
    """The files beside a cache that hold what it held before."""
    return [*copies(db), *set_aside(db)]


def _mask(path: Path, pattern: re.Pattern[bytes]) -> int:
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    masked = offset = 0
    try:
        while part := os.pread(handle, _CHUNK + _OVERLAP, offset):
            for found in pattern.finditer(part):
                os.pwrite(handle, _hidden(found[0]), offset + found.start())
                masked += 1
            offset += _CHUNK
    finally:
        os.close(handle)
    return masked


def _hidden(number: bytes) -> bytes:
    """The number with all but its last four digits hidden, as long as it was."""
    shown = sum(bytes([letter]).isdigit() for letter in number) - 4
    hidden = bytearray(number)
    for at, letter in enumerate(number):
        if bytes([letter]).isdigit() and shown > 0:
            hidden[at] = ord("*")
            shown -= 1
    return bytes(hidden)
