from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.clock import Uptime
from console.domain.media import MediaKey, Millis
from console.service.timetable import Timetable, seconds_left

A, B, C = MediaKey("a"), MediaKey("b"), MediaKey("c")


def test_what_is_due_comes_out_once_the_earliest_first() -> None:
    table = Timetable()
    for key, moment in ((A, 30), (B, 10), (C, 20)):
        table.put(key, Uptime(moment))
    assert table.first() == Uptime(10)
    assert table.take(Uptime(9), 5) == []
    assert table.take(Uptime(30), 2) == [B, C]
    assert table.take(Uptime(30), 2) == [A]
    assert table.take(Uptime(30), 2) == []
    assert table.first() is None


def test_the_moment_that_was_put_last_counts() -> None:
    table = Timetable()
    table.put(A, Uptime(10))
    table.put(A, Uptime(30))
    table.put(B, Uptime(10))
    table.drop(B)
    table.drop(C)
    assert (len(table), A in table, B in table) == (1, True, False)
    assert table.first() == Uptime(30)
    table.put(A, Uptime(5))
    assert table.take(Uptime(40), 5) == [A]
    assert len(table) == 0


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 20))),
    st.integers(0, 20),
)
def test_it_agrees_with_a_plain_table(puts: list[tuple[str, int]], now: int) -> None:
    table = Timetable()
    for name, moment in puts:
        table.put(MediaKey(name), Uptime(moment))
    plain = dict(puts)
    due = table.take(Uptime(now), 99)
    assert sorted(due) == sorted(name for name, moment in plain.items() if moment <= now)
    assert [plain[key] for key in due] == sorted(plain[key] for key in due)
    later = [moment for moment in plain.values() if moment > now]
    assert table.first() == (Uptime(min(later)) if later else None)


def test_what_is_left_of_a_wait_is_between_nothing_and_all_of_it() -> None:
    since = Millis(1_000_000)
    lefts = [seconds_left(600_000, since, Millis(since + passed)) for passed in (0, 200_000, 600_000)]
    assert lefts == [600, 400, 0]
    hour = 3_600_000
    assert seconds_left(600_000, since, Millis(since - hour)) == 600, "the clock was set back"
    assert seconds_left(600_000, since, Millis(since + 720 * hour)) == 0, "and forward"
