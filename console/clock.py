"""The only place that asks the machine for the time; everything else is handed a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from console.domain.media import Millis

Now: TypeAlias = Callable[[], Millis]
"""Gives the present wall time."""


def wall() -> Millis:
    """The present moment in UTC milliseconds."""
    return Millis(time.time_ns() // 1_000_000)


def monotonic() -> float:
    """Seconds on a clock that never steps; for durations and time-outs."""
    return time.monotonic()
