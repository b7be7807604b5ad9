"""Clocks that are set, or that disagree: deadlines hold, what is shown follows, nothing is lost."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from contextlib import closing
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from console.cache.records import media_record
from console.clock import Uptime, monotonic, wall
from console.domain.media import Millis, State
from console.domain.retention import DAY_MS, DEFAULT_WINDOW_MS
from console.domain.standing import Health
from console.platforms.onpremises.client import OnPremisesApi
from console.simulator import Simulator
from tests.cli.world import announcement, command, daemon, environment, fill, free_port, post
from tests.cli.world import until as until_seen
from tests.platforms.onpremises.servers import RawServer, http
from tests.service.world import FastTime, announced, api_of, running, until
from tests.ui.harness import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from console.domain.standing import Trouble
    from tests.conftest import Clock
    from tests.service.world import World

SPRING, AUTUMN = 1_774_746_000_000, 1_792_890_000_000
"""When Europe changed to summer time in 2026, and back."""

JUMPS = pytest.mark.parametrize("hours", [-1, 30 * 24], ids=["back 1 h", "forward 30 d"])
_NOTICES = 'INSERT INTO "notice"'
HALF_A_SECOND = 0.5
"""What a busy machine may add to a moment that is awaited."""


def moment_of(time: FastTime, at: float) -> Uptime:
    """A moment of the machine's monotonic clock on the service's."""
    return Uptime(time.uptime() - (monotonic() - at) * time.speed)


def trouble(world: World, id_: str) -> Trouble:
    return next(one for one in world.standing.troubles if one.id == id_)


def held(db: Path) -> list[str]:
    """All rows of a cache, but those that say how the service is doing."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return [
            line for line in connection.iterdump() if not line.startswith(('INSERT INTO "status"', _NOTICES))
        ]


def at(time: FastTime, moment: Millis) -> FastTime:
    """The clocks, set to a moment before anything runs on them."""
    time.step(hours=(moment - time.now()) / 3_600_000)
    return time


# -- T45: the wall clock is set while the service runs


@JUMPS
async def test_t45_a_step_neither_ends_nor_prolongs_the_wait_for_a_callback(
    hours: int, tmp_path: Path, simulator: Simulator
) -> None:
    clocks = FastTime(100)
    async with running(
        tmp_path / "c.db", api_of(simulator), simulator=simulator, time=clocks, callback_timeout=100
    ) as world:
        key = await announced(simulator, ["silent"])
        world.order(key)
        await until(lambda: "StoreAccepted" in world.words(key))
        clocks.step(hours=hours)
        await world.state(key, State.UNCONFIRMED)
        waited = clocks.uptime() - moment_of(clocks, simulator.store_calls(key)[0].at)
    assert 100 <= waited <= 100 + HALF_A_SECOND * clocks.speed


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
        chance=lambda low, high: 50.0,
    ) as world:
        key = await announced(simulator, ["500", "ok"])
        world.order(key)
        await until(lambda: world.media(key).next_try_at is not None)
        clocks.step(hours=hours)
        await world.state(key, State.DOWNLOADED)
        first, second = (moment_of(clocks, call.at) for call in simulator.store_calls(key))
    assert 49.9 <= second - first <= 50 + HALF_A_SECOND * clocks.speed


@JUMPS
async def test_t45_a_step_neither_shortens_nor_lengthens_a_hold_of_the_queue(
    hours: int, tmp_path: Path, simulator: Simulator
) -> None:
    clocks = FastTime(100)
    async with running(
        tmp_path / "c.db", api_of(simulator), simulator=simulator, time=clocks, calls=1
    ) as world:
        slowed, other = [await announced(simulator, words) for words in (["429(60)", "ok"], ["ok"])]
        world.order(slowed)
        await until(lambda: world.standing.paused_until is not None)
        clocks.step(hours=hours)
        world.order(other)
        await until(lambda: abs((world.standing.paused_until or 0) - clocks.now()) < 61_000, "shown anew")
        for key in (slowed, other):
            await world.state(key, State.DOWNLOADED)
        calls = [moment_of(clocks, call.at) for call in simulator.store_calls()]
    assert len(calls) == 3
    assert 59.9 <= calls[1] - calls[0] <= 60 + HALF_A_SECOND * clocks.speed


