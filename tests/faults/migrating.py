"""Brings a cache of an older version up to date and dies on the way: at the first step, the second, …

Run as a program of its own with a folder and a version; prints one JSON object for each try. A step
is a statement, or a call that makes, links or removes a file.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from itertools import chain, count
from pathlib import Path

from console.cache.copies import copies
from console.cache.migrations import open_writer
from console.cache.paths import create_private
from console.cache.schema import APPLICATION_ID, VERSIONS
from tests.faults.failing import watched

FILES = ("open", "os.", "sqlite3.connect", "tempfile.", "fcntl.")
ROWS = 50


def older(db: Path, version: int) -> None:
    """A cache of an earlier version with some notices in it."""

    def build(draft: Path) -> None:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            for statement in chain.from_iterable(VERSIONS[:version]):
                connection.execute(statement)
            connection.executemany(
                "INSERT INTO notice VALUES (?, 1, 2, 'error', 'client', ?, 'a', 3)",
                [(number, str(number)) for number in range(ROWS)],
            )
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("PRAGMA journal_mode = WAL")

    create_private(db, build)


def schema(db: Path) -> list[str]:
    """The version and the names of all tables and indexes; the count of notices; `ok` if it is whole."""
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema ORDER BY name")]
        facts = [
            str(connection.execute(question).fetchone()[0])
            for question in ("PRAGMA user_version", "SELECT count(*) FROM notice", "PRAGMA integrity_check")
        ]
        return facts + names


def dies_at(step: int, db: Path) -> bool:
    """Brings it up to date in a process that dies before the given step; False if it came to the end."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    steps = count()

    def next_step() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(lambda event, _: next_step() if event.startswith(FILES) else None)
    open_writer(db, factory=watched(before=lambda _, __: next_step())).close()
    os._exit(0)


def main(folder: Path, version: int) -> None:
    """Dies at every step until there is none left."""
    model = folder / "model.db"
    older(model, version)
    for step in count():
        place = folder / str(step)
        place.mkdir(mode=0o700)
        db = place / "media.db"
        shutil.copy(model, db)
        died = dies_at(step, db)
        found = schema(db)
        kept = [schema(path) for path in copies(db)]
        open_writer(db).close()
        told = {"died": died, "found": found, "kept": kept, "then": schema(db), "copies": len(copies(db))}
        sys.stdout.write(json.dumps(told) + "\n")
        shutil.rmtree(place)
        if not died:
            break


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
