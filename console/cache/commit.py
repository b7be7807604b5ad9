"""Group commit: takes what has queued, commits once and only then releases the callers."""

from __future__ import annotations

import queue
import sqlite3
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Final, Protocol

from console.cache.batch import Batch
from console.cache.connection import WritingConnection
from console.cache.entry import UNSTORABLE, DecisionFailed, Entry
from console.cache.feeding import Feeder
from console.cache.trouble import unavailable
from console.clock import monotonic
from console.domain.exceptions import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

BATCH: Final = 64
"""Entries in one transaction, at most."""
IDLE_SECONDS: Final = 2.0
"""A pause after which the log is folded back into the database and cut to nothing."""
MEDIA: Final = 2000
"""About so many media make a transaction full, however few entries they came in."""


class Source(Protocol):
    """Where entries queue up; None is the end. As `queue.SimpleQueue` has it."""

    def get(self, *, timeout: float | None = None) -> Entry | None:
        """The next one; `queue.Empty` where none comes within so many seconds."""
        ...

    def get_nowait(self) -> Entry | None:
        """The next one that is there; `queue.Empty` where none is."""
        ...

    def put(self, entry: Entry | None) -> None:
        """Adds one behind all others."""
        ...

    def qsize(self) -> int:
        """How many are there."""
        ...


class Committer:
    """Owns the writing connection, and works in one thread: that of `run`.

    Whatever the disk or SQLite may do fails the entries at hand, and the work goes on. Any other error
    ends it. In its pauses it feeds the search index.

    Args:
        db: the cache.
        connect: makes the writing connection, at first and after each fault.
        entries: where they come from.
        release: is given entries whose outcome stands.
        feeder: makes what feeds the search index.
    """

    def __init__(
        self,
        db: Path,
        connect: Callable[[Path], sqlite3.Connection],
        entries: Source,
        release: Callable[[Sequence[Entry]], None],
        feeder: Callable[[WritingConnection], Feeder] = Feeder,
    ) -> None:
        self._db = db
        self._connection = WritingConnection(db, connect)
        self._feeder = feeder(self._connection)
        self._queue = entries
        self._release = release
        self._settled = True
        self._alone: tuple[Entry, sqlite3.Connection] | None = None

    def run(self, opening: Entry) -> None:
        """Opens the cache, which is the outcome of `opening`, and commits what queues up until the end.

        Where the cache cannot be opened that is the outcome, and nothing else is done.

        Raises:
            Exception: one that nobody had foreseen. What was being done counts as failed.
        """
        try:
            self._begin(opening)
            if opening.error is None:
                self._work()
        finally:
            self._connection.close()

    def break_off(self, entry: Entry) -> None:
        """Interrupts an entry that has the connection alone, if it is at work. From any thread."""
        alone = self._alone
        if alone is not None and alone[0] is entry:
            with suppress(sqlite3.ProgrammingError):  # it has been closed meanwhile
                alone[1].interrupt()

    def _work(self) -> None:
        """Commits what queues up, until the end is among it."""
        while (first := self._next()) is not None:
            began = monotonic()
            entries = [first]
            try:
                stop = self._gather(entries)
                self._settle(entries)
            finally:
                self._release(entries)
            if stop:
                break
            self._connection.shorten_log()
            self._feeder.keep_up(monotonic() - began)

    def _begin(self, opening: Entry) -> None:
        try:
            self._connection.begin()
            self._feeder.committed()  # what the last writer left
            opening.succeed(None)
        except ConsoleError as error:
            opening.error = error
        except (sqlite3.Error, OSError) as error:
            opening.error = unavailable(self._db, error)
        finally:
            self._release((opening,))

    def _next(self) -> Entry | None:
        while True:
            to_feed = self._feeder.wait()
            to_settle = None if self._settled else IDLE_SECONDS
            waits = [seconds for seconds in (to_feed, to_settle) if seconds is not None]
            try:
                return self._queue.get(timeout=min(waits, default=None))
            except queue.Empty:
                if to_feed is not None and to_feed == min(waits):
                    self._settled = False
                    self._feeder.bite()
                else:
                    self._settled = self._connection.settle()

    def _gather(self, entries: list[Entry]) -> bool:
        """Adds what has queued meanwhile; True if the end was among it."""
        try:
            media = len(entries[0].refs)
            while len(entries) < BATCH and media < MEDIA:
                entry = self._queue.get_nowait()
                if entry is None:
                    return True
                entries.append(entry)
                media += len(entry.refs)
        except queue.Empty:
            pass
        return False

    def _settle(self, entries: list[Entry]) -> None:
        """Settles what was gathered; one that is to be alone, after all before it were released."""
        batches = _batches(entries)
        for number, batch in enumerate(batches, 1):
            wanted = [entry for entry in batch if not entry.withdrawn]
            if not self._commit(wanted):
                for left in chain.from_iterable(batches[number:]):
                    left.error = wanted[-1].error
                return
            self._release(batch)

    def _commit(self, entries: list[Entry]) -> bool:
        """Settles entries; False if the cache cannot be written."""
        try:
            self._transact(entries)
        except UNSTORABLE as error:
            return self._commit_alone(entries, error)
        except (sqlite3.Error, OSError, ConsoleError) as error:
            self._fail(entries, error)
            return False
        return True

    def _commit_alone(self, entries: list[Entry], error: BaseException) -> bool:
        """Tries entries one by one after their common transaction failed by the content of one."""
        if len(entries) > 1:
            for number, entry in enumerate(entries, 1):
                if not self._commit([entry]):
                    for left in entries[number:]:
                        left.error = entry.error
                    return False
            return True
        (entry,) = entries
        if entry.instead is None:
            entry.error = error
            return True
        entry.work, entry.instead = entry.instead, None
        return self._commit([entry])

    def _transact(self, entries: list[Entry]) -> None:
        """Does all entries in one transaction; one whose decision fails adds nothing to it."""
        if not entries:
            return
        done: list[tuple[Entry, object]] = []
        connection = self._connection.get()
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._settled = False
            if entries[0].alone:
                self._alone = entries[0], connection
                if entries[0].withdrawn:  # since it was looked at, and before it could be broken off
                    return
            batch = Batch(connection, {ref for entry in entries for ref in entry.refs})
            for entry in entries:
                try:
                    done.append((entry, entry.work(batch)))
                except DecisionFailed as failed:
                    entry.error = failed.__cause__
            batch.write()
            connection.execute("COMMIT")
        finally:
            self._alone = None
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self._connection.committed()
        self._feeder.committed()
        for entry, result in done:
            entry.succeed(result)

    def _fail(self, entries: list[Entry], error: sqlite3.Error | OSError | ConsoleError) -> None:
        """Fails a batch and all that queued behind it; the next one gets a fresh connection.

        A second sync after a failed one proves nothing, so the connection is not used again.
        """
        self._connection.give_up(error)
        behind: list[Entry] = []
        for _ in range(self._queue.qsize()):
            entry = self._queue.get_nowait()
            if entry is None:
                self._queue.put(None)
                break
            behind.append(entry)
        for entry in (*entries, *behind):
            entry.error = unavailable(self._db, error)
        self._release(behind)


def _batches(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The entries in their order, each that is to be alone in a batch of its own."""
    batches: list[list[Entry]] = [[]]
    for entry in entries:
        if batches[-1] and (entry.alone or batches[-1][-1].alone):
            batches.append([])
        batches[-1].append(entry)
    return batches
