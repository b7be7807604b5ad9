"""A media comes back from its row as it went in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from hypothesis import given

from console.cache import migrations
from console.cache.query import sql
from console.cache.rows import SELECTED, UPSERT, media_row, read_media
from console.domain.filters import search_text
from console.domain.media import Media, Origin, Step, StoreError

from .samples import due_in, fill, media

if TYPE_CHECKING:
    from pathlib import Path


SELECT = sql("SELECT", SELECTED, "FROM media")


def through_sqlite(one: Media) -> Media:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.migrate_from(connection, 0)
        connection.execute(UPSERT, media_row(one))
        return read_media(connection.execute(SELECT).fetchone())


@given(media)
def test_writing_and_reading_are_inverse(one: Media) -> None:
    assert through_sqlite(one) == one


def test_derived_columns_say_what_the_media_says(tmp_path: Path) -> None:
    error = StoreError(code=1006, title="Resource not found", origin=Origin.RESPONSE, details="No path.")
    one = due_in(5, "a", undownloaded=True, announced_error=error, filename="Straße.PDF", sender="49")
    fill(tmp_path / "cache.db", [one])
    with closing(sqlite3.connect(tmp_path / "cache.db")) as connection:
        row = connection.execute(
            "SELECT state, clock_from, error_code, error_title, error_details, error_origin, search_text "
            "FROM media"
        ).fetchone()
    assert row == (
        "undownloaded",
        one.clock_from,
        1006,
        "Resource not found",
        "No path.",
        "response",
        search_text(one),
    )


def test_a_second_write_replaces_the_row(tmp_path: Path) -> None:
    fill(tmp_path / "cache.db", [due_in(5, "a"), due_in(5, "a", Step.STORED)])
    with closing(sqlite3.connect(tmp_path / "cache.db")) as connection:
        assert connection.execute("SELECT key, state FROM media").fetchall() == [("a", "downloaded")]
