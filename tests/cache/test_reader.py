"""Readers with a writer, without one, and while one comes; they leave no trace."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from typing import TYPE_CHECKING

import pytest

from console.cache import migrations, queries
from console.cache.migrations import CacheDamaged, CacheRefused
from console.cache.paths import wal_path
from console.cache.query import first_of
from console.cache.reader import CHUNK, AsyncCacheReader, CacheReader, Moment, NoCache, Unreadable
from console.cache.windows import keys_of
from console.cache.writer import CacheWriter
from console.domain import filters
from console.domain.media import State
from console.domain.views import Selection

from .samples import NOW, WINDOW, announced, due_in, fill, key, keys_in, reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from console.domain.media import MediaKey


def keys(moment: Moment) -> Iterator[MediaKey]:
    return keys_of(moment, Selection(), WINDOW, NOW)


def every(moment: Moment) -> list[MediaKey]:
    return list(keys(moment))


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@asynccontextmanager
async def writing(db: Path) -> AsyncIterator[CacheWriter]:
    writer = await CacheWriter.open(db, now=lambda: NOW)
    try:
        yield writer
    finally:
        await writer.close()


def state_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of a folder but SQLite's shared memory, with its content and time of change."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
        if not path.name.endswith("-shm")
    }


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def read_both_ways(db: Path) -> list[MediaKey]:
    with CacheReader(db) as reader:
        plain = reader.ask(every)
        assert list(reader.stream(keys)) == plain
    async with AsyncCacheReader(db) as reader:
        assert await reader.ask(every) == plain
    return plain


async def test_a_copied_file_is_read_without_a_trace(db: Path) -> None:
    fill(db, [due_in(1, "a"), due_in(2, "b")])
    before = state_of(db.parent)
    assert await read_both_ways(db) == ["a", "b"]
    assert state_of(db.parent) == before
    assert names(db.parent) == ["cache.db"]


async def test_an_ended_service_is_read_without_a_trace(db: Path) -> None:
    async with writing(db) as writer:
        await writer.take_webhook(b"{}", NOW, reading("a"))
    before = state_of(db.parent)
    assert await read_both_ways(db) == ["a"]
    assert state_of(db.parent) == before
    assert names(db.parent) == ["cache.db", "cache.db-shm", "cache.db-wal"]


async def test_a_running_service_is_read_and_followed(db: Path) -> None:
    async with writing(db) as writer:
        with CacheReader(db) as plain:
            async with AsyncCacheReader(db) as reader:
                first = plain.version(), await reader.version()
                assert (plain.version(), await reader.version()) == first
                await writer.take_webhook(b"{}", NOW, reading("a"))
                second = plain.version(), await reader.version()
                assert second[0] != first[0]
                assert second[1] != first[1]
                assert plain.ask(every) == await reader.ask(every) == ["a"]


CRASH = """
import asyncio, os, signal, sys
from pathlib import Path
from console.cache.windows import keys_of
from console.cache.writer import CacheWriter
from tests.cache.samples import NOW, reading

