"""A command on a pseudo-terminal, and the picture that its terminal shows."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pexpect
import pyte

from tests.cli.world import command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Terminal:
    """One running command with a screen of so many columns and rows."""

    def __init__(
        self, arguments: list[str], env: dict[str, str], columns: int, rows: int, program: str = ""
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        sized = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
        first, *rest = [program, *arguments] if program else command(*arguments)
        self._child = pexpect.spawn(
            first,
            rest,
            env={**sized, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
            dimensions=(rows, columns),
            timeout=None,
            encoding="utf-8",
            codec_errors="replace",
        )
        self._child.delaybeforesend = None  # there is no echo to wait for the end of

    @property
    def pid(self) -> int:
        """The process id of the command."""
        assert self._child.pid is not None
        return self._child.pid

    @property
    def lines(self) -> list[str]:
        """What the screen shows now."""
        return [line.rstrip() for line in self._screen.display]

    def until(self, holds: Callable[[list[str]], bool], seconds: float = 12) -> list[str]:
        """The lines as soon as something holds of them; the failure shows them."""
        deadline = time.monotonic() + seconds
        while not holds(self.lines):
            if time.monotonic() > deadline:
                raise AssertionError("it never came; the screen shows:\n" + "\n".join(self.lines))
            self.read()
        return self.lines

    def read(self, seconds: float = 0.1) -> None:
        """Takes what the command writes, and waits so long for it."""
        try:
            self._stream.feed(self._child.read_nonblocking(65536, timeout=seconds))
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            raise AssertionError("it ended; the screen shows:\n" + "\n".join(self.lines)) from None

    def until_text(self, text: str) -> list[str]:
        """The lines as soon as one holds the text."""
        return self.until(lambda lines: any(text in line for line in lines))

    def press(self, keys: str) -> None:
        """Types."""
        self._child.send(keys)

    def end(self, seconds: float = 10) -> int:
        """Waits for its end by itself; the exit code."""
        self._child.expect(pexpect.EOF, timeout=seconds)
        self._child.close()
        return int(self._child.exitstatus if self._child.exitstatus is not None else -1)

    def kill(self) -> None:
        """Ends it whatever it does."""
        if not self._child.closed and self._child.isalive():
            os.kill(self.pid, signal.SIGKILL)  # `close` would try what is gentle first, and wait for each
        self._child.close(force=True)


@contextmanager
def terminal(
    arguments: list[str], env: dict[str, str], columns: int = 100, rows: int = 30, program: str = ""
) -> Iterator[Terminal]:
    """A command on a terminal during the block; another `program` than the console where one is named."""
    opened = Terminal(arguments, env, columns, rows, program)
    try:
        yield opened
    finally:
        opened.kill()
