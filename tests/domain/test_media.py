"""A media as a value: its state, its error, its clock and what may be asked for it."""

from __future__ import annotations

import msgspec
import pytest

from console.domain.media import (
    CLOCKED,
    NEEDS_DOWNLOAD,
    OPEN_STATES,
    Media,
    MediaId,
    MediaKey,
    Millis,
    Origin,
    Progress,
    State,
    Step,
    StoreError,
    is_retrievable,
    message_key,
)

KEY = MediaKey("4b5bf27b-8672-4d55-bc21-d096dc200d0f")
GONE = StoreError(code=400, title="Parameter not valid", origin=Origin.WEBHOOK)


def media(
    step: Step | None = None, *, error: StoreError | None = None, next_try_at: Millis | None = None
) -> Media:
    if step is None:
        return Media(key=KEY)
    progress = Progress(attempt=1, step=step, at=Millis(5), error=error, next_try_at=next_try_at)
    return Media(key=KEY, progress=progress)


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (None, State.RECEIVED),
        (Step.QUEUED, State.QUEUED),
        (Step.DEFERRED, State.QUEUED),
        (Step.REQUESTED, State.REQUESTED),
        (Step.ACCEPTED, State.REQUESTED),
        (Step.UNANSWERED, State.UNCONFIRMED),
        (Step.FAILED, State.FAILED),
        (Step.STORED, State.DOWNLOADED),
    ],
)
def test_each_step_has_its_state(step: Step | None, state: State) -> None:
    assert media(step).state is state


def test_progress_hides_what_the_announcement_said() -> None:
    announced = msgspec.structs.replace(media(), undownloaded=True, announced_error=GONE)
    assert announced.state is State.UNDOWNLOADED
    assert announced.error == GONE
    asked = msgspec.structs.replace(media(Step.QUEUED), undownloaded=True, announced_error=GONE)
    assert asked.state is State.QUEUED
    assert asked.error is None


def test_an_announced_error_counts_only_with_a_missing_file() -> None:
    assert msgspec.structs.replace(media(), announced_error=GONE).error is None


def test_the_next_try_is_known_while_it_waits() -> None:
    assert media(Step.DEFERRED, error=GONE, next_try_at=Millis(9)).next_try_at == 9
    assert media(Step.QUEUED).next_try_at is None
    assert media().next_try_at is None


@pytest.mark.parametrize(
    ("sent_at", "heard_at", "announced_at", "clock_from"),
    [
        (100, 200, 200, 100),
        (300, 200, 200, 200),
        (None, 200, 250, 200),
        (None, None, 250, 250),
        (100, None, 250, 100),
        (100, None, None, 100),
        (None, None, None, 0),
    ],
)
def test_the_clock_starts_at_the_message_but_never_after_its_receipt(
    sent_at: Millis | None, heard_at: Millis | None, announced_at: Millis | None, clock_from: int
) -> None:
    made = Media(key=KEY, sent_at=sent_at, heard_at=heard_at, announced_at=announced_at)
    assert made.clock_from == clock_from
    assert made.sent_at_assumed is (sent_at is None)


@pytest.mark.parametrize(("ahead", "assumed"), [(0, False), (120_000, False), (120_001, True)])
def test_a_message_time_well_after_the_receipt_is_not_believed(ahead: int, assumed: bool) -> None:
    made = Media(key=KEY, sent_at=Millis(5_000_000 + ahead), heard_at=Millis(5_000_000))
    assert (made.clock_from, made.sent_at_assumed) == (5_000_000, assumed)


@pytest.mark.parametrize(
    "media_id",
    ["4b5bf27b-8672-4d55-bc21-d096dc200d0f", "a", "A1._~=-", "9" * 256],
)
def test_an_opaque_id_of_safe_characters_may_be_asked_for(media_id: str) -> None:
    assert is_retrievable(media_id)
    assert Media(key=KEY, id=MediaId(media_id)).retrievable


@pytest.mark.parametrize(
    "media_id",
    ["", ".", "..", "../x", "a/b", "a\n", "\na", "a b", "a%2fb", "-a", "a?b", "a#b", "a\\b", "é", "x" * 257],
)
def test_any_other_id_may_not(media_id: str) -> None:
    assert not is_retrievable(media_id)
    assert not Media(key=KEY, id=MediaId(media_id)).retrievable


def test_without_an_id_there_is_nothing_to_ask_for() -> None:
    assert message_key("ABGG1") == "message:ABGG1"
    assert not Media(key=message_key("ABGG1")).retrievable


def test_the_groups_of_states_are_apart_where_they_must_be() -> None:
    assert not OPEN_STATES & NEEDS_DOWNLOAD
    assert CLOCKED == OPEN_STATES | NEEDS_DOWNLOAD
    assert set(State) - CLOCKED == {State.RECEIVED, State.DOWNLOADED}
