"""Recover: a new cache built from all that can be read of a damaged one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from console.cache.bodies import GONE
from console.cache.carving import Carving, shape
from console.cache.counts import recount
from console.cache.migrations import BUSY_SECONDS, migrate_from
from console.cache.pages import open_pages
from console.cache.paths import create_private, wal_path
from console.cache.permissions import protect
from console.cache.query import sql
from console.cache.rebuild import Bodies, history, lacking, take_in
from console.cache.rows import SELECTED, read_media
from console.cache.salvage import TableSalvage, from_both_ends
from console.cache.schema import APPLICATION_ID
from console.cache.sifting import TABLES, Sieve
from console.cache.soundness import check_sound, is_log, look_through
from console.cache.source import look, unreadable
from console.cache.table import write_media
from console.cache.trouble import CacheDamaged, is_damage
from console.domain import facts, ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from console.cache.rows import Row
    from console.domain.media import Millis
    from console.domain.reading import Reading

_LONGEST: Final = 2**40
"""Bytes beyond which a length is taken for damaged itself."""
_LOST: Final = 0
"""The number of no body: where a fact names it, one that told of the media is not kept."""
_COUNTED: Final = {
    "media": "media",
    "facts": "fact",
    "bodies": "webhook",
    "quarantined": "quarantine",
    "notices": "notice",
    "orders": "order_taken",
}
_MEDIA_OF: Final = sql("SELECT", SELECTED, "FROM media WHERE account = ? AND key = ?")


class Recovered(Struct, frozen=True, kw_only=True):
    """What was rebuilt.

    `from_bodies` of the facts could not be read and were read from the webhook bodies anew. `unreadable`
    are stretches of rows, and single rows, that SQLite could not read or that were not what was written;
    `from_pages` rows of them were found on their pages all the same. `pages_lost` hold something that
    nobody can read; at most about `media_lost` media were on them that nothing else tells of.
    `beginning_lost`: the first page, which says where all else is, is one of them.
    """

    media: int = 0
    facts: int = 0
    bodies: int = 0
    quarantined: int = 0
    notices: int = 0
    orders: int = 0
    from_bodies: int = 0
    unreadable: int = 0
    from_pages: int = 0
    pages_lost: int = 0
    media_lost: int = 0
    beginning_lost: bool = False


def damage(db: Path) -> str | None:
    """What is wrong with a cache, in words; None if it is sound. Reads all of it and changes nothing.

    Raises:
        NoCache: there is none.
        CacheRefused: newer than this version, or not a cache.
        ConsoleError: it cannot be read now.
    """
    source = look(db)
    if not db.stat().st_size:
        return f"The cache {db} is empty."
    try:
        check_sound(db, thoroughly=True)
        with closing(sqlite3.connect(source.address(db), uri=True, timeout=BUSY_SECONDS)) as connection:
            found = look_through(connection, "integrity_check")
    except CacheDamaged as damaged:
        return damaged.what.removesuffix(" Nothing was changed.")
    except sqlite3.Error as error:
        if not is_damage(error):
            raise unreadable(db, error) from error
        found = str(error)
    return None if found == "ok" else f"The cache {db} is damaged ({found})."


def rebuild_cache(damaged: Path, draft: Path, read: Callable[[bytes, Millis], Reading]) -> Recovered:
    """Fills an empty file with a new cache: all that can be read of a damaged one, which stays as it is.

    Args:
        read: the dialect of the stored bodies.

    Raises:
        sqlite3.Error: the draft cannot be written.
    """
    with closing(sqlite3.connect(draft, isolation_level=None)) as new:
        new.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate_from(new, 0)
        new.execute("PRAGMA journal_mode = OFF")  # a draft that is not finished is nobody's
        new.execute("PRAGMA synchronous = OFF")
        new.execute("BEGIN")
        rebuilding = _Rebuilding(new, read)
        with _whole(damaged) as path:
            with closing(sqlite3.connect(look(path).address(path), uri=True)) as old:
                rebuilding.copy(old)
            rebuilding.carve(path)
        done = rebuilding.finish()
        new.execute("COMMIT")
        new.execute("PRAGMA journal_mode = WAL")
    return done if is_log(damaged) else replace(done, unreadable=done.unreadable + 1)


@contextmanager
def _whole(damaged: Path) -> Iterator[Path]:
    """The damaged file; where its end is missing, a private copy with empty pages there.

    SQLite reads nothing at all of a file that is shorter than its header says.
    """
    place = damaged.resolve()
    with place.open("rb") as opened:  # nobody here has it open through SQLite
        header = opened.read(100)
    length = _page_size(header) * int.from_bytes(header[28:32], "big")
    if not header.startswith(b"SQLite format 3\0") or not place.stat().st_size < length <= _LONGEST:
        yield damaged
        return
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", suffix=".new", dir=place.parent)
    try:
        protect(handle, place.parent)
    finally:
        os.close(handle)
    copy = Path(name)
    try:
        shutil.copyfile(place, copy)
        os.truncate(copy, length)
        if wal_path(place).exists():
            create_private(wal_path(copy), lambda draft: _copy(wal_path(place), draft))
        yield copy
    finally:
        for ending in ("-wal", "-shm", ""):
            copy.with_name(copy.name + ending).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _page_size(header: bytes) -> int:
    size = int.from_bytes(header[16:18], "big")
    return 65536 if size == 1 else size


class _Rebuilding:
    """A new cache put together: what SQLite reads, what lies on pages it does not find, then the rest."""

    def __init__(self, new: sqlite3.Connection, read: Callable[[bytes, Millis], Reading]) -> None:
        self._new = new
        self._read = read
        self._sieve = Sieve(new, read)
        self._done = Recovered()
        self._unreadable = 0
        self._refused: set[tuple[str, object]] = set()
        self._torn: list[str] = []

    def copy(self, old: sqlite3.Connection) -> None:
        """Takes all that SQLite can read."""
        for table, columns in TABLES.items():
            if table == "order_taken":
                found = from_both_ends(old, table, columns)
                self._take_all(table, found.rows)
                whole = found.whole
                self._unreadable += not whole
            else:
                whole = self._copy_rows(old, table, columns)
            if not whole:
                self._torn.append(table)

    def _copy_rows(self, old: sqlite3.Connection, table: str, columns: Sequence[str]) -> bool:
        """Takes the rows that can be read, in full also where an older version has fewer columns."""
        there = _columns(old, table)
        if there is None:
            self._unreadable += 1
            return False
        key, *others = columns
        salvage = TableSalvage(old, table, key, [name if name in there else "NULL" for name in others])
        self._take_all(table, salvage.rows())
        self._unreadable += salvage.unreadable
        return not salvage.unreadable

    def _take_all(self, table: str, rows: Iterable[Row]) -> None:
        for row in rows:
            if not self._sieve.take(table, row):
                self._refuse(table, row[0])

    def _refuse(self, table: str, key: object) -> None:
        self._refused.add((table, key))
        self._unreadable += 1

    def carve(self, damaged: Path) -> None:
        """Adds the rows on pages that SQLite did not find, of the tables that it could not read whole."""
        if not self._torn:
            return
        with open_pages(damaged) as pages:
            carving = Carving(pages, [shape(self._new, table) for table in self._torn])
            added = 0
            for found, row in carving.rows(lambda one, number: self._known(one.table, number)):
                wanted = [row[found.columns.index(name)] for name in TABLES[found.table]]
                if self._known(found.table, wanted[0]):
                    continue
                if self._sieve.take(found.table, wanted):
                    added += 1
                else:
                    self._refuse(found.table, wanted[0])
            media_lost = 0
            if {"media", "fact"} <= set(self._torn):  # else one leads to the other
                media_lost = ceil((pages.lost - (not pages.beginning)) * carving.rows_a_page("media"))
            self._done = Recovered(
                from_pages=added,
                pages_lost=pages.lost,
                media_lost=max(0, media_lost),
                beginning_lost=not pages.beginning,
            )

    def _known(self, table: str, key: object) -> bool:
        return (table, key) in self._refused or self._sieve.has(table, key)

    def finish(self) -> Recovered:
        """Puts the rest together from what is there."""
        self._sieve.settle()
        lost = "fact" in self._torn or any(table == "fact" for table, _ in self._refused)
        from_bodies = self._read_bodies() if lost else 0
        self._fold(from_rows=lost)
        recount(self._new)
        return replace(self._counted(), from_bodies=from_bodies, unreadable=self._unreadable)

    def _read_bodies(self) -> int:
        """Takes in what the bodies say and no readable fact does; how many facts."""
        bodies = Bodies(self._new, self._read)
        added = 0
        numbers = self._new.execute("SELECT id FROM webhook WHERE coding IS NOT ? ORDER BY id", (GONE,))
        for (number,) in numbers.fetchall():
            body = bodies.reading(number)
            for ref in body.facts if body is not None else ():
                if body is not None:
                    added += take_in(self._new, ref, lacking(self._new, ref, number, body, None))
        return added

    def _fold(self, *, from_rows: bool) -> None:
        """Folds the facts of each media, from its readable row on where facts were lost."""
        refs = self._new.execute("SELECT DISTINCT account, media_key FROM fact").fetchall()
        for ref in refs:
            row = self._new.execute(_MEDIA_OF, ref).fetchone() if from_rows else None
            stored = history(self._new, ref)
            media = told = None
            for one in stored:
                told = ledger.fold(told, facts.decode(one.data))
            if row is not None:
                media = read_media(row)
                for one in stored:
                    media = ledger.fold(media, facts.decode(one.data))
                if media != told:  # it knows what no fact tells any more: no replay may take that away
                    self._new.execute("UPDATE fact SET webhook_id = ? WHERE seq = ?", (_LOST, stored[0].seq))
            if told is not None:
                write_media(self._new, media or told)

    def _counted(self) -> Recovered:
        counted = {
            field: int(self._new.execute(sql("SELECT count(*) FROM", table)).fetchone()[0])
            for field, table in _COUNTED.items()
        }
        return replace(self._done, **counted)


def _columns(old: sqlite3.Connection, table: str) -> set[str] | None:
    try:
        return {row[1] for row in old.execute(sql("PRAGMA", f"table_info({table})"))} or None
    except sqlite3.Error:
        return None
