"""Recover: a new cache built from all that can be read of a damaged one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from console.cache.bodies import GONE, unpack
from console.cache.migrations import BUSY_SECONDS, migrate_from
from console.cache.paths import create_private, wal_path
from console.cache.permissions import protect
from console.cache.query import marks, sql
from console.cache.rebuild import Bodies, history, lacking, take_in
from console.cache.rows import COLUMNS, DERIVED, SELECTED, UPSERT, media_row, read_media
from console.cache.salvage import TableSalvage, from_both_ends
from console.cache.schema import APPLICATION_ID
from console.cache.soundness import check_sound, is_log
from console.cache.source import look, unreadable
from console.cache.trouble import CacheDamaged, is_damage
from console.domain import facts, ledger
from console.domain.exceptions import ConsoleError
from console.domain.media import Media, Millis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from console.cache.rows import Row
    from console.domain.reading import Reading

_FACT: Final = ("account", "media_key", "at", "kind", "data", "webhook_id", "identity", "stands_before")
_WEBHOOK: Final = ("received_at", "body", "coding", "facts")
_QUARANTINE: Final = ("webhook_id", "received_at", "place", "reason", "digest")
_NOTICE: Final = ("first_at", "at", "level", "source", "text", "media_key", "count")
_ORDER_TAKEN: Final = ("at", "account", "media_key", "taken")
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
    are stretches of rows, and single rows, that could not be read or were not what was written.
    """

    media: int = 0
    facts: int = 0
    bodies: int = 0
    quarantined: int = 0
    notices: int = 0
    orders: int = 0
    from_bodies: int = 0
    unreadable: int = 0


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
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
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
        with _whole(damaged) as path, closing(sqlite3.connect(look(path).address(path), uri=True)) as old:
            done = _Rebuilding(old, new, read).run()
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
    def __init__(
        self, old: sqlite3.Connection, new: sqlite3.Connection, read: Callable[[bytes, Millis], Reading]
    ) -> None:
        self._old = old
        self._new = new
        self._read = read
        self._unreadable = 0

    def run(self) -> Recovered:
        """Copies what is sound, and puts the rest together from that."""
        for row in self._rows("media", "seq", COLUMNS):
            self._keep_if(_insert_media(self._new, row))
        for row in self._rows("webhook", "id", _WEBHOOK):
            self._keep_if(self._insert_body(row))
        before = self._unreadable
        for row in self._rows("fact", "seq", _FACT):
            self._keep_if(_insert_fact(self._new, row))
        lost = self._unreadable > before
        for table, columns in (("quarantine", _QUARANTINE), ("notice", _NOTICE)):
            for row in self._rows(table, "id", columns):
                self._keep_if(_insert(self._new, table, ("id", *columns), row))
        self._copy_orders()
        from_bodies = self._read_bodies() if lost else 0
        self._fold(from_rows=lost)
        return replace(self._counts(), from_bodies=from_bodies, unreadable=self._unreadable)

    def _keep_if(self, sound: bool) -> None:
        self._unreadable += not sound

    def _rows(self, table: str, key: str, columns: Sequence[str]) -> Iterator[Row]:
        """The rows that can be read, in full also where an older version has fewer columns."""
        there = self._columns(table)
        if there is None:
            self._unreadable += 1
            return
        wanted = [name if name in there else "NULL" for name in columns]
        salvage = TableSalvage(self._old, table, key, wanted)
        yield from salvage.rows()
        self._unreadable += salvage.unreadable

    def _columns(self, table: str) -> set[str] | None:
        try:
            return {row[1] for row in self._old.execute(sql("PRAGMA", f"table_info({table})"))} or None
        except sqlite3.Error:
            return None

    def _insert_body(self, row: Row) -> bool:
        """Keeps a body that can still be read as one."""
        _, received_at, body, coding, _ = row
        if not isinstance(received_at, int) or not isinstance(body, bytes):
            return False
        if coding != GONE:
            try:
                self._read(unpack(body, coding), Millis(received_at))
            except ConsoleError:
                return False
        return _insert(self._new, "webhook", ("id", *_WEBHOOK), row)

    def _copy_orders(self) -> None:
        found = from_both_ends(self._old, "order_taken", ("id", *_ORDER_TAKEN))
        for row in found.rows:
            self._keep_if(_insert(self._new, "order_taken", ("id", *_ORDER_TAKEN), row))
        self._unreadable += not found.whole

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
                self._new.execute(UPSERT, media_row(media or told))

    def _counts(self) -> Recovered:
        counted = {
            field: int(self._new.execute(sql("SELECT count(*) FROM", table)).fetchone()[0])
            for field, table in _COUNTED.items()
        }
        return Recovered(**counted)


def _insert_media(new: sqlite3.Connection, row: Row) -> bool:
    """Keeps a media whose fields are all of their kinds."""
    try:
        media = read_media(row[1:])
        sound = msgspec.json.decode(msgspec.json.encode(media), type=Media) == media
        return sound and _insert(new, "media", ("seq", *COLUMNS, *DERIVED), (row[0], *media_row(media)))
    except (ValueError, TypeError, LookupError, msgspec.MsgspecError):
        return False


def _insert_fact(new: sqlite3.Connection, row: Row) -> bool:
    """Keeps a fact that is what its own identity says."""
    _, account, key, at, kind, data, _, identity, _ = row
    try:
        fact = facts.decode(data)
    except (TypeError, msgspec.MsgspecError):
        return False
    told = (fact.account, fact.key, fact.at, type(fact).__name__, facts.identity(fact))
    return told == (account, key, at, kind, identity) and _insert(new, "fact", ("seq", *_FACT), row)


def _insert(new: sqlite3.Connection, table: str, columns: Sequence[str], row: Row) -> bool:
    statement = sql("INSERT OR IGNORE INTO", table, f"({', '.join(columns)}) VALUES", marks(len(columns)))
    try:
        return new.execute(statement, row).rowcount > 0
    except (sqlite3.IntegrityError, sqlite3.InterfaceError, OverflowError):
        return False
