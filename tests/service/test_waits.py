from __future__ import annotations

import asyncio

from console.clock import monotonic
from console.service.waits import pause, until_set


async def test_it_tells_whether_the_event_came() -> None:
    event = asyncio.Event()
    assert not await until_set(event, 0.01)
    asyncio.get_running_loop().call_soon(event.set)
    assert await until_set(event, 5)
    assert await until_set(event, None)
    assert await until_set(event, 0)


async def test_a_pause_lasts() -> None:
    begun = monotonic()
    await pause(until_set, 0.05)
    assert monotonic() - begun >= 0.049


async def test_a_pause_goes_through_the_wait_that_was_handed_in() -> None:
    asked: list[float | None] = []

    async def noted(event: asyncio.Event, seconds: float | None) -> bool:
        asked.append(seconds)
        return event.is_set()

    await pause(noted, 3600)
    assert asked == [3600]
