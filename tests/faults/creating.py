"""Makes a cache and its inbox where one call after the other fails: the first, the second, …

Run as a program of its own with a folder; prints one JSON object for each try. The calls are those
that make, open, link, chmod or remove a file; each try is a process, for such a fault cannot be taken back.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from errno import EIO
from itertools import count
from pathlib import Path

from console.cache.inbox import Inbox
from console.cache.migrations import create, open_writer
from console.cache.trouble import unavailable
from console.domain.exceptions import ConsoleError
from tests.faults.failing import disk_error

CALLS = ("open", "os.", "sqlite3.connect", "tempfile.", "fcntl.")
REFUSED, UNTOUCHED, BROKE = 7, 8, 9


def make(db: Path) -> None:
    """All the files of a new cache."""
    try:
        create(db)
        open_writer(db).close()
    except sqlite3.Error as error:
        raise unavailable(db, error) from error  # as the writer does
    Inbox(db).close()


def fails_at(step: int, db: Path) -> int:
    """How a process ended in which the given call failed."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    steps = count()

    def fail(event: str, _: object) -> None:
        if event.startswith(CALLS) and next(steps) == step:
            raise disk_error() if event.startswith("sqlite3") else OSError(EIO, os.strerror(EIO))

    sys.addaudithook(fail)
    try:
        make(db)
    except ConsoleError:
        os._exit(REFUSED)
    except (OSError, sqlite3.Error):
        os._exit(BROKE)
    os._exit(UNTOUCHED if next(steps) <= step else 0)


def main(folder: Path) -> None:
    """Lets each call fail until there is none left."""
    for step in count():
        place = folder / f"{step}"
        db = place / "new" / "media.db"
        ended = fails_at(step, db)
        left = sorted(path.name for path in db.parent.iterdir()) if db.parent.exists() else []
        whole = True
        if db.exists():
            with closing(sqlite3.connect(db)) as connection:
                whole = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                whole &= connection.execute("SELECT count(*) FROM media").fetchone() == (0,)
        make(db)
        told = {"ended": ended, "left": left, "whole": whole}
        sys.stdout.write(json.dumps(told) + "\n")
        shutil.rmtree(place)
        if ended == UNTOUCHED:
            break


if __name__ == "__main__":
    main(Path(sys.argv[1]))
