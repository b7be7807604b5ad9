"""The JSON that scripts rely on."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from console.cache.records import error_record, history_record, media_record
from console.domain import ledger
from console.domain.facts import (
    Fact,
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
from console.domain.media import Media, MediaId, Millis, Origin, Progress, State, Step, StoreError
from console.domain.retention import DAY_MS

from .samples import NOW, WINDOW, announced, due_in, key, media

PROMISED = """key id type state error mime_type sha256 filename caption sender sender_name message_id
sent_at received_at expires_at lapsed attempts next_try_at"""
GONE = StoreError(code=1006, title="Resource not found", origin=Origin.RESPONSE, details="No path.")
A = key("a")


@given(media)
def test_every_promised_key_is_there_and_it_is_json(one: Media) -> None:
    record = media_record(one, WINDOW, NOW)
    assert set(PROMISED.split()) <= record.keys()
    assert json.loads(json.dumps(record)) == record


def test_a_failed_media_by_example() -> None:
    progress = Progress(attempt=2, step=Step.FAILED, at=NOW, try_number=1, error=GONE)
    one = due_in(24, "a", progress=progress, opened=2, sent_at=Millis(1_748_865_600_000), size=5)
    assert media_record(one, WINDOW, NOW) == {
        "key": "a",
        "id": "a",
        "type": "unknown",
        "state": "failed",
        "error": {
            "code": 1006,
            "title": "Resource not found",
            "details": "No path.",
            "origin": "response",
        },
        "mime_type": None,
        "sha256": None,
        "size": 5,
        "filename": None,
        "caption": None,
        "sender": None,
        "sender_name": None,
        "message_id": None,
        "sent_at": "2025-06-02T12:00:00Z",
        "sent_at_assumed": False,
        "received_at": "2025-06-02T15:06:40Z",
        "expires_at": "2025-06-16T12:00:00Z",
        "lapsed": False,
        "attempts": 2,
        "next_try_at": None,
    }


def test_a_deadline_counts_from_the_message_to_the_second() -> None:
    one = due_in(24, "a", heard_at=NOW, sent_at=Millis(1_749_988_800_000))
    record = media_record(one, WINDOW, NOW)
    assert (record["sent_at"], record["expires_at"]) == ("2025-06-15T12:00:00Z", "2025-06-29T12:00:00Z")
    assert record["lapsed"] is False
    assert media_record(one, WINDOW, Millis(1_749_988_800_000 + 14 * DAY_MS))["lapsed"] is True


def test_receipt_stands_in_for_a_missing_message_time() -> None:
    record = media_record(due_in(24, "a"), WINDOW, NOW)
    assert record["sent_at_assumed"] is True
    assert record["sent_at"] == record["received_at"]


def test_receipt_stands_in_for_a_message_time_that_is_later() -> None:
    record = media_record(due_in(24, "a", heard_at=NOW, sent_at=Millis(NOW + 2 * 3_600_000)), WINDOW, NOW)
    assert record["sent_at_assumed"] is True
    assert record["sent_at"] == record["received_at"]


def test_an_order_for_a_media_that_was_never_heard_of_has_no_times() -> None:
    record = media_record(Media(key=A), WINDOW, NOW)
    assert record["sent_at"] is None
    assert record["received_at"] is None


@pytest.mark.parametrize(
    ("code", "shown"), [(404, 404), ("404", 404), ("timeout", "timeout"), ("٤", "٤"), ("-1", "-1"), ("", "")]
)
def test_a_code_is_a_number_where_it_reads_as_one(code: int | str, shown: int | str) -> None:
    error = StoreError(code=code, title="t", origin=Origin.NETWORK)
    assert error_record(error) == {"code": shown, "title": "t", "details": None, "origin": "network"}


@pytest.mark.parametrize(
    ("fact", "source", "more"),
    [
        (
            announced("a", sent_at=NOW, error=GONE),
            "webhook",
            {
                "sent_at": "2025-06-15T15:06:40Z",
                "type": "image",
                "undownloaded": True,
                "sender": "4915551234567",
            },
        ),
        (
            StoreQueued(key=A, at=NOW, attempt=1, order_id="o", by="me"),
            "operator",
            {"order_id": "o", "by": "me"},
        ),
        (StoreRequested(key=A, at=NOW, attempt=1, try_number=2), "service", {"attempt": 1, "try_number": 2}),
        (StoreAccepted(key=A, at=NOW, attempt=1), "response", {"attempt": 1}),
        (StoreUnanswered(key=A, at=NOW, attempt=1), "service", {"attempt": 1}),
        (
            StoreDeferred(key=A, at=NOW, attempt=1, error=GONE, next_try_at=Millis(NOW + 250)),
            "response",
            {"next_try_at": "2025-06-15T15:06:40.250Z"},
        ),
        (StoreRefused(key=A, at=NOW, attempt=1, error=GONE), "response", {"error": error_record(GONE)}),
        (MediaStored(key=A, id=MediaId("a"), at=NOW, attempt=1), "webhook", {"id": "a", "attempt": 1}),
        (StoreFailed(key=A, id=MediaId("a"), at=NOW, error=GONE), "webhook", {"error": error_record(GONE)}),
        (ResultNoted(key=A, id=MediaId("a"), at=NOW, status="odd"), "webhook", {"status": "odd"}),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, dict | str) else "",
)
def test_history_says_when_what_and_who(fact: Fact, source: str, more: dict[str, object]) -> None:
    record = history_record(fact)
    assert list(record)[:3] == ["at", "fact", "source"]
    assert record["at"] == "2025-06-15T15:06:40Z"
    assert (record["fact"], record["source"]) == (type(fact).__name__, source)
    assert {name: record[name] for name in more} == more
    assert {"key", "account"}.isdisjoint(record)
    assert None not in record.values()
    assert json.loads(json.dumps(record)) == record


def test_a_wait_for_the_whole_queue_names_no_moment() -> None:
    held = StoreDeferred(key=A, at=NOW, attempt=1, try_number=0, error=GONE, next_try_at=NOW)
    later = StoreDeferred(key=A, at=NOW, attempt=1, error=GONE, next_try_at=Millis(NOW + 1000))
    for fact, told in ((held, None), (later, "2025-06-15T15:06:41Z")):
        media = ledger.fold(None, fact)
        assert media.state is State.QUEUED
        assert media_record(media, WINDOW, NOW)["next_try_at"] == told
        assert history_record(fact).get("next_try_at") == told