async def main():
    writer = await CacheWriter.open(Path(sys.argv[1]), now=lambda: NOW)
    await writer.take_webhook(b"{}", NOW, reading("a", "b"))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def crash(db: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", CRASH, str(db)], check=False)
    assert ended.returncode == -signal.SIGKILL


async def test_what_a_killed_service_left_is_read_and_never_checkpointed(db: Path) -> None:
    crash(db)
    before = state_of(db.parent)
    assert wal_path(db).stat().st_size > 0
    assert await read_both_ways(db) == ["a", "b"]
    assert state_of(db.parent) == before


async def test_a_file_without_its_log_is_left_as_it_is_by_readers_alone(db: Path) -> None:
    crash(db)
    wal_path(db).unlink()
    with CacheReader(db) as reader:
        assert reader.ask(every) == []
    assert not wal_path(db).exists()


async def test_a_reader_of_a_still_file_notices_the_service_that_starts(db: Path) -> None:
    fill(db, [due_in(1, "a")])
    with CacheReader(db) as plain:
        async with AsyncCacheReader(db) as reader:
            before = plain.version(), await reader.version()
            assert plain.ask(every) == await reader.ask(every) == ["a"]
            async with writing(db) as writer:
                await writer.take_webhook(b"{}", NOW, reading("b"))
                after = plain.version(), await reader.version()
                assert after[0] != before[0]
                assert after[1] != before[1]
                assert set(plain.ask(every)) == set(await reader.ask(every)) == {"a", "b"}
                await writer.take_webhook(b"{}", NOW, reading("c"))
                assert len(plain.ask(every)) == len(list(plain.stream(keys))) == 3
            assert len(await reader.ask(every)) == 3


async def test_a_stream_over_a_still_file_stops_when_a_service_starts(db: Path) -> None:
    fill(db, [due_in(1 + number, f"m{number:05}") for number in range(3 * CHUNK)])
    with CacheReader(db) as plain, closing(plain.stream(keys)) as stream:
        assert next(stream) == "m00000"
        async with writing(db) as writer:
            await writer.take_webhook(b"{}", NOW, reading("b"))
        with pytest.raises(Unreadable, match="began to write"):
            list(stream)


async def test_a_stream_is_as_of_one_moment(db: Path) -> None:
    async with writing(db) as writer:
        await writer.take_webhook(b"{}", NOW, reading(*[f"m{number:05}" for number in range(2 * CHUNK)]))
        with CacheReader(db) as plain, closing(plain.stream(keys)) as stream:
            first = next(stream)
            await writer.take_webhook(b"{}", NOW, reading("later"))
            assert len([first, *stream]) == 2 * CHUNK
            assert len(plain.ask(every)) == 2 * CHUNK + 1


async def test_queries_asked_at_once_are_as_of_one_moment_and_no_longer(db: Path) -> None:
    loop = asyncio.get_running_loop()
    async with writing(db) as writer, AsyncCacheReader(db) as reader:
        await writer.take_webhook(b"{}", NOW, reading("a"))

        def twice(moment: Moment) -> tuple[list[MediaKey], list[MediaKey]]:
            first = every(moment)
            asyncio.run_coroutine_threadsafe(writer.take_webhook(b"{}", NOW, reading("b")), loop).result()
            return first, every(moment)

        assert await reader.ask(twice) == (["a"], ["a"])
        assert len(await reader.ask(every)) == 2


async def test_what_was_asked_of_a_still_file_is_asked_again_when_a_service_starts(db: Path) -> None:
    fill(db, [due_in(1, "a")])
    loop = asyncio.get_running_loop()
    asked = 0
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(AsyncCacheReader(db))

        async def start() -> None:
            writer = await stack.enter_async_context(writing(db))
            await writer.take_webhook(b"{}", NOW, reading("b"))

        def while_one_starts(moment: Moment) -> list[MediaKey]:
            nonlocal asked
            asked += 1
            if asked == 1:
                asyncio.run_coroutine_threadsafe(start(), loop).result()
            return every(moment)

        assert set(await reader.ask(while_one_starts)) == {"a", "b"}
        assert asked == 2


async def test_asking_that_is_given_up_at_any_moment_pins_nothing(db: Path) -> None:
    async with writing(db) as writer, AsyncCacheReader(db) as reader:
        for turn in range(40):
            asking = asyncio.ensure_future(reader.ask(every))
            await asyncio.sleep(turn / 20_000)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            await writer.take_webhook(b"{}", NOW, reading(f"m{turn}"))
            assert len(await reader.ask(every)) == turn + 1


ENDLESS = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n"


async def test_a_statement_that_is_given_up_is_broken_off_and_the_reader_goes_on(db: Path) -> None:
    async with writing(db) as writer, AsyncCacheReader(db) as reader:
        await writer.take_webhook(b"{}", NOW, reading("a"))
        begun = threading.Event()

        def endless(moment: Moment) -> object:
            begun.set()
            return moment.rows(ENDLESS)

        asking = asyncio.ensure_future(reader.ask(endless))
        await asyncio.to_thread(begun.wait)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await reader.ask(every) == ["a"]


async def test_many_short_statements_that_are_given_up_end_as_well(db: Path) -> None:
    async with writing(db) as writer, AsyncCacheReader(db) as reader:
        await writer.take_webhook(b"{}", NOW, reading("a"))
        begun = threading.Event()

        def endless(moment: Moment) -> None:
            while True:
                moment.rows("SELECT 1")
                begun.set()

        asking = asyncio.ensure_future(reader.ask(endless))
        await asyncio.to_thread(begun.wait)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await reader.ask(every) == ["a"]


async def test_a_file_put_in_the_place_of_another_is_noticed(db: Path) -> None:
    fill(db, [due_in(1, "old")])
    other = db.with_name("other.db")
    fill(other, [due_in(1, "new")])
    with CacheReader(db) as plain:
        async with AsyncCacheReader(db) as reader:
            before = plain.version(), await reader.version()
            os.replace(other, db)
            assert plain.ask(every) == await reader.ask(every) == ["new"]
            assert before[0] != plain.version()
            assert before[1] != await reader.version()


async def test_nothing_is_made_where_nothing_is(db: Path) -> None:
    with pytest.raises(NoCache):
        CacheReader(db)
    reader = AsyncCacheReader(db)
    with pytest.raises(NoCache):
        await reader.open()
    with pytest.raises(NoCache):
        await reader.version()
    assert names(db.parent) == []
    fill(db, [due_in(1, "a")])
    assert await reader.ask(every) == ["a"]
    await reader.close()
    await reader.close()


def notes(db: Path) -> None:
    db.write_text("these are my notes\n" * 300)


def nothing(db: Path) -> None:
    db.touch()


def older(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")


@pytest.mark.parametrize(
    ("make", "kind"), [(notes, CacheDamaged), (nothing, CacheDamaged), (older, CacheRefused)]
)
async def test_what_is_no_cache_is_refused_untouched(
    db: Path, make: Callable[[Path], None], kind: type[Exception]
) -> None:
    make(db)
    before = state_of(db.parent)
    with pytest.raises(kind):
        CacheReader(db)
    reader = AsyncCacheReader(db)
    with pytest.raises(kind):
        await reader.open()
    await reader.close()
    assert state_of(db.parent) == before


def test_a_page_that_is_damaged_is_told_as_such(db: Path) -> None:
    fill(db, [due_in(number, f"m{number:05}" * 20) for number in range(400)])
    content = bytearray(db.read_bytes())
    content[4096 * 12 :] = b"\xa5" * (len(content) - 4096 * 12)
    db.write_bytes(content)
    with pytest.raises(CacheDamaged, match="Nothing was changed"), CacheReader(db) as reader:
        keys_in(reader, Selection(filter=filters.parse("x")))


def test_a_reader_cannot_write(db: Path) -> None:
    fill(db, [due_in(1, "a")])
    wal_path(db).touch()
    with CacheReader(db) as reader, pytest.raises(Unreadable, match="readonly database"):
        reader.run(first_of("DELETE FROM media", (), len))


async def test_texts_are_folded_beyond_ascii(db: Path) -> None:
    async with writing(db) as writer:
        facts = (announced("a", caption="STRASSE"), announced("b", caption="ÄRGER"))
        await writer.decide(key("a"), lambda _: facts)
    with CacheReader(db) as reader:
        assert keys_in(reader, Selection(filter=filters.parse("straße"))) == ["a"]
        assert keys_in(reader, Selection(filter=filters.parse("from:KERRY ärger"))) == ["b"]


async def test_many_tasks_share_one_reader(db: Path) -> None:
    async with writing(db) as writer, AsyncCacheReader(db) as reader:
        await writer.take_webhook(b"{}", NOW, reading("a"))
        found = await asyncio.gather(*(reader.run(queries.media(key("a"))) for _ in range(50)))
        assert {one.state for one in found if one is not None} == {State.UNDOWNLOADED}
        running = asyncio.ensure_future(reader.ask(every))
        await asyncio.sleep(0)
        running.cancel()
        assert await reader.ask(every) == ["a"]


async def test_opening_that_is_given_up_at_any_moment_leaves_no_thread(db: Path) -> None:
    async with writing(db):
        pass
    before = set(threading.enumerate())
    for turn in range(60):
        reader = AsyncCacheReader(db)
        opening = asyncio.ensure_future(reader.open())
        await asyncio.sleep(turn / 10_000)
        opening.cancel()
        with suppress(asyncio.CancelledError):
            await opening
        await reader.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(2)
        assert not thread.is_alive()


@pytest.fixture
def sealed(db: Path) -> Iterator[Path]:
    """A cache that may only be read, in a folder that may only be read."""
    fill(db, [due_in(1, "a")])
    db.chmod(0o400)
    db.parent.chmod(0o500)
    yield db
    db.parent.chmod(0o700)


async def test_a_folder_that_may_not_be_written_is_read_all_the_same(sealed: Path) -> None:
    assert await read_both_ways(sealed) == ["a"]


def test_reading_from_the_shell_starts_no_event_loop() -> None:
    script = "import sys, console.cache.reader; print(*{'asyncio', 'concurrent'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert shown.stdout.split() == []


def test_a_copy_by_backup_is_a_cache(db: Path, tmp_path: Path) -> None:
    fill(db, [due_in(1, "a")])
    copy = tmp_path / "copy.db"
    shutil.copyfile(db, copy)
    migrations.peek(copy)
    with CacheReader(copy) as reader:
        assert reader.ask(every) == ["a"]
