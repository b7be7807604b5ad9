"""The place of each fact in the order of receipt, and what is read from a body later."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import migrations
from console.cache.batch import Batch
from console.cache.rebuild import (
    READINGS_HELD,
    Bodies,
    differences,
    history,
    lacking,
    numbered,
    rebuild,
    take_in,
    told_by,
)
from console.domain.facts import MediaStored, StoreFailed, StoreQueued
from console.domain.media import Media, MediaId, MediaKey, Millis, Origin, Progress, Step, StoreError
from console.domain.reading import Reading
from console.platforms.onpremises.webhook import read_webhook

from .lives import body, item, message
from .samples import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

REF = ("default", MediaKey("m-1"))
REFUSAL = StoreError(code=400, title="Parameter not valid", origin=Origin.WEBHOOK)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        migrations.migrate_from(made, 0)
        yield made


def hear(connection: sqlite3.Connection, at: int, *bodies: bytes) -> None:
    connection.execute("BEGIN")
    batch = Batch(connection, ())
    for told in bodies:
        batch.take_webhook(told, Millis(at), read_webhook(told, Millis(at)))
    batch.write()
    connection.execute("COMMIT")


def queue(connection: sqlite3.Connection, attempt: int, at: int) -> None:
    connection.execute("BEGIN")
    batch = Batch(connection, ())
    fact = StoreQueued(key=MediaKey("m-1"), at=Millis(at), attempt=attempt, order_id=str(attempt))
    batch.decide(REF, lambda _: (fact,))
    batch.write()
    connection.execute("COMMIT")


def test_a_media_is_what_its_bodies_and_orders_lead_to(connection: sqlite3.Connection) -> None:
    hear(connection, NOW, body([message("m-1")]))
    queue(connection, 1, NOW + 1)
    hear(connection, NOW + 2, body(items=[item("m-1")]))
    built = rebuild(connection, REF, Bodies(connection, read_webhook))
    assert built is not None
    assert built.media.progress == Progress(attempt=1, step=Step.STORED, at=Millis(NOW + 2))
    assert differences(connection, REF, built) == []


def test_nothing_is_built_of_a_media_without_facts_or_with_an_unknown_one(
    connection: sqlite3.Connection,
) -> None:
    bodies = Bodies(connection, read_webhook)
    assert rebuild(connection, REF, bodies) is None
    queue(connection, 1, NOW)
    connection.execute("UPDATE fact SET data = replace(data, 'StoreQueued', 'OfTomorrow')")
    assert rebuild(connection, REF, bodies) is None


def test_a_body_that_is_refused_today_leaves_its_media_alone(connection: sqlite3.Connection) -> None:
    hear(connection, NOW, body([message("m-1")]))
    connection.execute("UPDATE webhook SET body = x'00'")
    assert rebuild(connection, REF, Bodies(connection, read_webhook)) is None


def test_what_came_first_is_known_by_the_time_where_no_fact_of_the_body_tells(
    connection: sqlite3.Connection,
) -> None:
    hear(connection, NOW, body([message("m-1")]))
    queue(connection, 1, NOW + 10)
    hear(connection, NOW + 20, body([message("m-1", caption="other")]))
    (reading,) = [Bodies(connection, read_webhook).reading(2)]
    assert reading is not None
    early = reading._replace(
        received_at=Millis(NOW + 5),
        facts={REF: [MediaStored(key=MediaKey("m-1"), id=MediaId("m-1"), at=Millis(NOW + 5))]},
    )
    (told,) = lacking(connection, REF, 77, early, None)
    assert (getattr(told.fact, "attempt", None), told.before) == (0, 2), "before the order"
    (late,) = lacking(connection, REF, 77, early._replace(received_at=Millis(NOW + 99)), None)
    assert (getattr(late.fact, "attempt", None), late.before) == (1, None)
    (known,) = lacking(connection, REF, 77, early, 2)
    assert known.before == 3, "as of a fact that was kept on receipt"


def test_facts_that_are_taken_in_stand_where_they_belong(connection: sqlite3.Connection) -> None:
    hear(connection, NOW, body([message("m-1")]))
    queue(connection, 1, NOW + 10)
    early = [StoreFailed(key=MediaKey("m-1"), id=MediaId("m-1"), at=Millis(NOW + 5), error=REFUSAL)]
    reading = Bodies(connection, lambda _b, _t: Reading(facts=tuple(early))).reading(1)
    assert reading is not None
    told = lacking(connection, REF, 77, reading._replace(received_at=Millis(NOW + 5)), None)
    assert take_in(connection, REF, told) == 1
    assert take_in(connection, REF, told) == 0
    assert [stored.seq for stored in history(connection, REF)] == [1, 3, 2]
    assert told_by(connection, REF, 77)
    assert not told_by(connection, REF, 78)


def test_a_result_gets_the_number_of_its_attempt_once() -> None:
    result = MediaStored(key=MediaKey("m-1"), id=MediaId("m-1"), at=NOW)
    media = Media(key=MediaKey("m-1"), progress=Progress(attempt=3, step=Step.REQUESTED, at=NOW))
    again = numbered(media, result)
    assert getattr(again, "attempt", None) == 3
    assert numbered(None, again) is again


def test_only_the_last_readings_are_held(connection: sqlite3.Connection) -> None:
    count = READINGS_HELD + 1
    hear(connection, NOW, *[body([message(f"m-{number}")]) for number in range(count)])
    read: list[bytes] = []

    def counted(told: bytes, at: Millis) -> Reading:
        read.append(told)
        return read_webhook(told, at)

    bodies = Bodies(connection, counted)
    for number in (*range(1, count + 1), count, 1):
        assert bodies.reading(number) is not None
    assert len(read) == count + 1
    assert bodies.reading(99) is None
