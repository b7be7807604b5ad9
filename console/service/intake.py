"""Takes operators' orders out of the inbox and into the cache."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from console.cache.inbox import BRIEFLY, Inbox, InboxBusy, InboxDamaged
from console.cache.paths import inbox_path
from console.clock import monotonic
from console.domain.exceptions import RetryLater
from console.domain.orders import Taken
from console.domain.standing import Level
from console.service.file_watch import FileWatch
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.domain.orders import Order
    from console.service.recorder import Recorder
    from console.service.standing import Board

_T = TypeVar("_T")

LOOK_EVERY = 0.2
"""Seconds between two looks whether somebody left an order."""
AGAIN = 0.1
"""Seconds until an inbox is tried again that could not be used."""
AT_ONCE = 500
TOLD_AFTER = 10.0
"""Seconds for which others may hold the inbox before that is a trouble."""

_WAIT_ON = "Orders wait in it and will be taken."
_WORDS = {
    Taken.UNKNOWN: "An order names a media that the cache does not know.",
    Taken.NOT_RETRIEVABLE: "An order names a media without an id that could be asked for.",
}


class Intake:
    """Empties the inbox within a moment of each order.

    An order leaves the inbox after it has been committed in the cache; one that is met again after
    a crash in between changes nothing, because its id stays in the cache.
    """

    def __init__(
        self,
        db: Path,
        *,
        recorder: Recorder,
        board: Board,
        taken: Callable[[], None],
        wait: Wait = until_set,
        told_after: float = TOLD_AFTER,
    ) -> None:
        self._db = db
        self._recorder = recorder
        self._board = board
        self._taken = taken
        self._wait = wait
        self._told_after = told_after

    async def run(self) -> None:
        """Works for ever."""
        # One thread of its own: SQLite waits for another process's lock on the inbox.
        with ThreadPoolExecutor(1, thread_name_prefix="inbox") as thread:
            inbox = await self._insist(thread, lambda: Inbox(self._db, patience=BRIEFLY))
            try:
                await self._empty_for_ever(thread, inbox)
            finally:
                thread.submit(inbox.close)

    async def _empty_for_ever(self, thread: ThreadPoolExecutor, inbox: Inbox) -> None:
        seen: int | None = None
        written = FileWatch(inbox_path(self._db), LOOK_EVERY)
        while True:
            version = await self._insist(thread, inbox.version)
            if version != seen:
                await self._empty(thread, inbox)
                seen = version
            await written.changed()

    async def _empty(self, thread: ThreadPoolExecutor, inbox: Inbox) -> None:
        while orders := await self._insist(thread, lambda: inbox.waiting(AT_ONCE)):
            taken = await self._recorder.take_orders(orders)
            await self._insist(thread, partial(inbox.done, [order.id for order in orders]))
            self._tell(orders, taken)

    async def _insist(self, thread: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        """Does it in the thread, again and again while the inbox cannot be used."""
        begun = monotonic()
        while True:
            try:
                done = await asyncio.get_running_loop().run_in_executor(thread, work)
            except RetryLater as error:
                if not isinstance(error, InboxBusy) or monotonic() - begun >= self._told_after:
                    remedy = error.remedy if isinstance(error, InboxDamaged) else _WAIT_ON
                    self._board.trouble("inbox", error.what, remedy)
            else:
                self._board.over("inbox")
                return done
            await pause(self._wait, AGAIN)

    def _tell(self, orders: list[Order], taken: list[Taken]) -> None:
        for order, outcome in zip(orders, taken, strict=True):
            words = _WORDS.get(outcome)
            if words is not None:
                self._board.note(Level.WARNING, "service", words, order.key)
        if any(outcome in (Taken.QUEUED, Taken.ALREADY) for outcome in taken):
            self._taken()
