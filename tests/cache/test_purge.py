"""A purge removes what it names, all that hangs on it, and nothing else."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import migrations, purge, searchindex
from console.cache.batch import Batch
from console.cache.inbox import Inbox
from console.cache.purge import PurgePlan, number_pattern
from console.cache.reader import NoCache
from console.domain.maintenance import Purge, Purged
from console.domain.media import MediaKey, Millis
from console.domain.orders import Order
from console.domain.standing import Level, Notice
from console.platforms.onpremises.webhook import read_webhook

from .lives import body, item, message
from .samples import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANNA, BERT = "16315551234", "4915551230000"
HOUR = 3_600_000


@pytest.fixture
def db(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    migrations.create(tmp_path / "media.db")
    return tmp_path / "media.db"


@pytest.fixture
def connection(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(migrations.open_writer(db)) as made:
        yield made


def sent(media_id: str, sender: str, at: int, **told: object) -> dict[str, object]:
    return {**message(media_id, **told), "from": sender, "timestamp": str(at // 1000)}


def hear(connection: sqlite3.Connection, at: int, *bodies: bytes) -> None:
    connection.execute("BEGIN IMMEDIATE")
    batch = Batch(connection, ())
    for told in bodies:
        batch.take_webhook(told, Millis(at), read_webhook(told, Millis(at)))
    batch.write()
    connection.execute("COMMIT")


def order(connection: sqlite3.Connection, key: str, at: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    batch = Batch(connection, ())
    batch.take_order(Order(id=f"o-{key}-{at}", at=Millis(at), key=MediaKey(key)), Millis(at))
    batch.take_notice(Notice(at=Millis(at), level=Level.INFO, source="service", text=f"of {key}", key=key))
    batch.write()
    connection.execute("COMMIT")


def asked(before: int | None = None, number: str | None = None) -> Purge:
    return Purge(id="p", at=NOW, before=None if before is None else Millis(before), number=number)


def carry_out(connection: sqlite3.Connection, wanted: Purge) -> Purged:
    """What was foreseen; it is all carried out, too."""
    plan = PurgePlan(connection, wanted, read_webhook)
    for _ in plan.make():
        pass
    counts = plan.counts()
    connection.execute("BEGIN IMMEDIATE")
    for refs in plan.media():
        purge.remove_media(connection, refs)
    for ids in plan.ids("webhook"):
        purge.remove_webhooks(connection, [int(one) for one in ids])
    for table in ("notice", "order_taken"):
        for ids in plan.ids(table):
            purge.remove_rows(connection, table, ids)
    connection.execute("COMMIT")
    return counts


def left(connection: sqlite3.Connection) -> dict[str, list[object]]:
    return {
        table: [row[0] for row in connection.execute(f"SELECT {column} FROM {table} ORDER BY 1")]
        for table, column in (
            ("media", "key"),
            ("fact", "media_key"),
            ("webhook", "id"),
            ("quarantine", "webhook_id"),
            ("notice", "text"),
            ("order_taken", "media_key"),
        )
    }


def test_by_age_goes_what_was_sent_before_with_all_that_hangs_on_it(connection: sqlite3.Connection) -> None:
    old, new = NOW - 100 * HOUR, NOW - HOUR
    hear(connection, old, body([sent("a", ANNA, old)]), b'{"odd": 1}')
    hear(connection, new, body([sent("b", ANNA, new)]), body(items=[item("a")]), b'{"odd": 2}')
    order(connection, "a", new)
    order(connection, "b", new)
    counts = carry_out(connection, asked(before=NOW - 50 * HOUR))
    assert counts == Purged(media=1, facts=3, bodies=3, quarantined=1, notices=1, orders=1)
    assert left(connection) == {
        "media": ["b"],
        "fact": ["b", "b"],
        "webhook": [3, 5],
        "quarantine": [5],
        "notice": ["of b"],
        "order_taken": ["b"],
    }


def test_a_body_goes_as_a_whole_and_the_facts_of_others_stay(connection: sqlite3.Connection) -> None:
    hear(connection, NOW, body([sent("a", ANNA, NOW), sent("b", BERT, NOW)]))
    hear(connection, NOW, body([sent("b", BERT, NOW)], [item("b")]), body([sent("c", BERT, NOW)]))
    counts = carry_out(connection, asked(number=ANNA))
    assert (counts.media, counts.facts, counts.bodies) == (1, 1, 1)
    assert left(connection)["fact"] == ["b", "b", "c"]
    assert left(connection)["webhook"] == [2, 3]


def test_a_body_that_repeats_what_is_purged_goes_too(connection: sqlite3.Connection) -> None:
    """It gave no fact of that media, because all was known, but the caption stands in it."""
    hear(connection, NOW, body([sent("a", ANNA, NOW)]))
    hear(connection, NOW + 5, body([sent("a", ANNA, NOW), sent("b", BERT, NOW)]))
    assert carry_out(connection, asked(before=NOW + 3, number=ANNA)).bodies == 2


def test_by_number_goes_every_body_and_notice_with_that_number_in_it(connection: sqlite3.Connection) -> None:
    card = {"type": "contacts", "contacts": [{"phones": [{"phone": "+1 (631) 555-1234"}]}], "from": BERT}
    hear(connection, NOW, body([sent("b", BERT, NOW), card]), b'{"odd": "16315551234"}')
    hear(connection, NOW, body([sent("c", BERT, NOW, caption="call +1 631 555 1234")]))
    text = f"{ANNA} was refused"
    connection.execute("INSERT INTO notice VALUES (1, 1, 1, 'error', 'client', ?, NULL, 1)", (text,))
    counts = carry_out(connection, asked(number=ANNA))
    assert counts == Purged(bodies=3, quarantined=1, notices=1, mentions=1)
    assert left(connection)["media"] == ["b", "c"]


def test_a_body_with_the_digits_of_a_number_in_other_digits_stays(connection: sqlite3.Connection) -> None:
    stamp = NOW // 1000 // 10**3
    hear(connection, NOW, body([sent("b", BERT, NOW)]), body([sent("a", str(stamp), NOW)]))
    assert str(stamp) in str(NOW // 1000)
    assert carry_out(connection, asked(number=str(stamp))).bodies == 1
    assert left(connection)["media"] == ["b"]


def test_with_both_a_media_must_fit_both(connection: sqlite3.Connection) -> None:
    old = NOW - 100 * HOUR
    hear(connection, old, body([sent("a", ANNA, old)]), body([sent("b", BERT, old)]))
    hear(connection, NOW, body([sent("c", ANNA, NOW)]))
    assert carry_out(connection, asked(before=NOW - HOUR, number=ANNA)).media == 1
    assert left(connection)["media"] == ["b", "c"]
    assert left(connection)["webhook"] == [2, 3]


def test_waiting_orders_for_what_goes_are_picked_out(connection: sqlite3.Connection) -> None:
    hear(connection, NOW, body([sent("a", ANNA, NOW)]), body([sent("b", BERT, NOW)]))
    plan = PurgePlan(connection, asked(number=ANNA), read_webhook)
    for _ in plan.make():
        pass
    orders = [Order(id=key, at=NOW, key=MediaKey(key)) for key in "ab"]
    assert plan.unwanted(orders) == orders[:1]


def test_more_than_one_step_of_each_kind_goes(connection: sqlite3.Connection) -> None:
    count = purge.AT_ONCE * 2 + 1
    hear(connection, NOW, *[body([sent(f"m{number}", ANNA, NOW)]) for number in range(count)])
    for number in range(count):
        order(connection, f"m{number}", NOW)
    counts = carry_out(connection, asked(number=ANNA))
    assert counts == Purged(media=count, facts=2 * count, bodies=count, notices=count, orders=count)
    kept = {table: rows for table, rows in left(connection).items() if rows}
    assert kept == {"webhook": [count]}, "the highest number alone, without a body"
    assert connection.execute("SELECT body, coding FROM webhook").fetchall() == [(b"", "gone")]


def test_to_foresee_changes_nothing_and_counts_what_waits(db: Path, connection: sqlite3.Connection) -> None:
    hear(connection, NOW, body([sent("a", ANNA, NOW)]))
    with Inbox(db) as inbox:
        inbox.leave([Order(id="1", at=NOW, key=MediaKey("a")), Order(id="2", at=NOW, key=MediaKey("x"))])
    before = left(connection)
    assert purge.foresee(db, asked(number=ANNA), read_webhook) == Purged(media=1, facts=1, bodies=1, orders=1)
    assert left(connection) == before


def test_nothing_can_be_foreseen_without_a_cache(tmp_path: Path) -> None:
    with pytest.raises(NoCache):
        purge.foresee(tmp_path / "none.db", asked(number=ANNA), read_webhook)


def test_what_is_removed_is_on_no_page_once_the_files_are_written_anew(
    db: Path, connection: sqlite3.Connection
) -> None:
    told = [sent(f"m{number}", ANNA, NOW, caption="Geheimnis " * 50) for number in range(50)]
    hear(connection, NOW, *[body([one]) for one in told])
    carry_out(connection, asked(number=ANNA))
    before = purge.bytes_taken(db)
    assert purge.write_anew(connection) is None
    assert purge.empty_log(connection)
    assert purge.bytes_taken(db) < before / 2
    assert not [path for path in db.parent.iterdir() if b"Geheimnis" in path.read_bytes()]


def test_a_log_that_a_reader_needs_is_not_emptied_yet(db: Path, connection: sqlite3.Connection) -> None:
    hear(connection, NOW, body([sent("a", ANNA, NOW)]))
    with closing(sqlite3.connect(db, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM media").fetchone()
        hear(connection, NOW, body([sent("b", ANNA, NOW)]))
        assert not purge.empty_log(connection)
        assert connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
        other.execute("COMMIT")
    assert purge.empty_log(connection)


def test_the_search_index_holds_nothing_of_what_was_removed(db: Path, connection: sqlite3.Connection) -> None:
    hear(connection, NOW, *[body([sent(f"a{n}", ANNA, NOW, caption=f"жñж {n}")]) for n in range(30)])
    hear(connection, NOW, body([sent("b", BERT, NOW, caption="stays")]))
    while searchindex.feed(connection):
        pass
    hear(connection, NOW, body([sent("a31", ANNA, NOW, caption="жñж")]))
    carry_out(connection, asked(number=ANNA))
    assert any("ñ".encode() in path.read_bytes() for path in db.parent.iterdir())
    connection.execute("BEGIN")
    purge.renew_search(connection)
    connection.execute("COMMIT")
    assert purge.write_anew(connection) is None
    assert purge.empty_log(connection)
    assert not [path for path in db.parent.iterdir() if "ñ".encode() in path.read_bytes()]
    while searchindex.feed(connection):
        pass
    match = "SELECT count(*) FROM media_search WHERE media_search MATCH ?"
    assert connection.execute(match, ("tay",)).fetchone() == (1,)
    assert connection.execute(match, ("ñж",)).fetchone() == (0,)


def test_a_file_that_cannot_be_written_anew_says_why(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    assert purge.write_anew(connection) == "cannot VACUUM from within a transaction"
    connection.execute("ROLLBACK")


def test_old_bodies_go_with_their_quarantine_and_young_ones_stay(connection: sqlite3.Connection) -> None:
    hear(connection, NOW - 2 * HOUR, body([sent("a", ANNA, NOW)]), b'{"odd": 1}')
    hear(connection, NOW, body([sent("b", ANNA, NOW)]))
    connection.execute("BEGIN")
    assert purge.remove_old_bodies(connection, Millis(NOW - HOUR)) == (2, None)
    assert purge.remove_old_bodies(connection, Millis(NOW - HOUR)) == (0, None)
    assert purge.remove_old_bodies(connection, Millis(NOW + HOUR), after=3) == (0, None)
    connection.execute("COMMIT")
    kept = left(connection)
    assert (kept["webhook"], kept["quarantine"], kept["fact"]) == ([3], [], ["a", "b"])


def test_the_newest_message_is_told_by_the_time_that_it_has_itself(connection: sqlite3.Connection) -> None:
    assert purge.newest_message(connection) is None
    hear(connection, NOW, body([sent("a", ANNA, NOW - HOUR)]), body([sent("b", ANNA, NOW - 2 * HOUR)]))
    hear(connection, NOW + HOUR, body(items=[item("c")]))
    assert purge.newest_message(connection) == (NOW - HOUR) // 1000 * 1000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("16315551234", True),
        ("+1 (631) 555-1234", True),
        ("001 631 555 1234", True),
        ("00 16315551234", True),
        ('"text":"caf\\u00e916315551234"', True),
        ("text=call%2016315551234", True),
        ("https://wa.me/16315551234?", True),
        ("16315551234@c.us", True),
        ("1-631-555-1235", False),
        ("1631 5551 23", False),
        ("1749163155512345", False),
        ("916315551234", False),
        ("163155512340", False),
    ],
)
def test_a_number_is_found_however_it_is_written(text: str, found: bool) -> None:
    assert bool(re.search(number_pattern(ANNA), text)) is found
