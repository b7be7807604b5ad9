"""Deadlines, countdowns and durations, to the millisecond at every edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.media import Media, MediaKey, MediaType, Millis, Progress, State, Step
from console.domain.retention import (
    DAY_MS,
    DEFAULT_WINDOW_MS,
    HOUR_MS,
    LONGEST_MS,
    MINUTE_MS,
    SECOND_MS,
    Urgency,
    age_text,
    due_text,
    duration_text,
    expires_at,
    lapsed,
    next_age,
    next_change,
    parse_duration,
    rfc3339,
    span_text,
    urgency_mark,
)

SENT = Millis(1_749_988_800_000)
HEARD = Millis(SENT + 2_000)
WINDOW = DEFAULT_WINDOW_MS
DEADLINE = Millis(SENT + WINDOW)


def media(
    state: State = State.UNDOWNLOADED,
    *,
    sent_at: Millis | None = SENT,
    heard_at: Millis = HEARD,
) -> Media:
    steps = {
        State.QUEUED: Step.QUEUED,
        State.REQUESTED: Step.REQUESTED,
        State.DOWNLOADED: Step.STORED,
        State.FAILED: Step.FAILED,
        State.UNCONFIRMED: Step.UNANSWERED,
    }
    step = steps.get(state)
    made = Media(
        key=MediaKey("m"),
        type=MediaType.IMAGE,
        heard_at=heard_at,
        sent_at=sent_at,
        undownloaded=state is State.UNDOWNLOADED,
        progress=None if step is None else Progress(attempt=1, step=step, at=heard_at),
    )
    assert made.state is state
    return made


def with_left(left: int) -> Millis:
    """The moment at which so much is left."""
    return Millis(DEADLINE - left)


def test_the_window_is_fourteen_days_to_the_second() -> None:
    assert expires_at(media(), WINDOW) == SENT + 1_209_600_000
    assert expires_at(media(), 7 * DAY_MS) == SENT + 604_800_000


def test_the_clock_never_runs_from_after_the_receipt() -> None:
    ahead = media(sent_at=Millis(SENT + 2 * HOUR_MS), heard_at=SENT)
    assert expires_at(ahead, WINDOW) == SENT + WINDOW
    assert expires_at(media(sent_at=None, heard_at=SENT), WINDOW) == SENT + WINDOW


@pytest.mark.parametrize("state", State)
def test_lapsed_begins_with_the_deadline(state: State) -> None:
    assert not lapsed(media(state), WINDOW, with_left(1))
    assert lapsed(media(state), WINDOW, with_left(0))
    assert lapsed(media(state), WINDOW, with_left(-1))


@pytest.mark.parametrize(
    ("left", "text", "mark"),
    [
        (14 * DAY_MS, "14d 00h", ""),
        (14 * DAY_MS - 1, "13d 23h", ""),
        (13 * DAY_MS + 4 * HOUR_MS + 59 * MINUTE_MS, "13d 04h", ""),
        (3 * DAY_MS, "3d 00h", ""),
        (3 * DAY_MS - 1, "2d 23h", "!"),
        (DAY_MS, "1d 00h", "!"),
        (DAY_MS - 1, "23h 59m", "!!"),
        (23 * HOUR_MS + 10 * MINUTE_MS, "23h 10m", "!!"),
        (HOUR_MS, "1h 00m", "!!"),
        (HOUR_MS - 1, "59m", "!!"),
        (9 * MINUTE_MS + 59 * SECOND_MS, "9m", "!!"),
        (MINUTE_MS, "1m", "!!"),
        (MINUTE_MS - 1, "<1m", "!!"),
        (1, "<1m", "!!"),
        (0, "past 14d", ""),
        (-100 * DAY_MS, "past 14d", ""),
    ],
)
def test_the_countdown_at_each_edge(left: int, text: str, mark: str) -> None:
    assert due_text(media(), WINDOW, with_left(left)) == text
    assert urgency_mark(media(), WINDOW, with_left(left)) == mark


def test_the_past_names_the_window_that_is_set() -> None:
    now = Millis(SENT + 20 * DAY_MS)
    assert due_text(media(), 7 * DAY_MS, now) == "past 7d"
    assert due_text(media(), 36 * HOUR_MS, now) == "past 36h"


@pytest.mark.parametrize("state", State)
def test_only_open_work_is_marked(state: State) -> None:
    soon = with_left(HOUR_MS)
    plain = state in (State.RECEIVED, State.DOWNLOADED)
    assert urgency_mark(media(state), WINDOW, soon) is (Urgency.NONE if plain else Urgency.URGENT)
    assert due_text(media(state), WINDOW, soon) == ("kept" if state is State.DOWNLOADED else "1h 00m")


def test_what_is_kept_or_lapsed_never_changes_by_itself() -> None:
    assert next_change(media(State.DOWNLOADED), WINDOW, SENT) is None
    assert next_change(media(), WINDOW, DEADLINE) is None
    assert due_text(media(State.DOWNLOADED), WINDOW, with_left(-1)) == "kept"


@given(st.integers(1, 15 * DAY_MS) | st.integers(1, 2 * HOUR_MS))
def test_the_next_change_is_the_first_and_a_change(left: int) -> None:
    def reads(moment: int) -> tuple[str, str]:
        now = Millis(moment)
        return due_text(media(), WINDOW, now), urgency_mark(media(), WINDOW, now)

    now = with_left(left)
    change = next_change(media(), WINDOW, now)
    assert change is not None
    assert now < change <= DEADLINE
    assert reads(now) == reads(change - 1)
    assert reads(change) != reads(now)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("14d", 14 * DAY_MS),
        ("36h", 36 * HOUR_MS),
        ("10m", 10 * MINUTE_MS),
        ("90s", 90 * SECOND_MS),
        ("1d12h", 36 * HOUR_MS),
        (" 2D ", 2 * DAY_MS),
        ("0s", 0),
        ("007m", 7 * MINUTE_MS),
    ],
)
def test_durations_are_read(text: str, duration: int) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "14",
        "d",
        "14 d",
        "-1d",
        "1.5d",
        "1w",
        "12h1d",
        "1_7d",
        "\u0661\u0664d",
        "1d 2h",
        "9999999d",
        "1d\n2",
    ],
)
def test_other_durations_are_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"a duration is (a whole number and a unit: 14d|at most 36500d)"):
        parse_duration(text)


@given(st.integers(0, LONGEST_MS))
def test_a_duration_is_read_back_as_it_was_written(duration: int) -> None:
    whole = duration // SECOND_MS * SECOND_MS
    assert parse_duration(duration_text(duration)) == whole


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (14 * DAY_MS, "14d"),
        (36 * HOUR_MS, "36h"),
        (10 * MINUTE_MS, "10m"),
        (90 * SECOND_MS, "90s"),
        (999, "0s"),
        (0, "0s"),
    ],
)
def test_durations_are_written_in_the_largest_unit_that_divides_them(duration: int, text: str) -> None:
    assert duration_text(duration) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (-5 * DAY_MS, "<10s"),
        (0, "<10s"),
        (9_999, "<10s"),
        (10_000, "<1m"),
        (59_999, "<1m"),
        (60_000, "1m"),
        (3 * MINUTE_MS + 59_999, "3m"),
        (HOUR_MS - 1, "59m"),
        (2 * HOUR_MS, "2h"),
        (DAY_MS - 1, "23h"),
        (5 * DAY_MS, "5d"),
        (400 * DAY_MS, "400d"),
    ],
)
def test_ages_do_not_tick_by_the_second(age: int, text: str) -> None:
    assert age_text(age) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_749_988_800_000, "2025-06-15T12:00:00Z"),
        (1_749_988_800_250, "2025-06-15T12:00:00.250Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_moments_are_written_as_rfc_3339_in_utc(moment: int, text: str) -> None:
    assert rfc3339(Millis(moment)) == text


def test_a_moment_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(OverflowError):
        rfc3339(Millis(253_402_300_800_000))


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (0, "0s"),
        (59_999, "59s"),
        (MINUTE_MS, "1m"),
        (62 * MINUTE_MS, "1h 02m"),
        (DAY_MS - 1, "23h 59m"),
        (30 * DAY_MS + HOUR_MS, "30d 01h"),
    ],
)
def test_a_span_reads_in_its_two_largest_units(span: int, text: str) -> None:
    assert span_text(span) == text


@given(st.integers(-DAY_MS, 40 * DAY_MS))
def test_an_age_reads_the_same_until_its_next_change_and_not_after_it(age: int) -> None:
    now = Millis(SENT + age)
    change = next_age(SENT, now)
    assert change > now
    assert age_text(change - 1 - SENT) == age_text(age)
    assert age_text(change - SENT) != age_text(age)
