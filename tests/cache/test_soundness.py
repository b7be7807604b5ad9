"""When a cache is looked through, and what is found."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import searchindex
from console.cache.frames import committed
from console.cache.migrations import create, open_writer
from console.cache.paths import wal_path
from console.cache.recovery import damage
from console.cache.soundness import check_sound, in_words
from console.cache.table import write_media
from console.cache.trouble import CacheDamaged, CacheRefused

from .samples import due_in

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 4096
NOISE = random.Random(7).randbytes(PAGE)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A cache of many pages, as an end in order leaves it."""
    db = tmp_path / "cache.db"
    create(db)
    ended(db, rows=2000)
    return db


def ended(db: Path, *, rows: int = 1, in_order: bool = True) -> None:
    """Writes and ends; not in order, it leaves what a kill leaves."""
    with (
        closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as keeper,
        closing(open_writer(db)) as writer,
    ):
        keeper.execute("SELECT count(*) FROM status").fetchone()
        writer.execute("BEGIN")
        writer.executemany(
            "INSERT INTO order_taken VALUES (?, 1, '', '', '')",
            [(os.urandom(32).hex(),) for _ in range(rows)],
        )
        writer.execute("COMMIT")
        if in_order:
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def spoil(db: Path, page: int, *, times: int = 1, keep_time: bool = False) -> None:
    before = db.stat()
    with db.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(NOISE * times)
    if keep_time:
        os.utime(db, ns=(before.st_atime_ns, before.st_mtime_ns))


def page_of(db: Path, name: str) -> int:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        page: int = connection.execute(query, (name,)).fetchone()[0]
        return page


def last_page(db: Path) -> int:
    """The last page that is read from the database itself: the log may hold a newer one of any."""
    with wal_path(db).open("rb") as log:
        newer = committed(log.fileno())
    pages = range(db.stat().st_size // PAGE, 0, -1)
    return next(page for page in pages if newer is None or page not in newer.offsets)


def state_of(db: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in db.parent.iterdir()
        if not path.name.endswith("-shm")  # the index of the log, which any reader may make anew
    }


def refused(db: Path, words: str) -> None:
    before = state_of(db)
    with pytest.raises(CacheDamaged, match=rf"{words}.*Nothing was changed.*media-console recover"):
        check_sound(db)
    assert state_of(db) == before


def test_a_sound_cache_is_left_as_it_is(db: Path) -> None:
    before = state_of(db)
    check_sound(db)
    check_sound(db, thoroughly=True)
    ended(db, in_order=False)
    assert wal_path(db).stat().st_size
    left = state_of(db)
    check_sound(db)
    assert state_of(db) == left != before


@pytest.mark.parametrize("part", ["media", "fact", "sqlite_autoindex_media_1", "media_by_due", "notice_once"])
def test_a_torn_first_page_of_any_table_or_index_is_found_after_any_end(db: Path, part: str) -> None:
    spoil(db, page_of(db, part), keep_time=True)
    refused(db, "damaged")


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE media_search_data SET block = x'00'",
        "DELETE FROM media_search_data",
        "DROP TABLE media_search_idx",
        "DROP TABLE media_search_config",
    ],
)
def test_a_search_index_that_is_damaged_is_no_damage_of_the_cache(db: Path, spoil: str) -> None:
    with closing(open_writer(db)) as connection:
        write_media(connection, due_in(5, "a", caption="a caption"))
        searchindex.feed(connection)
        connection.execute(spoil)
    check_sound(db)
    check_sound(db, thoroughly=True)
    assert damage(db) is None


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ("ok", "ok"),
        ("malformed inverted index for FTS5 table main.media_search", "ok"),
        ("vtable constructor failed: media_search", "ok"),
        ('fts5: corruption found reading blob 10 from table "media_search"', "ok"),
        ("invalid fts5 file format (found 0, expected 4 or 5) - run 'rebuild'", "ok"),
        ("*** in database main ***\nTree 3 page 4: btreeInitPage()", "Tree 3 page 4: btreeInitPage()"),
        ("row 4 missing from index media_by_due", "row 4 missing from index media_by_due"),
    ],
)
def test_what_newer_versions_of_sqlite_say_of_the_search_index_is_passed_over(found: str, told: str) -> None:
    assert in_words(found) == told


def test_after_an_end_in_order_not_every_page_is_read(db: Path) -> None:
    spoil(db, last_page(db), keep_time=True)
    check_sound(db)
    with pytest.raises(CacheDamaged):
        check_sound(db, thoroughly=True)


def test_after_an_unclean_end_every_page_is_read(db: Path) -> None:
    ended(db, in_order=False)
    spoil(db, last_page(db), keep_time=True)
    refused(db, "damaged")


def test_a_file_that_somebody_wrote_since_the_end_is_looked_through(db: Path) -> None:
    spoil(db, last_page(db))
    later = wal_path(db).stat().st_mtime_ns + 1_000_000  # the clock of a file system is a coarse one
    os.utime(db, ns=(later, later))
    refused(db, "damaged")


def test_a_file_that_came_without_its_log_is_looked_through(db: Path) -> None:
    spoil(db, last_page(db), keep_time=True)
    wal_path(db).unlink()
    refused(db, "damaged")


def test_a_file_that_was_cut_is_refused(db: Path) -> None:
    os.truncate(db, PAGE * 5)
    refused(db, "malformed")


@pytest.mark.parametrize("size", [1, 4, 31, 5000])
def test_a_log_that_is_none_is_refused(db: Path, size: int) -> None:
    wal_path(db).write_bytes(NOISE[:4] * (size // 4 + 1))
    refused(db, "cache.db-wal beside it is not its write-ahead log")


def test_a_log_that_power_loss_left_unwritten_is_taken_for_empty(db: Path) -> None:
    wal_path(db).write_bytes(bytes(8192))
    check_sound(db)


def test_an_empty_file_is_damaged_and_a_foreign_one_refused(tmp_path: Path) -> None:
    db = tmp_path / "cache.db"
    db.touch(mode=0o600)
    refused(db, "the file is empty")
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    with pytest.raises(CacheRefused, match="not a cache"):
        check_sound(db)
