from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from console.cache.writer import CacheUnavailable, Recorded
from console.clock import monotonic
from console.domain.exceptions import ConsoleError, FixSetting
from console.domain.facts import StoreFailed
from console.domain.media import Media, MediaId, MediaKey, MediaType, Millis, Origin, StoreError
from console.domain.standing import Health, Level, Notice, Standing
from console.platforms.base import HealthAnswer
from console.service.pacing import Hold, Reason
from console.service.standing import NOTICES_HELD, WRITE_EVERY, Board
from console.service.waits import until_set
from tests.service.world import until

if TYPE_CHECKING:
    from tests.conftest import Clock

ERROR = StoreError(code=1005, title="Access denied", origin=Origin.RESPONSE, details="Bad\x1b[31m token")


class Kept:
    """What came through to the cache; it can be told to take nothing."""

    def __init__(self) -> None:
        self.standings: list[tuple[float, Standing]] = []
        self.notices: list[Notice] = []
        self.broken = False

    async def write_standing(self, standing: Standing) -> None:
        self._check()
        self.standings.append((monotonic(), standing))

    async def write_notice(self, notice: Notice) -> None:
        self._check()
        self.notices.append(notice)

    def _check(self) -> None:
        if self.broken:
            raise CacheUnavailable("The disk is full.", "Free some space.")


def board(clock: Clock) -> Board:
    return Board(now=clock, uptime=clock.uptime, pid=7, api_url="http://api")


def test_at_the_beginning(clock: Clock) -> None:
    fresh = board(clock).standing
    assert (fresh.pid, fresh.since, fresh.api_url, fresh.health) == (
        7,
        clock.at,
        "http://api",
        Health.UNKNOWN,
    )
    assert Board(now=clock, pid=7, api_url=None).standing.health is Health.NOT_CONFIGURED


async def test_what_is_told_of_the_service_before_is_that_it_was_killed_with_its_troubles(
    clock: Clock,
) -> None:
    ended = board(clock)
    ended.trouble("login", "The login was refused.", "Fix it.")
    for before, told in (
        (None, []),
        (structs.replace(ended.standing, stopped=True), []),
        (structs.replace(ended.standing, pid=6), ["pid 6 ended without a word", "pid 6 was killed while"]),
    ):
        fresh, kept = board(clock), Kept()
        fresh.recall(clock.at, before)
        await fresh.end(kept)
        assert fresh.standing.last_event_at == clock.at
        assert len(kept.notices) == len(told)
        assert all(words in notice.text for words, notice in zip(told, kept.notices, strict=True))


def test_a_trouble_keeps_its_beginning_and_ends(clock: Clock) -> None:
    told = board(clock)
    told.trouble("login", "Refused.", "Fix it.")
    begun = clock.at
    clock.move(seconds=60)
    told.trouble("login", "Refused again.", "Fix it.")
    told.trouble("cache", "Full.", "Free it.")
    assert [(one.id, one.text, one.since) for one in told.standing.troubles] == [
        ("login", "Refused again.", begun),
        ("cache", "Full.", clock.at),
    ]
    told.over("login")
    told.over("never there")
    assert [one.id for one in told.standing.troubles] == ["cache"]


@pytest.mark.parametrize(
    ("id_", "seconds", "words"),
    [
        (Reason.UNREACHABLE.value, 40, "The API answers again, after 40s."),
        (Reason.LOGIN.value, 200, "The API takes the login again, after 3m."),
        (Reason.SLOW_DOWN.value, 7300, "The API takes requests again, after 2h."),
        ("listener", 0, "The listener has its port, after less than 1s."),
        ("cache", 3, "The cache can be written again, after 3s."),
        ("inbox", 3, "Orders are taken again, after 3s."),
        ("task:worker", 61, "The part 'worker' of the service runs again, after 1m."),
    ],
)
async def test_the_end_of_a_trouble_is_told_once(clock: Clock, id_: str, seconds: int, words: str) -> None:
    told, kept = board(clock), Kept()
    told.trouble(id_, "Bad.", "Mend it.")
    clock.move(seconds=seconds)
    told.over(id_)
    told.over(id_)
    await told.end(kept)
    assert [(one.level, one.text) for one in kept.notices] == [(Level.ERROR, "Bad."), (Level.INFO, words)]
    assert kept.notices[1].at == clock.at


