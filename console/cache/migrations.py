"""Opening a cache: refusing what is not ours before anything is touched, and bringing it up to date."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from console.cache import leavings
from console.cache.copies import keep_copy
from console.cache.paths import create_private, wal_path
from console.cache.permissions import check_database
from console.cache.schema import APPLICATION_ID, LATEST, VERSIONS
from console.cache.trouble import CacheDamaged, CacheRefused, damaged
from console.clock import wall
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from console.clock import Now

log = logging.getLogger(__name__)

__all__ = ["CacheDamaged", "CacheRefused", "check_sqlite", "create", "open_writer", "peek", "uri"]

OLDEST_SQLITE = (3, 34, 0)
BUSY_SECONDS = 5.0
PAGES_KB = 16_000
"""What the writer keeps of the file at hand: pages of an index that new rows fall on come again soon."""


@cache
def modules() -> frozenset[str]:
    """What the linked SQLite library can make virtual tables of."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return frozenset([name for (name,) in connection.execute("SELECT name FROM pragma_module_list")])


def check_sqlite(
    version: Sequence[int] = sqlite3.sqlite_version_info, has: Callable[[], Collection[str]] = modules
) -> None:
    """Refuses a SQLite library that lacks what the cache needs.

    Raises:
        FixSetting: it is older than 3.34, or was built without FTS5.
    """
    linked = f"This Python is linked to SQLite {'.'.join(map(str, version))}"
    if tuple(version) < OLDEST_SQLITE:
        raise FixSetting(f"{linked}; the cache needs 3.34 or newer.", "Run the console with a newer Python.")
    if "fts5" not in has():
        raise FixSetting(
            f"{linked}, which was built without its full-text search FTS5; the cache needs it.",
            "Run the console with another build of Python or SQLite.",
        )


def uri(db: Path, options: str) -> str:
    """A SQLite address of a file, whatever characters are in its path."""
    return f"file:{quote(os.fsencode(db.absolute()))}?{options}"


def create(db: Path) -> None:
    """Makes a new, empty, private cache, and says so; does nothing where a file of that name lies already.

    Raises:
        CacheRefused: the folder or the file cannot be written, or the log of a missing cache lies there.
    """
    try:
        if not db.exists():
            had_been = leavings.clear(db)
            create_private(db, _build)
            level = logging.WARNING if had_been else logging.INFO
            log.log(level, "there was no cache at %s: a new, empty one was made", db)
    except OSError as error:
        raise CacheRefused(
            f"The cache {db} cannot be created: {error.strerror}.", "Check the folder and the setting DB."
        ) from error


