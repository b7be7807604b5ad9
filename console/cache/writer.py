"""The one writer of the cache, as the rest of the service sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec.structs import replace

from console.cache.batch import Batch, Decided, Recorded
from console.cache.commit import Committer
from console.cache.entry import DecisionFailed, Entry
from console.cache.migrations import check_sqlite, open_writer
from console.cache.trouble import CacheBusy, CacheUnavailable, WriterLost
from console.domain.media import DEFAULT_ACCOUNT
from console.domain.reading import Reading, Unread

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


class CacheWriter:
    """Writes facts. Whatever a call returns is on the disk.

    All calls belong to the event loop that opened the writer. What several callers hand in at the
    same time is committed together, with one sync. A call that is cancelled while it still waits
    for its turn does nothing; one that is cancelled later is carried out whole. There must be one
    writer for a cache: the service's lock sees to that.
    """

    def __init__(self, committer: Committer, *, now: Now, capacity: int) -> None:
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
        """Opens a cache for writing, creating it (0600) if there is none.

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
        committer = Committer(db, asyncio.get_running_loop(), connect, lost)
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
            return await self._take_part(body, received_at, reading, None)
        recorded = Recorded()
        for part in _parts(reading):
            recorded = recorded.and_then(await self._take_part(body, received_at, part, recorded.number))
        return recorded

    async def _take_part(
        self, body: bytes, received_at: Millis, reading: Reading, stored: int | None
    ) -> Recorded:
        if not (reading.facts or reading.unread or reading.notices):
            return Recorded()

        def work(batch: Batch) -> Recorded:
            return batch.take_webhook(body, received_at, reading, stored)

        def instead(batch: Batch) -> Recorded:
            unread = Unread(where="", reason="the cache cannot hold a value in it")
            return batch.take_webhook(body, received_at, Reading(unread=(unread,)), stored)

        return await self._submit(_refs(reading.facts), work, instead, len(body))

    async def decide(
        self,
        key: MediaKey,
        decide: Callable[[Media | None], Sequence[Fact]],
        *,
        account: str = DEFAULT_ACCOUNT,
    ) -> Decided:
        """Lets `decide` choose facts from the media as it is, and keeps them, with nobody in between.

        `decide` runs in the writer's thread, must be quick and must not touch the cache. It may run
        again if the transaction of its batch has to be repeated. What it raises is raised here.

        Raises:
            CacheBusy, CacheUnavailable: nothing was kept.
        """
        ref = (account, key)

        def guarded(media: Media | None) -> Sequence[Fact]:
            try:
                return decide(media)
            except Exception as error:  # the caller's own code: whatever it raises is the caller's
                raise DecisionFailed from error

        return await self._submit((ref,), lambda batch: batch.decide(ref, guarded))

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

        def work(batch: Batch) -> list[Taken]:
            taken = [batch.take_order(order, now) for order in orders]
            if trim:
                batch.trim_orders(now)
            return taken

        return await self._submit(refs, work)

    async def write_standing(self, standing: Standing) -> None:
        """Replaces the standing that viewers see.

        Raises:
            CacheBusy, CacheUnavailable: the old one stays.
        """
        await self._submit((), lambda batch: batch.take_standing(standing))

    async def write_notice(self, notice: Notice) -> None:
        """Adds a notice, or counts it where an equal one (`at` aside) is there. The oldest are dropped.

        Raises:
            CacheBusy, CacheUnavailable: it was not kept.
        """
        await self._submit((), lambda batch: batch.take_notice(notice))

    async def maintain(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Lets `work` change the tables as it likes, in one transaction. It must be quick.

        `work` runs in the writer's thread, and may run again if its transaction has to be repeated.

        Raises:
            CacheBusy, CacheUnavailable: nothing was changed.
        """
        return await self._submit((), lambda batch: batch.maintain(work))

    async def between(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Lets `work` do what cannot be done in a transaction, while everybody else waits.

        `work` runs in the writer's thread and lets no fault of the cache out. What was handed in earlier
        is committed and released before, whatever becomes of this.

        Raises:
            CacheBusy, CacheUnavailable: it was not done, or the cache cannot be written since.
        """
        return await self._submit((), lambda batch: batch.between(work), alone=True)

    def waiting(self) -> int:
        """How many calls wait for their turn; those of the transaction at work are not among them."""
        return self._committer.waiting()

    async def close(self) -> None:
        """Finishes what has queued, empties the write-ahead log and closes the files."""
        if not self._closed:
            self._closed = True
            self._committer.stop()
        await asyncio.to_thread(self._committer.join)

    async def _submit(
        self,
        refs: Sequence[MediaRef],
        work: Callable[[Batch], _T],
        instead: Callable[[Batch], _T] | None = None,
        size: int = 0,
        *,
        alone: bool = False,
    ) -> _T:
        if self._closed:
            raise CacheUnavailable("The cache is closed.", "The service is ending.")
        waiting = self._committer.waiting()
        too_large = size and self._waiting_bytes and self._waiting_bytes + size > WAITING_BYTES
        if waiting >= self._capacity or too_large:
            raise CacheBusy(f"{waiting} events already wait to be written.", "It is tried again in a moment.")
        future: asyncio.Future[_T] = self._loop.create_future()
        self._committer.put(Entry(refs, work, future, instead, alone=alone))
        self._waiting_bytes += size
        try:
            return await future
        finally:
            self._waiting_bytes -= size


def _parts(reading: Reading) -> Iterator[Reading]:
    """The reading in parts of at most `FACTS_AT_ONCE` facts; what is not a fact is in the first."""
    told = reading.facts
    yield replace(reading, facts=told[:FACTS_AT_ONCE])
    for at in range(FACTS_AT_ONCE, len(told), FACTS_AT_ONCE):
        yield Reading(facts=told[at : at + FACTS_AT_ONCE])


def _refs(facts: Sequence[Fact]) -> list[MediaRef]:
    return [(fact.account, fact.key) for fact in facts]
