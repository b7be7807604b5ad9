"""The service on an event loop of its own, in a thread of its own, for a program with a screen."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from console.cache.trouble import WriterLost
from console.clock import monotonic, wall
from console.domain.exceptions import ConsoleError, Report
from console.domain.standing import Standing, Trouble
from console.service.lock import LockHeld
from console.service.loops import service_loop
from console.service.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.clock import Now
    from console.service.core import Service
    from console.service.lock import Holder

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at who serves the cache, while another process does."""
BEGIN_AGAIN = 5.0
"""Seconds until a service whose writer was lost begins again; twice as many after each that never served."""
LONGEST_PAUSE = 60.0


class ServiceThread:
    """Hosts a service beside a screen, so that a repaint hardly delays an acknowledgement.

    Its methods are called from the program's main thread and never wait, except `wait_ready`,
    `stop` and `join`. It is the screen's `Host`.

    Args:
        make: makes the service; called in the thread, on its loop.
        holder: tells who serves the cache. With it, a thread that was refused the lock waits for the
            end of who has it and serves then; of several that wait one gets it and the others wait on.
            A service whose writer was lost begins again. None: either is the end.
        now: the wall clock, for saying since when a failed service has failed.
    """

    def __init__(
        self,
        make: Callable[[], Service],
        *,
        holder: Callable[[], Holder | None] | None = None,
        now: Now = wall,
    ) -> None:
        self._make = make
        self._holder = holder
        self._now = now
        self._thread: threading.Thread | None = None
        self._known = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._service: Service | None = None
        self._ended = threading.Event()
        self._retry = threading.Event()
        self._pause = BEGIN_AGAIN
        self._seen: str | None = None
        self.error: ConsoleError | None = None
        """Why the service does not run, once it is known that it does not."""

    def start(self) -> None:
        """Starts the service; after it has ended (or was refused the lock) it may be started again."""
        if self._thread is not None and self._thread.is_alive():
            return
        self.error = None
        self._known.clear()
        self._ended.clear()
        self._thread = threading.Thread(target=self._run, name="service")
        self._thread.start()

    def wait_ready(self, seconds: float) -> bool:
        """Waits until the service serves, or is known not to; True if it serves."""
        return self._known.wait(seconds) and self.error is None

    def starting(self) -> bool:
        """Whether it is not known yet if the service runs here, elsewhere or nowhere."""
        return not self._known.is_set()

    def standing(self) -> Standing | None:
        """How the service is doing; None while it does not run here, or not yet: it may be refused the lock.

        A service that could not start, or failed as a whole, has a standing that says so.
        """
        error, service = self.error, self._service
        if error is not None:
            return None if isinstance(error, LockHeld) else self._failed(error)
        return service.standing if service is not None and self._known.is_set() else None

    def viewer_of(self) -> str | None:
        """Who serves the cache instead (`pid 4121`); None if nobody else was found to."""
        error = self.error
        return self._seen or error.who if isinstance(error, LockHeld) else None

    def retry_listener(self) -> None:
        """Tries at once to bind the listener's port; a service that failed as a whole is started again."""
        if self.error is None:
            self._tell(lambda service, _: service.retry_listener())
        elif not isinstance(self.error, LockHeld):
            self._retry.set()
            self.start()

    def stop(self) -> None:
        """Ends the service in order and waits for that; more than once does nothing."""
        self._ended.set()
        self._tell(lambda _, stop: stop.set())
        self.join()

    def join(self, seconds: float | None = None) -> bool:
        """Waits for the thread's end; whether it has ended."""
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # -- the witness of the one task in the thread

    def task_failed(self, name: str, error: Exception) -> None:
        """The service as a whole failed by an error that nobody had foreseen."""
        self.error = Report(
            f"The {name} failed ({type(error).__name__}).",
            "Please report it with the traceback from the log.",
        )

    def task_recovered(self, name: str) -> None:
        """The thread starts nothing anew, so there is nothing to take back."""

    def _tell(self, do: Callable[[Service, asyncio.Event], None]) -> None:
        loop, service, stop = self._loop, self._service, self._stop
        if loop is not None and service is not None and stop is not None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(do, service, stop)

    def _run(self) -> None:
        try:
            self._run_once()
            while self._outlived():
                self._run_once()
        finally:
            self._known.set()

    def _run_once(self) -> None:
        with asyncio.Runner(loop_factory=service_loop) as runner:
            runner.run(self._main())

    def _outlived(self) -> bool:
        """Waits while another process serves the cache; whether it is this one's turn now."""
        if self._holder is not None and isinstance(self.error, WriterLost):
            return self._begins_again()
        if self._holder is None or not isinstance(self.error, LockHeld):
            return False
        self._known.set()
        while not self._ended.wait(LOOK_EVERY):
            other = self._holder()
            if other is None:
                log.info("the service of %s has ended; this process serves now", self.viewer_of())
                self._known.clear()
                self._service, self._seen, self.error = None, None, None
                return True
            self._seen = other.who
        return False

    def _begins_again(self) -> bool:
        """Waits for a while after the writer was lost; whether to serve again."""
        self._known.set()
        self._retry.clear()
        deadline = monotonic() + self._pause
        while not self._retry.wait(0.1) and monotonic() < deadline:
            if self._ended.is_set():
                return False
        log.info("the service begins again after its writer was lost")
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._known.clear()
        self._service, self._seen, self.error = None, None, None
        return not self._ended.is_set()

    async def _main(self) -> None:
        supervisor = Supervisor(self)
        await supervisor.start("service", self._serve)

    async def _serve(self) -> None:
        stop, ready = asyncio.Event(), asyncio.Event()
        announcing = Supervisor(self)
        try:
            service = self._make()
            self._service, self._stop, self._loop = service, stop, asyncio.get_running_loop()
            if self._ended.is_set():
                stop.set()
            announcing.start("announcement", lambda: self._announce(ready))
            await service.run(ready, stop)
        except ConsoleError as error:
            level = logging.INFO if isinstance(error, LockHeld) else logging.WARNING
            log.log(level, "the service does not run: %s", error.what)
            self._seen, self.error = None, error
        finally:
            await announcing.stop()

    async def _announce(self, ready: asyncio.Event) -> None:
        await ready.wait()
        self._pause = BEGIN_AGAIN
        self._known.set()

    def _failed(self, error: ConsoleError) -> Standing:
        moment = self._now()
        trouble = Trouble(id="service", text=error.what, remedy=error.remedy, since=moment)
        return Standing(pid=os.getpid(), since=moment, updated_at=moment, troubles=(trouble,), stopped=True)
