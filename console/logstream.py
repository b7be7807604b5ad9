"""The log as a stream that may be a pipe or a terminal which takes nothing for a while, or never again."""

from __future__ import annotations

import os
import queue
import select
import threading
from typing import TYPE_CHECKING, Final

from console.clock import monotonic

if TYPE_CHECKING:
    from typing import TextIO

WAITING: Final = 2000
"""Lines that wait for the reader at most."""
LAST: Final = 1.0
"""Seconds that the lines which still wait have at the end."""
_LOOK_AGAIN: Final = 0.1


class LogStream:
    """Takes lines and writes them in their order, in a thread of its own, so that nobody waits for it.

    A line that finds too many waiting is lost, and counted: the next one that is taken is preceded by how
    many were. Nothing goes through the stream's own buffer, whose lock a write that stands still would hold.
    """

    def __init__(self, stream: TextIO, waiting: int = WAITING, last: float = LAST) -> None:
        """Begins to write to an open stream, which stays open.

        Raises:
            OSError: it has no descriptor.
        """
        self._handle = stream.fileno()
        self._encoding = stream.encoding
        self._most = waiting
        self._last = last
        self._until: float | None = None
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()
        self.lost = 0

    def write(self, text: str) -> None:
        """Takes a line, or loses it; returns at once. One thread at a time, as logging sees to."""
        if self._lines.qsize() >= self._most:
            self.lost += 1
            return
        self._tell_lost()
        self._lines.put(text.encode(self._encoding, "backslashreplace"))

    def flush(self) -> None:
        """Does nothing: a line is handed to the system as soon as that takes it."""

    def close(self) -> None:
        """Lets what still waits be written, for as long as there is; a second time does nothing."""
        if self._until is None:
            self._tell_lost()
            self._until = monotonic() + self._last
            self._lines.put(None)
            self._thread.join(self._last + 2 * _LOOK_AGAIN)

    def _tell_lost(self) -> None:
        if self.lost:
            self._lines.put(b"... lines that could not be written here: %d\n" % self.lost)
            self.lost = 0

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            self._put(line)

    def _put(self, line: bytes) -> None:
        """Writes a line, in pieces that a pipe takes without waiting once it takes anything."""
        ready = select.poll()
        ready.register(self._handle, select.POLLOUT)
        while line and (self._until is None or monotonic() < self._until):
            try:
                if ready.poll(_LOOK_AGAIN * 1000):
                    line = line[os.write(self._handle, line[: select.PIPE_BUF]) :]
            except BlockingIOError:
                threading.Event().wait(_LOOK_AGAIN)
            except OSError:  # nobody reads it any more
                return
