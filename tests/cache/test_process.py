"""The writer in a process of its own: the same promises, and what becomes of each end without the other."""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from console import log
from console.cache import searchindex
from console.cache.trouble import CacheBusy, CacheUnavailable, WriterLost
from console.cache.writer import READ_AGAIN, CacheWriter, Recorded
from console.domain.exceptions import ConsoleError
from console.domain.facts import StoreRequested
from console.domain.media import State
from console.domain.orders import Taken
from console.platforms.onpremises.webhook import read_webhook
from tests.cli.world import until
from tests.faults.processes import children

from .samples import NOW, key, order
from .test_writer import Held, stored_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from console.domain.facts import Fact
    from console.domain.media import Media
    from console.domain.reading import Reading


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@asynccontextmanager
async def writing(db: Path, *, capacity: int = 1000) -> AsyncIterator[CacheWriter]:
    writer = await CacheWriter.open_apart(db, now=lambda: NOW, read=read_webhook, capacity=capacity)
    try:
        yield writer
    finally:
        await writer.close()


def told(*names: str) -> tuple[bytes, Reading]:
    """A webhook that announces media, and what it says."""
    messages = [
        {
            "from": "1",
            "id": f"of {name}",
            "timestamp": str(NOW // 1000),
            "type": "image",
            "image": {"id": name, "mime_type": "image/jpeg", "sha256": "ab" * 32, "status": "undownloaded"},
        }
        for name in names
    ]
    body = json.dumps({"messages": messages}).encode()
    return body, read_webhook(body, NOW)


def take(writer: CacheWriter, *names: str) -> asyncio.Future[Recorded]:
    body, reading = told(*names)
    return asyncio.ensure_future(writer.take_webhook(body, NOW, reading))


def ask(media: Media | None) -> Sequence[Fact]:
    return () if media is None else (StoreRequested(key=media.key, at=NOW, attempt=1),)


def stumble(media: Media | None) -> Sequence[Fact]:
    raise ZeroDivisionError("of the caller")


def for_ever(connection: sqlite3.Connection) -> str:
    """A statement that ends only when it is broken off."""
    try:
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        )
    except sqlite3.OperationalError as error:
        return str(error)
    return "it has an end"


