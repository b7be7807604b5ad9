from __future__ import annotations

from datetime import UTC, datetime

from console import clock


def test_wall_time_is_utc_in_milliseconds() -> None:
    before = datetime.now(UTC).timestamp() * 1000
    assert before - 1 <= clock.wall() <= datetime.now(UTC).timestamp() * 1000 + 1


def test_the_monotonic_clock_never_steps_back() -> None:
    moments = [clock.monotonic() for _ in range(1000)]
    assert moments == sorted(moments)


def test_the_clock_of_deadlines_never_steps_back_and_counts_a_sleep() -> None:
    moments = [clock.uptime() for _ in range(1000)]
    assert moments == sorted(moments)
    assert moments[0] >= clock.monotonic() - 1, "it counts whatever the other counts, and more"
