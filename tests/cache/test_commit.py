"""The thread behind the writer: how it opens, groups, isolates and gives up."""

from __future__ import annotations

import asyncio
import errno
import io
import sqlite3
from typing import TYPE_CHECKING

import pytest

from console import log
from console.cache.commit import BATCH, MEDIA
from console.cache.entry import Awaited
from console.cache.migrations import CacheRefused, open_writer
from console.cache.thread import WriterThread
from console.cache.trouble import CacheUnavailable, WriterLost
from console.domain.media import DEFAULT_ACCOUNT

from .samples import key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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


def committing(
    db: Path, connect: Callable[[Path], sqlite3.Connection], lost: Callable[[], None] = lambda: None
) -> WriterThread:
    return WriterThread(db, connect, lost)


def entry(work: Callable[[Batch], object], refs: Sequence[MediaRef] = (), *, alone: bool = False) -> Awaited:
    return Awaited(asyncio.get_running_loop().create_future(), refs, work, alone=alone)


async def ended(committer: WriterThread) -> None:
    committer.stop()
    await committer.ended()


async def test_a_batch_has_a_bounded_number_of_entries_and_media(db: Path) -> None:
    statements: list[str] = []
    committer = committing(db, traced(statements))
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

    committer = committing(db, refuse)
    with pytest.raises(CacheRefused, match="not for you"):
        await committer.start()
    late = entry(lambda _: None)
    committer.put(late)
    with pytest.raises(CacheUnavailable, match="closed"):
        await late.future


async def test_a_passing_trouble_at_the_start_is_told_as_such(db: Path) -> None:
    def locked(_: Path) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database is locked")

    committer = committing(db, locked)
    with pytest.raises(CacheUnavailable, match="database is locked"):
        await committer.start()


async def test_the_content_of_one_entry_fails_that_one_alone(db: Path) -> None:
    def spoilt(_: Batch) -> object:
        raise KeyError("an odd value")

    committer = committing(db, open_writer)
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

    committer = committing(db, connect)
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


async def test_a_fault_after_work_between_two_transactions_does_not_fail_what_was_committed(
    db: Path,
) -> None:
    def full(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    committer = committing(db, open_writer)
    entries = [
        entry(lambda _: "before"),
        entry(lambda _: "too"),
        entry(lambda batch: batch.between(lambda _: "between"), alone=True),
        entry(lambda batch: batch.between(full), alone=True),
        entry(lambda _: "after"),
    ]
    for one in entries:
        committer.put(one)
    await committer.start()
    results = await asyncio.gather(*(one.future for one in entries), return_exceptions=True)
    await ended(committer)
    assert results[:3] == ["before", "too", "between"]
    assert [type(result) for result in results[3:]] == [CacheUnavailable] * 2


async def test_a_spoilt_entry_beside_a_failing_disk_leaves_nobody_waiting(db: Path) -> None:
    def spoilt(_: Batch) -> object:
        raise ValueError("an odd value")

    def full(_: Batch) -> object:
        raise sqlite3.OperationalError("database or disk is full")

    committer = committing(db, open_writer)
    entries = [entry(spoilt), entry(full), entry(lambda _: None)]
    for one in entries:
        committer.put(one)
    await committer.start()
    results = await asyncio.gather(*(one.future for one in entries), return_exceptions=True)
    await ended(committer)
    assert [type(result) for result in results] == [ValueError, CacheUnavailable, CacheUnavailable]


async def test_an_entry_that_was_given_up_is_not_done(db: Path) -> None:
    done: list[str] = []
    committer = committing(db, open_writer)
    given_up, wanted = entry(lambda _: done.append("given up")), entry(lambda _: done.append("wanted"))
    given_up.future.cancel()
    committer.put(given_up)
    committer.put(wanted)
    await committer.start()
    await wanted.future
    await ended(committer)
    assert done == ["wanted"]


async def test_an_error_of_the_system_fails_what_is_at_hand_and_the_thread_goes_on(db: Path) -> None:
    def torn(_: Batch) -> object:
        raise OSError(errno.EMFILE, "Too many open files")

    opened: list[Path] = []

    def connect(path: Path) -> sqlite3.Connection:
        opened.append(path)
        if len(opened) == 2:
            raise OSError(errno.EIO, "Input/output error")
        return open_writer(path)

    lost: list[str] = []
    committer = committing(db, connect, lambda: lost.append("lost"))
    await committer.start()
    for work, words in ((torn, "Too many open files"), (lambda _: None, "Input/output error")):
        failed = entry(work)
        committer.put(failed)
        with pytest.raises(CacheUnavailable, match=f"cannot be written: {words}"):
            await failed.future
    again = entry(lambda _: "good")
    committer.put(again)
    assert await again.future == "good"
    await ended(committer)
    assert (len(opened), lost) == (3, [])


async def test_an_error_of_the_system_at_the_start_is_told_in_words(db: Path) -> None:
    def torn(_: Path) -> sqlite3.Connection:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(CacheUnavailable, match="Input/output error"):
        await committing(db, torn).start()


class Unforeseen(Exception):
    pass


def unforeseen(_: object) -> sqlite3.Connection:
    raise Unforeseen("of the writer")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with log.to_stream(stream, ()):
        yield stream


async def test_an_unforeseen_error_leaves_nobody_waiting_and_is_not_silent(
    db: Path, logged: io.StringIO
) -> None:
    lost = asyncio.Event()
    committer = committing(db, open_writer, lost.set)
    await committer.start()
    entries = [entry(unforeseen), entry(lambda _: None)]
    for one in entries:
        committer.put(one)
    results = await asyncio.gather(*(one.future for one in entries), return_exceptions=True)
    assert {type(result) for result in results} == {CacheUnavailable}
    await lost.wait()
    await ended(committer)
    assert "Unforeseen: of the writer" in logged.getvalue()
    late = entry(lambda _: None)
    committer.put(late)
    with pytest.raises(CacheUnavailable):
        await late.future


async def test_an_unforeseen_error_at_the_start_does_not_read_like_an_end(
    db: Path, logged: io.StringIO
) -> None:
    with pytest.raises(WriterLost, match="failed"):
        await committing(db, unforeseen).start()
    assert "Unforeseen: of the writer" in logged.getvalue()
