"""The rows on the pages of a database file, read without SQLite: for those that it does not find any more.

SQLite goes from the root of a table down. Where a page on that way is lost, those below it are whole all the
same. The format: sqlite.org/fileformat2.html, 1 (pages) and 2 (records).
"""

from __future__ import annotations

import os
import struct
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.frames import Frames, committed, is_page_size, read_at
from console.cache.paths import wal_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from console.cache.rows import SqlValue

PAGE_SIZE: Final = 4096
"""Of every cache that this program makes; assumed where the file does not say."""
_MAGIC: Final = b"SQLite format 3\0"
_HEADER: Final = 100
_INDEX_BRANCH, _TABLE_BRANCH, _INDEX_LEAF, _TABLE_LEAF = 0x02, 0x05, 0x0A, 0x0D
_HEADS: Final = {_INDEX_BRANCH: 12, _TABLE_BRANCH: 12, _INDEX_LEAF: 8, _TABLE_LEAF: 8}
"""How long the header of each kind of page is. An index has rows on its branches too."""
_LOCKED: Final = 2**30
"""The page with this byte is never written."""
_LARGEST: Final = 2**48
"""Rows with a greater number are not ours."""
_WIDTHS: Final = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
_KINDS: Final = "NIIIIIIRII??"
_FLOAT: Final = 7


class Cell(NamedTuple):
    """A row as it lies on its page, whose values are not read yet.

    `number` is 0 in an index or a table WITHOUT ROWID. `kinds` has a letter for each value: N for NULL,
    I for a whole number, R for another number, T for text, B for bytes.
    """

    number: int
    kinds: str
    types: tuple[int, ...]
    here: bytes
    elsewhere: int
    overflow: int


