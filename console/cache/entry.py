"""One caller's unit of work on its way through the writer's thread."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Final

import msgspec

from console.cache.trouble import CacheUnavailable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from console.cache.batch import Batch, MediaRef

UNSTORABLE: Final = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    msgspec.MsgspecError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)
"""What one entry's own content may cause. It must not take the others of its batch with it."""


class Entry:
    """One caller's unit of work: done whole inside a transaction, or not at all.

    It counts as failed until its transaction is committed.

    Args:
        refs: the media that it is about, as far as known.
        work: what is to be done.
        future: where the caller waits.
        instead: what is to be done where `work` fails by its own content.
        alone: it commits by itself in the middle of its work, so that nothing else may be in its batch.
    """

    __slots__ = ("alone", "error", "future", "instead", "refs", "result", "work")

    def __init__(
        self,
        refs: Sequence[MediaRef],
        work: Callable[[Batch], object],
        future: asyncio.Future[Any],
        instead: Callable[[Batch], object] | None = None,
        *,
        alone: bool = False,
    ) -> None:
        self.refs = refs
        self.work = work
        self.future = future
        self.instead = instead
        self.alone = alone
        self.result: object = None
        self.error: BaseException | None = CacheUnavailable("The cache is closed.", "The service is ending.")

    def succeed(self, result: object) -> None:
        """Notes the outcome of a committed entry."""
        self.result = result
        self.error = None

    def release(self) -> None:
        """Hands the outcome to the caller, if it still waits. Only on its event loop."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class DecisionFailed(Exception):
    """Wraps what a caller's own function raised, so that it is told from a fault of the cache."""
