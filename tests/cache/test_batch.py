"""What one transaction makes of webhooks, decisions and orders."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from console.cache.batch import (
    NOTICES_KEPT,
    ORDERS_KEPT,
    ORDERS_KEPT_MS,
    QUARANTINE_BYTES,
    QUARANTINE_KEPT,
    Batch,
    Recorded,
)
from console.cache.query import sql
from console.cache.rows import SELECTED, read_media
from console.domain import facts, ledger
from console.domain.facts import Fact, MediaStored, ResultNoted, StoreAccepted, StoreFailed, StoreRequested
from console.domain.media import DEFAULT_ACCOUNT, Media, MediaId, Millis, Origin, State, StoreError
from console.domain.orders import Taken
from console.domain.reading import Reading, Unread
from console.domain.standing import Level, Notice

from .samples import NOW, announced, fresh, key, order, reading

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

BODY = b'{"messages": []}'
REFUSAL = StoreError(code=400, title="Parameter not valid", origin=Origin.WEBHOOK)


@contextmanager
def batch(connection: sqlite3.Connection, *names: str) -> Iterator[Batch]:
    connection.execute("BEGIN IMMEDIATE")
    made = Batch(connection, [(DEFAULT_ACCOUNT, key(name)) for name in names])
    yield made
    made.write()
    connection.execute("COMMIT")


def noise(size: int) -> bytes:
    """A body that is stored as it is, because it cannot be packed."""
    return random.Random(size).randbytes(size)


def count(connection: sqlite3.Connection, table: str) -> int:
    (found,) = connection.execute(sql("SELECT count(*) FROM", table)).fetchone()
    return int(found)


def stored(connection: sqlite3.Connection, name: str) -> Media:
    statement = sql("SELECT", SELECTED, "FROM media WHERE key = ?")
    return read_media(connection.execute(statement, (name,)).fetchone())


def history(connection: sqlite3.Connection, name: str) -> list[Fact]:
    rows = connection.execute("SELECT data FROM fact WHERE media_key = ? ORDER BY seq", (name,))
    return [facts.decode(data) for (data,) in rows]


def failed(name: str) -> StoreFailed:
    return StoreFailed(key=key(name), id=MediaId(name), at=NOW, error=REFUSAL)


def test_a_webhook_leaves_row_history_and_body(connection: sqlite3.Connection) -> None:
    with batch(connection, "a") as work:
        recorded = work.take_webhook(BODY, NOW, reading("a"))
    assert recorded == Recorded(1, 0, number=1)
    assert stored(connection, "a") == ledger.fold(None, announced("a"))
    assert history(connection, "a") == [announced("a")]
    assert connection.execute("SELECT received_at, body, facts FROM webhook").fetchall() == [(NOW, BODY, 1)]


def test_a_repeated_webhook_leaves_nothing_more(connection: sqlite3.Connection) -> None:
    with batch(connection, "a") as work:
        work.take_webhook(BODY, NOW, reading("a"))
    later = Reading(facts=(announced("a", at=NOW + 5000),))
    with batch(connection, "a") as work:
        assert work.take_webhook(BODY, Millis(NOW + 5000), later) == Recorded()
    with batch(connection, "a", "b") as work:
        assert work.take_webhook(BODY, NOW, reading("a", "a", "b", "b")).new == 1
        assert work.take_webhook(BODY, NOW, reading("b")) == Recorded()
    assert connection.execute("SELECT media_key FROM fact ORDER BY media").fetchall() == [("a",), ("b",)]
    assert count(connection, "webhook") == 2


def test_known_facts_are_found_by_their_index(connection: sqlite3.Connection) -> None:
    statements: list[str] = []
    with batch(connection, "media-1") as work:
        work.take_webhook(BODY, NOW, reading("media-1"))
    connection.set_trace_callback(statements.append)
    with batch(connection, "media-1") as work:
        assert not work.take_webhook(BODY, NOW, reading("media-1")).new
    connection.set_trace_callback(None)
    (asked,) = [text for text in statements if "fact" in text]
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {asked}")]
    assert "SEARCH fact USING COVERING INDEX fact_once (media=? AND identity=?)" in plan


def test_many_media_are_looked_up_and_written_together(connection: sqlite3.Connection) -> None:
    names = [f"media-{number}" for number in range(700)]
    with batch(connection, *names) as work:
        work.take_webhook(BODY, NOW, reading(*names[:650]))
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    with batch(connection, *names) as work:
        assert work.take_webhook(BODY, NOW, reading(*names)).new == 50
    connection.set_trace_callback(None)
    assert len([text for text in statements if text.startswith(("SELECT", "WITH"))]) <= 6
    assert len([text for text in statements if text.startswith("INSERT INTO fact")]) == 50
    assert len([text for text in statements if text.startswith("INSERT INTO media ")]) == 50
    assert count(connection, "media") == 700


def test_a_result_gets_the_number_of_the_attempt_last_opened(connection: sqlite3.Connection) -> None:
    with batch(connection, "a") as work:
        work.add([announced("a")], None)
        assert work.take_order(order("1", "a"), NOW) is Taken.QUEUED
        work.add([StoreRequested(key=key("a"), at=NOW, attempt=1)], None)
        (told,) = work.add([failed("a")], 1)
        assert isinstance(told, StoreFailed)
        assert told.attempt == 1
        assert work.take_order(order("2", "a"), NOW) is Taken.QUEUED
        echo = StoreFailed(key=key("a"), id=MediaId("a"), at=Millis(NOW + 1), error=REFUSAL)
        assert work.add([echo], 2) == ()
        (noted,) = work.add([ResultNoted(key=key("a"), id=MediaId("a"), at=NOW, status="odd")], 2)
        assert isinstance(noted, ResultNoted)
        assert noted.attempt == 1
        (done,) = work.add([MediaStored(key=key("a"), id=MediaId("a"), at=NOW)], 3)
        assert isinstance(done, MediaStored)
        assert done.attempt == 2
    assert stored(connection, "a").state is State.DOWNLOADED


def test_a_result_before_its_message_is_kept_and_joined(connection: sqlite3.Connection) -> None:
    with batch(connection, "a") as work:
        work.take_webhook(BODY, NOW, Reading(facts=(MediaStored(key=key("a"), id=MediaId("a"), at=NOW),)))
    with batch(connection, "a") as work:
        work.take_webhook(BODY, NOW, Reading(facts=(announced("a", caption="late"),)))
    found = stored(connection, "a")
    assert (found.state, found.caption) == (State.DOWNLOADED, "late")


def test_accounts_do_not_mix(connection: sqlite3.Connection) -> None:
    other = facts.MediaAnnounced(key=key("a"), account="other", at=NOW, caption="other")
    with batch(connection) as work:
        work.add([announced("a", caption="ours"), other], None)
        assert work.media(("other", key("a"))) == ledger.fold(None, other)
    assert connection.execute("SELECT account, caption FROM media ORDER BY account").fetchall() == [
        ("default", "ours"),
        ("other", "other"),
    ]


def test_what_was_not_understood_is_kept_once_with_its_body(connection: sqlite3.Connection) -> None:
    parts = (Unread(where="messages[0]", reason="an odd type"), Unread(where="", reason="an odd root"))
    with batch(connection) as work:
        assert work.take_webhook(BODY, NOW, Reading(unread=parts)) == Recorded(0, 2, number=1)
        assert work.take_webhook(BODY, Millis(NOW + 1), Reading(unread=parts)) == Recorded(0, 0)
    assert count(connection, "webhook") == 1
    rows = connection.execute("SELECT webhook_id, received_at, place, reason FROM quarantine").fetchall()
    assert rows == [(1, NOW, "messages[0]", "an odd type"), (1, NOW, "", "an odd root")]


def test_the_quarantine_is_bounded_and_takes_its_bodies_along(connection: sqlite3.Connection) -> None:
    part = Unread(where="", reason="odd")
    with batch(connection, "a") as work:
        work.take_webhook(b"with facts", NOW, Reading(facts=(announced("a"),), unread=(part,)))
        for number in range(QUARANTINE_KEPT + 2):
            work.take_webhook(b"%d" % number, NOW, Reading(unread=(part,)))
    bodies = [row[0] for row in connection.execute("SELECT body FROM webhook ORDER BY id")]
    assert bodies == [b"with facts", *(b"%d" % number for number in range(2, QUARANTINE_KEPT + 2))]
    assert count(connection, "quarantine") == QUARANTINE_KEPT


def test_the_quarantine_is_bounded_in_bytes(connection: sqlite3.Connection) -> None:
    parts = (Unread(where="messages[0]", reason="odd"), Unread(where="messages[1]", reason="odd"))
    size = QUARANTINE_BYTES // 4
    for number in range(6):
        with batch(connection) as work:
            work.take_webhook(b"%d" % number + noise(size - 1), NOW, Reading(unread=parts))
    first = [row[0] for row in connection.execute("SELECT substr(body, 1, 1) FROM webhook ORDER BY id")]
    assert first == [b"2", b"3", b"4", b"5"]
    assert count(connection, "quarantine") == 2 * len(first)


def test_one_body_larger_than_the_whole_quarantine_stays_alone(connection: sqlite3.Connection) -> None:
    part = Unread(where="", reason="odd")
    for body in (b"small", noise(QUARANTINE_BYTES + 1)):
        with batch(connection) as work:
            work.take_webhook(body, NOW, Reading(unread=(part,)))
    assert (count(connection, "webhook"), count(connection, "quarantine")) == (1, 1)
    assert connection.execute("SELECT length(body) FROM webhook").fetchone() == (QUARANTINE_BYTES + 1,)


def test_what_became_of_orders_is_forgotten_when_it_is_old_and_there_are_many(
    connection: sqlite3.Connection,
) -> None:
    def left() -> list[str]:
        rows = connection.execute("SELECT id FROM order_taken ORDER BY at LIMIT 2")
        return [row[0] for row in rows]

    old = NOW - ORDERS_KEPT_MS - 1
    connection.executemany(
        "INSERT INTO order_taken (id, at, account, media_key, taken) VALUES (?, ?, 'default', 'a', 'queued')",
        [(str(number), old - ORDERS_KEPT + number) for number in range(ORDERS_KEPT)],
    )
    with batch(connection) as work:
        work.trim_orders(NOW)
    assert left() == ["0", "1"], "old, but not many"
    with batch(connection) as work:
        work.take_order(order("new", "nobody"), NOW)
        work.trim_orders(NOW)
    assert left() == ["1", "2"]
    with batch(connection) as work:
        work.take_order(order("newer", "nobody"), Millis(old - ORDERS_KEPT + 5))
        work.trim_orders(Millis(old - ORDERS_KEPT))
    assert left() == ["1", "2"], "many, but not old"


def test_trouble_of_the_client_becomes_a_notice_without_a_body(connection: sqlite3.Connection) -> None:
    notice = Notice(at=NOW, level=Level.WARNING, source="client", text="1015 Too many requests")
    with batch(connection) as work:
        assert work.take_webhook(BODY, NOW, Reading(notices=(notice,))) == Recorded()
    assert (count(connection, "notice"), count(connection, "webhook")) == (1, 0)


def test_equal_notices_are_counted_and_the_oldest_dropped(connection: sqlite3.Connection) -> None:
    def notice(at: int, text: str) -> Notice:
        return Notice(at=Millis(at), level=Level.ERROR, source="api", text=text, key=f"m of {text}")

    with batch(connection) as work:
        for at, text in enumerate(["again", "first", "again", *map(str, range(NOTICES_KEPT - 1)), "again"]):
            work.take_notice(notice(at, text))
    statement = "SELECT text, first_at, at, count, media_key FROM notice ORDER BY at"
    rows = connection.execute(statement).fetchall()
    assert len(rows) == NOTICES_KEPT
    last = NOTICES_KEPT + 2
    assert (rows[0], rows[-1]) == (("0", 3, 3, 1, "m of 0"), ("again", 0, last, 3, "m of again"))


def test_media_that_fail_in_the_same_words_have_a_notice_each(connection: sqlite3.Connection) -> None:
    with batch(connection) as work:
        for about in ("a", "b", None, "a", None):
            work.take_notice(Notice(at=NOW, level=Level.ERROR, source="client", text="same", key=about))
    rows = connection.execute("SELECT media_key, count FROM notice ORDER BY id").fetchall()
    assert rows == [("a", 2), ("b", 1), (None, 2)]


def test_a_webhook_tells_which_media_failed_by_it(connection: sqlite3.Connection) -> None:
    with batch(connection, "a") as work:
        work.add([announced("a")], None)
        recorded = work.take_webhook(BODY, NOW, Reading(facts=(failed("a"),)))
        again = work.take_webhook(BODY, Millis(NOW + 1), Reading(facts=(failed("a"),)))
    [(fact, media)] = recorded.failed
    assert (fact.key, media.sender_name, media.state) == ("a", "Kerry Fisher", State.FAILED)
    assert again.failed == ()


def test_an_order_opens_an_attempt_once(connection: sqlite3.Connection) -> None:
    with batch(connection, "a") as work:
        work.add([announced("a")], None)
        assert work.take_order(order("1", "a"), NOW) is Taken.QUEUED
        assert work.take_order(order("1", "a"), NOW) is Taken.QUEUED
        assert work.take_order(order("2", "a"), NOW) is Taken.ALREADY
    with batch(connection, "a") as work:
        assert work.take_order(order("2", "a"), NOW) is Taken.ALREADY
        assert work.take_order(order("1", "a"), NOW) is Taken.QUEUED
    assert [type(fact).__name__ for fact in history(connection, "a")] == ["MediaAnnounced", "StoreQueued"]
    assert stored(connection, "a").state is State.QUEUED


def test_an_order_that_cannot_be_done_says_why(connection: sqlite3.Connection) -> None:
    without_id = facts.MediaAnnounced(key=key("message:1"), at=NOW, undownloaded=True)
    climbing = announced("../secret")
    with batch(connection) as work:
        work.add([without_id, climbing], None)
        assert work.take_order(order("1", "nobody"), NOW) is Taken.UNKNOWN
        assert work.take_order(order("2", "message:1"), NOW) is Taken.NOT_RETRIEVABLE
        assert work.take_order(order("3", "../secret"), NOW) is Taken.NOT_RETRIEVABLE
        work.add([announced("nobody")], None)
        assert work.take_order(order("1", "nobody"), NOW) is Taken.UNKNOWN


def test_a_decision_sees_the_media_as_it_is(connection: sqlite3.Connection) -> None:
    ref = (DEFAULT_ACCOUNT, key("a"))
    seen: list[Media | None] = []

    def note(media: Media | None) -> Sequence[Fact]:
        seen.append(media)
        return [StoreAccepted(key=key("a"), at=NOW, attempt=1)]

    with batch(connection, "a") as work:
        decided = work.decide(ref, note)
        again = work.decide(ref, note)
    assert seen == [None, decided.media]
    assert decided.facts == (StoreAccepted(key=key("a"), at=NOW, attempt=1),)
    assert (again.media, again.facts) == (decided.media, ())


steps = st.lists(
    st.sampled_from([announced("a"), failed("a"), MediaStored(key=key("a"), id=MediaId("a"), at=NOW)]),
    max_size=8,
)


@given(steps, st.data())
def test_rows_are_the_fold_of_their_history_however_they_are_batched(
    told: list[Fact], data: st.DataObject
) -> None:
    with fresh() as connection:
        while told:
            size = data.draw(st.integers(1, len(told)))
            with batch(connection, "a") as work:
                work.add(told[:size], None)
            told = told[size:]
        kept = history(connection, "a")
        assert len({facts.identity(fact) for fact in kept}) == len(kept)
        if kept:
            assert stored(connection, "a") == folded(kept)


def folded(told: Iterable[Fact]) -> Media | None:
    media: Media | None = None
    for fact in told:
        media = ledger.fold(media, fact)
    return media