class Pages:
    """The pages of one file, each in its newest committed version.

    Nothing that lies in the file raises: what is no page, or no row, is left out. `lost` counts the pages
    that cannot be told from noise or hold something that is no row, once `cells` has come to its end.
    """

    def __init__(self, database: int, log: int | None, frames: Frames | None) -> None:
        self._database = database
        self._log = log
        self._frames = frames
        header = read_at(database, 0, _HEADER)
        size = 65536 if header[16:18] == b"\0\1" else int.from_bytes(header[16:18], "big")
        if frames is not None:
            size = frames.page_size
        self._size = size if is_page_size(size) and (frames or header.startswith(_MAGIC)) else PAGE_SIZE
        in_file = -(-os.fstat(database).st_size // self._size)
        self.count = in_file if frames is None else frames.pages
        first = self._page(1) or b""
        self.beginning = first.startswith(_MAGIC) and self._is_tree(first, _HEADER, self._size)
        self._usable = self._size - (first[20] if self.beginning else 0)
        said = int.from_bytes(first[28:32], "big")
        if frames is None and self.beginning and first[24:28] == first[92:96] and 0 < said < in_file:
            self.count = said
        self._free = self._free_pages(int.from_bytes(first[32:36], "big") if self.beginning else None)
        self.lost = 0

    def cells(self) -> Iterator[list[Cell]]:
        """The rows of tables and indexes, page by page; pages that are free are left out."""
        self.lost = 0 if self.beginning else min(1, self.count)
        for number in range(2, self.count + 1):
            if number in self._free or number == _LOCKED // self._size + 1:
                continue
            page = self._page(number)
            if page is None or not self._may_be(page):
                self.lost += 1
            elif page[0] in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_BRANCH):
                (count,) = struct.unpack_from(">H", page, 3)
                places = struct.unpack_from(f">{count}H", page, _HEADS[page[0]])
                found = [cell for place in places if (cell := self._cell(page, place)) is not None]
                self.lost += len(found) < count
                yield found

    def values(self, cell: Cell) -> tuple[SqlValue, ...] | None:
        """The values of a row; None where a part of it is lost, or is no text that may be."""
        data = cell.here
        if cell.elsewhere:
            rest = self._rest(cell.overflow, cell.elsewhere)
            if rest is None:
                return None
            data += rest
        values: list[SqlValue] = []
        at = 0
        for kind, type_ in zip(cell.kinds, cell.types, strict=True):
            part = data[at : at + _width(type_)]
            at += len(part)
            if kind == "T":
                try:
                    values.append(part.decode())
                except UnicodeDecodeError:
                    return None
            elif kind == "I":
                values.append(int.from_bytes(part, "big", signed=True) if part else type_ - 8)
            elif kind in "NB":
                values.append(part if kind == "B" else None)
            else:
                return None
        return tuple(values)

    def _page(self, number: int) -> bytes | None:
        offset = self._frames.offsets.get(number) if self._frames is not None else None
        if offset is not None and self._log is not None:
            page = read_at(self._log, offset, self._size)
        else:
            page = read_at(self._database, (number - 1) * self._size, self._size)
        return page if len(page) == self._size else None

    def _may_be(self, page: bytes) -> bool:
        """Whether a page of a tree, or one that begins with the number of the next, may look like this."""
        if page[0] in _HEADS:
            return self._is_tree(page, 0, self._usable)
        return int.from_bytes(page[:4], "big") <= self.count and any(page)

    @staticmethod
    def _is_tree(page: bytes, at: int, usable: int) -> bool:
        kind, _, count, content = struct.unpack_from(">BHHH", page, at)
        return kind in _HEADS and at + _HEADS[kind] + 2 * count <= (content or 65536) <= usable

    def _cell(self, page: bytes, at: int) -> Cell | None:
        try:
            length, at = _varint(page, at + 4 * (page[0] == _INDEX_BRANCH))
            number, at = _varint(page, at) if page[0] == _TABLE_LEAF else (0, at)
            head, place = _varint(page, at)
            types: list[int] = []
            while place < at + head:
                type_, place = _varint(page, place)
                types.append(type_)
        except IndexError:
            return None
        local = self._local(length, page[0])
        end = at + local
        overflows = local < length
        if place != at + head or head > local or end + 4 * overflows > self._usable or number > _LARGEST:
            return None
        if head + sum(map(_width, types)) != length:
            return None
        kinds = "".join([_KINDS[type_] if type_ < 12 else "BT"[type_ % 2] for type_ in types])
        overflow = int.from_bytes(page[end : end + 4], "big") if overflows else 0
        return Cell(number, kinds, tuple(types), page[place:end], length - local, overflow)

    def _local(self, length: int, kind: int) -> int:
        """How much of a row of so many bytes lies on its own page."""
        usable = self._usable
        most = usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        if length <= most:
            return length
        least = (usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (usable - 4)
        return local if local <= most else least

    def _rest(self, number: int, missing: int) -> bytes | None:
        """What a chain of pages holds of a row; None where one of them is lost or is not of it."""
        parts: list[bytes] = []
        seen: set[int] = set()
        while missing > 0:
            if not 2 <= number <= self.count or number in seen or number in self._free:
                return None
            seen.add(number)
            page = self._page(number)
            if page is None or not any(page):
                return None
            parts.append(page[4 : min(self._usable, 4 + missing)])
            missing -= len(parts[-1])
            number = int.from_bytes(page[:4], "big")
        return None if number else b"".join(parts)

    def _free_pages(self, trunk: int | None) -> set[int]:
        """The pages that hold nothing now, whatever was left on them.

        Where the list of them is broken, every page that looks like a part of it is taken for one.
        """
        free: set[int] = set()
        while trunk:
            listed = self._listed(trunk)
            if listed is None or trunk in free:
                break
            free.update((trunk, *listed[1:]))
            trunk = listed[0]
        if trunk != 0:
            for number in range(2, self.count + 1):
                free.update((self._listed(number) or (0,))[1:])
        return free

    def _listed(self, number: int) -> tuple[int, ...] | None:
        """The next page of the list of free pages, and those that this one names; None if it is none."""
        page = self._page(number) if 2 <= number <= self.count else None
        if page is None:
            return None
        following, count = struct.unpack_from(">II", page)
        if following > self.count or count > self._usable // 4 - 2:
            return None
        named = struct.unpack_from(f">{count}I", page, 8)
        sound = len(set(named)) == count and all(2 <= one <= self.count for one in named)
        return (following, *named) if sound else None


@contextmanager
def open_pages(db: Path) -> Iterator[Pages]:
    """The pages of a file and of the write-ahead log beside it.

    This process may not have it open through SQLite, whose locks would be lost with this handle.

    Raises:
        OSError: the file cannot be opened.
    """
    with ExitStack() as stack:
        database = stack.enter_context(db.open("rb")).fileno()
        log = None
        with suppress(OSError):
            log = stack.enter_context(wal_path(db).open("rb")).fileno()
        yield Pages(database, log, None if log is None else committed(log))


def _width(type_: int) -> int:
    if type_ < 12:
        return _WIDTHS[type_] if type_ < len(_WIDTHS) else 0
    return (type_ - 12) // 2


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends.

    Raises:
        IndexError: the data ends before it.
    """
    value = 0
    for place in range(at, at + 8):
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9
