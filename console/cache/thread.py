"""The writer's work in a thread of the program that asks for it."""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from console.cache import work
from console.cache.commit import Committer
from console.cache.entry import Awaited, Entry
from console.cache.feeding import Feeder
from console.cache.trouble import WriterLost

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from console.cache.connection import WritingConnection


class WriterThread:
    """Commits in a thread of its own what is put in on an event loop.

    Args:
        db: the cache.
        connect: makes the writing connection.
        lost: called on the loop where an unforeseen error ends the thread.
    """

    def __init__(
        self,
        db: Path,
        connect: Callable[[Path], sqlite3.Connection],
        lost: Callable[[], None],
        feeder: Callable[[WritingConnection], Feeder] = Feeder,
    ) -> None:
        self._db = db
        self._loop = asyncio.get_running_loop()
        self._lost = lost
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._committer = Committer(db, connect, self._queue, self._release, feeder)
        self._ended = False
        self._thread: threading.Thread | None = None

    async def start(self) -> None:
        """Starts the thread and waits until it has the cache open.

        Raises:
            ConsoleError: it cannot be opened; the thread has ended.
        """
        opening = Awaited(self._loop.create_future(), (), work.nothing)
        opening.error = WriterLost(self._db)
        self._thread = threading.Thread(target=self._run, args=(opening,), name="cache-writer", daemon=True)
        self._thread.start()
        try:
            await opening.future
        except BaseException:
            self.stop()
            await self.ended()
            raise

    def waiting(self) -> int:
        """How many entries have queued up."""
        return self._queue.qsize()

    def put(self, entry: Awaited) -> None:
        """Queues an entry; its future is settled on the loop once it is committed or failed."""
        self._queue.put(entry)
        if self._ended:
            self._abandon()

    def withdraw(self, entry: Awaited) -> None:
        """Breaks off an entry whose caller waits no longer, where that has the connection alone."""
        self._committer.break_off(entry)

    def stop(self) -> None:
        """Lets the thread finish what has queued, close the cache and end; returns at once."""
        self._queue.put(None)

    async def ended(self) -> None:
        """Waits for the thread's end."""
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self, opening: Awaited) -> None:
        told_to = False
        try:
            self._committer.run(opening)
            told_to = True
        finally:
            self._ended = True
            self._release((opening,))
            self._abandon()
            if not told_to:
                self._on_loop(self._lost)

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


def _release(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if isinstance(entry, Awaited):
            entry.release()
