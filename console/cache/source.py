"""The file behind a reader: how it is opened without writing a byte, and whether it is still the same.

SQLite opens a WAL database read-only by way of its `-wal` and `-shm` files, and makes them if they
are missing. The writer therefore leaves them in place when it ends. Where they are missing all the
same (a copied file), nobody writes, and the file is read as one that cannot change (`immutable`);
readers look again after each query and repeat it in the usual way if a writer has come meanwhile.
A connection opened with `mode=ro` never checkpoints, not even as the last one to close.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from console.cache.leavings import check_nothing_lost
from console.cache.migrations import judge, uri
from console.cache.paths import wal_path
from console.cache.permissions import check_database
from console.cache.schema import LATEST
from console.cache.trouble import damaged, is_damage
from console.domain.exceptions import ConsoleError, FixSetting, Report, RetryLater

if TYPE_CHECKING:
    from pathlib import Path


_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""The last two are met while the log of a killed writer waits for one who may mend it, or is fought over."""


class NoCache(ConsoleError):
    """There is no cache yet."""


class Unreadable(RetryLater):
    """The cache cannot be read at this moment."""


class Source(Struct, frozen=True):
    """A cache file as it was found."""

    inode: tuple[int, int]
    immutable: bool

    def address(self, db: Path) -> str:
        """The SQLite address that opens it read-only."""
        return uri(db, "mode=ro&immutable=1" if self.immutable else "mode=ro")

    def stands(self, db: Path) -> bool:
        """Whether a connection opened on it may go on: the same file, and no writer came to a still one."""
        return _inode(db) == self.inode and not (self.immutable and wal_path(db).exists())


def look(db: Path) -> Source:
    """What lies at the path of the cache now.

    Raises:
        NoCache: nothing.
        CacheMissing: only the log of one.
        FixSetting: it cannot be looked at, or others can get at it.
    """
    check_database(db.resolve())
    return Source(_inode(db), immutable=not wal_path(db).exists())


def _inode(db: Path) -> tuple[int, int]:
    try:
        found = db.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        check_nothing_lost(db)
        raise NoCache(
            f"There is no cache at {db} yet.", "Start media-console or media-console listen."
        ) from error
    except OSError as error:
        raise FixSetting(
            f"The cache {db} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    return found.st_dev, found.st_ino


def check_readable(version: int, application: int, db: Path) -> None:
    """Refuses a file that this version cannot read.

    Raises:
        FixSetting: not a cache, newer than this version, or older and not yet brought up to date.
    """
    judge(version, application, db)
    if version < LATEST:
        raise FixSetting(
            f"The cache {db} was written by an older version.",
            "Start media-console or media-console listen once; it brings the cache up to date.",
        )


def unreadable(db: Path, error: sqlite3.Error) -> ConsoleError:
    """Says in words why a query failed."""
    if is_damage(error):
        return damaged(db, str(error))
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in _PASSING:
        return Unreadable(f"The cache {db} cannot be read now ({error}).", "Try again in a moment.")
    return Report(f"The cache {db} cannot be read ({error}).", "Please report this text.")
