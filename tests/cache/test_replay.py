"""What is built anew is what is stored, whatever happened; what differs is found, told and mended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.cache import queries, replay
from console.cache.batch import Batch
from console.cache.bodies import GONE
from console.cache.replay import Looked, Understood
from console.domain.facts import MediaAnnounced
from console.domain.maintenance import Difference
from console.domain.media import MediaId, MediaKey, Millis, State
from console.domain.orders import Order
from console.domain.reading import Reading, Unread
from console.platforms.onpremises.webhook import read_webhook

from .lives import Event, Moved, Ordered, Webhook, body, item, lives, message
from .samples import NOW, announced, fresh, key

if TYPE_CHECKING:
    import random
    import sqlite3
    from collections.abc import Sequence

    from console.cache.query import Query, T

REFUSAL = [{"code": 400, "title": "Parameter not valid"}]


def write(connection: sqlite3.Connection, *events: Event) -> None:
    """Writes what happened as the service does, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    batch = Batch(connection, ())
    for event in events:
        match event:
            case Webhook():
                batch.take_webhook(event.body, event.at, read_webhook(event.body, event.at))
            case Ordered():
                batch.take_order(Order(id=str(event.number), at=event.at, key=event.key), event.at)
            case Moved():
                batch.decide(("default", event.key), event.decide)
    batch.write()
    connection.execute("COMMIT")


def looked(connection: sqlite3.Connection, at_once: int = 2) -> Looked:
    """All looks of one replay together."""
    total = Looked(0, 0, 0, [], [])
    while total.last is not None:
        found = replay.look(connection, read_webhook, total.last, at_once)
        total = Looked(
            found.last,
            total.media + found.media,
            total.rebuilt + found.rebuilt,
            total.suspects + found.suspects,
            total.strays + found.strays,
        )
    return total


def mended(connection: sqlite3.Connection) -> list[Difference]:
    found = looked(connection)
    connection.execute("BEGIN IMMEDIATE")
    told = replay.mend(connection, read_webhook, found.suspects, found.strays)
    connection.execute("COMMIT")
    return told


def ask(connection: sqlite3.Connection, query: Query[T]) -> T:
    return query.read(connection.execute(query.sql, query.params).fetchall())


def everything(connection: sqlite3.Connection) -> list[object]:
    return [
        connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
        for table in ("media", "fact", "webhook", "quarantine")
    ]


@given(lives, st.randoms(use_true_random=False))
def test_nothing_differs_after_any_life_however_it_was_batched(
    life: list[Event], chance: random.Random
) -> None:
    with fresh() as connection:
        rest = list(life)
        while rest:
            count = chance.randint(1, 5)
            write(connection, *rest[:count])
            rest = rest[count:]
        before = everything(connection)
        found = looked(connection)
        assert (found.suspects, found.strays) == ([], [])
        assert found.media == found.rebuilt
        assert everything(connection) == before


@given(lives, st.data())
def test_whatever_was_changed_is_found_and_put_right_and_then_nothing_differs(
    life: list[Event], data: st.DataObject
) -> None:
    with fresh() as connection:
        write(connection, *life)
        before = everything(connection)
        keys = [row[0] for row in connection.execute("SELECT key FROM media")]
        if not keys:
            return
        spoilt = data.draw(st.sampled_from(keys))
        field = data.draw(st.sampled_from(["state", "caption", "attempts", "search_text", "progress_at"]))
        told = connection.execute(
            f"UPDATE media SET {field} = 'x' WHERE key = ? RETURNING {field}", (spoilt,)
        ).fetchall()
        assert told == [("x",)]
        assert mended(connection) == [Difference(key=MediaKey(spoilt), field=field)]
        assert everything(connection) == before
        assert mended(connection) == []


def test_a_fact_that_is_lost_comes_back_in_its_place(connection: sqlite3.Connection) -> None:
    write(connection, Webhook(body([message("m-1")]), NOW), Webhook(body(items=[item("m-1")]), NOW))
    before = everything(connection)
    connection.execute("UPDATE fact SET data = replace(data, 'jpeg', 'gif') WHERE kind = 'MediaAnnounced'")
    assert mended(connection) == [Difference(key=MediaKey("m-1"), field="facts")]
    assert everything(connection) == before


def test_a_media_that_a_body_tells_of_and_the_cache_lacks_is_found(connection: sqlite3.Connection) -> None:
    write(connection, Webhook(body([message("m-1"), message("m-2")]), NOW))
    before = ask(connection, queries.media(MediaKey("m-2")))
    connection.execute("DELETE FROM media WHERE key = 'm-2'")
    connection.execute("DELETE FROM fact WHERE media_key = 'm-2'")
    assert mended(connection) == [Difference(key=MediaKey("m-2"), field="facts")]
    assert ask(connection, queries.media(MediaKey("m-2"))) == before
    assert mended(connection) == []


def test_a_media_of_which_a_body_is_gone_stays_as_it_is(connection: sqlite3.Connection) -> None:
    write(connection, Webhook(body([message("m-1")]), NOW), Webhook(body([message("m-2")]), NOW))
    connection.execute("UPDATE media SET caption = 'spoilt'")
    connection.execute("UPDATE webhook SET coding = ?, body = x'' WHERE id = 2", (GONE,))
    found = looked(connection)
    assert (found.media, found.rebuilt, found.suspects) == (2, 1, [("default", "m-1")])


