"""Group commit: one thread that takes what has queued, commits once and only then releases the callers."""

from __future__ import annotations

import queue
import sqlite3
import threading
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Final

from console.cache.batch import Batch
from console.cache.connection import WritingConnection
from console.cache.entry import UNSTORABLE, DecisionFailed, Entry
from console.cache.feeding import Feeder
from console.cache.trouble import WriterLost, unavailable
from console.clock import monotonic
from console.domain.exceptions import ConsoleError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence
    from pathlib import Path

BATCH: Final = 64
"""Entries in one transaction, at most."""
IDLE_SECONDS: Final = 2.0
"""A pause after which the log is folded back into the database and cut to nothing."""
MEDIA: Final = 2000
"""About so many media make a transaction full, however few entries they came in."""


class Committer:
    """The thread that owns the writing connection.

    Whatever the disk or SQLite may do fails the entries at hand, and the thread goes on. Any other error
    ends it, and `lost` is called on the loop: nobody had told it to stop. In its pauses it feeds the search
    index.
    """

    def __init__(
        self,
        db: Path,
        loop: asyncio.AbstractEventLoop,
        connect: Callable[[Path], sqlite3.Connection],
        lost: Callable[[], None],
        feeder: Callable[[WritingConnection], Feeder] = Feeder,
    ) -> None:
        self._db = db
        self._loop = loop
        self._lost = lost
        self._connection = WritingConnection(db, connect)
        self._feeder = feeder(self._connection)
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._settled = True
        self._ended = False
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Starts the thread and waits until it has the cache open.

        Raises:
            ConsoleError: it cannot be opened; the thread has ended.
        """
        opening = Entry((), _nothing, self._loop.create_future())
        opening.error = WriterLost(self._db)
        self._thread = threading.Thread(target=self._run, args=(opening,), name="cache-writer", daemon=True)
        self._thread.start()
        try:
            await opening.future
        except BaseException:
            self.stop()
            await self._loop.run_in_executor(None, self.join)
            raise

    def waiting(self) -> int:
        """How many entries have queued up."""
        return self._queue.qsize()

    def put(self, entry: Entry) -> None:
        """Queues an entry; its future is settled on the loop once it is committed or failed."""
        self._queue.put(entry)
        if self._ended:
            self._abandon()

    def stop(self) -> None:
        """Lets the thread finish what has queued, close the cache and end; returns at once."""
        self._queue.put(None)

    def join(self) -> None:
        """Waits for the thread's end."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, opening: Entry) -> None:
        told_to = False
        try:
            try:
                self._begin(opening)
                self._work()
            finally:
                self._connection.close()
            told_to = True
        finally:
            self._ended = True
            self._abandon()
            if not told_to:
                self._on_loop(self._lost)

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
            wanted = [entry for entry in batch if not entry.future.cancelled()]
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
            batch = Batch(connection, {ref for entry in entries for ref in entry.refs})
            for entry in entries:
                try:
                    done.append((entry, entry.work(batch)))
                except DecisionFailed as failed:
                    entry.error = failed.__cause__
            batch.write()
            connection.execute("COMMIT")
        finally:
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

    def _abandon(self) -> None:
        """Fails what came after the end."""
        late: list[Entry] = []
        with suppress(queue.Empty):
            while True:
                entry = self._queue.get_nowait()
                if entry is not None:
                    late.append(entry)
        self._release(late)

    def _release(self, entries: Sequence[Entry]) -> None:
        self._on_loop(lambda: _release(entries))

    def _on_loop(self, do: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(do)


def _batches(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The entries in their order, each that is to be alone in a batch of its own."""
    batches: list[list[Entry]] = [[]]
    for entry in entries:
        if batches[-1] and (entry.alone or batches[-1][-1].alone):
            batches.append([])
        batches[-1].append(entry)
    return batches


def _nothing(_: Batch) -> None:
    pass


def _release(entries: Sequence[Entry]) -> None:
    for entry in entries:
        entry.release()
