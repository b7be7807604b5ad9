"""One HTTP exchange over real sockets: what breaks is named, and nothing is followed or repeated."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from console.domain.exceptions import FixSetting
from console.domain.media import Origin
from console.platforms.onpremises.exchange import MAX_ANSWER, Endpoint, Reply, root_of
from console.platforms.onpremises.faults import Fault
from tests.platforms.onpremises.servers import RawServer, hang, http, make_authority, never_accepted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the authorities `ours` and `theirs` and a server certificate of each."""
    folder = tmp_path_factory.mktemp("tls")
    make_authority(folder, "ours")
    make_authority(folder, "theirs")
    return folder


def tls_of(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


async def ask(
    url: str,
    *,
    ca: Path | None = None,
    insecure: bool = False,
    proxy: str | None = None,
    connect_timeout: float = 2,
    read_timeout: float = 2,
    total: float = 4,
) -> Reply | Fault:
    endpoint = Endpoint(
        url,
        ca=ca,
        insecure=insecure,
        proxy=proxy,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        total_timeout=total,
    )
    try:
        return await endpoint.exchange("GET", "/v1/health", {"X-Test": "1"})
    finally:
        await endpoint.aclose()


def told(reply: Reply | Fault) -> tuple[int | str, bool]:
    assert isinstance(reply, Fault)
    assert reply.error.title
    assert reply.error.origin is Origin.NETWORK
    assert reply.remedy
    return reply.error.code, reply.asked


async def test_a_reply_holds_what_matters_of_the_answer() -> None:
    answer = http(503, b'{"a":1}', "Retry-After: 2", "Location: /elsewhere", content_type="application/json")
    async with RawServer(answer) as server:
        reply = await ask(server.url)
    assert reply == Reply(
        status=503,
        body=b'{"a":1}',
        content_type="application/json",
        retry_after="2",
        location="/elsewhere",
    )
    (request,) = server.requests
    lines = request.lower().split("\r\n")
    assert lines[0] == "get /v1/health http/1.1"
    assert "x-test: 1" in lines
    assert "accept-encoding: identity" in lines
    assert not any(line.startswith(("cookie", "authorization")) for line in lines)


async def test_a_redirect_is_a_reply_like_any_other() -> None:
    async with RawServer(http()) as elsewhere:
        async with RawServer(http(302, b"", f"Location: {elsewhere.url}/")) as server:
            reply = await ask(server.url)
        assert isinstance(reply, Reply)
        assert (reply.status, reply.location) == (302, f"{elsewhere.url}/")
        assert elsewhere.connections == 0


async def test_an_answer_without_end_is_cut_at_a_megabyte() -> None:
    sent = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        while sent < 50_000_000:
            writer.write(b"1," * 50_000)
            sent += 100_000
            await writer.drain()

    async with RawServer(pour) as server:
        reply = await ask(server.url)
    assert reply == Reply(status=200, content_type="application/json", oversized=True)
    assert sent < 50_000_000


async def test_an_answer_that_announces_more_is_not_read_at_all() -> None:
    head = f"HTTP/1.1 500 Odd\r\nContent-Length: {MAX_ANSWER + 1}\r\n\r\n".encode()
    async with RawServer(head) as server:
        assert await ask(server.url) == Reply(status=500, oversized=True)


async def test_a_megabyte_is_read() -> None:
    async with RawServer(http(200, b"1" * MAX_ANSWER)) as server:
        reply = await ask(server.url)
    assert isinstance(reply, Reply)
    assert (len(reply.body), reply.oversized) == (MAX_ANSWER, False)


async def test_an_encoding_that_was_not_asked_for_is_not_unpacked() -> None:
    async with RawServer(http(200, b"\x1f\x8b....", "Content-Encoding: GZIP")) as server:
        reply = await ask(server.url)
    assert isinstance(reply, Reply)
    assert (reply.encoded, reply.body) == ("gzip", b"")


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    endpoint = writer.get_extra_info("socket")
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        reset,
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 300_000 + b"\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x50",
    ],
    ids=["closed", "reset", "half-head", "half-body", "chunk", "status", "ssh", "header", "long", "tls"],
)
async def test_a_broken_answer_may_have_been_heard(answer: object) -> None:
    assert isinstance(answer, bytes) or callable(answer)
    async with RawServer(answer) as server:
        assert told(await ask(server.url)) == ("reset", True)
    assert len(server.requests) == 1


async def test_no_byte_within_the_read_timeout() -> None:
    async with RawServer(hang) as server:
        reply = await ask(server.url, read_timeout=0.05)
        assert told(reply) == ("timeout", True)
        assert isinstance(reply, Fault)
        assert reply.error.title == "No answer within 0.05 s"
        await asyncio.wait_for(server.left.wait(), 2)
    assert len(server.requests) == 1


async def test_a_byte_now_and_then_is_cut_by_the_total_time() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with RawServer(drip) as server:
        reply = await ask(server.url, read_timeout=1, total=0.2)
        assert told(reply) == ("timeout", True)
        assert isinstance(reply, Fault)
        assert reply.error.title == "No whole answer within 0.2 s"
        await asyncio.wait_for(server.left.wait(), 2)


async def test_a_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    reply = await ask(f"http://127.0.0.1:{port}")
    assert told(reply) == ("unreachable", False)
    assert isinstance(reply, Fault)
    assert reply.error.title == f"No connection to 127.0.0.1:{port}"
    assert reply.error.details == "Connection refused."


async def test_a_host_that_has_no_address() -> None:
    reply = await ask("http://no-such-host.invalid:9090")
    assert told(reply) == ("dns", False)
    assert isinstance(reply, Fault)
    assert reply.error.details == "no-such-host.invalid has no address."


