"""T10, T11, T12, T20: killed migrations, wrong places for a cache, a log and a queue that must not grow."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from console.cache.migrations import open_writer
from console.cache.paths import wal_path
from console.cache.schema import LATEST
from console.cache.trouble import CacheRefused
from console.cache.writer import CacheWriter
from console.clock import monotonic, wall
from tests.cache.samples import NOW, reading
from tests.faults.failing import watched
from tests.faults.posting import keys_in, noisy
from tests.listener.serving import Told, listening
from tests.service.world import running
from tests.service.world import until as until_true

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from console.domain.exceptions import RetryLater

MEGABYTE = 1_000_000


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "media.db"


# -- T10: a migration that is killed


@pytest.mark.parametrize("version", range(1, LATEST))
def test_t10_a_migration_killed_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, version: int) -> None:
    folder = tmp_path / "dying"
    folder.mkdir(mode=0o700)
    command = [sys.executable, "-m", "tests.faults.migrating", str(folder), str(version)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    tries = [json.loads(line) for line in done.stdout.splitlines()]
    old, new = tries[0]["found"], tries[-1]["found"]
    assert (old[:3], new[:3]) == ([str(version), "50", "ok"], [str(LATEST), "50", "ok"])
    assert [one["died"] for one in tries] == [True] * (len(tries) - 1) + [False]
    for one in tries:
        assert one["found"] in (old, new)
        assert one["found"] == old or one["kept"] == [old], "it was changed before its copy stood"
        assert all(copy == old for copy in one["kept"])
        assert one["then"] == new
        assert one["copies"] == 1
    found = [one["found"] == new for one in tries]
    assert found == sorted(found)
    assert found.count(False) > 10


# -- T11: not on a network file system


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "9p", "fuse.sshfs"])
async def test_t11_a_cache_on_a_network_file_system_is_refused_before_anything_is_made(
    db: Path, kind: str
) -> None:
    table = f"22 1 254:0 / / rw - ext4 /dev/vda rw\n40 22 0:40 / {db.parent} rw - {kind} server:/x rw\n"
    with pytest.raises(ExceptionGroup) as refused:
        async with running(db, None, mounts=lambda: table):
            pass
    (error,) = refused.value.exceptions
    assert isinstance(error, CacheRefused)
    assert f"network file system ({kind})" in error.what
    assert list(db.parent.iterdir()) == []


async def test_t11_a_file_system_in_user_space_is_warned_of(db: Path) -> None:
    table = f"40 22 0:40 / {db.parent} rw - fuse.gocryptfs /x rw\n"
    async with running(db, None, mounts=lambda: table) as world:
        await until_true(lambda: any("fuse.gocryptfs" in notice.text for notice in world.notices()))


# -- T12: readers that never rest


READ_FOR_EVER = """
import sys
from pathlib import Path
from console.cache.reader import CacheReader
from console.cache.windows import Edge, around, keys_of
from console.domain.views import Selection

with CacheReader(Path(sys.argv[1])) as reader:
    print("reads", flush=True)
    while True:
        reader.ask(lambda moment: around(moment, Selection(), 1, 2, Edge.TOP, 0, 200))
        reader.ask(lambda moment: list(keys_of(moment, Selection(), 1, 2)))
"""


@contextmanager
def reader_that_never_rests(db: Path) -> Iterator[None]:
    command = [sys.executable, "-c", READ_FOR_EVER, str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "reads\n"
        try:
            yield
            assert other.poll() is None
        finally:
            other.kill()


@pytest.mark.parametrize(
    "events", [2000, pytest.param(10_000, marks=(pytest.mark.slow, pytest.mark.timeout(120)))]
)
async def test_t12_the_log_stays_short_beside_readers_that_never_rest(db: Path, events: int) -> None:
    writer = await CacheWriter.open(db, now=wall)
    largest = 0

    async def send(numbers: range) -> None:
        nonlocal largest
        for number in numbers:
            await writer.take_webhook(os.urandom(800), NOW, reading(f"m{number:05}"))
            largest = max(largest, wal_path(db).stat().st_size)

    with reader_that_never_rests(db), reader_that_never_rests(db):
        await asyncio.gather(*(send(range(start, events, 12)) for start in range(12)))
        await until_true(lambda: wal_path(db).stat().st_size < 8 * MEGABYTE, "the log is short")
    await writer.close()
    assert largest <= 64 * MEGABYTE
    assert len(keys_in(db)) == events


# -- T20: more than can be written


def resident() -> int:
    """Bytes of memory that this process has."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


class Counting(Told):
    """Counts the failures; the errors themselves would hold what was posted."""

    failed = 0

    def cache_failed(self, error: RetryLater) -> None:
        self.failed += 1


class Sender:
    """One connection that is kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, body: bytes) -> tuple[int, bytes]:
        """Posts a body; status and headers of the answer."""
        head = f"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length:")[2].split(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(answer[9:12]), answer

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def test_t20_a_full_queue_is_told_at_once_and_takes_no_memory(db: Path) -> None:
    began: list[str] = []

    def patient(path: Path) -> sqlite3.Connection:
        connection = open_writer(path, factory=watched(before=lambda _, statement: began.append(statement)))
        connection.execute("PRAGMA busy_timeout = 60000")
        return connection

    told = Counting()
    writer = await CacheWriter.open(db, now=wall, capacity=50, connect=patient)
    with closing(sqlite3.connect(db, isolation_level=None)) as other:
        async with listening(writer, told) as url:
            host, port = url.removeprefix("http://").split(":")
            senders = [Sender(*await asyncio.open_connection(host, int(port))) for _ in range(71)]
            other.execute("BEGIN IMMEDIATE")
            began.clear()
            waiting = [asyncio.ensure_future(senders[0].send(noisy("waits")))]
            await until_true(lambda: "BEGIN IMMEDIATE" in began, "the writer waits for the lock")
            waiting += [asyncio.ensure_future(one.send(noisy("waits"))) for one in senders[1:51]]
            await until_true(lambda: writer.waiting() == 50, "the queue is full")
            before, slowest = resident(), 0.0
            bodies = [noisy(f"refused {number}") for number in range(20)]
            for _ in range(250):
                start = monotonic()
                answers = await asyncio.gather(*map(Sender.send, senders[51:], bodies))
                slowest = max(slowest, monotonic() - start)
                assert all(status == 503 and b"retry-after: 5" in head for status, head in answers)
            assert told.failed == 5000
            assert slowest < 1
            assert resident() - before < 20 * MEGABYTE
            other.execute("ROLLBACK")
            assert [status for status, _ in await asyncio.gather(*waiting)] == [200] * 51
            for one in senders:
                await one.close()
    await writer.close()
    assert keys_in(db) == {"waits"}
