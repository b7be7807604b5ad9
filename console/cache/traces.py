"""What a purge finds beside the cache: numbers in log files, and copies of the cache."""

from __future__ import annotations

import os
import re
from glob import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.copies import copies
from console.cache.paths import log_path
from console.cache.purge import number_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK: Final = 1_000_000
_OVERLAP: Final = 200
"""Longer than any way to write a number."""


class Masked(NamedTuple):
    """In how many places a number was made unreadable, and which files could not be written, and why."""

    places: int
    failed: tuple[str, ...]


def mask_number(db: Path, number: str) -> Masked:
    """Makes a number unreadable in the log files of a cache, but for its last four digits.

    Each digit becomes a `*` in its place, so that a program which writes to the log may go on with it. A
    file that cannot be written, or is a link, is named and passed over.
    """
    place = log_path(db)
    pattern = re.compile(number_pattern(number).encode())
    places, failed = 0, []
    for path in sorted(place.parent.glob(escape(place.name) + "*")):
        if path.is_dir() and not path.is_symlink():
            continue
        try:
            for _ in _mask(path, pattern):
                places += 1
        except OSError as error:
            failed.append(f"{path} ({error.strerror})")
    return Masked(places, tuple(failed))


def set_aside(db: Path) -> list[Path]:
    """The damaged caches that `recover` has set aside, by name."""
    place = db.resolve()
    return sorted(place.parent.glob(f"{escape(place.name)}.damaged-*"))


def copies_beside(db: Path) -> list[Path]:
    """The files beside a cache that hold what it held before."""
    return [*copies(db), *set_aside(db)]


def _mask(path: Path, pattern: re.Pattern[bytes]) -> Iterator[None]:
    """Masks place by place.

    Raises:
        OSError: the file cannot be read or written, or is a link.
    """
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        for begin in range(0, os.fstat(handle).st_size, _CHUNK):
            before = max(0, begin - _OVERLAP)
            part = os.pread(handle, _OVERLAP + _CHUNK + _OVERLAP, before)
            for found in pattern.finditer(part):
                if begin <= before + found.start() < begin + _CHUNK:
                    os.pwrite(handle, _hidden(found[0]), before + found.start())
                    yield
    finally:
        os.close(handle)


def _hidden(number: bytes) -> bytes:
    """The number with all but its last four digits hidden, as long as it was."""
    shown = sum(bytes([letter]).isdigit() for letter in number) - 4
    hidden = bytearray(number)
    for at, letter in enumerate(number):
        if bytes([letter]).isdigit() and shown > 0:
            hidden[at] = ord("*")
            shown -= 1
    return bytes(hidden)
