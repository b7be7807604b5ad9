"""The writer's work in a process of its own: `python -m console.cache.apart JOBS CONTROL`.

The arguments are descriptors: a socket on which entries come and outcomes go (see `channel`), and a pipe for
what cannot wait for its turn, the numbers of entries that nobody wants any more. The end of that pipe is the
end of the program that asked; nobody is left then whom an outcome could be told to.
"""

from __future__ import annotations

import gc
import logging
import os
import queue
import resource
import select
import signal
import socket
import struct
import sys
import threading
from collections import deque
from contextlib import suppress
from functools import partial
from logging.handlers import QueueHandler
from typing import TYPE_CHECKING, Any, Final

from console.cache import work
from console.cache.channel import Beginning, Frames, Kind, framed, telling
from console.cache.commit import Committer
from console.cache.entry import UNSTORABLE, DecisionFailed, Entry
from console.cache.migrations import open_writer
from console.cache.permissions import share_with
from console.cache.trouble import WriterLost
from console.domain.exceptions import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.cache.batch import Batch
    from console.cache.channel import Frame
    from console.domain.media import Millis
    from console.domain.reading import Reading

log = logging.getLogger("console.cache.apart")

OPENING: Final = 0
"""The number of the entry whose outcome is that of opening the cache."""
NUMBER: Final = struct.Struct("<I")
"""An entry's number on the pipe."""
_AT_ONCE: Final = 1_048_576
_ALLOCATIONS: Final = 50_000
"""Between two collections of garbage; what a batch leaves behind refers to nothing of its own."""
_LEFT_ALONE: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Meant for the program, which ends this process when it has ended its own work."""


class Numbered(Entry):
    """An entry whose caller waits in another process."""

    __slots__ = ("answered", "number", "unwanted")

    def __init__(self, number: int, *what: Any, alone: bool = False) -> None:
        super().__init__(*what, alone=alone)
        self.number = number
        self.answered = False
        self.unwanted = False

    @property
    def withdrawn(self) -> bool:
        """Whether the caller waits no longer."""
        return self.unwanted


class Inlet:
    """Entries as they come on a socket."""

    def __init__(
        self, connection: socket.socket, frames: Frames, read: Callable[[bytes, Millis], Reading]
    ) -> None:
        self._socket = connection
        self._frames = frames
        self._read = read
        self._limits = _Limits()
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._entries: deque[Entry | None] = deque()
        self._newest = OPENING
        self._unwanted: set[int] = set()
        """Numbers that were withdrawn before their entries came."""
        self.open: dict[int, Numbered] = {}
        """The entries without an outcome, webhooks aside, by number."""

    def get(self, *, timeout: float | None = None) -> Entry | None:
        """The next one; `queue.Empty` where none comes within so many seconds."""
        while not self._entries:
            if not self._poll.poll(None if timeout is None else max(0.0, timeout * 1000)):
                raise queue.Empty
            self._receive()
        return self._entries.popleft()

    def get_nowait(self) -> Entry | None:
        """The next one that has come; `queue.Empty` where none has."""
        if not self._entries:
            self._receive()
        if not self._entries:
            raise queue.Empty
        return self._entries.popleft()

    def put(self, entry: Entry | None) -> None:
        """Adds one behind all that have come."""
        self._entries.append(entry)

    def qsize(self) -> int:
        """How many have come."""
        self._receive()
        return len(self._entries)

    def withdraw(self, number: int) -> Numbered | None:
        """Takes note that nobody wants an entry any more, and gives it if it has come. From any thread."""
        if number not in self.open and number > self._newest:
            self._unwanted.add(number)
        entry = self.open.get(number)
        if entry is not None:
            entry.unwanted = True
        return entry

    def _receive(self) -> None:
        """Takes what has come on the socket, without waiting for more."""
        self._limits.follow()
        try:
            while data := self._socket.recv(_AT_ONCE, socket.MSG_DONTWAIT):
                self._entries.extend(map(self._entry, self._frames.take(data)))
        except BlockingIOError:
            return
        self._entries.append(None)

    def _entry(self, frame: Frame) -> Numbered | None:
        if frame.kind == Kind.END:
            return None
        if frame.kind == Kind.WEBHOOK:
            return self._webhook(frame)
        refs, todo, instead, alone = frame.value()
        entry = self.open[frame.number] = Numbered(frame.number, refs, todo, instead, alone=alone)
        self._newest = frame.number
        if frame.number in self._unwanted:
            self._unwanted.discard(frame.number)
            entry.unwanted = True
        return entry

    def _webhook(self, frame: Frame) -> Numbered:
        body, received_at = frame.webhook()
        try:
            reading = self._read(body, received_at)
        except (*UNSTORABLE, ConsoleError) as error:
            return Numbered(frame.number, (), partial(_fail, error=error))
        return Numbered(frame.number, *work.webhook(body, received_at, reading))


class _Limits:
    """Follows the size that a file may have for the program, which may be set while it runs (`prlimit`)."""

    def __init__(self) -> None:
        self._program = os.getppid()
        self._known = resource.getrlimit(resource.RLIMIT_FSIZE)

    def follow(self) -> None:
        """Takes over the program's limit."""
        if sys.platform != "linux":
            return
        with suppress(OSError, ValueError):  # the program has gone, or may do more than this process
            limit = resource.prlimit(self._program, resource.RLIMIT_FSIZE)
            if limit != self._known:
                self._known = limit
                resource.setrlimit(resource.RLIMIT_FSIZE, limit)


