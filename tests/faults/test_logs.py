"""T52: what others do to the log, and a disk that takes none; nothing of it ends the program."""

from __future__ import annotations

import fcntl
import itertools
import logging
import os
import stat
import subprocess
import sys
import threading
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import IO, TYPE_CHECKING
from urllib.error import HTTPError

import pytest

from console.cache.migrations import create
from console.cache.paths import log_path
from console.logfile import LARGEST
from tests.cli.terminal import Terminal, terminal
from tests.cli.world import announcement, daemon, environment, free_port, post, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL = """
import logging, resource, sys
from pathlib import Path
from console import log

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

logger = logging.getLogger("console.test")
with log.to_file(Path(sys.argv[1]), ()):
    limit(4096)
    for number in range(200):
        logger.warning("line %d of those that are written until the disk is full", number)
    limit(resource.RLIM_INFINITY)
    logger.warning("there is room again")
"""

WRITE = """
import logging, sys
from pathlib import Path
from console import log

with log.to_file(Path(sys.argv[1]), ()):
    for number in range(3000):
        logging.getLogger("console.test").warning("%s %d %s", sys.argv[2], number, "x" * 900)
"""


class Console:
    """A console on a terminal that logs a line for each webhook it refuses."""

    def __init__(self, screen: Terminal, log: Path, port: int) -> None:
        self.screen = screen
        self.log = log
        self.port = port
        self._senders = itertools.count(2)

    def refuse(self) -> None:
        """Has it log a line, if it can; it answers in any case. Of one sender it tells only a few times."""
        sender = (f"127.0.0.{next(self._senders)}", 0)
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5, source_address=sender)) as connection:
            connection.request("POST", "/webhook", b"no JSON", {"Content-Type": "application/json"})
            assert connection.getresponse().status == 400

    def written(self) -> int:
        """How many lines the log has."""
        return self.log.read_text().count("\n") if self.log.is_file() else 0


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    db, port = tmp_path / "media.db", free_port()
    create(db)  # that it was made would be a line too
    with terminal([], environment(db, listen=f"127.0.0.1:{port}")) as screen:
        screen.until_text(f"listening :{port}")
        yield Console(screen, log_path(db), port)
        screen.press("Q")
        assert screen.end() == 0


def test_t52_a_log_that_is_moved_removed_or_in_the_way_is_got_over(console: Console, tmp_path: Path) -> None:
    log, moved = console.log, tmp_path / "moved"
    console.refuse()
    until(lambda: console.written() == 1)
    log.rename(moved)
    console.refuse()
    until(lambda: console.written() == 1)
    assert moved.read_text().count("\n") == 1
    log.unlink()
    log.mkdir()  # as unwritable as a file can be for root
    console.refuse()
    log.rmdir()
    console.refuse()
    until(lambda: console.written() == 2)
    assert log.read_text().startswith("... lines that could not be written here: 1\n")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    with log.open("ab") as file:
        file.truncate(LARGEST)
    console.refuse()
    until(lambda: console.written() == 1)
    assert log.with_name(log.name + ".1").stat().st_size == LARGEST


def test_t52_a_full_disk_costs_lines_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "log"
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=15, check=True
    )
    assert ended.stdout + ended.stderr == ""
    *written, torn, lost, last = path.read_text().splitlines()
    assert all(line.endswith("until the disk is full") for line in written)
    assert sum(map(len, written)) + len(written) + len(torn) == 4096, "it was filled to the last byte"
    assert lost == f"... lines that could not be written here: {200 - len(written)}"
    assert last.endswith("there is room again")


def test_t52_two_processes_set_one_log_aside_without_losing_its_newest_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(path), name], stderr=subprocess.PIPE)
        for name in "ab"
    ]
    assert [writer.communicate(timeout=15)[1] for writer in writers] == [b"", b""]
    assert {found.name for found in tmp_path.iterdir()} == {"log", "log.1"}
    lines = (tmp_path / "log.1").read_text().splitlines() + path.read_text().splitlines()
    for name in "ab":
        numbers = [int(line.split()[4]) for line in lines if line.split()[3] == name]
        assert numbers == list(range(numbers[0], 3000)), "from some line on all are there, in their order"
    assert len(lines) > 2000


def test_t52_threads_that_log_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    from console import log

    def write(name: int) -> None:
        for number in range(200):
            logging.getLogger("console.test").warning("%d %d", name, number)

    with log.to_file(tmp_path / "log", ()):
        threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 1600
    assert {len(line.split()) for line in lines} == {5}


def fill(pipe: IO[str]) -> None:
    """Puts as much into a pipe as goes in, by its reading end."""
    handle = os.open(f"/proc/self/fd/{pipe.fileno()}", os.O_WRONLY | os.O_NONBLOCK)
    try:
        with suppress(BlockingIOError):
            while True:
                os.write(handle, b"x")
    finally:
        os.close(handle)


def test_t52_a_pipe_that_nobody_reads_holds_up_neither_webhooks_nor_the_end(tmp_path: Path) -> None:
    with daemon(tmp_path / "c.db") as (process, url):
        assert process.stderr is not None
        fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
        fill(process.stderr)
        with pytest.raises(HTTPError) as refused:  # which is logged
            post(url, b"no JSON")
        with refused.value as answer:
            assert answer.code == 400
        assert post(url, announcement("m-1")) == 200
        process.terminate()
        assert process.wait(10) == 0
