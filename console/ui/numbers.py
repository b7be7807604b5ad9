"""The numbers of the views under a filter: at once what a key has time for, all once the filter stays."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache import counting
from console.domain.filters import EVERYTHING
from console.ui.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.cache.counting import Counts
    from console.cache.reader import AsyncCacheReader
    from console.domain.exceptions import ConsoleError
    from console.domain.filters import Filter
    from console.ui.follower import Shows
    from console.ui.listing import Page
    from console.ui.setup import Setup

TOGETHER: Final = 0.05
"""Seconds for which rows wait for their numbers, to be painted at once with them."""
REST: Final = 2.0
"""Seconds that tell that what is typed is no longer on its way to be another filter."""
RARELY: Final = 10.0
"""How many times as long as a count under a filter the rest after it is."""


class _Counted(NamedTuple):
    """The filter that was counted last, as of which change, and what came of it."""

    filter: Filter
    change: int
    counts: Counts


class Numbers:
    """Counts under the filter of a screen, over a connection of its own, beside the reading of the rows.

    Args:
        told: takes why the cache cannot be read, or None after it was.
        settled: called when the screen has taken the numbers that it waited for.
        rest: seconds for which a filter that is typed must stay before all media are counted for it.
    """

    def __init__(
        self,
        setup: Setup,
        screen: Shows,
        told: Callable[[ConsoleError | None], object],
        settled: Callable[[], object],
        *,
        rest: float = REST,
    ) -> None:
        self._setup = setup
        self._screen = screen
        self._settled = settled
        self._rest_seconds = rest
        self.reading = Reading(setup.db, self._read, told, share=RARELY)
        self._wanted = EVERYTHING
        self._counted: _Counted | None = None
        self._came = asyncio.Event()
        self._resting: asyncio.TimerHandle | None = None
        self._stays: Filter | None = None
        """The filter that has rested."""
        self._changes = 0

    def changed(self) -> None:
        """The cache changed: numbers of before are right no longer."""
        self._changes += 1

    def sought(self) -> None:
        """Rows are wanted; where it is under another filter, what is counted for the last one is given up."""
        wanted = self._screen.selection().filter
        if wanted != self._wanted:
            self._wanted = wanted
            self._came.clear()
            self.stop()
            self.reading.at_once()

    def stop(self) -> None:
        """Forgets that a filter rests."""
        self._stays = None
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    async def joined(self, page: Page) -> Page:
        """A page with its numbers, if they come in a moment."""
        wanted = page.selection.filter
        if not wanted.terms:
            return page
        if self._of(wanted) is None:
            if page.counted:
                return page
            try:
                async with asyncio.timeout(TOGETHER):
                    await self._came.wait()
            except TimeoutError:
                return page
        counted = self._of(wanted)
        return page if counted is None else page.recounted(counted.counts)

    def seen(self, page: Page) -> bool:
        """A page is shown: whether its numbers will do. Sees to it that better ones come."""
        wanted = page.selection.filter
        counted = self._of(wanted)
        if not wanted.terms or (counted is not None and self._is_right(counted)):
            return True
        if counted is None or counted.counts.exact or self._is_enough(counted):
            self.reading.soon()
            return page.counted
        self.reading.hurry()
        return False

    async def _read(self, reader: AsyncCacheReader) -> None:
        """Counts at once for a filter that was not counted yet, and exactly where that is asked for."""
        screen, window_ms, changes, now = (
            self._screen,
            self._setup.window_ms,
            self._changes,
            self._setup.now(),
        )
        wanted = screen.selection().filter
        if not wanted.terms:
            return
        counted = self._of(wanted)
        if counted is None:
            counts = await reader.ask(lambda moment: counting.counts_at_once(moment, wanted, window_ms, now))
            counted = self._take(_Counted(wanted, changes, counts))
        if self._is_right(counted):
            return
        if self._is_enough(counted):
            self._rest(wanted)
            return
        counts = await reader.ask(lambda moment: counting.filtered_counts(moment, wanted, window_ms, now))
        self._take(_Counted(wanted, changes, counts))

    def _of(self, wanted: Filter) -> _Counted | None:
        return self._counted if self._counted is not None and self._counted.filter == wanted else None

    def _is_right(self, counted: _Counted) -> bool:
        return counted.counts.exact and counted.change == self._changes

    def _is_enough(self, counted: _Counted) -> bool:
        """Whether numbers that are about will do for the time being: the filter is still typed."""
        screen, counts = self._screen, counted.counts
        known = not counts.exact and screen.selection().view in counts.views
        return known and screen.typing and self._stays != counted.filter

    def _rest(self, wanted: Filter) -> None:
        def stayed() -> None:
            self._resting, self._stays = None, wanted
            self.reading.hurry()

        if self._resting is None:
            self._resting = asyncio.get_running_loop().call_later(self._rest_seconds, stayed)

    def _take(self, counted: _Counted) -> _Counted:
        screen, wanted = self._screen, counted.filter
        self._counted = counted
        self._came.set()
        if wanted == screen.page().selection.filter == screen.selection().filter:
            screen.show_counts(counted.counts)
            if counted.counts.exact or self._is_enough(counted):
                self._settled()
        return counted
