"""The fold: what each fact does, and the proof that neither order nor repetition matters."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain import ledger
from console.domain.facts import (
    Fact,
    MediaAnnounced,
    MediaStored,
    ResultNoted,
    StoreAccepted,
    StoreDeferred,
    StoreFailed,
    StoreQueued,
    StoreRefused,
    StoreRequested,
    StoreUnanswered,
)
from console.domain.media import Media, MediaId, MediaKey, MediaType, Millis, Origin, State, StoreError
from tests.domain.histories import ID, KEY, START, any_facts, disorders, folded, histories

if TYPE_CHECKING:
    from collections.abc import Sequence

GONE = StoreError(code=400, title="Parameter not valid", origin=Origin.WEBHOOK, details="Media not found.")
NO_ROUTE = StoreError(code=1006, title="Resource not found", origin=Origin.RESPONSE)
LATE = StoreError(code="timeout", title="Time-out", origin=Origin.NETWORK)


def at(seconds: int) -> Millis:
    return Millis(START + seconds * 1000)


def announced(seconds: int = 0, *, undownloaded: bool = False, error: StoreError | None = None) -> Fact:
    return MediaAnnounced(
        key=KEY,
        id=ID,
        at=at(seconds),
        type=MediaType.IMAGE,
        message_id="ABGG1",
        sent_at=at(seconds - 2),
        sender="16315551234",
        caption="September invoice",
        undownloaded=undownloaded,
        error=error,
    )


def queued(seconds: int, attempt: int = 1) -> Fact:
    return StoreQueued(key=KEY, at=at(seconds), attempt=attempt, order_id=f"order-{attempt}")


def requested(seconds: int, attempt: int = 1, try_number: int = 1) -> Fact:
    return StoreRequested(key=KEY, at=at(seconds), attempt=attempt, try_number=try_number)


def accepted(seconds: int, attempt: int = 1, try_number: int = 1) -> Fact:
    return StoreAccepted(key=KEY, at=at(seconds), attempt=attempt, try_number=try_number)


def deferred(seconds: int, attempt: int = 1, try_number: int = 1) -> Fact:
    return StoreDeferred(
        key=KEY,
        at=at(seconds),
        attempt=attempt,
        try_number=try_number,
        error=LATE,
        next_try_at=at(seconds + 4),
    )


def unreached(seconds: int, attempt: int = 1, try_number: int = 1) -> Fact:
    """A call for which no connection could be made."""
    return msgspec.structs.replace(deferred(seconds, attempt, try_number), next_try_at=at(seconds))


def refused(seconds: int, attempt: int = 1, error: StoreError = NO_ROUTE) -> Fact:
    return StoreRefused(key=KEY, at=at(seconds), attempt=attempt, error=error)


def unanswered(seconds: int, attempt: int = 1) -> Fact:
    return StoreUnanswered(key=KEY, at=at(seconds), attempt=attempt)


def stored(seconds: int, attempt: int = 1) -> Fact:
    return MediaStored(key=KEY, id=ID, at=at(seconds), attempt=attempt, status="downloaded")


def failed(seconds: int, attempt: int = 1, error: StoreError = GONE) -> Fact:
    return StoreFailed(key=KEY, id=ID, at=at(seconds), attempt=attempt, error=error, status="downloaded")


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([announced()], State.RECEIVED),
        ([announced(undownloaded=True)], State.UNDOWNLOADED),
        ([announced(undownloaded=True, error=GONE)], State.UNDOWNLOADED),
        ([announced(), queued(1)], State.QUEUED),
        ([announced(), queued(1), requested(2)], State.REQUESTED),
        ([announced(), queued(1), requested(2), accepted(3)], State.REQUESTED),
        ([announced(), queued(1), requested(2), deferred(3)], State.QUEUED),
        ([announced(), queued(1), requested(2), deferred(3), requested(8, try_number=2)], State.REQUESTED),
        ([announced(), queued(1), deferred(2, try_number=0)], State.QUEUED),
        ([announced(), queued(1), deferred(2, try_number=0), requested(3)], State.REQUESTED),
        ([announced(), queued(1), requested(2), refused(3)], State.FAILED),
        ([announced(), queued(1), requested(2), accepted(3), unanswered(603)], State.UNCONFIRMED),
        ([announced(), queued(1), requested(2), accepted(3), failed(4)], State.FAILED),
        ([announced(), queued(1), requested(2), accepted(3), stored(4)], State.DOWNLOADED),
        ([stored(4, attempt=0)], State.DOWNLOADED),
        ([failed(4, attempt=0)], State.FAILED),
    ],
)
def test_each_fact_leads_to_its_state(facts: list[Fact], state: State) -> None:
    assert folded(facts).state is state


def test_the_error_shown_is_the_one_of_the_present_state() -> None:
    history = [announced(undownloaded=True, error=GONE)]
    assert folded(history).error == GONE

    history += [queued(1), requested(2)]
    assert folded(history).error is None

    history.append(deferred(3))
    assert folded(history).error == LATE
    assert folded(history).next_try_at == at(7)

    history += [requested(8, try_number=2), refused(9)]
    assert folded(history).error == NO_ROUTE
    assert folded(history).next_try_at is None

    history.append(stored(10))
    assert folded(history).error is None


def test_a_callback_before_the_answer_is_not_undone_by_the_answer() -> None:
    assert folded([announced(), queued(1), requested(2), stored(3), accepted(4)]).state is State.DOWNLOADED
    assert folded([announced(), queued(1), requested(2), failed(3), accepted(4)]).state is State.FAILED


def test_a_late_result_settles_what_stayed_unconfirmed() -> None:
    history = [announced(), queued(1), requested(2), accepted(3), unanswered(603)]
    assert folded([*history, stored(900)]).state is State.DOWNLOADED
    assert folded([*history, failed(900)]).state is State.FAILED


def test_success_beats_failure_within_an_attempt_whichever_comes_first() -> None:
    opened = [announced(), queued(1), requested(2)]
    assert folded([*opened, stored(3), failed(4)]).state is State.DOWNLOADED
    assert folded([*opened, failed(3), stored(4)]).state is State.DOWNLOADED


def test_a_later_attempt_outranks_an_earlier_one_even_a_success() -> None:
    media = folded([announced(), queued(1), requested(2), stored(3), queued(9, attempt=2)])
    assert media.state is State.QUEUED
    media = ledger.fold(media, stored(10, attempt=1))
    assert media.state is State.QUEUED


def test_the_webhook_is_believed_over_the_answer_and_the_answer_over_the_network() -> None:
    network = StoreError(code="reset", title="Connection lost", origin=Origin.NETWORK)
    history = [announced(), queued(1), requested(2)]
    assert folded([*history, failed(5), refused(3)]).error == GONE
    assert folded([*history, refused(4, error=network), refused(5)]).error == NO_ROUTE


def test_a_repeated_failure_keeps_its_first_moment() -> None:
    media = folded([announced(), queued(1), requested(2), failed(3), failed(60)])
    assert media.progress is not None
    assert media.progress.at == at(3)


def test_a_late_announcement_adds_the_message_without_undoing_the_result() -> None:
    result = MediaStored(key=KEY, id=ID, at=at(5), mime_type="image/png", sha256="aa")
    media = folded([result, announced(60)])
    assert media.state is State.DOWNLOADED
    assert (media.sender, media.caption, media.message_id) == ("16315551234", "September invoice", "ABGG1")
    assert media.sent_at == at(58)
    assert (media.mime_type, media.sha256, media.type) == ("image/png", "aa", MediaType.IMAGE)
    assert media.heard_at == at(5)
    assert media.announced_at == at(60)
    assert media.clock_from == at(5)


def test_the_earliest_announcement_leads_as_a_whole() -> None:
    second = MediaAnnounced(
        key=KEY, id=ID, at=at(9), message_id="ABGG2", sender="1", sender_name="K", filename="b", caption="c"
    )
    media = folded([second, announced(0)])
    assert (media.message_id, media.sender, media.sender_name, media.filename) == (
        "ABGG1",
        "16315551234",
        None,
        None,
    )
    assert media == folded([announced(0), second])


def test_the_earliest_value_stays_and_another_one_is_a_conflict() -> None:
    first = MediaStored(key=KEY, id=ID, at=at(1), type=MediaType.IMAGE, mime_type="image/jpeg", sha256="aa")
    other = MediaStored(key=KEY, id=ID, at=at(2), type=MediaType.VIDEO, mime_type="video/mp4", sha256="bb")
    media = folded([other, first])
    assert (media.type, media.mime_type, media.sha256) == (MediaType.IMAGE, "image/jpeg", "aa")
    assert media.conflict
    assert not folded([first, msgspec.structs.replace(first, at=at(9))]).conflict


def test_the_earliest_reason_for_not_holding_the_file_stays() -> None:
    other = StoreError(code=500, title="Generic error", origin=Origin.WEBHOOK)
    facts = [
        announced(2, undownloaded=True, error=GONE),
        announced(3, undownloaded=True, error=other),
        announced(1),
    ]
    media = folded(facts)
    assert (media.undownloaded, media.announced_error, media.announced_error_from) == (True, GONE, at(2))


def test_a_result_of_another_status_is_history_only() -> None:
    before = folded([announced(), queued(1), requested(2)])
    noted = ResultNoted(key=KEY, id=ID, at=at(3), attempt=1, status="pending", sha256="aa")
    after = ledger.fold(before, noted)
    assert after.progress == before.progress
    assert after.sha256 == "aa"


def test_a_fact_of_another_media_or_account_is_refused() -> None:
    media = folded([announced()])
    with pytest.raises(ValueError, match="cannot be folded"):
        ledger.fold(media, msgspec.structs.replace(stored(1), key=MediaKey("other"), id=MediaId("other")))
    with pytest.raises(ValueError, match="cannot be folded"):
        ledger.fold(media, msgspec.structs.replace(stored(1), account="other"))


def test_opened_counts_the_attempts_for_which_the_api_was_called() -> None:
    assert folded([announced(), queued(1)]).opened == 0
    assert folded([announced(), queued(1), deferred(2, try_number=0)]).opened == 0
    assert folded([announced(), queued(1), requested(2)]).opened == 1
    assert folded([announced(), queued(1), deferred(2, try_number=1)]).opened == 1
    assert folded([announced(), queued(1), requested(2), refused(3), queued(4, attempt=2)]).opened == 1
    assert folded([announced(), accepted(4, attempt=2)]).opened == 2


@pytest.mark.parametrize(
    ("facts", "success", "failure"),
    [
        ([], 0, 0),
        ([announced()], 0, 0),
        ([announced(), queued(1)], 1, 0),
        ([announced(), queued(1), requested(2)], 1, 1),
        ([announced(), queued(1), requested(2), deferred(3)], 1, 1),
        ([announced(), queued(1), unreached(2, try_number=0)], 1, 0),
        ([announced(), queued(1), requested(2), unreached(3)], 1, 0),
        ([announced(), queued(1), requested(2), unreached(3), requested(4, try_number=2)], 1, 1),
        ([announced(), queued(1), requested(2), refused(3), queued(9, attempt=2)], 2, 1),
        (
            [announced(), requested(2), failed(3), queued(9, attempt=2), requested(10, 2), unreached(11, 2)],
            2,
            1,
        ),
        ([announced(), queued(1), requested(2), unanswered(603)], 1, 1),
    ],
)
def test_a_result_gets_the_number_of_the_attempt_it_can_belong_to(
    facts: list[Fact], success: int, failure: int
) -> None:
    media = folded(facts) if facts else None
    assert ledger.attempt_of_result(media, success=True) == success
    assert ledger.attempt_of_result(media, success=False) == failure


@pytest.mark.parametrize(
    ("facts", "attempt"),
    [
        ([announced()], 1),
        ([stored(0, attempt=0)], 1),
        ([announced(), queued(1)], None),
        ([announced(), queued(1), requested(2)], None),
        ([announced(), queued(1), requested(2), deferred(3)], None),
        ([announced(), queued(1), requested(2), refused(3)], 2),
        ([announced(), queued(1), requested(2), unanswered(603)], 2),
        ([announced(), queued(1), requested(2), stored(3)], 2),
    ],
)
def test_a_new_attempt_opens_only_when_none_is_under_way(facts: list[Fact], attempt: int | None) -> None:
    assert ledger.next_attempt(folded(facts)) == attempt


@given(st.data())
def test_a_history_ends_the_same_in_any_order_and_with_any_repetition(data: st.DataObject) -> None:
    history = data.draw(histories(), label="history")
    assert folded(data.draw(disorders(history), label="disorder")) == folded(history)


@settings(max_examples=80)
@given(st.data())
def test_facts_thrown_together_end_the_same_in_any_order(data: st.DataObject) -> None:
    facts = data.draw(st.lists(any_facts(), min_size=1, max_size=8), label="facts")
    assert folded(data.draw(disorders(facts), label="disorder")) == folded(facts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            StoreError(code=400, title="t", origin=Origin.WEBHOOK),
            StoreError(code="400", title="t", origin=Origin.WEBHOOK),
        ),
        (
            StoreError(code=400, title="t", origin=Origin.WEBHOOK),
            StoreError(code=400, title="t", origin=Origin.WEBHOOK, details=""),
        ),
    ],
    ids=["number or text", "none or empty"],
)
def test_errors_that_read_alike_have_one_winner_all_the_same(one: StoreError, other: StoreError) -> None:
    results = [failed(3, error=one), failed(3, error=other)]
    assert folded(results) == folded(reversed(results))
    trouble = [announced(3, undownloaded=True, error=one), announced(3, undownloaded=True, error=other)]
    assert folded(trouble) == folded(reversed(trouble))


@pytest.mark.parametrize("field", ["message_id", "sender", "sender_name", "filename", "caption", "sent_at"])
def test_announcements_of_one_moment_that_differ_in_one_field_have_one_winner(field: str) -> None:
    values = (None, 1, 2) if field == "sent_at" else (None, "", "a", "b")
    facts = [msgspec.structs.replace(announced(), **{field: value}) for value in values]
    ends = {folded(order) for order in itertools.permutations(facts)}
    assert len(ends) == 1


def test_two_deferrals_of_one_moment_have_one_winner() -> None:
    one = deferred(3)
    other = msgspec.structs.replace(one, next_try_at=at(30))
    assert folded([one, other]) == folded([other, one])


@settings(max_examples=40)
@given(st.data())
def test_histories_of_two_media_do_not_touch_each_other(data: st.DataObject) -> None:
    other = MediaKey("another")
    mine = data.draw(histories(), label="mine")
    yours = [msgspec.structs.replace(fact, key=other) for fact in data.draw(histories(), label="yours")]
    rows: dict[MediaKey, Media] = {}
    for fact in data.draw(st.permutations([*mine, *yours]), label="interleaved"):
        rows[fact.key] = ledger.fold(rows.get(fact.key), fact)
    assert rows == {KEY: folded(mine), other: folded(yours)}


@given(st.lists(any_facts(), min_size=1, max_size=10))
def test_the_state_is_what_the_rules_say(facts: list[Fact]) -> None:
    assert folded(facts).state is state_by_the_rules(facts)


@settings(max_examples=80)
@given(histories())
def test_a_failure_never_settles_an_attempt_that_was_not_asked(history: list[Fact]) -> None:
    in_vain = {
        (fact.attempt, fact.try_number)
        for fact in history
        if isinstance(fact, StoreDeferred) and fact.next_try_at <= fact.at
    }
    asked = {
        fact.attempt
        for fact in history
        if isinstance(fact, StoreRequested) and (fact.attempt, fact.try_number) not in in_vain
    }
    # After a success the attempt is settled anyway, asked or not: a failure of its number is an echo.
    asked |= {fact.attempt for fact in history if isinstance(fact, MediaStored)}
    failures = [fact for fact in history if isinstance(fact, StoreFailed) and fact.attempt > 0]
    assert {fact.attempt for fact in failures} <= asked


def test_a_late_duplicate_of_a_failure_leaves_an_order_that_met_no_api_in_the_queue() -> None:
    media = folded([announced(), queued(1), requested(2), failed(3)])
    for fact in (queued(9, attempt=2), requested(10, attempt=2), unreached(11, attempt=2)):
        media = ledger.fold(media, fact)
    again = failed(12, attempt=ledger.attempt_of_result(media, success=False))
    media = ledger.fold(media, again)
    assert media.state is State.QUEUED
    assert again == failed(12, attempt=1), "so the cache knows it as the one it has"


@settings(max_examples=40)
@given(histories())
def test_downloaded_is_left_by_an_order_only(history: list[Fact]) -> None:
    media: Media | None = None
    for fact in history:
        before, media = media, ledger.fold(media, fact)
        if before is not None and before.state is State.DOWNLOADED:
            assert media.state is State.DOWNLOADED or isinstance(fact, StoreQueued)


@settings(max_examples=40)
@given(histories())
def test_one_fact_folded_twice_is_folded_once(history: list[Fact]) -> None:
    media: Media | None = None
    for fact in history:
        media = ledger.fold(media, fact)
        assert ledger.fold(media, fact) == media


@given(st.lists(any_facts(), min_size=1, max_size=10))
def test_the_clock_never_runs_from_after_the_first_word(facts: list[Fact]) -> None:
    media = folded(facts)
    heard = [
        fact.at
        for fact in facts
        if isinstance(fact, MediaAnnounced | MediaStored | StoreFailed | ResultNoted)
    ]
    if heard:
        assert media.heard_at == min(heard)
        assert media.clock_from <= min(heard)


def state_by_the_rules(facts: Sequence[Fact]) -> State:
    """The rules of the ledger once more, said over all facts at once."""
    moving = [fact for fact in facts if not isinstance(fact, MediaAnnounced | ResultNoted)]
    if not moving:
        trouble = any(isinstance(fact, MediaAnnounced) and fact.undownloaded for fact in facts)
        return State.UNDOWNLOADED if trouble else State.RECEIVED
    newest = max(fact.attempt for fact in moving)
    deciding = [fact for fact in moving if fact.attempt == newest]
    for kinds, state in (
        (MediaStored, State.DOWNLOADED),
        (StoreFailed | StoreRefused, State.FAILED),
        (StoreUnanswered, State.UNCONFIRMED),
    ):
        if any(isinstance(fact, kinds) for fact in deciding):
            return state
    tries = [
        (fact.try_number, isinstance(fact, StoreDeferred)) for fact in deciding if hasattr(fact, "try_number")
    ]
    if not tries or max(tries)[1]:
        return State.QUEUED
    return State.REQUESTED
