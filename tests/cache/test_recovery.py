"""What a new cache gets from a damaged one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest

from console.cache import migrations, searchindex
from console.cache.batch import Batch
from console.cache.counts import agree
from console.cache.migrations import CacheRefused
from console.cache.recovery import Recovered, damage, rebuild_cache
from console.cache.rows import COLUMNS, DERIVED
from console.cache.schema import LATEST, VERSIONS
from console.cache.source import NoCache
from console.domain.media import MediaKey, Millis
from console.domain.orders import Order
from console.domain.standing import Level, Notice
from console.platforms.onpremises.webhook import read_webhook

from .lives import body, item, message
from .samples import NOW

if TYPE_CHECKING:
    from pathlib import Path

KEPT = Recovered(media=20, facts=41, bodies=21, quarantined=1, notices=1, orders=20)
ROWS = f"SELECT seq, {', '.join(COLUMNS + DERIVED)} FROM media ORDER BY seq"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Twenty media, each announced and ordered, one that came; a notice and a part in quarantine."""
    tmp_path.chmod(0o700)
    migrations.create(tmp_path / "media.db")
    with closing(migrations.open_writer(tmp_path / "media.db")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        batch = Batch(connection, ())
        bodies = [body([message(f"m-{number}", caption="c" * 100)]) for number in range(20)]
        for told in (*bodies, b'{"odd": 1}'):
            batch.take_webhook(told, NOW, read_webhook(told, NOW))
        for number in range(20):
            batch.take_order(Order(id=f"o{number}", at=NOW, key=MediaKey(f"m-{number}")), NOW)
        batch.take_notice(Notice(at=NOW, level=Level.INFO, source="service", text="told"))
        stored = body(items=[item("m-3")])
        batch.take_webhook(stored, Millis(NOW + 1), read_webhook(stored, Millis(NOW + 1)))
        batch.write()
        connection.execute("DELETE FROM webhook WHERE id = 22")
        while searchindex.feed(connection):
            pass
        connection.execute("COMMIT")
    return tmp_path / "media.db"


def rebuilt(db: Path) -> Recovered:
    draft = db.with_name("draft")
    draft.unlink(missing_ok=True)
    return rebuild_cache(db, draft, read_webhook)


def rows(db: Path, statement: str = ROWS) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(statement).fetchall()


def change(db: Path, statement: str) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute(statement)
        connection.commit()


def test_all_of_a_readable_cache_comes_over(db: Path) -> None:
    assert rebuilt(db) == KEPT
    draft = db.with_name("draft")
    assert rows(draft) == rows(db)
    for table in ("fact", "webhook", "quarantine", "notice", "order_taken"):
        statement = f"SELECT * FROM {table} ORDER BY 1"
        assert rows(draft, statement) == rows(db, statement)
    assert damage(draft) is None
    with closing(migrations.open_writer(draft)) as connection:
        assert agree(connection)
        while searchindex.feed(connection):
            pass
        match = "SELECT count(*) FROM media_search WHERE media_search MATCH 'ccc'"
        assert connection.execute(match).fetchone() == (20,)


def test_a_row_is_rebuilt_from_its_facts_where_it_is_not_what_was_written(db: Path) -> None:
    before = rows(db)
    change(db, "UPDATE media SET type = 'nonsense' WHERE key = 'm-3'")
    change(db, "UPDATE media SET attempts = 'x' WHERE key = 'm-4'")
    assert rebuilt(db) == msgspec.structs.replace(KEPT, unreadable=2)
    fields = f"SELECT {', '.join(COLUMNS + DERIVED)} FROM media ORDER BY key"
    after = rows(db.with_name("draft"), fields)
    assert after == sorted((row[1:] for row in before), key=lambda row: str(row[1]))


def test_a_fact_that_is_not_what_was_written_is_read_from_its_body_anew(db: Path) -> None:
    before = rows(db)
    change(db, "UPDATE fact SET data = replace(data, 'ccc', 'cxc') WHERE media_key = 'm-5'")
    done = rebuilt(db)
    assert (done.facts, done.from_bodies, done.unreadable) == (41, 1, 1)
    assert rows(db.with_name("draft")) == before


def test_a_row_keeps_what_no_fact_tells_any_more_and_no_replay_takes_it(db: Path) -> None:
    before = rows(db)
    change(db, "DELETE FROM webhook WHERE id = 6")
    change(db, "UPDATE fact SET identity = x'00' WHERE media_key = 'm-5' AND kind = 'MediaAnnounced'")
    done = rebuilt(db)
    assert (done.facts, done.from_bodies) == (40, 0)
    draft = db.with_name("draft")
    assert rows(draft) == before
    assert rows(draft, "SELECT webhook_id FROM fact WHERE media_key = 'm-5'") == [(0,)]


def test_a_body_that_cannot_be_read_any_more_is_left_out(db: Path) -> None:
    change(db, "UPDATE webhook SET body = x'ff' WHERE id = 4")
    change(db, "UPDATE webhook SET coding = 'gzip' WHERE id = 5")
    change(db, "UPDATE webhook SET received_at = 'never' WHERE id = 6")
    done = rebuilt(db)
    assert (done.bodies, done.unreadable, done.facts) == (KEPT.bodies - 3, 3, 41)


def test_a_log_that_is_none_is_told_as_lost(db: Path) -> None:
    db.with_name("media.db-wal").write_bytes(b"\x5a" * 5000)
    db.with_name("media.db-wal").chmod(0o600)
    assert rebuilt(db) == msgspec.structs.replace(KEPT, unreadable=1)


def test_a_cache_of_an_older_version_is_rebuilt_in_the_newest(db: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection:
        for statement in VERSIONS[0]:
            connection.execute(statement)
        connection.execute("ATTACH ? AS new", (str(db),))
        connection.execute("INSERT INTO webhook SELECT id, received_at, body, facts FROM new.webhook")
        connection.commit()
    done = rebuild_cache(old, tmp_path / "draft", read_webhook)
    assert (done.bodies, done.facts) == (21, 0)
    assert rows(tmp_path / "draft", "PRAGMA user_version") == [(LATEST,)]


def test_what_is_no_database_at_all_gives_an_empty_cache(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "notes").write_text("these are my notes\n" * 500)
    done = rebuild_cache(tmp_path / "notes", tmp_path / "draft", read_webhook)
    assert (done.media, done.bodies, done.unreadable) == (0, 0, 6)


def test_the_rows_of_a_table_without_its_root_come_from_their_pages(db: Path) -> None:
    roots = rows(db, "SELECT rootpage FROM sqlite_schema WHERE name IN ('media', 'fact', 'webhook')")
    before = rows(db)
    change(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(db.read_bytes())
    inner = [page for (page,) in roots if isinstance(page, int) and data[(page - 1) * 4096] == 0x05]
    for page in inner:
        data[(page - 1) * 4096 : page * 4096] = b"\x5a" * 4096
    db.write_bytes(data)
    done = rebuilt(db)
    assert len(inner) == 3
    kept = msgspec.structs.replace(KEPT, unreadable=3, from_pages=82, pages_lost=3)
    assert done == msgspec.structs.replace(kept, media_lost=done.media_lost)
    assert done.media_lost > 3
    assert rows(db.with_name("draft")) == before


def test_damage_is_told_in_words_and_a_sound_cache_has_none(db: Path, tmp_path: Path) -> None:
    assert damage(db) is None
    data = bytearray(db.read_bytes())
    data[4096 * 2 : 4096 * 3] = bytes(4096)
    db.write_bytes(data)
    assert "is damaged" in str(damage(db))
    (tmp_path / "empty").touch()
    assert damage(tmp_path / "empty") == f"The cache {tmp_path / 'empty'} is empty."
    with pytest.raises(NoCache):
        damage(tmp_path / "none")


def test_an_index_that_does_not_agree_with_its_table_is_damage(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'media_by_due'")
        connection.commit()
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() != ("ok",)
    assert "is damaged" in str(damage(db))


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bookmarks.db")) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    with pytest.raises(CacheRefused, match="not a cache of this program"):
        damage(tmp_path / "bookmarks.db")
