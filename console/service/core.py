"""The service: listener, download worker and clocks around the one writer of a cache."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from console.cache import queries
from console.cache.mounts import check_place, mounted
from console.cache.reader import AsyncCacheReader
from console.cache.writer import CacheWriter, WriterLost
from console.clock import uptime as machine_uptime
from console.clock import wall
from console.domain.media import State
from console.domain.standing import Level
from console.listener.app import WebhookApp
from console.listener.guards import Guards
from console.listener.refusals import Refusals
from console.listener.server import ListenerFailed, ListenerServer, Tls
from console.service.body_keeping import BodyKeeping
from console.service.clock_watch import ClockWatch
from console.service.health import HealthWatch
from console.service.intake import Intake
from console.service.lock import ServiceLock
from console.service.pacing import Gate, Pacing, Uniform
from console.service.recorder import Recorder
from console.service.silence import Silence
from console.service.standing import Board
from console.service.supervisor import Supervisor
from console.service.upkeep import Upkeep
from console.service.waits import Wait, until_set
from console.service.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.clock import Now, UptimeNow
    from console.config import Settings
    from console.domain.standing import Standing
    from console.listener.answers import Receive, Scope, Send
    from console.platforms.base import MediaApi, WebhookReader

BIND_AGAIN = 5.0
"""Seconds between two tries to get the listener's port."""
GRACE = 1.0
LAST_WORD = 1.0
"""Seconds that open calls and answers, and the last standing have at the end.

A console whose terminal is lost has under 2 together; only a cache that cannot be written takes longer.
"""

NO_API = "No API address is set, so nothing can be asked for. Orders stay queued."
NO_API_REMEDY = "Set MEDIA_CONSOLE_API_URL or --api-url, and the login, then start again."


