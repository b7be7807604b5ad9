"""Real processes to do damage to, and senders that keep a log of what was acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import re
import sqlite3
import subprocess
import threading
from collections import Counter
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from console.clock import monotonic
from tests.cli.world import announcement, command, environment, until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from console.simulator import Simulator

READY = re.compile(r"http://127\.0\.0\.1:(\d+)/webhook")
AGAIN = 0.05
"""Seconds after which a sender repeats what was not answered 200."""
PATIENCE = 10.0
"""Seconds that a sender waits for an answer."""


class Served(NamedTuple):
    """A `listen` process."""

    process: subprocess.Popen[bytes]
    port: int
    words: Path
    """All that it wrote on stderr: a file, because a full pipe would hold it up."""

    @property
    def url(self) -> str:
        """Where webhooks are posted."""
        return f"http://127.0.0.1:{self.port}/webhook"

    def kill(self) -> None:
        """`kill -9`, and waits until the kernel is done with it."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(db: Path, **settings: str) -> Iterator[Served]:
    """Runs `listen` on a cache during the block, from when it listens; on any free port without a setting."""
    words = db.with_name(f"stderr-{monotonic()}.txt")
    with words.open("wb") as err:
        process = subprocess.Popen(command("listen"), env=environment(db, **settings), stderr=err)
    try:
        until(lambda: process.poll() is not None or READY.search(words.read_text()) is not None)
        found = READY.search(words.read_text())
        assert found is not None, words.read_text()
        yield Served(process, int(found[1]), words)
    finally:
        process.kill()
        process.wait()


def at(port: int) -> str:
    """The setting `listen` for a port of this machine."""
    return f"127.0.0.1:{port}"


def api(client: Simulator, **settings: str) -> dict[str, str]:
    """The settings that lead a service or a command to a simulated client."""
    return {
        "api_url": client.url,
        "api_username": client.username,
        "api_password": client.password,
        **settings,
    }


class Event(NamedTuple):
    """A webhook to be sent; `key` is the media that it announces."""

    key: str
    body: bytes


def announcements(start: int = 0) -> Iterator[Event]:
    """Announcements without end, each of another media."""
    for number in itertools.count(start):
        key = f"m{number:06}"
        yield Event(key, announcement(key, filename=f"{key}.pdf"))


class Answered(NamedTuple):
    """One post that was answered 200."""

    key: str
    at: float
    """When the answer was in, on the monotonic clock."""
    took: float
    """Seconds from the post to the answer."""


class Senders:
    """Parallel connections that post events, each again and again until it is answered 200.

    Use them as `with Senders(…) as senders`: they send in a thread of their own from then on, until the
    events end or the block does.

    Args:
        port: of the listener, on 127.0.0.1.
        events: what is sent.
        connections: how many senders there are.
        rate: events a second of all of them together; None: as fast as they are answered.
    """

    def __init__(
        self, port: int, events: Iterable[Event], connections: int, rate: float | None = None
    ) -> None:
        self._port = port
        self._events = iter(events)
        self._connections = connections
        self._rate = rate
        self._sent = itertools.count()
        self._begun = 0.0
        self._stopped = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send_all()), name="senders")
        self.log: list[Answered] = []
        """What was acknowledged, in the order of the answers."""
        self.refused: Counter[int] = Counter()
        """Answers other than 200, by status."""
        self.broken = 0
        """Connections that could not be had, or ended without an answer."""

    def __enter__(self) -> Senders:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stopped = True
        self.join()

    @property
    def acknowledged(self) -> set[str]:
        """The media whose announcement was answered 200."""
        return {one.key for one in tuple(self.log)}

    def join(self, seconds: float | None = None) -> None:
        """Waits, but no longer than that, until all events are acknowledged or the senders were stopped."""
        self._thread.join(seconds)

    async def _send_all(self) -> None:
        self._begun = monotonic()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._connections):
                tasks.create_task(self._send())

    async def _send(self) -> None:
        line = _Line(self._port)
        try:
            while (event := None if self._stopped else next(self._events, None)) is not None:
                if self._rate is not None:
                    await asyncio.sleep(self._begun + next(self._sent) / self._rate - monotonic())
                await self._insist(line, event)
        finally:
            await line.hang_up()

    async def _insist(self, line: _Line, event: Event) -> None:
        for _ in iter(lambda: self._stopped, True):
            if await self._post(line, event):
                return
            await asyncio.sleep(AGAIN)

    async def _post(self, line: _Line, event: Event) -> bool:
        begun = monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                status = await line.post(event.body)
        except (OSError, EOFError, TimeoutError):
            self.broken += 1
            await line.hang_up()
            return False
        if status != 200:
            self.refused[status] += 1
            return False
        ended = monotonic()
        self.log.append(Answered(event.key, ended, ended - begun))
        return True


class _Line:
    """One kept connection; spoken by hand, because an HTTP library would take the time of the service."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> int:
        """Posts a webhook; the status of the answer.

        Raises:
            OSError, EOFError: the connection could not be had or ended before the answer.
        """
        if self._ends is None:
            self._ends = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._ends
        head = f"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
        await writer.drain()
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(answer.partition(b"content-length:")[2].split()[0]))
        if b"connection: close" in answer:
            await self.hang_up()
        return int(answer.split(None, 2)[1])

    async def hang_up(self) -> None:
        """Closes the connection; the next post makes another."""
        ends, self._ends = self._ends, None
        if ends is not None:
            ends[1].close()
            with suppress(OSError):
                await ends[1].wait_closed()


def stored(db: Path) -> set[str]:
    """The keys of all media in a cache, read as another program would."""
    with closing(_opened(db)) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM media")}


def facts(db: Path, kind: str) -> Counter[str]:
    """How many facts of one kind, such as `StoreRequested`, each media has."""
    with closing(_opened(db)) as connection:
        found = connection.execute("SELECT media_key FROM fact WHERE kind = ?", (kind,))
        return Counter(key for (key,) in found)


def integrity(db: Path) -> str:
    """SQLite's own word on the whole file: `ok`."""
    with closing(_opened(db)) as connection:
        return "\n".join(text for (text,) in connection.execute("PRAGMA integrity_check"))


def _opened(db: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=5)


def children(pid: int) -> list[int]:
    """The writers among the processes that a process has started."""
    started = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread that has ended meanwhile
            started += (task / "children").read_text().split()
    found = map(int, started)
    return [child for child in found if b"console.cache.apart" in words(child)]


def words(pid: int) -> bytes:
    """The command line of a process; empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
