"""The download worker: asks the API for what is queued, a few at a time, each media once at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from console.cache import queries
from console.domain.facts import StoreDeferred, StoreRefused, StoreRequested
from console.domain.media import Millis
from console.platforms.base import Accepted, Passing, Refused
from console.service import decisions
from console.service.answers import INTERRUPTED, deferred, delay_after, hold_for, settle, tries_made
from console.service.pacing import Reason
from console.service.queue import Queue
from console.service.waits import Wait, until_set

if TYPE_CHECKING:
    from collections.abc import Collection

    from console.cache.reader import AsyncCacheReader
    from console.cache.writer import Decided
    from console.clock import Now, UptimeNow
    from console.domain.media import Media, MediaKey
    from console.platforms.base import MediaApi, StoreAnswer
    from console.service.pacing import Gate, Hold, Pacing, Uniform
    from console.service.recorder import Recorder
    from console.service.silence import Silence
    from console.service.standing import Board
    from console.service.supervisor import Supervisor

LONGEST_SLEEP = 30.0
"""Seconds after which the queue is looked at even if nothing woke the worker."""

PAUSE_SHOWN_TO_MS = 1000
"""The end of a hold is told anew where it moved by more, because the wall clock was set."""

GIVE_BACK_SECONDS = 1.0
EXPLAINED = 1000
"""So many waiting media at most are told why they wait; the standing says it for the rest."""


class Worker:
    """Empties the queue.

    A call is claimed by the fact `StoreRequested`, committed before the request leaves, so that
    neither a second order nor a restart makes a second call while one is open. Only an open HTTP
    call holds a slot; waiting for the callback holds none.
    """

    def __init__(
        self,
        *,
        recorder: Recorder,
        reader: AsyncCacheReader,
        api: MediaApi,
        board: Board,
        gate: Gate,
        silence: Silence,
        supervisor: Supervisor,
        now: Now,
        uptime: UptimeNow,
        uniform: Uniform,
        pacing: Pacing,
        wait: Wait = until_set,
    ) -> None:
        self._recorder = recorder
        self._reader = reader
        self._api = api
        self._board = board
        self._gate = gate
        self._silence = silence
        self._supervisor = supervisor
        self._now = now
        self._uptime = uptime
        self._uniform = uniform
        self._pacing = pacing
        self._wait = wait
        self._calls: dict[MediaKey, asyncio.Task[None]] = {}
        self._asking = 0
        self._ending = False
        self._wake = asyncio.Event()
        self._queue = Queue(reader, now=now, uptime=uptime, longest=pacing.longest)
        self._paused_until: Millis | None = None
        self.unreachable = asyncio.Event()
        """Set when a call found no API, for whoever probes it."""

    def wake(self) -> None:
        """Something may be callable that was not."""
        self._queue.changed()
        self._wake.set()

    def nudge(self) -> None:
        """An operator has ordered something: see `Gate.nudge`."""
        self._gate.nudge(self._uptime())
        self.wake()

    async def run(self) -> None:
        """Works for ever."""
        await self._queue.recall()
        while True:
            self._wake.clear()
            await self._start_calls()
            await self._explain_waiting()
            self._show_pause()
            if not await self._wait(self._wake, self._sleep()):
                self._queue.changed()

    def end(self) -> Collection[asyncio.Task[None]]:
        """Starts no call any more; gives the open ones, of which those that are cancelled go back.

        A media given back is queued and will be asked for again at the next start. That the API
        may have taken the interrupted call does no harm: asking again is safe.
        """
        self._ending = True
        return tuple(self._calls.values())

    # -- which media

    async def _start_calls(self) -> None:
        if self._free_slots() <= 0:
            return
        await self._queue.turn(self._calls)
        while self._free_slots() > 0 and (key := self._queue.pop()) is not None:
            self._calls[key] = self._supervisor.start("store", partial(self._call, key))

    def _free_slots(self) -> int:
        return 0 if self._ending else self._gate.slots(self._uptime()) - len(self._calls)

    async def _explain_waiting(self) -> None:
        """Lets each media that a hold keeps from its first call say why it waits.

        A hold that the API asked for is short and needs no words in every row.
        """
        hold = self._gate.held(self._uptime())
        if hold is None or hold.reason is Reason.SLOW_DOWN or self._ending:
            return
        for media in await self._reader.run(queries.callable_now((), EXPLAINED)):
            if media.error is None and media.key not in self._calls:
                why = partial(decisions.explain, error=hold.error, now=self._now)
                await self._recorder.decide(media.key, why)

    def _sleep(self) -> float:
        """Seconds until something can be called that cannot be called now."""
        now = self._uptime()
        if len(self._calls) >= max(1, self._gate.slots(now)):
            return LONGEST_SLEEP  # the end of a call wakes the worker
        hold = self._gate.held(now)
        moment = hold.until if hold is not None else self._queue.next_look()
        return LONGEST_SLEEP if moment is None else min(LONGEST_SLEEP, max(0.01, moment - now))

    def _show_pause(self) -> None:
        now = self._uptime()
        hold = self._gate.held(now)
        until: Millis | None = None
        if hold is not None and hold.until is not None:
            until = Millis(self._now() + round((hold.until - now) * 1000))
            if self._paused_until is not None and abs(until - self._paused_until) < PAUSE_SHOWN_TO_MS:
                until = self._paused_until
        self._paused_until = until
        self._board.paused(until)
        if all(hold.reason is not Reason.SLOW_DOWN or not hold.active(now) for hold in self._gate.holds):
            self._board.over(Reason.SLOW_DOWN.value)

    # -- one media

    async def _call(self, key: MediaKey) -> None:
        self._silence.calling(key)
        deferred: StoreDeferred | None = None
        try:
            claim = partial(decisions.claim, due=self._queue.is_due(key), now=self._now)
            claimed = await self._recorder.decide(key, claim)
            self._queue.claimed(key)
            self._tell(claimed)
            asked = next((fact for fact in claimed.facts if isinstance(fact, StoreRequested)), None)
            if asked is not None and claimed.media is not None:
                deferred = await self._ask(claimed.media, asked)
        finally:
            del self._calls[key]
            self._silence.called(key)
            self._queue.over(key, deferred)
            self._wake.set()

    async def _ask(self, media: Media, asked: StoreRequested) -> StoreDeferred | None:
        """Makes the call and keeps what came of it; tells if it is to be made again."""
        if media.id is None:
            return None
        self._count(1)
        try:
            answer = await self._api.store(media.id)
        except asyncio.CancelledError:
            await self._give_back(asked)
            raise
        finally:
            self._count(-1)
        return await self._record(asked, answer)

    async def _give_back(self, asked: StoreRequested) -> None:
        now = self._now()
        with suppress(TimeoutError):  # a cache that cannot be written must not hold up the end
            async with asyncio.timeout(GIVE_BACK_SECONDS):
                given_back = deferred(asked, INTERRUPTED, now, now)
                await self._recorder.decide(asked.key, partial(decisions.keep, fact=given_back))

    def _count(self, change: int) -> None:
        self._asking += change
        self._board.calling(self._asking)

    async def _record(self, asked: StoreRequested, answer: StoreAnswer) -> StoreDeferred | None:
        spent = await self._spent(asked)
        pacing, refusals = self._pacing, self._gate.login_refusals
        delay = delay_after(answer, spent=spent, pacing=pacing, uniform=self._uniform)
        hold = hold_for(answer, delay=delay, now=self._uptime(), refusals=refusals, pacing=pacing)
        # The queue stands still before anything is awaited, so that no further call slips out.
        self._learn(answer, hold)
        fact = settle(answer, asked, spent=spent, delay=delay, now=self._now(), last=pacing.tries)
        self._tell(await self._recorder.decide(asked.key, partial(decisions.keep, fact=fact)))
        return fact if isinstance(fact, StoreDeferred) else None

    def _tell(self, decided: Decided) -> None:
        for fact in decided.facts:
            if isinstance(fact, StoreRefused) and decided.media is not None:
                self._board.store_failed("worker", fact, decided.media)

    async def _spent(self, asked: StoreRequested) -> int:
        """Tries of this attempt that counted; the number of the try is never less."""
        if asked.try_number < self._pacing.tries:
            return asked.try_number - 1
        history = await self._reader.run(queries.history(asked.key))
        return tries_made(history, asked.attempt)

    def _learn(self, answer: StoreAnswer, hold: Hold | None) -> None:
        if hold is not None:
            self._gate.hold(hold)
            self._board.held(hold)
            if hold.reason is Reason.UNREACHABLE:
                self.unreachable.set()
        elif isinstance(answer, Accepted | Refused | Passing):
            self._gate.answered(self._uptime())
            self._board.over(Reason.UNREACHABLE.value)
            self._board.over(Reason.LOGIN.value)
