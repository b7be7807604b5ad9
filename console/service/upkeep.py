"""Work on the cache as a whole, taken out of the inbox and carried out beside the webhooks."""

from __future__ import annotations

import logging
import sqlite3
from asyncio import get_running_loop
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from msgspec import structs

from console import clock
from console.cache import outcomes
from console.cache.inbox import BRIEFLY, Inbox, InboxUnavailable
from console.cache.migrations import BUSY_SECONDS, uri
from console.cache.paths import inbox_path
from console.cache.source import unreadable
from console.domain.exceptions import ConsoleError, FixSetting, RetryLater
from console.domain.maintenance import Replay, Unfinished, ended, kind
from console.service.file_watch import FileWatch
from console.service.purging import doubt_of_age, purge_all
from console.service.replaying import replay_all
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.clock import Now
    from console.domain.maintenance import MaintenanceOrder, Outcome
    from console.platforms.base import WebhookReader
    from console.service.clock_watch import Trust

log = logging.getLogger(__name__)

_T = TypeVar("_T")

LOOK_EVERY: Final = 0.2
"""Seconds between two looks whether somebody left work."""
AGAIN: Final = 2.0
"""Seconds until work is tried again that met a fault which may pass."""


class Keeper(Protocol):
    """What upkeep needs of the writer: `console.cache.writer.CacheWriter`, or the service's `Recorder`."""

    async def maintain(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Lets `work` change the tables in one transaction."""
        ...

    async def between(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Lets `work` do what cannot be done in a transaction."""
        ...


class Bench:
    """Where the work is done: a thread that reads the cache, and the writer.

    Args:
        gently: rests after each step for as long as it took, for others who need the processor.
    """

    def __init__(
        self, db: Path, keeper: Keeper, read: WebhookReader, now: Now, wait: Wait, *, gently: bool
    ) -> None:
        self.db = db
        self.keeper = keeper
        self.read = read
        self.now = now
        self.wait = wait
        self._gently = gently
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="upkeep")

    async def step(self, work: Callable[[], _T]) -> _T:
        """Does something in the thread, and rests."""
        begun = clock.monotonic()
        done = await get_running_loop().run_in_executor(self._thread, work)
        if self._gently:
            await pause(self.wait, clock.monotonic() - begun)
        return done

    def connect(self) -> sqlite3.Connection:
        """A connection that reads, for the thread that calls this."""
        return sqlite3.connect(uri(self.db, "mode=ro"), uri=True, timeout=BUSY_SECONDS, isolation_level=None)

    def last(self, work: Callable[[], object]) -> None:
        """Does something in the thread after all that it has to do, whoever waits for that or not."""
        self._thread.submit(work)

    def close(self) -> None:
        """Ends the thread after what it is at."""
        self._thread.shutdown()


def _in_words(outcome: Outcome) -> str:
    """What came of it: how many of what, or what stopped it."""
    if isinstance(outcome, Unfinished):
        return outcome.what
    return ", ".join(
        f"{name} {number}" for name, number in structs.asdict(outcome).items() if isinstance(number, int)
    )


class Upkeep:
    """Carries out the orders for the whole cache that lie in the inbox, one after the other.

    An order leaves the inbox after its outcome has been committed. One that is met again after a crash is
    done again, and what was done of it then is not there to be done.

    Args:
        keeper: writes.
        read: the dialect of the stored bodies.
        watch: what is known of the wall clock; None: nothing, for no service runs.
        told: hears in words what came of each order, for those who did not give it.
        gently: leaves the processor half of the time to others.
    """

    def __init__(
        self,
        db: Path,
        *,
        keeper: Keeper,
        read: WebhookReader,
        now: Now,
        told: Callable[[str], None] | None = None,
        watch: Trust | None = None,
        gently: bool = True,
        wait: Wait = until_set,
    ) -> None:
        self._bench = partial(Bench, db, keeper, read, now, wait, gently=gently)
        self._told = told
        self._watch = watch
        self._wait = wait

    async def run(self) -> None:
        """Works for ever."""
        bench = self._bench()
        try:
            inbox = await self._open(bench)
            try:
                await self._empty_for_ever(bench, inbox)
            finally:
                bench.last(inbox.close)
        finally:
            bench.close()

    async def _open(self, bench: Bench) -> Inbox:
        while True:
            try:
                return await bench.step(lambda: Inbox(bench.db, patience=BRIEFLY))
            except InboxUnavailable:
                await pause(self._wait, AGAIN)

    async def run_once(self) -> None:
        """Carries out what waits now.

        Raises:
            ConsoleError: the cache or the inbox cannot be used; what waits, waits on.
        """
        bench = self._bench()
        try:
            inbox = await bench.step(lambda: Inbox(bench.db))
            try:
                await self._empty(bench, inbox)
            finally:
                bench.last(inbox.close)
        finally:
            bench.close()

    async def _empty_for_ever(self, bench: Bench, inbox: Inbox) -> None:
        seen: int | None = None
        written = FileWatch(inbox_path(bench.db), LOOK_EVERY)
        while True:
            try:
                version = await bench.step(inbox.version)
                if version != seen:
                    await self._empty(bench, inbox)
                    seen = version
            except InboxUnavailable:
                await pause(self._wait, AGAIN)
            except RetryLater as error:
                log.warning("maintenance waits: %s", error.what)
                await pause(self._wait, AGAIN)
            else:
                await written.changed()

    async def _empty(self, bench: Bench, inbox: Inbox) -> None:
        while (order := await bench.step(inbox.maintenance)) is not None:
            if not await bench.keeper.maintain(partial(outcomes.is_done, id_=order.id)):
                log.info("a %s begins", kind(order))
                outcome = await self._carry_out(bench, inbox, order)
                log.info("the %s has ended: %s", kind(order), _in_words(outcome))
                keep = partial(outcomes.keep, order=order, outcome=outcome, now=bench.now())
                await bench.keeper.maintain(keep)
                if self._told is not None:
                    self._told(ended(order, outcome))
            await bench.step(partial(inbox.done, [order.id]))

    async def _carry_out(self, bench: Bench, inbox: Inbox, order: MaintenanceOrder) -> Outcome:
        failed: ConsoleError
        try:
            if isinstance(order, Replay):
                return await replay_all(bench)
            doubt = doubt_of_age(order, bench.now(), self._watch)
            return doubt if doubt is not None else await purge_all(bench, inbox, order)
        except sqlite3.Error as error:
            failed = unreadable(bench.db, error)
        except OSError as error:
            failed = FixSetting(
                f"A file beside the cache cannot be written ({error}).", "Check its permissions."
            )
        except ConsoleError as error:
            failed = error
        if isinstance(failed, RetryLater):
            raise failed
        return Unfinished(what=failed.what, remedy=failed.remedy)
