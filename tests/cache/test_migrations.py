"""What may not be opened is refused in words, and stays byte for byte as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from console.cache import rebuild, searchindex
from console.cache.copies import copies
from console.cache.counts import agree
from console.cache.migrations import (
    CacheDamaged,
    CacheRefused,
    check_sqlite,
    create,
    migrate_from,
    modules,
    open_writer,
)
from console.cache.paths import create_private, wal_path
from console.cache.query import marks, sql
from console.cache.rows import COLUMNS, DERIVED, media_row
from console.cache.schema import APPLICATION_ID, LATEST, VERSIONS
from console.cache.soundness import check_sound
from console.domain import facts, ledger
from console.domain.exceptions import FixSetting
from console.domain.media import DEFAULT_ACCOUNT, MediaKey

from .samples import NOW, announced

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.clock import Now


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def newer(db: Path) -> None:
    create(db)
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("PRAGMA user_version = 9999")


def foreign(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")


def text(db: Path) -> None:
    db.write_text("these are my notes\n" * 100)


def empty(db: Path) -> None:
    db.touch()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (newer, CacheRefused, "newer version"),
        (foreign, CacheRefused, "not a cache of this program"),
        (empty, CacheDamaged, "damaged .the file is empty.*media-console recover"),
        (text, CacheDamaged, "not a database.*media-console recover"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_untouched(
    db: Path, make: Callable[[Path], None], error: type[Exception], words: str
) -> None:
    make(db)
    db.chmod(0o600)
    before = db.read_bytes(), db.stat().st_mtime_ns
    with pytest.raises(error, match=words) as refused:
        open_writer(db)
    assert str(db) in str(refused.value)
    assert (db.read_bytes(), db.stat().st_mtime_ns) == before
    assert [path.name for path in db.parent.iterdir()] == ["cache.db"]


def test_a_new_cache_is_opened_for_durable_writing(db: Path) -> None:
    create(db)
    with closing(open_writer(db)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
        assert connection.execute("PRAGMA user_version").fetchone() == (LATEST,)


OPEN = """
import asyncio, sys
from pathlib import Path
from console.cache.writer import CacheWriter
from console.clock import wall
from console.domain.exceptions import FixSetting

async def main():
    try:
        await (await CacheWriter.open(Path(sys.argv[1]), now=wall)).close()
        print("opened")
    except FixSetting as error:
        print(error)

