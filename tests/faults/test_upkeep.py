"""Work on the whole cache: what is purged is gone, what is replayed is equal, and no kill leaves a mess."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

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
from tests.cli.world import announcement, failure, fill, post, success, until

from .keeping import (
    CAPTION,
    NAME,
    NUMBER,
    announced,
    count,
    files_with_traces,
    killed_after,
    media_count,
    moments,
    run,
    sound,
    told,
)
from .processes import serving

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "media.db"


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
        until(lambda: count(db, "notice WHERE media_key = 'm1'") == 1)
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
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "m1\tcaption")
    done = run(db, "replay")
    assert (done.returncode, "\t" in done.stdout) == (0, False)
    assert done.stdout.split()[:2] == ["media", "3"]


# -- kill -9 at random moments


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
