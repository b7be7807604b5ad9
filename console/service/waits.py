"""Waiting as a value that is handed in, so that minutes of pacing take a test no time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

Wait: TypeAlias = Callable[[asyncio.Event, float | None], Awaitable[bool]]
"""Waits until the event is set or so many seconds have passed (None: for ever); tells whether it was set."""


async def until_set(event: asyncio.Event, seconds: float | None) -> bool:
    """The real `Wait`: seconds of the loop's monotonic clock."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def pause(wait: Wait, seconds: float) -> None:
    """Lets so many seconds pass."""
    await wait(asyncio.Event(), seconds)
