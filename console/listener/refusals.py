"""What is told of strangers: a few refusals a minute are told in words, the others are summed up after it.

A stranger who floods the listener must fill neither the log nor the cache, and one who guesses secrets
is slowed down.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from ipaddress import IPv6Network
from typing import TYPE_CHECKING, Final, Protocol

from console.clock import monotonic
from console.domain.display import line

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.listener.answers import Refusal

log = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60.0
TOLD_OF_ONE: Final = 3
TOLD_OF_ALL: Final = 30
"""Refusals of one address, and of all together, that are told in words in a window."""
SUMMED_UP: Final = 5
"""Addresses that have a summary of their own at the end of a window: those that were refused most."""
GUESSES: Final = 20
"""Wrong secrets that an address may bring in a window before it is told to wait."""
_OF_STRANGERS: Final = (0, 401, 403, 404, 429)
"""Of these it matters who it was; 0 is a connection that brought no request."""
_UNKNOWN: Final = "an unknown address"
ADDRESSES: Final = 4_096
"""Addresses that are remembered; of wrong secrets the one that came first is forgotten beyond them."""


class Told(Protocol):
    """Hears of refusals; `noted` is False for those that are only to be counted."""

    def refused(self, status: int, reason: str, what: str, *, noted: bool = True) -> None:
        """A webhook was turned away, or a connection (status 0)."""
        ...

    def refused_more(self, text: str) -> None:
        """How many were turned away beside those that were noted one by one."""
        ...


class _Guesses:
    """How many wrong secrets one address brought since `began`."""

    __slots__ = ("began", "count")

    def __init__(self, began: float) -> None:
        self.began = began
        self.count = 0


class _Tally:
    """How many refusals of one address were told in words, and how many more of each kind there were."""

    __slots__ = ("more", "told")

    def __init__(self) -> None:
        self.told = 0
        self.more: Counter[str] = Counter()


class _Minute:
    """The refusals since `began`; addresses for which there is no room are counted together."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.told = 0
        self._tallies: dict[str, _Tally] = {}
        self._others = _Tally()

    def of(self, sender: str) -> _Tally:
        """What is counted of that sender."""
        if sender not in self._tallies and len(self._tallies) >= ADDRESSES:
            return self._others
        return self._tallies.setdefault(sender, _Tally())

    def more(self) -> list[tuple[str, Counter[str]]]:
        """Those that were not told in words: who sent most of them, and the others together."""
        most = sorted(self._tallies.items(), key=lambda one: -one[1].more.total())
        told = [(line(sender) or _UNKNOWN, tally.more) for sender, tally in most[:SUMMED_UP]]
        others = self._others.more
        for _, tally in most[SUMMED_UP:]:
            others.update(tally.more)
        return [(whence, more) for whence, more in (*told, ("other addresses", others)) if more]


class Refusals:
    """The memory of the refusals of the last minute, by the sender's address.

    Args:
        told: hears of each refusal.
        seconds: a clock that never steps.
        every: seconds between two looks whether a window is over.
    """

    def __init__(self, told: Told, *, seconds: Callable[[], float] = monotonic, every: float = 1.0) -> None:
        self._told = told
        self._seconds = seconds
        self._every = every
        self._guesses: dict[str, _Guesses] = {}
        self._minute: _Minute | None = None
        self._begun = asyncio.Event()

    def tell(self, sender: str, refusal: Refusal) -> None:
        """Counts a refusal, and tells it in words if few were told lately."""
        minute, what = self._current(), refusal.what
        tally = minute.of(_neighbourhood(sender))
        noted = tally.told < TOLD_OF_ONE and minute.told < TOLD_OF_ALL
        if noted:
            tally.told += 1
            minute.told += 1
            whence = line(sender) or _UNKNOWN
            if refusal.status:
                log.warning("webhook from %s refused: %d %s", whence, refusal.status, refusal.reason)
            else:
                log.warning("connection from %s refused: %s: %s", whence, refusal.reason, line(what))
            if refusal.status in _OF_STRANGERS:
                what = f"{what} It came from {whence}."
        else:
            tally.more[refusal.kind] += 1
        self._told.refused(refusal.status, refusal.reason, what, noted=noted)

    async def watch(self) -> None:
        """Sums up each minute when it is over, for ever."""
        while True:
            if self._minute is None:
                self._begun.clear()
                await self._begun.wait()
            await asyncio.sleep(self._every)
            if self._minute is not None and self._seconds() - self._minute.began >= WINDOW_SECONDS:
                self.sum_up()

    def sum_up(self) -> None:
        """Tells how many refusals there were beside those that were told in words, and forgets them."""
        minute, self._minute = self._minute, None
        if minute is None:
            return
        lasted = math.ceil(self._seconds() - minute.began)
        span = "minute" if lasted >= WINDOW_SECONDS else f"{lasted} seconds"
        for whence, more in minute.more():
            text = _summary(span, whence, more)
            log.warning("%s", text)
            self._told.refused_more(text)

    def guessed(self, sender: str) -> int:
        """Counts a wrong secret; the seconds that the sender has to wait, 0 if it need not."""
        guesses = self._guesses_of(_neighbourhood(sender))
        guesses.count += 1
        if guesses.count <= GUESSES:
            return 0
        return max(1, math.ceil(guesses.began + WINDOW_SECONDS - self._seconds()))

    def _guesses_of(self, sender: str) -> _Guesses:
        now, known = self._seconds(), self._guesses.get(sender)
        if known is not None and now - known.began < WINDOW_SECONDS:
            return known
        self._guesses.pop(sender, None)
        while len(self._guesses) >= ADDRESSES:
            del self._guesses[next(iter(self._guesses))]
        guesses = self._guesses[sender] = _Guesses(now)
        return guesses

    def _current(self) -> _Minute:
        """The minute that runs; one that is over is summed up."""
        if self._minute is not None and self._seconds() - self._minute.began >= WINDOW_SECONDS:
            self.sum_up()
        if self._minute is None:
            self._minute = _Minute(self._seconds())
            self._begun.set()
        return self._minute


def _summary(span: str, whence: str, more: Counter[str]) -> str:
    """`In the last minute 57 more requests from 192.0.2.7 were refused: 17 with 404, 40 with 429.`"""
    count = more.total()
    what = "request" if all(kind.startswith("with ") for kind in more) else "connection"
    what, were = (what, "was") if count == 1 else (f"{what}s", "were")
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(more.items()))
    return f"In the last {span} {count} more {what} from {whence} {were} refused: {kinds}."


def _neighbourhood(sender: str) -> str:
    """What counts as one sender: of IPv6 the network of 64 bits, for one machine has all its addresses."""
    if ":" not in sender:
        return sender
    try:
        return str(IPv6Network((sender.partition("%")[0], 64), strict=False))
    except ValueError:
        return sender
