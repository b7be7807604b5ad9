"""T04, T05, T07: power loss, a full disk and a lock behind an acknowledgement."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from console.cache.migrations import open_writer
from console.cache.paths import wal_path
from console.cache.writer import CacheWriter
from console.clock import wall
from tests.cache.samples import NOW, reading
from tests.cli.terminal import terminal
from tests.cli.world import environment, free_port, until
from tests.faults.failing import watched
from tests.faults.posting import Answer, keys_in, noisy, post
from tests.faults.processes import serving
from tests.listener.serving import Told, listening

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.processes import Served

MEGABYTE = 1_000_000


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "media.db"


# -- T04: power loss

ACKNOWLEDGED = "acknowledged"
COMMITS = f"""
import asyncio, os, sys
from pathlib import Path
from console.cache.migrations import open_writer
from console.cache.writer import CacheWriter
from tests.cache.samples import NOW, reading
from tests.faults.failing import watched

def committed(connection, statement):
    (mode,) = connection.execute("PRAGMA synchronous").fetchone() if statement == "COMMIT" else (0,)
    if mode == 2:
        os.write(1, b"full\\n")

async def main():
    connect = lambda db: open_writer(db, factory=watched(after=committed))
    writer = await CacheWriter.open(Path(sys.argv[1]), now=lambda: NOW, connect=connect)
    os.write(1, b"ready\\n")
    for number in range(20):
        await writer.take_webhook(b"{{}}", NOW, reading(f"m{{number}}"))
        os.write(1, b"{ACKNOWLEDGED}\\n")
    await writer.close()

asyncio.run(main())
"""


def traced(db: Path) -> list[str]:
    """Each line is a sync of the log, or an acknowledgement, in the order in which they came about.

    Where no strace can tell, a commit of a connection in the mode FULL stands for a sync: SQLite
    promises one for each (sqlite.org/pragma.html#pragma_synchronous).
    """
    child = [sys.executable, "-c", COMMITS, str(db)]
    strace = shutil.which("strace")
    if strace is None:
        return subprocess.run(child, capture_output=True, text=True, check=True).stdout.splitlines()
    out = db.with_name("strace.txt")
    calls = "trace=fdatasync,fsync,write"
    subprocess.run([strace, "-f", "-y", "-e", calls, "-o", str(out), *child], check=True, capture_output=True)
    told = out.read_text(errors="replace").splitlines()
    return [line for line in told if (f"{wal_path(db).name}>" in line and "sync(" in line) or '"' in line]


def test_t04_a_sync_of_the_log_stands_before_each_acknowledgement(db: Path) -> None:
    told = traced(db)
    while "ready" not in told[0]:
        told.pop(0)
    synced = acknowledged = 0
    for line in told:
        if ACKNOWLEDGED in line:
            assert synced > 0, f"the acknowledgement {acknowledged} came before its sync"
            acknowledged, synced = acknowledged + 1, 0
        elif "sync(" in line or line == "full":
            synced += 1
    assert acknowledged == 20


async def test_t04_the_writers_own_connection_is_in_the_mode_full_at_each_commit(db: Path) -> None:
    modes: list[tuple[int, str]] = []

    def at_commit(connection: sqlite3.Connection, statement: str) -> None:
        if statement == "COMMIT":
            (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
            (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
            modes.append((synchronous, journal))

    def connect(path: Path) -> sqlite3.Connection:
        return open_writer(path, factory=watched(before=at_commit))

    writer = await CacheWriter.open(db, now=wall, connect=connect)
    for number in range(5):
        await writer.take_webhook(b"{}", NOW, reading(f"m{number}"))
    await writer.close()
    assert modes == [(2, "wal")] * 5


# -- T05: a full disk


class SmallDisk:
    """A folder in which space can run out: a small tmpfs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, _: int) -> None:
        """Leaves no byte free."""
        with self._filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"x" * 4096):
                pass

    def free(self, _: int) -> None:
        """Gives the space back."""
        self._filler.unlink()


class LimitedFiles(SmallDisk):
    """The same by `RLIMIT_FSIZE` of the process: no file may grow. For where nothing can be mounted."""

    def fill(self, pid: int) -> None:
        largest = max(path.stat().st_size for path in self.folder.iterdir() if path.suffix != ".txt")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield LimitedFiles(folder)
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def until_refused(url: str, acknowledged: set[str]) -> Answer:
    """Posts new events until one is not acknowledged."""
    for number in range(400):
        name = f"m{number:03}"
        answer = post(url, noisy(name))
        if answer.status != 200:
            return answer
        acknowledged.add(name)
    raise AssertionError("the disk never was full")


def until_taken(url: str, name: str) -> None:
    """Posts an event until it is acknowledged."""
    until(lambda: post(url, noisy(name)).status == 200)


