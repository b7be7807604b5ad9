"""Learns of changes of the cache: one connection of its own, asked ten times a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.cache.reader import AsyncCacheReader, NoCache
from console.domain.exceptions import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INTERVAL = 0.1
"""Seconds between two looks."""


class Feed:
    """Calls back once at the start and after every change that somebody committed to the cache."""

    def __init__(
        self, db: Path, changed: Callable[[], object], failed: Callable[[ConsoleError], object]
    ) -> None:
        self._db = db
        self._changed = changed
        self._failed = failed

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
            await asyncio.sleep(INTERVAL)

    async def _follow(self, reader: AsyncCacheReader) -> None:
        seen: int | None = None
        while True:
            version = await reader.version()
            if version != seen:
                seen = version
                self._changed()
            await asyncio.sleep(INTERVAL)
