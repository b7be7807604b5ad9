"""The one writer of the cache, as the rest of the service sees it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec.structs import replace

from console.cache import work
from console.cache.batch import Batch, Decided, Recorded
from console.cache.entry import Awaited
from console.cache.migrations import check_sqlite, open_writer
from console.cache.process import WriterProcess
from console.cache.thread import WriterThread
from console.cache.trouble import CacheBusy, CacheUnavailable, WriterLost
from console.domain.media import DEFAULT_ACCOUNT
from console.domain.reading import Reading

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from console.cache.batch import MediaRef
    from console.clock import Now
    from console.domain.facts import Fact
    from console.domain.media import Media, MediaKey, Millis
    from console.domain.orders import Order, Taken
    from console.domain.standing import Notice, Standing

__all__ = ["CacheBusy", "CacheUnavailable", "CacheWriter", "Decided", "Recorded", "WriterLost"]

_T = TypeVar("_T")

TRIM_ORDERS_AFTER: Final = 1000
"""Orders between two looks for those that may be forgotten: each look reads the whole table."""

FACTS_AT_ONCE: Final = 2000
"""Facts of one webhook in one transaction: three megabytes can hold a hundred thousand."""

WAITING_BYTES: Final = 64_000_000
"""Bodies that wait hold so many bytes together at most, but one may always wait."""

READ_AGAIN: Final = 250_000
"""Bytes of a webhook up to which a writer in another process reads it again, which is quicker than a copy."""


class CacheWriter:
    """Writes facts. Whatever a call returns is on the disk.

    All calls belong to the event loop that opened the writer. What several callers hand in at the
    same time is committed together, with one sync. A call that is cancelled while it still waits
    for its turn does nothing; one that is cancelled later is carried out whole, and so is a webhook that
    was handed to another process. There must be one
    writer for a cache: the service's lock sees to that.
    """

    def __init__(self, committer: WriterThread | WriterProcess, *, now: Now, capacity: int) -> None:
        self._committer = committer
        self._now = now
        self._capacity = capacity
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._waiting_bytes = 0
        self._orders_untrimmed = TRIM_ORDERS_AFTER

    @classmethod
    async def open(
        cls,
        db: Path,
        *,
        now: Now,
        capacity: int = 1000,
        connect: Callable[[Path], sqlite3.Connection] = open_writer,
        lost: Callable[[], None] = lambda: None,
    ) -> CacheWriter:
        """Opens a cache for writing, creating it (0600) if there is none. It works in a thread.

        Args:
            capacity: how many calls may wait before `CacheBusy`.
            connect: makes the writing connection, now and after each failed commit.
            lost: called where the writer ends by an unforeseen error; it takes nothing any more.

        Raises:
            FixSetting: the file is not a cache, is newer than this version or cannot be created;
                or SQLite is too old. Nothing was changed.
            Report: the file is damaged, and nothing was changed; or an unforeseen error ended the writer.
            CacheUnavailable: it cannot be opened now.
        """
        check_sqlite()
        return await cls._begun(WriterThread(db, connect, lost), now, capacity)

    @classmethod
    async def open_apart(
        cls,
        db: Path,
        *,
        now: Now,
        read: Callable[[bytes, Millis], Reading],
        capacity: int = 1000,
        lost: Callable[[], None] = lambda: None,
        lock: int | None = None,
    ) -> CacheWriter:
        """Like `open`, but it works in a process of its own, for who writes much and for long.

        What is handed in goes there as a copy: functions must be those of a module, or partials of them,
        and what they are given must be values.

        Args:
            read: the dialect, a function of a module; a webhook's reading must be what it gives.
            lock: the descriptor of a lock that is to last as long as that process.
        """
        check_sqlite()
        return await cls._begun(WriterProcess(db, read, lost, lock), now, capacity)

    @classmethod
    async def _begun(cls, committer: WriterThread | WriterProcess, now: Now, capacity: int) -> CacheWriter:
        await committer.start()
        return cls(committer, now=now, capacity=capacity)

    async def take_webhook(self, body: bytes, received_at: Millis, reading: Reading) -> Recorded:
        """Keeps the facts of a webhook, its unread parts and notices, and its body if any of it is new.

        One with very many facts is kept in parts, a transaction each, so that others are not held up.

        Returns:
            What was new. A reading without anything is not written at all.

        Raises:
            CacheBusy, CacheUnavailable: not all of it was kept; the webhook must not be acknowledged.
        """
        if len(reading.facts) <= FACTS_AT_ONCE:
            return await self._take_part(body, received_at, reading, None, whole=True)
        recorded = Recorded()
        for part in _parts(reading):
            recorded = recorded.and_then(await self._take_part(body, received_at, part, recorded.number))
        return recorded

    async def _take_part(
        self, body: bytes, received_at: Millis, reading: Reading, stored: int | None, *, whole: bool = False
    ) -> Recorded:
        if not (reading.facts or reading.unread or reading.notices):
            return Recorded()
        refs, take, instead = work.webhook(body, received_at, reading, stored)
        again = (body, received_at) if whole and len(body) <= READ_AGAIN else None
        return await self._submit(refs, take, instead, size=len(body), webhook=again)

    async def decide(
        self,
        key: MediaKey,
        decide: Callable[[Media | None], Sequence[Fact]],
        *,
        account: str = DEFAULT_ACCOUNT,
    ) -> Decided:
        """Lets `decide` choose facts from the media as it is, and keeps them, with nobody in between.

        `decide` runs where the writer works, must be quick and must not touch the cache. It may run
        again if the transaction of its batch has to be repeated. What it raises is raised here.

        Raises:
            CacheBusy, CacheUnavailable: nothing was kept.
        """
        ref = (account, key)
        return await self._submit((ref,), work.decide(ref, decide))

    async def take_order(self, order: Order) -> Taken:
        """Takes one order; the same id again changes nothing and gives the same answer.

        Raises:
            CacheBusy, CacheUnavailable: it was not taken.
        """
        (taken,) = await self.take_orders((order,))
        return taken

    async def take_orders(self, orders: Sequence[Order]) -> list[Taken]:
        """Takes orders, all in one transaction; the answers are in their order.

        Raises:
            CacheBusy, CacheUnavailable: none was taken.
        """
        now = self._now()
        refs = [(order.account, order.key) for order in orders]
        self._orders_untrimmed += len(orders)
        trim = self._orders_untrimmed > TRIM_ORDERS_AFTER
        if trim:
            self._orders_untrimmed = 0
        return await self._submit(refs, work.take_orders(orders, now, trim=trim))

    async def write_standing(self, standing: Standing) -> None:
        """Replaces the standing that viewers see.

        Raises:
            CacheBusy, CacheUnavailable: the old one stays.
        """
        await self._submit((), partial(Batch.take_standing, value=standing))

    async def write_notice(self, notice: Notice) -> None:
        """Adds a notice, or counts it where an equal one (`at` aside) is there. The oldest are dropped.

        Raises:
            CacheBusy, CacheUnavailable: it was not kept.
        """
        await self._submit((), partial(Batch.take_notice, notice=notice))

    async def maintain(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Lets `change` do with the tables as it likes, in one transaction. It must be quick.

        `change` runs where the writer works, and may run again if its transaction has to be repeated.

        Raises:
            CacheBusy, CacheUnavailable: nothing was changed.
        """
        return await self._submit((), work.maintain(change))

    async def between(self, do: Callable[[sqlite3.Connection], _T]) -> _T:
        """Lets `do` do what cannot be done in a transaction, while everybody else waits.

        `do` runs where the writer works and lets no fault of the cache out. What was handed in earlier
        is committed and released before, whatever becomes of this. A call that is cancelled is broken off.

        Raises:
            CacheBusy, CacheUnavailable: it was not done, or the cache cannot be written since.
        """
        return await self._submit((), work.between(do), alone=True)

    def waiting(self) -> int:
        """How many calls wait for their turn; where it works in a thread, without those that are at work."""
        return self._committer.waiting()

    async def close(self) -> None:
        """Finishes what has queued, empties the write-ahead log and closes the files."""
        if not self._closed:
            self._closed = True
            self._committer.stop()
        await self._committer.ended()

    async def _submit(
        self,
        refs: Sequence[MediaRef],
        todo: Callable[[Batch], _T],
        instead: Callable[[Batch], _T] | None = None,
        *,
        size: int = 0,
        webhook: tuple[bytes, Millis] | None = None,
        alone: bool = False,
    ) -> _T:
        if self._closed:
            raise CacheUnavailable("The cache is closed.", "The service is ending.")
        waiting = self._committer.waiting()
        too_large = size and self._waiting_bytes and self._waiting_bytes + size > WAITING_BYTES
        if waiting >= self._capacity or too_large:
            raise CacheBusy(f"{waiting} events already wait to be written.", "It is tried again in a moment.")
        future: asyncio.Future[_T] = self._loop.create_future()
        entry = Awaited(future, refs, todo, instead, alone=alone, webhook=webhook)
        self._committer.put(entry)
        self._waiting_bytes += size
        try:
            return await future
        except asyncio.CancelledError:
            self._committer.withdraw(entry)
            raise
        finally:
            self._waiting_bytes -= size


def _parts(reading: Reading) -> Iterator[Reading]:
    """The reading in parts of at most `FACTS_AT_ONCE` facts; what is not a fact is in the first."""
    told = reading.facts
    yield replace(reading, facts=told[:FACTS_AT_ONCE])
    for at in range(FACTS_AT_ONCE, len(told), FACTS_AT_ONCE):
        yield Reading(facts=told[at : at + FACTS_AT_ONCE])
