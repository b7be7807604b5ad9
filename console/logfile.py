"""The log as a file: private, of a limited size, and there again after others moved or removed it."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from console.cache.paths import create_private
from console.cache.permissions import check_file, check_folder, protect
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from pathlib import Path

LARGEST: Final = 2_000_000
"""Bytes after which the file is set aside as `<name>.1`, in the place of the one before it."""


class LogFile:
    """Takes lines; several processes may write to the same file.

    Before each line it looks whether the file is still the one it has open, so that `logrotate` and
    `rm` need not tell it. A line that cannot be written is lost, and counted: the next one that can
    be is preceded by how many were.
    """

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        """Opens the file, creating it private if there is none.

        Raises:
            FixSetting: others can get at it, or it is no regular file.
            OSError: it cannot be opened.
        """
        self._path = path
        self._largest = largest
        self._handle: int | None = None
        self._torn = False
        self.lost = 0
        self._open()

    def write(self, text: str) -> None:
        """Writes a line, or loses it; never raises for the disk's sake."""
        line = text.encode("utf-8", "backslashreplace")
        try:
            handle = self._current(len(line))
            if self.lost:
                self._put(handle, b"... lines that could not be written here: %d\n" % self.lost)
                self.lost = 0
            self._put(handle, line)
        except (OSError, FixSetting):
            self.lost += 1

    def flush(self) -> None:
        """Does nothing: a line is handed to the system at once."""

    def close(self) -> None:
        """Closes the file; a second time does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _put(self, handle: int, line: bytes) -> None:
        """Writes a line that begins in the first column, whatever became of the one before it."""
        rest = b"\n" + line if self._torn else line
        while rest:
            rest = rest[os.write(handle, rest) :]
            self._torn = True
        self._torn = False

    def _current(self, more: int) -> int:
        if self._handle is None or not self._is_named(self._handle):
            self._reopen()
        elif os.fstat(self._handle).st_size + more > self._largest:
            self._set_aside(self._handle)
            self._reopen()
        if self._handle is None:
            raise OSError("the log is closed")
        return self._handle

    def _is_named(self, handle: int) -> bool:
        try:
            return os.path.samestat(self._path.lstat(), os.fstat(handle))
        except FileNotFoundError:
            return False

    def _reopen(self) -> None:
        self.close()
        self._tighten()
        self._open()

    def _tighten(self) -> None:
        """Makes private what a rotation has just made: a file of this user's with nothing in it yet."""
        with suppress(OSError):
            handle = os.open(self._path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                found = os.fstat(handle)
                if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_size:
                    protect(handle, self._path.parent)
            finally:
                os.close(handle)

    def _open(self) -> None:
        check_folder(self._path.parent)
        check_file(self._path)
        if not self._path.exists():
            create_private(self._path)
        self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)

    def _set_aside(self, handle: int) -> None:
        """Gives the full file its second name, unless another process does so at this moment."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if self._is_named(handle):
            try:
                os.replace(self._path, f"{self._path}.1")
            except OSError:
                os.ftruncate(handle, 0)  # better without the old lines than without an end
