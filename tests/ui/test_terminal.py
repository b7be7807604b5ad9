"""A terminal that is stopped, continued and lost."""

from __future__ import annotations

import os
import pty
import signal
import termios
import tty
from contextlib import suppress
from pathlib import Path

from console.clock import monotonic
from console.ui.terminal import as_found, is_lost
from tests.ui.terminal import Terminal


def test_a_terminal_is_lost_when_nobody_holds_its_other_side() -> None:
    other, terminal = pty.openpty()
    assert not is_lost(terminal)
    os.close(other)
    assert is_lost(terminal)
    os.close(terminal)


def test_it_is_put_back_as_it_was_found() -> None:
    other, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    restore = as_found(terminal)
    tty.setraw(terminal)
    restore()
    assert termios.tcgetattr(terminal) == before
    written = os.read(other, 1000)
    assert all(f"\x1b[?{mode}l".encode() in written for mode in (1000, 1002, 1003, 1006, 1049, 2004))
    assert b"\x1b[?25h" in written
    os.close(other)
    os.close(terminal)


def test_a_terminal_that_takes_nothing_any_more_is_not_waited_for() -> None:
    other, terminal = pty.openpty()
    restore = as_found(terminal)
    os.set_blocking(terminal, False)
    with suppress(BlockingIOError):
        while True:
            os.write(terminal, b"x" * 4096)
    begun = monotonic()
    restore()
    assert monotonic() - begun < 5
    os.close(other)
    os.close(terminal)


def test_what_is_no_terminal_needs_nothing() -> None:
    reading, writing = os.pipe()
    as_found(reading)()
    os.close(reading)
    os.close(writing)


def stopped(process: int | None) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_a_stop_gives_the_terminal_back_and_to_go_on_draws_it_anew(db: Path) -> None:
    with Terminal(db) as terminal:
        before = termios.tcgetattr(terminal.process.child_fd)
        terminal.shows("30 of 30")
        terminal.process.kill(signal.SIGTSTP)
        while not stopped(terminal.process.pid):
            terminal.read()
        terminal.read()
        assert terminal.output.rfind("\x1b[?1049l") > terminal.output.rfind("\x1b[?1049h")
        assert termios.tcgetattr(terminal.process.child_fd) == before
        terminal.screen.reset()
        terminal.process.kill(signal.SIGCONT)
        terminal.shows("30 of 30")
        terminal.press("?", "Help (list)")
        terminal.process.send("Q")
        assert terminal.ends() == 0


def test_it_goes_on_after_a_stop_that_nobody_told_it_of(db: Path) -> None:
    with Terminal(db) as terminal:
        terminal.shows("30 of 30")
        before = len(terminal.output)
        terminal.process.kill(signal.SIGSTOP)
        while not stopped(terminal.process.pid):
            terminal.read()
        terminal.process.kill(signal.SIGCONT)
        while "\x1b[?1049h" not in terminal.output[before:]:
            terminal.read()
        terminal.press("?", "Help (list)")
        terminal.process.send("Q")
        assert terminal.ends() == 0
        assert terminal.output.rfind("\x1b[?1049l") > terminal.output.rfind("\x1b[?1049h")
