"""One caller's unit of work on its way through the writer."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from console.cache.trouble import CacheUnavailable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from console.cache.batch import Batch, MediaRef
    from console.domain.media import Millis

    Work: TypeAlias = Callable[[Batch], object]

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
        instead: what is to be done where `work` fails by its own content.
        alone: it commits by itself in the middle of its work, so that nothing else may be in its batch.
    """

    __slots__ = ("alone", "error", "instead", "refs", "result", "work")

    def __init__(
        self,
        refs: Sequence[MediaRef],
        work: Work,
        instead: Work | None = None,
        *,
        alone: bool = False,
    ) -> None:
        self.refs = refs
        self.work = work
        self.instead = instead
        self.alone = alone
        self.result: object = None
        self.error: BaseException | None = CacheUnavailable("The cache is closed.", "The service is ending.")

    @property
    def withdrawn(self) -> bool:
        """Whether nobody wants it done any more."""
        return False

    def succeed(self, result: object) -> None:
        """Notes the outcome of a committed entry."""
        self.result = result
        self.error = None


class Awaited(Entry):
    """An entry whose caller waits on an event loop.

    Args:
        future: where the caller waits.
        webhook: body and receipt, where the entry is to keep all that a body says. Whoever has the dialect
            can make the entry of them.
    """

    __slots__ = ("future", "webhook")

    def __init__(
        self,
        future: asyncio.Future[Any],
        refs: Sequence[MediaRef],
        work: Work,
        instead: Work | None = None,
        *,
        alone: bool = False,
        webhook: tuple[bytes, Millis] | None = None,
    ) -> None:
        super().__init__(refs, work, instead, alone=alone)
        self.future = future
        self.webhook = webhook

    @property
    def withdrawn(self) -> bool:
        """Whether the caller waits no longer."""
        return self.future.cancelled()

    def release(self) -> None:
        """Hands the outcome to the caller, if it still waits. Only on its event loop."""
        settle(self.future, self.result, self.error)


def settle(future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
    """Hands an outcome to who waits for it, if anybody still does. Only on the event loop."""
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


class DecisionFailed(Exception):
    """Wraps what a caller's own function raised, so that it is told from a fault of the cache."""
