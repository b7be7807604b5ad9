"""Webhook bodies are let go when they have been kept for long enough."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from console import clock
from console.cache.purge import newest_message, remove_old_bodies
from console.domain.media import Millis
from console.service.clock_watch import recent
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    from console.clock import Now, UptimeNow
    from console.service.clock_watch import Trust
    from console.service.recorder import Recorder

log = logging.getLogger(__name__)

FIRST_LOOK: Final = 60.0
"""Seconds after the start: a service that serves one command alone has ended by then."""
LOOK_EVERY: Final = 3600.0
BETWEEN_STEPS: Final = 0.05
FRUITLESS: Final = 250
"""Slices without anything old after which a look ends that goes through the whole cache."""


class BodyKeeping:
    """Removes the bodies that were received longer ago than they are to be kept; facts stay.

    The time goes by the clock that never steps: a wall clock that is set forward removes nothing. Nothing
    is removed within an hour of a step of the wall clock, nor before something speaks for it: that it was
    steady for an hour, or that the newest message was sent, by WhatsApp's clock, within a day of now.

    Args:
        keep_ms: how long bodies are kept.
        watch: what is known of the wall clock.
    """

    def __init__(
        self,
        recorder: Recorder,
        keep_ms: int,
        *,
        watch: Trust,
        now: Now,
        uptime: UptimeNow = clock.uptime,
        wait: Wait = until_set,
    ) -> None:
        self._recorder = recorder
        self._keep_ms = keep_ms
        self._watch = watch
        self._now = now
        self._uptime = uptime
        self._wait = wait
        self._begun = now(), uptime()
        self._after = 0

    async def run(self) -> None:
        """Works for ever."""
        seconds = FIRST_LOOK
        while True:
            await pause(self._wait, seconds)
            seconds = FIRST_LOOK if await self.let_go() is None else LOOK_EVERY

    async def let_go(self) -> int | None:
        """Removes what is too old now; how many. None: nothing, for the wall clock cannot be trusted yet.

        The oldest numbers are looked at each time. Bodies that were received while the clock was ahead may
        lie before others that are old, so that it also goes on from where the last look ended.
        """
        if not await self._trusted():
            return None
        wall, up = self._begun
        passed = Millis(wall + int((self._uptime() - up) * 1000))
        before = Millis(min(self._now(), passed) - self._keep_ms)
        oldest, _ = await self._walk(before, 0, 1)
        others, self._after = await self._walk(before, self._after, FRUITLESS)
        if oldest + others:
            log.info("let go of %d webhook bodies that were kept long enough", oldest + others)
        return oldest + others

    async def _trusted(self) -> bool:
        if self._watch.doubted():
            return False
        return self._watch.steady() or recent(await self._recorder.maintain(newest_message), self._now())

    async def _walk(self, before: Millis, after: int, fruitless: int) -> tuple[int, int]:
        """Removes what is old behind a body, until in so many slices nothing was; how many, and up to where.

        At the end of the cache the next walk has to begin at its beginning, behind 0.
        """
        total = 0
        while fruitless:
            found = await self._recorder.maintain(partial(remove_old_bodies, before=before, after=after))
            total += found.removed
            fruitless -= not found.removed
            if found.last is None:
                return total, 0
            after = found.last
            await pause(self._wait, BETWEEN_STEPS)
        return total, after