def fills_and_frees(disk: SmallDisk, served: Served, db: Path) -> None:
    """A disk that fills and is freed, twice, under a daemon."""
    acknowledged = {"before"}
    assert post(served.url, noisy("before")).status == 200
    for turn in "ab":
        disk.fill(served.process.pid)
        answer = until_refused(served.url, acknowledged)
        assert (answer.status, answer.retry_after) == (503, "5")
        if post(served.url, noisy("again")).status == 200:  # the log was begun anew, so one more found room
            acknowledged.add("again")
        assert post(served.url.replace("webhook", "healthz")).status == 200
        disk.free(served.process.pid)
        until_taken(served.url, f"after {turn}")
        acknowledged.add(f"after {turn}")
    assert served.process.poll() is None
    assert acknowledged <= keys_in(db)
    assert "Traceback" not in served.words.read_text()


def test_t05_a_small_disk_fills_and_is_freed(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as disk:
        db = disk.folder / "media.db"
        with serving(db) as served:
            fills_and_frees(disk, served, db)
            served.process.terminate()
            assert served.process.wait(10) == 0


def test_t05_files_may_grow_no_more_and_then_again(db: Path) -> None:
    with serving(db) as served:
        fills_and_frees(LimitedFiles(db.parent), served, db)


async def test_t05_the_database_may_have_no_more_pages_and_then_again(db: Path) -> None:
    pages = [60]

    def bounded(path: Path) -> sqlite3.Connection:
        connection = open_writer(path)
        if pages:
            connection.execute(f"PRAGMA max_page_count = {pages[0]}")
        return connection

    told = Told()
    writer = await CacheWriter.open(db, now=wall, connect=bounded)
    kept: list[str] = []
    async with listening(writer, told) as url, httpx.AsyncClient() as client:

        async def send(name: str) -> httpx.Response:
            body = noisy(name, 20_000)
            return await client.post(
                f"{url}/webhook", content=body, headers={"Content-Type": "application/json"}
            )

        while (answer := await send(f"m{len(kept)}")).status_code == 200:
            kept.append(f"m{len(kept)}")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "the disk is full" in told.failures[-1].what
        pages.clear()
        assert (await send("after")).status_code == 200
    await writer.close()
    assert keys_in(db) == {*kept, "after"}


@pytest.mark.slow
def test_t05_the_screen_says_that_the_disk_is_full_and_when_it_is_not(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/webhook"
    with small_disk(tmp_path / "small") as disk:
        env = environment(disk.folder / "media.db", listen=f"127.0.0.1:{port}")
        with terminal([], env, columns=140) as shown:
            shown.until_text(f":{port}")
            assert post(url, noisy("before")).status == 200
            pid = shown.pid
            disk.fill(pid)
            assert until_refused(url, set()).status == 503
            shown.until(lambda lines: any("disk is full" in line or "disk reports" in line for line in lines))
            shown.until_text(f"\u2717 :{port} cannot store")
            shown.press("e")
            shown.until_text("\u2717 lasts     The cache")
            shown.press("\x1b")
            disk.free(pid)
            until_taken(url, "after")
            shown.until_text("can be written again")
            shown.until_text(f"\u25cf listening :{port}")
        log = (disk.folder / "media.db.log").read_text()
        assert log.count("The cache can be written again, after") == 1
        assert "answered 503" in log


# -- T07: another program holds the lock

HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@contextmanager
def held(db: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Another program that has begun to write and goes on for so long."""
    command = [sys.executable, "-c", HOLD, str(db), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield other
        finally:
            other.kill()


def slowest_health(url: str, while_: Callable[[], bool]) -> float:
    """The longest that `/healthz` took to answer as long as something holds."""
    slowest = 0.0
    while while_():
        answer = post(url.replace("webhook", "healthz"))
        assert answer.status == 200
        slowest = max(slowest, answer.seconds)
        threading.Event().wait(0.05)
    return slowest


def posted(url: str, name: str) -> tuple[threading.Thread, list[Answer]]:
    """A post under way, and where its answer will be."""
    answers: list[Answer] = []
    sender = threading.Thread(target=lambda: answers.append(post(url, noisy(name))))
    sender.start()
    return sender, answers


@pytest.mark.slow
def test_t07_a_lock_of_three_seconds_is_waited_for(db: Path) -> None:
    with serving(db) as served, held(db, 3):
        sender, answers = posted(served.url, "patient")
        slowest = slowest_health(served.url, sender.is_alive)
    assert answers[0].status == 200
    assert answers[0].seconds > 2
    assert slowest <= 0.25
    assert keys_in(db) == {"patient"}


def test_t07_a_lock_of_thirty_seconds_is_told_long_before_its_end(db: Path) -> None:
    with serving(db) as served:
        with held(db, 30):
            senders = [posted(served.url, f"early {number}") for number in range(3)]
            slowest = slowest_health(served.url, lambda: any(sender.is_alive() for sender, _ in senders))
            for _, (answer,) in senders:
                assert (answer.status, answer.retry_after) == (503, "5")
                assert answer.seconds < 10
        assert slowest < 2, "nothing else waits for the lock"
        assert post(served.url, noisy("after")).status == 200
        assert served.process.poll() is None
    assert keys_in(db) == {"after"}
