"""Why the cache cannot be written now, in words."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from console.domain.exceptions import ConsoleError, RetryLater

if TYPE_CHECKING:
    from pathlib import Path


class CacheUnavailable(RetryLater):
    """The commit failed or the cache is closed: nothing of what was handed in is kept."""


class CacheBusy(RetryLater):
    """More is waiting to be written than the queue holds; nothing was taken."""


_REASONS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space; writing resumes by itself."),
    sqlite3.SQLITE_BUSY: (
        "another program holds it locked",
        "Close other programs that write to it; writing resumes by itself.",
    ),
    sqlite3.SQLITE_READONLY: ("it may not be written", "Check the permissions of the file and its folder."),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "Check that the file is there and may be read."),
    sqlite3.SQLITE_IOERR: ("the disk reports an error", "Check the disk and its free space."),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "Stop the service and set the file aside."),
    sqlite3.SQLITE_NOTADB: ("it is damaged", "Stop the service and set the file aside."),
}


def unavailable(db: Path, error: sqlite3.Error | ConsoleError) -> CacheUnavailable:
    """Says in words why the cache cannot be written now."""
    if isinstance(error, ConsoleError):
        return CacheUnavailable(error.what, error.remedy)
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    reason, remedy = _REASONS.get(code, (str(error), "Writing is tried again with the next event."))
    return CacheUnavailable(f"The cache {db} cannot be written: {reason}.", remedy)