asyncio.run(main())
"""


def test_a_file_that_may_only_be_read_is_refused_at_opening(db: Path) -> None:
    create(db)
    command = [sys.executable, "-c", OPEN, str(db)]
    if os.geteuid() == 0:
        if (setpriv := shutil.which("setpriv")) is None:
            pytest.skip("root may write any file, and there is no setpriv to take that from it")
        command = [setpriv, "--inh-caps=-dac_override", "--bounding-set=-dac_override", *command]
    refused = f"The cache {db} may not be written by this user."
    for name, mode, told in (
        (db, 0o400, refused),
        (db, 0o600, "opened"),
        (wal_path(db), 0o400, "opened"),  # its owner's SQLite mends that by itself
    ):
        name.chmod(mode)
        done = subprocess.run(command, capture_output=True, text=True, timeout=15, check=True)
        assert done.stdout.startswith(told), done.stdout + done.stderr


def test_what_a_checkpoint_that_was_cut_short_left_is_opened_with_its_log(db: Path, tmp_path: Path) -> None:
    create(db)
    cut_short = tmp_path / "cut" / "cache.db"
    cut_short.parent.mkdir(mode=0o700)
    with closing(open_writer(db)) as connection:
        grown = "INSERT INTO order_taken VALUES (?, 0, 'default', 'a', 'queued')"
        connection.execute(grown, ("x" * 50_000,))
        for end in ("", "-wal"):
            shutil.copy(f"{db}{end}", f"{cut_short}{end}")
    with cut_short.open("r+b") as file:  # of its pages the first alone was copied: it names those to come
        file.seek(28)
        file.write((10_000).to_bytes(4, "big"))
    alone = tmp_path / "alone" / "cache.db"
    alone.parent.mkdir(mode=0o700)
    shutil.copy(cut_short, alone)
    with pytest.raises(CacheDamaged):
        open_writer(alone)
    with closing(open_writer(cut_short)) as connection:
        assert connection.execute("SELECT length(id) FROM order_taken").fetchall() == [(50_000,)]


def test_a_lock_of_another_program_does_not_keep_it_from_being_opened(db: Path) -> None:
    create(db)
    with closing(sqlite3.connect(db, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(open_writer(db)) as connection:
            assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
            other.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")


def test_creating_leaves_a_file_that_is_there(db: Path) -> None:
    db.write_text("mine")
    create(db)
    assert db.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CacheRefused, match=r"cannot be created: (Not a directory|File exists)"):
        create(tmp_path / "file" / "folder" / "cache.db")


def test_paths_with_letters_that_mean_something_in_an_address(tmp_path: Path) -> None:
    db = tmp_path / "a?b#c%41 d" / "ü.db"
    create(db)
    with closing(open_writer(db)) as connection:
        connection.execute("INSERT INTO status (id, data) VALUES (1, '{}')")
    assert {path.name for path in db.parent.iterdir()} == {"ü.db"}


def older(db: Path, version: int) -> None:
    """A cache of an earlier version, with a notice in it."""

    def build(draft: Path) -> None:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            for statement in chain.from_iterable(VERSIONS[:version]):
                connection.execute(statement)
            connection.execute("INSERT INTO notice VALUES (7, 1, 2, 'error', 'client', 'same', 'a', 3)")
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("PRAGMA journal_mode = WAL")

    create_private(db, build)


def with_media(db: Path, version: int, count: int) -> None:
    """A cache of an earlier version with so many media, each with a fact."""
    older(db, version)
    columns = (*COLUMNS, *DERIVED)
    insert = sql("INSERT INTO media", f"({', '.join(columns)}) VALUES", marks(len(columns)))
    fact = (
        "INSERT INTO fact (account, media_key, at, kind, data, webhook_id, identity) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    with closing(sqlite3.connect(db)) as connection:
        for number in range(count):
            told = announced(f"m{number}", at=NOW + number * 600_000, caption=f"caption {number}")
            identity = facts.identity(told)
            data = facts.encode(told).decode()
            connection.execute(insert, media_row(ledger.fold(None, told)))
            connection.execute(
                fact, (told.account, told.key, told.at, "MediaAnnounced", data, None, identity)
            )
        connection.commit()


@pytest.mark.parametrize("version", range(1, LATEST))
def test_the_media_of_an_older_version_are_counted_hold_their_history_and_get_searched(
    db: Path, version: int, clock: Now
) -> None:
    with_media(db, version, 30)
    with closing(open_writer(db, now=clock)) as connection:
        assert agree(connection)
        assert connection.execute("SELECT sum(media), count(*) > 4 FROM media_hour").fetchone() == (30, 1)
        assert rebuild.history(connection, (DEFAULT_ACCOUNT, MediaKey("m7")))[0].at == NOW + 7 * 600_000
        assert searchindex.trails(connection)
        while searchindex.feed(connection):
            pass
        assert not searchindex.trails(connection)
        match = "SELECT count(*) FROM media_search WHERE media_search MATCH 'cap'"
        assert connection.execute(match).fetchone() == (30,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check_sound(db, thoroughly=True)


def test_a_migration_that_fails_leaves_the_version_before_it(db: Path) -> None:
    create(db)
    copy = db.with_name("copy")
    copy.touch()
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 0")
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrate_from(connection, 0, lambda _: copy)
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)
        assert not connection.in_transaction
    assert not copy.exists()


def test_all_versions_are_one_transaction_and_a_copy_stands_before_it(db: Path) -> None:
    create_private(db, lambda draft: draft.touch())
    asked: list[int] = []
    statements: list[str] = []
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.set_trace_callback(statements.append)
        migrate_from(connection, 0, asked.append)
        assert connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
        assert asked == [0]
        migrate_from(connection, LATEST, asked.append)
        assert asked == [0]
    assert [statement for statement in statements if statement in ("BEGIN IMMEDIATE", "COMMIT")] == [
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]


@pytest.mark.parametrize("version", range(1, LATEST))
def test_a_cache_of_an_older_version_keeps_its_rows_and_a_copy(db: Path, version: int, clock: Now) -> None:
    older(db, version)
    with closing(open_writer(db, now=clock)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
        assert connection.execute("SELECT * FROM notice").fetchall() == [
            (7, 1, 2, "error", "client", "same", "a", 3)
        ]
        connection.execute("INSERT INTO notice VALUES (8, 1, 2, 'error', 'client', 'same', 'b', 1)")
        with pytest.raises(sqlite3.IntegrityError, match="notice_once"):
            connection.execute("INSERT INTO notice VALUES (9, 1, 2, 'error', 'client', 'same', 'b', 1)")
    assert [path.name for path in copies(db)] == [f"cache.db.v{version}-2025-06-15"]


def test_an_old_sqlite_is_refused_in_words() -> None:
    check_sqlite((3, 34, 0))
    with pytest.raises(FixSetting, match=r"SQLite 3\.33\.9.*3\.34 or newer"):
        check_sqlite((3, 33, 9))


def test_a_sqlite_without_full_text_search_is_refused_in_words() -> None:
    assert "fts5" in modules()
    with pytest.raises(FixSetting, match=r"SQLite 3\.51\.0, which was built without .*FTS5") as refused:
        check_sqlite((3, 51, 0), lambda: {"fts4", "rtree"})
    assert "another build" in refused.value.remedy
