from __future__ import annotations

import asyncio
import os
import socket
import threading
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import httpx
import pytest

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.reader import CacheReader
from console.clock import monotonic
from console.config import Address, Settings
from console.domain.exceptions import ConsoleError
from console.domain.media import MediaKey, State
from console.domain.standing import Health
from console.platforms.onpremises.webhook import read_webhook
from console.service.core import Service
from console.service.lock import LockHeld, ServiceLock, holder
from tests.service.world import ANY_PORT, FastTime, announced, api_of, order, running, until

if TYPE_CHECKING:
    from pathlib import Path

    from console.domain.media import Millis
    from console.domain.reading import Reading
    from console.simulator import Simulator
    from tests.service.world import World


async def test_from_the_announcement_to_the_file(tmp_path: Path, simulator: Simulator) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        key = await announced(simulator, ["ok"])
        assert world.media(key).state is State.UNDOWNLOADED
        world.order(key)
        await world.state(key, State.DOWNLOADED)
        assert world.words(key)[:3] == ["MediaAnnounced", "StoreQueued", "StoreRequested"]
        await until(lambda: world.standing.health is Health.CONNECTED)
        assert world.troubles() == set()
        await until(lambda: world.standing.webhooks == 2)
        assert world.standing.last_event_at is not None


async def test_a_service_begins_with_the_newest_event_of_the_one_before(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    async with running(db, None) as world:
        fresh = world.standing
        assert fresh.last_event_at is None
        image = {"messages": [{"id": "m", "type": "image", "image": {"id": "a"}}]}
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.post(world.webhook_url, json=image)).status_code == 200
        last = world.standing.last_event_at
        assert last is not None
    async with running(db, None) as world:
        assert world.standing.last_event_at == last
        assert world.standing.webhooks == 0


async def test_an_order_is_taken_soon(tmp_path: Path, simulator: Simulator) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        keys = [await announced(simulator, ["silent"]) for _ in range(5)]
        waits = []
        for key in keys:
            begun = monotonic()
            world.order(key)
            await until(partial(_is_queued, world, key))
            waits.append(monotonic() - begun)
        # The typical one: a busy disk may hold up a single commit.
        assert median(waits) < 1


def _is_queued(world: World, key: str) -> bool:
    return "StoreQueued" in world.words(key)


async def test_a_port_in_use_leaves_a_service_without_a_listener(
    tmp_path: Path, simulator: Simulator
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        listen = Address("127.0.0.1", port)
        async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator, listen=listen) as world:
            standing = world.standing
            assert standing.listener is None
            assert standing.listener_error is not None
            assert f"pid {os.getpid()} " in standing.listener_error
            assert world.troubles() == {"listener"}
            await until(lambda: world.standing.health is Health.CONNECTED, "the rest works on")
            foreign.close()
            await until(lambda: world.standing.listener is not None, "the port is taken when it is free")
            assert world.troubles() == set()
            assert world.standing.listener_error is None
            simulator.webhook_url = world.webhook_url
            key = await announced(simulator, ["ok"])
            assert world.media(key).state is State.UNDOWNLOADED


async def test_the_port_is_tried_at_once_when_asked_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        listen = Address("127.0.0.1", foreign.getsockname()[1])
        settings = Settings(db=tmp_path / "c.db", listen=listen)
        service = Service(settings, api=None, read=read_webhook)
        ready, stop = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(service.run(ready, stop))
            await ready.wait()
            foreign.close()
            begun = monotonic()
            service.retry_listener()
            await until(lambda: service.standing.listener is not None)
            assert monotonic() - begun < 4
            stop.set()


async def test_a_second_service_is_refused_and_the_first_undisturbed(
    tmp_path: Path, simulator: Simulator
) -> None:
    db = tmp_path / "c.db"
    async with running(db, api_of(simulator), simulator=simulator) as world:
        second = Service(Settings(db=db, listen=ANY_PORT), api=None, read=read_webhook)
        begun = monotonic()
        with pytest.raises(LockHeld) as held:
            await second.run(asyncio.Event(), asyncio.Event())
        assert monotonic() - begun < 10
        assert held.value.pid == os.getpid()
        key = await announced(simulator, ["ok"])
        world.order(key)
        await world.state(key, State.DOWNLOADED)
    assert holder(db) is None


