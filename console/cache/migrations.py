"""Opening a cache: refusing what is not ours before anything is touched, and bringing it up to date."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

from console.cache.paths import create_private
from console.cache.permissions import check_database
from console.cache.schema import APPLICATION_ID, LATEST, VERSIONS
from console.domain.exceptions import FixSetting, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

OLDEST_SQLITE = (3, 34, 0)
BUSY_SECONDS = 5.0


class CacheRefused(FixSetting):
    """The file is not a cache that this version may use; it was not touched."""


class CacheDamaged(Report):
    """The file cannot be read as the database it claims to be; it was not touched."""


def check_sqlite(version: Sequence[int] = sqlite3.sqlite_version_info) -> None:
    """Refuses a SQLite library that lacks what the cache needs.

    Raises:
        FixSetting: it is older than 3.34.
    """
    if tuple(version) < OLDEST_SQLITE:
        raise FixSetting(
            f"This Python is linked to SQLite {'.'.join(map(str, version))}; the cache needs 3.34 or newer.",
            "Run the console with a newer Python.",
        )


def uri(db: Path, options: str) -> str:
    """A SQLite address of a file, whatever characters are in its path."""
    return f"file:{quote(os.fsencode(db.absolute()))}?{options}"


def create(db: Path) -> None:
    """Makes a new, empty, private cache; does nothing where a file of that name lies already.

    Raises:
        CacheRefused: the folder or the file cannot be written.
    """
    try:
        if not db.exists():
            create_private(db, _build)
    except OSError as error:
        raise CacheRefused(
            f"The cache {db} cannot be created: {error.strerror}.", "Check the folder and the setting DB."
        ) from error


def open_writer(db: Path) -> sqlite3.Connection:
    """The one connection that writes an existing cache: WAL, every commit synced, latest schema.

    Raises:
        CacheRefused: newer than this version, not a cache, or not to be written; the file is as it was.
        CacheDamaged: not a readable database; the file is as it was.
        sqlite3.Error: anything that may pass.
    """
    check_sqlite()
    check_database(db)
    peek(db)
    if not os.access(db, os.W_OK):  # before SQLite makes companions of it that nobody may write either
        raise _not_writable(db)
    connection = sqlite3.connect(
        uri(db, "mode=rw"), uri=True, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=64
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        migrate_from(connection, check_version(connection, db))
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

    Raises:
        CacheRefused: newer than this version, or not a cache.
        CacheDamaged: not a database.
        sqlite3.OperationalError: it cannot be opened.
    """
    with closing(sqlite3.connect(uri(db, "mode=ro&immutable=1"), uri=True)) as connection:
        check_version(connection, db)


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
        raise CacheDamaged(
            f"The cache {db} is not a database that can be read ({error}). Nothing was changed.",
            "Set DB to another path, or move the file away to start with an empty cache.",
        ) from error
    judge(version, application, db)
    return int(version)


def judge(version: int, application: int, db: Path) -> None:
    """Refuses a database by what its header says of it.

    Raises:
        CacheRefused: newer than this version, or not a cache.
    """
    if version > LATEST:
        raise CacheRefused(
            f"The cache {db} was written by a newer version (schema {version}, this one knows {LATEST}). "
            "Nothing was changed.",
            "Update the console, or set DB to another path.",
        )
    if application != APPLICATION_ID or version < 1:
        raise CacheRefused(
            f"The file {db} is not a cache of this program. Nothing was changed.", "Set DB to another path."
        )


def migrate_from(connection: sqlite3.Connection, version: int) -> None:
    """Brings an open database from a version (0: empty) to the latest, each in one transaction.

    Raises:
        sqlite3.Error: a step failed; the version before it stands.
    """
    for number, statements in enumerate(VERSIONS[version:], version + 1):
        _step(connection, number, statements)


def _step(connection: sqlite3.Connection, number: int, statements: Iterable[str]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] < number:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _build(draft: Path) -> None:
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate_from(connection, 0)
        connection.execute("PRAGMA journal_mode = WAL")