@pytest.mark.parametrize(("hours", "left"), [(-1, 100.0), (30 * 24, 0.0)], ids=["back", "forward"])
async def test_t45_a_step_between_two_services_leaves_a_wait_within_its_bounds(
    hours: int, left: float, tmp_path: Path, simulator: Simulator
) -> None:
    db, clocks = tmp_path / "c.db", FastTime(100)
    async with running(
        db, api_of(simulator), simulator=simulator, time=clocks, callback_timeout=100
    ) as world:
        key = await announced(simulator, ["silent"])
        world.order(key)
        await until(lambda: "StoreAccepted" in world.words(key))
    clocks.step(hours=hours)
    begun = clocks.uptime()
    async with running(db, None, time=clocks, callback_timeout=100) as world:
        await world.state(key, State.UNCONFIRMED)
        waited = clocks.uptime() - begun
    assert left <= waited <= left + 2 * HALF_A_SECOND * clocks.speed


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
        before = held(db)
        async with opened(db, size=(140, 40), now=clocks.now) as console:
            await console.shows("13d 23h")
            clocks.step(hours=hours)
            begun = monotonic()
            await console.until(lambda: words in console.text and due in console.text)
            assert monotonic() - begun < 2
            assert "countdowns follow it" in console.text
            assert "Nothing is deleted by its age" in " ".join(console.text.split())
        assert held(db) == before
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
    async with running(db, None, simulator=simulator, time=at(FastTime(1), clock.at)):
        await simulator.announce(undownloaded=True, timestamp=str(clock.at // 1000 - 36_000 + 60))
    async with opened(db, size=(140, 40), now=clock) as console:
        for due in ("13d 14h", "13d 13h", "13d 12h", "13d 11h"):
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


# -- The client's clock


class Shifted:
    """The clock of a client that is some seconds ahead of this machine's, or (negative) behind."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> Millis:
        return Millis(wall() + round(self.seconds * 1000))


@pytest.mark.parametrize(
    ("seconds", "words"), [(302, "5m ahead of"), (-3722, "1h 02m behind")], ids=["ahead", "behind"]
)
async def test_t45_a_clients_clock_that_disagrees_is_shown_until_it_agrees(
    seconds: int, words: str, tmp_path: Path
) -> None:
    theirs = Shifted(seconds)
    async with (
        Simulator(now=theirs) as simulator,
        running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world,
    ):
        await until(lambda: world.troubles() == {"client-clock"})
        told = trouble(world, "client-clock")
        assert told.text == f"The client's clock is {words} this machine's."
        assert told.remedy
        theirs.seconds = 60
        await until(lambda: world.troubles() == set())
        await until(lambda: any("agrees with this machine's again" in one.text for one in world.notices()))


@pytest.mark.parametrize("date", [(), ("Date: soon",), ("Date: Mon, 99 Foo",)], ids=["none", "word", "odd"])
async def test_t45_a_missing_or_broken_date_says_nothing(date: tuple[str, ...], tmp_path: Path) -> None:
    well = b'{"health": {"gateway_status": "connected"}}'
    early = f"Date: {formatdate(wall() / 1000 - 7200, usegmt=True)}"
    async with (
        RawServer(http(200, well, *date), http(200, well, early, "Age: 7200"), http(200, well, *date)) as api,
        running(tmp_path / "c.db", tokened(api.url)) as world,
    ):
        await until(lambda: len(api.requests) >= 4)
        assert world.standing.health is Health.CONNECTED
        assert world.troubles() == set(), "an answer that a cache kept tells no time either"


def tokened(url: str) -> OnPremisesApi:
    """An API that wants no login."""
    return OnPremisesApi(
        url, username=None, password=None, token="t0ken", ca=None, insecure=False, proxy=None, now=wall
    )


# -- T46: what a message says of its time


@pytest.mark.parametrize(
    "timestamp",
    [lambda now: now + 7200, lambda now: 7_258_118_400, lambda now: 0],
    ids=["2 h ahead", "year 2200", "1970"],
)
async def test_t46_no_media_has_more_than_the_window_left_and_an_odd_time_is_flagged(
    timestamp: Callable[[int], int], tmp_path: Path, simulator: Simulator
) -> None:
    db = tmp_path / "c.db"
    async with running(db, None, simulator=simulator, time=FastTime(1)) as world:
        told = str(timestamp(wall() // 1000))
        key = await simulator.announce(undownloaded=True, timestamp=told)
        record = media_record(world.media(key), DEFAULT_WINDOW_MS, wall())
        media = world.media(key)
    assert media.heard_at is not None
    assert media.clock_from + DEFAULT_WINDOW_MS == media.heard_at + 14 * DAY_MS
    assert (record["sent_at_assumed"], record["sent_at"]) == (True, record["received_at"])
    async with opened(db, size=(140, 40), now=wall) as console:
        await console.shows("13d 23h")
        assert "= receipt (" in " ".join(console.text.split())


# -- T47: the edge of the countdown


async def test_t47_the_countdown_ends_to_the_second_and_a_request_is_still_possible(
    tmp_path: Path, simulator: Simulator, clock: Clock
) -> None:
    db = tmp_path / "c.db"
    sent = clock.at // 1000
    async with running(db, api_of(simulator), simulator=simulator, time=at(FastTime(1), clock.at)) as world:
        key = await simulator.announce(undownloaded=True, behaviours=["ok"], timestamp=str(sent))
        before = held(db)
        clock.at = Millis(sent * 1000 + 14 * DAY_MS - 1000)
        async with opened(db, size=(80, 40), now=clock) as console:
            await console.shows("<1m")
            assert "past 14d" not in console.text
            for _ in range(2):
                clock.move(seconds=1)
                await console.shows("past 14d")
                assert "<1m" not in console.text
            await console.press("enter")
            assert "it may still work: WhatsApp then asks" in console.text
            assert held(db) == before, "lapsed is computed, not stored"
            await console.press("d")
            await world.state(key, State.DOWNLOADED)


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
