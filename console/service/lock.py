"""One service per cache: an advisory lock on a file beside the database."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from console.cache.paths import lock_path
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE = 0.3
"""Seconds to insist: a process that merely asks who holds the lock has it for an instant."""


class LockHeld(FixSetting):
    """Another service works on this cache. `pid` is its process, where the file tells."""

    def __init__(self, db: Path, pid: int | None) -> None:
        who = f"pid {pid}" if pid is not None else "another process"
        super().__init__(
            f"The cache {db} is served by {who} already.",
            "Use that one, end it first, or choose another cache with --db.",
        )
        self.pid = pid
        self.who = who


class ServiceLock:
    """The right to write one cache, held until `release` or the end of the process.

    The kernel frees the lock with its holder, so a killed service leaves nothing to clean up. The
    file stays, for removing it would let two processes hold it; the pid in it is for words only.
    """

    def __init__(self, db: Path) -> None:
        """Takes the lock.

        Raises:
            LockHeld: another service has it.
            FixSetting: the lock file cannot be opened.
        """
        path = lock_path(db)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise FixSetting(
                f"The lock file {path} cannot be opened: {error.strerror}.",
                "Give this user the right to write there, or choose another cache with --db.",
            ) from error
        if not _insist(self._fd):
            pid = _read_pid(self._fd)
            self.release()
            raise LockHeld(db, pid)
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Gives the lock back; more than once does nothing."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def holder(db: Path) -> str | None:
    """Who serves the cache, in words (`pid 4711`), or None if nobody does."""
    try:
        fd = os.open(lock_path(db), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if _try(fd, fcntl.LOCK_SH):
            return None
        pid = _read_pid(fd)
        return f"pid {pid}" if pid is not None else "another process"
    finally:
        os.close(fd)


def _insist(fd: int) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while not _try(fd, fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def _try(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_pid(fd: int) -> int | None:
    text = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isascii() and text.isdigit() else None
