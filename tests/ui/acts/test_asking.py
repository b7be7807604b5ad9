"""Orders: left for the media seen when the key was pressed, and refused in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced, MediaStored
from console.domain.media import MediaId, MediaKey, Millis
from console.domain.orders import Verb
from console.domain.reading import Reading
from console.ui.screens.confirm import Confirm
from tests.ui import scene
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_d_leaves_one_order_for_the_row_under_the_cursor(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("missing"))
        await console.press("d")
        await console.until(lambda: bool(console.orders()))
        (order,) = console.orders()
        assert (order.key, order.verb, order.by) == (scene.key_of("missing"), Verb.STORE, "kim")
        await console.shows("Asked for")


async def test_d_takes_the_marks_and_clears_them(db: Path) -> None:
    async with opened(db) as console:
        await console.press("2", "space", "space", "space")
        marked = set(console.main.list.marks)
        assert len(marked) == 3
        await console.press("G", "d")
        await console.until(lambda: len(console.orders()) == 3)
        assert {order.key for order in console.orders()} == marked
        assert not console.main.list.marks


async def test_d_asks_before_twenty_and_more(db: Path) -> None:
    async with opened(db) as console:
        await console.press("*", "d")
        await console.shows("Download 26 media")
        assert "2 already asked for" in console.text or "3 already asked for" in console.text
        await console.press("escape")
        assert not console.orders()
        await console.press("d")
        await console.shows("Download 26 media")
        await console.press("enter")
        await console.until(lambda: len(console.orders()) == 26)


async def test_capital_d_always_says_the_count_and_offers_those_that_need_it(db: Path) -> None:
    async with opened(db) as console:
        await console.press("D")
        await console.shows("Ask for the 10 that need it")
        await console.press("n")
        assert not console.orders()
        await console.press("D")
        await console.shows("Ask for all")
        await console.press("y")
        await console.until(lambda: len(console.orders()) == 10)


async def test_capital_d_with_one_row_still_asks_first(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/")
        await console.type("umowa -state:queued")
        await console.press("enter", "D")
        await console.shows("The list shows nothing to ask for.")
        await console.press("escape", "/")
        await console.type("leak")
        await console.press("enter", "D")
        await console.shows("1 media: 1 undownloaded")
        await console.press("enter")
        await console.until(lambda: len(console.orders()) == 1)


async def test_what_cannot_be_asked_says_why(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("noid"))
        await console.press("d")
        await console.shows("It came without an id, so nothing can be asked")
        await console.on(scene.key_of("requested"))
        await console.press("d")
        await console.shows("It is asked for already")
        assert not console.orders()


async def test_r_retries_what_failed_and_nothing_else(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("stored"))
        await console.press("r")
        await console.shows("Nothing to retry: it is downloaded")
        await console.on(scene.key_of("path"))
        await console.press("r")
        await console.until(lambda: [order.key for order in console.orders()] == [scene.key_of("path")])
        await console.press("*", "r")
        await console.until(lambda: len(console.orders()) == 6)


async def test_an_order_goes_to_the_row_seen_even_if_rows_arrive_above(db: Path) -> None:
    async with opened(db) as console:
        await console.press("j", "j")
        seen = console.main.list.cursor_key
        row = console.main.list.cursor_row
        writer = await CacheWriter.open(db, now=lambda: scene.NOW)
        urgent = MediaAnnounced(
            key=MediaKey("urgent"),
            id=MediaId("urgent"),
            at=Millis(scene.NOW - 14 * scene.DAY + scene.MINUTE),
            sent_at=Millis(scene.NOW - 14 * scene.DAY + scene.MINUTE),
            undownloaded=True,
        )
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(urgent,)))
        await console.until(lambda: console.main.list.cursor_row == row + 1)
        assert console.main.list.cursor_key == seen
        await console.press("d")
        await console.until(lambda: [order.key for order in console.orders()] == [seen])
        await writer.close()


async def test_without_a_service_the_order_says_when_it_is_done(tmp_path: Path) -> None:
    db = tmp_path / "console.db"
    await scene.build(db, standing=None)
    async with opened(db) as console:
        await console.press("d")
        await console.shows("It is done when a service runs")


@pytest.mark.parametrize(
    "keys", [("4", "d"), ("4", "r"), ("/", *"leak", "enter", "d"), ("S", "d"), ("4", "D")]
)
async def test_a_row_that_was_not_painted_yet_is_not_acted_on(db: Path, keys: tuple[str, ...]) -> None:
    async with opened(db) as console:
        with console.app.batch_update():  # nothing is painted, however long the keys take to come through
            await console.at_once(*keys)
            await console.shows(f"The list has just changed: press {keys[-1]} again.")
            assert not console.orders()
            assert console.app.screen is console.main
        await console.until(lambda: console.main.list.seen)
        await console.press(keys[-1])
        await console.until(lambda: bool(console.orders()) or isinstance(console.app.screen, Confirm))


async def test_a_row_that_is_painted_is_acted_on_at_once(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("missing"))
        await console.at_once("j", "j", "d")
        await console.until(lambda: len(console.orders()) == 1)
        assert console.orders()[0].key == console.main.list.cursor_key
        await console.press("enter", "4", "escape", "d")
        await console.until(lambda: len(console.orders()) == 2)


async def test_a_double_tap_does_not_reach_the_row_that_moved_up(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with opened(db) as console:
        rows = console.main.list
        await console.press("4")
        first, second = rows.cursor_key, rows.page.rows[1].media.key
        assert first is not None
        await console.press("d")
        await console.until(lambda: len(console.orders()) == 1)
        stored = MediaStored(key=first, id=MediaId(first), at=scene.NOW, attempt=1)
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(stored,)))
        await console.until(lambda: rows.cursor_key == second)
        await console.press("d")
        await console.shows("The list has just changed: press d again.")
        assert [order.key for order in console.orders()] == [first]
        await console.until(lambda: not rows.slipped)
        await console.press("d")
        await console.until(lambda: [order.key for order in console.orders()] == [first, second])
    await writer.close()


@pytest.mark.parametrize("key", ["d", "r"])
async def test_marks_that_are_not_shown_are_asked_about_first(db: Path, key: str) -> None:
    async with opened(db) as console:
        await console.press("4", "space", "space", "space", "/")
        marked = set(console.main.list.marks)
        await console.type("leak")
        await console.press("enter")
        await console.shows("No match")
        await console.shows("3 marked (3 hidden)")
        await console.press("1")
        await console.until(lambda: console.main.list.page.total == 1)
        await console.press(key)
        await console.shows("3 marked, 3 of them not shown here.")
        await console.press("escape")
        assert not console.orders()
        await console.press(key)
        await console.shows("3 marked, 3 of them not shown here.")
        await console.press("enter")
        await console.until(lambda: {order.key for order in console.orders()} == marked)


async def test_marks_far_away_in_a_long_list_are_shown_all_the_same(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    more = [
        MediaAnnounced(key=MediaKey(f"n{number}"), id=MediaId(f"n{number}"), at=scene.NOW, undownloaded=True)
        for number in range(500)
    ]
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=tuple(more)))
    async with opened(db) as console:
        rows = console.main.list
        await console.until(lambda: rows.page.total > 500)
        await console.on(scene.key_of("missing"))
        await console.press("space", "G")
        await console.until(lambda: rows.hidden_marks() is None)
        assert "hidden" not in console.text
        await console.press("d")
        await console.until(lambda: [order.key for order in console.orders()] == [scene.key_of("missing")])
    await writer.close()


async def test_what_was_left_out_is_told_again_with_the_answers(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with opened(db, size=(140, 40)) as console:
        await console.on(scene.key_of("noid"))
        await console.press("space")
        await console.on(scene.key_of("gone"))
        await console.press("space", "d")
        await console.shows("left out: 1 without an id")
        key = scene.key_of("gone")
        stored = MediaStored(key=key, id=MediaId(key), at=scene.NOW, attempt=2)
        (order,) = console.orders()
        await writer.take_order(order)
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(stored,)))
        await console.shows("Downloaded:")
        await console.shows("Left out: 1 without an id.")
    await writer.close()
