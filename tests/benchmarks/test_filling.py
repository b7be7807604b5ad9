"""A cache that was filled in bulk is one that might have been ingested."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache.rebuild import Bodies, differences, rebuild
from console.cache.rows import COLUMNS, DERIVED, SELECTED, media_row, read_media
from console.cache.schema import HOUR_MS
from console.cache.soundness import check_sound
from console.clock import wall
from console.domain.media import Millis, State
from console.domain.retention import DEFAULT_WINDOW_MS
from console.platforms.onpremises.webhook import read_webhook
from tests.benchmarks.filling import SPAN_MS, fill, filled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = Millis(1_750_000_000_000)
ROWS = 300


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "media.db"
    fill(path, ROWS, NOW, lived=60)
    return path


@pytest.fixture
def cache(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(db)) as connection:
        yield connection


def test_its_rows_are_what_the_program_writes_for_such_media(cache: sqlite3.Connection) -> None:
    stored = cache.execute(f"SELECT {', '.join((*COLUMNS, *DERIVED))} FROM media ORDER BY seq").fetchall()
    assert len(stored) == ROWS
    assert [media_row(read_media(row[: len(COLUMNS)])) for row in stored] == stored


def test_the_shares_and_the_moments_are_those_of_a_working_client(cache: sqlite3.Connection) -> None:
    media = [read_media(row) for row in cache.execute(f"SELECT {SELECTED} FROM media ORDER BY seq")]
    states = Counter(one.state for one in media)
    assert states[State.RECEIVED] > ROWS / 2 > states[State.DOWNLOADED] > states[State.UNDOWNLOADED] > 0
    assert len({one.sender for one in media}) > 50
    assert any(one.caption and not one.caption.isascii() for one in media)
    clocks = [one.clock_from for one in media]
    assert NOW - SPAN_MS <= min(clocks) < NOW - DEFAULT_WINDOW_MS
    assert NOW - SPAN_MS // 100 < max(clocks) <= NOW
    assert clocks == sorted(clocks)


def test_some_have_a_history_and_bodies_that_lead_to_their_rows(cache: sqlite3.Connection) -> None:
    refs = cache.execute("SELECT DISTINCT account, media_key FROM fact").fetchall()
    assert 60 <= len(refs) < ROWS
    bodies = Bodies(cache, read_webhook)
    for ref in refs:
        built = rebuild(cache, ref, bodies)
        assert built is not None
        assert differences(cache, ref, built) == []


def test_its_kept_counts_are_those_of_a_recount(cache: sqlite3.Connection) -> None:
    counted = cache.execute("SELECT state, count(*) FROM media GROUP BY state ORDER BY state").fetchall()
    assert cache.execute("SELECT * FROM media_count ORDER BY state").fetchall() == counted
    hours = f"SELECT state, clock_from / {HOUR_MS}, count(*) FROM media GROUP BY 1, 2 ORDER BY 1, 2"
    assert (
        cache.execute("SELECT * FROM media_hour ORDER BY state, hour").fetchall()
        == cache.execute(hours).fetchall()
    )


def test_its_search_index_finds_what_a_look_at_each_row_finds(cache: sqlite3.Connection) -> None:
    (name,) = cache.execute("SELECT max(filename) FROM media").fetchone()
    word = name.casefold()[:6]
    wanted = " AND ".join(f'"{word[at : at + 3]}"' for at in range(len(word) - 2))
    indexed = cache.execute("SELECT rowid FROM media_search WHERE media_search MATCH ?", (wanted,)).fetchall()
    looked = cache.execute("SELECT seq FROM media WHERE instr(search_text, ?)", (word,)).fetchall()
    assert looked
    assert set(looked) <= set(indexed) < set(cache.execute("SELECT seq FROM media"))
    assert cache.execute("SELECT seq FROM search_fed").fetchone() == (ROWS,)


def test_its_indexes_are_those_of_the_schema(db: Path, tmp_path: Path, cache: sqlite3.Connection) -> None:
    fill(tmp_path / "small.db", 1, NOW)
    names = "SELECT name, sql FROM sqlite_master ORDER BY name"
    with closing(sqlite3.connect(tmp_path / "small.db")) as small:
        assert cache.execute(names).fetchall() == small.execute(names).fetchall()
    check_sound(db)


def test_it_is_the_same_each_time(db: Path, tmp_path: Path, cache: sqlite3.Connection) -> None:
    fill(tmp_path / "again.db", ROWS, NOW, lived=60)
    with closing(sqlite3.connect(tmp_path / "again.db")) as again:
        for table in ("media", "fact", "webhook"):
            every = f"SELECT * FROM {table} ORDER BY 1"
            assert again.execute(every).fetchall() == cache.execute(every).fetchall()


def test_one_that_was_made_lately_is_used_again_and_an_old_one_is_not(tmp_path: Path) -> None:
    first = filled(tmp_path, 3)
    assert filled(tmp_path, 3) == first
    old = first.with_name(first.name.replace(first.stem.rpartition("-")[2], str(wall() - SPAN_MS)))
    first.rename(old)
    assert filled(tmp_path, 3) != old
    assert not old.exists()
