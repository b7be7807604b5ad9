"""One service per cache: an advisory lock on a file beside the database."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.paths import check_cache, create_private, lock_path, sweep_drafts
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from pathlib import Path

_LASTING: Final = "service"
_PASSING: Final = "command"
_PATIENCE = 0.3
"""Seconds to insist: a process that merely asks who holds the lock has it for an instant."""


class Holder(NamedTuple):
    """Who serves a cache, by the text in the lock file: `4711 service` or `4711 command`."""

    pid: int | None
    """None where the file does not tell."""
    passing: bool
    """Whether it is a command that serves only until its work is done, and then nobody does."""

    @property
    def who(self) -> str:
        """The holder in words: `pid 4711`."""
        return f"pid {self.pid}" if self.pid is not None else "another process"


class LockHeld(FixSetting):
    """Another service works on this cache. `pid` is its process, where the file tells."""

    def __init__(self, db: Path, holder: Holder) -> None:
        if holder.passing:
            what = f"The cache {db} is served by a short-lived command ({holder.who}) at the moment."
            remedy = "Start again when that has ended, or choose another cache with --db."
        else:
            what = f"The cache {db} is served by {holder.who} already."
            remedy = "Use that one, end it first, or choose another cache with --db."
        super().__init__(what, remedy)
        self.pid = holder.pid
        self.who = holder.who


class ServiceLock:
    """The right to write one cache, held until `release` or the end of the process.

    The kernel frees the lock with its holder, so a killed service leaves nothing to clean up. The
    file stays, for removing it would let two processes hold it; the text in it says who to expect
    and gives no right.
    """

    def __init__(self, db: Path, *, passing: bool = False) -> None:
        """Takes the lock; `passing` tells others that it is for the work of one command alone.

        Raises:
            LockHeld: another service has it.
            FixSetting: the lock file cannot be opened, or others can get at a file of the cache.
        """
        path = lock_path(db)
        check_cache(db)
        self._fd: int | None = _open(path)
        while True:
            if not _insist(self._fd):
                other = _read(self._fd)
                os.close(self._fd)
                raise LockHeld(db, other)
            if _lies_at(path, self._fd):
                break
            os.close(self._fd)  # removed or replaced meanwhile: who comes next would lock another file
            self._fd = _open(path)
        with suppress(OSError):  # on a full disk others learn no pid, and the service runs all the same
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()} {_PASSING if passing else _LASTING}\n".encode(), 0)
        sweep_drafts(db)

    def fileno(self) -> int:
        """The descriptor that holds it; a process that inherits it holds the lock as well."""
        if self._fd is None:
            raise ValueError("the lock was released")
        return self._fd

    def release(self) -> None:
        """Gives the lock back; more than once does nothing."""
        if self._fd is not None:
            os.ftruncate(self._fd, 0)  # or the next holder would be taken for this one until it writes
            os.close(self._fd)
            self._fd = None


def holder(db: Path) -> Holder | None:
    """Who serves the cache, or None if nobody does."""
    try:
        fd = os.open(lock_path(db), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        return None if _try(fd, fcntl.LOCK_SH) else _read(fd)
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    try:
        if not path.exists():
            create_private(path)
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise FixSetting(
            f"The lock file {path} cannot be opened: {error.strerror}.",
            "Give this user the right to write there, or choose another cache with --db.",
        ) from error


def _lies_at(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(fd))
    except FileNotFoundError:
        return False


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


def _read(fd: int) -> Holder:
    text = os.pread(fd, 64, 0).decode("ascii", "replace")
    pid, _, kind = text.strip().partition(" ")
    known = pid.isascii() and pid.isdigit()
    return Holder(int(pid) if known else None, passing=kind == _PASSING)
