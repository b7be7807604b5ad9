"""Room for connections: who is let in, who gives way, and what happens when files run out."""

from __future__ import annotations

import asyncio
import os
import resource
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from console.listener.doors import CONNECTIONS, FILES_OF_OTHERS, room
from console.listener.refusals import TOLD_OF_ONE
from tests.listener.serving import Storing, Told, listening, raw
from tests.listener.test_app import Held, announcement
from tests.listener.test_connection import BODY, POST, statuses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]

HALF_HEAD = b"POST /webhook HTTP/1.1\r\nHost"
HALF_BODY = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{"


@pytest.fixture
async def opened() -> AsyncIterator[list[Opened]]:
    """Connections that are closed at the end."""
    connections: list[Opened] = []
    yield connections
    for _, writer in connections:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
def few_files() -> Iterator[int]:
    """So many more files than now may be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = 20
    top = max(map(int, os.listdir("/proc/self/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (top + spare, hard))
    yield spare
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def fill(url: str, opened: list[Opened], count: int, begin: bytes) -> None:
    """Opens so many connections that begin like that, and waits until the bytes were sent."""
    host, port = url.removeprefix("http://").split(":")
    for _ in range(count):
        opened.append(await asyncio.open_connection(host, int(port)))
        opened[-1][1].write(begin)
        await opened[-1][1].drain()
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("begin", [b"", HALF_HEAD, HALF_BODY, POST], ids=["nothing", "head", "body", "idle"])
async def test_who_waits_for_nothing_of_ours_gives_way(begin: bytes, opened: list[Opened]) -> None:
    async with listening(Storing(), Told(), connections=20) as url:
        await fill(url, opened, 20, begin)
        async with httpx.AsyncClient(trust_env=False) as http:
            for _ in range(3):
                assert (await http.post(f"{url}/webhook", content=BODY)).status_code == 200
        first = await asyncio.wait_for(opened[0][0].read(), 2)
        told = [200] if begin == POST else []
        assert statuses(first) == told + ([] if begin in (b"", POST) else [503])


async def test_who_gives_way_is_counted_unless_it_only_was_idle(opened: list[Opened]) -> None:
    told = Told()
    async with listening(Storing(), told, connections=20) as url:
        await fill(url, opened, 20, POST)
        await fill(url, opened, 60, HALF_HEAD)
    gone = told.refusals.count((0, "room"))
    assert 40 <= gone <= 60
    assert len(told.refusals) == gone
    assert told.noted == TOLD_OF_ONE


async def test_strangers_give_way_before_those_who_brought_something(opened: list[Opened]) -> None:
    async with listening(Storing(), Told(), connections=40) as url:
        await fill(url, opened, 10, POST)
        await fill(url, opened, 200, HALF_HEAD)
        for reader, writer in opened[:10]:
            writer.write(POST)
            await reader.readuntil(b"ok")
            assert not reader.at_eof()


async def test_when_all_wait_for_us_more_are_sent_away() -> None:
    held = Held()
    told = Told()
    async with listening(held, told, connections=8) as url, asyncio.TaskGroup() as tasks:
        limits = httpx.Limits(max_connections=50)
        async with httpx.AsyncClient(trust_env=False, limits=limits) as http:
            posts = [tasks.create_task(http.post(f"{url}/webhook", content=announcement())) for _ in range(8)]
            for _ in posts:
                await held.taken.acquire()
            answer = await raw(url, b"")
            assert statuses(answer) == [503]
            assert told.refusals == [(0, "room")]
            assert b"\r\nretry-after: 5\r\n" in answer
            held.commit.set()
            assert {(await post).status_code for post in posts} == {200}
            assert (await http.post(f"{url}/webhook", content=BODY)).status_code == 200


async def test_running_out_of_files_is_survived(
    few_files: int, opened: list[Opened], caplog: pytest.LogCaptureFixture
) -> None:
    """The limit of connections is set too high on purpose: accepting fails, and goes on later."""
    async with listening(Storing(), Told(), connections=1000) as url:
        with suppress(OSError):
            await fill(url, opened, few_files, b"")
        await asyncio.sleep(0.5)
        for _, writer in opened:
            writer.close()
        await asyncio.sleep(0.5)
        assert statuses(await asyncio.wait_for(raw(url, POST, then_close=True), 5)) == [200]
    waits = [record for record in caplog.records if "have to wait" in record.message]
    assert len(waits) <= 3, "it is no busy loop, and fills no log"


def test_the_room_leaves_files_for_the_cache(few_files: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    assert room() == 256 - FILES_OF_OTHERS
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    assert room() == min(CONNECTIONS, hard - FILES_OF_OTHERS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