def wreck(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE media_search")


def process_of(writer: CacheWriter) -> int:
    (child,) = children(os.getpid())
    return child


def kill_and_wait(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)


async def test_what_a_call_returned_another_connection_sees(db: Path) -> None:
    async with writing(db) as writer:
        assert await take(writer, "a", "b") == Recorded(2, 0, number=1)
        assert stored_keys(db) == ["a", "b"]
        assert await take(writer, "a", "b") == Recorded()
        assert await writer.take_orders([order("1", "a"), order("2", "a"), order("3", "c")]) == [
            Taken.QUEUED,
            Taken.ALREADY,
            Taken.UNKNOWN,
        ]
        decided = await writer.decide(key("a"), ask)
        assert decided.media is not None
        assert decided.media.state is State.REQUESTED
        assert await writer.maintain(searchindex.trails)
    assert children(os.getpid()) == []


async def test_a_webhook_too_long_to_be_read_twice_is_kept_as_it_was_read(db: Path) -> None:
    body, reading = told(*(f"m{number}" for number in range(2000)))
    assert len(body) > READ_AGAIN
    async with writing(db) as writer:
        assert (await writer.take_webhook(body, NOW, reading)).new == 2000
        assert len(stored_keys(db)) == 2000


async def test_a_webhook_is_known_again_whichever_way_it_came(db: Path) -> None:
    names = [f"m{number}" for number in range(1000)]
    assert len(told(*names)[0]) < READ_AGAIN < len(told(*names, *names)[0])
    async with writing(db) as writer:
        assert (await take(writer, *names, *names)).new == 1000
        assert await take(writer, *names) == Recorded()
        assert await take(writer, "m7") == Recorded()


async def test_calls_at_the_same_time_each_get_their_own_answer(db: Path) -> None:
    async with writing(db) as writer:
        calls = [take(writer, *(f"{number}-{one}" for one in range(number % 3 + 1))) for number in range(300)]
        assert [(await call).new for call in calls] == [number % 3 + 1 for number in range(300)]


async def test_what_a_caller_gives_and_what_fails_in_it_are_the_callers(db: Path) -> None:
    async with writing(db) as writer:
        with pytest.raises(ZeroDivisionError, match="of the caller"):
            await writer.decide(key("a"), stumble)
        with pytest.raises(AttributeError, match="pickle"):
            await writer.decide(key("a"), lambda _: ())
        assert (await take(writer, "a")).new == 1


async def test_a_file_that_is_no_cache_is_refused_in_the_same_words(db: Path) -> None:
    await asyncio.to_thread(db.write_bytes, b"a letter to somebody" * 100)
    with pytest.raises(ConsoleError) as apart:
        await CacheWriter.open_apart(db, now=lambda: NOW, read=read_webhook)
    with pytest.raises(type(apart.value)) as here:
        await CacheWriter.open(db, now=lambda: NOW)
    assert str(apart.value) == str(here.value)
    assert children(os.getpid()) == []


async def test_more_than_may_wait_is_told_at_once(db: Path) -> None:
    async with writing(db, capacity=5) as writer:
        holder = Held(db)
        calls = [take(writer, f"m{number}") for number in range(7)]
        done, waiting = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        assert {type(call.exception()) for call in done} == {CacheBusy}
        holder.let_go()
        await asyncio.gather(*waiting)
        assert len(done) == 2


async def test_a_call_that_is_given_up_while_it_waits_is_not_carried_out(db: Path) -> None:
    async with writing(db) as writer:
        holder = Held(db)
        first = take(writer, "first")
        await asyncio.wait({first}, timeout=0.1)
        given_up = asyncio.ensure_future(writer.take_order(order("1", "first")))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        holder.let_go()
        await first
        assert await writer.take_orders([order("2", "first")]) == [Taken.QUEUED]


async def test_work_that_has_the_connection_alone_is_broken_off_with_its_call(db: Path) -> None:
    async with writing(db) as writer:
        endless = asyncio.ensure_future(writer.between(for_ever))
        waits = take(writer, "a")
        await asyncio.wait({waits}, timeout=0.2)
        assert not waits.done()
        endless.cancel()
        assert (await waits).new == 1


async def test_the_end_of_the_process_leaves_nobody_waiting(db: Path) -> None:
    lost = asyncio.Event()
    writer = await CacheWriter.open_apart(db, now=lambda: NOW, read=read_webhook, lost=lost.set)
    holder = Held(db)
    call = take(writer, "a")
    await asyncio.wait({call}, timeout=0.1)
    os.kill(process_of(writer), signal.SIGKILL)
    with pytest.raises(CacheUnavailable):
        await call
    await lost.wait()
    with pytest.raises(CacheUnavailable):
        await take(writer, "b")
    await writer.close()
    holder.let_go()


async def test_a_call_that_is_given_up_when_the_process_has_ended_is_only_that(db: Path) -> None:
    writer = await CacheWriter.open_apart(db, now=lambda: NOW, read=read_webhook)
    holder = Held(db)
    call = asyncio.ensure_future(writer.take_order(order("1", "a")))
    await asyncio.wait({call}, timeout=0.1)
    child = process_of(writer)
    kill_and_wait(child)  # the loop learns nothing of it meanwhile
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await writer.close()
    holder.let_go()


async def test_the_right_to_write_lasts_as_long_as_the_process(db: Path, tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock, asks = (os.open(path, os.O_RDWR | os.O_CREAT, 0o600) for _ in range(2))
    fcntl.flock(lock, fcntl.LOCK_EX)
    writer = await CacheWriter.open_apart(db, now=lambda: NOW, read=read_webhook, lock=lock)
    os.close(lock)
    with pytest.raises(BlockingIOError):
        fcntl.flock(asks, fcntl.LOCK_EX | fcntl.LOCK_NB)
    await writer.close()
    fcntl.flock(asks, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(asks)


async def test_a_process_that_ends_before_it_begins_is_a_lost_writer(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(WriterLost):
        await CacheWriter.open_apart(db, now=lambda: NOW, read=read_webhook)


async def test_a_process_that_cannot_be_started_is_told_in_words(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(db / "nothing"))
    with pytest.raises(CacheUnavailable, match="No such file"):
        await CacheWriter.open_apart(db, now=lambda: NOW, read=read_webhook)


async def test_signals_that_are_meant_for_the_program_do_not_end_it(db: Path) -> None:
    async with writing(db) as writer:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(process_of(writer), number)
        assert (await take(writer, "a")).new == 1


async def test_what_it_logs_is_in_the_log_of_the_program(db: Path) -> None:
    stream = io.StringIO()
    with log.to_stream(stream, ()):
        async with writing(db) as writer:
            await writer.maintain(wreck)
            await take(writer, "a")
            await asyncio.to_thread(until, lambda: "the search index" in stream.getvalue())
    assert "console.cache.feeding" in stream.getvalue()


PROGRAM = """
import asyncio, sys
from itertools import chain
from pathlib import Path
from console.cache.writer import CacheWriter
from console.clock import wall
from console.platforms.onpremises.webhook import read_webhook

async def main():
    await CacheWriter.open_apart(Path(sys.argv[1]), now=wall, read=read_webhook)
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_it_ends_with_the_program_however_that_ends(db: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(db)], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"open\n"
        (writer,) = children(program.pid)
        program.kill()
    until(
        lambda: (
            not Path(f"/proc/{writer}/cmdline").exists() or not Path(f"/proc/{writer}/cmdline").read_bytes()
        )
    )
