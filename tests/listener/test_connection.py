"""One connection: raw requests of every kind, and senders that take too long."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from console.clock import monotonic
from console.listener.connection import Patience
from tests.listener.serving import Storing, Told, listening, raw

if TYPE_CHECKING:
    from collections.abc import Sequence

QUICK = Patience(handshake=0.3, head=0.3, idle=0.6, answer=0.3)
BODY = b'{"statuses":[]}'
POST = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n" + BODY


def statuses(answers: bytes) -> list[int]:
    """The statuses of all answers that came; each final one must be JSON of the length that it says."""
    found = []
    while answers:
        head, _, rest = answers.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.1 ([0-9]{3}) ", head)
        assert status is not None, answers
        found.append(int(status[1]))
        length = re.search(rb"\r\ncontent-length: ([0-9]+)", head)
        size = int(length[1]) if length else 0
        if size:
            assert b"content-type: application/json" in head
            assert "Traceback" not in json.dumps(json.loads(rest[:size]))
        answers = rest[size:]
    return found


def head(*lines: str) -> bytes:
    return "\r\n".join((*lines, "", "")).encode("latin-1")


CLOSE = "Connection: close"
RAW: Sequence[tuple[bytes, list[int]]] = [
    (head("POST /webhook HTTP/1.1", "Host: x", "Content-Length: 15", CLOSE) + BODY, [200]),
    (head("POST http://x/webhook HTTP/1.1", "Host: x", "Content-Length: 15", CLOSE) + BODY, [200]),
    (head("POST /webhook?a=%00 HTTP/1.0", "Content-Length: 15") + BODY, [200]),
    (head("POST /%77ebhook HTTP/1.1", "Host: x", "Content-Length: 15", CLOSE) + BODY, [200]),
    (POST + POST + head("GET /healthz HTTP/1.1", "Host: x", CLOSE), [200, 200, 200]),
    (POST + head("PUT /webhook HTTP/1.1", "Host: x") + POST + head("GET / HTTP/1.0"), [200, 405, 200, 404]),
    (POST + POST + b"nonsense\r\n\r\n" + POST, [200, 200, 400]),
    (POST + head("POST /webhook HTTP/1.1", "Host: x", "Content-Length: 15", CLOSE) + BODY + POST, [200, 200]),
    (head("POST /webhook HTTP/1.1", "Host: x ", "Content-Length: 15  ", CLOSE) + BODY, [200]),
    (
        head("POST /webhook HTTP/1.1", "Host: x", "Connection: Upgrade, HTTP2-Settings, close",
             "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk", "Content-Length: 15") + BODY,
        [200],
    ),
    (head("GET /webhook HTTP/1.1", "Host: x", CLOSE), [405]),
    (head("OPTIONS /webhook HTTP/1.1", "Host: x", CLOSE), [405]),
    (head("OPTIONS * HTTP/1.1", "Host: x", CLOSE), [404]),
    (head("TRACE /webhook HTTP/1.1", "Host: x", CLOSE), [405]),
    (head("CONNECT x:443 HTTP/1.1", "Host: x", CLOSE), [404]),
    (head("QWERTY /webhook HTTP/1.1", "Host: x", CLOSE), [405]),
    (head("POST /webhook/ HTTP/1.1", "Host: x", CLOSE), [404]),
    (head("POST //webhook HTTP/1.1", "Host: x", CLOSE), [404]),
    (head("POST /webhook/../webhook HTTP/1.1", "Host: x", CLOSE), [404]),
    (head("POST /%00 HTTP/1.1", "Host: x", CLOSE), [404]),
    (head("POST /%zz%ff HTTP/1.1", "Host: x", CLOSE), [404]),
    (head("GET / HTTP/1.1", "Host: x", "Connection: Upgrade, close", "Upgrade: websocket"), [404]),
    (b"POST /web\0hook HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
    (b"GET /\r\n\r\n", [400]),
    (b"\r\n\r\n\r\nnonsense\r\n\r\n", [400]),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 400]),
    (head("GET /healthz HTTP/9.9", "Host: x", CLOSE), [400]),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 60, [400]),
    (head("POST /webhook HTTP/1.1", CLOSE), [400]),
    (head("POST /webhook HTTP/1.1", "Host: x", "Host: y", CLOSE), [400]),
    (head("POST /webhook HTTP/1.1", "Host: x", "Content-Length: 15", "Content-Length: 4") + BODY, [400]),
    (head("POST /webhook HTTP/1.1", "Host: x", "Content-Length: -1") + BODY, [400]),
    (head("POST /webhook HTTP/1.1", "Host: x", "Content-Length: 1_5") + BODY, [400]),
    (
        head("POST /webhook HTTP/1.1", "Host: x", "Content-Length: 4", "Transfer-Encoding: chunked")
        + b"f\r\n" + BODY + b"\r\n0\r\n\r\n",
        [400],
    ),
    (head("POST /webhook HTTP/1.1", "Host: x", "Transfer-Encoding: gzip, chunked") + BODY, [400]),
    (head("POST /webhook HTTP/1.1", "Host: x", "Transfer-Encoding: chunked") + b"zz\r\n", [400]),
    (head("PUT /webhook HTTP/1.1", "Host: x", "Transfer-Encoding: chunked") + b"0\r\n\r\n", [405]),
    (head("POST /webhook HTTP/1.1", "Host: x", "Transfer-Encoding: chunked") + b"1\r\n{xx", [400]),
    (
        head("POST /webhook HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", CLOSE)
        + b"5;a=b\r\n" + BODY[:5] + b"\r\nA\r\n" + BODY[5:] + b"\r\n0\r\nX-Trailer: y\r\n\r\n",
        [200],
    ),
    (head("GET /" + "a" * 20_000 + " HTTP/1.1", "Host: x", CLOSE), [431]),
    (head("GET / HTTP/1.1", "Host: x", *["X-A: b"] * 3_000, CLOSE), [431]),
    (head("GET / HTTP/1.1", "Host: x", "X: " + "y" * 200_000), [431]),
    (head("POST /webhook HTTP/1.1", "Host: x", "Content-Length: " + "9" * 19), [413]),
    (head("POST /webhook HTTP/1.1", "Host: x", "Content-Length: " + "9" * 30), [400]),
    (head("POST /webhook HTTP/1.1", "Host: x\r\n folded: y", CLOSE), [400]),
    (head("POST /webhook HTTP/1.1", "Host : x", CLOSE), [400]),
]  # fmt: skip


async def test_every_request_has_an_answer_in_json(plain: bool) -> None:
    async with listening(Storing(), Told(), plain=plain) as url:
        for then_close in (False, True):
            posts = [raw(url, request, then_close=then_close) for request, _ in RAW]
            for (request, wanted), answer in zip(RAW, await asyncio.gather(*posts), strict=True):
                assert statuses(answer) == wanted, (request[:200], answer)


async def test_a_request_may_come_in_pieces(plain: bool) -> None:
    async with listening(Storing(), Told(), plain=plain) as url:
        reader, writer = await _open(url)
        for pieces in (
            (POST[:7], POST[7:]),
            (POST[:-15], BODY),
            (POST[:-3], POST[-3:] + POST[:20], POST[20:]),
        ):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.01)
        writer.write(head("GET /healthz HTTP/1.1", "Host: x", CLOSE))
        assert statuses(await reader.read()) == [200] * 5
        await _close(writer)


async def test_a_head_request_has_no_body(plain: bool) -> None:
    async with listening(Storing(), Told(), plain=plain) as url:
        answer = await raw(url, head("HEAD /webhook HTTP/1.1", "Host: x", CLOSE))
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: POST\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


async def test_who_expects_100_is_told_to_go_on_or_refused_at_once(plain: bool) -> None:
    expecting = ("Host: x", "Content-Length: 15", "Expect: 100-continue", CLOSE)
    async with listening(Storing(), Told(), plain=plain) as url:
        reader, writer = await _open(url)
        writer.write(head("POST /webhook HTTP/1.1", *expecting))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(BODY)
        assert statuses(await reader.read()) == [200]
        await _close(writer)
        refused = head("POST /webhook HTTP/1.1", *expecting, "Content-Encoding: gzip")
        assert statuses(await asyncio.wait_for(raw(url, refused), 5)) == [415]


async def test_half_a_request_before_the_sender_ends_is_refused(plain: bool) -> None:
    told = Told()
    async with listening(Storing(), told, plain=plain) as url:
        assert statuses(await raw(url, b"POST /webhook HT", then_close=True)) == [400]
        assert await raw(url, b"", then_close=True) == b""
    assert told.refusals == [(400, "not-http")]


async def test_a_slow_head_is_answered_408_in_time(plain: bool) -> None:
    told = Told()
    async with listening(Storing(), told, plain=plain, patience=QUICK) as url:
        reader, writer = await _open(url)
        began = monotonic()
        answer = asyncio.ensure_future(reader.read())
        for byte in head("POST /webhook HTTP/1.1", "Host: x", "Content-Length: 15"):
            if answer.done():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.05)
        assert statuses(await answer) == [408]
        assert monotonic() - began < 3
        await _close(writer)
    assert told.refusals == [(408, "too-slow")]


async def test_a_connection_that_brings_nothing_is_closed_in_time(plain: bool) -> None:
    told = Told()
    async with listening(Storing(), told, plain=plain, patience=QUICK) as url:
        began = monotonic()
        assert await raw(url, b"") == b""
        assert monotonic() - began < 3
    assert told.refusals == []


@pytest.mark.slow
async def test_an_idle_connection_is_kept_for_a_while_and_its_next_head_has_a_time_of_its_own(
    plain: bool,
) -> None:
    async with listening(Storing(), Told(), plain=plain, patience=QUICK) as url:
        reader, writer = await _open(url)
        for pause in (0.45, 0.45, 0):
            writer.write(POST)
            await reader.readuntil(BODY_OF_OK)
            await asyncio.sleep(pause)  # idle, but not for long: it must still be there
        began = monotonic()
        writer.write(b"POST /web")
        assert statuses(await reader.read()) == [408]
        assert monotonic() - began < 0.6
        await _close(writer)
        reader, writer = await _open(url)
        writer.write(POST)
        began = monotonic()
        assert statuses(await reader.read()) == [200]
        assert 0.5 < monotonic() - began < 1.2
        await _close(writer)


@pytest.mark.slow
async def test_a_sender_that_takes_no_answers_is_cut_off(plain: bool) -> None:
    async with listening(Storing(), Told(), plain=plain, patience=QUICK) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.socket() as greedy:
            greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            greedy.connect((host, int(port)))
            greedy.setblocking(False)
            await asyncio.wait_for(_pipeline_until_cut(greedy), 15)


async def _pipeline_until_cut(greedy: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        while True:
            await loop.sock_sendall(greedy, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 500)


async def test_a_malformed_body_ends_its_request(plain: bool) -> None:
    told = Told()
    async with listening(Storing(), told, plain=plain) as url:
        reader, writer = await _open(url)
        writer.write(head("POST /webhook HTTP/1.1", "Host: x", "Transfer-Encoding: chunked") + b"1\r\n{\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"no size\r\n")
        assert statuses(await asyncio.wait_for(reader.read(), 5)) == [400]
        await _close(writer)
    assert told.refusals == [(400, "not-http")]
    assert told.heard == []


BODY_OF_OK = b'{"status":"ok"}'


async def _open(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
