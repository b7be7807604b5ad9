from __future__ import annotations

import asyncio
import socket
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from console.cache.reader import AsyncCacheReader
from console.cache.writer import CacheWriter
from console.clock import monotonic, uptime, wall
from console.domain.facts import MediaAnnounced, StoreFailed, StoreQueued, StoreRefused, StoreRequested
from console.domain.media import MediaId, MediaKey, Millis, Origin, State
from console.domain.naming import subject
from console.domain.reading import Reading
from console.domain.standing import Health
from console.platforms.base import Accepted, HealthAnswer
from console.service.pacing import Gate, Pacing
from console.service.queue import PAGE
from console.service.recorder import Recorder
from console.service.silence import Silence
from console.service.standing import Board
from console.service.supervisor import Supervisor
from console.service.worker import Worker
from console.simulator import Simulator
from tests.service.world import FastTime, announced, api_of, running, until

if TYPE_CHECKING:
    from pathlib import Path

    from console.cache.query import Query, T
    from console.domain.facts import Fact
    from console.platforms.base import StoreAnswer


def half(low: float, high: float) -> float:
    return (low + high) / 2


ONE_CALL = {
    "ok": (State.DOWNLOADED, None, None),
    "slow(0.3)": (State.DOWNLOADED, None, None),
    "callback-first": (State.DOWNLOADED, None, None),
    "duplicate": (State.DOWNLOADED, None, None),
    "noisy-status": (State.DOWNLOADED, None, None),
    "conflict": (State.DOWNLOADED, None, None),
    "failed-400": (State.FAILED, 400, Origin.WEBHOOK),
    "refused-1006-path": (State.FAILED, 1006, Origin.RESPONSE),
    "refused-1006-file": (State.FAILED, 1006, Origin.RESPONSE),
    "403": (State.FAILED, 1005, Origin.RESPONSE),
    "404-empty": (State.FAILED, 404, Origin.RESPONSE),
    "410": (State.FAILED, 410, Origin.RESPONSE),
    "412": (State.FAILED, 1022, Origin.RESPONSE),
    "garbage": (State.FAILED, "not-json", Origin.RESPONSE),
    "html-200": (State.FAILED, "html", Origin.RESPONSE),
    "other-id": (State.FAILED, "wrong-answer", Origin.RESPONSE),
    "huge(2)": (State.FAILED, "too-large", Origin.RESPONSE),
    "redirect": (State.FAILED, "redirect", Origin.RESPONSE),
}


async def test_what_one_call_ends_in(tmp_path: Path, simulator: Simulator) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        keys = {word: await announced(simulator, [word]) for word in ONE_CALL}
        world.order(*keys.values())
        for word, (state, code, origin) in ONE_CALL.items():
            media = await world.state(keys[word], state)
            error = media.error
            assert ((error.code, error.origin) if error else (None, None)) == (code, origin), word
            assert error is None or error.title
        await until(lambda: world.standing.calling == 0)
        await until(lambda: all(delivery.taken for delivery in simulator.deliveries))
        for word, (state, _, _) in ONE_CALL.items():
            assert world.media(keys[word]).state is state, "a repetition changes nothing"
            assert len(simulator.store_calls(keys[word])) == 1, word
        assert world.standing.paused_until is None
        assert world.troubles() == set()
        failures = {
            (fact.key, fact.at)
            for key in keys.values()
            for fact in world.history(key)
            if isinstance(fact, StoreFailed | StoreRefused)
        }
        failed = {keys[word] for word, (state, _, _) in ONE_CALL.items() if state is State.FAILED}
        assert {key for key, _ in failures} == failed | {keys["conflict"]}
        await until(lambda: failures <= {(notice.key, notice.at) for notice in world.notices()})
        told = [notice for notice in world.notices() if notice.key is not None]
        assert [notice.count for notice in told] == [1] * len(failures), "one a failure"
        for notice in told:
            assert subject(world.media(str(notice.key))) in notice.text
            assert str(notice.key) not in notice.text


async def test_a_broken_health_call_holds_no_download_up(tmp_path: Path, simulator: Simulator) -> None:
    simulator.behave_call("health", "drop")
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        await until(lambda: world.standing.health_detail is not None, "the health call has failed")
        keys = [await announced(simulator, ["ok"]) for _ in range(3)]
        world.order(*keys)
        for key in keys:
            await world.state(key, State.DOWNLOADED)
        assert world.standing.health is Health.UNKNOWN
        assert world.troubles() == set()
        assert [notice.text for notice in world.notices()] == []


