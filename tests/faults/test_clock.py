"""Clocks that are set, or that disagree: deadlines hold, what is shown follows, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.reader import CacheReader
from console.clock import Uptime, monotonic
from console.domain.maintenance import Outcome, Purge, Unfinished
from console.domain.media import Millis, State
from tests.cli.world import announcement, command, daemon, environment, fill, free_port, post
from tests.cli.world import until as until_seen
from tests.faults.kept import rows
from tests.service.world import FastTime, announced, api_of, running, until
from tests.ui.harness import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from console.simulator import Simulator
    from tests.conftest import Clock

SPRING, AUTUMN = 1_774_746_000_000, 1_792_890_000_000
"""When Europe changed to summer time in 2026, and back."""

JUMPS = pytest.mark.parametrize("hours", [-1, 30 * 24], ids=["back 1 h", "forward 30 d"])
LATE = 2.0
"""Seconds of the machine's by which a busy one may be late."""


def moment_of(time: FastTime, at: float) -> Uptime:
    """A moment of the machine's monotonic clock on the service's."""
    return Uptime(time.uptime() - (monotonic() - at) * time.speed)


# -- T45: the wall clock is set while the service runs


@JUMPS
async def test_t45_a_step_neither_ends_nor_prolongs_the_wait_for_a_callback(
    hours: int, tmp_path: Path, simulator: Simulator
) -> None:
    clocks = FastTime(100)
    async with running(
        tmp_path / "c.db", api_of(simulator), simulator=simulator, time=clocks, callback_timeout=40
    ) as world:
        key = await announced(simulator, ["silent"])
        world.order(key)
        await until(lambda: "StoreAccepted" in world.words(key))
        clocks.step(hours=hours)
        await world.state(key, State.UNCONFIRMED)
        waited = clocks.uptime() - moment_of(clocks, simulator.store_calls(key)[0].at)
    assert 40 <= waited <= 40 + LATE * clocks.speed


@JUMPS
async def test_t45_a_step_neither_hastens_nor_delays_the_next_try(
    hours: int, tmp_path: Path, simulator: Simulator
) -> None:
    clocks = FastTime(100)
    async with running(
        tmp_path / "c.db",
        api_of(simulator),
        simulator=simulator,
        time=clocks,
        chance=lambda low, high: 30.0,
    ) as world:
        key = await announced(simulator, ["500", "ok"])
        world.order(key)
        await until(lambda: world.media(key).next_try_at is not None)
        clocks.step(hours=hours)
        await world.state(key, State.DOWNLOADED)
        first, second = (moment_of(clocks, call.at) for call in simulator.store_calls(key))
    assert 29.9 <= second - first <= 30 + LATE * clocks.speed


@JUMPS
async def test_t45_a_step_neither_shortens_nor_lengthens_a_hold_of_the_queue(
    hours: int, tmp_path: Path, simulator: Simulator
) -> None:
    clocks = FastTime(100)
    async with running(
        tmp_path / "c.db", api_of(simulator), simulator=simulator, time=clocks, calls=1
    ) as world:
        slowed, other = [await announced(simulator, words) for words in (["429(40)", "ok"], ["ok"])]
        world.order(slowed)
        await until(lambda: world.standing.paused_until is not None)
        clocks.step(hours=hours)
        world.order(other)
        await until(lambda: abs((world.standing.paused_until or 0) - clocks.now()) < 41_000, "shown anew")
        for key in (slowed, other):
            await world.state(key, State.DOWNLOADED)
        calls = [moment_of(clocks, call.at) for call in simulator.store_calls()]
    assert len(calls) == 3
    assert 39.9 <= calls[1] - calls[0] <= 40 + LATE * clocks.speed


@pytest.mark.parametrize(("hours", "left"), [(-1, 40.0), (30 * 24, 0.0)], ids=["back", "forward"])
async def test_t45_a_step_between_two_services_leaves_a_wait_within_its_bounds(
    hours: int, left: float, tmp_path: Path, simulator: Simulator
) -> None:
    db, clocks = tmp_path / "c.db", FastTime(100)
    async with running(db, api_of(simulator), simulator=simulator, time=clocks, callback_timeout=40) as world:
        key = await announced(simulator, ["silent"])
        world.order(key)
        await until(lambda: "StoreAccepted" in world.words(key))
    clocks.step(hours=hours)
    begun = clocks.uptime()
    async with running(db, None, time=clocks, callback_timeout=40) as world:
        await world.state(key, State.UNCONFIRMED)
        waited = clocks.uptime() - begun
    assert left <= waited <= left + LATE * clocks.speed


