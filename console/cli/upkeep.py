"""Work on the whole cache: left with a service that runs, or else done by the command itself."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Final, TypeVar

import click

from console import clock
from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.reader import CacheReader
from console.cli.output import say
from console.cli.signals import ending_signals
from console.cli.wiring import log_beside_cache
from console.domain.exceptions import ConsoleError, Report
from console.domain.maintenance import Purged, Replayed, Unfinished, kind
from console.service.lock import LockHeld, ServiceLock, holder

if TYPE_CHECKING:
    from console.cli.signals import Signals
    from console.config import Settings
    from console.domain.maintenance import MaintenanceOrder, Outcome

_O = TypeVar("_O", Replayed, Purged)

TICK: Final = 0.1


def carry_out(settings: Settings, order: MaintenanceOrder, expected: type[_O]) -> _O:
    """What came of the order, once it is done.

    An order that is interrupted is taken back; one that a service has begun is finished all the same.

    Raises:
        NoCache: there is no cache.
        ConsoleError: it cannot be done; nothing waits.
        click.exceptions.Exit: a signal came first.
    """
    with (
        ending_signals() as signals,
        CacheReader(settings.db) as reader,
        closing(Inbox(settings.db)) as inbox,
    ):
        inbox.leave_maintenance(order)
        try:
            outcome = _await(settings, order, signals, reader)
        finally:
            inbox.done([order.id])
    if isinstance(outcome, expected):
        return outcome
    if isinstance(outcome, Unfinished):
        raise Report(outcome.what, outcome.remedy)
    raise Report(f"The {kind(order)} ended with an answer of another kind.", "Please report this text.")


def _await(settings: Settings, order: MaintenanceOrder, signals: Signals, reader: CacheReader) -> Outcome:
    told = False
    seen: int | None = None
    while True:
        version = reader.version()
        outcome = reader.run(queries.outcome(order.id)) if version != seen else None
        if outcome is not None:
            return outcome
        seen = version
        other = holder(settings.db)
        if other is None:
            _serve(settings, signals)
            seen = None
        elif not told:
            told = True
            say(f"The service ({other.who}) does the {kind(order)}.")
        if (number := signals.wait(TICK)) is not None:
            say(f"The {kind(order)} was interrupted; a part of it may be done.")
            raise click.exceptions.Exit(128 + number)


def _serve(settings: Settings, signals: Signals) -> None:
    """Does all such work that waits, under the lock, unless somebody was quicker.

    Raises:
        ConsoleError: it cannot be done.
    """
    with ExitStack() as stack:
        stack.enter_context(log_beside_cache(settings))
        try:
            lock = ServiceLock(settings.db, passing=True)
        except LockHeld:
            return
        stack.callback(lock.release)
        asyncio.run(_Work(settings, signals).run())


class _Work:
    """The work in an event loop of its own, until it is done or a signal comes."""

    def __init__(self, settings: Settings, signals: Signals) -> None:
        self._settings = settings
        self._signals = signals
        self._error: ConsoleError | None = None

    async def run(self) -> None:
        """Works.

        Raises:
            ConsoleError: it cannot be done.
        """
        from console.service.supervisor import Supervisor

        supervisor = Supervisor(self)
        task = supervisor.start("maintenance", self._maintain)
        while not task.done():
            await asyncio.wait({task}, timeout=TICK)
            if self._signals.wait(0) is not None:
                await supervisor.stop()
        if self._error is not None:
            raise self._error

    def task_failed(self, name: str, error: Exception) -> None:
        """The work ended by an error."""
        if not isinstance(error, ConsoleError):
            error = Report(
                f"The {name} failed ({type(error).__name__}).",
                "Please report it with the traceback from the log.",
            )
        self._error = error

    def task_recovered(self, name: str) -> None:
        """Nothing is started anew here, so there is nothing to take back."""

    async def _maintain(self) -> None:
        from console.cache.writer import CacheWriter
        from console.platforms.onpremises.webhook import read_webhook
        from console.service.upkeep import Upkeep

        writer = await CacheWriter.open(self._settings.db, now=clock.wall)
        try:
            upkeep = Upkeep(self._settings.db, keeper=writer, read=read_webhook, now=clock.wall, gently=False)
            await upkeep.run_once()
        finally:
            await writer.close()
