from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from console.cache import queries
from console.cache.reader import AsyncCacheReader
from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced, MediaStored, StoreAccepted, StoreQueued, StoreRequested
from console.domain.media import MediaId, MediaKey, Millis, State
from console.service.recorder import Recorder
from console.service.silence import Silence
from console.service.standing import Board
from console.service.supervisor import Supervisor
from console.service.waits import until_set

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from console.domain.facts import Fact
    from console.domain.media import Media
    from tests.conftest import Clock

TIMEOUT = 600.0


def request(name: str, at: Millis) -> tuple[Fact, ...]:
    key = MediaKey(name)
    return (
        MediaAnnounced(key=key, at=at, id=MediaId(name)),
        StoreQueued(key=key, at=at, attempt=1, order_id=name),
        StoreRequested(key=key, at=at, attempt=1),
        StoreAccepted(key=key, at=at, attempt=1),
    )


class Ward:
    """Requested media, a clock that is moved by hand, and the watch over them."""

    def __init__(self, writer: CacheWriter, reader: AsyncCacheReader, clock: Clock) -> None:
        self.writer = writer
        self.reader = reader
        self.clock = clock
        self.silence: Silence
        self.pauses: list[float | None] = []
        self.looked: asyncio.Event = asyncio.Event()
        self.look: asyncio.Event = asyncio.Event()

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Each look is a step of the test."""
        self.pauses.append(seconds)
        self.looked.set()
        await self.look.wait()
        self.look.clear()
        return await until_set(event, 0)

    async def one_look(self) -> None:
        self.looked.clear()
        self.look.set()
        await asyncio.wait_for(self.looked.wait(), 5)

    async def requested(self, name: str) -> MediaKey:
        """A call that is made and accepted now."""
        key = MediaKey(name)
        self.silence.calling(key)
        await self.writer.decide(key, lambda _: request(name, self.clock.at))
        self.silence.called(key)
        return key

    async def state(self, key: MediaKey) -> State:
        media = await self.reader.run(queries.media(key))
        assert media is not None
        return media.state


@asynccontextmanager
async def ward(db: Path, clock: Clock, *earlier: tuple[str, Millis]) -> AsyncIterator[Ward]:
    """With requests that an earlier service made at the given moments."""
    writer = await CacheWriter.open(db, now=clock)
    try:
        for name, at in earlier:
            await writer.decide(MediaKey(name), partial(_told, request(name, at)))
        async with AsyncCacheReader(db) as reader:
            board = Board(now=clock, pid=1, api_url=None)
            supervisor = Supervisor(board)
            watched = Ward(writer, reader, clock)
            watched.silence = Silence(
                recorder=Recorder(writer, board),
                reader=reader,
                timeout=TIMEOUT,
                now=clock,
                uptime=clock.uptime,
                wait=watched.wait,
            )
            supervisor.start("silence", watched.silence.run)
            await watched.looked.wait()
            yield watched
            await supervisor.stop()
            assert board.standing.troubles == ()
    finally:
        await writer.close()


def _told(facts: tuple[Fact, ...], _: Media | None) -> tuple[Fact, ...]:
    return facts


async def test_after_the_time_out_the_outcome_is_unknown(tmp_path: Path, clock: Clock) -> None:
    async with ward(tmp_path / "c.db", clock) as watched:
        key = await watched.requested("m-1")
        clock.move(seconds=TIMEOUT, ms=-1)
        await watched.one_look()
        assert await watched.state(key) is State.REQUESTED
        clock.move(ms=1)
        await watched.one_look()
        assert await watched.state(key) is State.UNCONFIRMED


async def test_a_late_callback_still_counts(tmp_path: Path, clock: Clock) -> None:
    async with ward(tmp_path / "c.db", clock) as watched:
        key = await watched.requested("m-1")
        clock.move(seconds=TIMEOUT)
        await watched.one_look()
        stored = MediaStored(key=key, at=clock.at, id=MediaId(key))
        await watched.writer.decide(key, lambda _: (stored,))
        assert await watched.state(key) is State.DOWNLOADED
        clock.move(seconds=10 * TIMEOUT)
        await watched.one_look()
        assert await watched.state(key) is State.DOWNLOADED


async def test_an_open_call_is_left_to_its_own_time_out(tmp_path: Path, clock: Clock) -> None:
    async with ward(tmp_path / "c.db", clock) as watched:
        busy, idle = [await watched.requested(name) for name in ("busy", "idle")]
        watched.silence.calling(busy)
        clock.move(seconds=TIMEOUT)
        await watched.one_look()
        assert await watched.state(busy) is State.REQUESTED
        assert await watched.state(idle) is State.UNCONFIRMED
        watched.silence.called(busy)
        clock.move(seconds=TIMEOUT)
        await watched.one_look()
        assert await watched.state(busy) is State.UNCONFIRMED


async def test_a_request_of_an_earlier_service_has_what_the_wall_clock_leaves_it(
    tmp_path: Path, clock: Clock
) -> None:
    half, future = Millis(clock.at - 300_000), Millis(clock.at + 3_600_000)
    long_ago = Millis(clock.at - 86_400_000)
    earlier = (("half", half), ("of the future", future), ("long ago", long_ago))
    async with ward(tmp_path / "c.db", clock, *earlier) as watched:
        assert await watched.state(MediaKey("long ago")) is State.UNCONFIRMED
        clock.move(seconds=299)
        await watched.one_look()
        assert await watched.state(MediaKey("half")) is State.REQUESTED
        clock.move(seconds=1)
        await watched.one_look()
        assert await watched.state(MediaKey("half")) is State.UNCONFIRMED
        assert await watched.state(MediaKey("of the future")) is State.REQUESTED
        clock.move(seconds=300)
        await watched.one_look()
        assert await watched.state(MediaKey("of the future")) is State.UNCONFIRMED


async def test_while_nothing_is_awaited_it_sleeps(tmp_path: Path, clock: Clock) -> None:
    async with ward(tmp_path / "c.db", clock) as watched:
        assert watched.pauses == [None]
        await watched.requested("m-1")
        await watched.one_look()
        assert watched.pauses[-1] == 30.0
        clock.move(seconds=TIMEOUT - 2)
        await watched.one_look()
        assert watched.pauses[-1] == 2.0


async def test_more_than_one_batch_of_silent_ones_ends_in_one_look(tmp_path: Path, clock: Clock) -> None:
    async with ward(tmp_path / "c.db", clock) as watched:
        keys = await asyncio.gather(*(watched.requested(f"m-{number}") for number in range(450)))
        clock.move(seconds=TIMEOUT)
        await watched.one_look()
        counts = await watched.reader.run(queries.waiting_counts())
        assert counts[State.REQUESTED] == 0
        assert await watched.state(keys[-1]) is State.UNCONFIRMED
