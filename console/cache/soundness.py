"""Whether a cache may be written to: looked at before a service touches it, and again when it raises doubt.

An end in order leaves an empty write-ahead log that is not older than the database, because SQLite
cuts the log only after the database has been synced. Anything else is taken for an unclean end, or
for a file that somebody else has written since: then every page is read (`PRAGMA quick_check`).
After an end in order only the beginning of each table and index is.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from console.cache.migrations import BUSY_SECONDS, check_version
from console.cache.paths import wal_path
from console.cache.query import sql
from console.cache.source import look
from console.cache.trouble import CacheRefused, damaged, is_damage

if TYPE_CHECKING:
    from pathlib import Path

_LOG_MAGIC: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83", b"\0\0\0\0", b"")
"""How a write-ahead log begins (sqlite.org/fileformat2.html, 4.1), or one that power loss left unwritten."""

_TABLES: Final = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
_INDEXES: Final = (
    "SELECT part.tbl_name, part.name FROM sqlite_schema AS part, pragma_index_list(part.tbl_name) AS told "
    "WHERE part.type = 'index' AND told.name = part.name AND NOT told.partial"
)


def check_sound(db: Path, *, thoroughly: bool = False) -> None:
    """Refuses a damaged cache; reads only, and writes nothing that was not there.

    Args:
        thoroughly: reads every page whatever the last end was like.

    Raises:
        NoCache: there is none.
        CacheRefused: newer than this version, or not a cache.
        CacheDamaged: it is damaged.
        sqlite3.OperationalError: it cannot be read now.
    """
    source = look(db)
    clean = _ended_in_order(db)
    try:
        with closing(sqlite3.connect(source.address(db), uri=True, timeout=BUSY_SECONDS)) as connection:
            check_version(connection, db)
            _read_beginnings(connection)
            found = "ok" if clean and not thoroughly else look_through(connection, "quick_check")
    except sqlite3.Error as error:
        if is_damage(error):
            raise damaged(db, str(error)) from error
        raise
    if found != "ok":
        raise damaged(db, found)


def look_through(connection: sqlite3.Connection, pragma: str) -> str:
    """`ok`, or the first thing that `quick_check` or `integrity_check` finds.

    Raises:
        sqlite3.Error: not all can be read.
    """
    try:
        (found,) = connection.execute(sql("PRAGMA", pragma, "(1)")).fetchone()
    except sqlite3.DatabaseError as error:
        if in_words(str(error)) == "ok":
            return "ok"
        raise
    return in_words(found)


def in_words(found: str) -> str:
    """What such a check found, in words.

    `ok` where it is of the search index, which is fed again: newer versions of SQLite look at that too, and
    last, so that nothing else is wrong then.
    """
    if "media_search" in found or "fts5" in found:
        return "ok"
    return " ".join(found.replace("*** in database main ***", "").split())


def is_log(db: Path) -> bool:
    """Whether the write-ahead log beside a cache begins like one; so it does where there is none.

    Raises:
        CacheRefused: it cannot be read.
    """
    return _beginning_of_log(db) in (None, *_LOG_MAGIC)


def _ended_in_order(db: Path) -> bool:
    """Whether the files lie as an end in order leaves them.

    Raises:
        CacheDamaged: the write-ahead log is none.
        CacheRefused: it cannot be read.
    """
    beginning = _beginning_of_log(db)
    if beginning is None:
        return False
    if beginning not in _LOG_MAGIC:
        raise damaged(db, f"{wal_path(db).name} beside it is not its write-ahead log")
    try:
        return not beginning and db.stat().st_mtime_ns <= wal_path(db).stat().st_mtime_ns
    except OSError:  # it is being moved or replaced
        return False


def _beginning_of_log(db: Path) -> bytes | None:
    log = wal_path(db)
    try:
        with log.open("rb") as opened:  # SQLite holds no lock on this file that closing it could drop
            return opened.read(4)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CacheRefused(
            f"The file {log} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error


def _read_beginnings(connection: sqlite3.Connection) -> None:
    """Meets a damaged first page of any table or index, at the cost of a few pages each.

    Raises:
        sqlite3.DatabaseError: one cannot be read.
    """
    fetch = connection.execute
    for (table,) in fetch(_TABLES).fetchall():
        fetch(sql("SELECT 1 FROM", _quoted(table), "NOT INDEXED LIMIT 1")).fetchone()
    for table, index in fetch(_INDEXES).fetchall():
        fetch(sql("SELECT 1 FROM", _quoted(table), "INDEXED BY", _quoted(index), "LIMIT 1")).fetchone()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
