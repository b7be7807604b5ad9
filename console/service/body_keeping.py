"""Webhook bodies are let go when they have been kept for long enough."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from console import clock
from console.cache.purge import remove_old_bodies
from console.domain.media import Millis
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.clock import Now, UptimeNow
    from console.service.recorder import Recorder

log = logging.getLogger(__name__)

FIRST_LOOK: Final = 60.0
"""Seconds after the start: a service that serves one command alone has ended by then."""
LOOK_EVERY: Final = 3600.0
BETWEEN_STEPS: Final = 0.05


class BodyKeeping:
    """Removes the bodies that were received longer ago than they are to be kept; facts stay.

    The time goes by the clock that never steps: a wall clock that is set forward removes nothing.

    Args:
        keep_ms: how long bodies are kept.
        steady: whether the wall clock may be trusted now; while it may not, nothing is removed.
    """

    def __init__(
        self,
        recorder: Recorder,
        keep_ms: int,
        *,
        steady: Callable[[], bool],
        now: Now,
        uptime: UptimeNow = clock.uptime,
        wait: Wait = until_set,
    ) -> None:
        self._recorder = recorder
        self._keep_ms = keep_ms
        self._steady = steady
        self._now = now
        self._uptime = uptime
        self._wait = wait
        self._begun = now(), uptime()

    async def run(self) -> None:
        """Works for ever."""
        seconds = FIRST_LOOK
        while True:
            await pause(self._wait, seconds)
            await self.let_go()
            seconds = LOOK_EVERY

    async def let_go(self) -> int:
        """Removes what is too old now; how many."""
        if not self._steady():
            return 0
        wall, up = self._begun
        passed = Millis(wall + int((self._uptime() - up) * 1000))
        before = Millis(min(self._now(), passed) - self._keep_ms)
        total = 0
        while removed := await self._recorder.maintain(partial(remove_old_bodies, before=before)):
            total += removed
            await pause(self._wait, BETWEEN_STEPS)
        if total:
            log.info("let go of %d webhook bodies that were kept long enough", total)
        return total
