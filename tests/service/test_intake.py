from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.paths import inbox_path
from console.cache.reader import CacheReader
from console.cache.writer import CacheWriter
from console.clock import monotonic, wall
from console.domain.facts import MediaAnnounced
from console.domain.media import MediaId, MediaKey, State
from console.domain.orders import Taken
from console.service.intake import TOLD_AFTER, Intake
from console.service.recorder import Recorder
from console.service.standing import Board
from console.service.supervisor import Supervisor
from tests.service.world import order, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Desk:
    """An intake at work, and how often it told of orders."""

    def __init__(self, db: Path, writer: CacheWriter, told_after: float) -> None:
        self.db = db
        self.writer = writer
        self.board = Board(now=wall, pid=1, api_url=None)
        self.told = 0
        recorder = Recorder(writer, self.board)
        self.intake = Intake(
            db, recorder=recorder, board=self.board, taken=self._taken, told_after=told_after
        )

    def _taken(self) -> None:
        self.told += 1

    def states(self, *keys: str) -> list[State | None]:
        with CacheReader(self.db) as reader:
            found = [reader.run(queries.media(MediaKey(key))) for key in keys]
        return [media.state if media is not None else None for media in found]


def _announced(told: MediaAnnounced, _: object) -> tuple[MediaAnnounced]:
    return (told,)


@asynccontextmanager
async def desk(db: Path, *known: str, told_after: float = TOLD_AFTER) -> AsyncIterator[Desk]:
    writer = await CacheWriter.open(db, now=wall)
    for key in known:
        told = MediaAnnounced(key=MediaKey(key), at=wall(), id=MediaId(key))
        await writer.decide(told.key, partial(_announced, told))
    at_work = Desk(db, writer, told_after)
    supervisor = Supervisor(at_work.board)
    try:
        supervisor.keep("intake", at_work.intake.run)
        yield at_work
    finally:
        await supervisor.stop()
        await writer.close()


async def test_orders_are_taken_within_a_moment_and_leave_the_inbox(tmp_path: Path) -> None:
    async with desk(tmp_path / "c.db", "a", "b") as at_work:
        with Inbox(at_work.db) as inbox:
            await until(lambda: inbox_path(at_work.db).exists())
            inbox.leave([order("a"), order("b")])
            await until(lambda: at_work.states("a", "b") == [State.QUEUED] * 2)
            await until(lambda: inbox.waiting(10) == [])
            await until(lambda: at_work.told == 1)
            inbox.leave([order("a")])
            await until(lambda: at_work.told == 2)


async def test_what_waited_before_the_start_is_taken_however_much_it_is(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    keys = [f"m-{number}" for number in range(3)]
    with Inbox(db) as inbox:
        inbox.leave([order(keys[number % 3]) for number in range(1203)])
        async with desk(db, *keys) as at_work:
            await until(lambda: inbox.waiting(10) == [])
            assert at_work.states(*keys) == [State.QUEUED] * 3


async def test_an_order_taken_twice_changes_nothing(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    twice = order("a")
    with Inbox(db) as inbox:
        async with desk(db, "a") as at_work:
            assert await at_work.writer.take_order(twice) is Taken.QUEUED
            inbox.leave([twice])
            await until(lambda: inbox.waiting(10) == [])
            await until(lambda: at_work.told == 1)
        with CacheReader(db) as reader:
            history = [type(fact).__name__ for fact in reader.run(queries.history(MediaKey("a")))]
    assert history == ["MediaAnnounced", "StoreQueued"]


async def test_an_order_for_nothing_known_is_noted(tmp_path: Path) -> None:
    async with desk(tmp_path / "c.db") as at_work:
        with Inbox(at_work.db) as inbox:
            inbox.leave([order("nobody")])
            await until(lambda: inbox.waiting(10) == [])
        await until(lambda: at_work.board.changed.is_set())
        await at_work.board.end(at_work.writer)
        with CacheReader(at_work.db) as reader:
            [notice] = reader.run(queries.notices())
    assert notice.key == "nobody"
    assert "does not know" in notice.text
    assert at_work.told == 0


async def test_an_inbox_that_somebody_locks_delays_the_orders_only(tmp_path: Path) -> None:
    async with desk(tmp_path / "c.db", "a") as at_work:
        with Inbox(at_work.db) as inbox:
            inbox.leave([order("a")])
        await until(lambda: at_work.told == 1)
        thief = sqlite3.connect(inbox_path(at_work.db), isolation_level=None)
        thief.execute("BEGIN EXCLUSIVE")
        took = []
        for _ in range(4):
            begun = monotonic()
            await asyncio.sleep(0.3)
            took.append(monotonic() - begun)
        assert min(took) < 0.45, "the loop is not held up"
        thief.execute("ROLLBACK")
        thief.close()
        with Inbox(at_work.db) as inbox:
            inbox.leave([order("a")])
        await until(lambda: at_work.told == 2)


@pytest.mark.slow
async def test_an_inbox_that_stays_locked_is_a_trouble_and_delays_the_end_for_a_moment_only(
    tmp_path: Path,
) -> None:
    db = tmp_path / "c.db"
    with Inbox(db):
        thief = sqlite3.connect(inbox_path(db), isolation_level=None)
        thief.execute("BEGIN EXCLUSIVE")
        async with desk(db, told_after=0) as at_work:
            await until(lambda: at_work.board.standing.troubles != ())
            [trouble] = at_work.board.standing.troubles
            assert trouble.id == "inbox"
            begun = monotonic()
        assert monotonic() - begun < 1
        async with desk(db, told_after=0) as at_work:
            await until(lambda: at_work.board.standing.troubles != ())
            thief.execute("ROLLBACK")
            await until(lambda: at_work.board.standing.troubles == ())
        async with desk(db) as at_work:
            thief.execute("BEGIN EXCLUSIVE")
            await asyncio.sleep(0.7)
            assert at_work.board.standing.troubles == (), "a moment of that is no trouble"
        thief.close()


async def test_a_file_that_is_no_inbox_is_a_trouble_in_words(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    inbox_path(db).write_text("these are my notes, long enough to be looked at")
    async with desk(db) as at_work:
        await until(lambda: at_work.board.standing.troubles != ())
        [trouble] = at_work.board.standing.troubles
    assert trouble.id == "inbox"
    assert "inbox" in trouble.text
    assert inbox_path(db).read_text().startswith("these are my notes")
