"""Asks the client how it is, and finds out when an API that was gone has come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.standing import Health
from console.service.pacing import Hold, Reason
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from console.clock import Now, UptimeNow
    from console.domain.media import StoreError
    from console.platforms.base import ClockLead, HealthAnswer, MediaApi
    from console.service.pacing import Gate, Pacing
    from console.service.standing import Board

_LOGIN_CODES = frozenset({401, 1005, 1015, 1024})


class HealthWatch:
    """Makes the health call every half minute, more often while something is wrong.

    It holds the queue when no connection to the API can be made, probes it with growing pauses, and
    lets the queue go on as soon as there is one, even if the health call itself is broken. That the
    login is refused it only shows: whether the queue must stand still for it, a store request finds
    out, and the API object keeps logins few.
    """

    def __init__(
        self,
        *,
        api: MediaApi,
        board: Board,
        gate: Gate,
        pacing: Pacing,
        now: Now,
        uptime: UptimeNow,
        heard: Callable[[ClockLead], None],
        unreachable: asyncio.Event,
        changed: Callable[[], None],
        wait: Wait = until_set,
    ) -> None:
        self._api = api
        self._board = board
        self._gate = gate
        self._pacing = pacing
        self._now = now
        self._uptime = uptime
        self._heard = heard
        self._unreachable = unreachable
        self._changed = changed
        self._wait = wait
        self._failures = 0
        self._login_refused = False

    async def run(self) -> None:
        """Works for ever."""
        while True:
            seconds = self._learn(await self._api.health())
            self._unreachable.clear()
            if await self._wait(self._unreachable, seconds):
                # A call has just found no API: asking again at once would tell nothing new.
                self._failures = max(self._failures, 1)
                await pause(self._wait, self._pacing.probe(self._failures))

    def _learn(self, answer: HealthAnswer) -> float:
        """Tells board and gate; returns the seconds until the next question."""
        self._board.healthy(answer, self._now())
        if answer.clock is not None:
            self._heard(answer.clock)
        if answer.health is Health.UNREACHABLE and answer.error is not None:
            self._lost(answer.error, answer.remedy)
            self._failures += 1
            return self._pacing.probe(self._failures)
        self._failures = 0
        ended = [Reason.UNREACHABLE]
        if answer.error is not None and answer.error.code in _LOGIN_CODES:
            self._login_refused = True
            self._board.login_refused(answer.error, answer.remedy)
        elif self._login_refused:
            # Only a health call that needs a login can tell that the login works again.
            self._login_refused = False
            ended.append(Reason.LOGIN)
        self._end(ended)
        return self._pacing.health_good if answer.health is Health.CONNECTED else self._pacing.health_bad

    def _lost(self, error: StoreError, remedy: str) -> None:
        hold = Hold(reason=Reason.UNREACHABLE, since=self._uptime(), until=None, error=error, remedy=remedy)
        self._gate.hold(hold)
        self._board.held(hold)
        self._changed()

    def _end(self, reasons: list[Reason]) -> None:
        ended = [hold for hold in self._gate.holds if hold.reason in reasons]
        self._gate.release(*reasons)
        for reason in reasons:
            self._board.over(reason.value)
        if ended:
            self._changed()
