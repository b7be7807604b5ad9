"""Learns of changes of the cache: one connection of its own, asked again and again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from console.cache.reader import AsyncCacheReader, NoCache
from console.clock import monotonic
from console.domain.exceptions import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OFTEN = 0.1
"""Seconds between two looks, while there are changes or keys."""
SELDOM = 0.4
"""Seconds between two looks, while nothing happens."""
QUIET = 5.0
"""Seconds without a change and without a key after which it looks seldom."""


class Feed:
    """Calls back once at the start and after every change that somebody committed to the cache."""

    def __init__(
        self, db: Path, changed: Callable[[], object], failed: Callable[[ConsoleError], object]
    ) -> None:
        self._db = db
        self._changed = changed
        self._failed = failed
        self._stirred_at = monotonic()
        self._stirred = asyncio.Event()

    @property
    def interval(self) -> float:
        """Seconds until the next look."""
        return OFTEN if monotonic() - self._stirred_at < QUIET else SELDOM

    def stir(self) -> None:
        """Somebody is at the console: it looks often again, from this moment."""
        if self.interval == SELDOM:
            self._stirred.set()
        self._stirred_at = monotonic()

    async def run(self) -> None:
        """Looks until it is cancelled; a cache that is missing or cannot be read is looked for again."""
        while True:
            try:
                async with AsyncCacheReader(self._db) as reader:
                    await self._follow(reader)
            except NoCache:
                self._changed()
            except ConsoleError as error:
                self._failed(error)
            await self._rest()

    async def _follow(self, reader: AsyncCacheReader) -> None:
        seen: int | None = None
        while True:
            version = await reader.version()
            if version != seen:
                seen, self._stirred_at = version, monotonic()
                self._changed()
            await self._rest()

    async def _rest(self) -> None:
        self._stirred.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.interval):
                await self._stirred.wait()
