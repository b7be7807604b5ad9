"""The writing connection over its life: opened, given up after a fault, opened anew, emptied and closed."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.leavings import CacheMissing
from console.cache.migrations import BUSY_SECONDS, create, uri
from console.cache.paths import wal_path
from console.cache.replacing import undo_half
from console.cache.soundness import check_sound
from console.cache.source import NoCache
from console.cache.trouble import CacheDamaged, CacheUnavailable, is_damage
from console.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.domain.exceptions import ConsoleError

LOOK_AGAIN: Final = 10.0
"""Seconds between two looks at a cache that was found damaged; each reads all of it."""
LARGEST_LOG: Final = 16_000_000
"""Bytes of write-ahead log from which on it is emptied between two batches, not only in a pause."""
SHORTEN_AGAIN: Final = 1.0
"""Seconds between two tries at that: while a reader is in the way, each costs `PATIENCE`."""
PATIENCE: Final = 0.1
"""Seconds that emptying it waits for readers to be done."""


class _Mark(NamedTuple):
    """What changes when somebody else writes or replaces the files."""

    files: tuple[int, int, int]
    written: tuple[int, int]


class WritingConnection:
    """The one connection that writes a cache. All calls belong to one thread.

    It is given up after each fault, because a second sync after a failed one proves nothing; and when
    the files are no longer those that it left behind (overwritten, replaced, removed), because what it
    would write then might be in no file that anybody finds. A cache in doubt is looked through before
    it is written again; as long as it is damaged, `get` raises.

    Beside it lies a second, read-only connection that is never used: while it is open, closing
    the writing one is not closing the last one, so SQLite leaves the write-ahead log (empty after
    `wal_checkpoint`) and its index where they are. Readers that come later then find both and
    need not create them.
    """

    def __init__(
        self, db: Path, connect: Callable[[Path], sqlite3.Connection], look_again: float = LOOK_AGAIN
    ) -> None:
        self._db = db
        self._connect = connect
        self._look_again = look_again
        self._connection: sqlite3.Connection | None = None
        self._keeper: sqlite3.Connection | None = None
        self._log = wal_path(db)
        self._log_size = 0
        self._mark: _Mark | None = None
        self._doubted = False
        self._damage: CacheDamaged | None = None
        self._look_at = 0.0
        self._shorten_at = 0.0

    def begin(self) -> None:
        """Opens the cache for the first time, creating it if there is none.

        Raises:
            ConsoleError: it cannot be used, and was not touched.
            sqlite3.Error, OSError: it cannot be opened now.
        """
        undo_half(self._db)
        create(self._db)
        check_sound(self._db)
        self.get()

    def get(self) -> sqlite3.Connection:
        """The connection, opened anew where it has been given up.

        Raises:
            ConsoleError: the cache cannot be used, or is damaged.
            sqlite3.Error, OSError: it cannot be opened now.
        """
        if self._connection is not None and self._mark != self._looked():
            self.settle()  # what the log holds belongs into the file that it was written for
            self.give_up()
            self._doubted = True
        if self._connection is None:
            self._dispel_doubt()
            self._connection = self._connect(self._db)
            self._log = wal_path(self._db)
            self._mark = self._looked()
        if self._keeper is None:
            self._keeper = _keep(self._db)
        return self._connection

    def committed(self) -> None:
        """To be called after each commit, before anybody is told of it.

        Raises:
            CacheUnavailable: it went into files that nobody will find.
        """
        before, self._mark = self._mark, self._looked()
        if before is None or self._mark is None or before.files != self._mark.files:
            self._doubted = True
            raise self._gone()

    def give_up(self, error: sqlite3.Error | OSError | ConsoleError | None = None) -> None:
        """Closes the connection after a fault; `get` opens it anew."""
        if isinstance(error, CacheDamaged) or (isinstance(error, sqlite3.Error) and is_damage(error)):
            self._doubted = True
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def shorten_log(self) -> None:
        """Empties the log where it has grown large without a pause in which to do it."""
        if self._log_size > LARGEST_LOG and monotonic() >= self._shorten_at:
            self.settle()
            self._shorten_at = monotonic() + SHORTEN_AGAIN

    def settle(self) -> bool:
        """Empties the log, unless a reader is in the way for long; whether that is done."""
        if self._connection is None:
            return True
        try:
            self._connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000:.0f}")
            (busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
        except sqlite3.Error as error:
            self.give_up(error)
            return True
        self._mark = self._looked()
        return not busy

    def close(self) -> None:
        """Empties the log and closes everything."""
        self.settle()
        self.give_up()
        if self._keeper is not None:
            self._keeper.close()

    def _looked(self) -> _Mark | None:
        """The files as they are now; None where one is missing."""
        try:
            file, log = os.stat(self._db), os.stat(self._log)
        except OSError:
            return None
        files = (file.st_dev, file.st_ino, log.st_ino)
        self._log_size = log.st_size
        return _Mark(files, (file.st_size, file.st_mtime_ns))

    def _gone(self) -> CacheUnavailable:
        return CacheUnavailable(
            f"The cache {self._db} was removed or replaced while a service writes it.",
            "Put it back in its place; writing resumes by itself.",
        )

    def _dispel_doubt(self) -> None:
        """Looks through a cache in doubt, once in a while.

        Raises:
            CacheDamaged: it is damaged, or was at the last look.
            CacheUnavailable: it is not there.
        """
        if self._doubted and monotonic() >= self._look_at:
            self._damage = None
            try:
                check_sound(self._db, thoroughly=True)
            except CacheDamaged as damage:
                self._damage = damage
            except (NoCache, CacheMissing):
                raise self._gone() from None
            self._look_at = monotonic() + self._look_again
        if self._damage is not None:
            raise self._damage
        self._doubted = False


def _keep(db: Path) -> sqlite3.Connection:
    keeper = sqlite3.connect(uri(db, "mode=ro"), uri=True)
    try:
        keeper.execute("SELECT count(*) FROM status").fetchone()
    except BaseException:
        keeper.close()
        raise
    return keeper