def open_writer(
    db: Path, *, factory: type[sqlite3.Connection] = sqlite3.Connection, now: Now = wall
) -> sqlite3.Connection:
    """The one connection that writes an existing cache: WAL, every commit synced, latest schema.

    An older cache is brought up to date, and a copy of it as it was is kept beside it.

    Args:
        factory: the class of the connection.
        now: the date in the name of such a copy.

    Raises:
        FixSetting: others can get at it.
        CacheRefused: newer than this version, not a cache, or not to be written; the file is as it was.
        CacheDamaged: not a readable database; the file is as it was.
        sqlite3.Error: anything that may pass.
    """
    check_sqlite()
    check_database(db.resolve())
    peek(db)
    if not os.access(db, os.W_OK):  # before SQLite makes companions of it that nobody may write either
        raise _not_writable(db)
    connection = sqlite3.connect(
        uri(db, "mode=rw"),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        cached_statements=64,
        factory=factory,
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{PAGES_KB}")
        connection.execute("PRAGMA trusted_schema = OFF")
        migrate_from(connection, check_version(connection, db), lambda old: _copied(db, old, now))
        connection.execute("PRAGMA journal_mode = WAL")
        _check_writable(connection, db)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_writable(connection: sqlite3.Connection, db: Path) -> None:
    """Begins to write once: SQLite opens a file that it may only read without a word.

    Raises:
        CacheRefused: it may not be written.
        sqlite3.Error: it cannot be written for a reason that may pass.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        # On such a file even BEGIN IMMEDIATE begins to read, and only the first writing statement fails.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM status WHERE 0")
    except sqlite3.OperationalError as error:
        code = error.sqlite_errorcode & 0xFF
        if code == sqlite3.SQLITE_READONLY:
            raise _not_writable(db) from error
        if code != sqlite3.SQLITE_BUSY:  # who else writes has the right to; it will be our turn
            raise
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")


def _not_writable(db: Path) -> CacheRefused:
    return CacheRefused(
        f"The cache {db} may not be written by this user.",
        "Give this user the right to write it, the files beside it whose names begin like its own, "
        "and the folder; or set DB to another path.",
    )


def peek(db: Path) -> None:
    """Looks at the header of a file through SQLite, creating nothing beside it and locking nothing.

    It is not read by `open`: closing a second handle on a file drops the locks that SQLite holds
    on it in the same process (sqlite.org/howtocorrupt.html, 2.2).

    Its write-ahead log is not looked at. What a checkpoint that was cut short has left in the file reads as
    damaged without it: so where there is a log, whoever opens both has to judge.

    Raises:
        CacheRefused: newer than this version, or not a cache.
        CacheDamaged: not a database.
        sqlite3.OperationalError: it cannot be opened.
    """
    with closing(sqlite3.connect(uri(db, "mode=ro&immutable=1"), uri=True)) as connection:
        try:
            check_version(connection, db)
        except CacheDamaged:
            if not _has_log(db):
                raise


def _has_log(db: Path) -> bool:
    try:
        return wal_path(db).stat().st_size > 0
    except OSError:
        return False


def check_version(connection: sqlite3.Connection, db: Path) -> int:
    """The schema version of an open cache, at most `schema.LATEST`.

    Raises:
        CacheRefused: newer than this version, or not a cache.
        CacheDamaged: not a database.
    """
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise damaged(db, str(error)) from error
    judge(version, application, db)
    return int(version)


def judge(version: int, application: int, db: Path) -> None:
    """Refuses a database by what its header says of it.

    Raises:
        CacheRefused: newer than this version, or not a cache.
        CacheDamaged: an empty file.
    """
    if version > LATEST:
        raise CacheRefused(
            f"The cache {db} was written by a newer version (schema {version}, this one knows {LATEST}). "
            "Nothing was changed.",
            "Update the console, or set DB to another path.",
        )
    if not (application or version or db.stat().st_size):
        raise damaged(db, "the file is empty")
    if application != APPLICATION_ID or version < 1:
        raise CacheRefused(
            f"The file {db} is not a cache of this program. Nothing was changed.", "Set DB to another path."
        )


def migrate_from(
    connection: sqlite3.Connection, version: int, before: Callable[[int], Path | None] = lambda _: None
) -> None:
    """Brings an open database from a version (0: empty) to the latest, in one transaction for all steps.

    Args:
        before: called with the version that the database has, once nobody else can change it; gives the
            copy that it made, if any. That is removed again where a step fails.

    Raises:
        sqlite3.Error: a step failed; the database is as it was.
    """
    if version == LATEST:
        return
    copy: Path | None = None
    connection.execute("BEGIN IMMEDIATE")
    try:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found < LATEST:
            copy = before(found)
            for statements in VERSIONS[found:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {LATEST}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if copy is not None and connection.in_transaction:
            copy.unlink()
        raise
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _copied(db: Path, version: int, now: Now) -> Path | None:
    # The writing connection cannot be copied from: it is in a transaction.
    connect = partial(sqlite3.connect, uri(db, "mode=ro"), uri=True, timeout=BUSY_SECONDS)
    return keep_copy(db, version, now, connect)


def _build(draft: Path) -> None:
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate_from(connection, 0)
        connection.execute("PRAGMA journal_mode = WAL")