async def test_a_connection_that_is_never_taken() -> None:
    with never_accepted() as url:
        reply = await ask(url, connect_timeout=0.1)
    assert told(reply) == ("connect-timeout", False)
    assert isinstance(reply, Fault)
    assert reply.error.title == f"No connection to {url.removeprefix('http://')} within 0.1 s"


async def test_our_own_authority_is_trusted_and_no_other(authorities: Path) -> None:
    async with RawServer(http(), tls=tls_of(authorities, "ours")) as server:
        assert isinstance(await ask(server.url, ca=authorities / "ours-ca.pem"), Reply)
        for wrong in (authorities / "theirs-ca.pem", None):
            reply = await ask(server.url, ca=wrong)
            assert told(reply) == ("tls", False)
            assert isinstance(reply, Fault)
            assert "certificate" in (reply.error.details or "")
            assert "API_CA" in reply.remedy
        assert len(server.requests) == 1
        assert isinstance(await ask(server.url, insecure=True), Reply)


async def test_a_certificate_for_another_name_is_refused(authorities: Path) -> None:
    async with RawServer(http(), tls=tls_of(authorities, "ours"), host="localhost") as server:
        reply = await ask(server.url, ca=authorities / "ours-ca.pem")
    assert told(reply) == ("tls", False)
    assert server.requests == []


async def test_a_server_that_wants_a_certificate_of_ours(authorities: Path) -> None:
    context = tls_of(authorities, "ours")
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 it says so after the handshake
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authorities / "ours-ca.pem")
    async with RawServer(http(), tls=context) as server:
        reply = await ask(server.url, ca=authorities / "ours-ca.pem")
    assert told(reply) == ("tls", False)
    assert server.requests == []


@pytest.mark.parametrize(
    "header",
    [
        "Location: http://[",
        "Location: //evil.example:99999999/",
        "Location: \xff\xfe",
        "Set-Cookie: a=b; Domain=.; Expires=never; Max-Age=x",
        "Set-Cookie: \xff=\xff; Path",
        "Content-Type: \xff; charset=no-such",
        "Retry-After: \xff",
        "Link: <//evil>; rel=preload",
    ],
)
async def test_odd_headers_are_survived(header: str) -> None:
    async with RawServer(http(302, b"", header)) as server:
        reply = await ask(server.url)
    assert isinstance(reply, Reply)
    assert reply.status == 302


async def test_a_server_that_speaks_no_tls() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(http(400))
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert told(await ask(f"https://127.0.0.1:{port}", insecure=True)) == ("tls", False)


async def test_cancellation_hangs_up_and_leaves_the_endpoint_usable() -> None:
    async with RawServer(hang, http()) as server:
        endpoint = Endpoint(server.url)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(endpoint.exchange("GET", "/", {}))
            await server.asked()
            waiting.cancel()
            await asyncio.wait_for(server.left.wait(), 2)
            assert isinstance(await endpoint.exchange("GET", "/", {}), Reply)
        assert waiting.cancelled()
        await endpoint.aclose()


async def test_only_the_configured_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with RawServer(http()) as server, RawServer(http(502)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        direct = await ask(server.url)
        assert isinstance(direct, Reply)
        assert direct.status == 200
        assert proxy.connections == 0
        through = await ask(server.url, proxy=proxy.url)
        assert isinstance(through, Reply)
        assert through.status == 502
        assert proxy.requests[0].startswith(f"GET {server.url}/v1/health HTTP/1.1")
        refused = await ask("https://wa.example:9090", proxy=proxy.url)
        assert told(refused) == ("unreachable", False)


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        ("https://wa.example:9090", "https://wa.example:9090"),
        ("https://wa.example:9090/", "https://wa.example:9090"),
        ("https://wa.example:9090/v1", "https://wa.example:9090"),
        ("https://wa.example:9090/v1/", "https://wa.example:9090"),
        (" http://wa.example/some/prefix/ ", "http://wa.example/some/prefix"),
        ("HTTP://WA.example", "http://wa.example"),
        ("http://[::1]:9090", "http://[::1]:9090"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_the_root_is_what_v1_is_put_after(base_url: str, root: str) -> None:
    assert root_of(base_url) == root


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "wa.example:9090",
        "wa.example",
        "ftp://wa.example",
        "http://",
        "http://wa.example:65536",
        "http://wa.example:0",
        "http://wa.example:x",
        "http://[::1",
        "http://wa.example/?token=s3cret",
        "http://wa.example/#s3cret",
        "http://admin:s3cret@wa.example",
        "http://s3cret@wa.example",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_secrets(base_url: str) -> None:
    with pytest.raises(FixSetting) as caught:
        root_of(base_url)
    assert "API_URL" in caught.value.what
    assert caught.value.remedy
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy.example:3128",
        "socks5://x:s3cret@h",
        "http://u:s3cret@h:x",
        "http://u:s3cret@h:70000",
        "http://",
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_without_its_secrets(proxy: str) -> None:
    with pytest.raises(FixSetting) as caught:
        Endpoint("http://wa.example", proxy=proxy)
    assert "API_PROXY" in caught.value.what
    assert "s3cret" not in str(caught.value)


def test_an_authority_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "text.pem").write_text("hello")
    cases: Sequence[tuple[str, str]] = [
        ("missing.pem", "No such file"),
        ("empty.pem", "no certificate"),
        ("text.pem", "no certificate"),
        (".", "Is a directory"),
    ]
    for name, why in cases:
        with pytest.raises(FixSetting, match=why) as caught:
            Endpoint("https://wa.example", ca=tmp_path / name)
        assert "API_CA" in caught.value.what