def test_a_frozen_standing_does_not_change_behind_its_reader(clock: Clock) -> None:
    told = board(clock)
    seen = told.standing
    told.trouble("x", "y", "z")
    assert seen.troubles == ()


def test_nothing_new_is_no_change(clock: Clock) -> None:
    told = board(clock)
    told.calling(2)
    told.changed.clear()
    clock.move(seconds=5)
    told.calling(2)
    told.over("nothing")
    assert not told.changed.is_set()
    assert told.standing.updated_at < clock.at


def test_webhooks_are_counted_and_the_newest_is_the_last_event(clock: Clock) -> None:
    told = board(clock)
    told.acknowledged(Millis(200), None)
    told.acknowledged(Millis(100), Recorded(quarantined=2))
    told.refused(400, "not-json", "It is no JSON.")
    standing = told.standing
    assert (standing.webhooks, standing.last_event_at, standing.quarantined, standing.refused) == (
        2,
        200,
        2,
        1,
    )


async def test_a_refusal_that_is_not_worth_a_word_is_only_counted(clock: Clock) -> None:
    told, cache = board(clock), Kept()
    told.refused(401, "token", "It is wrong.")
    told.refused(401, "token", "It is wrong.", noted=False)
    assert told.standing.refused == 2
    await told.end(cache)
    assert [notice.text for notice in cache.notices] == ["A webhook was refused with 401 token: It is wrong."]


def test_a_committed_webhook_ends_the_trouble_with_the_cache(clock: Clock) -> None:
    told = board(clock)
    told.cache_failed(CacheUnavailable("Full.", ""))
    assert [one.id for one in told.standing.troubles] == ["cache"]
    assert told.standing.troubles[0].remedy
    told.acknowledged(Millis(1), None)
    assert told.standing.troubles != ()
    told.acknowledged(Millis(1), Recorded())
    assert told.standing.troubles == ()


def test_the_listener(clock: Clock) -> None:
    told = board(clock)
    told.deaf(FixSetting("The port is held.", "Take another."))
    assert told.standing.listener_error == "The port is held."
    assert [one.remedy for one in told.standing.troubles] == ["Take another."]
    told.listening("127.0.0.1:8085")
    bound = told.standing
    assert (bound.listener, bound.listener_error, bound.troubles) == ("127.0.0.1:8085", None, ())
    told.deaf(None)
    assert told.standing.listener is None
    assert told.standing.troubles == ()


def test_an_unforeseen_failure_shows_its_class_and_a_foreseen_one_its_words(clock: Clock) -> None:
    told = board(clock)
    told.task_failed("worker", ValueError("Bearer s3cret"))
    told.task_failed("intake", ConsoleError("No inbox.", "Make one."))
    texts = [one.text for one in told.standing.troubles]
    assert "ValueError" in texts[0]
    assert "s3cret" not in str(told.standing)
    assert texts[1] == "No inbox."
    told.task_recovered("worker")
    assert [one.id for one in told.standing.troubles] == ["task:intake"]


def test_a_hold_and_a_refused_login_say_what_came_without_its_controls(clock: Clock) -> None:
    told = board(clock)
    hold = Hold(reason=Reason.UNREACHABLE, since=clock.uptime(), until=None, error=ERROR, remedy="Start it.")
    told.held(hold)
    told.login_refused(ERROR, "")
    api, login = told.standing.troubles
    assert (api.id, api.remedy, login.id) == ("api", "Start it.", "login")
    assert login.remedy
    assert "\x1b" not in api.text + login.text
    assert "token" in login.text


def test_an_api_that_cannot_be_reached_is_told_once(clock: Clock) -> None:
    told = board(clock)
    error = StoreError(
        code="unreachable", title="API unreachable", details="Connection refused.", origin=Origin.NETWORK
    )
    told.held(Hold(reason=Reason.UNREACHABLE, since=clock.uptime(), until=None, error=error, remedy=""))
    (api,) = told.standing.troubles
    assert api.text == "The API cannot be reached (Connection refused). Orders stay queued."


def test_health(clock: Clock) -> None:
    told = board(clock)
    told.healthy(HealthAnswer(health=Health.CONNECTED, detail="two nodes"), Millis(5))
    standing = told.standing
    assert (standing.health, standing.health_detail, standing.health_at) == (Health.CONNECTED, "two nodes", 5)
    told.healthy(HealthAnswer(health=Health.UNKNOWN, error=ERROR), Millis(6))
    assert told.standing.health_detail == "Access denied"


