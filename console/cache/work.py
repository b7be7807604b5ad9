"""What the writer is asked to do, as values that may be handed to another process.

Each is called with the batch of the transaction in which it is done.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from console.cache.batch import Batch, Decided, Recorded
from console.cache.entry import DecisionFailed
from console.domain.reading import Reading, Unread

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from console.cache.batch import MediaRef
    from console.domain.facts import Fact
    from console.domain.media import Media, Millis
    from console.domain.orders import Order, Taken

_T = TypeVar("_T")


def nothing(_: Batch) -> None:
    """What is asked of the writer where only the opening of the cache is waited for."""


def webhook(
    body: bytes, received_at: Millis, reading: Reading, stored: int | None = None
) -> tuple[list[MediaRef], Callable[[Batch], Recorded], Callable[[Batch], Recorded]]:
    """Keeping what a body says, or a part of that: the media it is about, the work, and what is done instead.

    That is to keep the body as one that cannot be kept otherwise. See `Batch.take_webhook`.
    """
    take = partial(Batch.take_webhook, body=body, received_at=received_at, stored=stored)
    refs = [(fact.account, fact.key) for fact in reading.facts]
    return refs, partial(take, reading=reading), partial(take, reading=_UNSTORABLE)


_UNSTORABLE: Final = Reading(unread=(Unread(where="", reason="the cache cannot hold a value in it"),))


def decide(ref: MediaRef, decide: Callable[[Media | None], Sequence[Fact]]) -> Callable[[Batch], Decided]:
    """Asks for facts and keeps them; whatever `decide` raises is the caller's."""
    return partial(_decide, ref=ref, decide=decide)


def take_orders(orders: Sequence[Order], now: Millis, *, trim: bool) -> Callable[[Batch], list[Taken]]:
    """Takes orders; to `trim` forgets the oldest."""
    return partial(_take_orders, orders=orders, now=now, trim=trim)


def maintain(work: Callable[[sqlite3.Connection], _T]) -> Callable[[Batch], _T]:
    """Changes the tables at will."""
    return partial(_maintain, work=work)


def between(work: Callable[[sqlite3.Connection], _T]) -> Callable[[Batch], _T]:
    """Does what cannot be done in a transaction."""
    return partial(_between, work=work)


def _decide(batch: Batch, *, ref: MediaRef, decide: Callable[[Media | None], Sequence[Fact]]) -> Decided:
    def guarded(media: Media | None) -> Sequence[Fact]:
        try:
            return decide(media)
        except Exception as error:  # the caller's own code: whatever it raises is the caller's
            raise DecisionFailed from error

    return batch.decide(ref, guarded)


def _take_orders(batch: Batch, *, orders: Sequence[Order], now: Millis, trim: bool) -> list[Taken]:
    taken = [batch.take_order(order, now) for order in orders]
    if trim:
        batch.trim_orders(now)
    return taken


def _maintain(batch: Batch, *, work: Callable[[sqlite3.Connection], _T]) -> _T:
    return batch.maintain(work)


def _between(batch: Batch, *, work: Callable[[sqlite3.Connection], _T]) -> _T:
    return batch.between(work)
