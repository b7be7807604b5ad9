"""What a cache keeps, read past the console."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_OF_THE_SERVICE = ('INSERT INTO "status"', 'INSERT INTO "notice"')


def rows(db: Path) -> list[str]:
    """All rows of a cache, but those that say how the service is doing."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return [line for line in connection.iterdump() if not line.startswith(_OF_THE_SERVICE)]
