"""The writer's work in a process of its own, as the program that asks for it sees it.

Python's threads take turns. What a webhook costs here is only its request; its rows, and the wait for the
disk, are the other process's, so that both go on at the same time, and a screen that paints delays neither.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from console.cache.apart import NUMBER, OPENING
from console.cache.channel import Beginning, Frames, Kind, framed, framed_webhook
from console.cache.entry import settle
from console.cache.permissions import shared_group
from console.cache.trouble import CacheUnavailable, WriterLost, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.cache.entry import Awaited
    from console.domain.media import Millis
    from console.domain.reading import Reading

log = logging.getLogger(__name__)


class WriterProcess(asyncio.Protocol):
    """Commits in a process of its own what is put in on an event loop.

    That process ends by itself when this one does, however that comes about.

    Args:
        db: the cache.
        read: the dialect of the webhooks, a function of a module.
        lock: a descriptor with the right to write the cache, which lasts until both processes have ended.
        lost: called on the loop where the process ends without having been told to.
    """

    def __init__(
        self,
        db: Path,
        read: Callable[[bytes, Millis], Reading],
        lost: Callable[[], None],
        lock: int | None = None,
    ) -> None:
        self._db = db
        self._read = read
        self._lost = lost
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._numbers: dict[asyncio.Future[Any], int] = {}
        self._number = OPENING
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._control: int | None = None
        self._stopping = False
        self._gone = asyncio.Event()

    async def start(self) -> None:
        """Starts the process and waits until it has the cache open.

        Raises:
            ConsoleError: it cannot be opened; the process has ended.
        """
        ours, theirs = socket.socketpair()
        try:
            self._begin(theirs)
        except OSError as error:
            ours.close()
            raise unavailable(self._db, error) from error
        opening = self._waiting[OPENING] = self._loop.create_future()
        try:
            await self._loop.create_connection(lambda: self, sock=ours)
        except BaseException:
            ours.close()  # the process ends by it
            raise
        level = log.getEffectiveLevel()
        self._send(framed(Kind.BEGINNING, Beginning(self._db, self._read, shared_group(), level)))
        try:
            await opening
        except BaseException:
            self.stop()
            await self.ended()
            raise

    def waiting(self) -> int:
        """How many entries have no outcome yet."""
        return len(self._waiting)

    def put(self, entry: Awaited) -> None:
        """Hands an entry over; its future is settled once it is committed or failed."""
        if self._stopping or self._gone.is_set():
            settle(entry.future, None, entry.error)
            return
        number = self._number = self._number + 1
        if entry.webhook is not None:
            self._send(framed_webhook(number, *entry.webhook))
        else:
            what = (entry.refs, entry.work, entry.instead, entry.alone)
            self._send(framed(Kind.ENTRY, what, number))
            self._numbers[entry.future] = number
        self._waiting[number] = entry.future

    def withdraw(self, entry: Awaited) -> None:
        """An entry whose caller waits no longer is not begun; if it has the connection alone, broken off."""
        number = self._numbers.get(entry.future)
        if number is not None and self._control is not None:
            with suppress(BrokenPipeError):  # the process has ended, and its entries with it
                os.write(self._control, NUMBER.pack(number))

    def stop(self) -> None:
        """Lets the process finish what it was given, close the cache and end; returns at once."""
        if not self._stopping:
            self._stopping = True
            self._send(framed(Kind.END, None))
            self._flush()

    async def ended(self) -> None:
        """Waits for the end of the process."""
        await self._gone.wait()
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)
        if self._control is not None:
            os.close(self._control)
            self._control = None

    # -- what the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process can be spoken to."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Outcomes and log records have come."""
        for frame in self._frames.take(data):
            if frame.kind == Kind.ANSWERS:
                for number, result, error in frame.value():
                    future = self._waiting.pop(number)
                    self._numbers.pop(future, None)
                    settle(future, result, error)
            else:
                record = logging.makeLogRecord(frame.value())
                logger = logging.getLogger(record.name)
                if logger.isEnabledFor(record.levelno):
                    logger.handle(record)

    def connection_lost(self, exc: Exception | None) -> None:
        """The process has ended."""
        self._gone.set()
        opening = self._waiting.pop(OPENING, None)
        if opening is not None:
            settle(opening, None, WriterLost(self._db))
        for future in self._waiting.values():
            settle(future, None, CacheUnavailable("The cache is closed.", "The service is ending."))
        self._waiting.clear()
        self._numbers.clear()
        if not self._stopping:
            self._lost()

    def _begin(self, theirs: socket.socket) -> None:
        control, self._control = os.pipe()
        descriptors = (theirs.fileno(), control)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "console.cache.apart", *map(str, descriptors)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=descriptors if self._lock is None else (*descriptors, self._lock),
                start_new_session=True,  # what a terminal tells its processes is not for this one
                env=os.environ | {"PYTHONPATH": _where_modules_are()},
            )
        except OSError:
            os.close(self._control)
            raise
        finally:
            theirs.close()
            os.close(control)

    def _send(self, frame: bytes) -> None:
        """Sends frames together that come to be in one turn of the loop."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(frame)

    def _flush(self) -> None:
        if self._unsent and self._transport is not None and not self._gone.is_set():
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()


def _where_modules_are() -> str:
    """Where this process finds its modules, so that the other one finds the same, and in the same order."""
    return os.pathsep.join(entry or os.getcwd() for entry in sys.path)
