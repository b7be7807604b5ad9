from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from console.simulator.callbacks import Callbacks
from console.simulator.settings import ApplicationSettings
from console.simulator.wire import bind
from tests.simulator.hook import Hook, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine


@asynccontextmanager
async def sending_to(url: str, backoff: float = 0.02) -> AsyncIterator[Callbacks]:
    settings = ApplicationSettings(backoff=backoff)
    settings.patch({"webhooks": {"url": url}})
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = []

        def spawn(work: Coroutine[None, None, None], name: str) -> None:
            tasks.append(group.create_task(work, name=name))

        callbacks = Callbacks(settings, spawn)
        yield callbacks
        for task in tasks:
            task.cancel()
        await callbacks.aclose()


async def test_a_callback_is_json_and_taken_with_200() -> None:
    with Hook() as hook:
        async with sending_to(hook.url) as callbacks:
            delivery = await callbacks.send({"statuses": []})
            assert delivery.taken
            assert delivery.answers == [200]
    assert hook.read == [{"statuses": []}]


async def test_anything_but_200_is_repeated_with_growing_pauses() -> None:
    with Hook(500, 202, 204, 404) as hook:
        async with sending_to(hook.url, backoff=0.05) as callbacks:
            delivery = await callbacks.send({"a": 1})
            assert not delivery.taken
            await until(lambda: delivery.taken)
            assert delivery.answers == [500, 202, 204, 404, 200]
    pauses = [later - earlier for earlier, later in zip(hook.moments, hook.moments[1:], strict=False)]
    assert all(pause >= 0.05 * number for number, pause in enumerate(pauses, 1))
    assert len(set(hook.bodies)) == 1


async def test_a_webhook_that_is_away_is_tried_again() -> None:
    sock = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
    sock.close()
    async with sending_to(url) as callbacks:
        delivery = await callbacks.send({})
        await until(lambda: len(delivery.answers) > 2)
        assert set(delivery.answers) == {"ConnectError"}
        assert not delivery.dropped


async def test_without_a_url_callbacks_are_dropped() -> None:
    async with sending_to("") as callbacks:
        delivery = await callbacks.send({})
        assert delivery.dropped
        assert delivery.answers == []
        assert list(callbacks.deliveries) == [delivery]


async def test_only_so_many_run_at_once() -> None:
    with Hook(pause=0.02) as hook:
        async with sending_to(hook.url) as callbacks:
            await asyncio.gather(*(callbacks.send({"n": number}) for number in range(30)))
    assert len(hook.bodies) == 30
    assert hook.at_once == 6


async def test_raw_bytes_are_sent_as_they_are() -> None:
    with Hook() as hook:
        async with sending_to(hook.url) as callbacks:
            await callbacks.send(b"\xff{")
    assert hook.bodies == [b"\xff{"]
