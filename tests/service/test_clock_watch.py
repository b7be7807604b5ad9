from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from console.domain.standing import Level
from console.platforms.base import ClockLead
from console.service.clock_watch import LOOK_EVERY, ClockWatch
from console.service.standing import Board
from console.service.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from console.domain.standing import Notice, Standing
    from tests.conftest import Clock


class Tower:
    """A clock watch that makes one look a step."""

    def __init__(self, clock: Clock) -> None:
        self.board = Board(now=clock, uptime=clock.uptime, pid=1, api_url="http://x")
        self.steps = 0
        self.pauses: list[float | None] = []
        self._step, self._waiting = asyncio.Event(), asyncio.Event()
        self.watch = ClockWatch(
            board=self.board, now=clock, uptime=clock.uptime, stepped=self._stepped, wait=self._wait
        )

    def _stepped(self) -> None:
        self.steps += 1

    async def _wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        self.pauses.append(seconds)
        self._waiting.set()
        await self._step.wait()
        self._step.clear()
        return False

    async def look(self) -> None:
        self._waiting.clear()
        self._step.set()
        await asyncio.wait_for(self._waiting.wait(), 5)

    async def first(self) -> None:
        await asyncio.wait_for(self._waiting.wait(), 5)

    def troubles(self) -> dict[str, str]:
        return {trouble.id: trouble.text for trouble in self.board.standing.troubles}

    async def notices(self) -> list[tuple[Level, str]]:
        kept = Kept()
        await self.board.end(kept)
        return [(notice.level, notice.text) for notice in kept.notices]


class Kept:
    def __init__(self) -> None:
        self.notices: list[Notice] = []

    async def write_standing(self, standing: Standing) -> None:
        """Not looked at."""

    async def write_notice(self, notice: Notice) -> None:
        self.notices.append(notice)


@asynccontextmanager
async def tower(clock: Clock) -> AsyncIterator[Tower]:
    built = Tower(clock)
    supervisor = Supervisor(built.board)
    supervisor.start("clock", built.watch.run)
    await built.first()
    yield built
    await supervisor.stop()


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (62 / 60, "This machine's clock was set forward by 1h 02m, to 2025-06-15T13:02:01Z;"),
        (-1, "This machine's clock was set back by 1h 00m, to 2025-06-15T11:00:01Z;"),
        (30 * 24, "This machine's clock was set forward by 30d 00h, to 2025-07-15T12:00:01Z;"),
        (6 / 3600, "This machine's clock was set forward by 6s, to 2025-06-15T12:00:07Z;"),
        (-0.9999, "This machine's clock was set back by 1h 00m, to 2025-06-15T11:00:01Z;"),
    ],
)
async def test_a_step_of_the_wall_clock_is_told_once(clock: Clock, hours: float, words: str) -> None:
    async with tower(clock) as built:
        clock.step(hours=hours)
        clock.move(seconds=1)
        await built.look()
        assert built.troubles()["clock"].startswith(words)
        assert built.steps == 1
        for _ in range(3):
            clock.move(seconds=1)
            await built.look()
        assert built.steps == 1
        assert [level for level, _ in await built.notices()] == [Level.ERROR]
        assert set(built.pauses) == {LOOK_EVERY}


async def test_the_passing_of_time_is_no_step(clock: Clock) -> None:
    async with tower(clock) as built:
        for seconds in (1, 3600, 86_400):
            clock.move(seconds=seconds)
            await built.look()
        clock.step(seconds=4.9)
        await built.look()
        assert built.troubles() == {}
        clock.step(seconds=0.2)
        await built.look()
        assert set(built.troubles()) == {"clock"}, "small steps add up"


