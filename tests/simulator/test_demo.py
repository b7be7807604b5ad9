from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.counting import totals
from console.cache.reader import CacheReader
from console.cache.writer import CacheWriter
from console.domain.media import MediaType, Millis, State
from console.domain.retention import DEFAULT_WINDOW_MS, expires_at, lapsed
from console.domain.views import View
from console.platforms.onpremises.webhook import read_webhook
from console.simulator.behaviours import Kind
from console.simulator.demo import demo_history, write_history
from console.simulator.story import Heard
from tests.cache.samples import media_in

if TYPE_CHECKING:
    from pathlib import Path

    from console.domain.media import Media

NOW = Millis(1_749_988_800_000)
HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that the demo's history was written into."""
    db = tmp_path_factory.mktemp("demo") / "cache.db"
    asyncio.run(lay(db))
    return db


async def lay(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: NOW)
    await write_history(demo_history(NOW), writer, read_webhook)
    await writer.close()


def everything(db: Path) -> list[Media]:
    with CacheReader(db) as reader:
        return media_in(reader, now=NOW)


def test_a_seed_and_a_moment_give_one_history() -> None:
    one, two = (demo_history(NOW, 3) for _ in range(2))
    assert [story.steps for story in one] == [story.steps for story in two]
    assert [story.steps for story in one] != [story.steps for story in demo_history(NOW, 4)]


def test_it_is_no_later_than_now_and_no_earlier_than_sixteen_days() -> None:
    moments = [
        step.at if isinstance(step, Heard) else step.fact.at
        for story in demo_history(NOW)
        for step in story.steps
    ]
    assert max(moments) <= NOW
    assert min(moments) >= NOW - 16 * DAY


def test_all_states_types_and_ages_are_there(db: Path) -> None:
    media = everything(db)
    assert 180 <= len(media) <= 230
    states = Counter(one.state for one in media)
    assert set(states) == set(State)
    assert min(states.values()) >= 5
    assert states[State.RECEIVED] + states[State.DOWNLOADED] > len(media) / 2
    assert {one.type for one in media} == set(MediaType) - {MediaType.UNKNOWN}
    ages = {(NOW - one.clock_from) // DAY for one in media}
    assert ages == set(range(16))
    assert any(one.sender_name is None for one in media)
    assert any(one.id is None for one in media)


def test_the_errors_are_of_many_kinds(db: Path) -> None:
    errors = [one.error for one in everything(db) if one.error is not None]
    codes = {error.code for error in errors}
    assert {400, 410, 1005, 1006} <= codes
    assert {"URL path not found."} < {error.details for error in errors if error.code == 1006}
    assert codes & {"timeout", "reset", 1014, 1016}


def test_some_are_due_and_some_have_lapsed(db: Path) -> None:
    work = [one for one in everything(db) if one.state in {State.UNDOWNLOADED, State.FAILED}]
    left = [expires_at(one, DEFAULT_WINDOW_MS) - NOW for one in work]
    assert sum(0 < one <= HOUR for one in left) >= 2
    assert sum(HOUR < one <= DAY for one in left) >= 4
    assert sum(DAY < one <= 3 * DAY for one in left) >= 4
    assert sum(lapsed(one, DEFAULT_WINDOW_MS, NOW) for one in work) >= 4


def test_every_view_has_something_to_show(db: Path) -> None:
    with CacheReader(db) as reader:
        counts = reader.ask(lambda moment: totals(moment, DEFAULT_WINDOW_MS, NOW)).views
    assert set(counts) == set(View)
    assert min(counts.values()) >= 10


def test_histories_are_in_order(db: Path) -> None:
    media = everything(db)
    with CacheReader(db) as reader:
        for one in media:
            told = reader.run(queries.history(one.key))
            assert [fact.at for fact in told] == sorted(fact.at for fact in told)
            assert told[-1].at <= NOW


def test_the_client_has_trouble_and_something_unknown_came(db: Path) -> None:
    with CacheReader(db) as reader:
        (notice,) = reader.run(queries.notices(10))
        (unread,) = reader.run(queries.quarantine(10))
    assert "1016" in notice.text
    assert unread


async def test_writing_it_twice_changes_nothing(db: Path) -> None:
    before = everything(db)
    await lay(db)
    assert everything(db) == before


def test_most_requests_will_succeed_and_some_fail_in_many_ways() -> None:
    coming = [story.media.script.rest[0].kind for story in demo_history(NOW) if story.media is not None]
    counted = Counter(coming)
    assert counted[Kind.OK] > len(coming) / 2
    assert len(counted) >= 12


def test_what_is_in_flight_will_be_answered() -> None:
    pending = [story.pending.kind for story in demo_history(NOW) if story.pending is not None]
    assert len(pending) == 5
    assert {Kind.OK, Kind.FAILED_400, Kind.SILENT} == set(pending)
