"""Slow senders, too many of them, endless bodies and nonsense: T17, T18, T19 and T25."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from console.clock import monotonic
from tests.cli.world import announcement
from tests.faults.processes import Senders, Served, announcements, serving, stored
from tests.listener.serving import Storing, Told, listening, raw
from tests.listener.test_connection import statuses

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
SLOW = {
    "head": b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "body": HEAD % 1000 + b'{"messages": [',
    "idle": b"",
}


class Ended(NamedTuple):
    """How a slow connection ended: what it was told, and after how many seconds."""

    answer: bytes
    after: float


async def slow(port: int, begin: bytes, every: float = 0.5) -> Ended:
    """Sends a beginning and then a byte at a time, until the connection is ended by the other side."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = monotonic()
    reading = asyncio.ensure_future(reader.read())
    try:
        writer.write(begin)
        while begin and not reading.done() and not writer.is_closing():
            writer.write(b"a")
            await asyncio.wait({reading}, timeout=every)
        answer = b""
        with suppress(ConnectionError):
            answer = await reading
        return Ended(answer, monotonic() - began)
    finally:
        reading.cancel()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def crowd(port: int, kinds: dict[str, int], seconds: float) -> dict[str, list[Ended]]:
    """Slow connections of these kinds for so long; how those ended that did not last as long."""
    tasks = {
        asyncio.ensure_future(slow(port, SLOW[kind])): kind
        for kind, count in kinds.items()
        for _ in range(count)
    }
    ended, lasting = await asyncio.wait(tasks, timeout=seconds)
    for task in lasting:
        task.cancel()
    await asyncio.gather(*lasting, return_exceptions=True)
    return {kind: [task.result() for task in ended if tasks[task] == kind] for kind in kinds}


