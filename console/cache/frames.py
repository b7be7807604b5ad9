"""What a write-ahead log holds beyond its database, read without SQLite: sqlite.org/fileformat2.html, 4."""

from __future__ import annotations

import os
import struct
from typing import Final, NamedTuple

_HEADER: Final = 32
_FRAME: Final = 24
_ORDERS: Final = {b"\x37\x7f\x06\x82": "<", b"\x37\x7f\x06\x83": ">"}
"""The byte order of the numbers that the checksums are made of, by how the log begins."""
_LARGEST_PAGE: Final = 65536
_MASK: Final = 0xFFFFFFFF


class Frames(NamedTuple):
    """The committed pages of a log: their size, where the newest of each lies, and how many pages there are
    in the database after the last commit."""

    page_size: int
    offsets: dict[int, int]
    pages: int


def is_page_size(size: int) -> bool:
    """Whether pages of so many bytes can be."""
    return 512 <= size <= _LARGEST_PAGE and size.bit_count() == 1


def read_at(handle: int, offset: int, size: int) -> bytes:
    """So many bytes of a file; fewer at its end, and none where the disk does not give them."""
    try:
        return os.pread(handle, size, offset)
    except OSError:
        return b""


def committed(log: int) -> Frames | None:
    """What was committed to a log, up to the first frame that is not what was written; None if nothing."""
    header = read_at(log, 0, _HEADER)
    order, size = _ORDERS.get(header[:4]), int.from_bytes(header[8:12], "big")
    if order is None or len(header) < _HEADER or not is_page_size(size):
        return None
    sums = _checksum(order, header[:24], (0, 0))
    if struct.pack(">II", *sums) != header[24:]:
        return None
    salts, offset, pages = header[16:24], _HEADER, 0
    offsets: dict[int, int] = {}
    since: dict[int, int] = {}
    while len(frame := read_at(log, offset, _FRAME + size)) == _FRAME + size:
        number, after = struct.unpack(">II", frame[:8])
        sums = _checksum(order, frame[:8] + frame[_FRAME:], sums)
        if not number or frame[8:16] != salts or struct.pack(">II", *sums) != frame[16:_FRAME]:
            break
        since[number] = offset + _FRAME
        if after:
            offsets.update(since)
            since.clear()
            pages = after
        offset += _FRAME + size
    return Frames(size, offsets, pages) if pages else None


def _checksum(order: str, data: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    for one, two in struct.iter_unpack(f"{order}II", data):
        first = (first + one + second) & _MASK
        second = (second + two + first) & _MASK
    return first, second
