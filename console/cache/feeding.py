"""When the search index is fed: behind the commits, a little at a time, by the thread that commits."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from console.cache import searchindex
from console.cache.trouble import code
from console.clock import monotonic
from console.domain.exceptions import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.cache.connection import WritingConnection

log = logging.getLogger(__name__)

REST: Final = 0.5
"""Seconds after a commit until its rows are indexed, so that those of many commits are indexed together."""
TRAILS: Final = 1.5
"""Seconds after a commit from which on its rows are indexed however much waits to be committed."""
SHARE: Final = 0.25
"""Of the time that commits take, so much is spent on what is overdue, and one bite at least."""
AGAIN: Final = 10.0
"""Seconds until the next try after a fault."""
_NEVER: Final = float("inf")
_FAULTS: Final = (sqlite3.Error, OSError, MemoryError, ConsoleError)
_OF_THE_INDEX: Final = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CONSTRAINT)
"""What SQLite says of an index that is not there or is not what FTS5 wrote."""


class Feeder:
    """Feeds the search index of the cache that a connection writes. All calls belong to that one's thread.

    Whatever goes wrong costs nobody but the search, which looks at the rows themselves meanwhile. A bite
    is a transaction of its own that is not synced: what is lost of it is fed again.
    """

    def __init__(self, connection: WritingConnection, now: Callable[[], float] = monotonic) -> None:
        self._connection = connection
        self._now = now
        self._feed_at = _NEVER
        self._merging = False
        self._fed_last = False
        self._failing = False

    def committed(self) -> None:
        """Takes note of a commit, by which there may be something to index."""
        if self._feed_at == _NEVER:
            self._feed_at = self._now() + REST

    def wait(self) -> float | None:
        """Seconds until the next bite, if nothing else is to be done then; None: until the next commit."""
        if self._merging:
            return 0.0
        return None if self._feed_at == _NEVER else max(0.0, self._feed_at - self._now())

    def keep_up(self, busy: float) -> None:
        """Does what is overdue, whatever waits, after so many seconds in which others were served."""
        until = self._now() + SHARE * busy
        while self._now() >= self._feed_at + TRAILS - REST:
            self.bite()
            if self._now() >= until:
                return

    def bite(self) -> None:
        """Feeds the index a little, or merges a little of it; lets no fault out."""
        try:
            try:
                if self._merging or searchindex.trails(self._connection.get()):
                    self._in_transaction(self._feed_or_merge)
                else:
                    self._all_is_fed()
            except sqlite3.DatabaseError as error:
                if code(error) not in _OF_THE_INDEX:
                    raise
                self._renew(error)
        except _FAULTS as error:
            self._tell(f"the search goes without its index for now: {error}")
            self._connection.give_up()  # a second sync after a failed one proves nothing
            self._merging = False
            self._feed_at = self._now() + AGAIN

    def _renew(self, error: sqlite3.Error) -> None:
        rest = AGAIN if self._failing else 0.0  # where that does not help, it is not for the index
        self._tell(f"the search index is made anew: {error}")
        self._merging = False
        self._in_transaction(searchindex.renew)
        self._feed_at = self._now() + rest

    def _feed_or_merge(self, connection: sqlite3.Connection) -> None:
        """Feeds and merges by turns while there is something of both to do."""
        if self._merging and (self._fed_last or self._now() < self._feed_at):
            self._fed_last = False
            self._merging = searchindex.merge(connection)
        else:
            self._fed_last = self._merging = True
            if not searchindex.feed(connection):
                self._all_is_fed()

    def _all_is_fed(self) -> None:
        self._feed_at = _NEVER
        self._failing = False

    def _in_transaction(self, work: Callable[[sqlite3.Connection], None]) -> None:
        connection = self._connection.get()
        connection.execute("PRAGMA synchronous = NORMAL")
        try:
            connection.execute("BEGIN IMMEDIATE")
            work(connection)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.execute("PRAGMA synchronous = FULL")
        self._connection.committed()

    def _tell(self, what: str) -> None:
        """Says what is wrong, once until all is indexed again."""
        if not self._failing:
            log.warning("%s", what)
        self._failing = True