class Service:
    """One service of one cache, run once.

    Args:
        settings: `db`, `api_url`, `callback_timeout`, `calls` and all of the listener are read.
        api: the calls to the client; closed when the service ends. None: nothing can be asked for.
        read: the dialect of the webhooks.
        now: the wall clock.
        uptime: the clock that never steps.
        pacing: the figures for tries, holds and probes.
        uniform: the source of chance.
        wait: how to wait for the worker's and the clocks' sake.
        passing: it serves only for the work of one command, and others are to know.
        apart: the cache is written by a process of its own. `read` and `now` must be functions of a module.
        mounts: gives the table of what is mounted; the cache must lie on a local file system.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        api: MediaApi | None,
        read: WebhookReader,
        now: Now = wall,
        uptime: UptimeNow = machine_uptime,
        pacing: Pacing | None = None,
        uniform: Uniform | None = None,
        wait: Wait = until_set,
        passing: bool = False,
        apart: bool = False,
        mounts: Callable[[], str] = mounted,
    ) -> None:
        self._settings = settings
        self._passing = passing
        self._apart = apart
        self._mounts = mounts
        self._api = api
        self._read = read
        self._now = now
        self._uptime = uptime
        self._pacing = pacing if pacing is not None else Pacing()
        self._uniform = uniform if uniform is not None else random.SystemRandom().uniform
        self._wait = wait
        api_url = settings.api_url if api is not None else None
        self._board = Board(now=now, uptime=uptime, pid=os.getpid(), api_url=api_url)
        self._supervisor = Supervisor(self._board, wait=wait)
        self._clock_watch = ClockWatch(
            board=self._board, now=now, uptime=uptime, stepped=self._clock_stepped, wait=wait
        )
        self._worker: Worker | None = None
        self._server: ListenerServer | None = None
        self._bind_now = asyncio.Event()
        self._bind_tried = asyncio.Event()
        self._refusals = Refusals(self._board)
        self._ending = False
        self._writer_lost = False

    @property
    def standing(self) -> Standing:
        """How the service is doing; may be read from any thread, at any time."""
        return self._board.standing

    @property
    def tasks(self) -> list[str]:
        """The names of the tasks that are running."""
        return self._supervisor.names

    def retry_listener(self) -> None:
        """Tries at once to bind the listener's port, if it is not bound. On the service's loop."""
        self._bind_now.set()

    async def run(self, ready: asyncio.Event, stop: asyncio.Event) -> None:
        """Serves until `stop` is set, then ends in order within five seconds.

        `ready` is set when the cache is open and the listener is bound or known to be deaf. The
        loss of the listener or of the API never ends the service.

        Raises:
            LockHeld: another service works on this cache.
            WriterLost: the writer ended by an unforeseen error, while it opened the cache or later.
            ConsoleError: the cache cannot be used. Nothing was changed.
        """

        def lost() -> None:
            self._writer_lost = True
            stop.set()

        async with AsyncExitStack() as stack:
            if self._api is not None:
                stack.push_async_callback(self._api.aclose)
            doubt = await asyncio.to_thread(check_place, self._settings.db, self._mounts)
            if doubt is not None:
                self._board.note(Level.WARNING, "service", doubt)
            lock = await asyncio.to_thread(ServiceLock, self._settings.db, passing=self._passing)
            stack.callback(lock.release)
            writer = await self._open_writer(lost, lock)
            stack.push_async_callback(writer.close)
            reader = await stack.enter_async_context(AsyncCacheReader(self._settings.db))
            stack.push_async_callback(self._last_word, writer)
            stack.push_async_callback(self._supervisor.stop)
            await self._serve(writer, reader, ready, stop)

    async def _open_writer(self, lost: Callable[[], None], lock: ServiceLock) -> CacheWriter:
        if self._apart:
            return await CacheWriter.open_apart(
                self._settings.db, now=self._now, read=self._read, lost=lost, lock=lock.fileno()
            )
        return await CacheWriter.open(self._settings.db, now=self._now, lost=lost)

    async def _serve(
        self, writer: CacheWriter, reader: AsyncCacheReader, ready: asyncio.Event, stop: asyncio.Event
    ) -> None:
        self._board.recall(await reader.run(queries.last_receipt()), await reader.run(queries.standing()))
        recorder = Recorder(writer, self._board, wait=self._wait)
        self._supervisor.keep("standing", lambda: self._board.keep(writer))
        self._supervisor.keep("refusals", self._refusals.watch)
        listener = self._supervisor.keep("listener", lambda: self._listen(writer))
        silence = self._start_silence(recorder, reader)
        self._supervisor.keep("clock", self._clock_watch.run)
        self._start_upkeep(recorder)
        worker = self._worker = self._start_worker(recorder, reader, silence)
        if worker is None:
            await self._tell_of_queue(reader)
        self._start_intake(recorder, worker.nudge if worker is not None else self._no_api)
        try:
            await self._bind_tried.wait()
            ready.set()
            await stop.wait()
            if self._writer_lost:
                raise WriterLost(self._settings.db)
        finally:
            self._ending = True
            self._bind_now.set()
            if self._server is not None:
                self._server.stop()
            calls = worker.end() if worker is not None else ()
            await self._supervisor.finish((listener, *calls), GRACE)

    # -- the parts

    def _start_worker(self, recorder: Recorder, reader: AsyncCacheReader, silence: Silence) -> Worker | None:
        if self._api is None:
            return None
        gate = Gate(self._settings.calls, self._pacing)
        worker = Worker(
            recorder=recorder,
            reader=reader,
            api=self._api,
            board=self._board,
            gate=gate,
            silence=silence,
            supervisor=self._supervisor,
            now=self._now,
            uptime=self._uptime,
            uniform=self._uniform,
            pacing=self._pacing,
            wait=self._wait,
        )
        health = HealthWatch(
            api=self._api,
            board=self._board,
            gate=gate,
            pacing=self._pacing,
            now=self._now,
            uptime=self._uptime,
            heard=self._clock_watch.heard,
            unreachable=worker.unreachable,
            changed=worker.wake,
            wait=self._wait,
        )
        self._supervisor.keep("worker", worker.run)
        self._supervisor.keep("health", health.run)
        return worker

    def _start_intake(self, recorder: Recorder, taken: Callable[[], None]) -> None:
        intake = Intake(self._settings.db, recorder=recorder, board=self._board, taken=taken)
        self._supervisor.keep("intake", intake.run)

    def _start_upkeep(self, recorder: Recorder) -> None:
        upkeep = Upkeep(
            self._settings.db,
            keeper=recorder,
            read=self._read,
            now=self._now,
            told=self._board.maintained,
            watch=self._clock_watch,
            wait=self._wait,
        )
        bodies = BodyKeeping(
            recorder,
            self._settings.keep_bodies_ms,
            watch=self._clock_watch,
            now=self._now,
            uptime=self._uptime,
            wait=self._wait,
        )
        self._supervisor.keep("upkeep", upkeep.run)
        self._supervisor.keep("bodies", bodies.run)

    def _start_silence(self, recorder: Recorder, reader: AsyncCacheReader) -> Silence:
        silence = Silence(
            recorder=recorder,
            reader=reader,
            timeout=self._settings.callback_timeout,
            now=self._now,
            uptime=self._uptime,
            wait=self._wait,
        )
        self._supervisor.keep("silence", silence.run)
        return silence

    async def _tell_of_queue(self, reader: AsyncCacheReader) -> None:
        waiting = await reader.run(queries.waiting_counts())
        if waiting[State.QUEUED]:
            self._no_api()

    def _clock_stepped(self) -> None:
        if self._worker is not None:
            self._worker.wake()

    def _no_api(self) -> None:
        self._board.trouble("api", NO_API, NO_API_REMEDY)

    # -- the listener

    async def _listen(self, writer: CacheWriter) -> None:
        """Serves webhooks; while the port cannot be had, tries for it every few seconds."""
        settings, refusals = self._settings, self._refusals
        app = WebhookApp(
            writer,
            self._read,
            now=self._now,
            witness=self._board,
            guards=Guards(settings),
            refusals=refusals,
            body_limit=settings.body_limit,
        )

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            await self._supervisor.guard("webhooks", app(scope, receive, send))

        while not self._ending:
            server = ListenerServer(guarded, *settings.listen, tls=Tls.of(settings), refused=refusals.tell)
            self._bind_now.clear()
            if await self._bind(server):
                await self._serve_webhooks(server)
            elif not self._ending:
                await self._wait(self._bind_now, BIND_AGAIN)

    async def _bind(self, server: ListenerServer) -> bool:
        try:
            # The host may have to be looked up, the holder of the port to be searched for.
            address = await asyncio.to_thread(server.bind)
        except ListenerFailed as error:
            self._board.deaf(error)
            return False
        else:
            self._board.listening(address)
            return True
        finally:
            self._bind_tried.set()

    async def _serve_webhooks(self, server: ListenerServer) -> None:
        self._server = server
        try:
            if not self._ending:
                await server.serve()
        finally:
            server.close()
            self._server = None
            self._board.deaf(None)

    async def _last_word(self, writer: CacheWriter) -> None:
        self._refusals.sum_up()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD):
                await self._board.end(writer)
