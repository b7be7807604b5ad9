"""Rows are found on the pages of any database, and nothing that lies there raises."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.cache.pages import open_pages

if TYPE_CHECKING:
    from pathlib import Path

    from console.cache.pages import Pages
    from console.cache.rows import SqlValue

PAGE = 4096
NUMBERS = (0, 1, -1, 127, -128, 2**15, -(2**23), 2**31, 2**40, -(2**47), 2**63 - 1, -(2**63))
ROWS = [
    *[(n + 1, f"a{number}", number, bytes([n]) * n, None) for n, number in enumerate(NUMBERS)],
    *[(n, "ä" * (n - 900) * 7, n, b"\x01" * (n % 300) * 40, None) for n in range(1000, 1100)],
    (2**40, "far", 1, b"", None),
]


def make(db: Path, page_size: int = PAGE) -> None:
    """One table with numbers, whose rows are up to five pages long, and one without."""
    with closing(sqlite3.connect(db)) as connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        connection.execute("CREATE TABLE t (seq INTEGER PRIMARY KEY, text TEXT, number, bytes BLOB, none)")
        connection.execute("CREATE TABLE named (id TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", ROWS)
        connection.executemany(
            "INSERT INTO named VALUES (?, ?)", [(f"n{number}", "x" * 90) for number in range(300)]
        )
        connection.commit()


def read(pages: Pages) -> dict[int, tuple[SqlValue, ...]]:
    """The rows of the table with numbers."""
    return {
        cell.number: values[1:]
        for cells in pages.cells()
        for cell in cells
        if cell.number and len(cell.kinds) == 5 and (values := pages.values(cell)) is not None
    }


def rows(db: Path) -> dict[int, tuple[SqlValue, ...]]:
    with open_pages(db) as pages:
        return read(pages)


def flip(db: Path, *pages: int, content: bytes | None = None) -> None:
    data = bytearray(db.read_bytes())
    for page in pages:
        data[(page - 1) * PAGE : page * PAGE] = content or random.Random(page).randbytes(PAGE)
    db.write_bytes(data)


@pytest.mark.parametrize("page_size", [512, 1024, PAGE, 65536])
def test_every_row_of_a_sound_database_is_found(tmp_path: Path, page_size: int) -> None:
    make(tmp_path / "t.db", page_size)
    with open_pages(tmp_path / "t.db") as pages:
        assert read(pages) == {row[0]: row[1:] for row in ROWS}
        assert (pages.beginning, pages.lost) == (True, 0)
        named = {pages.values(cell) for cells in pages.cells() for cell in cells if cell.kinds == "TT"}
    assert named == {(f"n{number}", "x" * 90) for number in range(300)}


def test_without_its_beginning_a_file_is_read_all_the_same(tmp_path: Path) -> None:
    make(tmp_path / "t.db")
    flip(tmp_path / "t.db", 1)
    with open_pages(tmp_path / "t.db") as pages:
        assert read(pages) == {row[0]: row[1:] for row in ROWS}
        assert (pages.beginning, pages.lost) == (False, 1)


@pytest.mark.parametrize("content", [bytes(PAGE), None])
def test_a_lost_page_is_counted_and_no_row_is_made_up(tmp_path: Path, content: bytes | None) -> None:
    db = tmp_path / "t.db"
    make(db)
    sound = rows(db)
    whole = db.read_bytes()
    for page in range(2, len(whole) // PAGE + 1):
        flip(db, page, content=content)
        with open_pages(db) as pages:
            found = read(pages)
            assert pages.lost == 1
        # The end of a chain has no mark of its own: what is noise there is told by the table's own checks.
        assert all(values == sound[number] or content is None for number, values in found.items())
        assert len(sound) - len(found) < 40
        db.write_bytes(whole)


def test_the_newest_committed_version_of_a_page_counts(tmp_path: Path) -> None:
    db = tmp_path / "t.db"
    make(db)
    with closing(sqlite3.connect(db, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("UPDATE t SET text = 'new' WHERE seq = 1050")
        writer.execute("INSERT INTO t VALUES (2000, 'late', 1, x'', NULL)")
        length = db.with_name("t.db-wal").stat().st_size
        writer.execute("DELETE FROM t WHERE seq > 1000")
        copy = tmp_path / "copy.db"
        copy.write_bytes(db.read_bytes())
        log = db.with_name("t.db-wal").read_bytes()
    copy.with_name("copy.db-wal").write_bytes(log)
    assert max(rows(copy)) == 1000
    copy.with_name("copy.db-wal").write_bytes(log[: length + 5000])
    found = rows(copy)
    assert (found[1050][0], found[2000][0]) == ("new", "late")
    copy.with_name("copy.db-wal").write_bytes(log[:1000] + b"?" + log[1001:])
    assert 2000 not in rows(copy)


@pytest.mark.parametrize("lost", [(), (1,)])
def test_a_page_that_is_free_gives_no_row_back(tmp_path: Path, lost: tuple[int, ...]) -> None:
    db = tmp_path / "t.db"
    make(db)
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("DELETE FROM t WHERE seq BETWEEN 1000 AND 1099")
        connection.commit()
        assert connection.execute("PRAGMA freelist_count").fetchone()[0] > 20
    assert "ä".encode() * 100 in db.read_bytes()
    flip(db, *lost)
    assert set(rows(db)) == {row[0] for row in ROWS if not 1000 <= row[0] < 1100}


def test_a_chain_that_goes_in_a_circle_ends(tmp_path: Path) -> None:
    db = tmp_path / "t.db"
    make(db)
    whole = db.read_bytes()
    chained = [
        page
        for page in range(2, len(whole) // PAGE + 1)
        if 0 < int.from_bytes(whole[(page - 1) * PAGE :][:4], "big") <= len(whole) // PAGE
    ]
    data = bytearray(whole)
    for page in chained:
        data[(page - 1) * PAGE : (page - 1) * PAGE + 4] = page.to_bytes(4, "big")
    db.write_bytes(data)
    assert 0 < len(rows(db)) < len(ROWS)


@given(st.randoms(use_true_random=False), st.integers(1, 300), st.booleans())
@settings(max_examples=60, deadline=None)
def test_bytes_that_are_not_what_was_written_never_raise(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random, changes: int, beginning: bool
) -> None:
    db = tmp_path_factory.mktemp("changed") / "t.db"
    make(db)
    data = bytearray(db.read_bytes())
    for _ in range(changes):
        page = chance.randrange(0 if beginning else 1, len(data) // PAGE) * PAGE
        at = page + (chance.randrange(PAGE) if chance.random() < 0.5 else chance.randrange(120))
        data[at] = chance.randrange(256)
    db.write_bytes(data[: len(data) - chance.randrange(PAGE)])
    assert len(rows(db)) <= len(ROWS) + changes


@given(st.lists(st.binary(min_size=16, max_size=64), min_size=1, max_size=6), st.sampled_from([2, 5, 10, 13]))
@settings(deadline=None)
def test_pages_of_noise_never_raise(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], kind: int
) -> None:
    db = tmp_path_factory.mktemp("noise") / "t.db"
    pages = [bytes([kind, 0, 0, 0, 30, 0, 200]) + (part * PAGE)[: PAGE - 7] for part in parts]
    db.write_bytes(b"".join([bytes(PAGE), *pages]))
    db.with_name("t.db-wal").write_bytes(b"\x37\x7f\x06\x82" + parts[0] * 200)
    with open_pages(db) as found:
        for cells in found.cells():
            for cell in cells:
                found.values(cell)
        assert found.lost >= 1
