"""Fixtures that any test may use."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from console.clock import Uptime, wall
from console.domain.media import Millis
from console.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from console.clock import Now

# A busy machine makes single examples slow; the time limit of the whole test is guard enough.
settings.register_profile("console", deadline=None)
settings.load_profile("console")

# What a background job or nohup ignores, the programs that are started here would ignore as well.
for _number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGTSTP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)


class Clock:
    """A clock that stands still until it is moved; call it for the present moment.

    `uptime` is the one beside it that never steps.
    """

    def __init__(self, at: Millis) -> None:
        self.at = at
        self._since = 1000.0

    def __call__(self) -> Millis:
        return self.at

    def uptime(self) -> Uptime:
        return Uptime(self._since)

    def move(self, *, days: float = 0, hours: float = 0, seconds: float = 0, ms: int = 0) -> None:
        """Lets time go by; with negative values as `step`."""
        span = round(((days * 24 + hours) * 3600 + seconds) * 1000) + ms
        self.at = Millis(self.at + span)
        self._since += max(0, span) / 1000

    def step(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Sets the wall clock alone, forwards or (negative) back."""
        self.at = Millis(self.at + round(((days * 24 + hours) * 3600 + seconds) * 1000))


@pytest.fixture(autouse=True)
def private_files() -> Iterator[None]:
    """What a test puts in the place of a file of ours is private as well, or it would be refused for that."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def now() -> Now:
    """The machine's wall clock, as `Now`."""
    return wall


@pytest.fixture
def clock() -> Clock:
    """A clock standing at 2025-06-15 12:00:00 UTC."""
    return Clock(Millis(1_749_988_800_000))


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A running simulated client; set its `webhook_url` to have its callbacks."""
    async with Simulator(backoff=0.02) as running:
        yield running
