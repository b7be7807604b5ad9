"""A connection of SQLite that tells of each statement before it is carried out, and after."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def _nothing(_: sqlite3.Connection, __: str) -> None:
    pass


def watched(
    before: Callable[[sqlite3.Connection, str], None] = _nothing,
    after: Callable[[sqlite3.Connection, str], None] = _nothing,
) -> type[sqlite3.Connection]:
    """A class of connections; what `before` or `after` raises is raised by the statement."""

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            before(self, sql)
            done = super().execute(sql, parameters)
            after(self, sql)
            return done

        def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
            before(self, sql)
            done = super().executemany(sql, parameters)
            after(self, sql)
            return done

    return Watched


def disk_error() -> sqlite3.OperationalError:
    """What SQLite raises when the disk fails."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    error.sqlite_errorname = "SQLITE_IOERR"
    return error
