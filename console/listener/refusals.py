"""What is told of strangers: every refusal is counted, a few a minute are told in words.

A stranger who floods the listener must fill neither the log nor the cache, and one who guesses secrets
is slowed down.
"""

from __future__ import annotations

import logging
import math
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
GUESSES: Final = 20
"""Wrong secrets that an address may bring in a window before it is told to wait."""
_OF_STRANGERS: Final = (401, 403, 404, 429)
"""Of these it matters who it was."""
ADDRESSES: Final = 4_096
"""Addresses that are remembered; beyond them the one that came first is forgotten."""


class Told(Protocol):
    """Hears of refusals; `noted` is False for those that are only to be counted."""

    def refused(self, status: int, reason: str, what: str, *, noted: bool = True) -> None:
        """A webhook was turned away."""
        ...


class _Window:
    """What one address, or all of them, did since `began`."""

    __slots__ = ("began", "guesses", "told")

    def __init__(self, began: float) -> None:
        self.began = began
        self.told = 0
        self.guesses = 0


class Refusals:
    """The memory of the refusals of the last minute, by the sender's address.

    Args:
        told: hears of each refusal.
        seconds: a clock that never steps.
    """

    def __init__(self, told: Told, *, seconds: Callable[[], float] = monotonic) -> None:
        self._told = told
        self._seconds = seconds
        self._windows: dict[str, _Window] = {}
        self._all = _Window(seconds())

    def tell(self, sender: str, refusal: Refusal) -> None:
        """Counts a refusal, and tells it in words if few were told lately."""
        window, everybody, what = self._window(sender), self._everybody(), refusal.what
        noted = window.told < TOLD_OF_ONE and everybody.told < TOLD_OF_ALL
        if noted:
            window.told += 1
            everybody.told += 1
            whence = line(sender) or "an unknown address"
            log.warning("webhook from %s refused: %d %s", whence, refusal.status, refusal.reason)
            if refusal.status in _OF_STRANGERS:
                what = f"{what} It came from {whence}."
        self._told.refused(refusal.status, refusal.reason, what, noted=noted)

    def guessed(self, sender: str) -> int:
        """Counts a wrong secret; the seconds that the sender has to wait, 0 if it need not."""
        window = self._window(sender)
        window.guesses += 1
        if window.guesses <= GUESSES:
            return 0
        return max(1, math.ceil(window.began + WINDOW_SECONDS - self._seconds()))

    def _window(self, sender: str) -> _Window:
        sender = _neighbourhood(sender)
        now, known = self._seconds(), self._windows.get(sender)
        if known is not None and now - known.began < WINDOW_SECONDS:
            return known
        self._windows.pop(sender, None)
        while len(self._windows) >= ADDRESSES:
            del self._windows[next(iter(self._windows))]
        window = self._windows[sender] = _Window(now)
        return window

    def _everybody(self) -> _Window:
        if self._seconds() - self._all.began >= WINDOW_SECONDS:
            self._all = _Window(self._seconds())
        return self._all


def _neighbourhood(sender: str) -> str:
    """What counts as one sender: of IPv6 the network of 64 bits, for one machine has all its addresses."""
    if ":" not in sender:
        return sender
    try:
        return str(IPv6Network((sender.partition("%")[0], 64), strict=False))
    except ValueError:
        return sender
