"""The queued media in the order in which they are to be asked for."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from console.cache import queries
from console.clock import Uptime
from console.service.timetable import Timetable, seconds_left

if TYPE_CHECKING:
    from collections.abc import Collection

    from console.cache.reader import AsyncCacheReader
    from console.clock import Now, UptimeNow
    from console.domain.facts import StoreDeferred
    from console.domain.media import MediaKey

PAGE = 300
"""Media that are read from the queue at once."""

RECALLED_AT_ONCE = 1000


class Queue:
    """Which queued media may be asked for, read from the cache by the page.

    Not after every call, because each look reads the whole queue. What has become callable since is
    not missed: `changed` says so, or its moment is known. A next try waits on the clock that never
    steps; the moment that stands in the cache is for people, and for the next service.

    Args:
        longest: seconds that a next try waits at most, wherever an earlier service put it.
    """

    def __init__(self, reader: AsyncCacheReader, *, now: Now, uptime: UptimeNow, longest: float) -> None:
        self._reader = reader
        self._now = now
        self._uptime = uptime
        self._longest = longest
        self._page: deque[MediaKey] = deque()
        self._old = True
        self._more = False
        """The page held not all that was callable when it was read."""
        self._passed_over: set[MediaKey] = set()
        """Queued media whose last call was still open when the page was read."""
        self._tries = Timetable()
        self._due: dict[MediaKey, None] = {}
        """Media whose next try has come and was not made yet."""

    def changed(self) -> None:
        """What was read is not to be relied upon any more."""
        self._old = True

    async def recall(self) -> None:
        """Takes over the next tries of the services before this one."""
        began, wall = self._uptime(), self._now()
        place: tuple[int, int] | None = None
        while page := await self._reader.run(queries.deferred_until(place, RECALLED_AT_ONCE)):
            for waiting in page:
                if waiting.key in self._tries or waiting.key in self._due:
                    continue
                whole = (waiting.until or waiting.since) - waiting.since
                left = seconds_left(whole, waiting.since, wall)
                self._tries.put(waiting.key, Uptime(began + min(left, self._longest)))
            place = page[-1].place

    async def turn(self, calling: Collection[MediaKey]) -> None:
        """Reads the next page, if that is worth it; media with an open call are passed over."""
        now = self._uptime()
        if not self._old and (self._page or not self._is_due(now)):
            return
        self._old, self._more = False, False
        self._due.update(dict.fromkeys(self._tries.take(now, len(self._tries))))
        most = PAGE + len(calling)
        due = list(islice(self._due, PAGE))
        waiting = [media.key for media in await self._reader.run(queries.callable_now(due, most))]
        self._passed_over = {key for key in waiting if key in calling}
        self._page = deque(key for key in waiting if key not in calling)
        self._more = len(waiting) == most or len(self._due) > PAGE
        if len(waiting) < most:
            for key in set(due).difference(waiting):  # it is not queued any longer
                self._due.pop(key, None)

    def pop(self) -> MediaKey | None:
        """The next media to ask for; None at the end of the page.

        Whether it is still to be asked for, its claim decides, with `is_due`.
        """
        return self._page.popleft() if self._page else None

    def is_due(self, key: MediaKey) -> bool:
        """Whether the next try of a media has come, if it was to wait for one."""
        return key in self._due

    def claimed(self, key: MediaKey) -> None:
        """Its try is being made."""
        self._due.pop(key, None)

    def over(self, key: MediaKey, deferred: StoreDeferred | None) -> None:
        """Its call is over; it may have been put off, or ordered again meanwhile."""
        if deferred is not None and deferred.next_try_at > deferred.at:
            seconds = (deferred.next_try_at - deferred.at) / 1000
            self._tries.put(key, Uptime(self._uptime() + seconds))
        if key in self._passed_over:
            self._more = True

    def next_look(self) -> Uptime | None:
        """When something that is not on the page may be callable; None if nothing is known to become so."""
        return Uptime(0) if self._more else self._tries.first()

    def _is_due(self, now: Uptime) -> bool:
        moment = self.next_look()
        return moment is not None and moment <= now
