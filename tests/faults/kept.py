"""What a cache keeps, read past the console."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('status', 'notice') "
    "AND name NOT LIKE '%search%' ORDER BY name"
)


def rows(db: Path) -> list[tuple[object, ...]]:
    """All rows of a cache, but those that say how the service is doing, and those of the search index."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute(_TABLES)]
        return [
            (table, *row)
            for table in tables
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")
        ]
