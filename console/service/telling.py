"""What happens to the service, for its log: each thing a few times, and then only how often."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from console.domain.standing import Level

if TYPE_CHECKING:
    from console.clock import Uptime, UptimeNow

log = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 300.0
TOLD_OF_ONE: Final = 5
"""Lines about one thing in a window."""
THINGS: Final = 200
"""So many are remembered; beyond them the one that came first is forgotten."""

_LEVELS: Final = {
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}


class _Window:
    """What was told of one thing since `began`, and how often it was not."""

    __slots__ = ("began", "more", "told")

    def __init__(self, began: Uptime) -> None:
        self.began = began
        self.told = 0
        self.more = 0


class Telling:
    """Writes to the log without filling it: what comes again and again is counted, and told with the next."""

    def __init__(self, uptime: UptimeNow) -> None:
        self._uptime = uptime
        self._windows: dict[str, _Window] = {}

    def tell(self, level: Level, text: str, thing: str = "") -> None:
        """Logs a line; `thing` is what it is about where its words differ each time."""
        thing = thing or text
        now, window = self._uptime(), self._windows.get(thing)
        more = 0
        if window is None or now - window.began >= WINDOW_SECONDS:
            more = window.more if window is not None else 0
            window = self._begin(thing, now)
        if window.told >= TOLD_OF_ONE:
            window.more += 1
            return
        window.told += 1
        log.log(_LEVELS[level], "%s", f"{text} (and {more} times more before)" if more else text)

    def _begin(self, thing: str, now: Uptime) -> _Window:
        self._windows.pop(thing, None)
        while len(self._windows) >= THINGS:
            del self._windows[next(iter(self._windows))]
        window = self._windows[thing] = _Window(now)
        return window
