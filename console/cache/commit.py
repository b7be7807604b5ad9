"""Group commit: one thread that takes what has queued, commits once and only then releases the callers."""

from __future__ import annotations

import queue
import sqlite3
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from console.cache.batch import Batch
from console.cache.migrations import BUSY_SECONDS, create, uri
from console.cache.trouble import CacheUnavailable, unavailable
from console.domain.exceptions import ConsoleError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from console.cache.batch import MediaRef

BATCH: Final = 64
"""Entries in one transaction, at most."""
IDLE_SECONDS: Final = 2.0
"""A pause after which the log is folded back into the database and cut to nothing."""
MEDIA: Final = 2000
"""About so many media make a transaction full, however few entries they came in."""


_UNSTORABLE: Final = (
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    msgspec.MsgspecError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)
"""What one entry's own content may cause. It must not take the others of its batch with it."""


class Entry:
    """One caller's unit of work: done whole inside a transaction, or not at all.

    It counts as failed until its transaction is committed.
    """

    __slots__ = ("error", "future", "instead", "refs", "result", "work")

    def __init__(
        self,
        refs: Sequence[MediaRef],
        work: Callable[[Batch], object],
        future: asyncio.Future[Any],
        instead: Callable[[Batch], object] | None = None,
    ) -> None:
        self.refs = refs
        self.work = work
        self.future = future
        self.instead = instead
        self.result: object = None
        self.error: BaseException | None = CacheUnavailable("The cache is closed.", "The service is ending.")

    def succeed(self, result: object) -> None:
        """Notes the outcome of a committed entry."""
        self.result = result
        self.error = None

    def release(self) -> None:
        """Hands the outcome to the caller, if it still waits. Only on its event loop."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class DecisionFailed(Exception):
    """Wraps what a caller's own function raised, so that it is told from a fault of the cache."""


class Committer:
    """The thread that owns the writing connection.

    Beside it lies a second, read-only connection that is never used: while it is open, closing
    the writing one is not closing the last one, so SQLite leaves the write-ahead log (empty after
    `wal_checkpoint`) and its index where they are. Readers that come later then find both and
    need not create them.
    """

    def __init__(
        self, db: Path, loop: asyncio.AbstractEventLoop, connect: Callable[[Path], sqlite3.Connection]
    ) -> None:
        self._db = db
        self._loop = loop
        self._connect = connect
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._keeper: sqlite3.Connection | None = None
        self._settled = True
        self._ended = False
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Starts the thread and waits until it has the cache open.

        Raises:
            ConsoleError: it cannot be opened; the thread has ended.
        """
        opening = Entry((), _nothing, self._loop.create_future())
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
        try:
            self._begin(opening)
            while (first := self._next()) is not None:
                entries = [first]
                try:
                    stop = self._gather(entries)
                    self._commit([entry for entry in entries if not entry.future.cancelled()])
                finally:
                    self._release(entries)
                if stop:
                    break
        finally:
            self._close()
            self._ended = True
            self._abandon()

    def _begin(self, opening: Entry) -> None:
        try:
            create(self._db)
            self._opened()
            opening.succeed(None)
        except ConsoleError as error:
            opening.error = error
        except sqlite3.Error as error:
            opening.error = unavailable(self._db, error)
        finally:
            self._release((opening,))

    def _next(self) -> Entry | None:
        while not self._settled:
            try:
                return self._queue.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                self._settle()
        return self._queue.get()

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

    def _commit(self, entries: list[Entry]) -> bool:
        """Settles entries; False if the cache cannot be written."""
        try:
            self._transact(entries)
        except _UNSTORABLE as error:
            return self._commit_alone(entries, error)
        except (sqlite3.Error, ConsoleError) as error:
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
        connection = self._opened()
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
        for entry, result in done:
            entry.succeed(result)

    def _fail(self, entries: list[Entry], error: sqlite3.Error | ConsoleError) -> None:
        """Fails a batch and all that queued behind it; the next one gets a fresh connection.

        A second sync after a failed one proves nothing, so the connection is not used again.
        """
        self._drop()
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

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect(self._db)
        if self._keeper is None:
            self._keeper = _keep(self._db)
        return self._connection

    def _settle(self) -> None:
        """Empties the log while nobody writes, if no reader is in the way."""
        self._settled = True
        if self._connection is None:
            return
        try:
            self._connection.execute("PRAGMA busy_timeout = 0")
            (busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
        except sqlite3.Error:
            self._drop()
        else:
            self._settled = not busy

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _close(self) -> None:
        self._settle()
        self._drop()
        if self._keeper is not None:
            self._keeper.close()

    def _release(self, entries: Sequence[Entry]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_release, entries)


def _keep(db: Path) -> sqlite3.Connection:
    keeper = sqlite3.connect(uri(db, "mode=ro"), uri=True)
    try:
        keeper.execute("SELECT count(*) FROM status").fetchone()
    except BaseException:
        keeper.close()
        raise
    return keeper


def _nothing(_: Batch) -> None:
    pass


def _release(entries: Sequence[Entry]) -> None:
    for entry in entries:
        entry.release()
