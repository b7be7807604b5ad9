"""Requests on which no webhook came: after the time-out their outcome is unknown, and said so."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from console.cache import queries
from console.clock import Uptime
from console.service import decisions
from console.service.timetable import Timetable, seconds_left
from console.service.waits import Wait, until_set

if TYPE_CHECKING:
    from console.cache.reader import AsyncCacheReader
    from console.clock import Now, UptimeNow
    from console.domain.media import Media, MediaKey
    from console.service.recorder import Recorder

LONGEST_SLEEP = 30.0
"""Seconds after which it looks anew while it waits: a sleeping machine's timers stand still."""

AT_ONCE = 200
PAGE = 1000
"""Requested media that are read at once when the service starts."""


class Silence:
    """Ends the waiting for callbacks.

    The time-out of a request counts from the end of its call, on the clock that never steps. Of a
    request that an earlier service made it goes on where the wall clock says that it stands. A
    media whose call is open is left alone: the HTTP time-out ends that.
    """

    def __init__(
        self,
        *,
        recorder: Recorder,
        reader: AsyncCacheReader,
        timeout: float,
        now: Now,
        uptime: UptimeNow,
        wait: Wait = until_set,
    ) -> None:
        self._recorder = recorder
        self._reader = reader
        self._timeout = timeout
        self._now = now
        self._uptime = uptime
        self._wait = wait
        self._ends = Timetable()
        self._open: set[MediaKey] = set()
        self._more = asyncio.Event()

    def calling(self, key: MediaKey) -> None:
        """A call for this media begins."""
        self._open.add(key)
        self._ends.drop(key)

    def called(self, key: MediaKey) -> None:
        """Its call is over, and if the API took it, its callback must come within the time-out."""
        self._open.discard(key)
        if not self._ends:
            self._more.set()
        self._ends.put(key, Uptime(self._uptime() + self._timeout))

    async def run(self) -> None:
        """Works for ever."""
        await self._recall()
        while True:
            self._more.clear()
            over = self._ends.take(self._uptime(), AT_ONCE)
            if over:
                silent = await self._reader.run(queries.requested_among(over))
                await asyncio.gather(*(self._end(media) for media in silent))
            else:
                await self._wait(self._more, self._sleep())

    def _sleep(self) -> float | None:
        first = self._ends.first()
        return None if first is None else min(LONGEST_SLEEP, max(0.01, first - self._uptime()))

    async def _recall(self) -> None:
        """Takes over what the services before this one still waited for."""
        began, wall = self._uptime(), self._now()
        timeout_ms = round(self._timeout * 1000)
        place: tuple[int, int] | None = None
        while page := await self._reader.run(queries.requested_since(place, PAGE)):
            for waiting in page:
                if waiting.key not in self._open and waiting.key not in self._ends:
                    left = seconds_left(timeout_ms, waiting.since, wall)
                    self._ends.put(waiting.key, Uptime(began + left))
            place = page[-1].place

    async def _end(self, media: Media) -> None:
        if media.key not in self._open:
            end = partial(decisions.unanswered, seen=media.progress, now=self._now)
            await self._recorder.decide(media.key, end)
