"""Why the cache cannot be used, in words."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from console.domain.exceptions import ConsoleError, FixSetting, Report, RetryLater

if TYPE_CHECKING:
    from pathlib import Path


RECOVER: Final = "With no service running, run media-console recover: it rebuilds what can be read."
"""What to do about a damaged cache."""


class CacheRefused(FixSetting):
    """The file is not a cache that this version may use; it was not touched."""


class CacheDamaged(Report):
    """The file cannot be read as the database it claims to be; it was not touched."""


class CacheUnavailable(RetryLater):
    """The commit failed or the cache is closed: nothing of what was handed in is kept."""


class CacheBusy(RetryLater):
    """More is waiting to be written than the queue holds; nothing was taken."""


class WriterLost(Report):
    """The writer ended: by an error that nobody had foreseen, which the log has, or because it was killed."""

    def __init__(self, db: Path) -> None:
        super().__init__(
            f"The writer of the cache {db} failed, and nothing can be kept without it.",
            "Start again. If the log has a traceback of it, please report that.",
        )


_REASONS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space; writing resumes by itself."),
    sqlite3.SQLITE_BUSY: (
        "another program holds it locked",
        "Close other programs that write to it; writing resumes by itself.",
    ),
    sqlite3.SQLITE_READONLY: ("it may not be written", "Check the permissions of the file and its folder."),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "Check that the file is there and may be read."),
    sqlite3.SQLITE_IOERR: ("the disk reports an error", "Check the disk and its free space."),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", RECOVER),
    sqlite3.SQLITE_NOTADB: ("it is damaged", RECOVER),
}


_AGAIN: Final = "Writing is tried again with the next event."


def damaged(db: Path, why: str) -> CacheDamaged:
    """The refusal of a damaged cache."""
    return CacheDamaged(f"The cache {db} is damaged ({why}). Nothing was changed.", RECOVER)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error means that the file itself is wrong."""
    return code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def unavailable(db: Path, error: sqlite3.Error | OSError | ConsoleError) -> CacheUnavailable:
    """Says in words why the cache cannot be written now."""
    if isinstance(error, ConsoleError):
        return CacheUnavailable(error.what, error.remedy)
    if isinstance(error, OSError):
        reason, remedy = error.strerror or str(error), _AGAIN
    else:
        reason, remedy = _REASONS.get(code(error), (str(error), _AGAIN))
    return CacheUnavailable(f"The cache {db} cannot be written: {reason}.", remedy)


def code(error: sqlite3.Error) -> int:
    """The primary result code; 0 where the error came from no call of SQLite."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
