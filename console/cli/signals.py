"""The signals that end a command which runs until it is told to stop."""

from __future__ import annotations

import os
import select
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENDING = (signal.SIGTERM, signal.SIGINT)
_IGNORED = (signal.SIGHUP,)
"""A headless command outlives the terminal that it was started from."""
ONE_SIGNAL = 0.3
"""Seconds within which a repeated signal is the same one: `timeout` sends to the process and to its group."""


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
    """Collects the signals that end a command while the block runs, instead of dying of them.

    Whoever sends another one while the command ends in order does not want to wait: it is died of at once.
    """
    inbox, outbox = socket.socketpair()
    outbox.setblocking(False)
    before_wakeup = signal.set_wakeup_fd(outbox.fileno(), warn_on_full_buffer=False)
    handlers = dict.fromkeys(_ENDING, _first_or_last()) | dict.fromkeys(_IGNORED, _noted)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield Signals(inbox)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before_wakeup)
        inbox.close()
        outbox.close()


def _first_or_last() -> Callable[[int, object], None]:
    """A handler that leaves the first signal to the socket and lets the process die of a later one."""
    first: list[float] = []

    def handle(number: int, frame: object) -> None:
        first.append(monotonic())
        if first[-1] - first[0] > ONE_SIGNAL:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    return handle


def _noted(number: int, frame: object) -> None:
    """Does nothing: the byte that says which signal came is in the socket already."""