def resident(served: Served) -> int:
    """Bytes of memory that the process has."""
    pages = int(Path(f"/proc/{served.process.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def check(senders: Senders, db: Path, p99: float) -> None:
    """All that was posted was answered 200 at the first try, in time, and is stored."""
    assert (senders.refused, senders.broken) == ({}, 0)
    assert senders.acknowledged <= stored(db)
    took = sorted(one.took for one in senders.log)
    assert len(took) > 100
    assert took[int(len(took) * 0.99)] < p99, f"p99 {took[int(len(took) * 0.99)]:.3f} s of {len(took)}"


@contextmanager
def file_limit(soft: int) -> Iterator[None]:
    """What is started in this block may open so many files."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "media.db"


async def test_t17_two_hundred_slow_connections_hold_up_no_real_sender(db: Path) -> None:
    """The must-show: half heads and half bodies, a byte at a time, beside twelve real senders."""
    with serving(db) as served:
        with Senders(served.port, announcements(), 12, rate=200) as senders:
            ended = await crowd(served.port, {"head": 100, "body": 100}, 3)
        check(senders, db, p99=3)
    assert ended == {"head": [], "body": []}, "they lasted all the while"


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_t17_half_heads_half_bodies_and_idle_connections_are_ended_in_time(db: Path) -> None:
    """With the real deadlines of ten seconds."""
    with serving(db) as served:
        before = resident(served)
        with Senders(served.port, announcements(), 12, rate=200) as senders:
            ended = await crowd(served.port, dict.fromkeys(SLOW, 300), 20)
        grown = resident(served) - before
        check(senders, db, p99=0.25)
    assert grown < 50_000_000
    assert {kind: len(all_) for kind, all_ in ended.items()} == dict.fromkeys(SLOW, 300)
    assert {kind: {tuple(statuses(one.answer)) for one in all_} for kind, all_ in ended.items()} == {
        "head": {(408,)},
        "body": {(408,)},
        "idle": {()},
    }
    assert max(one.after for all_ in ended.values() for one in all_) < 12


@pytest.mark.slow
async def test_t17_more_slow_connections_than_there_is_room_for(db: Path) -> None:
    """Who is slow gives way; who is real is answered, at every moment."""
    with file_limit(256), serving(db) as served:
        with file_limit(4096), Senders(served.port, announcements(), 12, rate=100) as senders:
            ended = await crowd(served.port, {"head": 300, "body": 300}, 2)
        check(senders, db, p99=1)
    assert len(ended["head"]) + len(ended["body"]) > 400


@pytest.mark.timeout(60)
def test_t18_two_thousand_connections_with_256_files(db: Path) -> None:
    with file_limit(256), serving(db) as served:
        with file_limit(4096):
            senders = [_connected(served.port) for _ in range(2000)]
            burned = _processor_seconds(served)
            assert _post(served.port, "during") == 200
            asyncio.run(asyncio.sleep(2))
            assert _processor_seconds(served) - burned < 1, "it spins"
            for sender in senders:
                sender.close()
        assert _post(served.port, "after") == 200
        assert stored(db) == {"during", "after"}
        assert served.process.poll() is None
        assert "Traceback" not in served.words.read_text()


def _connected(port: int) -> socket.socket:
    sender = socket.socket()
    sender.setblocking(False)
    sender.connect_ex(("127.0.0.1", port))
    return sender


def _processor_seconds(served: Served) -> float:
    fields = Path(f"/proc/{served.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _post(port: int, media_id: str) -> int:
    body = announcement(media_id)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
        sender.sendall(HEAD % len(body) + body)
        return int(sender.recv(1000).split()[1])


LIMIT = 100_000


async def test_t19_a_body_announced_too_large_is_refused_unread() -> None:
    announced = (LIMIT + 1, 3_000_001, 100_000_000_000, 10**18)
    async with listening(Storing(), Told(), body_limit=LIMIT) as url:
        began = monotonic()
        answers = await asyncio.gather(*(raw(url, HEAD % size) for size in announced))
        assert [statuses(answer) for answer in answers] == [[413]] * len(announced)
        assert monotonic() - began < 8, "nobody waits for what was announced"


@pytest.mark.parametrize("chunk", [1_000, 60_000])
async def test_t19_a_body_without_length_is_refused_when_it_has_grown_too_large(chunk: int) -> None:
    """A sender that looks for an answer before each chunk has sent little more than the limit by then."""
    async with listening(Storing(), Told(), body_limit=LIMIT) as url:
        reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
        writer.write(b"POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        answer, sent = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n")), 0
        while not answer.done():
            writer.write(b"%x\r\n" % chunk + b" " * chunk + b"\r\n")
            await writer.drain()
            sent += chunk
            await asyncio.wait({answer}, timeout=0.005)
        assert (await answer).startswith(b"HTTP/1.1 413 ")
        assert sent <= LIMIT + 65_536 + chunk
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_t19_a_large_body_that_comes_all_at_once_leaves_no_more_in_memory(db: Path) -> None:
    """Twenty senders of 50 MB each, without lengths."""
    with serving(db) as served:
        before = resident(served)
        answers = await asyncio.gather(*(_pour(served.port, 50_000_000) for _ in range(20)))
        grown = resident(served) - before
        assert _post(served.port, "after") == 200
    assert set(answers) == {413}
    assert grown < 100_000_000


async def _pour(port: int, size: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    answer = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
    with suppress(ConnectionError):
        for _ in range(size // 50_000):
            if answer.done():
                break
            writer.write(b"c350\r\n" + b" " * 50_000 + b"\r\n")
            await writer.drain()
    status = int((await answer).split()[1])
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return status


TOKEN = st.text(st.sampled_from("abcXYZ019-_!#$%&'*+.^`|~"), min_size=1, max_size=12)
METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT post"
METHOD = st.one_of(st.just("POST"), st.sampled_from(METHODS.split()), TOKEN)
PATHS = "/webhook /healthz / * http://x/webhook /webhook?x /%00 /%e2%28 /webhook/x"
PATH = st.one_of(
    st.just("/webhook"),
    st.sampled_from(PATHS.split()),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
    st.integers(1, 40_000).map(lambda size: "/" + "a" * size),
)
VERSION = st.one_of(
    st.just("HTTP/1.1"), st.sampled_from(["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 ", ""])
)
NAMES = "Content-Length Transfer-Encoding Content-Type Content-Encoding Expect Authorization X-Forwarded-For"
VALUES = "0 2 -1 999999999999999999999999999 chunked gzip identity text/html application/json 100-continue"
LINE = st.one_of(
    st.tuples(st.sampled_from(NAMES.split()), st.sampled_from(VALUES.split())),
    st.tuples(TOKEN, st.text(st.characters(max_codepoint=255), max_size=40)),
).map(": ".join)
FRAME = st.sampled_from([["Host: x", "Content-Length: 2"], ["Host: x"], ["Host: x"], []])
BODY = st.one_of(st.just(b"{}"), st.just(b"2\r\n{}\r\n0\r\n\r\n"), st.binary(max_size=60))
REQUEST = st.builds(
    lambda method, path, version, frame, lines, body: (
        "\r\n".join((f"{method} {path} {version}", *frame, *lines, "Connection: close", "", "")).encode(
            "latin-1"
        )
        + body
    ),
    METHOD,
    PATH,
    VERSION,
    FRAME,
    st.lists(LINE, max_size=4),
    BODY,
)


async def test_t25_no_request_of_any_shape_is_answered_5xx() -> None:
    """Methods, paths and headers without a schema: every answer is JSON, every 405 names what is allowed."""
    requests = _drawn(REQUEST, 600)
    seen: Counter[int] = Counter()
    async with listening(Storing(), Told(), body_seconds=0.5) as url:
        for start in range(0, len(requests), 50):
            batch = requests[start : start + 50]
            answers = await asyncio.gather(*(raw(url, one, then_close=True) for one in batch))
            for request, answer in zip(batch, answers, strict=True):
                assert request.startswith(b"HEAD") or max(statuses(answer), default=0) < 500, request
                assert b"HTTP/1.1 405 " not in answer or b"\r\nallow: " in answer, request
                seen[int(answer.split()[1]) if answer else 0] += 1
        assert statuses(await raw(url, HEAD % 2 + b"{}", then_close=True)) == [200]
    assert {200, 400, 404, 405, 415, 431} <= set(seen), seen


def _drawn(strategy: st.SearchStrategy[bytes], count: int) -> list[bytes]:
    """So many values of a strategy, the same every time."""
    values: list[bytes] = []

    @settings(max_examples=count, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategy)
    def draw(value: bytes) -> None:
        values.append(value)

    draw()
    return values
