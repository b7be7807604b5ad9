"""Work on the whole cache, and damage to it: purged is gone, replayed is equal, recovered is what can be."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.reader import CacheReader
from console.cache.writer import CacheWriter
from console.clock import monotonic, wall
from console.domain.maintenance import Replay, Replayed
from console.domain.orders import Order
from console.platforms.onpremises.webhook import read_webhook
from console.service.upkeep import Upkeep
from tests.cache.lives import Event, Moved, Ordered, Webhook, lives
from tests.cli.world import announcement, command, environment, failure, fill, post, success

from .processes import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER, NAME, CAPTION = "16315551234", "Kerry Fisher", "the September invoice"
TRACES = tuple(text.encode() for text in (NUMBER, NAME, CAPTION))
PAGE = 4096


@pytest.fixture
def db(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "media.db"


def run(db: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environment(db, **given), capture_output=True, text=True, timeout=60
    )


def told(db: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What a command says with --json."""
    done = run(db, *arguments, "--json")
    assert done.returncode == code, done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def files_with_traces(db: Path) -> list[str]:
    return [
        path.name
        for path in db.parent.iterdir()
        if not path.name.startswith("stderr") and any(trace in path.read_bytes() for trace in TRACES)
    ]


def sound(db: Path) -> bool:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def media_count(db: Path) -> int:
    with closing(sqlite3.connect(db)) as connection:
        return int(connection.execute("SELECT count(*) FROM media").fetchone()[0])


def announced(count: int, **given: Any) -> list[bytes]:
    return [announcement(f"m{number}", caption=CAPTION, **given) for number in range(count)]


# -- T59


def test_t59_nothing_of_a_number_is_left_in_any_file_while_a_service_runs(db: Path) -> None:
    with serving(db, log_numbers="true") as served:
        for body in (*announced(5), failure("m1"), success("m2"), b'{"odd": "16315551234"}'):
            assert post(served.url, body) == 200
        other = announcement("other").replace(NUMBER.encode(), b"4915551230000").replace(b"Kerry", b"Anna")
        assert post(served.url, other) == 200
        with Inbox(db) as inbox:
            inbox.leave([Order(id="1", at=wall(), key=json.loads(f'"m{3}"'))])
        assert files_with_traces(db)
        foreseen = told(db, "purge", "--number", f"+{NUMBER}", "--dry-run")
        done = told(db, "purge", "--number", "+1 (631) 555-1234")
        assert (done["media"], done["bodies"], done["quarantined"]) == (5, 8, 1)
        assert {name: foreseen[name] for name in ("media", "bodies", "quarantined", "notices")} == {
            name: done[name] for name in ("media", "bodies", "quarantined", "notices")
        }
        assert done["unfreed"] is None
        assert files_with_traces(db) == []
        assert post(served.url, success("other")) == 200
    assert files_with_traces(db) == []
    assert media_count(db) == 1
    assert sound(db)


def test_t59_nothing_older_is_left_in_any_file_where_no_service_runs(db: Path) -> None:
    fill(db, *announced(50, age=86_400 * 9), announcement("young", sender_name="Anna"))
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE webhook SET received_at = received_at - 777600000 WHERE id <= 50")
        connection.commit()
    size = db.stat().st_size
    done = told(db, "purge", "--older-than", "7d")
    assert (done["media"], done["facts"], done["bodies"]) == (50, 50, 50)
    assert done["freed"] > size / 2
    assert NAME.encode() not in b"".join(path.read_bytes() for path in db.parent.iterdir())
    assert CAPTION.encode() not in b"".join(path.read_bytes() for path in db.parent.iterdir())
    assert media_count(db) == 1
    assert told(db, "purge", "--older-than", "7d")["media"] == 0


def test_t59_a_number_is_made_unreadable_in_the_logs_too(db: Path) -> None:
    fill(db, *announced(1))
    log, older = db.with_name("media.db.log"), db.with_name("media.db.log.1")
    log.write_text(f"2026-11-22T14:02:03Z INFO of +1 631 555-1234\n{NUMBER}\n")
    older.write_text(f"first {NUMBER} last\n")
    for path in (log, older):
        path.chmod(0o600)
    assert told(db, "purge", "--number", NUMBER)["log_marks"] == 3
    assert older.read_text() == "first *******1234 last\n"
    assert log.read_text().splitlines()[:2] == ["2026-11-22T14:02:03Z INFO of +* *** ***-1234", "*******1234"]


# -- replay


async def live(db: Path, life: list[Event], chance: random.Random) -> Replayed:
    """Writes a life through the real writer, several calls at once, then replays it."""
    writer = await CacheWriter.open(db, now=wall)
    try:
        rest = [partial(write, writer, event) for event in life]
        while rest:
            count = chance.randint(1, 4)
            await asyncio.gather(*[one() for one in rest[:count]])
            rest = rest[count:]
        with Inbox(db) as inbox:
            inbox.leave_maintenance(Replay(id="replay", at=wall()))
        await Upkeep(db, keeper=writer, read=read_webhook, now=wall, gently=False).run_once()
    finally:
        await writer.close()
    with CacheReader(db) as reader:
        outcome = reader.run(queries.outcome("replay"))
    assert isinstance(outcome, Replayed)
    return outcome


