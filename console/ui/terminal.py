"""The terminal as Textual drives it, made to survive being stopped, continued and lost."""

from __future__ import annotations

import curses
import io
import logging
import os
import select
import signal
import termios
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Final

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

_log = logging.getLogger(__name__)

_KEYS: Final = 0
"""The descriptor that the driver reads from: stdin."""
_LEAVE: Final = (
    "\x1b[r\x1b[<u\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[?2048l\x1b[?1004l\x1b[?1049l\x1b[?25h\x1b[0m"
)
"""Everything that the driver may have switched on, off; the keyboard before the alternate screen."""


class Terminal(LinuxDriver):
    """Textual's driver, with three faults of it mended.

    It starts drawing anew when it is continued, although nobody told it to stop (SIGSTOP, or the
    SIGCONT that follows a SIGTERM), and then takes the raw mode for the terminal's own; it does both
    in the middle of whatever the program was doing; and it stands still once the terminal is lost.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self._file is not None:
            self._file = _losable(self._file)
        self._drawing = False
        self._stopped = False
        signal.signal(signal.SIGTSTP, self._soon(self._stop))
        signal.signal(signal.SIGCONT, self._soon(self.resume_application_mode))

    def _soon(self, act: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
        """A signal's handler that lets the loop act, where nothing is half done."""

        def handle(number: int, frame: FrameType | None) -> None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(act)

        return handle

    def start_application_mode(self) -> None:
        """Takes the terminal."""
        start: Callable[[], None] = super().start_application_mode
        start()
        self._drawing = True

    def stop_application_mode(self) -> None:
        """Gives the terminal back; from now on it is the shell's, and stopping is nothing special."""
        self._drawing = False
        if not self._stopped:
            for number in (signal.SIGTSTP, signal.SIGCONT):
                signal.signal(number, signal.SIG_DFL)
        super().stop_application_mode()

    def suspend_application_mode(self) -> None:
        """Gives the terminal back until `resume_application_mode`."""
        self._stopped = True
        super().suspend_application_mode()

    def resume_application_mode(self) -> None:
        """Takes the terminal again and draws everything; the shell may have used it meanwhile."""
        if self._drawing:
            self.suspend_application_mode()
        if self._stopped:
            self._stopped = False
            super().resume_application_mode()
            self._app.app_resume_signal.publish(self._app)
            self._app.refresh(layout=True)

    def run_input_thread(self) -> None:
        """Reads keys; a failure of that ends the app, which is not told why."""
        with ExitStack() as stack:
            stack.push(_log_failure)
            super().run_input_thread()

    def _stop(self) -> None:
        if self._drawing:
            self.suspend_application_mode()
        os.kill(os.getpid(), signal.SIGSTOP)


class _Losable(io.TextIOWrapper):
    """A stream to a terminal; what is written after its loss vanishes."""

    def write(self, text: str) -> int:
        """Writes, if there is still somewhere to."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flushes, if there is still somewhere to."""
        with suppress(OSError):
            super().flush()


def _losable(stream: io.TextIOWrapper) -> _Losable:
    raw = io.FileIO(stream.fileno(), "w", closefd=False)
    return _Losable(io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors)


def _log_failure(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None:
        _log.error("the keys cannot be read", exc_info=error)


def is_lost(fd: int = _KEYS) -> bool:
    """Whether the terminal has hung up: reading from it never waits any more, and never gives anything."""
    look = select.poll()
    look.register(fd, 0)
    return bool(look.poll(0))


def erases() -> bool:
    """Whether the terminal is known to blank cells in the colour behind them (terminfo's `ech` and `bce`)."""
    try:
        curses.setupterm(os.environ.get("TERM") or "dumb", _KEYS)
    except curses.error:  # nothing is known of it
        return False
    return curses.tigetflag("bce") == 1 and curses.tigetstr("ech") is not None


def as_found(fd: int = _KEYS) -> Callable[[], None]:
    """Remembers how the terminal is now; gives what puts it back at once, without waiting for anything."""
    try:
        attributes = termios.tcgetattr(fd)
        path = os.ttyname(fd)
    except (OSError, termios.error):
        return lambda: None

    def restore() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])  # or it stops where it has no foreground
        with suppress(OSError, termios.error):
            termios.tcsetattr(fd, termios.TCSANOW, attributes)
            # A descriptor of its own: a terminal that takes nothing must not hold up the end.
            out = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
            os.write(out, _LEAVE.encode())

    return restore