async def test_a_failed_one_is_retried_to_success(tmp_path: Path, simulator: Simulator) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        key = await announced(simulator, ["failed-400", "refused-1006-file", "ok"])
        for state in (State.FAILED, State.FAILED, State.DOWNLOADED):
            await world.ordered(key)
            await world.state(key, state)
        assert world.media(key).opened == 3


async def test_a_silent_one_stays_requested(tmp_path: Path, simulator: Simulator) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        key = await announced(simulator, ["silent"])
        world.order(key)
        await until(lambda: "StoreAccepted" in world.words(key))
        assert world.media(key).state is State.REQUESTED
        world.order(key)
        await until(lambda: world.inbox.waiting(1) == [])
        assert len(simulator.store_calls(key)) == 1


async def test_a_passing_fault_is_tried_again(tmp_path: Path, simulator: Simulator) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator, chance=half) as world:
        faults = ("500", "502-html", "504", "408", "drop", "half")
        keys = [await announced(simulator, [fault, fault, "ok"]) for fault in faults]
        world.order(*keys)
        for key in keys:
            await world.state(key, State.DOWNLOADED)
            assert len(simulator.store_calls(key)) == 3
            assert world.media(key).opened == 1


async def test_passing_faults_end_in_failed_after_five_tries(tmp_path: Path, simulator: Simulator) -> None:
    bounds: list[tuple[float, float]] = []

    def noted(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    time = FastTime(100)
    async with running(
        tmp_path / "c.db", api_of(simulator), simulator=simulator, chance=noted, time=time
    ) as world:
        key = await announced(simulator, ["500"])
        world.order(key)
        await until(lambda: world.media(key).next_try_at is not None)
        waiting = world.media(key)
        assert waiting.state is State.QUEUED
        assert waiting.error is not None
        media = await world.state(key, State.FAILED)
    assert media.error is not None
    assert (media.error.code, media.error.origin) == (1014, Origin.RESPONSE)
    calls = [call.at for call in simulator.store_calls(key)]
    assert len(calls) == 5
    assert bounds[:4] == [(0.0, 2.0), (0.0, 4.0), (0.0, 8.0), (0.0, 16.0)]
    waits = [(later - earlier) * time.speed for earlier, later in pairwise(calls)]
    assert all(wait >= least * 0.98 for wait, least in zip(waits, (2, 4, 8, 16), strict=True))


async def test_no_byte_of_an_answer_is_a_passing_fault(tmp_path: Path, simulator: Simulator) -> None:
    api = api_of(simulator, read_timeout=0.1)
    async with running(tmp_path / "c.db", api, simulator=simulator, chance=half) as world:
        key = await announced(simulator, ["hang"])
        world.order(key)
        media = await world.state(key, State.FAILED)
    assert media.error is not None
    assert (media.error.code, media.error.origin) == ("timeout", Origin.NETWORK)
    assert len(simulator.store_calls(key)) == 5


@pytest.mark.parametrize("fault", ["429(20)", "503(20)"])
async def test_retry_after_slows_everyone_down(fault: str, tmp_path: Path, simulator: Simulator) -> None:
    time = FastTime()
    async with running(
        tmp_path / "c.db", api_of(simulator), simulator=simulator, time=time, calls=1
    ) as world:
        slowed = await announced(simulator, [fault, "ok"])
        others = [await announced(simulator, ["ok"]) for _ in range(3)]
        world.order(slowed)
        await until(lambda: world.standing.paused_until is not None)
        assert world.troubles() == {"slow-down"}
        media = world.media(slowed)
        assert media.next_try_at is not None
        assert media.error is not None
        world.order(*others)
        for key in (slowed, *others):
            await world.state(key, State.DOWNLOADED)
        await until(lambda: world.standing.paused_until is None and world.troubles() == set())
    calls = simulator.store_calls()
    first = next(call for call in calls if call.media_id == slowed)
    later = [call for call in calls if call is not first]
    assert len(later) == 4
    assert all((call.at - first.at) * time.speed >= 19.5 for call in later)


async def test_one_id_never_has_two_calls_open(tmp_path: Path, simulator: Simulator) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        key = await announced(simulator, ["slow(0.2)"])
        for _ in range(5):
            world.order(key)
            world.order(key, key)
        await world.state(key, State.DOWNLOADED)
    assert len(simulator.store_calls(key)) == 1


async def test_a_new_order_waits_for_the_open_call_of_the_old_one(
    tmp_path: Path, simulator: Simulator
) -> None:
    """The failure callback may come while the answer is still outstanding, and the operator be quick."""
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        # A store that was accepted without a callback, or that might come before the second call is made.
        key = await announced(simulator, ["drip(0.005)", "ok"])
        world.order(key)
        await until(lambda: len(simulator.store_calls(key)) == 1)
        image = f'{{"id":"{key}","status":"downloaded"}}'
        error = '{"code":400,"title":"Parameter not valid"}'
        item = f'{{"type":"image","image":{image},"errors":[{error}]}}'
        await simulator.send(f'{{"media_items":[{item}]}}'.encode())
        await world.state(key, State.FAILED)
        world.order(key)
        await world.state(key, State.QUEUED)
        await until(lambda: len(simulator.store_calls(key)) == 2)
        await world.state(key, State.DOWNLOADED)
    assert not any(call.overlapping for call in simulator.store_calls(key))


async def test_no_more_calls_at_once_than_set(tmp_path: Path, simulator: Simulator) -> None:
    most = 0
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator, calls=3) as world:
        keys = [await announced(simulator, ["slow(0.1)"]) for _ in range(9)]
        world.order(*keys)
        while any(world.media(key).state is not State.DOWNLOADED for key in keys):
            open_calls = [call for call in simulator.store_calls() if call.status is None]
            most = max(most, len(open_calls), world.standing.calling)
            await asyncio.sleep(0.005)
    assert 1 < most <= 3


