"""The write-ahead log, copied into the database beside the writer.

SQLite has the writer do it at the end of a commit, whose callers wait meanwhile: a thousand pages, each
somewhere else in the file, and a sync.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from typing import TYPE_CHECKING, Final

from console.cache.migrations import uri

if TYPE_CHECKING:
    from pathlib import Path

PAGES: Final = 2500
"""About so many pages in the log are worth a checkpoint."""
_OF_A_MEDIA: Final = 6
_OF_A_COMMIT: Final = 20
"""Pages that a media and a commit add to the log, roughly; one that has grown too large is emptied anyway."""


class Checkpointer:
    """Copies the log of a cache in a thread of its own, while the writer goes on.

    A log starts over only when all of it has been copied and nothing was added since, which is left to the
    writer: it finds little to copy, and little to sync.

    For a process that does nothing but write the cache. The database is synced by a descriptor that stays
    open as long as the process: to close it would be to let go of all locks that the process has on the file.
    """

    def __init__(self, db: Path) -> None:
        self._db = db
        self._pages = 0
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.busy = False
        self.begun = 0
        """How many checkpoints have begun so far."""
        self.copied = False
        """Whether the writer has the rest to copy."""

    def committed(self, media: int) -> None:
        """Takes note of a commit with so many media, and begins where there is enough to copy."""
        self._pages += _OF_A_COMMIT + _OF_A_MEDIA * media
        if self._pages >= PAGES and not self.busy:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
                self._thread.start()
            self._pages, self.busy = 0, True
            self.begun += 1
            self._asked.put(True)

    def close(self) -> None:
        """Ends, when what was begun is done."""
        if self._thread is not None:
            self._asked.put(False)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        file: int | None = None
        while self._asked.get():
            try:
                if connection is None:
                    connection = sqlite3.connect(uri(self._db, "mode=rw"), uri=True)
                    file = os.open(self._db, os.O_RDONLY)
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if file is not None:
                    os.fdatasync(file)
            except (sqlite3.Error, OSError):  # the writer meets it too, and tells of it
                _close(connection)
                connection = None
            self.copied = True
            self.busy = False
        _close(connection)


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.close()
