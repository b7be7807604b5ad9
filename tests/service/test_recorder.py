from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from console.cache.writer import CacheWriter
from console.clock import wall
from console.domain.facts import MediaAnnounced
from console.domain.media import MediaId, MediaKey
from console.domain.orders import Taken
from console.service.recorder import Recorder
from console.service.standing import Board
from console.service.waits import until_set
from tests.service.world import order, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

KEY = MediaKey("m-1")


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[CacheWriter]:
    opened = await CacheWriter.open(tmp_path / "c.db", now=wall, connect=_impatient)
    try:
        yield opened
    finally:
        await opened.close()


def _impatient(db: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(db, isolation_level=None, check_same_thread=False, timeout=0.05)
    connection.execute("PRAGMA journal_mode = WAL")
    return connection


def announced() -> MediaAnnounced:
    return MediaAnnounced(key=KEY, at=wall(), id=MediaId(KEY))


async def test_it_writes_like_the_writer(writer: CacheWriter) -> None:
    recorder = Recorder(writer, Board(now=wall, pid=1, api_url=None))
    decided = await recorder.decide(KEY, lambda _: (announced(),))
    assert [type(fact) for fact in decided.facts] == [MediaAnnounced]
    assert await recorder.take_orders([order(KEY), order("nobody")]) == [Taken.QUEUED, Taken.UNKNOWN]


async def test_it_insists_while_the_cache_is_locked_and_says_so(tmp_path: Path, writer: CacheWriter) -> None:
    pauses: list[float | None] = []

    async def quickly(event: asyncio.Event, seconds: float | None) -> bool:
        pauses.append(seconds)
        return await until_set(event, 0.01)

    board = Board(now=wall, pid=1, api_url=None)
    recorder = Recorder(writer, board, wait=quickly)
    thief = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
    thief.execute("BEGIN IMMEDIATE")
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(recorder.decide(KEY, lambda _: (announced(),)))
        await until(lambda: len(pauses) >= 6)
        assert [trouble.id for trouble in board.standing.troubles] == ["cache"]
        assert pauses[:6] == [0.25, 0.5, 1, 2, 4, 5]
        thief.execute("ROLLBACK")
        thief.close()
        decided = await writing
    assert len(decided.facts) == 1
    assert board.standing.troubles == ()


async def test_what_a_decision_raises_is_the_callers(writer: CacheWriter) -> None:
    def broken(_: object) -> tuple[()]:
        raise LookupError("mine")

    with pytest.raises(LookupError):
        await Recorder(writer, Board(now=wall, pid=1, api_url=None)).decide(KEY, broken)
