"""How a reader finds the file, and what it says when it cannot read it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import migrations
from console.cache.migrations import CacheDamaged, CacheRefused
from console.cache.paths import wal_path
from console.cache.schema import APPLICATION_ID, LATEST
from console.cache.source import NoCache, Unreadable, check_readable, look, unreadable
from console.domain.exceptions import FixSetting, Report

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    migrations.create(tmp_path / "cache.db")
    return tmp_path / "cache.db"


def test_a_still_file_is_read_as_one_that_cannot_change(db: Path) -> None:
    source = look(db)
    assert source.immutable
    assert source.address(db).endswith("?mode=ro&immutable=1")
    assert source.stands(db)


def test_a_writer_ends_the_stillness(db: Path) -> None:
    still = look(db)
    wal_path(db).touch()
    assert not still.stands(db)
    live = look(db)
    assert live.address(db).endswith("?mode=ro")
    assert live.stands(db)
    wal_path(db).unlink()
    assert live.stands(db)


def test_another_file_of_the_same_name_is_noticed(db: Path) -> None:
    source = look(db)
    db.rename(db.with_name("aside.db"))
    with pytest.raises(NoCache):
        source.stands(db)
    migrations.create(db)
    assert not source.stands(db)


def test_nothing_there_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(NoCache, match=r"There is no cache at .*none\.db yet"):
        look(tmp_path / "none.db")
    (tmp_path / "file").touch()
    with pytest.raises(NoCache):
        look(tmp_path / "file" / "none.db")


def test_a_path_that_cannot_be_looked_at_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(FixSetting, match="cannot be read: File name too long"):
        look(tmp_path / ("x" * 300))


def test_other_versions_are_refused(db: Path) -> None:
    check_readable(LATEST, APPLICATION_ID, db)
    with pytest.raises(CacheRefused, match="newer version"):
        check_readable(LATEST + 1, APPLICATION_ID, db)
    with pytest.raises(CacheRefused, match="not a cache of this program"):
        check_readable(0, APPLICATION_ID, db)
    with pytest.raises(CacheRefused, match="not a cache of this program"):
        check_readable(LATEST, 0, db)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_CORRUPT, CacheDamaged),
        (sqlite3.SQLITE_NOTADB, CacheDamaged),
        (sqlite3.SQLITE_BUSY, Unreadable),
        (sqlite3.SQLITE_IOERR | 1 << 8, Unreadable),
        (sqlite3.SQLITE_READONLY_RECOVERY, Unreadable),
        (sqlite3.SQLITE_PROTOCOL, Unreadable),
        (sqlite3.SQLITE_ERROR, Report),
    ],
)
def test_troubles_are_told_by_what_can_be_done(db: Path, code: int, kind: type[Exception]) -> None:
    error = sqlite3.OperationalError("odd")
    error.sqlite_errorcode = code
    told = unreadable(db, error)
    assert type(told) is kind
    assert str(db) in told.what
    assert "odd" in told.what


def test_an_error_that_python_itself_raised_has_no_code(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        pass
    with pytest.raises(sqlite3.ProgrammingError) as raised:
        connection.execute("SELECT 1")
    assert type(unreadable(db, raised.value)) is Report
