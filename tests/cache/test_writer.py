"""The writer as the service uses it: together, durable, and over its troubles without a restart."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from console.cache import queries
from console.cache.batch import ORDERS_KEPT, ORDERS_KEPT_MS
from console.cache.inbox import Inbox
from console.cache.migrations import CacheDamaged, open_writer
from console.cache.paths import wal_path
from console.cache.reader import CacheReader
from console.cache.writer import (
    FACTS_AT_ONCE,
    TRIM_ORDERS_AFTER,
    CacheBusy,
    CacheUnavailable,
    CacheWriter,
    Recorded,
)
from console.domain.facts import StoreRequested
from console.domain.media import Millis, State
from console.domain.orders import Taken
from console.domain.reading import Reading, Unread
from console.domain.standing import Level, Notice, Standing

from .samples import NOW, announced, key, keys_in, order, reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from console.domain.facts import Fact
    from console.domain.media import Media


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
def empty(db: Path) -> Path:
    """A file of no bytes, as an unclean copy leaves it."""
    db.touch(mode=0o600)
    return db


def log_size(db: Path) -> int:
    return wal_path(db).stat().st_size


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it did not come about within 10 s")


@asynccontextmanager
async def writing(
    db: Path, *, capacity: int = 1000, connect: Callable[[Path], sqlite3.Connection] = open_writer
) -> AsyncIterator[CacheWriter]:
    writer = await CacheWriter.open(db, now=lambda: NOW, capacity=capacity, connect=connect)
    try:
        yield writer
    finally:
        await writer.close()


class Held:
    """The write lock of a cache, taken by a connection that is not the writer's."""

    def __init__(self, db: Path) -> None:
        self._connection = sqlite3.connect(db, isolation_level=None, check_same_thread=False)
        self._connection.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        self._connection.close()


def stored_keys(db: Path) -> list[str]:
    with CacheReader(db) as reader:
        return sorted(keys_in(reader))


async def test_what_a_call_returned_another_connection_sees(db: Path) -> None:
    async with writing(db) as writer:
        assert await writer.take_webhook(b"{}", NOW, reading("a")) == Recorded(1, 0, number=1)
        assert stored_keys(db) == ["a"]
        assert await writer.take_webhook(b"{}", NOW, reading("a")) == Recorded()
        assert await writer.take_order(order("1", "a")) is Taken.QUEUED
        decided = await writer.decide(key("a"), lambda _: [StoreRequested(key=key("a"), at=NOW, attempt=1)])
        assert decided.media is not None
        assert decided.media.state is State.REQUESTED
        assert await writer.take_orders([order("1", "a"), order("2", "a"), order("3", "b")]) == [
            Taken.QUEUED,
            Taken.ALREADY,
            Taken.UNKNOWN,
        ]
        await writer.write_standing(Standing(pid=7, since=NOW, updated_at=NOW))
        await writer.write_notice(Notice(at=NOW, level=Level.INFO, source="service", text="started"))
        with CacheReader(db) as reader:
            found = reader.run(queries.standing())
            assert found is not None
            assert found.pid == 7
            assert [notice.text for notice in reader.run(queries.notices())] == ["started"]


async def test_a_body_that_says_nothing_is_not_written(db: Path) -> None:
    async with writing(db) as writer:
        holder = Held(db)
        assert await writer.take_webhook(b"{}", NOW, Reading()) == Recorded()
        holder.let_go()


