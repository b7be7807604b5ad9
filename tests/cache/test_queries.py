"""The questions asked of a cache, over real files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from console.cache import queries
from console.cache.query import first_of
from console.cache.reader import CacheReader
from console.cache.writer import CacheWriter
from console.domain.facts import MediaStored, StoreAccepted, StoreDeferred, StoreRequested
from console.domain.media import MediaId, MediaKey, Millis, Origin, Progress, State, Step, StoreError
from console.domain.orders import Taken
from console.domain.reading import Reading, Unread
from console.domain.standing import Level, Notice, Standing

from .samples import NOW, announced, due_in, fill, key, media, order, reading

if TYPE_CHECKING:
    from pathlib import Path

    from console.cache.query import Query
    from console.domain.media import Media

SLOW = StoreError(code="timeout", title="No answer", origin=Origin.NETWORK)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
def ten(db: Path) -> Path:
    """Media `m0` … `m9`, a day apart, `m0` the most urgent."""
    fill(db, [due_in(24 * number + 1, f"m{number}") for number in range(10)])
    return db


def test_one_media_by_its_key(ten: Path) -> None:
    with CacheReader(ten) as reader:
        assert reader.run(queries.media(key("m3"))) == due_in(73, "m3")
        assert reader.run(queries.media(key("nobody"))) is None
        assert reader.run(queries.media(key("m3"), account="other")) is None
        assert reader.run(queries.media(key("\udcff"))) is None


async def test_the_newest_receipt_is_found_though_webhooks_overtake_each_other(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: NOW)
    try:
        with CacheReader(db) as reader:
            assert reader.run(queries.last_receipt()) is None
            for name, at in (("a", NOW), ("b", NOW + 9), ("c", NOW + 5)):
                await writer.take_webhook(b"{}", Millis(at), Reading(facts=(announced(name),)))
            assert reader.run(queries.last_receipt()) == NOW + 9
    finally:
        await writer.close()


def test_an_empty_cache_counts_nothing(db: Path) -> None:
    fill(db, [])
    with CacheReader(db) as reader:
        assert reader.run(queries.waiting_counts()) == {State.QUEUED: 0, State.REQUESTED: 0}
        assert reader.run(queries.deferred_until(None, 9)) == []
        assert reader.run(queries.requested_since(None, 9)) == []
        assert reader.run(queries.standing()) is None
        assert reader.run(queries.notices()) == []
        assert reader.run(queries.orders_taken([])) == {}


def queued(name: str, *, tries: int, at: int, next_try_at: int | None = None, hours: float = 5) -> Media:
    step = Step.QUEUED if next_try_at is None else Step.DEFERRED
    wake = None if next_try_at is None else Millis(next_try_at)
    progress = Progress(attempt=1, step=step, at=Millis(at), try_number=tries, next_try_at=wake)
    return due_in(hours, name, progress=progress)


def test_the_worker_calls_the_least_tried_first_and_of_those_the_most_urgent(db: Path) -> None:
    held = [
        queued("tried-twice", tries=2, at=NOW - 900, next_try_at=NOW, hours=1),
        queued("no api", tries=1, at=NOW - 900, next_try_at=NOW - 900, hours=3),
        queued("time enough", tries=0, at=NOW - 900, hours=300),
        queued("urgent", tries=0, at=NOW - 10, hours=2),
        queued("also urgent", tries=0, at=NOW - 5, hours=2),
        queued("not-yet", tries=1, at=NOW - 900, next_try_at=NOW + 1),
        queued("later", tries=1, at=NOW - 900, next_try_at=NOW + 700),
        due_in(1, "idle"),
        due_in(1, "asked", Step.REQUESTED),
    ]
    fill(db, held)
    with CacheReader(db) as reader:
        ready = reader.run(queries.callable_now((), 10))
        assert [one.key for one in ready] == ["also urgent", "urgent", "time enough", "no api"]
        due = [key("tried-twice"), key("idle"), key("asked"), key("nobody")]
        ready = reader.run(queries.callable_now(due, 10))
        assert [one.key for one in ready][3:] == ["no api", "tried-twice"]
        assert [one.key for one in reader.run(queries.callable_now(due, 1))] == ["also urgent"]
        assert reader.run(queries.waiting_counts()) == {State.QUEUED: 7, State.REQUESTED: 1}
        waiting = reader.run(queries.deferred_until(None, 10))
        assert {(one.key, one.since, one.until) for one in waiting} == {
            ("tried-twice", NOW - 900, NOW),
            ("not-yet", NOW - 900, NOW + 1),
            ("later", NOW - 900, NOW + 700),
        }


async def test_the_work_since_a_fact_whatever_the_clock_did_meanwhile(db: Path) -> None:
    async def asked(name: str, at: int) -> None:
        told = [StoreRequested(key=key(name), at=Millis(at), attempt=1)]
        await writer.decide(key(name), lambda _: told)

    names = ("queued", "old", "new", "idle")
    writer = await CacheWriter.open(db, now=lambda: NOW)
    try:
        with CacheReader(db) as reader:
            assert reader.run(queries.last_fact()) == 0
            await writer.take_webhook(b"{}", NOW, reading(*names))
            await writer.take_orders([order(name, name) for name in names[:3]])
            await asked("old", NOW + 1)
            before = reader.run(queries.last_fact())
            assert before == len(names) + 3 + 1
            assert reader.run(queries.work_since(before)) == (2, 2 * NOW)
            await asked("new", NOW - 900)
            assert reader.run(queries.work_since(before)) == (2, 2 * NOW - 900)
            assert reader.run(queries.work_since(reader.run(queries.last_fact()))) == (1, NOW)
            accepted = [StoreAccepted(key=key("old"), at=Millis(NOW - 800), attempt=1)]
            await writer.decide(key("old"), lambda _: accepted)
            assert reader.run(queries.work_since(before))[0] == 3
    finally:
        await writer.close()


def test_the_requested_ones_are_read_by_the_page(db: Path) -> None:
    def asked(name: str, step: Step, at: int) -> Media:
        return due_in(5, name, progress=Progress(attempt=1, step=step, at=Millis(at)))

    held = [
        asked("second", Step.REQUESTED, NOW - 600),
        asked("first", Step.ACCEPTED, NOW - 601),
        asked("fresh", Step.ACCEPTED, NOW - 599),
        asked("over", Step.FAILED, NOW - 900),
    ]
    fill(db, held)
    with CacheReader(db) as reader:
        first = reader.run(queries.requested_since(None, 2))
        rest = reader.run(queries.requested_since(first[-1].place, 2))
        assert (len(first), len(rest)) == (2, 1)
        assert reader.run(queries.requested_since(rest[-1].place, 2)) == []
        waiting = {(one.key, one.since, one.until) for one in (*first, *rest)}
        assert waiting == {
            ("first", NOW - 601, None),
            ("second", NOW - 600, None),
            ("fresh", NOW - 599, None),
        }
        among = reader.run(queries.requested_among([key("first"), key("over"), key("nobody")]))
        assert [one.key for one in among] == ["first"]


def test_the_newest_failures_come_first(db: Path) -> None:
    def ended(name: str, step: Step, at: int) -> Media:
        return due_in(5, name, progress=Progress(attempt=1, step=step, at=Millis(at)))

    held = [
        ended("old", Step.FAILED, NOW - 900),
        ended("new", Step.FAILED, NOW - 100),
        ended("stored", Step.STORED, NOW),
        ended("asked-again", Step.QUEUED, NOW),
    ]
    fill(db, held)
    with CacheReader(db) as reader:
        assert [one.key for one in reader.run(queries.newest_failures(10))] == ["new", "old"]
        assert [one.key for one in reader.run(queries.newest_failures(1))] == ["new"]


async def test_history_and_bodies_of_a_media(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: NOW)
    stored = MediaStored(key=key("a"), id=MediaId("a"), at=Millis(NOW + 5))
    await writer.take_webhook(b"second", Millis(NOW + 5), Reading(facts=(stored,)))
    await writer.take_webhook(b"first", NOW, reading("a", "b"))
    await writer.take_webhook(b"other", NOW, reading("c"))
    await writer.decide(key("a"), lambda _: [StoreAccepted(key=key("a"), at=Millis(NOW + 2), attempt=1)])
    with CacheReader(db) as reader:
        history = reader.run(queries.history(key("a")))
        assert [type(fact).__name__ for fact in history] == ["MediaAnnounced", "StoreAccepted", "MediaStored"]
        assert history[0] == announced("a")
        assert reader.run(queries.raw_bodies(key("a"))) == [(NOW, b"first"), (NOW + 5, b"second")]
        assert reader.run(queries.raw_bodies(key("b"))) == [(NOW, b"first")]
        assert reader.run(queries.history(key("nobody"))) == []
        assert reader.run(queries.history(key("a"), limit=2)) == history[1:]
        assert reader.run(queries.raw_bodies(key("a"), limit=1)) == [(NOW + 5, b"second")]
    await writer.close()


async def test_what_the_service_tells(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: NOW)
    standing = Standing(pid=1, since=NOW, updated_at=NOW, listener="127.0.0.1:8085")
    await writer.write_standing(Standing(pid=0, since=NOW, updated_at=NOW))
    await writer.write_standing(standing)
    for at, text in enumerate(["a", "b", "a"]):
        notice = Notice(at=Millis(NOW + at), level=Level.WARNING, source="api", text=text, key=f"m-{text}")
        await writer.write_notice(notice)
    part = Unread(where="messages[0]", reason="odd")
    await writer.take_webhook(b"odd", NOW, Reading(unread=(part,)))
    await writer.take_webhook(b"odder", NOW, Reading(unread=(part,)))
    await writer.take_webhook(b"{}", NOW, reading("a"))
    assert await writer.take_orders([order("1", "a"), order("2", "b")]) == [Taken.QUEUED, Taken.UNKNOWN]
    with CacheReader(db) as reader:
        assert reader.run(queries.standing()) == standing
        newest, older = reader.run(queries.notices())
        assert newest == Notice(
            at=Millis(NOW + 2), level=Level.WARNING, source="api", text="a", key="m-a", first_at=NOW, count=2
        )
        assert (older.text, older.count) == ("b", 1)
        assert reader.run(queries.notices(1)) == [newest]
        assert reader.run(queries.quarantine()) == [(NOW, part, b"odder"), (NOW, part, b"odd")]
        assert reader.run(queries.quarantine(1)) == [(NOW, part, b"odder")]
        assert reader.run(queries.orders_taken(["1", "2", "3"])) == {"1": Taken.QUEUED, "2": Taken.UNKNOWN}
    await writer.close()


async def test_a_media_that_waits_for_its_next_try_is_seen_by_the_queries(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: NOW)
    await writer.take_webhook(b"{}", NOW, reading("a"))
    await writer.take_order(order("1", "a"))
    wake = Millis(NOW + 30_000)
    await writer.decide(
        key("a"),
        lambda _: [
            StoreRequested(key=key("a"), at=NOW, attempt=1),
            StoreDeferred(key=key("a"), at=NOW, attempt=1, error=SLOW, next_try_at=wake),
        ],
    )
    with CacheReader(db) as reader:
        assert reader.run(queries.callable_now((), 5)) == []
        (waiting,) = reader.run(queries.callable_now([key("a")], 5))
        assert (waiting.state, waiting.error) == (State.QUEUED, SLOW)
    await writer.close()


@pytest.mark.parametrize(
    "query",
    [
        queries.callable_now((), 5),
        queries.callable_now([MediaKey("a"), MediaKey("b")], 5),
        queries.requested_since((5, 5), 5),
        queries.deferred_until(None, 5),
        queries.requested_among([MediaKey("a"), MediaKey("b")]),
        queries.waiting_counts(),
    ],
    ids=["callable", "callable with due", "requested", "deferred", "requested among", "counts"],
)
def test_the_service_never_reads_the_whole_table(ten: Path, query: Query[object]) -> None:
    explained = first_of("EXPLAIN QUERY PLAN " + query.sql, query.params, lambda row: str(row[3]))
    with CacheReader(ten) as reader:
        plan = reader.run(explained)
    assert plan is not None
    assert plan.startswith(("SEARCH media USING", "SEARCH media_count USING PRIMARY KEY"))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (queries.newest_failures(5), {"SCAN media USING INDEX media_by_failure"}),
        (queries.work_since(5), {"SEARCH media USING INDEX", "SEARCH fact USING INDEX fact_once (media=?)"}),
    ],
    ids=["failures", "work"],
)
def test_what_ended_and_what_is_under_way_are_read_from_an_index(
    ten: Path, query: Query[object], wanted: set[str]
) -> None:
    with CacheReader(ten) as reader:
        explained = reader.ask(lambda moment: moment.rows("EXPLAIN QUERY PLAN " + query.sql, query.params))
    plan = [str(row[3]) for row in explained]
    of_rows = [line for line in plan if line.startswith(("SCAN", "SEARCH"))]
    assert all(line.startswith(tuple(wanted)) for line in of_rows), plan
    assert not [line for line in plan if "TEMP B-TREE" in line]


@settings(max_examples=20)
@given(media)
def test_a_media_is_asked_for_by_any_key(one: Media) -> None:
    assert queries.media(one.key).params == ("default", one.key)
