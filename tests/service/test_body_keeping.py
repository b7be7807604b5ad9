"""Old webhook bodies are let go by a clock that nobody can set forward."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest

from console.cache import purge
from console.cache.writer import CacheWriter
from console.clock import Uptime
from console.domain.media import Millis
from console.domain.retention import DAY_MS
from console.platforms.onpremises.webhook import read_webhook
from console.service.body_keeping import FIRST_LOOK, FRUITLESS, LOOK_EVERY, BodyKeeping
from console.service.recorder import Recorder
from console.service.standing import Board
from console.service.supervisor import Supervisor
from tests.cli.world import announcement
from tests.service.world import until

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator
    from pathlib import Path

NOW = Millis(1_750_000_000_000)
KEEP = 14 * DAY_MS


class Clocks:
    """The wall clock and the one that never steps, set by hand."""

    def __init__(self) -> None:
        self.wall = NOW
        self.up = Uptime(1000.0)
        self.proved, self.was_set = True, False
        self.waited: list[float] = []

    def pass_days(self, days: float) -> None:
        self.wall = Millis(self.wall + int(days * DAY_MS))
        self.up = Uptime(self.up + days * 86_400)

    def steady(self) -> bool:
        return self.proved

    def doubted(self) -> bool:
        return self.was_set

    def now(self) -> Millis:
        return self.wall

    def uptime(self) -> Uptime:
        return self.up

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Lets the time pass at once, three looks long."""
        if seconds in (FIRST_LOOK, LOOK_EVERY):
            self.waited.append(seconds)
            if len(self.waited) > 3:
                await event.wait()
            self.pass_days(5)
        return False


@asynccontextmanager
async def keeping(db: Path, clocks: Clocks, *ages: int) -> AsyncIterator[BodyKeeping]:
    """A cache with a body of each of these ages, in days."""
    writer = await CacheWriter.open(db, now=clocks.now)
    try:
        for number, age in enumerate(ages):
            at, body = Millis(NOW - age * DAY_MS), announcement(f"m{number}")
            await writer.take_webhook(body, at, read_webhook(body, at))
        yield BodyKeeping(
            Recorder(writer, Board(now=clocks.now, pid=1, api_url=None)),
            KEEP,
            watch=clocks,
            now=clocks.now,
            uptime=clocks.uptime,
            wait=clocks.wait,
        )
    finally:
        await writer.close()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "media.db"


def bodies(db: Path) -> int:
    with closing(sqlite3.connect(db)) as connection:
        return int(
            connection.execute("SELECT count(*) FROM webhook WHERE coding IS NOT 'gone'").fetchone()[0]
        )


async def test_what_was_kept_for_long_enough_goes_and_facts_stay(db: Path) -> None:
    clocks = Clocks()
    async with keeping(db, clocks, 20, 15, 13, 0) as keeper:
        assert await keeper.let_go() == 2
        assert await keeper.let_go() == 0
        clocks.pass_days(2)
        assert await keeper.let_go() == 1
        assert bodies(db) == 1
        with closing(sqlite3.connect(db)) as connection:
            assert connection.execute("SELECT count(*) FROM fact").fetchone() == (4,)


async def test_many_go_in_small_steps(db: Path) -> None:
    async with keeping(db, Clocks(), *[20] * (purge.AT_ONCE + 5), 1) as keeper:
        assert await keeper.let_go() == purge.AT_ONCE + 5
    assert bodies(db) == 1


async def test_a_clock_that_is_set_lets_nothing_go(db: Path) -> None:
    clocks = Clocks()
    async with keeping(db, clocks, 1) as keeper:
        clocks.wall = Millis(NOW + 30 * DAY_MS)
        assert await keeper.let_go() == 0
        clocks.wall = Millis(NOW - 30 * DAY_MS)
        clocks.up = Uptime(clocks.up + 30 * 86_400)
        assert await keeper.let_go() == 0
        clocks.wall, clocks.was_set = Millis(NOW + 30 * DAY_MS), True
        assert await keeper.let_go() is None
        clocks.was_set = False
        assert await keeper.let_go() == 1


def add_bodies(db: Path, count: int, age: int) -> None:
    """More of one age, in days, without a media."""
    with closing(sqlite3.connect(db)) as connection:
        connection.executemany(
            "INSERT INTO webhook (received_at, body, facts) VALUES (?, x'', 0)",
            [(NOW - age * DAY_MS,)] * count,
        )
        connection.commit()


async def test_bodies_of_a_time_when_the_clock_was_ahead_do_not_stop_later_ones(db: Path) -> None:
    clocks = Clocks()
    async with keeping(db, clocks) as keeper:
        for count, age in ((purge.AT_ONCE + 5, -30), (purge.AT_ONCE, 15), (5, 13), (2, 15), (1, 0)):
            add_bodies(db, count, age)
        assert await keeper.let_go() == purge.AT_ONCE + 2
        clocks.pass_days(2)
        assert await keeper.let_go() == 5
    assert bodies(db) == purge.AT_ONCE + 6


async def test_a_look_ends_after_a_while_and_the_next_one_goes_on_from_there(db: Path) -> None:
    async with keeping(db, Clocks()) as keeper:
        add_bodies(db, purge.AT_ONCE * FRUITLESS, -30)
        for age in (15, 1):
            add_bodies(db, 1, age)
        assert [await keeper.let_go() for _ in range(2)] == [0, 1]
        add_bodies(db, 1, 15)
        assert [await keeper.let_go() for _ in range(2)] == [0, 1], "it began anew"


@pytest.mark.parametrize(
    ("sent", "let_go"), [(0, 1), (0.9, 1), (1.1, None), (-0.001, 1), (-0.9, None), (30, None)]
)
async def test_before_the_clock_was_steady_a_young_message_speaks_for_it(
    db: Path, sent: float, let_go: int | None
) -> None:
    """A clock that is ahead has none: its newest message is older by as much."""
    clocks = Clocks()
    clocks.proved = False
    async with keeping(db, clocks, 20, 0) as keeper:
        with closing(sqlite3.connect(db)) as connection:
            connection.execute("UPDATE media SET sent_at = ?", (int(NOW - sent * DAY_MS),))
            connection.commit()
        assert await keeper.let_go() == let_go
        clocks.was_set = True
        assert await keeper.let_go() is None


async def test_a_clock_that_is_not_trusted_is_looked_at_again_soon(db: Path) -> None:
    clocks = Clocks()
    clocks.was_set = True
    async with keeping(db, clocks, 20) as keeper:
        supervisor = Supervisor(Board(now=clocks.now, pid=1, api_url=None))
        supervisor.keep("bodies", keeper.run)
        await until(lambda: len(clocks.waited) == 4)
        await supervisor.stop()
    assert clocks.waited == [FIRST_LOOK] * 4


async def test_it_looks_a_while_after_the_start_and_then_every_hour(db: Path) -> None:
    clocks = Clocks()
    async with keeping(db, clocks, 12, 6) as keeper:
        supervisor = Supervisor(Board(now=clocks.now, pid=1, api_url=None))
        supervisor.keep("bodies", keeper.run)
        await until(lambda: len(clocks.waited) == 4)
        await supervisor.stop()
    assert clocks.waited == [FIRST_LOOK, LOOK_EVERY, LOOK_EVERY, LOOK_EVERY]
    assert bodies(db) == 0