async def test_changes_reach_the_cache_a_few_times_a_second_at_most(clock: Clock) -> None:
    told, kept = board(clock), Kept()
    task = asyncio.ensure_future(told.keep(kept))
    for number in range(60):
        told.calling(number)
        await asyncio.sleep(0.01)
    await until(lambda: kept.standings[-1][1] == told.standing)
    task.cancel()
    moments = [moment for moment, _ in kept.standings]
    assert len(moments) >= 2
    assert all(later - earlier >= WRITE_EVERY * 0.95 for earlier, later in pairwise(moments))


async def test_notices_reach_the_cache_in_order_with_the_failures_of_the_client(clock: Clock) -> None:
    told, kept = board(clock), Kept()
    failed = StoreFailed(
        key=MediaKey("m"),
        id=MediaId("m"),
        at=Millis(clock.at - 5),
        error=StoreError(code=400, title="x", origin=Origin.WEBHOOK),
    )
    media = Media(key=failed.key, id=failed.id, type=MediaType.IMAGE, sender_name="Kerry Fisher")
    told.note(Level.INFO, "service", "first")
    told.acknowledged(clock.at, Recorded(new=1, quarantined=1, failed=((failed, media),)))
    await told.end(kept)
    assert [(one.source, one.key) for one in kept.notices] == [
        ("service", None),
        ("listener", None),
        ("client", "m"),
    ]
    assert kept.notices[-1].at == failed.at
    assert "image from Kerry Fisher" in kept.notices[-1].text
    assert kept.standings[-1][1].stopped


async def test_nothing_is_lost_while_the_cache_takes_nothing(clock: Clock) -> None:
    told, kept = board(clock), Kept()
    kept.broken = True

    async def quickly(event: asyncio.Event, seconds: float | None) -> bool:
        return await until_set(event, None if seconds is None else seconds / 100)

    task = asyncio.ensure_future(told.keep(kept, wait=quickly))
    for number in range(NOTICES_HELD + 10):
        told.note(Level.INFO, "service", str(number))
    await until(lambda: told.standing.troubles != ())
    assert told.standing.troubles[0].id == "cache"
    kept.broken = False
    await until(lambda: kept.standings != [] and told.standing.troubles == ())
    await until(lambda: kept.standings[-1][1] == told.standing)
    task.cancel()
    numbers = [int(one.text) for one in kept.notices if one.text.isdigit()]
    assert numbers == sorted(numbers)
    assert numbers[-1] == NOTICES_HELD + 9
    assert len(kept.notices) <= NOTICES_HELD + 1


async def test_a_full_disk_is_in_the_log_at_its_beginning_its_end_and_once_in_a_while(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    told, kept = board(clock), Kept()
    full = CacheUnavailable("The disk is full.", "Free some space.")
    told.unwritten(full)
    for _ in range(30):
        clock.move(seconds=20)
        told.cache_failed(full)
    told.over("cache")
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "The disk is full. Free some space."),
        ("ERROR", "The disk is full. Webhooks answered 503 so far: 15."),
        ("ERROR", "The disk is full. Webhooks answered 503 so far: 30."),
        ("INFO", "The cache can be written again, after 10m; 30 webhooks were answered 503."),
    ]
    told.unwritten(full)
    told.over("cache")
    await told.end(kept)
    assert [notice.text for notice in kept.notices] == [
        "The disk is full.",
        "The cache can be written again, after 10m; 30 webhooks were answered 503.",
        "The disk is full.",
        "The cache can be written again, after less than 1s.",
    ]


def test_what_is_noted_is_in_the_log_unless_the_log_has_it_from_others(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    told = board(clock)
    told.held(Hold(reason=Reason.UNREACHABLE, since=clock.uptime(), until=None, error=ERROR, remedy="Wait."))
    told.note(Level.WARNING, "service", "The clock was set.")
    told.task_failed("worker", ValueError())
    told.refused(400, "not-json", "It is no JSON.")
    assert [(record.levelname, record.message.partition(":")[0]) for record in caplog.records] == [
        ("ERROR", "The API cannot be reached"),
        ("WARNING", "The clock was set."),
    ]
