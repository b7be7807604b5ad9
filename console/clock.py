"""The only place that asks the machine for the time; everything else is handed a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NewType, TypeAlias

from console.domain.media import Millis

Now: TypeAlias = Callable[[], Millis]
"""Gives the present wall time."""

Uptime = NewType("Uptime", float)
"""A moment in seconds on the clock that never steps. It means nothing in another process."""

UptimeNow: TypeAlias = Callable[[], Uptime]
"""Gives the present moment on that clock."""


def wall() -> Millis:
    """The present moment in UTC milliseconds."""
    return Millis(time.time_ns() // 1_000_000)


def monotonic() -> float:
    """Seconds on a clock that never steps and rests while the machine sleeps; for what a person waits for."""
    return time.monotonic()


def uptime() -> Uptime:
    """Seconds on a clock that never steps, for deadlines that hold for others as well.

    A time that the API named, or within which a callback was to come, passes while this machine
    sleeps: Linux has a clock that counts it (`CLOCK_BOOTTIME`), so that a resumed machine is not
    taken for one whose wall clock was set. Elsewhere it is that of `monotonic`.
    """
    return Uptime(time.clock_gettime(_BOOT_CLOCK) if _BOOT_CLOCK is not None else time.monotonic())


_BOOT_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)