async def test_the_clock_is_trusted_again_after_a_steady_hour(clock: Clock) -> None:
    async with tower(clock) as built:
        assert not built.watch.steady(), "nobody has looked yet"
        clock.move(hours=1)
        await built.look()
        assert built.watch.steady()
        clock.step(days=30)
        await built.look()
        assert not built.watch.steady()
        clock.move(seconds=3599)
        await built.look()
        assert not built.watch.steady()
        assert set(built.troubles()) == {"clock"}
        clock.move(seconds=1)
        await built.look()
        assert built.watch.steady()
        assert built.troubles() == {}
        told = await built.notices()
        assert told[-1] == (Level.INFO, "This machine's clock is steady again, after 1h.")


async def test_it_is_doubted_from_the_moment_of_a_step_for_an_hour(clock: Clock) -> None:
    async with tower(clock) as built:
        assert not built.watch.doubted(), "a service that has just started"
        clock.step(days=30)
        assert built.watch.doubted(), "at once, before the next look"
        assert set(built.troubles()) == {"clock"}
        clock.move(seconds=3599)
        assert built.watch.doubted()
        clock.move(seconds=1)
        assert not built.watch.doubted()
        assert built.troubles() == {}


async def test_a_second_step_begins_the_hour_anew(clock: Clock) -> None:
    async with tower(clock) as built:
        for way in (1, -1):
            clock.move(seconds=1800)
            clock.step(hours=way)
            await built.look()
        assert "set back by 1h 00m" in built.troubles()["clock"]
        assert built.steps == 2
        clock.move(seconds=1801)
        await built.look()
        assert not built.watch.steady()
        told = await built.notices()
        assert [level for level, _ in told] == [Level.ERROR] * 2
        assert ["forward" in text for _, text in told] == [True, False]


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (121, 122, "The client's clock is 2m ahead of this machine's."),
        (3718, 3722, "The client's clock is 1h 02m ahead of this machine's."),
        (-122, -121, "The client's clock is 2m behind this machine's."),
        (119, 149, None),
        (-149, -119, None),
        (-1, 1, None),
    ],
)
async def test_a_clients_clock_that_surely_disagrees_is_shown(
    clock: Clock, least: float, most: float, words: str | None
) -> None:
    async with tower(clock) as built:
        built.watch.heard(ClockLead(least=least, most=most))
        assert built.troubles().get("client-clock") == words


async def test_it_is_over_when_the_clients_clock_surely_agrees(clock: Clock) -> None:
    async with tower(clock) as built:
        built.watch.heard(ClockLead(least=200, most=201))
        clock.move(seconds=90)
        built.watch.heard(ClockLead(least=100, most=140))
        assert set(built.troubles()) == {"client-clock"}, "a slow answer leaves it open"
        built.watch.heard(ClockLead(least=0, most=1))
        assert built.troubles() == {}
        told = await built.notices()
        assert told[-1][1] == "The client's clock agrees with this machine's again, after 1m."


async def test_nothing_is_steady_while_the_clocks_are_days_apart(clock: Clock) -> None:
    async with tower(clock) as built:
        clock.move(hours=2)
        built.watch.heard(ClockLead(least=3600, most=3601))
        assert built.watch.steady(), "an hour does not matter where days are counted"
        built.watch.heard(ClockLead(least=-90_000, most=-89_999))
        assert not built.watch.steady()
        built.watch.heard(ClockLead(least=0, most=1))
        assert built.watch.steady()


async def test_two_readings_that_lie_apart_tell_nothing(clock: Clock) -> None:
    """The process may be stopped between the readings of the two clocks."""
    stopped = 60.0

    def slowly() -> float:
        clock.move(seconds=stopped)
        return clock.uptime()

    board = Board(now=clock, uptime=clock.uptime, pid=1, api_url=None)
    moments = iter([clock.uptime()])
    watch = ClockWatch(
        board=board,
        now=clock,
        uptime=lambda: next(moments, None) or type(clock.uptime())(slowly()),
        stepped=lambda: None,
    )
    task = asyncio.ensure_future(watch.run())
    await asyncio.sleep(0)
    task.cancel()
    assert board.standing.troubles == ()
