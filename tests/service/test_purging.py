"""A whole purge, and one that is ended half-way."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.reader import CacheReader
from console.cache.writer import CacheWriter
from console.clock import wall
from console.domain.maintenance import Purge
from console.domain.media import MediaKey, Millis
from console.domain.orders import Order
from console.domain.retention import DAY_MS
from console.domain.standing import Health
from console.platforms.base import Accepted, HealthAnswer
from console.platforms.onpremises.webhook import read_webhook
from console.service.purging import doubt_of_age, purge_all
from console.service.supervisor import Supervisor
from console.service.upkeep import Bench
from console.service.waits import until_set
from tests.cli.world import announcement, post
from tests.service.world import running, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path
    from typing import TypeVar

    from console.domain.media import MediaId

    _T = TypeVar("_T")

PURGE = Purge(id="p", at=wall(), number="16315551234")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "media.db"


@pytest.fixture
async def writer(db: Path) -> AsyncIterator[CacheWriter]:
    opened = await CacheWriter.open(db, now=wall)
    for number in range(30):
        body = announcement(f"m{number}")
        await opened.take_webhook(body, wall(), read_webhook(body, wall()))
    yield opened
    await opened.close()


async def test_a_purge_counts_the_orders_that_waited_and_names_the_copies(
    db: Path, writer: CacheWriter
) -> None:
    copy = db.with_name("media.db.v2-2026-11-22")
    copy.touch()
    bench = Bench(db, writer, read_webhook, wall, until_set, gently=False)
    with Inbox(db) as inbox:
        inbox.leave([Order(id=str(n), at=wall(), key=MediaKey(f"m{n}")) for n in range(28, 32)])
        await writer.take_orders(inbox.waiting(1))
        done = await purge_all(bench, inbox, PURGE)
        assert [order.key for order in inbox.waiting(10)] == ["m30", "m31"]
    bench.close()
    assert (done.media, done.facts, done.bodies, done.orders) == (30, 31, 30, 3)
    assert done.copies == (str(copy),)
    assert done.unfreed is None


async def test_a_log_that_cannot_be_masked_does_not_keep_the_space_from_being_freed(
    db: Path, writer: CacheWriter
) -> None:
    db.with_name("media.db.log").symlink_to(db)
    bench = Bench(db, writer, read_webhook, wall, until_set, gently=False)
    with Inbox(db) as inbox:
        done = await purge_all(bench, inbox, PURGE)
    bench.close()
    assert (done.media, done.bodies, done.log_marks) == (30, 30, 0)
    assert done.unmasked == (f"{db}.log (Too many levels of symbolic links)",)
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert not db.with_name("media.db-wal").stat().st_size


class Watch:
    """A clock watch that says what it is told to."""

    def __init__(self, *, proved: bool = False, was_set: bool = False) -> None:
        self.proved, self.was_set = proved, was_set

    def steady(self) -> bool:
        return self.proved

    def doubted(self) -> bool:
        return self.was_set


@pytest.mark.parametrize(
    ("watch", "asked_later", "refused"),
    [
        (None, 0, False),
        (Watch(), 0, False),
        (Watch(proved=True), 0, False),
        (Watch(was_set=True), 0, True),
        (Watch(proved=True), DAY_MS, True),
        (None, DAY_MS, True),
    ],
)
def test_a_clock_in_doubt_purges_nothing_by_age(watch: Watch | None, asked_later: int, refused: bool) -> None:
    now = wall()
    order = Purge(id="p", at=Millis(now + asked_later), before=now)
    doubt = doubt_of_age(order, now, watch)
    assert (doubt is not None) is refused
    assert doubt is None or "was set" in doubt.what
    assert doubt_of_age(PURGE, now, watch) is None, "a number has nothing to do with it"


class Slow:
    """A writer whose file takes long to be written anew."""

    def __init__(self, writer: CacheWriter) -> None:
        self._writer = writer
        self.at_work = False

    async def maintain(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._writer.maintain(work)

    async def between(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        def slowly(connection: sqlite3.Connection) -> _T:
            def look() -> int:
                self.at_work = True
                threading.Event().wait(0.01)
                return 0

            connection.set_progress_handler(look, 1)
            try:
                return work(connection)
            finally:
                connection.set_progress_handler(None, 1)

        return await self._writer.between(slowly)


class Witness:
    """Tasks must not fail here."""

    def task_failed(self, name: str, error: Exception) -> None:
        raise AssertionError(name) from error

    def task_recovered(self, name: str) -> None:
        raise AssertionError(name)


async def test_an_end_in_the_middle_of_writing_the_file_anew_does_not_wait_for_it(
    db: Path, writer: CacheWriter
) -> None:
    slow = Slow(writer)
    bench = Bench(db, slow, read_webhook, wall, until_set, gently=False)
    with Inbox(db) as inbox:

        async def purge() -> None:
            await purge_all(bench, inbox, PURGE)

        supervisor = Supervisor(Witness())
        supervisor.start("purge", purge)
        await until(lambda: slow.at_work)
        await supervisor.stop()
        body = announcement("after")
        async with asyncio.timeout(5):
            await writer.take_webhook(body, wall(), read_webhook(body, wall()))
    bench.close()
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert connection.execute("SELECT key FROM media").fetchall() == [("after",)]


class Held:
    """An API that answers no call before it is told to."""

    def __init__(self) -> None:
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    async def store(self, media_id: MediaId) -> Accepted:
        self.asked.set()
        await self.answer.wait()
        return Accepted()

    async def health(self) -> HealthAnswer:
        return HealthAnswer(health=Health.CONNECTED)

    async def aclose(self) -> None:
        """Nothing is open."""


async def test_the_answer_of_a_call_that_was_open_makes_no_media_of_its_own(db: Path) -> None:
    api = Held()
    async with running(db, api) as world:
        body = announcement("a")
        assert await asyncio.to_thread(post, world.webhook_url, body) == 200
        world.order("a")
        await api.asked.wait()
        world.inbox.leave_maintenance(PURGE)
        with CacheReader(world.db) as reader:
            await until(lambda: reader.run(queries.outcome("p")) is not None)
            assert reader.run(queries.media(MediaKey("a"))) is None
        api.answer.set()
        await until(lambda: "store" not in world.service.tasks)
    with CacheReader(db) as reader:
        assert reader.run(queries.media(MediaKey("a"))) is None
