"""The kept counts are what a recount gives, whatever was written, purged or replayed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from console.cache import replay
from console.cache.batch import Batch
from console.cache.counts import Tally, agree, hour_of, recount
from console.cache.purge import remove_media
from console.domain.media import DEFAULT_ACCOUNT, MediaKey
from console.domain.orders import Order
from console.platforms.onpremises.webhook import read_webhook

from .lives import IDS, Event, Moved, Ordered, Webhook, lives
from .samples import fresh

if TYPE_CHECKING:
    from collections.abc import Sequence

MAINTENANCE = ("purge", "replay", "spoil and replay", None, None)


def kept(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    return [
        connection.execute(f"SELECT * FROM {table} WHERE media <> 0 ORDER BY 1, 2").fetchall()
        for table in ("media_count", "media_hour")
    ]


def write(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
    connection.execute("BEGIN")
    batch = Batch(connection, ())
    for event in events:
        match event:
            case Webhook():
                batch.take_webhook(event.body, event.at, read_webhook(event.body, event.at))
            case Ordered():
                batch.take_order(Order(id=str(event.number), at=event.at, key=event.key), event.at)
            case Moved():
                batch.decide((DEFAULT_ACCOUNT, event.key), event.decide)
    batch.write()
    connection.execute("COMMIT")


def maintain(connection: sqlite3.Connection, kind: str | None, media_id: str) -> None:
    """What a purge or a replay does, in a transaction of the writer."""
    if kind == "spoil and replay":
        connection.execute("UPDATE fact SET data = replace(data, 'September', 'May')")
    found = replay.look(connection, read_webhook, 0) if kind is not None else None
    connection.execute("BEGIN")
    batch = Batch(connection, ())
    if kind == "purge":
        batch.maintain(lambda made: remove_media(made, [(DEFAULT_ACCOUNT, MediaKey(media_id))]))
    elif found is not None:
        batch.maintain(lambda made: replay.mend(made, read_webhook, found.suspects, found.strays))
    batch.write()
    connection.execute("COMMIT")


@given(lives, st.data())
def test_the_kept_counts_are_those_of_the_rows_after_any_life(life: list[Event], data: st.DataObject) -> None:
    with fresh() as connection:
        rest = life
        while rest:
            count = data.draw(st.integers(1, 6))
            write(connection, rest[:count])
            rest = rest[count:]
            maintain(connection, data.draw(st.sampled_from(MAINTENANCE)), data.draw(st.sampled_from(IDS)))
            assert agree(connection)
            before = kept(connection)
            recount(connection)
            assert kept(connection) == before


def test_a_wrong_count_of_a_state_or_an_hour_is_seen_and_a_recount_rights_it(
    connection: sqlite3.Connection,
) -> None:
    for table in ("media_count", "media_hour"):
        columns = "state, media" if table == "media_count" else "state, hour, media"
        values = "'failed', 1" if table == "media_count" else "'failed', 7, 1"
        connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})")
        assert not agree(connection)
        recount(connection)
        assert agree(connection)
        assert kept(connection) == [[], []]


def test_a_tally_writes_what_changed_and_an_emptied_count_stays_as_none(
    connection: sqlite3.Connection,
) -> None:
    first = Tally()
    for _ in range(3):
        first.add("failed", 7)
    first.add("received", 7)
    first.write(connection)
    assert kept(connection) == [[("failed", 3), ("received", 1)], [("failed", 7, 3), ("received", 7, 1)]]
    second = Tally()
    second.take("failed", 7)
    second.add("failed", 8)
    second.take("received", 7)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    second.write(connection)
    connection.set_trace_callback(None)
    assert len(statements) == 4  # three hours, and of the states only the one that has another number
    assert kept(connection) == [[("failed", 3)], [("failed", 7, 2), ("failed", 8, 1)]]
    assert connection.execute("SELECT media FROM media_count WHERE state = 'received'").fetchall() == [(0,)]


@given(st.integers(-(10**14), 10**14))
def test_an_hour_is_counted_as_sqlite_divides(clock_from: int) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("SELECT ? / 3600000", (clock_from,)).fetchone() == (hour_of(clock_from),)
