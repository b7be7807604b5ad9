"""Requests on which no webhook came: after the time-out their outcome is unknown, and said so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.cache import queries
from console.domain.facts import Fact, StoreUnanswered
from console.domain.media import Millis, State
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.cache.reader import AsyncCacheReader
    from console.clock import Now
    from console.domain.media import Media, MediaKey
    from console.service.recorder import Recorder

LOOK_EVERY = 5.0
AT_ONCE = 200


class Silence:
    """Ends the waiting for callbacks.

    A media whose call is still open is left alone: the HTTP time-out ends that.
    """

    def __init__(
        self,
        *,
        recorder: Recorder,
        reader: AsyncCacheReader,
        timeout: float,
        in_flight: Callable[[MediaKey], bool],
        now: Now,
        wait: Wait = until_set,
    ) -> None:
        self._recorder = recorder
        self._reader = reader
        self._timeout_ms = round(timeout * 1000)
        self._in_flight = in_flight
        self._now = now
        self._wait = wait
        self._every = min(LOOK_EVERY, timeout / 4)

    async def run(self) -> None:
        """Works for ever."""
        while True:
            moment = Millis(self._now() - self._timeout_ms)
            silent = await self._reader.run(queries.silent_since(moment, AT_ONCE))
            await asyncio.gather(*(self._end(media.key, moment) for media in silent))
            if len(silent) < AT_ONCE:
                await pause(self._wait, self._every)

    async def _end(self, key: MediaKey, moment: Millis) -> None:
        if not self._in_flight(key):
            await self._recorder.decide(key, lambda media: self._unanswered(media, moment))

    def _unanswered(self, media: Media | None, moment: Millis) -> Sequence[Fact]:
        """Inside the writer's transaction: a callback may have come since the row was read."""
        if media is None or media.state is not State.REQUESTED or media.progress is None:
            return ()
        if media.progress.at > moment:
            return ()
        return (
            StoreUnanswered(
                key=media.key, account=media.account, at=self._now(), attempt=media.progress.attempt
            ),
        )