async def test_an_expired_token_costs_one_login(tmp_path: Path, simulator: Simulator) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        await until(lambda: world.standing.health is Health.CONNECTED)
        simulator.expire_tokens()
        keys = [await announced(simulator, ["ok"]) for _ in range(4)]
        world.order(*keys)
        for key in keys:
            await world.state(key, State.DOWNLOADED)
        logins = [call for call in simulator.calls if call.path.endswith("/login")]
        assert len(logins) == 2
        assert world.troubles() == set()


async def test_a_wrong_password_holds_the_queue_without_hammering(
    tmp_path: Path, simulator: Simulator
) -> None:
    api = api_of(simulator, password="Wrong-9999")
    async with running(tmp_path / "c.db", api, simulator=simulator) as world:
        keys = [await announced(simulator, ["ok"]) for _ in range(5)]
        world.order(*keys)
        for key in keys:
            media = await world.explained(key)
            assert media.state is State.QUEUED
        assert world.troubles() == {"login"}
        [trouble] = world.standing.troubles
        assert "API_PASSWORD" in trouble.remedy
        assert "Wrong-9999" not in f"{trouble} {world.notices()}"
        await asyncio.sleep(0.4)  # 20 seconds of the service's time
        logins = [call for call in simulator.calls if call.path.endswith("/login")]
        assert len(logins) <= 2
        assert simulator.store_calls() == []


async def test_a_login_that_works_again_is_found_by_a_new_order(tmp_path: Path, simulator: Simulator) -> None:
    simulator.behave_call("login", "401", "401", "ok")
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        first, second = [await announced(simulator, ["ok"]) for _ in range(2)]
        world.order(first)
        await until(lambda: world.media(first).error is not None)
        await until(lambda: world.troubles() == {"login"})
        world.order(second)
        for key in (first, second):
            await world.state(key, State.DOWNLOADED)
        await until(lambda: world.troubles() == set())


async def test_a_factory_password_stops_the_queue(tmp_path: Path) -> None:
    async with (
        Simulator(factory_password=True) as simulator,
        running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world,
    ):
        key = await announced(simulator, ["ok"])
        world.order(key)
        media = await world.explained(key)
        assert media.error is not None
        assert (media.state, media.error.code) == (State.QUEUED, 1024)
        assert world.troubles() == {"login"}
        assert "new_password" in world.standing.troubles[0].remedy
        await asyncio.sleep(0.2)
        assert len([call for call in simulator.calls if call.path.endswith("/login")]) <= 2


async def test_an_api_that_is_down_keeps_the_queue_until_it_is_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with Simulator() as announcer:
        down = Simulator(port=port)
        down.url = f"http://127.0.0.1:{port}"
        async with running(tmp_path / "c.db", api_of(down), simulator=announcer) as world:
            keys = [await announced(announcer, ["ok"]) for _ in range(6)]
            await until(lambda: world.troubles() == {"api"})
            assert world.standing.health is Health.UNREACHABLE
            world.order(*keys)
            for key in keys:
                media = await world.explained(key)
                assert media.state is State.QUEUED
                assert media.error is not None
                assert media.error.code == "unreachable"
            await asyncio.sleep(0.2)
            assert {world.media(key).state for key in keys} == {State.QUEUED}, "no try is spent"
            down.webhook_url = world.webhook_url
            for key in keys:
                down.behave(key, "ok")
            async with down:
                for key in keys:
                    await world.state(key, State.DOWNLOADED)
                await until(lambda: world.standing.health is Health.CONNECTED and not world.troubles())
                assert {len(down.store_calls(key)) for key in keys} == {1}


