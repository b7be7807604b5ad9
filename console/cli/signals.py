"""The signals that end a command which runs until it is told to stop."""

from __future__ import annotations

import select
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDING = (signal.SIGTERM, signal.SIGINT)
_IGNORED = (signal.SIGHUP,)
"""A headless command outlives the terminal that it was started from."""


class Signals:
    """Tells the main thread of a signal without running code in the middle of anything."""

    def __init__(self, inbox: socket.socket) -> None:
        self._inbox = inbox
        self._came: int | None = None

    def wait(self, seconds: float) -> int | None:
        """Waits so long for a signal that ends; the number of the first that ever came, or None."""
        while self._came is None and select.select([self._inbox], [], [], seconds)[0]:
            self._came = next((number for number in self._inbox.recv(64) if number in _ENDING), None)
        return self._came


@contextmanager
def ending_signals() -> Iterator[Signals]:
    """Collects the signals that end a command while the block runs, instead of dying of them."""
    inbox, outbox = socket.socketpair()
    outbox.setblocking(False)
    before_wakeup = signal.set_wakeup_fd(outbox.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, _noted) for number in (*_ENDING, *_IGNORED)}
    try:
        yield Signals(inbox)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before_wakeup)
        inbox.close()
        outbox.close()


def _noted(number: int, frame: object) -> None:
    """Does nothing: the byte that says which signal came is in the socket already."""
