"""A command on a pseudo-terminal, watched to its end: what it wrote, how it left the terminal, its code."""

from __future__ import annotations

import io
import os
import re
import signal
import termios
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pexpect

from console.clock import monotonic
from tests.cli.terminal import Terminal
from tests.cli.world import announcement, environment, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOG: Final = "media.db.log"
_MODES: Final = ("1049", "1000", "1002", "1003", "1006", "2004")


class HungUp(NamedTuple):
    """How a command ended whose terminal was closed."""

    code: int
    seconds: float
    cpu: float
    """Seconds of work of all its threads, from its start."""


class Pty(Terminal):
    """A command on a pseudo-terminal of its own."""

    def __init__(
        self, arguments: list[str], env: dict[str, str], columns: int, rows: int, program: str = ""
    ) -> None:
        super().__init__(arguments, env, columns, rows, program)
        self._wrote = io.StringIO()
        self._child.logfile_read = self._wrote
        self._before: list[Any] = termios.tcgetattr(self._child.child_fd)
        self._after: list[Any] = []
        self._master: io.IOBase = vars(self._child)["ptyproc"].fileobj
        self._gone = False

    @property
    def output(self) -> str:
        """All that it wrote until now."""
        return self._wrote.getvalue()

    @property
    def last_words(self) -> str:
        """What a person reads after the screen has gone."""
        return re.sub(r"\x1b\[[?<>]?[0-9;]*[a-z]", "", self.output.rpartition("\x1b[?1049l")[2]).strip()

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        os.kill(self.pid, number)

    def resize(self, columns: int, rows: int) -> None:
        """Gives it a terminal of another size."""
        self._screen.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    def clear(self) -> None:
        """Forgets what it has drawn."""
        self._screen.reset()

    def take(self, seconds: float) -> None:
        """Takes what it writes for so long, or to its end."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            try:
                self._stream.feed(self._child.read_nonblocking(65536, timeout=left))
            except (pexpect.TIMEOUT, pexpect.EOF):
                return

    def ended(self, seconds: float = 10) -> int:
        """Waits for its end; the code as a shell tells it, 128 + n where it died of signal n."""
        self._child.expect(pexpect.EOF, timeout=seconds)
        self._after = termios.tcgetattr(self._child.child_fd)
        self._child.close()
        code, number = self._child.exitstatus, self._child.signalstatus
        return int(code) if code is not None else 128 + int(number or 0)

    def hang_up(self) -> None:
        """Closes the terminal, as a lost SSH connection does."""
        self._master.close()

    def ended_alone(self, seconds: float = 5) -> HungUp:
        """Waits for the end of a command whose terminal was closed."""
        begun = monotonic()
        while True:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            took = monotonic() - begun
            if pid:
                break
            assert took < seconds, "it goes on without a terminal"
            time.sleep(0.01)
        self._gone = True
        code = os.waitstatus_to_exitcode(status)
        return HungUp(128 - code if code < 0 else code, took, used.ru_utime + used.ru_stime)

    def cpu(self) -> float:
        """Seconds of work that it has done until now."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def assert_restored(self) -> None:
        """The terminal is as it was found: modes, cursor, and what it does with keys."""
        for mode in _MODES:
            assert self.output.rfind(f"\x1b[?{mode}l") >= self.output.rfind(f"\x1b[?{mode}h"), mode
        assert self.output.rfind("\x1b[?25h") >= self.output.rfind("\x1b[?25l")
        assert self._after == self._before

    def kill(self) -> None:
        """Ends it whatever it does."""
        if not self._child.closed and not self._master.closed:
            super().kill()
        elif not self._gone and self._child.isalive():
            os.kill(self.pid, signal.SIGKILL)
            self._child.wait()


@contextmanager
def pty(
    arguments: list[str], env: dict[str, str], columns: int = 100, rows: int = 30, program: str = ""
) -> Iterator[Pty]:
    """A command on a terminal during the block; another `program` than the console where one is named."""
    opened = Pty(arguments, env, columns, rows, program)
    try:
        yield opened
    finally:
        opened.kill()


def serves(screen: Pty) -> None:
    """Waits until the screen shows the first of `two_media` and the service behind it listens."""
    screen.until_text("rechnung.pdf")
    screen.until_text("listening")


def two_media(folder: Path) -> Path:
    """A cache in which two media, `a` and `b`, wait to be asked for."""
    db = folder / "media.db"
    fill(db, announcement("a", filename="rechnung.pdf"), announcement("b", filename="vertrag.pdf"))
    return db


@contextmanager
def demo_that_cleans_up(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a demo; it must leave nothing in its folder of temporary files."""
    temporary = folder / "tmp"
    temporary.mkdir()
    yield environment(folder / "no.db") | {"TMPDIR": str(temporary)}
    assert list(temporary.iterdir()) == []
