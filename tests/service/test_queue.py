from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from console.cache.reader import AsyncCacheReader
from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced, StoreDeferred, StoreQueued, StoreRequested
from console.domain.media import MediaId, MediaKey, Millis, Origin, StoreError
from console.domain.reading import Reading
from console.service.queue import PAGE, Queue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from console.domain.facts import Fact
    from tests.conftest import Clock

ERROR = StoreError(code=500, title="Fault", origin=Origin.RESPONSE)


class Line:
    """A queue over a real cache, and what is put into that."""

    def __init__(self, writer: CacheWriter, queue: Queue, clock: Clock) -> None:
        self.writer = writer
        self.queue = queue
        self.clock = clock

    async def keep(self, *facts: Fact) -> None:
        await self.writer.take_webhook(b"{}", self.clock.at, Reading(facts=facts))

    async def ordered(self, *names: str) -> None:
        await self.keep(*(fact for name in names for fact in order(name, self.clock.at)))

    async def put_off(self, name: str, seconds: float) -> StoreDeferred:
        """A call of now that is to be made again."""
        told = deferral(name, self.clock.at, seconds)
        await self.keep(StoreRequested(key=told.key, at=told.at, attempt=1), told)
        self.queue.claimed(told.key)
        self.queue.over(told.key, told)
        return told

    async def turned(self) -> list[str]:
        """The next page, whole."""
        await self.queue.turn({})
        names: list[str] = []
        while (key := self.queue.pop()) is not None:
            names.append(key)
        return names


def order(name: str, at: Millis) -> tuple[Fact, ...]:
    key = MediaKey(name)
    return (
        MediaAnnounced(key=key, at=at, id=MediaId(name)),
        StoreQueued(key=key, at=at, attempt=1, order_id=name),
    )


def deferral(name: str, at: Millis, seconds: float) -> StoreDeferred:
    until = Millis(at + round(seconds * 1000))
    return StoreDeferred(key=MediaKey(name), at=at, attempt=1, error=ERROR, next_try_at=until)


@asynccontextmanager
async def line(db: Path, clock: Clock, *earlier: Fact) -> AsyncIterator[Line]:
    writer = await CacheWriter.open(db, now=clock)
    try:
        await writer.take_webhook(b"{}", clock.at, Reading(facts=earlier))
        async with AsyncCacheReader(db) as reader:
            queue = Queue(reader, now=clock, uptime=clock.uptime, longest=600)
            await queue.recall()
            yield Line(writer, queue, clock)
    finally:
        await writer.close()


async def test_a_next_try_waits_its_seconds_wherever_the_wall_clock_is_set(
    tmp_path: Path, clock: Clock
) -> None:
    async with line(tmp_path / "c.db", clock) as queued:
        await queued.ordered("a")
        assert await queued.turned() == ["a"]
        await queued.put_off("a", 40)
        for hours in (720, -721):
            clock.step(hours=hours)
            queued.queue.changed()
            assert await queued.turned() == []
            assert queued.queue.next_look() == clock.uptime() + 40
        clock.move(seconds=40)
        assert await queued.turned() == ["a"]
        assert queued.queue.is_due(MediaKey("a"))


async def test_the_next_tries_of_an_earlier_service_are_taken_over(tmp_path: Path, clock: Clock) -> None:
    past, coming, wild = "past", "coming", "wild"
    ago = Millis(clock.at - 60_000)
    future = Millis(clock.at + 3_600_000)
    earlier: tuple[Fact, ...] = (
        *(fact for name in (past, coming, wild) for fact in order(name, ago)),
        deferral(past, ago, 50),
        deferral(coming, ago, 90),
        deferral(wild, future, 100_000),
    )
    async with line(tmp_path / "c.db", clock, *earlier) as queued:
        assert await queued.turned() == [past]
        clock.move(seconds=30)
        assert set(await queued.turned()) == {past, coming}
        clock.move(seconds=569)
        assert wild not in await queued.turned()
        clock.move(seconds=1)
        assert wild in await queued.turned(), "at most the longest wait"


async def test_one_that_is_ordered_anew_does_not_wait_for_its_old_moment(
    tmp_path: Path, clock: Clock
) -> None:
    async with line(tmp_path / "c.db", clock) as queued:
        await queued.ordered("a")
        await queued.put_off("a", 40)
        key = MediaKey("a")
        await queued.keep(StoreQueued(key=key, at=clock.at, attempt=2, order_id="again"))
        queued.queue.changed()
        assert await queued.turned() == ["a"]
        queued.queue.claimed(key)
        queued.queue.over(key, None)
        clock.move(seconds=40)
        assert await queued.turned() == ["a"], "it is still queued in the cache"


async def test_one_that_is_not_queued_any_longer_is_forgotten(tmp_path: Path, clock: Clock) -> None:
    async with line(tmp_path / "c.db", clock) as queued:
        await queued.ordered("a")
        told = await queued.put_off("a", 5)
        await queued.keep(StoreRequested(key=told.key, at=clock.at, attempt=1, try_number=2))
        clock.move(seconds=5)
        assert await queued.turned() == []
        assert not queued.queue.is_due(told.key)
        assert queued.queue.next_look() is None


async def test_those_with_an_open_call_are_passed_over_and_looked_at_after_it(
    tmp_path: Path, clock: Clock
) -> None:
    async with line(tmp_path / "c.db", clock) as queued:
        await queued.ordered("a", "b")
        await queued.queue.turn({MediaKey("a")})
        assert (queued.queue.pop(), queued.queue.pop()) == ("b", None)
        assert queued.queue.next_look() is None
        queued.queue.over(MediaKey("a"), None)
        assert await queued.turned() == ["a", "b"]


async def test_more_than_a_page_of_due_ones_all_come_up(tmp_path: Path, clock: Clock) -> None:
    names = [f"m-{number:04}" for number in range(2 * PAGE + 1)]
    ago = Millis(clock.at - 60_000)
    earlier = [fact for name in names for fact in (*order(name, ago), deferral(name, ago, 10))]
    async with line(tmp_path / "c.db", clock, *earlier) as queued:
        seen: list[str] = []
        for _ in range(3):
            page = await queued.turned()
            assert len(page) <= PAGE
            for name in page:
                queued.queue.claimed(MediaKey(name))
            await queued.keep(
                *(StoreRequested(key=MediaKey(n), at=clock.at, attempt=1, try_number=2) for n in page)
            )
            seen += page
        assert sorted(seen) == names
        assert queued.queue.next_look() is None