async def test_a_cache_that_is_none_stops_the_start_and_frees_the_lock(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    db.write_text("these are my notes")
    service = Service(Settings(db=db, listen=ANY_PORT), api=None, read=read_webhook)
    with pytest.raises(ConsoleError):
        await service.run(asyncio.Event(), asyncio.Event())
    assert db.read_text() == "these are my notes"
    assert holder(db) is None


async def test_orders_left_while_no_service_ran_are_done(tmp_path: Path, simulator: Simulator) -> None:
    db = tmp_path / "c.db"
    async with running(db, api_of(simulator), simulator=simulator):
        key = await announced(simulator, ["ok"])
    with Inbox(db) as inbox:
        inbox.leave([order(key)])
    async with running(db, api_of(simulator), simulator=simulator) as world:
        await world.state(key, State.DOWNLOADED)


async def test_a_restart_keeps_the_queue(tmp_path: Path, simulator: Simulator) -> None:
    db = tmp_path / "c.db"
    async with running(db, None, simulator=simulator) as world:
        keys = [await announced(simulator, ["ok"]) for _ in range(20)]
        world.order(*keys)
        for key in keys:
            await world.state(key, State.QUEUED)
        await until(lambda: world.troubles() == {"api"})
    async with running(db, api_of(simulator), simulator=simulator) as world:
        for key in keys:
            await world.state(key, State.DOWNLOADED)
    assert {len(simulator.store_calls(key)) for key in keys} == {1}


async def test_a_requested_one_waits_on_after_a_restart_and_ends_unconfirmed(
    tmp_path: Path, simulator: Simulator
) -> None:
    db, time = tmp_path / "c.db", FastTime()
    async with running(db, api_of(simulator), simulator=simulator, time=time) as world:
        key = await announced(simulator, ["silent"])
        world.order(key)
        await until(lambda: "StoreAccepted" in world.words(key))
    async with running(db, api_of(simulator), simulator=simulator, time=time, callback_timeout=10) as world:
        media = await world.state(key, State.UNCONFIRMED)
    assert media.error is None
    assert len(simulator.store_calls(key)) == 1


async def test_calls_without_an_answer_go_back_into_the_queue_at_the_end(
    tmp_path: Path, simulator: Simulator
) -> None:
    db, time = tmp_path / "c.db", FastTime()
    async with running(db, api_of(simulator, read_timeout=60), simulator=simulator, time=time) as world:
        key = await announced(simulator, ["hang", "ok"])
        world.order(key)
        await until(lambda: len(simulator.store_calls(key)) == 1)
        begun = monotonic()
    assert monotonic() - begun < 10
    with CacheReader(db) as reader:
        media = reader.run(queries.media(MediaKey(key)))
    assert media is not None
    assert media.state is State.QUEUED
    assert media.error is not None
    assert media.error.code == "interrupted"
    async with running(db, api_of(simulator), simulator=simulator, time=time) as world:
        await world.state(key, State.DOWNLOADED)
    assert not any(call.overlapping for call in simulator.store_calls(key))


async def test_the_end_joins_everything(tmp_path: Path, simulator: Simulator) -> None:
    threads = set(threading.enumerate())
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        keys = [await announced(simulator, ["ok(0.1)"]) for _ in range(30)]
        world.order(*keys)
        await until(lambda: world.standing.calling > 0)
        service = world.service
        assert {"health", "intake", "listener", "silence", "standing", "worker"} <= set(service.tasks)
        begun = monotonic()
    assert monotonic() - begun < 10
    assert service.tasks == []
    left = {
        thread.name
        for thread in set(threading.enumerate()) - threads
        if not thread.name.startswith("asyncio_")
    }
    assert left == set()
    kept = world.kept_standing()
    assert kept is not None
    assert kept.stopped
    assert kept.listener is None
    ServiceLock(tmp_path / "c.db").release()


async def test_a_defect_in_one_part_is_visible_and_stops_no_other(
    tmp_path: Path, simulator: Simulator
) -> None:
    def reader(body: bytes, received_at: Millis) -> Reading:
        if b"poison" in body:
            raise ZeroDivisionError("the sender's words")
        return read_webhook(body, received_at)

    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator, read=reader) as world:
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(world.webhook_url, content=b'{"poison":1}')
        assert answer.status_code == 500
        assert world.troubles() == {"task:webhooks"}
        assert "ZeroDivisionError" in world.standing.troubles[0].text
        assert "sender's words" not in world.standing.troubles[0].text
        key = await announced(simulator, ["ok"])
        world.order(key)
        await world.state(key, State.DOWNLOADED)


async def test_without_an_api_the_orders_wait_and_the_standing_says_why(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with running(tmp_path / "c.db", None, simulator=simulator) as world:
        assert world.standing.health is Health.NOT_CONFIGURED
        key = await announced(simulator, ["ok"])
        assert world.troubles() == set()
        world.order(key)
        await world.state(key, State.QUEUED)
        await until(lambda: world.troubles() == {"api"})
        assert "API_URL" in world.standing.troubles[0].remedy
    async with running(tmp_path / "c.db", None) as world:
        assert world.troubles() == {"api"}


async def test_viewers_find_the_standing_in_the_cache(tmp_path: Path, simulator: Simulator) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        await until(lambda: world.standing.health is Health.CONNECTED)
        await until(lambda: world.kept_standing() == world.standing)