async def write(writer: CacheWriter, event: Event) -> None:
    match event:
        case Webhook():
            await writer.take_webhook(event.body, event.at, read_webhook(event.body, event.at))
        case Ordered():
            await writer.take_order(Order(id=str(event.number), at=event.at, key=event.key))
        case Moved():
            await writer.decide(event.key, event.decide)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lives)
def test_a_replay_of_any_life_through_the_writer_finds_no_difference(
    tmp_path: Path, life: list[Event]
) -> None:
    folder = tmp_path / str(monotonic())
    folder.mkdir(mode=0o700)
    outcome = asyncio.run(live(folder / "media.db", life, random.Random(len(life))))
    assert (outcome.differences, outcome.differing) == ((), 0)
    assert outcome.rebuilt == outcome.media
    shutil.rmtree(folder)


@pytest.mark.slow
def test_webhooks_are_answered_within_a_second_while_a_replay_goes_on(db: Path) -> None:
    fill(db, *announced(1500))
    slowest: list[float] = []
    over = threading.Event()

    def send(url: str) -> None:
        number = 0
        while not over.is_set():
            begun = monotonic()
            assert post(url, announcement(f"new{number}")) == 200
            slowest.append(monotonic() - begun)
            number += 1

    with serving(db) as served:
        sender = threading.Thread(target=send, args=(served.url,))
        sender.start()
        try:
            outcome = told(db, "replay")
        finally:
            over.set()
            sender.join()
        assert outcome["differing"] == 0
        assert outcome["rebuilt"] == outcome["media"] >= 1500
    assert len(slowest) > 5
    assert max(slowest) < 1.0


def test_a_replay_tells_and_mends_what_differs(db: Path) -> None:
    fill(db, *announced(3))
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE media SET caption = 'spoilt' WHERE key = 'm1'")
        connection.commit()
    done = run(db, "replay")
    assert (done.returncode, done.stdout) == (1, "m1\tcaption\n")
    done = run(db, "replay")
    assert (done.returncode, done.stdout) == (0, "")


# -- kill -9 at random moments


def killed_after(db: Path, seconds: float, *arguments: str) -> None:
    process = subprocess.Popen(
        command(*arguments), env=environment(db), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def moments(seed: int, count: int, longest: float) -> Iterator[float]:
    chance = random.Random(seed)
    return (chance.uniform(0.2, longest) for _ in range(count))


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_purge_that_is_killed_is_finished_by_who_comes_next(db: Path) -> None:
    fill(db, *announced(1200, age=86_400 * 9), announcement("young", sender_name="Anna"))
    for seconds in moments(1, 4, 0.7):
        killed_after(db, seconds, "purge", "--older-than", "7d")
        assert sound(db)
    assert told(db, "replay")["differing"] == 0  # who works on the cache does first what waits
    run(db, "purge", "--older-than", "7d")
    assert media_count(db) == 1
    assert sound(db)
    with Inbox(db) as inbox:
        assert inbox.maintenance() is None


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_replay_that_is_killed_leaves_a_sound_cache(db: Path) -> None:
    fill(db, *announced(1200))
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE media SET caption = 'spoilt'")
        connection.commit()
    for seconds in moments(2, 4, 0.7):
        killed_after(db, seconds, "replay")
        assert sound(db)
    run(db, "replay")
    assert told(db, "replay")["differing"] == 0


def damage(db: Path, seed: int, pages: int, *, first: int = 1) -> bytes:
    """Overwrites some pages at random; the whole of what lies there now."""
    chance = random.Random(seed)
    data = bytearray(db.read_bytes())
    for _ in range(pages):
        page = chance.randrange(first, max(first + 1, len(data) // PAGE))
        data[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
    db.write_bytes(data)
    return bytes(data)


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


# -- recover


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


@pytest.mark.parametrize("content", [b"", b"these are my notes\n" * 500, None])
def test_a_cache_without_its_beginning_is_set_aside_and_an_empty_one_made_because_it_was_asked_for(
    db: Path, content: bytes | None
) -> None:
    fill(db, *announced(20))
    whole = db.read_bytes()
    content = content if content is not None else random.Random(1).randbytes(PAGE) + whole[PAGE:]
    db.write_bytes(content)
    done = run(db, "recover")
    assert done.returncode == 1
    assert "Nothing could be read of it" in done.stderr
    (aside,) = db.parent.glob("media.db.damaged-????-??-??")
    assert aside.read_bytes() == content
    assert (sound(db), media_count(db)) == (True, 0)


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