class Outlet:
    """Tells outcomes on a socket."""

    def __init__(self, connection: socket.socket, inlet: Inlet) -> None:
        self._socket = connection
        self._open = inlet.open

    def release(self, entries: Sequence[Entry]) -> None:
        """Tells the outcomes of entries, of each the first."""
        answers = []
        for entry in entries:
            if isinstance(entry, Numbered) and not entry.answered:
                entry.answered = True
                self._open.pop(entry.number, None)
                error = None if entry.error is None else telling(entry.error)
                answers.append((entry.number, entry.result, error))
        if answers:
            self._socket.sendall(framed(Kind.ANSWERS, answers))


class _Telling(QueueHandler):
    """Tells on a socket what is logged."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(queue.SimpleQueue())
        self._socket = connection

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record with its texts in place of what they are made of."""
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Tells a prepared record."""
        self._socket.sendall(framed(Kind.LOG, record.__dict__))


def _fail(_: Batch, *, error: BaseException) -> object:
    raise DecisionFailed from error


def _beginning(connection: socket.socket, frames: Frames) -> Beginning | None:
    """What comes first; None where whoever began this has gone."""
    while data := connection.recv(_AT_ONCE):
        for frame in frames.take(data):
            began: Beginning = frame.value()
            return began
    return None


def _watch(control: int, inlet: Inlet, committer: Committer) -> None:
    """Heeds what comes on the pipe, and ends the process with it."""
    held = b""
    while data := os.read(control, 4096):
        held += data
        whole = len(held) - len(held) % NUMBER.size
        for (number,) in NUMBER.iter_unpack(held[:whole]):
            entry = inlet.withdraw(number)
            if entry is not None:
                committer.break_off(entry)
        held = held[whole:]
    os._exit(1)


def run(connection: socket.socket, control: int) -> None:
    """Commits what comes on a socket until the end of it comes.

    Raises:
        Exception: one that nobody had foreseen; it has been logged.
    """
    frames = Frames()
    beginning = _beginning(connection, frames)
    if beginning is None:
        return
    share_with(beginning.group)
    inlet = Inlet(connection, frames, beginning.read)
    outlet = Outlet(connection, inlet)
    logging.basicConfig(level=beginning.log_level, handlers=[_Telling(connection)])
    committer = Committer(beginning.db, open_writer, inlet, outlet.release)
    watch = threading.Thread(target=_watch, args=(control, inlet, committer), name="control", daemon=True)
    watch.start()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    opening = Numbered(OPENING, (), work.nothing)
    opening.error = WriterLost(beginning.db)
    try:
        committer.run(opening)
    except BaseException:
        log.critical("the writer failed", exc_info=True)
        raise


def main() -> None:
    """The process."""
    for number in _LEFT_ALONE:
        signal.signal(number, signal.SIG_IGN)
    jobs, control = map(int, sys.argv[1:])
    with socket.socket(fileno=jobs) as connection:
        run(connection, control)


if __name__ == "__main__":
    main()
