"""Notices that this machine's clock was set, or that the client's disagrees with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from console.domain.media import CLOCKS_DIFFER_MS, Millis
from console.domain.retention import DAY_MS, HOUR_MS, SECOND_MS, rfc3339, span_text
from console.domain.standing import Level
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.clock import Now, Uptime, UptimeNow
    from console.platforms.base import ClockLead
    from console.service.standing import Board

LOOK_EVERY = 1.0
"""Seconds between two looks: the screen is right again within two."""

DRIFT_MS = 5_000
"""By so much the wall clock may part from the one that never steps before it counts as set."""

READ_WITHIN = 0.5
"""Seconds in which both clocks must have been read for the two readings to belong together."""

STEADY_AFTER = HOUR_MS / 1000
"""Seconds without a step after which the wall clock may be trusted with what cannot be undone."""

CLIENT_LEAD = CLOCKS_DIFFER_MS / 1000
"""Seconds by which the client's clock may differ from ours."""

CLIENT_DOUBT = DAY_MS / 1000
"""Seconds of difference from which it is not known whose clock is wrong, where days are counted."""

_STEP_REMEDY = "If it is wrong now, set it right. Nothing is deleted by its age before it was steady for 1h."
_LEAD_REMEDY = "Let both follow the same time servers; until then message times and countdowns are off by it."


class Trust(Protocol):
    """What is asked of the clock watch before anything is deleted for its age."""

    def steady(self) -> bool:
        """Whether the wall clock has proved itself."""
        ...

    def doubted(self) -> bool:
        """Whether it was set a short while ago."""
        ...


def recent(sent: Millis | None, now: Millis) -> bool:
    """Whether a message that was sent then speaks for a wall clock that says `now`.

    Messages have WhatsApp's time. Before a clock that is ahead by more than a day all of them are older.
    """
    return sent is not None and -CLOCKS_DIFFER_MS <= now - sent <= DAY_MS


class ClockWatch:
    """Compares this machine's wall clock with the one that never steps, and with the client's.

    A step changes what is shown and nothing else: deadlines of the service run on the clock that
    never steps, and what is computed from the wall clock (the time left, lapsed) follows it.

    Args:
        stepped: called after each step, for whoever shows moments that are still to come.
    """

    def __init__(
        self,
        *,
        board: Board,
        now: Now,
        uptime: UptimeNow,
        stepped: Callable[[], None],
        wait: Wait = until_set,
    ) -> None:
        self._board = board
        self._now = now
        self._uptime = uptime
        self._stepped = stepped
        self._wait = wait
        self._wall, self._at = now(), uptime()
        self._steady_since = self._at
        self._set_at: Uptime | None = None
        self._client_doubted = False

    def steady(self) -> bool:
        """Whether the age of things may be judged by the wall clock.

        It must have gone without a step for an hour, while this service looked, and the client's
        must not differ from it by a day. Ask this, or that a message is `recent`, and never while the clock
        is `doubted`, before anything is deleted for its age.
        """
        return not self._client_doubted and self._uptime() - self._steady_since >= STEADY_AFTER

    def doubted(self) -> bool:
        """Whether the wall clock was set less than an hour ago, while this service looked.

        Of a service that has just started that is not known: it is not doubted, and not steady yet.
        """
        self._look()
        return self._set_at is not None and self._uptime() - self._set_at < STEADY_AFTER

    async def run(self) -> None:
        """Works for ever."""
        while True:
            self._look()
            await pause(self._wait, LOOK_EVERY)

    def _look(self) -> None:
        before, wall, at = self._uptime(), self._now(), self._uptime()
        if at - before > READ_WITHIN:
            return
        drift = wall - self._wall - round((at - self._at) * 1000)
        if abs(drift) > DRIFT_MS:
            self._set(drift, wall, at)
        elif at - self._steady_since >= STEADY_AFTER:
            self._board.over("clock")

    def _set(self, drift: int, wall: Millis, at: Uptime) -> None:
        self._wall, self._at, self._steady_since, self._set_at = wall, at, at, at
        way = "forward" if drift > 0 else "back"
        by = span_text(round(abs(drift), -3))
        to = rfc3339(Millis(wall // SECOND_MS * SECOND_MS))
        told = f"This machine's clock was set {way} by {by}, to {to}; countdowns follow it."
        if any(trouble.id == "clock" for trouble in self._board.standing.troubles):
            self._board.note(Level.ERROR, "service", told)  # the board tells the beginning of a trouble alone
        self._board.trouble("clock", told, _STEP_REMEDY)
        self._stepped()

    def heard(self, lead: ClockLead) -> None:
        """An answer of the client told of its clock. What it leaves open changes nothing."""
        self._client_doubted = lead.least > CLIENT_DOUBT or lead.most < -CLIENT_DOUBT
        middle = (lead.least + lead.most) / 2
        if lead.least > CLIENT_LEAD or lead.most < -CLIENT_LEAD:
            way = "ahead of" if middle > 0 else "behind"
            told = span_text(round(abs(middle) * 1000))
            self._board.trouble(
                "client-clock", f"The client's clock is {told} {way} this machine's.", _LEAD_REMEDY
            )
        elif lead.least >= -CLIENT_LEAD and lead.most <= CLIENT_LEAD:
            self._board.over("client-clock")
