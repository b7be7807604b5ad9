"""Waiting for a state that another task brings about."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 12.0
"""Seconds."""


async def until(holds: Callable[[], bool]) -> None:
    """Returns as soon as something holds; fails after `PATIENCE`."""
    end = monotonic() + PATIENCE
    for _ in iter(holds, True):
        assert monotonic() < end, "it never came to hold"
        await asyncio.sleep(0.01)
