"""The search index is fed behind the commits: no acknowledgement waits for it, and no webhook fails by it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from console.cache import searchindex
from console.cache.commit import BATCH
from console.cache.connection import WritingConnection
from console.cache.feeding import AGAIN, REST, TRAILS, Feeder
from console.cache.migrations import open_writer
from console.cache.table import write_media
from console.cache.thread import WriterThread
from console.cache.writer import CacheWriter
from tests.faults.failing import disk_error, watched

from .samples import NOW, due_in, reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path


class Clock:
    """A clock that stands, or goes on by itself at each look."""

    def __init__(self, by_itself: float = 0.0) -> None:
        self.now = 100.0
        self._by_itself = by_itself

    def __call__(self) -> float:
        self.now += self._by_itself
        return self.now


class Watch:
    """Tells each committed transaction: how it was synced, and what it wrote; fails what it is told to."""

    def __init__(self) -> None:
        self.committed: list[tuple[int, list[str]]] = []
        self.fails: Callable[[str], Exception | None] = lambda _: None
        self._statements: list[str] = []
        self._asking = False

    def connect(self, db: Path) -> sqlite3.Connection:
        return open_writer(db, factory=watched(before=self._before))

    def _before(self, connection: sqlite3.Connection, statement: str) -> None:
        if self._asking:
            return
        if (error := self.fails(statement)) is not None:
            raise error
        if statement.startswith("BEGIN"):
            self._statements = []
        elif statement == "COMMIT":
            self._asking = True
            (level,) = connection.execute("PRAGMA synchronous").fetchone()
            self._asking = False
            self.committed.append((level, self._statements))
        else:
            self._statements.append(statement)

    def of_the_index(self) -> list[int]:
        return [level for level, told in self.committed if any("INTO media_search " in each for each in told)]

    def of_others(self) -> list[int]:
        return [level for level, told in self.committed if not any("media_search " in each for each in told)]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def writing(db: Path, watch: Watch) -> Iterator[WritingConnection]:
    held = WritingConnection(db, watch.connect)
    held.begin()
    yield held
    held.close()


@pytest.fixture
def feeder(writing: WritingConnection, clock: Clock) -> Feeder:
    return Feeder(writing, clock)


@asynccontextmanager
async def opened(db: Path, watch: Watch, clock: Clock | None = None) -> AsyncIterator[CacheWriter]:
    feeder = Feeder if clock is None else partial(Feeder, now=clock)
    committer = WriterThread(db, watch.connect, lambda: None, feeder)
    await committer.start()
    writer = CacheWriter(committer, now=lambda: NOW, capacity=1000)
    try:
        yield writer
    finally:
        await writer.close()


def write(writing: WritingConnection, *names: str) -> None:
    connection = writing.get()
    connection.execute("BEGIN")
    for name in names:
        write_media(connection, due_in(5, name, caption=f"caption of {name}"))
    connection.execute("COMMIT")


def feed(feeder: Feeder) -> None:
    while feeder.wait() == 0.0:
        feeder.bite()


def found(connection: sqlite3.Connection, trigram: str) -> list[int]:
    quoted = f'"{trigram}"'
    rows = connection.execute("SELECT rowid FROM media_search WHERE media_search MATCH ?", (quoted,))
    return [seq for (seq,) in rows]


def trails(db: Path) -> bool:
    with closing(sqlite3.connect(db)) as connection:
        return searchindex.trails(connection)


def test_the_rows_of_a_while_are_indexed_together(
    writing: WritingConnection, feeder: Feeder, clock: Clock
) -> None:
    assert feeder.wait() is None
    feeder.committed()
    clock.now += REST / 2
    feeder.committed()
    assert feeder.wait() == REST / 2
    write(writing, "a", "b")
    clock.now += REST / 2
    feed(feeder)
    assert feeder.wait() is None
    assert found(writing.get(), "cap") == [1, 2]


def test_a_commit_without_a_text_costs_no_transaction(feeder: Feeder, clock: Clock, watch: Watch) -> None:
    feeder.committed()
    clock.now += REST
    feed(feeder)
    assert feeder.wait() is None
    assert watch.committed == []


def test_what_is_overdue_is_done_whatever_waits_but_not_for_longer_than_a_share(
    db: Path, writing: WritingConnection, watch: Watch
) -> None:
    slow = Clock(by_itself=0.001)
    feeder = Feeder(writing, slow)
    write(writing, *map(str, range(3 * searchindex.AT_ONCE)))
    feeder.committed()
    feeder.keep_up(busy=0.0)
    assert watch.of_the_index() == []
    slow.now += TRAILS
    feeder.keep_up(busy=0.0)
    assert len(watch.of_the_index()) == 1
    feeder.keep_up(busy=1000.0)
    assert not trails(db)


@pytest.mark.parametrize("reopened", [False, True])
@pytest.mark.parametrize(
    "spoil",
    [
        "DROP TABLE media_search",
        "DELETE FROM media_search_data WHERE id = 10",
        "UPDATE media_search_data SET block = x'00'",
        "DROP TABLE media_search_data",
        "DROP TABLE media_search_config",
    ],
)
def test_an_index_that_is_damaged_or_gone_is_made_anew_and_fed_again(
    db: Path, writing: WritingConnection, feeder: Feeder, clock: Clock, spoil: str, reopened: bool
) -> None:
    write(writing, "a")
    feeder.committed()
    clock.now += REST
    feed(feeder)
    with closing(sqlite3.connect(db)) as other:
        other.execute(spoil)
        other.commit()
    if reopened:
        writing.give_up()
    for number in range(20):  # so many segments are merged, and then all of them are read
        write(writing, f"b{number}")
        feeder.committed()
        clock.now += REST
        feed(feeder)
    assert not trails(db)
    assert found(writing.get(), "apt") == list(range(1, 22))


@pytest.mark.parametrize("fault", [disk_error(), OSError("gone"), MemoryError()])
def test_after_a_fault_it_rests_on_a_new_connection_and_goes_on(
    db: Path, writing: WritingConnection, feeder: Feeder, clock: Clock, watch: Watch, fault: Exception
) -> None:
    write(writing, "a")
    first = writing.get()
    watch.fails = lambda statement: fault if "INTO media_search " in statement else None
    feeder.committed()
    clock.now += REST
    feed(feeder)
    assert feeder.wait() == AGAIN
    assert writing.get() is not first
    assert writing.get().execute("PRAGMA synchronous").fetchone() == (2,)
    watch.fails = lambda _: None
    clock.now += AGAIN
    feed(feeder)
    assert not trails(db)


def test_a_full_disk_stops_the_feed_alone(
    db: Path, writing: WritingConnection, feeder: Feeder, clock: Clock
) -> None:
    write(writing, *map(str, range(200)))
    connection = writing.get()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    feeder.committed()
    clock.now += REST
    feed(feeder)
    assert feeder.wait() == AGAIN
    assert trails(db)
    clock.now += AGAIN
    feed(feeder)
    assert not trails(db)


def test_where_making_it_anew_does_not_help_that_is_not_tried_without_end(
    writing: WritingConnection, feeder: Feeder, clock: Clock, watch: Watch
) -> None:
    damage = sqlite3.DatabaseError("database disk image is malformed")
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    write(writing, "a")
    watch.fails = lambda statement: damage if "INTO media_search (rowid" in statement else None
    feeder.committed()
    clock.now += REST
    feed(feeder)
    assert feeder.wait() == AGAIN


def test_a_cache_that_is_gone_is_no_fault_of_the_writer(
    db: Path, writing: WritingConnection, feeder: Feeder, clock: Clock
) -> None:
    write(writing, "a")
    db.unlink()
    feeder.committed()
    clock.now += REST
    feed(feeder)
    assert feeder.wait() == AGAIN


async def test_every_commit_that_is_acknowledged_is_synced_and_those_of_the_feed_are_not(
    db: Path, watch: Watch
) -> None:
    async with opened(db, watch, Clock(by_itself=1.0)) as writer:
        for number in range(30):
            names = [f"m{number}-{each}" for each in range(5)]
            await asyncio.gather(*(writer.take_webhook(b"{}", NOW, reading(name)) for name in names))
            if number % 10 == 0:
                watch.fails = lambda statement: disk_error() if "INTO media_search " in statement else None
            if number % 10 == 5:
                watch.fails = lambda _: None
    assert len(watch.of_the_index()) > 5
    assert set(watch.of_the_index()) == {1}
    assert len(watch.of_others()) >= 30
    assert set(watch.of_others()) == {2}


async def test_faults_of_the_feed_fail_no_webhook_and_do_not_end_the_writer(db: Path, watch: Watch) -> None:
    watch.fails = lambda statement: disk_error() if "INTO media_search " in statement else None
    async with opened(db, watch, Clock(by_itself=AGAIN)) as writer:
        for number in range(20):
            recorded = await writer.take_webhook(b"{}", NOW, reading(f"m{number}"))
            assert recorded.new == 1
        assert trails(db)


@pytest.mark.parametrize(("by_itself", "fed"), [(TRAILS, {0, 1}), (0.0, {0})])
async def test_under_load_it_is_fed_between_the_commits_once_it_trails_too_far(
    db: Path, watch: Watch, by_itself: float, fed: set[int]
) -> None:
    def look(connection: sqlite3.Connection) -> int:
        (seq,) = connection.execute("SELECT seq FROM search_fed").fetchone()
        return int(seq)

    async with opened(db, watch, Clock(by_itself)) as writer:
        first = writer.take_webhook(b"{}", NOW, reading("a"))
        _, *seen = await asyncio.gather(first, *(writer.maintain(look) for _ in range(2 * BATCH)))
    assert set(seen) == fed


async def test_what_the_last_writer_left_is_fed_without_any_commit(db: Path, watch: Watch) -> None:
    async with opened(db, watch, Clock()) as writer:
        await writer.take_webhook(b"{}", NOW, reading("a"))
    assert trails(db)
    async with opened(db, watch):
        for _ in range(200):
            if not trails(db):
                break
            await asyncio.sleep(0.05)
    assert not trails(db)
