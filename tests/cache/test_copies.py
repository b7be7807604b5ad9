"""The copy that is kept of a cache before it is brought up to date."""

from __future__ import annotations

import logging
import sqlite3
import stat
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from console.cache.copies import copies, keep_copy
from console.cache.migrations import create, open_writer
from console.cache.trouble import CacheRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Clock


@pytest.fixture
def db(tmp_path: Path) -> Path:
    create(tmp_path / "cache.db")
    return tmp_path / "cache.db"


@pytest.fixture
def writer(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_writer(db)) as connection:
        yield connection


def reading(db: Path) -> Callable[[], sqlite3.Connection]:
    return partial(sqlite3.connect, f"file:{db}?mode=ro", uri=True)


def rows(db: Path) -> int:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        count: int = connection.execute("SELECT count(*) FROM quarantine").fetchone()[0]
        return count


def put(writer: sqlite3.Connection, number: int) -> None:
    writer.execute("INSERT INTO quarantine VALUES (?, 1, 1, '', '', ?)", (number, bytes([number])))


def test_a_copy_is_whole_private_and_alone(
    db: Path, writer: sqlite3.Connection, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    put(writer, 1)  # in the log, not yet in the database
    with caplog.at_level(logging.WARNING):
        copy = keep_copy(db, 1, clock, reading(db))
    assert copy == db.with_name("cache.db.v1-2025-06-15")
    assert str(copy) in caplog.text
    assert rows(copy) == 1
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(path.name for path in db.parent.glob("*.v1*")) == [copy.name]


def test_it_sees_what_was_before_an_open_transaction(
    db: Path, writer: sqlite3.Connection, clock: Clock
) -> None:
    writer.execute("BEGIN IMMEDIATE")
    put(writer, 1)
    copy = keep_copy(db, 1, clock, reading(db))
    writer.execute("ROLLBACK")
    assert copy is not None
    assert rows(copy) == 0


def test_no_copy_replaces_another_and_the_same_is_kept_once(
    db: Path, writer: sqlite3.Connection, clock: Clock
) -> None:
    for number in (1, 2, 3):
        put(writer, number)
        kept = keep_copy(db, 1, clock, reading(db))
        assert kept is not None
        assert rows(kept) == number
        assert keep_copy(db, 1, clock, reading(db)) is None
    clock.move(days=1)
    assert keep_copy(db, 1, clock, reading(db)) is None
    assert [path.name for path in copies(db)] == [
        "cache.db.v1-2025-06-15",
        "cache.db.v1-2025-06-15.2",
        "cache.db.v1-2025-06-15.3",
    ]


def test_other_files_are_no_copies(db: Path) -> None:
    for name in (
        "cache.db.v1",
        "cache.db.v1-2025-06-15-wal",
        "cache.db.vx-2025-06-15",
        "old.db.v1-2025-06-15",
    ):
        db.with_name(name).touch()
    assert copies(db) == []


def test_where_there_is_no_room_it_is_said_before_anything_is_changed(db: Path, clock: Clock) -> None:
    def nothing() -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(CacheRefused, match=r"v1-2025-06-15 .*disk is full.*Nothing was changed"):
        keep_copy(db, 1, clock, nothing)
    assert copies(db) == []