@pytest.mark.parametrize(
    ("hours", "words", "due"),
    [
        (30 * 24, "clock was set forward by 30d 00h", "past 14d"),
        (-1, "clock was set back by 1h 00m", "14d 00h"),
    ],
    ids=["forward", "back"],
)
async def test_t45_within_two_seconds_the_screen_says_so_and_counts_right_and_nothing_is_deleted(
    hours: int, words: str, due: str, tmp_path: Path, simulator: Simulator
) -> None:
    db, clocks = tmp_path / "c.db", FastTime(1)
    async with running(db, api_of(simulator), simulator=simulator, time=clocks) as world:
        key = await announced(simulator, ["ok"])
        await simulator.send({"media_items": [{"type": "image", "image": 7}]})
        await until(lambda: world.standing.webhooks == 2)
        before = rows(db)
        async with opened(db, size=(140, 40), now=clocks.now) as console:
            await console.shows("13d 23h")
            clocks.step(hours=hours)
            await console.until(lambda: words in console.text and due in console.text)
            assert "countdowns follow it" in console.text
            assert "Nothing is deleted by its age" in " ".join(console.text.split())
        assert rows(db) == before
        assert world.media(key).state is State.UNDOWNLOADED, "lapsed is computed, not stored"


@pytest.fixture
def zone() -> Iterator[None]:
    """Whatever a test makes of the time zone is undone."""
    before = os.environ.get("TZ")
    yield
    os.environ.pop("TZ", None)
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("zone")
async def test_t45_another_time_zone_changes_nothing_on_the_screen(
    tmp_path: Path, simulator: Simulator, clock: Clock
) -> None:
    db, clocks = tmp_path / "c.db", FastTime(1)
    async with running(db, api_of(simulator), simulator=simulator, time=clocks) as world:
        await announced(simulator, ["ok"])
        now = clocks.now()
        async with opened(db, size=(140, 40), now=lambda: now) as console:
            await console.until(lambda: "connected" in console.text and "last event" in console.text)
            await console.settled()
            before = console.text
            assert "13d 23h" in before
            for name in ("Pacific/Apia", "Pacific/Pago_Pago", "Europe/Berlin"):
                os.environ["TZ"] = name
                time.tzset()
                clocks.step(hours=0)
                console.main.redraw()
                await console.settled()
                assert console.text == before
        assert world.troubles() == set()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("switch", [SPRING, AUTUMN], ids=["spring", "autumn"])
