"""The thread behind the writer: how it opens, groups, isolates and gives up."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from console.cache.commit import BATCH, MEDIA, Committer
from console.cache.entry import Entry
from console.cache.migrations import CacheRefused, open_writer
from console.cache.trouble import CacheUnavailable
from console.domain.media import DEFAULT_ACCOUNT

from .samples import key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from console.cache.batch import Batch, MediaRef


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def traced(statements: list[str]) -> Callable[[Path], sqlite3.Connection]:
    def connect(path: Path) -> sqlite3.Connection:
        connection = open_writer(path)
        connection.set_trace_callback(statements.append)
        return connection

    return connect


def entry(work: Callable[[Batch], object], refs: Sequence[MediaRef] = ()) -> Entry:
    return Entry(refs, work, asyncio.get_running_loop().create_future())


async def ended(committer: Committer) -> None:
    committer.stop()
    await asyncio.to_thread(committer.join)


async def test_a_batch_has_a_bounded_number_of_entries_and_media(db: Path) -> None:
    statements: list[str] = []
    committer = Committer(db, asyncio.get_running_loop(), traced(statements))
    refs = [(DEFAULT_ACCOUNT, key(str(number))) for number in range(MEDIA)]
    entries = [entry(lambda _: None) for _ in range(3 * BATCH)]
    entries += [entry(lambda _: None, refs) for _ in range(4)]
    for one in entries:
        committer.put(one)
    await committer.start()
    await asyncio.gather(*(one.future for one in entries))
    await ended(committer)
    assert statements.count("COMMIT") == 3 + 4


async def test_a_refusal_at_the_start_ends_the_thread(db: Path) -> None:
    def refuse(path: Path) -> sqlite3.Connection:
        raise CacheRefused(f"{path} is not for you.", "")

    committer = Committer(db, asyncio.get_running_loop(), refuse)
    with pytest.raises(CacheRefused, match="not for you"):
        await committer.start()
    late = entry(lambda _: None)
    committer.put(late)
    with pytest.raises(CacheUnavailable, match="closed"):
        await late.future


async def test_a_passing_trouble_at_the_start_is_told_as_such(db: Path) -> None:
    def locked(_: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database is locked")

    committer = Committer(db, asyncio.get_running_loop(), locked)
    with pytest.raises(CacheUnavailable, match="database is locked"):
        await committer.start()


async def test_the_content_of_one_entry_fails_that_one_alone(db: Path) -> None:
    def spoilt(_: Batch) -> object:
        raise KeyError("an odd value")

    committer = Committer(db, asyncio.get_running_loop(), open_writer)
    entries = [entry(lambda _: "good"), entry(spoilt), entry(lambda _: "good")]
    for one in entries:
        committer.put(one)
    await committer.start()
    results = await asyncio.gather(*(one.future for one in entries), return_exceptions=True)
    await ended(committer)
    assert [results[0], results[2]] == ["good", "good"]
    assert isinstance(results[1], KeyError)


async def test_all_that_waits_behind_a_failed_commit_fails_with_it(db: Path) -> None:
    def full(_: Batch) -> object:
        raise sqlite3.OperationalError("database or disk is full")

    opened: list[Path] = []

    def connect(path: Path) -> sqlite3.Connection:
        opened.append(path)
        return open_writer(path)

    committer = Committer(db, asyncio.get_running_loop(), connect)
    entries = [entry(full), *(entry(lambda _: None) for _ in range(2 * BATCH))]
    for one in entries:
        committer.put(one)
    await committer.start()
    results = await asyncio.gather(*(one.future for one in entries), return_exceptions=True)
    assert {type(result) for result in results} == {CacheUnavailable}
    again = entry(lambda _: "good")
    committer.put(again)
    assert await again.future == "good"
    await ended(committer)
    assert len(opened) == 2


async def test_a_spoilt_entry_beside_a_failing_disk_leaves_nobody_waiting(db: Path) -> None:
    def spoilt(_: Batch) -> object:
        raise ValueError("an odd value")

    def full(_: Batch) -> object:
        raise sqlite3.OperationalError("database or disk is full")

    committer = Committer(db, asyncio.get_running_loop(), open_writer)
    entries = [entry(spoilt), entry(full), entry(lambda _: None)]
    for one in entries:
        committer.put(one)
    await committer.start()
    results = await asyncio.gather(*(one.future for one in entries), return_exceptions=True)
    await ended(committer)
    assert [type(result) for result in results] == [ValueError, CacheUnavailable, CacheUnavailable]


async def test_an_entry_that_was_given_up_is_not_done(db: Path) -> None:
    done: list[str] = []
    committer = Committer(db, asyncio.get_running_loop(), open_writer)
    given_up, wanted = entry(lambda _: done.append("given up")), entry(lambda _: done.append("wanted"))
    given_up.future.cancel()
    committer.put(given_up)
    committer.put(wanted)
    await committer.start()
    await wanted.future
    await ended(committer)
    assert done == ["wanted"]
