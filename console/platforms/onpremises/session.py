"""The bearer token: given once by a setting, or fetched by a login that all callers share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from console.platforms.base import LoginRefused, Unreachable

if TYPE_CHECKING:
    from console.clock import UptimeNow

NoLogin: TypeAlias = LoginRefused | Unreachable
"""Why there is no token."""

Login: TypeAlias = Callable[[], Awaitable[str | NoLogin]]
"""Makes one login request; gives the token."""

_HOLD_FOR_GOOD = 600.0
_HOLD = 30.0


class Session:
    """Hands out the token and keeps logins few.

    Callers that need a token while a login is under way wait for that one and share its outcome,
    good or bad. A refusal is remembered, so that those who ask by themselves at short intervals
    (`held`) need not make the API count bad logins (1015).

    Args:
        token: one that is already there; it is used until the API refuses it.
        login: fetches a new one; None where no user and password are set.
        uptime: seconds on the clock that never steps.
    """

    def __init__(self, *, token: str | None, login: Login | None, uptime: UptimeNow) -> None:
        self._token = token
        self._login = login
        self._uptime = uptime
        self._turn = asyncio.Lock()
        self._logins = 0
        self._outcome: str | NoLogin | None = None
        self._refusal: LoginRefused | None = None
        self._refused_at = 0.0

    @property
    def renewable(self) -> bool:
        """Whether a new token can be fetched."""
        return self._login is not None

    @property
    def secret(self) -> str | None:
        """The token in use; never to be shown."""
        return self._token

    async def token(self, stale: str | None = None) -> str | NoLogin | None:
        """A token other than the `stale` one, which the API refused; None if none can be had."""
        if self._login is None or (self._token is not None and self._token != stale):
            return self._token
        seen = self._logins
        async with self._turn:
            if self._logins != seen:
                return self._outcome
            self._outcome = await self._login()
            self._logins += 1
            self._token = self._outcome if isinstance(self._outcome, str) else None
            if isinstance(self._outcome, LoginRefused):
                self.refuse(self._outcome)
            return self._outcome

    def refuse(self, refusal: LoginRefused) -> None:
        """Remembers that the API did not take our credentials."""
        self._refusal, self._refused_at = refusal, self._uptime()

    def accept(self) -> None:
        """Forgets a refusal: the API has taken our credentials."""
        self._refusal = None

    def held(self) -> LoginRefused | None:
        """The last refusal while it is too early to try again unasked: 10 min, or 30 s if it may pass."""
        if self._refusal is None:
            return None
        hold = _HOLD_FOR_GOOD if self._refusal.for_good else _HOLD
        return self._refusal if self._uptime() - self._refused_at < hold else None
