"""What is read over one connection: at once for the operator, with rests for changes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from console.domain.exceptions import ConsoleError
from console.ui.reading import Reading
from tests.ui.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from console.cache.reader import AsyncCacheReader


class Book:
    """What is read; it takes as long as a test wants."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.lets_go = asyncio.Event()
        self.lets_go.set()
        """What is given up lets go of the cache by then."""
        self.error: ConsoleError | None = None
        self.told: list[ConsoleError | None] = []

    async def read(self, reader: AsyncCacheReader) -> None:
        self.begun += 1
        try:
            await self.goes_on.wait()
        except asyncio.CancelledError:
            await self.lets_go.wait()
            raise
        if self.error is not None:
            raise self.error
        self.ended += 1


@asynccontextmanager
async def running(db: Path) -> AsyncIterator[tuple[Reading, Book]]:
    """A reading that runs."""
    book = Book()
    reading = Reading(db, book.read, book.told.append)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(reading.run())
        yield reading, book
        task.cancel()
    await reading.close()


async def test_what_is_wanted_at_once_gives_up_what_is_read(tmp_path: Path) -> None:
    async with running(tmp_path / "none.db") as (reading, book):
        book.goes_on.clear()
        reading.at_once()
        await until(lambda: book.begun == 1)
        reading.at_once()
        await until(lambda: book.begun == 2)
        assert book.ended == 0
        book.goes_on.set()
        assert await reading.done(5)
        assert (book.begun, book.ended, book.told) == (2, 1, [None])


async def test_what_lets_go_slowly_may_be_given_up_again(tmp_path: Path) -> None:
    async with running(tmp_path / "none.db") as (reading, book):
        book.goes_on.clear()
        book.lets_go.clear()
        reading.at_once()
        await until(lambda: book.begun == 1)
        for _ in range(3):
            reading.at_once()
            await asyncio.sleep(0.01)
        assert book.begun == 1
        book.goes_on.set()
        book.lets_go.set()
        assert await reading.done(5)
        assert (book.begun, book.ended, book.told) == (2, 1, [None])


async def test_a_key_waits_no_longer_than_it_says(tmp_path: Path) -> None:
    async with running(tmp_path / "none.db") as (reading, book):
        book.goes_on.clear()
        reading.at_once()
        assert not await reading.done(0.01)
        book.goes_on.set()
        assert await reading.done(5)


async def test_changes_during_a_read_are_one_more_read(tmp_path: Path) -> None:
    async with running(tmp_path / "none.db") as (reading, book):
        book.goes_on.clear()
        reading.soon()
        await until(lambda: book.begun == 1)
        for _ in range(100):
            reading.soon()
        book.goes_on.set()
        await until(lambda: book.ended == 2)
        reading.at_once()
        assert await reading.done(5)
        assert book.ended == 3


async def test_a_failure_is_told_and_tried_again(tmp_path: Path) -> None:
    async with running(tmp_path / "none.db") as (reading, book):
        book.error = ConsoleError("It cannot be read.", "Mend it.")
        reading.at_once()
        assert await reading.done(5)
        assert book.told == [book.error]
        book.error = None
        await until(lambda: book.told[-1] is None)
