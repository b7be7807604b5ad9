"""Orders on their way: left in the inbox, carried out or watched, for as long as a command may stay."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Final

from console import clock
from console.cache import queries
from console.cache.inbox import Inbox
from console.cli.borrowing import borrowed_service
from console.cli.output import Exit, say
from console.domain.exceptions import ConsoleError, FixSetting
from console.service.lock import holder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.cache.reader import CacheReader
    from console.cli.signals import Signals
    from console.cli.waiting import Watch
    from console.config import Settings
    from console.domain.orders import Order

NO_NEWS: Final = 30.0
"""Seconds without any news after which a command that was told no time gives up."""
LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at who serves the cache."""
TICK: Final = 0.05


class Others:
    """What is under way in the cache whoever ordered it: in the inbox, queued, or requested of late."""

    def __init__(self, reader: CacheReader, inbox: Inbox) -> None:
        self._reader = reader
        self._inbox = inbox
        self._before = reader.run(queries.last_fact())
        self._seen: tuple[bool, int, int] | None = None
        self.under_way = True

    def look(self) -> bool:
        """Reads it again; whether anything has moved."""
        waiting = bool(self._inbox.waiting(1))  # first, for an order goes from there into the cache
        count, moved = self._reader.run(queries.work_since(self._before))
        before, self._seen = self._seen, (waiting, count, moved)
        self.under_way = waiting or count > 0
        return before != self._seen


class Errand:
    """The orders of one command.

    Where a service lasts, they are left with it, and watched if a time to wait was given. Where none
    runs, this command serves the cache itself, until its own orders and those that others left with
    it meanwhile are settled. Where another command serves, this one stays too, and takes over as soon
    as nobody serves any more.
    """

    def __init__(
        self,
        settings: Settings,
        watch: Watch,
        orders: Sequence[Order],
        wait: float | None,
        signals: Signals,
        no_news: float = NO_NEWS,
    ) -> None:
        self._settings = settings
        self._watch = watch
        self._orders = orders
        self._wait = wait
        self._signals = signals
        self._no_news = no_news
        self._left = self._told = False
        self._began = self._news = clock.monotonic()

    def run(self, reader: CacheReader) -> int | None:
        """Carries it out; the exit code, where that does not depend on what became of the orders.

        Raises:
            ConsoleError: nothing was left, or the cache cannot be read.
        """
        if holder(self._settings.db) is None:
            self._check_api()  # before anything is made
        with closing(Inbox(self._settings.db)) as inbox:
            others = Others(reader, inbox)
            while True:
                other = holder(self._settings.db)
                if other is None:
                    ended, code = self._serve(inbox, others)
                else:
                    self._leave(inbox)
                    if self._wait is None and not other.passing:
                        say(f"Left {_count(self._orders)} with the service ({other.who}).")
                        return Exit.DONE
                    ended, code = self._stay(others, serving=False)
                if ended:
                    return code

    def _serve(self, inbox: Inbox, others: Others) -> tuple[bool, int | None]:
        """Serves the cache for as long as it takes, unless somebody was quicker."""
        with ExitStack() as stack:
            try:
                self._check_api()
                quicker = stack.enter_context(borrowed_service(self._settings, self._signals))
            except ConsoleError as error:
                if not self._left:
                    raise
                say(f"Nobody serves the cache any more, and this command cannot. {error}")
                return True, Exit.API
            if quicker is not None:
                return False, None
            self._leave(inbox)
            self._news = clock.monotonic()
            return self._stay(others, serving=True)

    def _check_api(self) -> None:
        if self._settings.api_url is None:
            raise FixSetting(
                "No service runs on this cache, and the setting API_URL does not say where to ask.",
                "Set MEDIA_CONSOLE_API_URL or give --api-url, or start media-console listen.",
            )

    def _leave(self, inbox: Inbox) -> None:
        if not self._left:
            inbox.leave(self._orders)
            self._left = True

    def _stay(self, others: Others, *, serving: bool) -> tuple[bool, int | None]:
        """Waits, while another serves only until it is time to look whether it still does.

        Gives whether the waiting has ended, and the exit code if a signal ended it.
        """
        look_again = clock.monotonic() + LOOK_AGAIN
        while serving or clock.monotonic() < look_again:
            if self._moved(others):
                self._news = clock.monotonic()
            if self._watch.settled and not (serving and self._worth_serving(others)):
                return True, None
            if self._over():
                return True, None
            if (number := self._signals.wait(TICK)) is not None:
                return True, 128 + number
        return False, None

    def _moved(self, others: Others) -> bool:
        """Looks again; others' news count while these orders wait behind theirs, or are settled."""
        moved = self._watch.look()
        if self._watch.settled or not self._watch.answered:
            moved = others.look() or moved
        return moved

    def _worth_serving(self, others: Others) -> bool:
        """Whether it can go on with what others have ordered: it is given up after the same silence."""
        if not others.under_way or clock.monotonic() - self._news >= self._no_news:
            return False
        return self._watch.trouble() is None

    def _over(self) -> bool:
        """Whether it stays no longer: a time that was given is kept to, whatever the API does meanwhile."""
        now, stuck = clock.monotonic(), self._watch.stuck()
        if self._wait is None:
            return now - self._news >= self._no_news or stuck is not None
        over = now - self._began >= self._wait
        if stuck is not None and not self._told and not over:
            self._told = True
            say(f"{stuck.text} Still trying.")
        return over


def _count(orders: Sequence[Order]) -> str:
    return "1 order" if len(orders) == 1 else f"{len(orders)} orders"
