"""Orders watched in the cache, which the test writes as a service would."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import pytest
from msgspec.structs import replace

from console.cache.reader import CacheReader
from console.cache.writer import CacheWriter
from console.cli.waiting import Watch
from console.clock import wall
from console.domain.facts import Fact, StoreAccepted, StoreDeferred, StoreRequested, StoreUnanswered
from console.domain.media import Media, MediaKey, Millis, Origin, State, StoreError
from console.domain.orders import Order, Taken
from console.domain.standing import Standing, Trouble
from tests.cli.world import announcement, failure, fill, success

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

_T = TypeVar("_T")

KEY = MediaKey("a")
ORDER = Order(id="1", at=Millis(1), key=KEY)
TROUBLE = Trouble(id="api", text="The API cannot be reached.", remedy="Check it.", since=Millis(1))


@pytest.fixture
def reader(db: Path) -> Iterator[CacheReader]:
    fill(db, announcement("a"))
    with CacheReader(db) as opened:
        yield opened


def write(db: Path, do: Callable[[CacheWriter], Coroutine[None, None, _T]]) -> _T:
    async def work() -> _T:
        writer = await CacheWriter.open(db, now=wall)
        try:
            return await do(writer)
        finally:
            await writer.close()

    return asyncio.run(work())


def learn(db: Path, *facts: Fact) -> None:
    async def decide(writer: CacheWriter) -> None:
        for fact in facts:
            await writer.decide(KEY, _giving(fact))

    write(db, decide)


def _giving(fact: Fact) -> Callable[[Media | None], tuple[Fact, ...]]:
    return lambda _: (fact,)


def take(db: Path, order: Order = ORDER) -> Taken:
    return write(db, lambda writer: writer.take_order(order))


def test_an_order_that_nobody_took_is_under_way(reader: CacheReader) -> None:
    watch = Watch(reader, [ORDER])
    assert not watch.look()
    assert (watch.settled, watch.answered, watch.under_way, watch.failed) == (False, False, 1, False)
    assert watch.taken == {}


def test_it_follows_an_order_to_its_end(db: Path, reader: CacheReader) -> None:
    watch = Watch(reader, [ORDER])
    watch.look()
    take(db)
    assert watch.look()
    assert watch.media[KEY].state is State.QUEUED
    assert not watch.answered
    learn(db, StoreRequested(key=KEY, at=wall(), attempt=1), StoreAccepted(key=KEY, at=wall(), attempt=1))
    assert watch.look()
    assert (watch.answered, watch.settled) == (True, False)
    fill(db, success("a"))
    assert watch.look()
    assert (watch.settled, watch.failed, watch.under_way) == (True, False, 0)
    assert not watch.look()


@pytest.mark.parametrize("end", ["failed", "unconfirmed"])
def test_a_bad_end_is_told(db: Path, reader: CacheReader, end: str) -> None:
    watch = Watch(reader, [ORDER])
    take(db)
    if end == "failed":
        learn(db, StoreRequested(key=KEY, at=wall(), attempt=1))
        fill(db, failure("a"))
    else:
        learn(
            db, StoreRequested(key=KEY, at=wall(), attempt=1), StoreUnanswered(key=KEY, at=wall(), attempt=1)
        )
    watch.look()
    assert (watch.settled, watch.failed, watch.media[KEY].state.value) == (True, True, end)


def test_an_order_that_could_not_be_queued_is_refused(db: Path, reader: CacheReader) -> None:
    unknown = replace(ORDER, key=MediaKey("unheard-of"))
    watch = Watch(reader, [unknown])
    take(db, unknown)
    watch.look()
    assert watch.refused == {unknown.key: Taken.UNKNOWN}
    assert (watch.settled, watch.failed) == (True, True)


def test_a_second_order_waits_for_the_first_one_s_end(db: Path, reader: CacheReader) -> None:
    take(db)
    second = replace(ORDER, id="2")
    watch = Watch(reader, [second])
    assert take(db, second) is Taken.ALREADY
    watch.look()
    assert not watch.settled
    fill(db, success("a"))
    watch.look()
    assert watch.settled


def test_waiting_is_idle_once_its_own_call_met_no_api(db: Path, reader: CacheReader) -> None:
    watch = Watch(reader, [ORDER])
    take(db)
    standing = Standing(pid=1, since=Millis(1), updated_at=Millis(1), troubles=(TROUBLE,))
    write(db, lambda writer: writer.write_standing(standing))
    watch.look()
    assert watch.trouble() == TROUBLE
    assert watch.stuck() is None, "an old trouble may be over as soon as the new order is tried"
    error = StoreError(code="unreachable", title="x", origin=Origin.NETWORK)
    at = wall()
    learn(
        db,
        StoreRequested(key=KEY, at=at, attempt=1),
        StoreDeferred(key=KEY, at=at, attempt=1, error=error, next_try_at=at),
    )
    watch.look()
    assert watch.stuck() == TROUBLE


def test_a_passing_fault_is_worth_waiting_for(db: Path, reader: CacheReader) -> None:
    watch = Watch(reader, [ORDER])
    take(db)
    at = wall()
    error = StoreError(code=503, title="x", origin=Origin.RESPONSE)
    later = Millis(at + 5000)
    learn(
        db,
        StoreRequested(key=KEY, at=at, attempt=1),
        StoreDeferred(key=KEY, at=at, attempt=1, error=error, next_try_at=later),
    )
    watch.look()
    assert (watch.answered, watch.settled, watch.stuck()) == (True, False, None)


def test_more_orders_than_one_statement_takes_are_followed(db: Path, reader: CacheReader) -> None:
    orders = [replace(ORDER, id=str(number), key=MediaKey(f"k{number}")) for number in range(1100)]
    watch = Watch(reader, orders)
    write(db, lambda writer: writer.take_orders(orders))
    watch.look()
    assert len(watch.refused) == 1100
