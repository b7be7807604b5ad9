"""How what a program paints is read."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.painted import COLUMNS, ROWS, Line, memory, processor

if TYPE_CHECKING:
    from collections.abc import Iterator

ECHO = """
import os, sys, time, tty
tty.setraw(0)
size = os.get_terminal_size()
os.write(1, f"up {size.columns}x{size.lines}".encode())
while (key := os.read(0, 1)) != b"q":
    for _ in range(3):
        os.write(1, key * 100)
        time.sleep(0.02)
"""


@pytest.fixture
def line() -> Iterator[Line]:
    with Line([sys.executable, "-c", ECHO], dict(os.environ)) as opened:
        assert opened.until(f"up {COLUMNS}x{ROWS}".encode()) > 0
        opened.quiet(0.1)
        yield opened


def test_a_key_is_painted_when_its_last_byte_has_come(line: Line) -> None:
    painted = line.press(b"x", 0.3)
    assert painted.bytes == 300
    assert painted.ms >= 40


def test_what_paints_nothing_takes_no_time(line: Line) -> None:
    assert line.quiet(0.05) == (0, 0)
    assert line.drain(0.05) == 0


def test_the_end_of_the_program_is_told(line: Line) -> None:
    with pytest.raises(EOFError):
        line.press(b"q", 5)


def test_what_it_wrote_before_its_end_is_told() -> None:
    with (
        Line([sys.executable, "-c", "print('no such setting')"], dict(os.environ)) as line,
        pytest.raises(EOFError, match="no such setting"),
    ):
        line.until(b"first picture")


def test_memory_and_processor_time_are_those_of_the_process(line: Line) -> None:
    assert 1 < memory(line.pid) < 100
    assert 0 <= processor(line.pid) < 5
    assert processor(os.getpid()) > 0
