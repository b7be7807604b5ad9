"""The one door through which tasks are started: named, awaited at the end, their failures visible."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any, Protocol, TypeAlias

from console.domain.display import line
from console.domain.exceptions import ConsoleError
from console.service.waits import Wait, pause, until_set

log = logging.getLogger(__name__)

Run: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
SOUND_AFTER = 60.0
"""A restarted task that has run for so many seconds counts as recovered."""


class Witness(Protocol):
    """Is told what became of the tasks."""

    def task_failed(self, name: str, error: Exception) -> None:
        """A task ended by an error that nobody had foreseen."""
        ...

    def task_recovered(self, name: str) -> None:
        """A task that had failed has been running soundly again for a while."""
        ...


class Supervisor:
    """Starts tasks and stays responsible for them.

    An error in one task is logged with its traceback and told to the witness; the others go on.
    This is the only place that catches every `Exception`: whatever arrives here is a defect, and
    one defect must not stop the webhooks from being heard.
    """

    def __init__(self, witness: Witness, *, wait: Wait = until_set, sound_after: float = SOUND_AFTER) -> None:
        self._witness = witness
        self._wait = wait
        self._sound_after = sound_after
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> list[str]:
        """The names of the tasks that are running."""
        return sorted(task.get_name() for task in self._tasks)

    def start(self, name: str, run: Run) -> asyncio.Task[None]:
        """Runs something once."""
        return self._task(name, self._single(name, run))

    def keep(self, name: str, run: Run) -> asyncio.Task[None]:
        """Runs something that has no end of its own; after a failure it is started again.

        The pause before that doubles from one second to a minute. If `run` returns, the task ends.
        """
        return self._task(name, self._again(name, run))

    async def guard(self, name: str, work: Awaitable[None]) -> None:
        """Awaits something that another server runs as its task; a failure is told and raised again."""
        try:
            await work
        except Exception as error:
            self._failed(name, error)
            raise

    async def finish(self, tasks: Collection[asyncio.Task[None]], seconds: float) -> None:
        """Waits so long for tasks to end by themselves, then cancels the rest and waits for that."""
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def stop(self) -> None:
        """Cancels everything that still runs and returns when all of it has ended."""
        while self._tasks:
            await self.finish(tuple(self._tasks), 0)

    def _task(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _single(self, name: str, run: Run) -> None:
        await self._once(name, run)

    async def _once(self, name: str, run: Run) -> bool:
        """Whether it ended without a failure."""
        try:
            await run()
        except Exception as error:
            self._failed(name, error)
            return False
        return True

    def _failed(self, name: str, error: Exception) -> None:
        foreseen = isinstance(error, ConsoleError)
        log.error("the task %s failed: %s", name, line(str(error)), exc_info=None if foreseen else error)
        self._witness.task_failed(name, error)

    async def _again(self, name: str, run: Run) -> None:
        loop = asyncio.get_running_loop()
        seconds = FIRST_PAUSE
        sound: asyncio.TimerHandle | None = None
        try:
            while not await self._once(name, run):
                if sound is not None and sound.when() <= loop.time():
                    seconds = FIRST_PAUSE
                elif sound is not None:
                    sound.cancel()
                await pause(self._wait, seconds)
                seconds = min(2 * seconds, LONGEST_PAUSE)
                sound = loop.call_later(self._sound_after, self._witness.task_recovered, name)
        finally:
            if sound is not None:
                sound.cancel()
