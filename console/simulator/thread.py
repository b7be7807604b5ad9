"""An event loop in a thread of its own, so that its owner may be anything: a test, a command, a screen."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

_T = TypeVar("_T")


class LoopThread:
    """Runs `main(closing)` in its own loop and thread until `stop`.

    `main` returns soon after `closing` is set. Tasks given to `spawn` are cancelled when it has
    returned, or before that where it says so itself. A failure of `main` or of such a task ends
    the thread; `stop` raises it.
    """

    def __init__(self, main: Callable[[asyncio.Event], Awaitable[None]], name: str) -> None:
        self._main = main
        self._thread = threading.Thread(target=self._run, name=name)
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop
        self._group: asyncio.TaskGroup
        self._closing: asyncio.Event
        self._spawned: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Starts the thread; returns when its loop runs."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Ends it and waits for the end.

        Raises:
            BaseExceptionGroup: what went wrong inside.
        """
        if self._thread.is_alive():
            self._from_outside(self._closing.set)
        self._thread.join()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    @property
    def ended(self) -> bool:
        """It has ended, asked to or not."""
        return self._ended.is_set()

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Starts a task; to be called inside the loop."""
        task = self._group.create_task(work, name=name)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    async def cancel_spawned(self) -> None:
        """Ends what was spawned and waits for its end; to be called inside the loop."""
        tasks = list(self._spawned)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def inside(self, work: Coroutine[None, None, _T]) -> _T:
        """Awaits something in that loop from whichever loop runs here."""
        if asyncio.get_running_loop() is self._loop:
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _from_outside(self, action: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(action)
        except RuntimeError:
            return  # it ended in this very moment

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as failure:  # handed to the thread that stops this one
            self._failure = failure
        finally:
            self._ready.set()
            self._ended.set()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        async with asyncio.TaskGroup() as self._group:
            self._ready.set()
            await self._main(self._closing)
            await self.cancel_spawned()
