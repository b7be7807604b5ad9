"""An API that asks for patience, fails in passing or is not there: how often it is asked, and when."""

from __future__ import annotations

import asyncio
import socket
import ssl
from email.utils import formatdate
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from console.clock import wall
from console.domain import errors
from console.domain.errors import Retry
from console.domain.facts import StoreDeferred
from console.domain.media import State
from console.domain.standing import Health
from console.simulator import Simulator
from tests.faults.calling import api_at, failed, service_moments
from tests.platforms.onpremises.servers import RawServer, http, make_authority, never_accepted
from tests.service.world import FastTime, announced, api_of, running, until

if TYPE_CHECKING:
    from pathlib import Path

    from console.platforms.onpremises.client import OnPremisesApi


LATE = 2.0
"""Seconds of the machine's by which a busy one may be late."""


# -- T32: slow down


@pytest.mark.parametrize(
    ("retry_after", "waits", "speed"),
    [("2", 2, 2), ("date", 40, 40), (None, 45, 45), ("99999", 600, 600)],
    ids=["2", "date", "none", "99999"],
)
async def test_t32_the_whole_queue_waits_as_long_as_the_api_asks_ten_minutes_at_most(
    retry_after: str | None, waits: float, speed: float, tmp_path: Path
) -> None:
    if retry_after == "date":
        retry_after = formatdate(wall() / 1000 + waits + 1, usegmt=True)
    await asyncio.gather(
        *(
            _slowed(tmp_path / f"{status}.db", status, code, retry_after, waits, speed)
            for status, code in ((429, 1015), (503, 1016))
        )
    )


async def _slowed(
    db: Path, status: int, code: int, retry_after: str | None, waits: float, speed: float
) -> None:
    word = f"{status}({retry_after})" if retry_after else str(status)
    clocks = FastTime(speed)
    async with (
        Simulator() as simulator,
        running(
            db,
            api_of(simulator),
            simulator=simulator,
            time=clocks,
            calls=1,
            chance=lambda low, high: waits,
        ) as world,
    ):
        key, *others = [await announced(simulator, words) for words in ([word, "ok"], ["ok"], ["ok"])]
        world.order(key)
        await until(lambda: world.standing.paused_until is not None)
        assert world.troubles() == {"slow-down"}
        world.order(*others)
        for each in (key, *others):
            await world.state(each, State.DOWNLOADED)
        deferral = next(fact for fact in world.history(key) if isinstance(fact, StoreDeferred))
        assert deferral.error.code == code
        first, *later = service_moments(clocks, simulator.store_calls())
        await until(lambda: world.troubles() == set())
    assert len(later) == 3
    assert 0.95 * waits <= min(later) - first <= waits + LATE * speed
    assert (deferral.next_try_at - deferral.at) / 1000 == pytest.approx(waits, abs=2)


# -- T33: faults that pass


@pytest.mark.parametrize("words", [["500", "502-html", "504", "408", "drop", "half"], ["503"]], ids=len)
async def test_t33_a_passing_fault_is_tried_five_times_with_full_jitter_and_may_be_asked_for_again(
    words: list[str], tmp_path: Path, simulator: Simulator
) -> None:
    bounds: set[tuple[float, float]] = set()

    def a_quarter(low: float, high: float) -> float:
        bounds.add((low, high))
        return high / 4

    clocks = FastTime(50)
    async with running(
        tmp_path / "c.db", api_of(simulator), simulator=simulator, time=clocks, chance=a_quarter, calls=8
    ) as world:
        keys = [await announced(simulator, [*[word] * 5, "ok"]) for word in words]
        world.order(*keys)
        for key in keys:
            _, error = await failed(world, key)
            assert errors.explain(error).retryable is not Retry.NO
            deferrals = [fact for fact in world.history(key) if isinstance(fact, StoreDeferred)]
            assert [fact.next_try_at - fact.at for fact in deferrals] == [500, 1000, 2000, 4000]
            calls = service_moments(clocks, simulator.store_calls(key))
            waits = [later - earlier for earlier, later in pairwise(calls)]
            assert len(calls) == 5
            assert all(wait >= 0.98 * least for wait, least in zip(waits, (0.5, 1, 2, 4), strict=True))
        assert bounds >= {(0.0, 2.0), (0.0, 4.0), (0.0, 8.0), (0.0, 16.0)}
        world.order(*keys)
        for key in keys:
            await world.state(key, State.DOWNLOADED)


async def test_t33_a_refused_connection_holds_the_queue_and_costs_no_try(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    await _holds_the_queue(tmp_path, api_at(f"http://127.0.0.1:{port}"), "unreachable")


async def test_t33_a_host_name_without_an_address_holds_the_queue_and_costs_no_try(tmp_path: Path) -> None:
    await _holds_the_queue(tmp_path, api_at("http://no-such-host.invalid:9090"), "dns")


async def test_t35_a_connection_that_is_never_taken_ends_at_its_time_out_and_holds_the_queue(
    tmp_path: Path,
) -> None:
    with never_accepted() as url:
        await _holds_the_queue(tmp_path, api_at(url, connect_timeout=0.1), "connect-timeout")


async def test_t33_a_tls_error_holds_the_queue_and_is_never_tried_without_verification(
    tmp_path: Path,
) -> None:
    make_authority(tmp_path, "theirs")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "theirs.pem", tmp_path / "theirs.key")
    ours = make_authority(tmp_path, "ours")
    async with RawServer(http(), tls=context) as server:
        await _holds_the_queue(tmp_path, api_at(server.url, ca=ours), "tls")
        assert server.requests == [], "nothing was said to a server that nobody vouches for"


async def _holds_the_queue(tmp_path: Path, api: OnPremisesApi, code: str) -> None:
    async with Simulator() as announcer, running(tmp_path / "c.db", api, simulator=announcer) as world:
        keys = [await announced(announcer, ["ok"]) for _ in range(3)]
        world.order(*keys)
        for key in keys:
            media = await world.explained(key)
            assert media.error is not None
            assert media.error.code == code
        await asyncio.sleep(0.3)  # 15 seconds of the service's, and several probes
        assert world.troubles() == {"api"}
        assert world.standing.health is Health.UNREACHABLE
        for key in keys:
            media = world.media(key)
            assert (media.state, media.next_try_at) == (State.QUEUED, None)
            assert "StoreRefused" not in world.words(key)
