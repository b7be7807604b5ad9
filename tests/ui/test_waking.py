"""The screen sleeps until one of its texts changes with time, and never past that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.cache.writer import CacheWriter
from console.domain.media import MediaId, MediaKey, Millis
from console.domain.reading import Reading
from console.domain.retention import DEFAULT_WINDOW_MS, age_text, due_text
from console.domain.views import View
from console.ui import moments
from console.ui.waking import CALM, GRAIN_MS, next_change
from tests.ui import scene
from tests.ui.harness import Console, opened
from tests.ui.samples import announced, media

if TYPE_CHECKING:
    from pathlib import Path

NOW = scene.NOW


def shown(age: int, since: int, now: Millis) -> tuple[str, ...]:
    """A countdown, an age and the time of day, as they read."""
    made = media(announced(undownloaded=True, age=age))
    return due_text(made, DEFAULT_WINDOW_MS, now), age_text(now - NOW + since), str(now // scene.MINUTE)


@given(st.integers(0, 15 * scene.DAY), st.integers(0, 15 * scene.DAY))
def test_until_it_wakes_everything_reads_the_same_but_for_a_second(age: int, since: int) -> None:
    made = media(announced(undownloaded=True, age=age))
    woken = next_change([made], DEFAULT_WINDOW_MS, NOW, since=[Millis(NOW - since)])
    assert NOW + GRAIN_MS <= woken <= NOW + scene.MINUTE
    if woken > NOW + GRAIN_MS:
        assert shown(age, since, Millis(woken - 1)) == shown(age, since, NOW)
        assert shown(age, since, Millis(woken)) != shown(age, since, NOW)


def test_it_wakes_for_the_end_of_good_news_and_not_for_what_has_ended() -> None:
    ends = [Millis(NOW - 5), Millis(NOW + 7_000)]
    assert next_change([], DEFAULT_WINDOW_MS, NOW, ends=ends) == NOW + 7_000


async def test_a_clock_that_was_set_and_a_host_that_says_something_wake_it(db: Path) -> None:
    clock = [NOW]
    async with opened(db, size=(140, 40), now=lambda: clock[0]) as console:
        await console.shows("14:02Z")
        clock[0] = Millis(NOW + scene.HOUR)
        await console.shows("15:02Z")


async def test_what_was_said_is_taken_away_in_time(db: Path) -> None:
    async with opened(db) as console:
        console.main.say("Something was done.")
        console.main.said_until -= 10
        console.main.tick()
        await console.until(lambda: "Something was done." not in console.text)


MINUTE_ENDS = Millis(NOW - NOW % scene.MINUTE + scene.MINUTE - 300)
"""Shortly before the time of day reads differently."""


@pytest.fixture
async def days(tmp_path: Path) -> Path:
    """A cache of two media whose clocks and ages read differently by the hour alone."""
    db = tmp_path / "days.db"
    writer = await CacheWriter.open(db, now=lambda: NOW)
    first = announced(undownloaded=True, age=3 * scene.DAY + scene.HOUR // 2)
    facts = (first, replace(first, key=MediaKey("m-2"), id=MediaId("m-2")))
    await writer.take_webhook(b"{}", NOW, Reading(facts=facts))
    await writer.close()
    return db


def sleeps(console: Console) -> float:
    """For how many seconds the screen sleeps, from when it was last told to."""
    alarm = console.main.waking._alarm
    assert alarm is not None
    return alarm._interval


async def test_a_step_of_the_cursor_puts_off_nothing_that_is_to_change(days: Path) -> None:
    clock = [MINUTE_ENDS]
    async with opened(days, size=(140, 40), now=lambda: clock[0]) as console:
        await console.settled()
        clock[0] = Millis(MINUTE_ENDS + GRAIN_MS + 100)
        console.main.show_history(None, ())
        assert sleeps(console) < 0.1
        await console.shows(moments.clock(clock[0]))
        assert sleeps(console) > GRAIN_MS / 1000


async def test_steps_upon_steps_do_not_keep_it_asleep(days: Path) -> None:
    clock = [MINUTE_ENDS]
    async with opened(days, size=(140, 40), now=lambda: clock[0]) as console:
        await console.settled()
        clock[0] = Millis(MINUTE_ENDS + GRAIN_MS + 100)
        for _ in range(60):
            await console.press("j", "k")
            await console.pilot.pause(0.02)
            if moments.clock(clock[0]) in console.text:
                break
        assert moments.clock(clock[0]) in console.text


async def test_what_time_has_changed_is_drawn_with_a_key_and_else_once_the_keys_rest(days: Path) -> None:
    clock = [MINUTE_ENDS]
    async with opened(days, size=(140, 40), now=lambda: clock[0]) as console:
        waking = console.main.waking
        await console.settled()
        await console.press("j")
        waking._due = 0.0
        waking._wake()
        assert CALM - 0.2 < sleeps(console) <= CALM, "keys are coming"
        clock[0] = Millis(MINUTE_ENDS + scene.MINUTE)
        waking._due = 0.0
        await console.press("k")
        assert moments.clock(clock[0]) in console.text


async def test_a_row_that_is_scrolled_into_sight_wakes_it_when_its_countdown_changes(tmp_path: Path) -> None:
    db, clock = tmp_path / "long.db", [NOW - NOW % scene.MINUTE]
    writer = await CacheWriter.open(db, now=lambda: NOW)
    first = announced(undownloaded=True, age=3 * scene.DAY + scene.HOUR // 2)
    facts = [replace(first, key=MediaKey(f"m-{n}"), id=MediaId(f"m-{n}")) for n in range(100)]
    due = Millis(clock[0] - 3 * scene.DAY + 1_500)
    facts[0] = replace(facts[0], at=due, sent_at=due)
    await writer.take_webhook(b"{}", NOW, Reading(facts=tuple(facts)))
    await writer.close()
    async with opened(db, size=(140, 40), now=lambda: Millis(clock[0])) as console:
        rows = console.main.list
        await console.settled()
        assert sleeps(console) > 10
        rows.scroll_to(y=80, animate=False)
        await console.until(lambda: "11d 00h" in console.text)
        assert sleeps(console) < 2
        clock[0] += 1_501
        await console.shows("10d 23h")


async def test_what_time_alone_puts_into_a_view_and_below_others_is_read_by_the_minute(days: Path) -> None:
    clock = [NOW]
    async with opened(days, size=(140, 40), now=lambda: clock[0]) as console:
        rows = console.main.list
        writer = await CacheWriter.open(days, now=lambda: NOW)
        first = announced(undownloaded=True, age=14 * scene.DAY - scene.HOUR)
        lapses = replace(first, key=MediaKey("lapses"), id=MediaId("lapses"))
        await writer.take_webhook(b"{}", NOW, Reading(facts=(lapses,)))
        await writer.close()
        await console.until(lambda: rows.page.counts.get(View.DUE_SOON) == 1)
        assert rows.page.rows[0].media.key == "lapses"
        clock[0] = Millis(NOW + 2 * scene.HOUR)
        await console.until(lambda: rows.page.rows[-1].media.key == "lapses")
        clock[0] = Millis(NOW + 9 * scene.DAY)
        await console.until(lambda: rows.page.counts[View.DUE_SOON] == 2)
