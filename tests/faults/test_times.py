"""A client whose clock disagrees, and the times that messages carry."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from console.cache.records import media_record
from console.clock import wall
from console.domain.media import Millis, State
from console.domain.retention import DAY_MS, DEFAULT_WINDOW_MS
from console.domain.standing import Health
from console.platforms.onpremises.client import OnPremisesApi
from console.simulator import Simulator
from tests.faults.kept import rows
from tests.platforms.onpremises.servers import RawServer, http
from tests.service.world import FastTime, api_of, running, until
from tests.ui.harness import opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.domain.standing import Trouble
    from tests.conftest import Clock
    from tests.service.world import World


def trouble(world: World, id_: str) -> Trouble:
    return next(one for one in world.standing.troubles if one.id == id_)


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
        await console.shows("= receipt (")


# -- T47: the edge of the countdown


async def test_t47_the_countdown_ends_to_the_second_and_a_request_is_still_possible(
    tmp_path: Path, simulator: Simulator, clock: Clock
) -> None:
    db = tmp_path / "c.db"
    sent = clock.at // 1000
    async with running(db, api_of(simulator), simulator=simulator, time=FastTime(1, clock.at)) as world:
        key = await simulator.announce(undownloaded=True, behaviours=["ok"], timestamp=str(sent))
        before = rows(db)
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
            assert rows(db) == before, "lapsed is computed, not stored"
            await console.press("d")
            await world.state(key, State.DOWNLOADED)