class Counting:
    """An API that accepts everything at once."""

    def __init__(self) -> None:
        self.asked: list[MediaId] = []

    async def store(self, media_id: MediaId) -> StoreAnswer:
        self.asked.append(media_id)
        return Accepted()

    async def health(self) -> HealthAnswer:
        return HealthAnswer(health=Health.CONNECTED)

    async def aclose(self) -> None:
        """Nothing to close."""


async def test_an_id_that_is_unsafe_in_a_path_is_never_asked_for(tmp_path: Path) -> None:
    """Orders for such ids are not taken; a cache that holds one all the same must not do harm."""
    db = tmp_path / "c.db"
    writer = await CacheWriter.open(db, now=wall)
    key = MediaKey("../settings")
    told = MediaAnnounced(key=key, at=wall(), id=MediaId(key), undownloaded=True)
    await writer.decide(key, lambda _: (told, StoreQueued(key=key, at=wall(), attempt=1, order_id="o")))
    await writer.close()
    api = Counting()
    async with running(db, api) as world:
        media = await world.state(key, State.FAILED)
    assert media.error is not None
    assert media.error.code == "not-retrievable"
    assert api.asked == []


async def test_a_media_that_another_claimed_is_left_alone(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    writer = await CacheWriter.open(db, now=wall)
    api, board = Counting(), Board(now=wall, pid=1, api_url="http://x")
    supervisor = Supervisor(board)
    key = MediaKey("m-1")
    told = MediaAnnounced(key=key, at=wall(), id=MediaId(key))
    queued = StoreQueued(key=key, at=wall(), attempt=1, order_id="o")
    await writer.decide(key, lambda _: (told, queued))
    async with AsyncCacheReader(db) as reader:
        recorder = Recorder(writer, board)
        worker = Worker(
            recorder=recorder,
            reader=reader,
            api=api,
            board=board,
            gate=Gate(4, Pacing()),
            silence=Silence(recorder=recorder, reader=reader, timeout=600, now=wall, uptime=uptime),
            supervisor=supervisor,
            now=wall,
            uptime=uptime,
            uniform=half,
            pacing=Pacing(),
        )
        await writer.decide(key, lambda _: (StoreRequested(key=key, at=wall(), attempt=1),))
        supervisor.start("worker", worker.run)
        worker.wake()
        await asyncio.sleep(0.1)
        begun = monotonic()
        await supervisor.finish(worker.end(), 1.0)
        assert monotonic() - begun < 0.9
        await supervisor.stop()
    await writer.close()
    assert api.asked == []


class CountingReader(AsyncCacheReader):
    """A reader that counts how often it was asked."""

    def __init__(self, db: Path) -> None:
        super().__init__(db)
        self.asked = 0

    async def run(self, query: Query[T]) -> T:
        self.asked += 1
        return await super().run(query)


async def test_the_queue_is_read_by_the_page_and_the_most_urgent_are_asked_for_first(tmp_path: Path) -> None:
    db, count = tmp_path / "c.db", PAGE + 50
    writer = await CacheWriter.open(db, now=wall)
    api, board = Counting(), Board(now=wall, pid=1, api_url="http://x")
    supervisor = Supervisor(board)
    heard = wall()
    told: list[Fact] = []
    for number in range(count):
        key = MediaKey(f"m-{number:04}")
        sent = Millis(heard - number * 1000)
        told.append(MediaAnnounced(key=key, at=heard, id=MediaId(key), sent_at=sent))
        told.append(StoreQueued(key=key, at=heard, attempt=1, order_id=key))
    await writer.take_webhook(b"{}", heard, Reading(facts=tuple(told)))
    reader = CountingReader(db)
    async with reader:
        recorder = Recorder(writer, board)
        worker = Worker(
            recorder=recorder,
            reader=reader,
            api=api,
            board=board,
            gate=Gate(1, Pacing()),
            silence=Silence(recorder=recorder, reader=reader, timeout=600, now=wall, uptime=uptime),
            supervisor=supervisor,
            now=wall,
            uptime=uptime,
            uniform=half,
            pacing=Pacing(),
        )
        supervisor.start("worker", worker.run)
        await until(lambda: len(api.asked) == count, f"{count} calls")
        # Two pages, and once more to see that nothing is left.
        assert reader.asked <= 7
        await supervisor.finish(worker.end(), 1.0)
        await supervisor.stop()
    await writer.close()
    assert api.asked == [f"m-{number:04}" for number in reversed(range(count))]