def test_what_was_not_understood_is_taken_in_as_of_its_receipt(connection: sqlite3.Connection) -> None:
    """A failure that lay in quarantine belongs to the attempt of its time, not to the one open now."""
    refused = body(items=[item("m-1", REFUSAL)])
    write(connection, Webhook(body([message("m-1")]), Millis(NOW - 10)))
    write(connection, Ordered(1, MediaKey("m-1"), NOW), Moved(MediaKey("m-1"), 0, NOW))
    connection.execute("BEGIN")
    batch = Batch(connection, ())
    part = Unread(where="media_items[0]", reason="an odd item")
    batch.take_webhook(refused, Millis(NOW + 1), Reading(unread=(part,)))
    batch.write()
    connection.execute("COMMIT")
    later = Millis(NOW + 2000)
    write(connection, Moved(MediaKey("m-1"), 3, later), Ordered(2, MediaKey("m-1"), later))
    assert replay.now_understood(connection, read_webhook) == [2]
    connection.execute("BEGIN")
    assert replay.take_from_quarantine(connection, read_webhook, 2) == Understood(parts=1, facts=1)
    connection.execute("COMMIT")
    media = ask(connection, queries.media(MediaKey("m-1")))
    assert media is not None
    assert media.state is State.QUEUED, "the failure of the first attempt does not end the second"
    failed = ask(connection, queries.history(MediaKey("m-1")))[2:3]
    assert [(type(fact).__name__, getattr(fact, "attempt", None)) for fact in failed] == [
        ("StoreRequested", 1)
    ]
    (attempt,) = connection.execute(
        "SELECT data ->> 'attempt' FROM fact WHERE kind = 'StoreFailed'"
    ).fetchone()
    assert attempt == 1
    assert mended(connection) == []
    assert replay.quarantined(connection) == 0


def test_what_is_still_not_understood_stays_in_quarantine(connection: sqlite3.Connection) -> None:
    odd = b'{"hello": 1}'
    write(connection, Webhook(odd, NOW))
    assert replay.now_understood(connection, read_webhook) == []
    connection.execute("BEGIN")
    assert replay.take_from_quarantine(connection, read_webhook, 1) == Understood()
    connection.execute("COMMIT")
    assert replay.quarantined(connection) == 1


def test_a_body_that_turns_out_to_say_nothing_is_let_go(connection: sqlite3.Connection) -> None:
    write(connection, Webhook(b'{"hello": 1}', NOW), Webhook(body([message("m-1")]), NOW))
    connection.execute("BEGIN")
    taken = replay.take_from_quarantine(connection, lambda _body, _at: Reading(), 1)
    connection.execute("COMMIT")
    assert taken == Understood(parts=1, facts=0)
    assert connection.execute("SELECT id FROM webhook").fetchall() == [(2,)]


def test_a_value_that_the_cache_cannot_hold_stays_in_quarantine(connection: sqlite3.Connection) -> None:
    write(connection, Webhook(b'{"hello": 1}', NOW))
    before = everything(connection)

    def read(_: bytes, at: Millis) -> Reading:
        good = announced("a", at=at)
        return Reading(facts=(good, MediaAnnounced(key=key("b"), id=MediaId("b"), at=at, size=2**70)))

    connection.execute("BEGIN")
    assert replay.take_from_quarantine(connection, read, 1) == Understood()
    connection.execute("COMMIT")
    assert everything(connection) == before


def test_a_dialect_that_reads_more_than_before_brings_the_cache_up_to_it(
    connection: sqlite3.Connection,
) -> None:
    write(connection, Webhook(body([message("m-1")]), NOW), Webhook(body(items=[item("m-1")]), NOW))

    def read(told: bytes, at: Millis) -> Reading:
        reading = read_webhook(told, at)
        more = [replace(fact, size=5) if isinstance(fact, MediaAnnounced) else fact for fact in reading.facts]
        return replace(reading, facts=tuple(more))

    found = replay.look(connection, read, 0)
    mend = partial(replay.mend, connection, read, found.suspects, found.strays)
    connection.execute("BEGIN")
    assert {one.field for one in mend()} == {"size", "size_from", "facts"}
    connection.execute("COMMIT")
    assert replay.look(connection, read, 0).suspects == []
    assert connection.execute("SELECT seq, kind FROM fact ORDER BY seq").fetchall() == [
        (1, "MediaAnnounced"),
        (2, "MediaStored"),
    ]


def test_the_highest_number_of_a_body_does_not_come_again(connection: sqlite3.Connection) -> None:
    def numbers() -> Sequence[int]:
        return [row[0] for row in connection.execute("SELECT id FROM webhook ORDER BY id")]

    write(connection, Webhook(body([message("m-1")]), NOW), Webhook(body([message("m-2")]), NOW))
    connection.execute("BEGIN")
    assert replay.remove_bodies(connection, [1, 2]) == 2
    assert replay.remove_bodies(connection, [2]) == 0
    connection.execute("COMMIT")
    assert numbers() == [2]
    assert ask(connection, queries.raw_bodies(MediaKey("m-2"))) == []
    assert ask(connection, queries.last_receipt()) == NOW
    write(connection, Webhook(body([message("m-3")]), NOW))
    assert numbers() == [2, 3]
