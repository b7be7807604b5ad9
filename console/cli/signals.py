"""The signals that end a command which runs until it is told to stop."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from console.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENDING: Final = (signal.SIGTERM, signal.SIGINT)
_ENDING_ON_TERMINAL: Final = (*_ENDING, signal.SIGQUIT, signal.SIGHUP)
ONE_SIGNAL: Final = 0.3
"""Seconds within which a repeated signal is the same one: `timeout` sends to the process and to its group."""
LONGEST_END: Final = 4.8
"""Seconds that an end in order may take; after them the process ends as it is."""
LONGEST_HANGUP: Final = 1.8
"""The same after the loss of the terminal: nobody waits there, and what stays is soon killed."""


class Signals:
    """The signals that end a command. The first one asks for an end in order.

    It is only noted, so that no code runs in the middle of anything: `wait` tells it, and an event loop
    may watch `fileno`. Whoever sends another one meanwhile does not want to wait: it is died of at once.
    That does not go for SIGHUP, which a shell passes on although the kernel has sent it. An end in order
    that takes too long is cut short, with the exit code 128 + n.
    """

    def __init__(self, inbox: socket.socket, outbox: socket.socket) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._first: int | None = None
        self._first_at = 0.0
        self._came = threading.Event()
        self._over = threading.Event()
        self._restore: Callable[[], None] = _nothing
        self._watch = threading.Thread(target=self._end_late, name="signals", daemon=True)
        self._watch.start()

    def fileno(self) -> int:
        """A descriptor that is readable when one may have come."""
        return self._inbox.fileno()

    def wait(self, seconds: float) -> int | None:
        """Waits so long for a signal that ends; the number of the first that ever came, or None."""
        while self._first is None and select.select([self._inbox], [], [], seconds)[0]:
            self._inbox.recv(64)
        return self._first

    def note(self, number: int) -> None:
        """Takes a signal, or the word of somebody who saw what it stands for; in the main thread."""
        if self._first is None:
            self._first, self._first_at = number, monotonic()
            with suppress(BlockingIOError):  # then there is enough to read
                self._outbox.send(b"\0")
            self._came.set()
        elif number != signal.SIGHUP and monotonic() - self._first_at > ONE_SIGNAL:
            self._restore()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def restore_at_once(self, restore: Callable[[], None]) -> None:
        """What is still done where the process ends at once; it must not wait for anything, nor raise."""
        self._restore = restore

    def close(self) -> None:
        """The command has ended in time."""
        self._over.set()
        self._came.set()
        self._watch.join()

    def _end_late(self) -> None:
        self._came.wait()
        if self._first is None:
            return
        limit = LONGEST_HANGUP if self._first == signal.SIGHUP else LONGEST_END
        if not self._over.wait(limit):
            self._restore()
            os._exit(128 + self._first)


@contextmanager
def ending_signals(*, on_terminal: bool = False) -> Iterator[Signals]:
    """Collects the signals that end a command while the block runs, instead of dying of them.

    A command that lives `on_terminal` ends with it (SIGHUP); others outlive the one that they were
    started from. A signal that whoever started the command had ignored stays ignored.
    """
    inbox, outbox = socket.socketpair()
    outbox.setblocking(False)
    before_wakeup = signal.set_wakeup_fd(outbox.fileno(), warn_on_full_buffer=False)
    signals = Signals(inbox, outbox)
    handlers: dict[signal.Signals, Callable[[int, object], None]] = {signal.SIGHUP: _ignored}
    for number in _ENDING_ON_TERMINAL if on_terminal else _ENDING:
        handlers[number] = lambda came, _: signals.note(came)
    before = {number: signal.getsignal(number) for number in handlers}
    taken = [number for number in handlers if before[number] is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, handlers[number])
    try:
        yield signals
    finally:
        for number in taken:
            signal.signal(number, before[number])
        signal.set_wakeup_fd(before_wakeup)
        signals.close()
        inbox.close()
        outbox.close()


def _nothing() -> None:
    """There is nothing to restore."""


def _ignored(number: int, frame: object) -> None:
    """The signal means nothing here."""
