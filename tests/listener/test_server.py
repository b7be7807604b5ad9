from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from console.listener.server import ListenerFailed, ListenerServer, Tls
from tests.listener.certificates import Pair, certificate
from tests.listener.serving import held_port, raw, serving

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from console.listener.answers import Receive, Scope, Send


async def hello(scope: Mapping[str, object], receive: Receive, send: Send) -> None:
    """The smallest application."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def server(port: int = 0, host: str = "127.0.0.1") -> ListenerServer:
    return ListenerServer(hello, host, port)


async def test_it_serves_on_the_port_it_says() -> None:
    async with serving(server()) as address, httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://{address}/")
    assert answer.text == "hello"
    assert "server" not in answer.headers


async def test_it_serves_on_ipv6() -> None:
    async with serving(server(host="::1")) as address, httpx.AsyncClient(trust_env=False) as http:
        assert address.startswith("[::1]:")
        assert (await http.get(f"http://{address}/")).text == "hello"


async def test_a_port_in_use_names_its_holder() -> None:
    with held_port() as holder:
        port = holder.getsockname()[1]
        with pytest.raises(ListenerFailed) as failure:
            server(port).bind()
    assert f"pid {os.getpid()} (" in failure.value.what
    assert f"127.0.0.1:{port}" in failure.value.what
    assert "MEDIA_CONSOLE_LISTEN" in failure.value.remedy


async def test_the_port_is_free_at_once_after_the_end() -> None:
    async with serving(server()) as address, httpx.AsyncClient(trust_env=False) as http:
        await http.get(f"http://{address}/")
        port = int(address.rpartition(":")[2])
    again = server(port)
    assert again.bind() == address
    again.close()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "a" * 80])
async def test_a_host_that_is_not_ours_is_a_wrong_setting(host: str) -> None:
    with pytest.raises(ListenerFailed) as failure:
        server(host=host).bind()
    assert host in failure.value.what
    assert "--listen" in failure.value.remedy


async def test_a_request_under_way_is_answered_after_the_stop() -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await go_on.wait()
        await hello(scope, receive, send)

    listener = ListenerServer(slow, "127.0.0.1", 0)
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.TaskGroup() as tasks:
        async with serving(listener) as address:
            request = tasks.create_task(http.get(f"http://{address}/"))
            await entered.wait()
            listener.stop()
            tasks.create_task(_set_later(go_on))
        assert (await request).text == "hello"


async def _set_later(event: asyncio.Event) -> None:
    await asyncio.sleep(0.3)
    event.set()


async def test_an_idle_connection_does_not_hold_up_the_end() -> None:
    async with asyncio.timeout(3), httpx.AsyncClient(trust_env=False) as http:
        async with serving(server()) as address:
            await http.get(f"http://{address}/")
            half = await asyncio.open_connection(*address.split(":"))
            half[1].write(b"GET / HT")
            await half[1].drain()
        half[1].close()
        with suppress(ConnectionError):  # the other side has closed it over the unread half
            await half[1].wait_closed()


async def test_the_programs_signal_handlers_stay() -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    async with serving(server()) as address, httpx.AsyncClient(trust_env=False) as http:
        await http.get(f"http://{address}/")
        assert {one: signal.getsignal(one) for one in before} == before


async def test_a_head_without_end_is_refused() -> None:
    async with serving(server()) as address:
        answer = await asyncio.wait_for(raw(f"http://{address}", b"GET / HTTP/1.1\r\nx: " + b"y" * 40_000), 5)
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A certificate for 127.0.0.1 and its key."""
    return certificate(tmp_path_factory.mktemp("tls"))


async def test_tls(pair: Pair) -> None:
    listener = ListenerServer(hello, "127.0.0.1", 0, tls=Tls(*pair))
    trust = ssl.create_default_context(cafile=pair.cert)
    async with serving(listener) as address, httpx.AsyncClient(verify=trust, trust_env=False) as http:
        assert (await http.get(f"https://{address}/")).text == "hello"


async def test_a_certificate_without_its_key_is_a_wrong_setting(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for key in (tmp_path / "missing.pem", tmp_path / "empty.pem", pair[0]):
        with pytest.raises(ListenerFailed, match="certificate or key") as failure:
            ListenerServer(hello, "127.0.0.1", 0, tls=Tls(pair.cert, key)).bind()
        assert "--tls-key" in failure.value.remedy


async def test_a_server_that_never_served_gives_its_port_back() -> None:
    listener = server()
    port = int(listener.bind().rpartition(":")[2])
    listener.close()
    listener.close()
    socket.create_server(("127.0.0.1", port)).close()


async def test_the_port_is_given_back_at_once_though_an_answer_is_still_awaited() -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await go_on.wait()
        await hello(scope, receive, send)

    listener = ListenerServer(slow, "127.0.0.1", 0)
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.TaskGroup() as tasks:
        async with serving(listener) as address:
            request = tasks.create_task(http.get(f"http://{address}/"))
            await entered.wait()
            listener.stop()
            again = server(int(address.rpartition(":")[2]))
            assert again.bind() == address
            again.close()
            go_on.set()
        assert (await request).text == "hello"
