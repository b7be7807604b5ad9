"""Of a damaged table everything is read but what lies on the damaged pages."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache.salvage import TableSalvage, from_both_ends

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 4096


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Rows 1 to 2000 and one far off, about ten a page; and the same by name."""
    path = tmp_path / "t.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY, text)")
        connection.execute("CREATE TABLE named (id TEXT PRIMARY KEY, text) WITHOUT ROWID")
        rows = [(number, f"{number} " * 60) for number in (*range(1, 2001), 10**12)]
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        connection.executemany("INSERT INTO named VALUES (?, ?)", [(f"{n:04}", t) for n, t in rows[:300]])
        connection.commit()
    return path


def spoil(db: Path, *pages: int) -> None:
    data = bytearray(db.read_bytes())
    for page in pages:
        data[page * PAGE : (page + 1) * PAGE] = random.Random(page).randbytes(PAGE)
    db.write_bytes(data)


def leaves(db: Path, words: bytes) -> list[int]:
    """The pages of rows in which some words stand."""
    data = db.read_bytes()
    pages = range(1, len(data) // PAGE)
    return [n for n in pages if data[n * PAGE] == 0x0D and words in data[n * PAGE : (n + 1) * PAGE]]


def branches(db: Path) -> list[int]:
    data = db.read_bytes()
    return [page for page in range(1, len(data) // PAGE) if data[page * PAGE] == 0x05]


def salvaged(db: Path) -> tuple[set[int], int]:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        salvage = TableSalvage(connection, "t", "seq", ("text",))
        found = {row[0]: row[1] for row in salvage.rows()}
    assert all(text == f"{number} " * 60 for number, text in found.items())
    return set(found), salvage.unreadable


def test_a_sound_table_is_read_whole(db: Path) -> None:
    found, unreadable = salvaged(db)
    assert (len(found), unreadable) == (2001, 0)


@pytest.mark.parametrize("number", [1, 700, 1999])
def test_a_lost_leaf_costs_its_own_rows_alone(db: Path, number: int) -> None:
    spoil(db, leaves(db, b"%d " % number * 3)[0])
    found, unreadable = salvaged(db)
    assert number not in found
    assert len(found) > 1970
    assert unreadable == 1


def test_several_lost_leaves_are_stepped_over(db: Path) -> None:
    spoil(db, *leaves(db, b"5 ")[::7])
    found, unreadable = salvaged(db)
    assert 1500 < len(found) < 2001
    assert unreadable > 5
    assert 10**12 in found


def test_the_last_leaf_lost_does_not_hide_how_far_the_numbers_go(db: Path) -> None:
    spoil(db, leaves(db, b"%d " % 10**12)[0])
    found, unreadable = salvaged(db)
    assert len(found) > 1980
    assert unreadable == 1


def test_a_table_whose_root_is_lost_gives_nothing_in_bounded_time(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 't'").fetchone()
    assert root - 1 in branches(db)
    spoil(db, root - 1)
    assert salvaged(db) == (set(), 1)


def test_a_row_that_is_no_text_is_left_out_alone(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE t SET text = CAST(x'ff' AS TEXT) WHERE seq IN (5, 900)")
        connection.commit()
    with closing(sqlite3.connect(db)) as connection:
        salvage = TableSalvage(connection, "t", "seq", ("text",))
        assert len(list(salvage.rows())) == 1999
        assert salvage.unreadable == 2


def test_a_table_without_numbers_is_read_from_both_ends(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        assert from_both_ends(connection, "named", ("id", "text")).whole
        assert len(from_both_ends(connection, "named", ("id", "text")).rows) == 300
    data = db.read_bytes()
    pages = [n for n in range(len(data) // PAGE) if data[n * PAGE] == 0x0A]
    spoil(db, pages[len(pages) // 2])
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        found = from_both_ends(connection, "named", ("id", "text"))
        assert not found.whole
        assert 200 < len(found.rows) < 300
        assert from_both_ends(connection, "missing", ("id",)).rows == []
