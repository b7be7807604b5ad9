"""One connection to the cache, and what is read over it again and again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from console.cache.reader import AsyncCacheReader, NoCache
from console.clock import monotonic
from console.domain.exceptions import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

SPACING = 0.05
"""Seconds of rest after each read, so that a flood of changes starves neither keys nor processor."""
SHARE = 4
"""The rest is so many times as long as the read took, where that is longer."""
AGAIN = 0.5
"""Seconds until a cache that could not be read is tried again."""


class Reading:
    """Reads when it is told to: at once for an operator, with rests in between for changes of the cache.

    Args:
        read: reads and shows; what it raises as `ConsoleError` is told.
        told: takes why the cache cannot be read, or None after it was.
        share: how many times as long as a read the rest after it is.
    """

    def __init__(
        self,
        db: Path,
        read: Callable[[AsyncCacheReader], Awaitable[None]],
        told: Callable[[ConsoleError | None], object],
        *,
        share: float = SHARE,
    ) -> None:
        self._reader = AsyncCacheReader(db)
        self._read = read
        self._told = told
        self._share = share
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._done = asyncio.Event()
        self._scope: asyncio.Timeout | None = None
        self._wanted = 0

    def soon(self) -> None:
        """Reads again, after the read that is under way and a rest."""
        self._wake.set()

    def hurry(self) -> None:
        """Reads again without a rest, after the read that is under way."""
        self._wake.set()
        self._hurry.set()

    def at_once(self) -> None:
        """Reads again now; a read that is under way is given up."""
        self._wanted += 1
        self._done.clear()
        self.hurry()
        if self._scope is not None and not self._scope.expired():  # else it is letting go already
            self._scope.reschedule(0)

    async def done(self, seconds: float) -> bool:
        """Waits for what was wanted at once, so long at most; whether it was read, or could not be."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._done.wait()
        return self._done.is_set()

    async def run(self) -> None:
        """Reads until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._hurry.clear()
            wanted, began = self._wanted, monotonic()
            try:
                async with asyncio.timeout(None) as self._scope:
                    await self._read(self._reader)
                self._told(None)
            except TimeoutError:
                continue  # given up: something else is wanted
            except ConsoleError as error:
                await self._fail(error)
            finally:
                self._scope = None
            if wanted == self._wanted:
                self._done.set()
            await self._rest(max(SPACING, self._share * (monotonic() - began)))

    async def close(self) -> None:
        """Closes the connection."""
        await self._reader.close()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def _fail(self, error: ConsoleError) -> None:
        await self._reader.close()
        self._told(error)
        if not isinstance(error, NoCache):
            asyncio.get_running_loop().call_later(AGAIN, self._wake.set)