async def test_a_webhook_of_very_many_media_lets_others_in_between_and_keeps_its_body_once(db: Path) -> None:
    names = [f"m{number}" for number in range(3 * FACTS_AT_ONCE)]
    odd = Unread(where="messages[0]", reason="odd")
    told = replace(reading(*names), unread=(odd,))
    async with writing(db) as writer:
        known = reading(*names[: FACTS_AT_ONCE + 1])
        await writer.take_webhook(b"known", NOW, known)
        large = asyncio.ensure_future(writer.take_webhook(b"large", NOW, told))
        await asyncio.sleep(0)
        await writer.take_webhook(b"small", NOW, reading("small"))
        assert not large.done()
        recorded = await large
        assert (recorded.new, recorded.quarantined) == (2 * FACTS_AT_ONCE - 1, 1)
        assert await writer.take_webhook(b"large", NOW, told) == Recorded()
        assert len(stored_keys(db)) == len(names) + 1
        with CacheReader(db) as reader:
            assert reader.run(queries.raw_bodies(key(names[-1]))) == [(NOW, b"large")]
            assert reader.run(queries.raw_bodies(key(names[FACTS_AT_ONCE + 1]))) == [(NOW, b"large")]
        with closing(sqlite3.connect(db)) as connection:
            counts = connection.execute("SELECT facts FROM webhook ORDER BY id").fetchall()
        assert counts == [(FACTS_AT_ONCE + 1,), (2 * FACTS_AT_ONCE - 1,), (1,)]


async def test_what_waits_together_is_committed_with_one_sync(db: Path) -> None:
    statements: list[str] = []

    def traced(path: Path) -> sqlite3.Connection:
        connection = open_writer(path)
        connection.set_trace_callback(statements.append)
        return connection

    async with writing(db, connect=traced) as writer:
        await writer.take_webhook(b"{}", NOW, reading("first"))
        statements.clear()
        holder = Held(db)
        calls = [asyncio.ensure_future(writer.take_webhook(b"{}", NOW, reading(f"m{n}"))) for n in range(60)]
        await asyncio.sleep(0.05)
        assert not any(call.done() for call in calls)
        holder.let_go()
        assert [(await call).new for call in calls] == [1] * 60
    assert statements.count("COMMIT") <= 2
    assert len(stored_keys(db)) == 61


async def test_a_cancelled_caller_neither_hurts_the_others_nor_leaves_half(db: Path) -> None:
    async with writing(db) as writer:
        holder = Held(db)
        calls = [
            asyncio.ensure_future(writer.take_webhook(b"{}", NOW, reading(f"m{n}-a", f"m{n}-b")))
            for n in range(9)
        ]
        await asyncio.sleep(0.05)
        for call in calls[::2]:
            call.cancel()
        holder.let_go()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(result, Recorded) for result in results] == [n % 2 == 1 for n in range(9)]
        assert isinstance(await writer.take_webhook(b"{}", NOW, reading("after")), Recorded)
    kept = set(stored_keys(db))
    assert {f"m{n}-{part}" for n in range(1, 9, 2) for part in "ab"} | {"after"} <= kept
    assert all((f"m{n}-a" in kept) == (f"m{n}-b" in kept) for n in range(9))


async def test_a_failing_decision_fails_its_caller_only(db: Path) -> None:
    class Undecided(Exception):
        pass

    def refuse(media: Media | None) -> Sequence[Fact]:
        raise Undecided(media)

    async with writing(db) as writer:
        holder = Held(db)
        before = asyncio.ensure_future(writer.take_webhook(b"{}", NOW, reading("a")))
        failing = asyncio.ensure_future(writer.decide(key("a"), refuse))
        after = asyncio.ensure_future(writer.take_webhook(b"{}", NOW, reading("b")))
        await asyncio.sleep(0.05)
        holder.let_go()
        with pytest.raises(Undecided):
            await failing
        await before
        await after
    assert stored_keys(db) == ["a", "b"]


