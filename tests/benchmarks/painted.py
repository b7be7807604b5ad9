"""A program on a pseudo-terminal of 140x40, measured by the bytes that it paints."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pexpect

if TYPE_CHECKING:
    from types import TracebackType

COLUMNS, ROWS = 140, 40
QUIET: Final = 0.2
"""Seconds without a byte after which a picture counts as painted; they are not part of its time."""
LONGEST: Final = 60.0
"""Seconds that a text is waited for."""
TOLD: Final = 2000
"""Bytes that are told of a program that ended too early."""


class Painted(NamedTuple):
    """What a key, or nothing but time, brought: milliseconds until the last byte, and how many came.

    The milliseconds of what painted nothing are 0.
    """

    ms: float
    bytes: int


class Line:
    """The program at the other end; it is ended by SIGTERM at the end of the block."""

    def __init__(self, arguments: list[str], env: dict[str, str]) -> None:
        self.began = time.perf_counter()
        self._child = pexpect.spawn(
            arguments[0],
            arguments[1:],
            env={**env, "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"},
            dimensions=(ROWS, COLUMNS),
            timeout=None,
        )
        self._fd: int = self._child.child_fd
        self._last = b""

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the program in order: after another end a console reads its whole cache at the next start."""
        ends = time.perf_counter() + LONGEST
        with suppress(EOFError):
            self._child.kill(signal.SIGTERM)
            while time.perf_counter() < ends:
                self._read(1)
        self._child.close(force=True)

    @property
    def pid(self) -> int:
        """The process id of the program."""
        assert self._child.pid is not None
        return self._child.pid

    def until(self, text: bytes) -> float:
        """Milliseconds from the start of the program until it has written a text.

        Raises:
            TimeoutError: it does not in time.
            EOFError: it has ended instead; the last of what it wrote is told.
        """
        seen = b""
        while text not in seen:
            some = self._read(LONGEST)
            if some is None or time.perf_counter() - self.began > LONGEST:
                raise TimeoutError(f"it never wrote {text!r}, but {seen[-400:]!r}")
            seen += some
        return (time.perf_counter() - self.began) * 1000

    def quiet(self, seconds: float = QUIET) -> Painted:
        """Reads until nothing came for so long."""
        return self._painted(time.perf_counter(), seconds)

    def press(self, keys: bytes, seconds: float = QUIET) -> Painted:
        """Sends keys and reads what they paint, until nothing came for so long."""
        began = time.perf_counter()
        os.write(self._fd, keys)
        return self._painted(began, seconds)

    def drain(self, seconds: float) -> int:
        """Reads for so long, whatever comes; how many bytes."""
        ends, count = time.perf_counter() + seconds, 0
        while (left := ends - time.perf_counter()) > 0:
            count += len(self._read(left) or b"")
        return count

    def _painted(self, began: float, seconds: float) -> Painted:
        last, count = began, 0
        while (some := self._read(seconds)) is not None:
            last = time.perf_counter()
            count += len(some)
        return Painted((last - began) * 1000, count)

    def _read(self, seconds: float) -> bytes | None:
        """What has come; None if nothing came for so long.

        Raises:
            EOFError: the program has ended; the last of what it wrote is told.
        """
        if not select.select([self._fd], [], [], seconds)[0]:
            return None
        try:
            some = os.read(self._fd, 65536)
        except OSError:  # what Linux says of a terminal whose program has ended
            some = b""
        if not some:
            raise EOFError(f"the program has ended with {self._last.decode(errors='replace')}")
        self._last = (self._last + some)[-TOLD:]
        return some


def memory(pid: int) -> float:
    """Megabytes of a process: its own pages and its part of the shared ones (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError("the kernel tells no PSS")


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used, those of the kernel for it included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
