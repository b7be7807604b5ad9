from __future__ import annotations

import asyncio
import threading

import pytest

from console.simulator.thread import LoopThread


async def wait(closing: asyncio.Event) -> None:
    await closing.wait()


async def test_it_runs_elsewhere_until_it_is_stopped() -> None:
    thread = LoopThread(wait, "elsewhere")
    thread.start()

    async def name() -> str:
        return threading.current_thread().name

    assert await thread.inside(name()) == "elsewhere"
    assert not thread.ended
    thread.stop()
    assert thread.ended


async def test_inside_works_from_inside() -> None:
    thread = LoopThread(wait, "elsewhere")
    thread.start()

    async def one() -> int:
        return 1

    async def two() -> int:
        return await thread.inside(one()) + 1

    assert await thread.inside(two()) == 2
    thread.stop()


async def test_tasks_end_with_it() -> None:
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def main(closing: asyncio.Event) -> None:
        thread.spawn(work(), "work")
        await closing.wait()

    thread = LoopThread(main, "elsewhere")
    thread.start()
    thread.stop()
    assert ended.wait(1)


def test_what_goes_wrong_inside_is_raised_by_stop() -> None:
    async def work() -> None:
        raise ValueError("broken")

    async def main(closing: asyncio.Event) -> None:
        thread.spawn(work(), "work")
        await closing.wait()

    thread = LoopThread(main, "elsewhere")
    thread.start()
    with pytest.raises(ExceptionGroup) as caught:
        thread.stop()
    (fault,) = caught.value.exceptions
    assert isinstance(fault, ValueError)
    assert "broken" in str(fault)
    assert thread.ended
    thread.stop()
