"""Long bodies are read beside the loop, short ones on it."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from console.domain.media import Millis
from console.domain.reading import Reading
from console.listener.reading import SHORT, Reader
from console.platforms.base import BadBody
from console.platforms.onpremises.webhook import read_webhook

AT = Millis(1_795_000_000_000)


class Noting:
    """A dialect that notes where it was called."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.collecting: list[bool] = []
        self.at_once = self.most = 0

    def __call__(self, body: bytes, received_at: Millis) -> Reading:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.threads.append(threading.get_ident())
        self.collecting.append(gc.isenabled())
        sum(range(100_000))
        self.at_once -= 1
        return Reading()


async def test_a_short_body_is_read_where_it_came_in() -> None:
    noting = Noting()
    await Reader(noting)(b"x" * SHORT, AT)
    assert noting.threads == [threading.get_ident()]
    assert noting.collecting == [True]


async def test_long_bodies_are_read_in_a_thread_one_at_a_time() -> None:
    noting = Noting()
    reader = Reader(noting)
    await asyncio.gather(*(reader(b"x" * (SHORT + 1), AT) for _ in range(5)))
    assert threading.get_ident() not in noting.threads
    assert noting.collecting == [False] * 5
    assert noting.most == 1
    assert gc.isenabled()


async def test_a_refusal_comes_back_and_the_next_body_is_read() -> None:
    reader = Reader(read_webhook)
    with pytest.raises(BadBody):
        await reader(b"[" * 1_500_000, AT)
    assert gc.isenabled()
    assert await reader(b'{"messages":[' + b"1," * SHORT + b"1]}", AT)


async def test_the_loop_goes_on_while_a_bomb_is_read() -> None:
    bomb = b'{"messages":[' + b",".join([b"[" * 60 + b"]" * 60] * 12_000) + b"]}"
    reading = asyncio.ensure_future(Reader(read_webhook)(bomb, AT))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0.001)
        turns += 1
    await reading
    assert turns > 5
