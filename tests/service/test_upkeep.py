"""Work on the whole cache is carried out once, whoever left it and however often it was begun."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import pytest

from console.cache import outcomes, queries
from console.cache.inbox import Inbox
from console.cache.reader import CacheReader
from console.cache.writer import CacheUnavailable, CacheWriter
from console.clock import wall
from console.domain.exceptions import FixSetting
from console.domain.maintenance import Outcome, Purge, Purged, Replay, Replayed, Unfinished
from console.domain.media import MediaKey
from console.platforms.onpremises.webhook import read_webhook
from console.service.supervisor import Supervisor
from console.service.upkeep import Keeper, Upkeep
from tests.cli.world import announcement
from tests.service.world import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path
    from typing import TypeVar

    _T = TypeVar("_T")

NUMBER = "16315551234"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "media.db"


@asynccontextmanager
async def writer_of(db: Path, *bodies: bytes) -> AsyncIterator[CacheWriter]:
    writer = await CacheWriter.open(db, now=wall)
    try:
        for body in bodies:
            at = wall()
            await writer.take_webhook(body, at, read_webhook(body, at))
        yield writer
    finally:
        await writer.close()


def outcome(db: Path, id_: str) -> Outcome | None:
    with CacheReader(db) as reader:
        return reader.run(queries.outcome(id_))


def upkeep(db: Path, keeper: Keeper, told: Callable[[str], None] | None = None) -> Upkeep:
    return Upkeep(db, keeper=keeper, read=read_webhook, now=wall, told=told)


class Witness:
    """Tasks must not fail here."""

    def task_failed(self, name: str, error: Exception) -> None:
        raise AssertionError(name) from error

    def task_recovered(self, name: str) -> None:
        raise AssertionError(name)


async def test_what_is_left_while_it_runs_is_done_within_a_moment(db: Path) -> None:
    told: list[str] = []
    async with writer_of(db, announcement("a")) as writer:
        supervisor = Supervisor(Witness())
        supervisor.keep("upkeep", upkeep(db, writer, told.append).run)
        with Inbox(db) as inbox:
            inbox.leave_maintenance(Replay(id="r", at=wall()))
            await until(lambda: outcome(db, "r") is not None)
            inbox.leave_maintenance(Purge(id="p", at=wall(), number=NUMBER))
            await until(lambda: outcome(db, "p") is not None)
            await until(lambda: inbox.maintenance() is None)
        await supervisor.stop()
    assert outcome(db, "r") == Replayed(media=1, rebuilt=1)
    purged = outcome(db, "p")
    assert isinstance(purged, Purged)
    assert (purged.media, purged.facts, purged.bodies) == (1, 1, 1)
    assert [text.partition(" 1 media")[0] for text in told] == [
        "A replay looked at",
        "A purge of one sender's number removed",
    ]


async def test_what_waits_is_done_once_in_the_order_it_was_left(
    db: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "console.service.upkeep")
    async with writer_of(db, announcement("a")) as writer:
        with Inbox(db) as inbox:
            inbox.leave_maintenance(Purge(id="p", at=wall(), number=NUMBER))
            inbox.leave_maintenance(Replay(id="r", at=wall()))
        await upkeep(db, writer).run_once()
        assert outcome(db, "r") == Replayed()
        assert "the purge has ended: media 1, facts 1, bodies 1, quarantined 0" in caplog.text
        with Inbox(db) as inbox:
            assert inbox.maintenance() is None


async def test_one_that_was_done_before_a_crash_is_not_done_again(db: Path) -> None:
    purge = Purge(id="p", at=wall(), number=NUMBER)
    async with writer_of(db, announcement("a")) as writer:
        await writer.maintain(lambda connection: outcomes.keep(connection, purge, Purged(media=7), wall()))
        with Inbox(db) as inbox:
            inbox.leave_maintenance(purge)
        await upkeep(db, writer).run_once()
        assert outcome(db, "p") == Purged(media=7)
        with CacheReader(db) as reader:
            assert len(reader.run(queries.raw_bodies(MediaKey("a")))) == 1


class Failing:
    """A writer whose cache cannot be written for good."""

    def __init__(self, writer: CacheWriter, error: Exception) -> None:
        self._writer = writer
        self._error: Exception | None = error

    async def maintain(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._writer.maintain(work)

    async def between(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        error, self._error = self._error, None
        if error is not None:
            raise error
        return await self._writer.between(work)


async def test_a_fault_that_may_pass_leaves_the_order_waiting(db: Path) -> None:
    async with writer_of(db, announcement("a")) as writer:
        with Inbox(db) as inbox:
            inbox.leave_maintenance(Purge(id="p", at=wall(), number=NUMBER))
        keeper = upkeep(db, Failing(writer, CacheUnavailable("The disk is full.", "Free some.")))
        with pytest.raises(CacheUnavailable, match="disk is full"):
            await keeper.run_once()
        assert outcome(db, "p") is None
        await keeper.run_once()
        assert isinstance(outcome(db, "p"), Purged)


async def test_a_fault_that_stays_is_the_outcome(db: Path) -> None:
    async with writer_of(db, announcement("a")) as writer:
        with Inbox(db) as inbox:
            inbox.leave_maintenance(Purge(id="p", at=wall(), number=NUMBER))
        await upkeep(db, Failing(writer, FixSetting("The cache is another's.", "Ask."))).run_once()
    assert outcome(db, "p") == Unfinished(what="The cache is another's.", remedy="Ask.")


@pytest.mark.slow
async def test_a_purge_while_somebody_reads_says_that_the_space_is_not_free_yet(db: Path) -> None:
    async with writer_of(db, *[announcement(f"m{number}") for number in range(20)]) as writer:
        with Inbox(db) as inbox:
            inbox.leave_maintenance(Purge(id="p", at=wall(), number=NUMBER))
        with closing(sqlite3.connect(db, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM media").fetchone()
            await Upkeep(
                db, keeper=writer, read=read_webhook, now=wall, gently=False, wait=at_once
            ).run_once()
            other.execute("COMMIT")
    purged = outcome(db, "p")
    assert isinstance(purged, Purged)
    assert purged.media == 20
    assert "a program that reads the cache" in str(purged.unfreed)


async def at_once(event: object, seconds: float | None) -> bool:
    """No waiting at all."""
    return False
