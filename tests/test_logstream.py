from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.clock import monotonic
from console.logstream import LogStream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

LINE = "x" * 99 + "\n"


@contextmanager
def pipe() -> Iterator[tuple[int, TextIO]]:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        try:
            yield reading, stream
        finally:
            os.close(reading)


def read(handle: int, into: list[bytes]) -> None:
    while part := os.read(handle, 65536):
        into.append(part)


def test_lines_arrive_in_their_order_and_the_last_are_not_lost() -> None:
    with pipe() as (reading, stream):
        got: list[bytes] = []
        reader = threading.Thread(target=read, args=(reading, got))
        lines = LogStream(stream, waiting=10_000)
        reader.start()
        for number in range(5000):
            lines.write(f"{number} né\n")
        lines.write(LINE * 100)
        lines.close()
        lines.close()
        stream.close()
        reader.join()
    text = b"".join(got).decode()
    assert text == "".join(f"{number} né\n" for number in range(5000)) + LINE * 100


def test_a_pipe_that_nobody_reads_holds_nobody_up_and_what_is_lost_is_counted() -> None:
    with pipe() as (reading, stream):
        lines = LogStream(stream, waiting=50, last=0.1)
        begun = monotonic()
        for _ in range(5000):
            lines.write(LINE)
        assert monotonic() - begun < 10
        lost = lines.lost
        assert lost > 4000
        got: list[bytes] = []
        while sum(map(len, got)) < (5000 - lost) * len(LINE):  # so that there is room for more
            got.append(os.read(reading, 4096))
        lines.write("after\n")
        reader = threading.Thread(target=read, args=(reading, got))
        reader.start()
        lines.close()
        stream.close()
        reader.join()
    told = b"".join(got).decode().splitlines()
    assert told[-2:] == [f"... lines that could not be written here: {lost}", "after"]
    assert len(told) == 5000 - lost + 2


def test_the_end_waits_only_so_long_for_a_pipe_that_nobody_reads() -> None:
    with pipe() as (_, stream):
        lines = LogStream(stream, last=0.1)
        for _ in range(1000):
            lines.write(LINE)
        begun = monotonic()
        lines.close()
        assert monotonic() - begun < 3


def test_a_reader_that_has_left_costs_the_lines_and_no_more() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        lines = LogStream(stream)
        lines.write(LINE)
        lines.close()
    assert "log" not in {thread.name for thread in threading.enumerate()}
