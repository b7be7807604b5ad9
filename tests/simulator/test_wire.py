from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.responses import Response

from console.clock import monotonic
from console.domain.exceptions import FixSetting
from console.simulator.thread import LoopThread
from console.simulator.wire import Dripping, Dropped, Halved, Huge, Hung, Server, bind
from tests.simulator.hook import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def serving(response: Response) -> Iterator[str]:
    sock = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"

    async def live(closing: asyncio.Event) -> None:
        await Server(response, sock).run(closing)

    thread = LoopThread(live, "server")
    thread.start()
    try:
        yield url
    finally:
        thread.stop()


def get(url: str, seconds: float = 5) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=seconds)


def test_a_port_in_use_is_refused_in_words() -> None:
    first = bind("127.0.0.1", 0)
    port = first.getsockname()[1]
    with pytest.raises(FixSetting, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*in use"):
        bind("127.0.0.1", port)
    first.close()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("192.0.2.1", 0), ("no such host", 0)])
def test_an_impossible_address_is_refused_in_words(host: str, port: int) -> None:
    with pytest.raises(FixSetting, match="cannot listen on"):
        bind(host, port)


def test_answers_are_sent_at_once() -> None:
    """Without TCP_NODELAY each answer on a kept connection waits 40 ms for an acknowledgement."""
    with serving(Response(b"x" * 100)) as url, httpx.Client(trust_env=False) as http:
        http.get(url)
        took = []
        for _ in range(5):
            started = monotonic()
            for _ in range(10):
                assert http.get(url).status_code == 200
            took.append(monotonic() - started)
        assert min(took) < 0.3


def test_a_dropped_connection_is_a_reset() -> None:
    with serving(Dropped()) as url, pytest.raises(httpx.ReadError):
        get(url)


def test_a_halved_answer_breaks_off_in_its_body() -> None:
    with serving(Halved(b"0123456789")) as url, httpx.stream("GET", url, trust_env=False) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-length"] == "10"
        with pytest.raises(httpx.ReadError):
            answer.read()


def test_a_hung_answer_never_begins() -> None:
    with serving(Hung()) as url, pytest.raises(httpx.ReadTimeout):
        get(url, 0.1)


def test_a_dripping_answer_comes_byte_by_byte() -> None:
    with serving(Dripping(b"0123456789", 0.01)) as url:
        started = monotonic()
        assert get(url).content == b"0123456789"
        assert monotonic() - started >= 0.09


def test_a_dripping_answer_ends_when_nobody_listens() -> None:
    with serving(Dripping(b"0123456789", 30)) as url, pytest.raises(httpx.ReadTimeout):
        get(url, 0.1)


def test_a_huge_answer_is_as_large_as_said() -> None:
    with serving(Huge(b"[", b"]", 2)) as url:
        answer = get(url)
        assert len(answer.content) == 2 * 1024 * 1024 + 2
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert answer.json() == []


def test_a_huge_answer_stops_when_nobody_listens() -> None:
    with serving(Huge(b"[", b"]", 500)) as url, httpx.stream("GET", url, trust_env=False) as answer:
        assert len(next(answer.iter_raw())) > 0


async def test_the_end_cuts_connections_that_are_open() -> None:
    with serving(Hung()) as url:
        host, port = url.removeprefix("http://").split(":")
        held = socket.create_connection((host, int(port)))
        held.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.05)
        started = monotonic()
    assert monotonic() - started < 5
    held.settimeout(1)
    ended: list[bytes] = []

    def closed() -> bool:
        try:
            ended.append(held.recv(10))
        except ConnectionResetError:
            ended.append(b"")
        return ended[-1] == b""

    await until(closed)
    held.close()
