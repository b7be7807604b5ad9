"""The writing connection: when it is given up, and what it does not write into."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import connection as module
from console.cache.connection import WritingConnection
from console.cache.migrations import create, open_writer
from console.cache.paths import wal_path
from console.cache.trouble import CacheDamaged, CacheUnavailable
from console.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOISE = random.Random(7).randbytes(4096)
INSERT = "INSERT INTO order_taken VALUES (?, 1, '', '', '')"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
def opened() -> list[sqlite3.Connection]:
    return []


@pytest.fixture
def writing(db: Path, opened: list[sqlite3.Connection]) -> Iterator[WritingConnection]:
    def connect(path: Path) -> sqlite3.Connection:
        opened.append(open_writer(path))
        return opened[-1]

    held = WritingConnection(db, connect)
    held.begin()
    yield held
    held.close()


def write(held: WritingConnection, *names: str) -> None:
    held.get().executemany(INSERT, [(name,) for name in names])
    held.committed()


def orders(db: Path) -> set[str]:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as reader:
        return {id_ for (id_,) in reader.execute("SELECT id FROM order_taken")}


def test_one_connection_serves_as_long_as_nothing_happens(
    db: Path, writing: WritingConnection, opened: list[sqlite3.Connection]
) -> None:
    for name in "abc":
        write(writing, name)
        assert writing.settle()
    assert orders(db) == set("abc")
    assert len(opened) == 1


def test_after_a_fault_there_is_a_new_one(
    writing: WritingConnection, opened: list[sqlite3.Connection]
) -> None:
    writing.give_up(sqlite3.OperationalError("disk I/O error"))
    write(writing, "a")
    assert len(opened) == 2
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


@pytest.mark.slow
def test_pages_overwritten_by_somebody_else_are_found_before_the_next_write(
    db: Path, writing: WritingConnection
) -> None:
    write(writing, *(f"order {number}" for number in range(2000)))
    writing.settle()
    with db.open("r+b") as file:
        file.seek(db.stat().st_size - 4096)
        file.write(NOISE)
    for _ in range(2):  # the second time it is not even looked at again
        with pytest.raises(CacheDamaged, match="damaged"):
            writing.get()


def test_a_damaged_cache_is_looked_at_again_after_a_while(db: Path) -> None:
    create(db)
    before = db.read_bytes()
    held = WritingConnection(db, open_writer, look_again=0.3)
    held.begin()
    write(held, "a")
    held.settle()
    sound = db.read_bytes()
    assert sound != before
    with db.open("r+b") as file:
        file.seek(4096)
        file.write(NOISE)
    with pytest.raises(CacheDamaged):
        held.get()
    with db.open("r+b") as file:
        file.write(sound)
    with pytest.raises(CacheDamaged):
        held.get()
    deadline = monotonic() + 12
    while monotonic() < deadline:
        try:
            write(held, "b")
            break
        except CacheDamaged:
            continue
    held.close()
    assert orders(db) == {"a", "b"}


def test_a_cache_moved_away_takes_nothing_until_it_is_back(db: Path, writing: WritingConnection) -> None:
    write(writing, "a")
    aside = db.with_name("aside.db")
    db.rename(aside)
    with pytest.raises(CacheUnavailable, match="removed or replaced"):
        writing.get()
    assert not db.exists()
    aside.rename(db)
    write(writing, "b")
    assert orders(db) == {"a", "b"}


def test_what_was_committed_into_a_file_that_is_gone_is_not_told_as_kept(
    db: Path, writing: WritingConnection
) -> None:
    held = writing.get()
    db.rename(db.with_name("aside.db"))
    held.execute(INSERT, ("a",))
    with pytest.raises(CacheUnavailable, match="removed or replaced"):
        writing.committed()


def test_another_cache_put_in_its_place_is_the_one_that_is_written(
    db: Path, writing: WritingConnection
) -> None:
    write(writing, "old")
    other = db.with_name("other.db")
    create(other)
    other.replace(db)
    write(writing, "new")
    assert orders(db) == {"new"}


def test_a_log_that_was_removed_costs_nothing(db: Path, writing: WritingConnection) -> None:
    write(writing, "a")
    wal_path(db).unlink()
    write(writing, "b")
    copied = shutil.copytree(db.parent, db.parent / "copy")
    assert orders(copied / "cache.db") == {"a", "b"}


def test_a_long_log_is_emptied_between_two_batches(db: Path, writing: WritingConnection) -> None:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM status").fetchone()
        while wal_path(db).stat().st_size <= module.LARGEST_LOG:
            write(writing, os.urandom(2_000_000).hex())
        writing.shorten_log()
        assert wal_path(db).stat().st_size > module.LARGEST_LOG  # the reader holds it
    assert writing.settle()
    assert wal_path(db).stat().st_size == 0


def test_it_opens_no_damaged_cache(db: Path) -> None:
    create(db)
    with db.open("r+b") as file:
        file.seek(4096)
        file.write(NOISE)
    held = WritingConnection(db, open_writer)
    with pytest.raises(CacheDamaged):
        held.begin()
    held.close()
