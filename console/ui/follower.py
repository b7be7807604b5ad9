"""Reads again whatever the screen shows, whenever the cache or the operator changed it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from console.cache import queries
from console.cache.reader import AsyncCacheReader, NoCache
from console.domain.exceptions import ConsoleError
from console.ui.chronicle import MOST_FACTS
from console.ui.listing import Page, Place, read_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from console.domain.facts import Fact
    from console.domain.media import Media, MediaKey
    from console.domain.orders import Taken
    from console.domain.standing import Notice, Standing
    from console.domain.views import Selection
    from console.ui.awaited import Awaited
    from console.ui.setup import Setup

NEWEST_NOTICES = 500
NEWEST_FAILURES = 500
PATIENCE = 0.3
"""Seconds of reading after which a line says what is waited for."""
SPACING = 0.02
"""Seconds of rest after each read, so that a flood of changes does not starve the keys."""
AGAIN = 0.5
"""Seconds until a cache that could not be read is tried again."""


class Shows(Protocol):
    """What the follower needs of a screen."""

    def selection(self) -> Selection:
        """What the list is to show."""
        ...

    def place(self) -> Place:
        """What it is to be read around."""
        ...

    def current_key(self) -> MediaKey | None:
        """The media under the cursor."""
        ...

    def show_page(self, page: Page) -> bool:
        """Takes a page; False if it came too late and another is needed."""
        ...

    def show_around(
        self, notices: Sequence[Notice], failed: Sequence[Media], standing: Standing | None
    ) -> None:
        """Takes what stands around the list; `failed` are the newest failures."""
        ...

    @property
    def answers(self) -> Awaited:
        """What was asked for and is waited for."""
        ...

    def show_answers(self, found: Sequence[Media], taken: Mapping[str, Taken]) -> None:
        """Takes the media that are waited for as they are now, and what became of their orders."""
        ...

    def show_history(self, media: Media | None, history: Sequence[Fact]) -> None:
        """Takes the media under the cursor and its history."""
        ...

    def show_waiting(self, waiting: bool) -> None:
        """Reading takes long, or is over."""
        ...

    def show_failure(self, error: ConsoleError | None) -> None:
        """The cache cannot be read, or can again."""
        ...


class Follower:
    """One connection for everything that is shown, and the order in which it is read."""

    def __init__(self, setup: Setup, screen: Shows) -> None:
        self._setup = setup
        self._screen = screen
        self._reader: AsyncCacheReader | None = None
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._page_stale = True

    def changed(self) -> None:
        """The cache changed, or what is wanted of it: everything is read again soon."""
        self._page_stale = True
        self._wake.set()

    def moved(self) -> None:
        """Only the cursor moved: its detail is read again soon."""
        self._wake.set()

    async def run(self) -> None:
        """Reads until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            late = asyncio.get_running_loop().call_later(PATIENCE, self._screen.show_waiting, True)
            try:
                async with self._lock:
                    await self._read()
                self._screen.show_failure(None)
            except ConsoleError as error:
                await self._fail(error)
            finally:
                late.cancel()
                self._screen.show_waiting(False)
            await asyncio.sleep(SPACING)

    async def reload(self) -> None:
        """Reads the page at once and shows it, before the next key is looked at."""
        try:
            async with self._lock:
                await self._read_page()
        except ConsoleError as error:
            await self._fail(error)
        self._wake.set()

    async def page(self, place: Place) -> Page | None:
        """The page around a place that is not read yet; None if the cache cannot be read."""
        setup = self._setup
        try:
            async with self._lock:
                reader = await self.reader()
                return await read_page(reader, self._screen.selection(), setup.window_ms, setup.now(), place)
        except ConsoleError as error:
            await self._fail(error)
            return None

    async def reader(self) -> AsyncCacheReader:
        """The connection, opened when it is first needed.

        Raises:
            ConsoleError: the cache is missing or cannot be read.
        """
        if self._reader is None:
            reader = AsyncCacheReader(self._setup.db)
            await reader.open()
            self._reader = reader
        return self._reader

    async def close(self) -> None:
        """Closes the connection."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _read(self) -> None:
        if self._page_stale:
            await self._read_page()
            reader = await self.reader()
            notices = await reader.run(queries.notices(NEWEST_NOTICES))
            standing = await reader.run(queries.standing())
            failed = await reader.run(queries.newest_failures(NEWEST_FAILURES))
            self._screen.show_around(notices, failed, standing)
            await self._read_awaited(reader)
        key = self._screen.current_key()
        if key is None:
            self._screen.show_history(None, ())
            return
        reader = await self.reader()
        media = await reader.run(queries.media(key))
        history = await reader.run(queries.history(key, limit=MOST_FACTS))
        self._screen.show_history(media, history)

    async def _read_awaited(self, reader: AsyncCacheReader) -> None:
        answers = self._screen.answers
        ids, keys = answers.orders, answers.keys
        if not keys:
            return
        taken = await reader.run(queries.orders_taken(ids)) if ids else {}
        found = [await reader.run(queries.media(key)) for key in keys]
        self._screen.show_answers([media for media in found if media is not None], taken)

    async def _read_page(self) -> None:
        setup, screen = self._setup, self._screen
        self._page_stale = False
        reader = await self.reader()
        selection = screen.selection()
        page = await read_page(reader, selection, setup.window_ms, setup.now(), screen.place())
        if selection != screen.selection() or not screen.show_page(page):
            self.changed()

    async def _fail(self, error: ConsoleError) -> None:
        await self.close()
        self._page_stale = True
        self._screen.show_failure(error)
        if not isinstance(error, NoCache):
            asyncio.get_running_loop().call_later(AGAIN, self._wake.set)
