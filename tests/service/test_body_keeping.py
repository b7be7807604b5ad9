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
from console.service.body_keeping import FIRST_LOOK, LOOK_EVERY, BodyKeeping
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
        self.steady = True
        self.waited: list[float] = []

    def pass_days(self, days: float) -> None:
        self.wall = Millis(self.wall + int(days * DAY_MS))
        self.up = Uptime(self.up + days * 86_400)

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
            steady=lambda: clocks.steady,
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
        clocks.wall, clocks.steady = Millis(NOW + 30 * DAY_MS), False
        assert await keeper.let_go() == 0
        clocks.steady = True
        assert await keeper.let_go() == 1


async def test_it_looks_a_while_after_the_start_and_then_every_hour(db: Path) -> None:
    clocks = Clocks()
    async with keeping(db, clocks, 12, 6) as keeper:
        supervisor = Supervisor(Board(now=clocks.now, pid=1, api_url=None))
        supervisor.keep("bodies", keeper.run)
        await until(lambda: len(clocks.waited) == 4)
        await supervisor.stop()
    assert clocks.waited == [FIRST_LOOK, LOOK_EVERY, LOOK_EVERY, LOOK_EVERY]
    assert bodies(db) == 0
