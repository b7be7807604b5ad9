"""Moments that media wait for, on the clock that never steps."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.clock import Uptime
    from console.domain.media import MediaKey, Millis


class Timetable:
    """One moment a media; the one that was put last counts.

    Putting and taking cost the logarithm of what it holds. It is kept in memory alone: what a
    service finds in the cache when it starts goes in with `seconds_left`.
    """

    def __init__(self) -> None:
        self._moments: dict[MediaKey, Uptime] = {}
        self._heap: list[tuple[Uptime, MediaKey]] = []
        """May hold entries that were replaced or dropped since; they are left out when they come up."""

    def __contains__(self, key: MediaKey) -> bool:
        return key in self._moments

    def __len__(self) -> int:
        return len(self._moments)

    def put(self, key: MediaKey, moment: Uptime) -> None:
        """Sets the moment of a media."""
        self._moments[key] = moment
        heappush(self._heap, (moment, key))

    def drop(self, key: MediaKey) -> None:
        """Forgets a media; nothing happens if it is not there."""
        self._moments.pop(key, None)

    def first(self) -> Uptime | None:
        """The earliest moment; None if nothing waits."""
        while self._heap and self._moments.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: Uptime, most: int) -> list[MediaKey]:
        """Removes the media whose moment has come, the earliest first, and returns them."""
        taken: list[MediaKey] = []
        while len(taken) < most and (moment := self.first()) is not None and moment <= now:
            key = heappop(self._heap)[1]
            del self._moments[key]
            taken.append(key)
        return taken


def seconds_left(total_ms: int, since: Millis, now: Millis) -> float:
    """What is left of a wait that another process began at `since`, by the wall clock of both.

    Never more than the whole wait nor less than nothing, wherever the clock was set meanwhile.
    """
    return (total_ms - min(max(0, now - since), total_ms)) / 1000
