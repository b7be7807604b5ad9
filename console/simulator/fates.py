"""What can become of a media between its message and now, each told as a story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from console.domain.media import Origin, StoreError
from console.simulator import bodies
from console.simulator.behaviours import parse_behaviours
from console.simulator.client import DATASTORE_FAILURE

if TYPE_CHECKING:
    from console.domain.media import MediaId, Millis
    from console.simulator.dice import Dice
    from console.simulator.story import Teller

_MINUTE, _HOUR = 60.0, 3600.0
_OPERATORS: Final = ("amina", "jonas", "mei")

_ROUTE: Final = StoreError(
    code=1006, title="Resource not found", origin=Origin.RESPONSE, details=bodies.ROUTE_NOT_FOUND
)
_FORBIDDEN: Final = StoreError(
    code=1005,
    title="Access denied",
    origin=Origin.RESPONSE,
    details="The role of this user does not allow the call",
)
_GONE: Final = StoreError(code=410, title="Gone", origin=Origin.RESPONSE, details="The answer has no body.")
_CORE: Final = StoreError(
    code=1014, title="Internal error", origin=Origin.RESPONSE, details="Failed to reach the core process"
)
_BACKLOG: Final = StoreError(
    code=1016, title="System overloaded", origin=Origin.RESPONSE, details="Backlog is full"
)
_LATE: Final = StoreError(code="timeout", title="No answer within 30 s", origin=Origin.NETWORK)
_BROKEN: Final = StoreError(code="reset", title="The connection broke", origin=Origin.NETWORK)

_COMING: Final = (
    "ok",
    "ok(2.5)",
    "ok",
    "failed-400 ok",
    "ok(1.5)",
    "ok",
    "slow(3)",
    "ok",
    "refused-1006-file ok",
    "ok",
    "ok(4)",
    "silent ok",
    "ok",
    "callback-first",
    "500 ok",
    "ok",
    "failed-400",
    "ok",
    "duplicate",
    "drop ok",
    "ok",
    "refused-1006-path",
    "ok",
    "404-empty",
    "503(5) ok",
    "ok",
    "502-html ok",
    "garbage ok",
)
"""How the requests that the operator makes will go, in turn: most succeed, some fail in every way."""


class Fates:
    """Each method takes a teller that stands at the receipt of the message and tells on from there."""

    def __init__(self, now: Millis, dice: Dice) -> None:
        self._now = now
        self._dice = dice
        self._turn = 0

    # What became of a media

    def plain(self, teller: Teller) -> None:
        teller.announced()

    def undownloaded(self, teller: Teller) -> None:
        teller.announced(status="undownloaded")
        self._next_turn(teller)

    def own_failure(self, teller: Teller) -> None:
        teller.announced(errors=[DATASTORE_FAILURE])
        self._next_turn(teller)

    def lost(self, teller: Teller) -> None:
        teller.announced(status="undownloaded")

    def stored(self, teller: Teller) -> None:
        self._taken(teller)
        teller.wait(self._dice.between(0.8, 9))
        teller.result(again=self._dice.fraction() < 0.1)

    def stored_second(self, teller: Teller) -> None:
        """Failed at first, asked for again, stored."""
        self.failed(teller)
        self._pause(teller)
        self._asked(teller)
        teller.accepted()
        teller.wait(self._dice.between(1, 6))
        teller.result()
        teller.later(parse_behaviours(["ok"]))

    def stored_late_news(self, teller: Teller) -> None:
        """The message was delivered after the result, which nobody had asked for."""
        teller.wait(2)
        teller.result()
        teller.wait(self._dice.between(3, 9))
        teller.announced()

    def failed(self, teller: Teller) -> None:
        self._taken(teller)
        teller.wait(self._dice.between(1, 7))
        teller.result(errors=[DATASTORE_FAILURE])
        teller.later(parse_behaviours(self._dice.pick((["ok"], ["failed-400"], ["ok(2)"]))))

    def no_route(self, teller: Teller) -> None:
        self._announced_then_asked(teller)
        teller.refused(_ROUTE)
        teller.later(parse_behaviours(["refused-1006-path"]))

    def no_file(self, teller: Teller) -> None:
        media_id = self._announced_then_asked(teller)
        teller.refused(msgspec.structs.replace(_ROUTE, details=f"File with id {media_id} not found"))
        teller.later(parse_behaviours(self._dice.pick((["ok"], ["refused-1006-file", "ok"]))))

    def forbidden(self, teller: Teller) -> None:
        self._announced_then_asked(teller)
        teller.refused(_FORBIDDEN)
        teller.later(parse_behaviours(["403"]))

    def gone(self, teller: Teller) -> None:
        self._announced_then_asked(teller)
        teller.refused(_GONE)
        teller.later(parse_behaviours(["410"]))

    def given_up(self, teller: Teller) -> None:
        """Five tries, each of them in vain."""
        self._announced_then_asked(teller)
        error = self._dice.pick((_LATE, _BROKEN, _CORE))
        for tried in range(4):
            pause = self._dice.between(0.5, 2**tried)
            teller.deferred(error, pause)
            teller.wait(pause)
            teller.called()
            teller.wait(30 if error is _LATE else 0.2)
        teller.refused(error)

    def unconfirmed(self, teller: Teller) -> None:
        self._taken(teller)
        teller.wait(10 * _MINUTE)
        teller.unanswered()
        teller.later(parse_behaviours(self._dice.pick((["ok"], ["silent"]))))

    def requested(self, teller: Teller) -> None:
        """Asked a few minutes ago; most answers are still to come."""
        teller.announced(status="undownloaded")
        self._until_minutes_ago(teller, 1, 8)
        self._asked(teller)
        teller.accepted()
        self._turn += 1
        ending = ("ok(25)", "failed-400(50)", "ok(80)", "silent", "ok(120)")[self._turn % 5]
        teller.later(parse_behaviours(["ok"]), parse_behaviours([ending])[0])

    def queued(self, teller: Teller) -> None:
        teller.announced(status="undownloaded")
        self._until_minutes_ago(teller, 0.1, 0.5)
        teller.ordered(self._dice.pick(_OPERATORS))

    def deferred(self, teller: Teller) -> None:
        teller.announced(status="undownloaded")
        self._until_minutes_ago(teller, 0.5, 2)
        self._asked(teller)
        teller.deferred(self._dice.pick((_BACKLOG, _CORE, _LATE)), self._dice.between(150, 420))

    # Parts of what became of it

    def _taken(self, teller: Teller) -> None:
        """Announced, asked for after a while, accepted; here and there after a passing fault."""
        self._announced_then_asked(teller)
        if self._dice.fraction() < 0.12:
            pause = self._dice.between(1, 5)
            teller.deferred(self._dice.pick((_BACKLOG, _CORE, _BROKEN)), pause)
            teller.wait(pause)
            teller.called()
            teller.wait(self._dice.between(0.05, 0.4))
        teller.accepted()

    def _announced_then_asked(self, teller: Teller) -> MediaId:
        teller.announced(status="undownloaded")
        self._pause(teller)
        self._asked(teller)
        return teller.media_id

    def _asked(self, teller: Teller) -> None:
        teller.ordered(self._dice.pick(_OPERATORS))
        teller.wait(self._dice.between(0.1, 0.4))
        teller.called()
        teller.wait(self._dice.between(0.05, 0.6))

    def _pause(self, teller: Teller) -> None:
        """As long as an operator lets a media wait, but never into the last minutes before now."""
        left = (self._now - teller.at) / 1000
        teller.wait(
            max(1.0, min(self._dice.between(2 * _MINUTE, 7 * _HOUR), left * self._dice.between(0.2, 0.4)))
        )

    def _until_minutes_ago(self, teller: Teller, low: float, high: float) -> None:
        left = (self._now - teller.at) / 1000
        teller.wait(max(1.0, left - self._dice.between(low, high) * _MINUTE))

    def _next_turn(self, teller: Teller) -> None:
        self._turn += 1
        teller.later(parse_behaviours(_COMING[self._turn % len(_COMING)].split(" ")))
