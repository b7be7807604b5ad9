"""The damaged file and the new one change places, and neither is ever lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.reader import CacheReader
from console.cache.replacing import replace_damaged, undo_half
from console.cache.writer import CacheWriter
from console.platforms.onpremises.webhook import read_webhook

from .lives import body, message
from .samples import NOW

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2025-06-15"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    db = tmp_path / "media.db"
    for ending in ("", "-wal", "-shm"):
        db.with_name(db.name + ending).write_text(f"damaged{ending}")
    return db


def contents(db: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(db.parent.iterdir())}


def build(draft: Path) -> None:
    draft.write_text("new")


def test_the_damaged_files_keep_their_content_and_the_new_one_has_no_foreign_log(db: Path) -> None:
    assert replace_damaged(db, build, NOW) == db.with_name(f"media.db.damaged-{DAY}")
    assert contents(db) == {
        "media.db": "new",
        f"media.db.damaged-{DAY}": "damaged",
        f"media.db.damaged-{DAY}-wal": "damaged-wal",
        f"media.db.damaged-{DAY}-shm": "damaged-shm",
    }
    assert db.stat().st_mode & 0o777 == 0o600


def test_an_earlier_one_of_the_same_day_is_not_overwritten(db: Path) -> None:
    replace_damaged(db, build, NOW)
    assert replace_damaged(db, build, NOW) == db.with_name(f"media.db.damaged-{DAY}.2")
    assert contents(db)[f"media.db.damaged-{DAY}"] == "damaged"


def test_a_new_file_that_cannot_be_made_changes_nothing(db: Path) -> None:
    before = contents(db)

    def fail(draft: Path) -> None:
        draft.write_text("half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        replace_damaged(db, fail, NOW)
    assert contents(db) == before


def test_a_new_file_that_a_kill_left_is_no_hindrance(db: Path) -> None:
    db.with_name("media.db.recovered").write_text("left over")
    replace_damaged(db, build, NOW)
    assert contents(db)["media.db"] == "new"
    assert "media.db.recovered" not in contents(db)


@pytest.mark.parametrize("gone", [(), ("-wal",), ("-wal", "-shm")])
def test_a_kill_before_the_new_file_has_the_name_is_undone(db: Path, gone: tuple[str, ...]) -> None:
    before = contents(db)
    aside = db.with_name(f"media.db.damaged-{DAY}")
    for ending in ("", "-wal", "-shm"):
        os.link(db.with_name(db.name + ending), aside.with_name(aside.name + ending))
    for ending in gone:
        db.with_name(db.name + ending).unlink()
    undo_half(db)
    assert contents(db) == before


def test_the_log_of_a_cache_that_was_opened_without_it_is_kept(db: Path) -> None:
    aside = db.with_name(f"media.db.damaged-{DAY}")
    os.link(db, aside)
    db.with_name("media.db-wal").rename(aside.with_name(aside.name + "-wal"))
    db.with_name("media.db-wal").write_text("another")
    before = contents(db)
    undo_half(db)
    assert contents(db) == before


def test_no_cache_at_all_is_nothing_to_undo(db: Path) -> None:
    replace_damaged(db, build, NOW)
    db.unlink()
    undo_half(db)
    assert not db.exists()


def copy_as_killed(db: Path) -> Path:
    """A cache as a power loss would leave it, on which a recovery was then killed at its worst moment."""
    copy = db.parent / "copy" / db.name
    copy.parent.mkdir(mode=0o700)
    for ending in ("", "-wal"):
        aside = copy.with_name(f"{db.name}.damaged-{DAY}{ending}")
        aside.write_bytes(db.with_name(db.name + ending).read_bytes())
        aside.chmod(0o600)
    os.link(copy.with_name(f"{db.name}.damaged-{DAY}"), copy)
    return copy


async def test_a_writer_that_comes_after_the_kill_finds_what_the_log_held(db: Path) -> None:
    real = db.parent / "real" / "media.db"
    writer = await CacheWriter.open(real, now=lambda: NOW)
    told = body([message("m")])
    await writer.take_webhook(told, NOW, read_webhook(told, NOW))
    copy = copy_as_killed(real)
    await writer.close()
    writer = await CacheWriter.open(copy, now=lambda: NOW)
    await writer.close()
    with CacheReader(copy) as reader:
        assert reader.run(queries.last_receipt()) == NOW


def test_what_was_set_aside_for_good_stays(db: Path) -> None:
    replace_damaged(db, build, NOW)
    before = contents(db)
    undo_half(db)
    assert contents(db) == before
