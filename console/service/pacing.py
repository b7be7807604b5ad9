"""How fast the API is asked: delays between tries, and holds that stop the whole queue.

Everything here is arithmetic on moments of the clock that never steps; they are handed in, and
nothing waits.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from console.clock import Uptime
from console.domain.media import StoreError

Uniform: TypeAlias = Callable[[float, float], float]
"""A random number between two bounds, like `random.uniform`."""


class Pacing(Struct, frozen=True, kw_only=True):
    """The figures, in seconds. The defaults are those an API in trouble should meet."""

    base: float = 1.0
    cap: float = 60.0
    longest: float = 600.0
    """No single media waits longer for its next try: as long as a `Retry-After` counts at most."""
    tries: int = 5
    """HTTP calls at most for one order, while faults are passing ones."""
    probe_first: float = 1.0
    probe_cap: float = 30.0
    """An API that cannot be reached is probed with pauses that double between these two."""
    health_good: float = 30.0
    health_bad: float = 5.0
    login_gap: float = 30.0
    """Between two logins at least, whatever an operator orders meanwhile."""
    login_first: float = 60.0
    login_cap: float = 600.0

    def delay(self, tries: int, uniform: Uniform) -> float:
        """Seconds before the next try of one media after so many: full jitter."""
        return uniform(0.0, min(self.cap, self.base * 2.0**tries))

    def probe(self, failures: int) -> float:
        """Seconds before an unreachable API is probed again."""
        return min(self.probe_cap, self.probe_first * 2.0 ** max(0, min(failures, 32) - 1))

    def login_pause(self, refusals: int) -> float:
        """Seconds before a refused login may be tried again by itself."""
        return min(self.login_cap, self.login_first * 2.0 ** max(0, min(refusals, 32) - 1))


class Reason(StrEnum):
    """Why the queue stands still; also the id of the trouble that says so."""

    SLOW_DOWN = "slow-down"
    UNREACHABLE = "api"
    LOGIN = "login"


class Hold(Struct, frozen=True, kw_only=True):
    """The queue stands still for a reason.

    `until` is None where only an event ends it: the API answers a probe, an operator orders anew.
    """

    reason: Reason
    since: Uptime
    until: Uptime | None
    error: StoreError
    remedy: str = ""

    def active(self, now: Uptime) -> bool:
        """Whether it still stops the queue. One that ran out stays until the API has answered."""
        return self.until is None or now < self.until


class Gate:
    """Decides how many calls may be open at this moment.

    At the start and after a hold the first call goes alone; each answer doubles the number up to the
    setting, so that a client which has just recovered does not meet the whole queue at once, and one
    that refuses our token is not asked by several calls.
    """

    def __init__(self, calls: int, pacing: Pacing) -> None:
        self._calls = calls
        self._pacing = pacing
        self._width = 1
        self._holds: dict[Reason, Hold] = {}
        self.login_refusals = 0

    @property
    def holds(self) -> tuple[Hold, ...]:
        """The holds that no answer has ended yet, those that ran out included."""
        return tuple(self._holds.values())

    def held(self, now: Uptime) -> Hold | None:
        """The hold that lasts longest, if any is active."""
        active = [hold for hold in self._holds.values() if hold.active(now)]
        return max(active, key=lambda hold: float("inf") if hold.until is None else hold.until, default=None)

    def slots(self, now: Uptime) -> int:
        """Calls that may be open now."""
        return 0 if self.held(now) is not None else self._width

    def hold(self, hold: Hold) -> None:
        """Stops the queue; of two holds for one reason the later end counts."""
        known = self._holds.get(hold.reason)
        if hold.reason is Reason.SLOW_DOWN and known is not None and known.until and hold.until:
            hold = replace(hold, until=max(known.until, hold.until))
        if hold.reason is Reason.LOGIN and (known is None or not known.active(hold.since)):
            self.login_refusals += 1
        self._holds[hold.reason] = hold
        self._width = 1

    def release(self, *reasons: Reason) -> None:
        """Ends holds because their reason is gone."""
        for reason in reasons:
            self._holds.pop(reason, None)
            if reason is Reason.LOGIN:
                self.login_refusals = 0

    def answered(self, now: Uptime) -> None:
        """The API took a call and answered for that media: it is there and knows us.

        What it asked for in another answer (429, 503) stays until its time is over.
        """
        self.release(Reason.UNREACHABLE, Reason.LOGIN)
        slow = self._holds.get(Reason.SLOW_DOWN)
        if slow is not None and not slow.active(now):
            self.release(Reason.SLOW_DOWN)
        self._width = min(self._calls, 2 * self._width)

    def nudge(self, now: Uptime) -> None:
        """An operator ordered something: a hold ends for one try.

        What the API itself asked for (429, 503) is kept to. A refused login is tried again no
        sooner than `login_gap` after the last one: the client locks out addresses that insist.
        """
        for reason, gap in ((Reason.UNREACHABLE, 0.0), (Reason.LOGIN, self._pacing.login_gap)):
            hold = self._holds.get(reason)
            if hold is not None:
                end = max(now, Uptime(hold.since + gap))
                self._holds[reason] = replace(hold, until=end if hold.until is None else min(end, hold.until))