async def test_t45_an_hour_over_the_change_of_summer_time_is_an_hour(
    switch: int, tmp_path: Path, clock: Clock, simulator: Simulator
) -> None:
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    db, clock.at = tmp_path / "c.db", Millis(switch - 3_600_000)
    async with running(db, None, simulator=simulator, time=FastTime(1, clock.at)):
        await simulator.announce(undownloaded=True, timestamp=str(clock.at // 1000 - 36_000 + 60))
    async with opened(db, size=(140, 40), now=clock) as console:
        for due in ("13d 14h", "13d 13h", "13d 12h"):
            console.main.tick()
            await console.shows(due)
            clock.move(hours=1)


def test_t45_commands_in_any_time_zone_print_the_same(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    fill(db, announcement("m-1"), announcement("m-2", age=15 * 86_400))
    printed = {
        subprocess.run(
            command("list", "--json"),
            env=environment(db) | {"TZ": name},
            capture_output=True,
            check=True,
            timeout=15,
        ).stdout
        for name in ("UTC", "Pacific/Apia", "Pacific/Pago_Pago")
    }
    assert len(printed) == 1
    assert [json.loads(line)["lapsed"] for line in printed.pop().splitlines()] == [False, True]


# -- T45: what is deleted for its age


async def test_t45_an_old_body_is_let_go_after_an_hour_of_a_steady_clock(tmp_path: Path) -> None:
    db, clocks = tmp_path / "c.db", FastTime(3600)
    await asyncio.to_thread(fill, db, announcement("m-1"))
    clocks.step(days=15)
    async with running(db, None, time=clocks):
        await until(lambda: clocks.uptime() >= 1200)
        assert bodies(db) == 1, "it was looked at, and the clock not known to be right"
        await until(lambda: bodies(db) == 0)
        assert clocks.uptime() >= 3600


async def test_t45_a_clock_that_is_wrong_at_the_start_or_set_later_deletes_nothing(tmp_path: Path) -> None:
    """A machine that starts with a wrong clock has the right one within the hour, from its time server."""
    await asyncio.gather(_set_wrong(tmp_path / "a.db", 30, -30), _set_wrong(tmp_path / "b.db", 0, 30))


async def _set_wrong(db: Path, at_start: int, later: int) -> None:
    clocks = FastTime(7200)
    await asyncio.to_thread(fill, db, announcement("m-1"))
    clocks.step(days=at_start)
    async with running(db, None, time=clocks):
        begun = clocks.uptime()
        await until(lambda: clocks.uptime() >= begun + 1800)
        clocks.step(days=later)
        await until(lambda: clocks.uptime() >= begun + 10_800)
        assert bodies(db) == 1


async def test_t45_a_step_keeps_a_purge_by_age_from_deleting_for_an_hour(tmp_path: Path) -> None:
    db, clocks = tmp_path / "c.db", FastTime(1)
    await asyncio.to_thread(fill, db, announcement("m-1"))
    async with running(db, None, time=clocks) as world:
        clocks.step(days=100)
        now = clocks.now()
        order = Purge(id="p", at=now, before=Millis(now - 90 * 86_400_000))
        world.inbox.leave_maintenance(order)
        outcome = await outcome_of(db, order)
        assert isinstance(outcome, Unfinished)
        assert "clock was set" in outcome.what
        assert bodies(db) == 1
        assert "clock" in world.troubles()


async def outcome_of(db: Path, order: Purge) -> Outcome | None:
    with CacheReader(db) as reader:
        await until(lambda: reader.run(queries.outcome(order.id)) is not None)
        return reader.run(queries.outcome(order.id))


async def test_t45_an_old_body_is_let_go_soon_where_a_message_speaks_for_the_clock(tmp_path: Path) -> None:
    """A screen is open for minutes at a time."""
    db, clocks = tmp_path / "c.db", FastTime(600)
    await asyncio.to_thread(fill, db, announcement("m-1"), announcement("m-2"))
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE webhook SET received_at = received_at - 15 * 86400000 WHERE id = 1")
        connection.commit()
    async with running(db, None, time=clocks):
        await until(lambda: bodies(db) == 1)
        assert clocks.uptime() < 3600


def bodies(db: Path) -> int:
    """How many are kept; of the newest an empty row stays when it is let go."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        statement = "SELECT count(*) FROM webhook WHERE length(body) > 0"
        return int(connection.execute(statement).fetchone()[0])


# -- A service that is killed with a trouble


@pytest.mark.timeout(40)
def test_t45_the_trouble_of_a_killed_service_ends_with_it_and_that_is_told(tmp_path: Path) -> None:
    """Its standing is replaced at once, and the events do not end with a trouble that nobody has."""
    db, port = tmp_path / "c.db", free_port()
    settings = {"api_url": f"http://127.0.0.1:{port}", "api_token": "t0ken-of-the-test"}
    with daemon(db, **settings) as (process, url):
        assert post(url, announcement("m-1")) == 200
        until_seen(lambda: "cannot be reached" in said(db))
        process.kill()
        process.wait()
    with daemon(db) as (process, _):
        until_seen(lambda: f"The service of pid {process.pid}" not in said(db) and "was killed" in said(db))
        with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
            (standing,) = connection.execute("SELECT data FROM status").fetchone()
        assert json.loads(standing)["pid"] == process.pid
        assert "troubles" not in json.loads(standing)


def said(db: Path) -> str:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return "\n".join(text for (text,) in connection.execute("SELECT text FROM notice ORDER BY at, id"))