async def test_a_value_that_cannot_be_stored_puts_its_webhook_into_quarantine(db: Path) -> None:
    async with writing(db) as writer:
        holder = Held(db)
        sound = [asyncio.ensure_future(writer.take_webhook(b"{}", NOW, reading(f"m{n}"))) for n in range(3)]
        huge = Reading(facts=(announced("good"), announced("bad", sent_at=2**63)))
        spoilt = asyncio.ensure_future(writer.take_webhook(b'{"huge": 1}', NOW, huge))
        torn = asyncio.ensure_future(
            writer.decide(key("x"), lambda _: [announced("x", caption="\ud800")]),
        )
        await asyncio.sleep(0.05)
        holder.let_go()
        assert [(await call).new for call in sound] == [1, 1, 1]
        assert await spoilt == Recorded(0, 1, number=4)
        with pytest.raises(UnicodeEncodeError):
            await torn
    assert stored_keys(db) == ["m0", "m1", "m2"]
    with CacheReader(db) as reader:
        ((at, part, body),) = reader.run(queries.quarantine())
    assert (at, part, body) == (
        NOW,
        Unread(where="", reason="the cache cannot hold a value in it"),
        b'{"huge": 1}',
    )


async def test_a_full_queue_says_so_at_once(db: Path) -> None:
    async with writing(db, capacity=5) as writer:
        holder = Held(db)
        first = asyncio.ensure_future(writer.take_webhook(b"{}", NOW, reading("first")))
        await asyncio.sleep(0)
        await until(lambda: writer.waiting() == 0)  # the thread has it in hand and waits for the lock
        calls = [asyncio.ensure_future(writer.take_webhook(b"{}", NOW, reading(f"m{n}"))) for n in range(8)]
        done, waiting = await asyncio.wait(calls, timeout=0.2)
        assert len(done) == 3
        assert {type(call.exception()) for call in done} == {CacheBusy}
        holder.let_go()
        await asyncio.gather(first, *waiting)
    assert len(stored_keys(db)) == 6


async def test_a_full_disk_is_said_and_got_over_without_a_restart(db: Path) -> None:
    pages = [40]

    def bounded(path: Path) -> sqlite3.Connection:
        connection = open_writer(path)
        if pages:
            connection.execute(f"PRAGMA max_page_count = {pages[0]}")
        return connection

    acknowledged: list[str] = []
    async with writing(db, connect=bounded) as writer:
        for number in range(100):
            try:
                await writer.take_webhook(os.urandom(4000), NOW, reading(f"m{number:03}"))
            except CacheUnavailable:
                break
            acknowledged.append(f"m{number:03}")
        assert 0 < len(acknowledged) < 100
        assert stored_keys(db) == acknowledged
        with pytest.raises(CacheUnavailable, match="the disk is full"):
            await writer.take_webhook(os.urandom(40_000), NOW, reading("no"))
        pages.clear()
        await writer.take_webhook(os.urandom(40_000), NOW, reading("yes"))
    assert stored_keys(db) == [*acknowledged, "yes"]


async def test_the_end_empties_the_log_and_leaves_it_for_readers(db: Path) -> None:
    async with writing(db) as writer:
        await writer.take_webhook(b"{}", NOW, reading("a"))
        assert log_size(db) > 0
    assert log_size(db) == 0
    assert sorted(path.name for path in db.parent.iterdir()) == ["cache.db", "cache.db-shm", "cache.db-wal"]
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_the_log_is_emptied_in_a_pause(db: Path) -> None:
    async with writing(db) as writer:
        await writer.take_webhook(os.urandom(100_000), NOW, reading("a"))
        await until(lambda: log_size(db) == 0)
        await writer.take_webhook(b"{}", NOW, reading("b"))
    assert stored_keys(db) == ["a", "b"]


async def test_every_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    db = tmp_path / "new" / "cache.db"
    before = os.umask(0)
    try:
        async with writing(db) as writer:
            await writer.take_webhook(b"{}", NOW, reading("a"))
            with Inbox(db) as inbox:
                inbox.leave([order("1", "a")])
                found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in db.parent.iterdir()}
    finally:
        os.umask(before)
    assert found == dict.fromkeys(["cache.db", "cache.db-wal", "cache.db-shm", "cache.db.inbox"], 0o600)
    assert stat.S_IMODE(db.parent.stat().st_mode) == 0o700


