from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache.leavings import CacheMissing, check_nothing_lost, clear, holds_nothing
from console.cache.migrations import create
from console.cache.paths import inbox_path, lock_path
from console.cache.source import NoCache, look

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def names(db: Path) -> list[str]:
    return sorted(path.name for path in db.parent.iterdir())


@pytest.mark.parametrize("log", ["cache.db-wal", "cache.db-journal"])
def test_no_cache_is_made_beside_the_log_of_a_missing_one(db: Path, log: str) -> None:
    for name in (log, "cache.db-shm"):
        db.with_name(name).write_bytes(b"newest")
        db.with_name(name).chmod(0o600)
    for refuse in (check_nothing_lost, clear, create, look):
        with pytest.raises(CacheMissing, match=f"its log {log}.*Put the cache back.*move {log} away"):
            refuse(db)
    assert names(db) == sorted([log, "cache.db-shm"])
    db.touch(mode=0o600)
    check_nothing_lost(db)
    look(db)


def test_by_a_link_it_is_the_log_beside_the_file_itself_that_counts(db: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(db)
    (tmp_path / "link-wal").write_bytes(b"of something else")
    check_nothing_lost(tmp_path / "link")
    db.with_name("cache.db-wal").write_bytes(b"newest")
    with pytest.raises(CacheMissing):
        check_nothing_lost(tmp_path / "link")


def test_companions_that_hold_nothing_go_with_the_cache_that_they_belonged_to(
    db: Path, caplog: pytest.LogCaptureFixture
) -> None:
    create(db)
    with closing(sqlite3.connect(db)) as old:
        old.execute("DELETE FROM status")
        index = db.with_name("cache.db-shm")
        before = index.stat().st_ino
        assert holds_nothing(db.with_name("cache.db-wal"))
        assert not holds_nothing(index)
        db.unlink()
        with pytest.raises(NoCache):
            look(db)
        with caplog.at_level(logging.INFO):
            create(db)
        assert names(db) == ["cache.db"], "a process that has the old one open shares no index with the new"
        with closing(sqlite3.connect(db)) as new:
            assert new.execute("SELECT count(*) FROM media").fetchone() == (0,)
            assert index.stat().st_ino != before
    (told,) = caplog.records
    assert (told.levelname, told.message) == (
        "WARNING",
        f"there was no cache at {db}: a new, empty one was made",
    )


@pytest.mark.parametrize(("left", "level"), [(inbox_path, "WARNING"), (lock_path, "INFO")])
def test_a_new_cache_is_told_of_and_louder_where_there_had_been_one(
    db: Path, caplog: pytest.LogCaptureFixture, left: object, level: str
) -> None:
    assert callable(left)
    left(db).touch()
    with caplog.at_level(logging.INFO):
        create(db)
        create(db)
    assert [record.levelname for record in caplog.records] == [level]
