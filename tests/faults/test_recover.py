"""Damaged caches: all that can be read comes back, and a kill loses neither the old file nor the new one."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.frames import committed
from console.cache.paths import wal_path
from console.cache.reader import CacheReader
from console.cache.sifting import TABLES
from tests.cli.world import DAY, announcement, failure, fill, post

from .keeping import announced, killed_after, media_count, moments, run, sound, told
from .processes import serving

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

PAGE = 4096


@pytest.fixture
def db(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "media.db"


def damage(db: Path, seed: int, pages: int, *, first: int = 1) -> bytes:
    """Overwrites at random some pages that the log holds no newer ones of; what then lies there."""
    chance = random.Random(seed)
    data = bytearray(db.read_bytes())
    logged = newer(db)
    for _ in range(pages):
        places = iter(lambda: chance.randrange(first, max(first + 1, len(data) // PAGE)), None)
        page = next(place for place in places if place + 1 not in logged)
        data[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
    db.write_bytes(data)
    return bytes(data)


def newer(db: Path) -> Collection[int]:
    """The numbers of the pages that are read from the log."""
    if not wal_path(db).exists():
        return ()
    with wal_path(db).open("rb") as log:
        frames = committed(log.fileno())
    return frames.offsets if frames is not None else ()


def overwrite(db: Path, pages: Iterable[int]) -> None:
    data = bytearray(db.read_bytes())
    for page in pages:
        data[page * PAGE : (page + 1) * PAGE] = random.Random(page).randbytes(PAGE)
    db.write_bytes(data)


def contents(db: Path) -> list[list[tuple[object, ...]]]:
    """Every row of the tables that a recovery brings over."""
    with closing(sqlite3.connect(db)) as connection:
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in TABLES]


def test_a_recovery_that_is_killed_leaves_the_damaged_cache_or_the_recovered_one(db: Path) -> None:
    fill(db, *announced(800))
    before = damage(db, 3, 2)
    for seconds in moments(4, 4, 0.6):
        killed_after(db, seconds, "recover")
        found = db.read_bytes()
        assert found == before or sound(db)
        if found != before:
            break
    assert run(db, "recover").returncode in (0, 1)
    assert sound(db)
    assert [path.read_bytes() for path in db.parent.glob("media.db.damaged-????-??-??")] == [before]
    assert not list(db.parent.glob("*.recovered"))
    assert media_count(db) > 700


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 6))])
def test_what_can_be_read_of_a_damaged_cache_is_recovered(db: Path, seed: int) -> None:
    fill(db, *announced(300), *[failure(f"m{number}") for number in range(0, 300, 3)])
    damage(db, seed, 1 + 4 * seed)
    refused = run(db, "list", "--limit", "0")
    found = run(db, "recover", "--json")
    assert found.returncode in (0, 1), found.stderr
    record = json.loads(found.stdout)
    assert record["media"] > 250, refused.stderr
    assert record["set_aside"] is not None
    assert sound(db)
    assert told(db, "replay")["differing"] == 0
    with serving(db) as served:
        assert post(served.url, announcement("new")) == 200


def media_of(db: Path) -> dict[str, tuple[object, ...]]:
    """Each media by its key, without its number: one that is told anew gets another."""
    with closing(sqlite3.connect(db)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(media)") if row[1] != "seq"]
        found = connection.execute(f"SELECT key, {', '.join(columns)} FROM media").fetchall()
    return {row[0]: row[1:] for row in found}


def free_pages(db: Path) -> int:
    with closing(sqlite3.connect(db)) as connection:
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def whole(data: bytes, lost: set[int]) -> set[str]:
    """The media whose row stands on pages that are not lost, by the words in them.

    Of one with a long caption no page with its name may be lost, as its row goes on over several.
    """
    pages = {number: data[number * PAGE : (number + 1) * PAGE] for number in range(1, len(data) // PAGE)}
    left = [page for number, page in pages.items() if number not in lost and page[0] == 0x0D]
    rows = {key for page in left for key in re.findall(rb"(x\d{4}[sl])\1(?:undownloaded|failed)", page)}
    torn = {key for number in lost for key in re.findall(rb"x\d{4}l", pages[number])}
    return {key.decode() for key in rows - torn}


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 16))])
def test_every_media_whose_pages_are_whole_is_recovered(db: Path, seed: int) -> None:
    chance = random.Random(seed)
    keys = [f"x{number:04}{chance.choice('sssl')}" for number in range(150)]
    long = {key: f"{key} " * chance.randrange(400, 3000) for key in keys if key.endswith("l")}
    bodies = [announcement(key, caption=long.get(key, key), pad="p" * chance.randrange(900)) for key in keys]
    fill(db, *bodies, *[failure(key) for key in chance.sample(keys, 40)])
    data, before, free = db.read_bytes(), media_of(db), free_pages(db)
    lost = set(chance.sample(range(1, len(data) // PAGE), chance.randrange(1, 1 + len(data) // PAGE // 3)))
    overwrite(db, lost)
    record = told(db, "recover", code=1)
    after = media_of(db)
    kept = whole(data, lost)
    assert {key: after.get(key) for key in kept} == {key: before[key] for key in kept}
    assert abs(record["pages_lost"] - len(lost)) <= free
    assert len(before) - len(after) <= record["media_lost"]
    assert set(after) <= set(before)
    assert sound(db)
    assert told(db, "replay")["differing"] == 0


def test_what_a_purge_removed_does_not_come_back_from_any_page(db: Path) -> None:
    old = [announcement(f"old{number}", age=90 * DAY, caption="a word of old") for number in range(60)]
    fill(db, *old, *announced(40))
    assert told(db, "purge", "--older-than", "30d")["media"] == 60
    overwrite(db, (0, 1, 3))
    record = told(db, "recover", code=1)
    assert (record["media"], record["beginning_lost"]) == (40, True)
    assert b"a word of old" not in db.read_bytes()


def test_facts_on_lost_pages_are_read_from_the_bodies_anew(db: Path) -> None:
    fill(db, *announced(200), *[failure(f"m{number}") for number in range(200)])
    with closing(sqlite3.connect(db)) as connection:
        pages = connection.execute(
            "SELECT min(f.seq), max(f.seq) FROM fact AS f WHERE kind = 'StoreFailed'"
        ).fetchone()
        before = connection.execute("SELECT * FROM media ORDER BY key").fetchall()
    assert pages == (201, 400)
    data = bytearray(db.read_bytes())
    spoilt = [
        page
        for page in range(1, len(data) // PAGE)
        if data[page * PAGE] == 0x0D and b'"fact":"StoreFailed"' in data[page * PAGE : (page + 1) * PAGE]
    ]
    for page in spoilt[:-1]:
        data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    db.write_bytes(data)
    record = told(db, "recover", code=1)
    assert record["from_bodies"] > 50
    assert record["facts"] == 400
    with closing(sqlite3.connect(db)) as connection:
        columns = (
            "SELECT key, state, error_code, caption, sender, clock_from, heard_at FROM media ORDER BY key"
        )
        after = connection.execute(columns).fetchall()
    assert len(after) == len(before)
    assert {row[1] for row in after} == {"failed"}


def test_a_cache_whose_end_is_missing_gives_what_is_left(db: Path) -> None:
    fill(db, *announced(300))
    data = db.read_bytes()
    db.write_bytes(data[: len(data) * 2 // 3])
    assert told(db, "recover", code=1)["media"] > 100
    assert sound(db)


@pytest.mark.parametrize(
    "content", [b"", b"these are my notes\n" * 500, random.Random(1).randbytes(9 * PAGE)]
)
def test_what_holds_nothing_is_set_aside_and_an_empty_cache_made_because_it_was_asked_for(
    db: Path, content: bytes
) -> None:
    fill(db, *announced(20))
    db.write_bytes(content)
    done = run(db, "recover")
    assert done.returncode == 1
    assert "Nothing could be read of it" in done.stderr
    (aside,) = db.parent.glob("media.db.damaged-????-??-??")
    assert aside.read_bytes() == content
    assert (sound(db), media_count(db)) == (True, 0)


@pytest.mark.parametrize(("lost", "pages"), [((1, 3, 5), 3), ((0,), 1), ((0, 1, 3, 5), 4)])
def test_pages_that_are_whole_are_read_though_none_leads_to_them(
    db: Path, lost: tuple[int, ...], pages: int
) -> None:
    fill(db, *announced(54), *[failure(f"m{number}") for number in range(0, 54, 3)])
    before = contents(db)
    overwrite(db, lost)
    done = run(db, "recover", "--json")
    record = json.loads(done.stdout)
    assert [record[name] for name in ("media", "facts", "bodies")] == [54, 72, 72]
    assert (record["from_pages"] >= 54, record["pages_lost"]) == (True, pages)
    assert record["beginning_lost"] is (0 in lost)
    assert ("Its beginning" in done.stderr) is (0 in lost)
    assert f"{pages} page" in done.stderr
    assert contents(db) == before
    assert sound(db)
    assert told(db, "replay")["differing"] == 0


def test_a_sound_cache_is_not_touched_and_a_served_one_refused(db: Path) -> None:
    fill(db, *announced(20))
    before = db.read_bytes()
    done = run(db, "recover")
    assert (done.returncode, db.read_bytes()) == (0, before)
    assert "is sound" in done.stderr
    with serving(db) as served:
        done = run(db, "recover")
        assert done.returncode == 2
        assert f"pid {served.process.pid}" in done.stderr


def test_what_only_the_log_of_a_killed_service_holds_is_recovered_too(db: Path) -> None:
    fill(db, *announced(100))
    with serving(db) as served:
        for number in range(30):
            assert post(served.url, announcement(f"late{number}")) == 200
        served.kill()
    damage(db, 5, 1, first=20)
    record = json.loads(run(db, "recover", "--json").stdout)
    assert record["media"] >= 120
    with CacheReader(db) as reader:
        assert reader.run(queries.media(json.loads('"late29"'))) is not None
