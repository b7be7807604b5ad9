"""What an answer of the API means for the media that was asked for, and for the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.clock import Uptime
from console.domain.facts import Fact, StoreAccepted, StoreDeferred, StoreRefused, StoreRequested
from console.domain.media import Millis, Origin, StoreError
from console.platforms.base import Accepted, LoginRefused, Passing, Refused, StoreAnswer, Unreachable
from console.service.pacing import Hold, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.service.pacing import Pacing, Uniform

INTERRUPTED = StoreError(
    code="interrupted",
    title="The service ended before the API had answered",
    origin=Origin.NETWORK,
)
"""The error of a call that was given back so that it is made again at the next start."""


def costs_a_try(deferral: StoreDeferred) -> bool:
    """Whether a deferral counts towards the last try.

    It does not where nothing was asked of the API for this media: no connection, no login. Those
    have no delay of their own; a hold on the whole queue says when it goes on.
    """
    return deferral.next_try_at > deferral.at


def tries_made(history: Iterable[Fact], attempt: int) -> int:
    """How many tries of an attempt have been spent, by the deferrals in its history."""
    return sum(
        isinstance(fact, StoreDeferred) and fact.attempt == attempt and costs_a_try(fact) for fact in history
    )


def settle(
    answer: StoreAnswer,
    asked: StoreRequested,
    *,
    spent: int,
    delay: float,
    now: Millis,
    last: int,
) -> Fact:
    """The fact that an answer is.

    Args:
        answer: what the API said, or what the network did.
        asked: the call that it answers.
        spent: tries of this attempt that were spent before this one.
        delay: seconds until the next try, if there is to be one.
        now: when the answer came.
        last: the number of tries that an attempt has.
    """
    match answer:
        case Accepted():
            return StoreAccepted(
                key=asked.key,
                account=asked.account,
                at=now,
                attempt=asked.attempt,
                try_number=asked.try_number,
            )
        case Refused(error=error):
            return _refused(asked, error, now)
        case Passing(error=error):
            if spent + 1 >= last:
                return _refused(asked, error, now)
            return deferred(asked, error, now, Millis(now + max(1, round(delay * 1000))))
        case Unreachable(error=error) | LoginRefused(error=error):
            return deferred(asked, error, now, now)


def deferred(asked: StoreRequested, error: StoreError, now: Millis, next_try_at: Millis) -> StoreDeferred:
    """The call goes back into the queue."""
    return StoreDeferred(
        key=asked.key,
        account=asked.account,
        at=now,
        attempt=asked.attempt,
        try_number=asked.try_number,
        error=error,
        next_try_at=next_try_at,
    )


def hold_for(answer: StoreAnswer, *, delay: float, now: Uptime, refusals: int, pacing: Pacing) -> Hold | None:
    """Why the whole queue must stand still after this answer, or None.

    `refusals` counts logins refused in a row before this one. A refusal for good has no end of its
    own: only an operator's order lets the login be tried again.
    """
    match answer:
        case Passing(error=error) if answer.everyone or answer.retry_after:
            until = Uptime(now + delay)
            return Hold(reason=Reason.SLOW_DOWN, since=now, until=until, error=error)
        case Unreachable(error=error, remedy=remedy):
            return Hold(reason=Reason.UNREACHABLE, since=now, until=None, error=error, remedy=remedy)
        case LoginRefused(error=error, remedy=remedy):
            pause = pacing.login_pause(refusals + 1)
            until_ = None if answer.for_good else Uptime(now + pause)
            return Hold(reason=Reason.LOGIN, since=now, until=until_, error=error, remedy=remedy)
    return None


def delay_after(answer: StoreAnswer, *, spent: int, pacing: Pacing, uniform: Uniform) -> float:
    """Seconds before the same media is asked for again: what the API said, or full jitter.

    A `Retry-After: 0` says nothing: taken by its word, it would spend all tries at once.
    """
    if isinstance(answer, Passing):
        return answer.retry_after or pacing.delay(spent + 1, uniform)
    return 0.0


def _refused(asked: StoreRequested, error: StoreError, now: Millis) -> StoreRefused:
    return StoreRefused(
        key=asked.key,
        account=asked.account,
        at=now,
        attempt=asked.attempt,
        try_number=asked.try_number,
        error=error,
    )
