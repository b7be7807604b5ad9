"""Notices that a file was written to, by looking at its entry in the folder: opening it costs far more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.clock import monotonic
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    from pathlib import Path

AT_LEAST_EVERY: Final = 2.0
"""Seconds after which the file counts as changed whatever its entry says: some file systems keep its time
to the second or two."""


class FileWatch:
    """Tells when a file may have been written, moved away or replaced by others.

    The time of a file moves in ticks of some milliseconds, so that a second change within one leaves the
    entry as the first did. Each change is therefore told at two looks, one after the other. The looks of
    several watches fall together, so that a service which has nothing to do wakes once for all of them.

    Args:
        every: seconds between two looks.
    """

    def __init__(self, path: Path, every: float, *, wait: Wait = until_set) -> None:
        self._path = path
        self._every = every
        self._wait = wait
        self._most = max(1, round(AT_LEAST_EVERY / every))
        self._seen: tuple[int, ...] | None = None
        self._told = False

    async def changed(self) -> None:
        """Returns when the file may have changed since this returned before; not before the next look."""
        for _ in range(self._most):
            await pause(self._wait, self._every - monotonic() % self._every)
            seen, self._seen = self._seen, self._look()
            again, self._told = self._told, seen != self._seen
            if again or self._told:
                return

    def _look(self) -> tuple[int, ...] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
