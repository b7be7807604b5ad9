"""The screen on a pseudo-terminal, and terminals that disagree about the width of text."""

from __future__ import annotations

import os
import signal
import sys
import unicodedata
from typing import TYPE_CHECKING

import pexpect
import pyte

from console.clock import monotonic

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

ROWS, COLUMNS = 24, 80


class Terminal:
    """The screen in a process of its own, on a pseudo-terminal."""

    def __init__(self, db: Path, screen: pyte.Screen | None = None, **environ: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        env = {**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **environ}
        self.screen = screen or pyte.Screen(COLUMNS, ROWS)
        self.output = ""
        self._stream = pyte.Stream(self.screen)
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "tests.ui.on_terminal", str(db)],
            env=env,
            dimensions=(self.screen.lines, self.screen.columns),
            timeout=10,
            encoding="utf-8",
        )
        self.process.delaybeforesend = None  # there is no echo to wait for the end of

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if not self.process.closed and self.process.isalive():
            self.process.kill(signal.SIGKILL)  # `close` would try what is gentle first, and wait for each
        self.process.close(force=True)

    def read(self, seconds: float = 0.05) -> None:
        """Takes what the screen writes."""
        try:
            data = self.process.read_nonblocking(65536, timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.output += data
        self._stream.feed(data)

    @property
    def text(self) -> str:
        """What stands on the terminal."""
        return "\n".join(self.screen.display)

    def shows(self, text: str) -> None:
        """Waits until a text stands on the terminal."""
        deadline = monotonic() + 12
        while monotonic() < deadline:
            if text in self.text:
                return
            self.read()
        raise AssertionError(f"{text!r} never came:\n{self.text}")

    def press(self, key: str, then: str) -> None:
        """Sends a key and waits for what it brings."""
        self.process.send(key)
        self.shows(then)

    def answered(self, key: str) -> None:
        """Sends a key and takes what is written for it, until nothing more comes for a moment."""
        before = len(self.output)
        self.process.send(key)
        while len(self.output) == before:
            self.read()
        while len(self.output) != before:
            before = len(self.output)
            self.read()

    def ends(self) -> int:
        """Waits for the end; the exit status."""
        while self.process.isalive():
            self.read()
        self.read()
        self.process.close()
        status = self.process.exitstatus
        assert status is not None
        return int(status)


class Apart(pyte.Screen):
    """A terminal that counts each character by itself, as tmux does: marks beside a letter take a cell."""

    def cells(self, char: str) -> int:
        """How many cells it takes for a character; 0 joins it to the one before."""
        if unicodedata.category(char) in ("Mn", "Me", "Cf"):
            return 0
        regional = "\U0001f1e6" <= char <= "\U0001f1ff"
        return 2 if regional or unicodedata.east_asian_width(char) in "WF" else 1

    def draw(self, data: str) -> None:
        for char in data:
            wide = self.cells(char)
            if wide == 0:
                continue
            if self.cursor.x + wide > self.columns:
                self.carriage_return()
                self.linefeed()
            for stub in range(wide):
                shown = self.cursor.attrs._replace(data="" if stub else char)
                self.buffer[self.cursor.y][self.cursor.x + stub] = shown
            self.cursor.x += wide

    def columns_of(self, row: int) -> str:
        """One line, one character for each column."""
        return "".join(self.buffer[row][column].data[:1] or "_" for column in range(self.columns))


class Together(Apart):
    """A terminal that draws all marks over their letter and knows no sequences: parts of them are lost."""

    def cells(self, char: str) -> int:
        if unicodedata.category(char) == "Mc" or "\U0001f3fb" <= char <= "\U0001f3ff":
            return 0
        return 1 if "\U0001f1e6" <= char <= "\U0001f1ff" else super().cells(char)


class Selecting(Apart):
    """A terminal that widens a sign for the emoji selector behind it."""

    def cells(self, char: str) -> int:
        return 1 if char == "\ufe0f" else super().cells(char)
