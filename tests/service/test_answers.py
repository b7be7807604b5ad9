from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.clock import Uptime
from console.domain.facts import StoreAccepted, StoreDeferred, StoreQueued, StoreRefused, StoreRequested
from console.domain.media import MediaKey, Millis, Origin, StoreError
from console.platforms.base import Accepted, LoginRefused, Passing, Refused, Unreachable
from console.service.answers import costs_a_try, delay_after, hold_for, settle, tries_made
from console.service.pacing import Pacing, Reason

if TYPE_CHECKING:
    from console.domain.facts import Fact
    from console.platforms.base import StoreAnswer
    from console.service.pacing import Hold

KEY = MediaKey("m-1")
NOW = Millis(1_000_000)
UP = Uptime(500)
ERROR = StoreError(code=503, title="Overloaded", origin=Origin.RESPONSE)
NETWORK = StoreError(code="unreachable", title="No API", origin=Origin.NETWORK)
ASKED = StoreRequested(key=KEY, at=Millis(999_000), attempt=3, try_number=2)
PACING = Pacing()


def fact(answer: StoreAnswer, *, spent: int = 0, delay: float = 4.0) -> Fact:
    return settle(answer, ASKED, spent=spent, delay=delay, now=NOW, last=5)


def held(answer: StoreAnswer, *, delay: float = 4.0, refusals: int = 0) -> Hold | None:
    return hold_for(answer, delay=delay, now=UP, refusals=refusals, pacing=PACING)


def test_accepted_and_refused() -> None:
    assert fact(Accepted()) == StoreAccepted(key=KEY, at=NOW, attempt=3, try_number=2)
    assert fact(Refused(error=ERROR)) == StoreRefused(key=KEY, at=NOW, attempt=3, try_number=2, error=ERROR)
    assert held(Accepted()) is None
    assert held(Refused(error=ERROR)) is None


def test_a_passing_fault_waits_for_its_next_try() -> None:
    told = fact(Passing(error=ERROR))
    assert told == StoreDeferred(
        key=KEY, at=NOW, attempt=3, try_number=2, error=ERROR, next_try_at=Millis(1_004_000)
    )


def test_the_last_try_ends_in_refused() -> None:
    assert isinstance(fact(Passing(error=ERROR), spent=3), StoreDeferred)
    assert isinstance(fact(Passing(error=ERROR), spent=4), StoreRefused)


@pytest.mark.parametrize(
    "answer", [Unreachable(error=NETWORK, remedy=""), LoginRefused(error=ERROR, remedy="", for_good=True)]
)
def test_where_nothing_was_asked_no_try_is_spent(answer: StoreAnswer) -> None:
    told = fact(answer, spent=100)
    assert isinstance(told, StoreDeferred)
    assert not costs_a_try(told)


def test_a_passing_fault_costs_a_try_however_short_the_delay() -> None:
    told = fact(Passing(error=ERROR), delay=0.0)
    assert isinstance(told, StoreDeferred)
    assert costs_a_try(told)


def test_tries_are_counted_from_the_history_of_the_attempt() -> None:
    free, spent = fact(Unreachable(error=NETWORK, remedy="")), fact(Passing(error=ERROR))
    assert isinstance(spent, StoreDeferred)
    older = StoreDeferred(key=KEY, at=NOW, attempt=2, error=ERROR, next_try_at=Millis(NOW + 5))
    queued = StoreQueued(key=KEY, at=NOW, attempt=3, order_id="o")
    assert tries_made([queued, ASKED, free, spent, ASKED, free, spent, older], 3) == 2
    assert tries_made([], 3) == 0


def test_only_429_503_and_a_stated_wait_slow_everyone_down() -> None:
    assert held(Passing(error=ERROR)) is None
    for answer in (Passing(error=ERROR, everyone=True), Passing(error=ERROR, retry_after=4.0)):
        hold = held(answer)
        assert hold is not None
        assert (hold.reason, hold.until) == (Reason.SLOW_DOWN, UP + 4)


def test_an_unreachable_api_holds_until_it_answers() -> None:
    hold = held(Unreachable(error=NETWORK, remedy="Start it."))
    assert hold is not None
    assert (hold.reason, hold.until, hold.remedy) == (Reason.UNREACHABLE, None, "Start it.")


def test_a_refused_login_holds_longer_each_time_or_for_good() -> None:
    first = held(LoginRefused(error=ERROR, remedy=""))
    third = held(LoginRefused(error=ERROR, remedy=""), refusals=2)
    good = held(LoginRefused(error=ERROR, remedy="", for_good=True))
    assert first is not None
    assert third is not None
    assert good is not None
    assert (first.until, third.until, good.until) == (UP + 60, UP + 240, None)
    assert {first.reason, third.reason, good.reason} == {Reason.LOGIN}


def test_tries_are_not_spent_at_once_because_the_api_asks_for_no_delay() -> None:
    def delay(spent: int) -> float:
        answer = Passing(error=ERROR, retry_after=0.0)
        return delay_after(answer, spent=spent, pacing=PACING, uniform=lambda low, high: high)

    assert [delay(spent) for spent in range(7)] == [2, 4, 8, 16, 32, 60, 60]
    assert held(Passing(error=ERROR, retry_after=0.0)) is None


def test_what_the_api_said_beats_chance() -> None:
    def top(low: float, high: float) -> float:
        return high

    def delay(answer: StoreAnswer, spent: int = 0) -> float:
        return delay_after(answer, spent=spent, pacing=PACING, uniform=top)

    assert delay(Passing(error=ERROR, retry_after=600.0)) == 600
    assert delay(Passing(error=ERROR, retry_after=5.0), 1) == 5
    assert [delay(Passing(error=ERROR), spent) for spent in range(7)] == [2, 4, 8, 16, 32, 60, 60]
    assert delay(Accepted()) == 0
