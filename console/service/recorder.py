"""What the service has to write is not lost while the cache cannot take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from console.domain.exceptions import RetryLater
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from sqlite3 import Connection

    from console.cache.writer import CacheWriter, Decided
    from console.domain.facts import Fact
    from console.domain.media import Media, MediaKey
    from console.domain.orders import Order, Taken
    from console.service.standing import Board

_T = TypeVar("_T")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0


class Recorder:
    """The cache's writer for those who may wait: each call returns when it has been committed.

    While the cache is full, locked or broken, the call is repeated with pauses up to five seconds
    and the board says so. An answer of the API that was got must not be forgotten.
    """

    def __init__(self, writer: CacheWriter, board: Board, *, wait: Wait = until_set) -> None:
        self._writer = writer
        self._board = board
        self._wait = wait

    async def decide(self, key: MediaKey, decide: Callable[[Media | None], Sequence[Fact]]) -> Decided:
        """Like `CacheWriter.decide`."""
        return await self._insist(lambda: self._writer.decide(key, decide))

    async def take_orders(self, orders: Sequence[Order]) -> list[Taken]:
        """Like `CacheWriter.take_orders`."""
        return await self._insist(lambda: self._writer.take_orders(orders))

    async def maintain(self, work: Callable[[Connection], _T]) -> _T:
        """Like `CacheWriter.maintain`."""
        return await self._insist(lambda: self._writer.maintain(work))

    async def between(self, work: Callable[[Connection], _T]) -> _T:
        """Like `CacheWriter.between`."""
        return await self._insist(lambda: self._writer.between(work))

    async def _insist(self, write: Callable[[], Awaitable[_T]]) -> _T:
        seconds = FIRST_PAUSE
        while True:
            try:
                written = await write()
            except RetryLater as error:
                self._board.unwritten(error)
            else:
                self._board.over("cache")
                return written
            await pause(self._wait, seconds)
            seconds = min(2 * seconds, LONGEST_PAUSE)
