"""A client whose clock disagrees, and the times that messages carry."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

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
    from pathlib import Path

    from console.domain.standing import Trouble
    from tests.conftest import Clock
    from tests.service.world import World


def trouble(world: World) -> Trouble:
    """The one that there is."""
    [only] = world.standing.troubles
    return only


# -- The client's clock


class Shifted:
    """The clock of a client that is some seconds ahead of this machine's, or (negative) behind."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> Millis:
        return Millis(wall() + round(self.seconds * 1000))


async def test_t45_a_clients_clock_that_disagrees_is_shown_until_it_agrees(tmp_path: Path) -> None:
    theirs = Shifted(302)
    async with (
        Simulator(now=theirs) as simulator,
        running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world,
    ):
        await until(lambda: world.troubles() == {"client-clock"})
        assert trouble(world).text == "The client's clock is 5m ahead of this machine's."
        assert trouble(world).remedy
        theirs.seconds = -3722
        await until(lambda: trouble(world).text == "The client's clock is 1h 02m behind this machine's.")
        theirs.seconds = 60
        await until(lambda: world.troubles() == set())
        await until(lambda: any("agrees with this machine's again" in one.text for one in world.notices()))


async def test_t45_a_missing_or_broken_date_says_nothing(tmp_path: Path) -> None:
    well = b'{"health": {"gateway_status": "connected"}}'
    kept = (f"Date: {formatdate(wall() / 1000 - 7200, usegmt=True)}", "Age: 7200")
    dates = ((), ("Date: soon",), ("Date: Mon, 99 Foo",), kept, ())
    async with (
        RawServer(*(http(200, well, *headers) for headers in dates)) as api,
        running(tmp_path / "c.db", tokened(api.url), time=FastTime(400)) as world,
    ):
        await until(lambda: len(api.requests) >= len(dates) + 1)
        assert world.standing.health is Health.CONNECTED
        assert world.troubles() == set(), "an answer that a cache kept tells no time either"
        assert not any("client's clock" in one.text for one in world.notices())


def tokened(url: str) -> OnPremisesApi:
    """An API that wants no login."""
    return OnPremisesApi(
        url, username=None, password=None, token="t0ken", ca=None, insecure=False, proxy=None, now=wall
    )


# -- T46: what a message says of its time


async def test_t46_no_media_has_more_than_the_window_left_and_an_odd_time_is_flagged(
    tmp_path: Path, simulator: Simulator
) -> None:
    db, year_2200 = tmp_path / "c.db", 7_258_118_400
    async with running(db, None, simulator=simulator, time=FastTime(1)) as world:
        for said in (wall() // 1000 + 7200, year_2200, 0):
            key = await simulator.announce(undownloaded=True, timestamp=str(said))
            media = world.media(key)
            record = media_record(media, DEFAULT_WINDOW_MS, wall())
            assert media.heard_at is not None
            assert media.clock_from + DEFAULT_WINDOW_MS == media.heard_at + 14 * DAY_MS
            assert (record["sent_at_assumed"], record["sent_at"]) == (True, record["received_at"])
    async with opened(db, size=(140, 40), now=wall) as console:
        for _ in range(3):
            await console.shows("13d 23h left")
            await console.shows("= receipt (")
            await console.press("j")


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
