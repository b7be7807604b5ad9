from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from console.clock import Uptime
from console.domain.media import Origin, StoreError
from console.service.pacing import Gate, Hold, Pacing, Reason

ERROR = StoreError(code="x", title="A fault", origin=Origin.NETWORK)
PACING = Pacing()


def hold(reason: Reason, since: float = 0, until: float | None = None) -> Hold:
    return Hold(
        reason=reason, since=Uptime(since), until=None if until is None else Uptime(until), error=ERROR
    )


@settings(max_examples=60)
@given(tries=st.integers(0, 1000), seed=st.integers())
def test_a_delay_is_drawn_between_nothing_and_a_doubling_cap(tries: int, seed: int) -> None:
    delay = PACING.delay(tries, random.Random(seed).uniform)
    assert 0 <= delay <= min(60, 2.0 ** min(tries, 10))


def test_probes_and_login_pauses_double_up_to_their_caps() -> None:
    assert [PACING.probe(failures) for failures in (0, 1, 2, 3, 6, 10_000)] == [1, 1, 2, 4, 30, 30]
    assert [PACING.login_pause(refusals) for refusals in (1, 2, 4, 5, 10_000)] == [60, 120, 480, 600, 600]


def test_the_first_call_of_all_goes_alone_and_answers_open_the_gate() -> None:
    gate = Gate(6, PACING)
    assert gate.held(Uptime(0)) is None
    widths = [gate.slots(Uptime(0))]
    for _ in range(4):
        gate.answered(Uptime(0))
        widths.append(gate.slots(Uptime(0)))
    assert widths == [1, 2, 4, 6, 6]


def test_after_a_hold_the_first_call_goes_alone_and_answers_open_the_gate() -> None:
    gate = Gate(4, PACING)
    gate.hold(hold(Reason.SLOW_DOWN, until=1000))
    assert gate.slots(Uptime(999)) == 0
    widths = [gate.slots(Uptime(1000))]
    for _ in range(3):
        gate.answered(Uptime(1000))
        widths.append(gate.slots(Uptime(1000)))
    assert widths == [1, 2, 4, 4]
    assert gate.holds == ()


def test_an_answer_to_another_call_does_not_shorten_what_the_api_asked_for() -> None:
    gate = Gate(4, PACING)
    gate.hold(hold(Reason.SLOW_DOWN, until=1000))
    gate.answered(Uptime(10))
    assert gate.slots(Uptime(500)) == 0


def test_of_two_slow_downs_the_later_end_counts() -> None:
    gate = Gate(4, PACING)
    gate.hold(hold(Reason.SLOW_DOWN, until=1000))
    gate.hold(hold(Reason.SLOW_DOWN, since=10, until=500))
    held = gate.held(Uptime(500))
    assert held is not None
    assert held.until == Uptime(1000)


def test_an_answer_ends_the_holds_that_it_disproves() -> None:
    gate = Gate(4, PACING)
    gate.hold(hold(Reason.UNREACHABLE))
    gate.hold(hold(Reason.LOGIN))
    assert gate.login_refusals == 1
    gate.answered(Uptime(5))
    assert gate.holds == ()
    assert gate.login_refusals == 0


def test_the_hold_that_lasts_longest_is_the_one_to_show() -> None:
    gate = Gate(4, PACING)
    gate.hold(hold(Reason.SLOW_DOWN, until=1000))
    gate.hold(hold(Reason.UNREACHABLE))
    held = gate.held(Uptime(0))
    assert held is not None
    assert held.reason is Reason.UNREACHABLE
    gate.release(Reason.UNREACHABLE)
    held = gate.held(Uptime(0))
    assert held is not None
    assert held.reason is Reason.SLOW_DOWN


def test_an_order_ends_the_waiting_for_an_api_for_one_try() -> None:
    gate = Gate(4, PACING)
    gate.hold(hold(Reason.UNREACHABLE))
    gate.nudge(Uptime(7))
    assert gate.slots(Uptime(7)) == 1
    gate.hold(hold(Reason.UNREACHABLE, since=8))
    assert gate.slots(Uptime(10**12)) == 0


def test_an_order_does_not_end_what_the_api_asked_for() -> None:
    gate = Gate(4, PACING)
    gate.hold(hold(Reason.SLOW_DOWN, until=1000))
    gate.nudge(Uptime(7))
    assert gate.slots(Uptime(7)) == 0


def test_orders_do_not_make_logins_more_frequent_than_the_gap() -> None:
    gate = Gate(4, PACING)
    gate.hold(hold(Reason.LOGIN, since=1000))
    for moment in (1001, 1002, 1029.9):
        gate.nudge(Uptime(moment))
        assert gate.slots(Uptime(moment)) == 0
    assert gate.slots(Uptime(1030)) == 1
    gate.hold(hold(Reason.LOGIN, since=1031))
    gate.nudge(Uptime(1090))
    assert gate.slots(Uptime(1090)) == 1


def test_several_calls_that_meet_one_refusal_count_as_one() -> None:
    gate = Gate(4, PACING)
    for since in (1000, 1001, 1002):
        gate.hold(hold(Reason.LOGIN, since=since, until=60_000))
    assert gate.login_refusals == 1
    gate.hold(hold(Reason.LOGIN, since=60_000, until=180_000))
    assert gate.login_refusals == 2


def test_releasing_what_is_not_held_does_nothing() -> None:
    gate = Gate(2, PACING)
    gate.release(Reason.LOGIN, Reason.SLOW_DOWN)
    gate.nudge(Uptime(0))
    assert gate.slots(Uptime(0)) == 1
