"""Answers that are none: odd, endless, hanging, or leading elsewhere."""

from __future__ import annotations

import asyncio
import tracemalloc
from functools import partial
from typing import TYPE_CHECKING

import pytest

from console.clock import wall
from console.domain.media import Origin, State
from console.domain.standing import Health
from console.platforms.onpremises.exchange import MAX_ANSWER
from tests.cli.world import announcement
from tests.faults.calling import api_at, asked, failed, posted
from tests.platforms.onpremises.servers import RawServer, http
from tests.service.world import FastTime, announced, api_of, running, until
from tests.ui.harness import Console, opened

if TYPE_CHECKING:
    from pathlib import Path

    from console.simulator import Simulator


# -- T34: 200, but no acceptance


NOT_ACCEPTED = {
    "html-200": "html",
    "errors-200": 1000,
    "other-id": "wrong-answer",
    "garbage": "not-json",
    "huge(50)": "too-large",
}


async def test_t34_a_200_that_accepts_nothing_is_not_counted_as_accepted(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        keys = {word: await announced(simulator, [word]) for word in NOT_ACCEPTED}
        world.order(*keys.values())
        for word, code in NOT_ACCEPTED.items():
            _, error = await failed(world, keys[word])
            assert (error.code, error.origin) == (code, Origin.RESPONSE)
            assert "StoreAccepted" not in world.words(keys[word])
            assert len(simulator.store_calls(keys[word])) == 1


async def test_t34_of_an_endless_answer_one_megabyte_is_read(tmp_path: Path, simulator: Simulator) -> None:
    sent: list[int] = []

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        sent.append(0)
        for _ in range(800):  # 50 MB
            writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
            await writer.drain()
            sent[-1] += 65536

    async with (
        RawServer(endless) as server,
        running(tmp_path / "c.db", api_at(server.url), simulator=simulator, calls=1) as world,
    ):
        tracemalloc.start()
        try:
            key = await asked(world, simulator, "ok")
            _, error = await failed(world, key)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert error.code == "too-large"
    assert max(sent) < 12 * MAX_ANSWER, "what the sockets hold, and no more"
    assert peak < 12_000_000


# -- T35: it hangs


@pytest.mark.parametrize(
    ("word", "read", "total", "title"),
    [
        ("hang", 0.05, 5.0, "No answer within 0.05 s"),
        ("drip(0.02)", 5.0, 0.3, "No whole answer within 0.3 s"),
        ("drip(9)", 0.05, 5.0, "No answer within 0.05 s"),
    ],
    ids=["no byte", "a byte now and then", "stops half-way"],
)
async def test_t35_a_hanging_answer_ends_at_its_time_out_and_is_a_passing_fault(
    word: str, read: float, total: float, title: str, tmp_path: Path, simulator: Simulator
) -> None:
    api = api_at(
        simulator.url,
        token=None,
        username=simulator.username,
        password=simulator.password,
        read_timeout=read,
        total_timeout=total,
    )
    async with running(tmp_path / "c.db", api, simulator=simulator, chance=lambda low, high: low) as world:
        key = await asked(world, simulator, word)
        _, error = await failed(world, key)
        assert (error.code, error.origin, error.title) == ("timeout", Origin.NETWORK, title)
        assert len(simulator.store_calls(key)) == 5


async def test_t35_while_calls_hang_the_screen_answers_keys_and_webhooks_are_taken(
    tmp_path: Path, simulator: Simulator
) -> None:
    db = tmp_path / "c.db"
    async with running(db, api_of(simulator, read_timeout=30), simulator=simulator, calls=4) as world:
        for _ in range(2):  # the gate opens with the first answers
            await world.state(await asked(world, simulator, "ok"), State.DOWNLOADED)
        keys = [await asked(world, simulator, "hang") for _ in range(4)]
        for number in range(8):
            await simulator.announce(undownloaded=True, filename=f"row-{number}.pdf")
        await until(lambda: world.standing.calling == 4)
        async with opened(db, size=(140, 40), now=wall) as console:
            for step in range(1, 9):
                await console.press("j")
                await console.until(partial(_cursor_is_at, console, step))
            await console.press("enter")
            await console.until(lambda: console.main.pane == "detail")
            await console.press("escape")
            await console.until(lambda: console.main.pane == "list")
        assert await posted(world.webhook_url, announcement("late")) == [200]
        assert {world.media(key).state for key in keys} == {State.REQUESTED}


def _cursor_is_at(console: Console, row: int) -> bool:
    return console.main.list.cursor_row == row


# -- Redirects, and where the login may go


@pytest.mark.parametrize("call", ["store", "login", "health"])
async def test_t39_a_redirect_is_not_followed_and_no_secret_reaches_another_origin(
    call: str, tmp_path: Path, simulator: Simulator
) -> None:
    async with RawServer(http(200, b"{}")) as other:
        word = f"redirect({other.url}/v1/elsewhere)"
        if call != "store":
            simulator.behave_call(call, word)
        async with running(
            tmp_path / "c.db", api_of(simulator), simulator=simulator, time=FastTime(20)
        ) as world:
            key = await asked(world, simulator, word if call == "store" else "ok")
            if call == "store":
                _, error = await failed(world, key)
                assert error.code == "redirect"
            elif call == "login":
                media = await world.explained(key)
                assert media.error is not None
                assert (media.state, media.error.code) == (State.QUEUED, "redirect")
            else:
                await world.state(key, State.DOWNLOADED)
                assert world.standing.health is Health.UNKNOWN
            await asyncio.sleep(0.2)
        assert (other.connections, other.requests) == (0, [])
