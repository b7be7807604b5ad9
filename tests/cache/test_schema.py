"""The tables are what other tools may rely on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from console.cache import migrations
from console.cache.rows import COLUMNS, DERIVED
from console.cache.schema import APPLICATION_ID, LATEST, VERSIONS
from console.domain.media import Step

from .samples import due_in, fill

if TYPE_CHECKING:
    from pathlib import Path


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def test_every_column_of_media_is_written(tmp_path: Path) -> None:
    migrations.create(tmp_path / "cache.db")
    with closing(sqlite3.connect(tmp_path / "cache.db")) as connection:
        assert set(columns(connection, "media")) == {"seq", *COLUMNS, *DERIVED}


def test_the_header_says_whose_file_it_is_and_which_version(tmp_path: Path) -> None:
    migrations.create(tmp_path / "cache.db")
    with closing(sqlite3.connect(tmp_path / "cache.db")) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
    assert len(VERSIONS) == LATEST


def test_any_tool_can_read_the_media_table(tmp_path: Path) -> None:
    fill(tmp_path / "cache.db", [due_in(5, "a"), due_in(7, "b", Step.STORED)])
    with closing(sqlite3.connect(tmp_path / "cache.db")) as connection:
        rows = connection.execute("SELECT key, id, state, type, attempts FROM media ORDER BY key").fetchall()
    assert rows == [("a", "a", "undownloaded", "unknown", 0), ("b", "b", "downloaded", "unknown", 0)]


def test_the_index_by_due_answers_counts_without_the_rows(tmp_path: Path) -> None:
    migrations.create(tmp_path / "cache.db")
    with closing(sqlite3.connect(tmp_path / "cache.db")) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT state, count(*) FROM media WHERE clock_from > 5 GROUP BY state"
        ).fetchall()
    assert "COVERING INDEX media_by_due" in plan[0][3]