async def test_what_cannot_be_opened_is_refused_and_stays(empty: Path) -> None:
    with pytest.raises(CacheDamaged, match="the file is empty"):
        await CacheWriter.open(empty, now=lambda: NOW)
    assert [(path.name, path.stat().st_size) for path in empty.parent.iterdir()] == [("cache.db", 0)]


async def test_after_the_end_nothing_is_taken(db: Path) -> None:
    async with writing(db) as writer:
        pass
    with pytest.raises(CacheUnavailable, match="closed"):
        await writer.take_webhook(b"{}", NOW, reading("a"))
    await writer.close()


async def test_what_had_queued_before_the_end_is_written(db: Path) -> None:
    async with writing(db) as writer:
        calls = [asyncio.ensure_future(writer.take_webhook(b"{}", NOW, reading(f"m{n}"))) for n in range(200)]
        await asyncio.sleep(0)
    assert [(await call).new for call in calls] == [1] * 200
    assert len(stored_keys(db)) == 200


async def test_a_cache_that_vanished_is_not_made_anew(db: Path) -> None:
    connections: list[sqlite3.Connection] = []

    def first_then_none(path: Path) -> sqlite3.Connection:
        if connections:
            path.unlink()
        connections.append(open_writer(path))
        connections[-1].execute("PRAGMA max_page_count = 1")
        return connections[-1]

    async with writing(db, connect=first_then_none) as writer:
        with pytest.raises(CacheUnavailable, match="the disk is full"):
            await writer.take_webhook(os.urandom(900_000), NOW, reading("a"))
        with pytest.raises(CacheUnavailable, match="cannot be opened"):
            await writer.take_webhook(b"{}", NOW, reading("a"))
    assert "cache.db" not in [path.name for path in db.parent.iterdir()]


ACKNOWLEDGE = """
import asyncio, sys
from pathlib import Path
from console.cache.writer import CacheWriter
from tests.cache.samples import NOW, reading

async def send(writer, name):
    for number in range(100_000):
        await writer.take_webhook(b"{}", NOW, reading(f"{name}-{number}"))
        print(f"{name}-{number}", flush=True)

async def main():
    writer = await CacheWriter.open(Path(sys.argv[1]), now=lambda: NOW)
    await asyncio.gather(*(send(writer, name) for name in "abcdefghijkl"))

asyncio.run(main())
"""


def acknowledged_before_kill(db: Path) -> set[str]:
    """What a process that writes as fast as it can had told of before it was killed."""
    command = [sys.executable, "-c", ACKNOWLEDGE, str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = {child.stdout.readline().strip() for _ in range(300)}
        child.send_signal(signal.SIGKILL)
        return told | {line.strip() for line in child.stdout if line.endswith("\n")}


async def test_what_was_acknowledged_survives_a_kill(db: Path) -> None:
    acknowledged = acknowledged_before_kill(db)
    with CacheReader(db) as reader:
        assert acknowledged <= set(keys_in(reader))
    async with writing(db) as writer:
        await writer.take_webhook(b"{}", NOW, reading("after"))
    assert acknowledged | {"after"} <= set(stored_keys(db))
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_orders_are_forgotten_at_the_first_look_and_then_once_in_a_while(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: NOW)
    old = Millis(NOW - 2 * ORDERS_KEPT_MS)
    with closing(sqlite3.connect(db)) as connection:
        connection.executemany(
            "INSERT INTO order_taken VALUES (?, ?, 'default', 'a', 'queued')",
            [(f"old {number}", old + number) for number in range(ORDERS_KEPT + 50)],
        )
        connection.commit()
        counted = "SELECT count(*) FROM order_taken"
        for number, kept in enumerate((ORDERS_KEPT, ORDERS_KEPT + 1, ORDERS_KEPT + 2)):
            await writer.take_order(order(str(number), "a"))
            assert connection.execute(counted).fetchone() == (kept,)
        await writer.take_orders([order(f"more {number}", "a") for number in range(TRIM_ORDERS_AFTER)])
        assert connection.execute(counted).fetchone() == (ORDERS_KEPT,)
    await writer.close()
