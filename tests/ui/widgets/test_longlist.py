"""A list of twenty thousand rows: each step reads a few screens of it, wherever it leads."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from textual.scrollbar import ScrollTo

from console.cache.reader import Moment
from console.cache.windows import Edge
from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced
from console.domain.media import MediaId, MediaKey, Millis
from console.domain.reading import Reading
from console.domain.retention import DEFAULT_WINDOW_MS
from console.domain.views import Selection, Sort
from console.ui.listing import SCREENS, Page, Place, read_page
from tests.ui import scene
from tests.ui.harness import Console, opened

if TYPE_CHECKING:
    from pathlib import Path

MANY = 20_000
EMPTY = Page(selection=Selection())
FEW_INSTRUCTIONS = 40_000
"""Of SQLite, for a page of the tests; a walk over all rows takes far more."""
GRAIN = 100
GLIMPSE = 900
"""Milliseconds after which the screen does not take the clock for one that was set."""


def announced(number: int) -> MediaAnnounced:
    """A media that came so many seconds before the moment of the scene."""
    sent_at = Millis(scene.NOW - 1000 * number)
    key = f"m-{number:05}"
    return MediaAnnounced(key=MediaKey(key), id=MediaId(key), at=sent_at, sent_at=sent_at, undownloaded=True)


@pytest.fixture(scope="module")
def long_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows, written once."""
    db = tmp_path_factory.mktemp("long") / "console.db"

    async def write() -> None:
        writer = await CacheWriter.open(db, now=lambda: scene.NOW)
        for first in range(0, MANY, 5000):
            facts = tuple(map(announced, range(first, first + 5000)))
            await writer.take_webhook(b"{}", scene.NOW, Reading(facts=facts))
        await writer.close()

    asyncio.run(write())
    return db


@pytest.fixture
def long(long_once: Path, tmp_path: Path) -> Path:
    """A copy of them that belongs to one test."""
    shutil.copy(long_once, tmp_path / "console.db")
    return tmp_path / "console.db"


def instructions(db: Path, selection: Selection, place: Place, before: Page = EMPTY) -> tuple[Page, int]:
    """A page, and about how many of its instructions SQLite carried out for it."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += GRAIN
        return 0

    with closing(sqlite3.connect(db)) as connection:
        connection.set_progress_handler(step, GRAIN)
        moment = Moment(connection, lambda: False)
        page = read_page(moment, selection, DEFAULT_WINDOW_MS, scene.NOW, place, before)
    return page, steps


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sort", Sort)
def test_a_page_takes_few_instructions_wherever_it_is(long_once: Path, sort: Sort, reverse: bool) -> None:
    selection = Selection(sort=sort, reverse=reverse)
    top, steps = instructions(long_once, selection, Place())
    assert steps < FEW_INSTRUCTIONS
    _, steps = instructions(long_once, selection, Place(at=Edge.END))
    assert steps < FEW_INSTRUCTIONS
    last = top.rows[-1]
    place = Place(key=last.media.key, at=last.spot, row=top.end - 1, cursor=last.media.key)
    further, steps = instructions(long_once, selection, place, top)
    assert (further.first, steps < FEW_INSTRUCTIONS) == (top.end - 1 - SCREENS * place.height, True)


async def by_receipt(console: Console) -> None:
    """Sorts by receipt, the newest first."""
    await console.press("s", "2")
    await console.until(lambda: console.main.list.page.selection.sort is Sort.RECEIVED)
    await console.press("g")


async def arrive(db: Path, *numbers: int) -> None:
    """Media come in."""
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=tuple(map(announced, numbers))))
    await writer.close()


async def test_home_end_and_pages_lead_to_the_right_rows(long: Path) -> None:
    async with opened(long) as console:
        rows = console.main.list
        await console.press("G")
        assert (rows.cursor_row, rows.cursor_key) == (MANY - 1, "m-00000")
        await console.press("pageup", "k")
        assert rows.cursor_key == f"m-{MANY - 1 - rows.cursor_row:05}"
        await console.press("g", "j", "pagedown")
        assert rows.cursor_row == rows.seen_rows
        assert rows.cursor_key == f"m-{MANY - 1 - rows.seen_rows:05}"
        assert len(rows.page.rows) <= (2 * SCREENS + 1) * max(rows.seen_rows, 24)


async def test_a_dragged_scroll_bar_shows_rows_of_that_part_and_leaves_the_cursor(long: Path) -> None:
    async with opened(long) as console:
        await by_receipt(console)
        rows = console.main.list
        rows.post_message(ScrollTo(y=MANY // 2, animate=False))
        await console.until(lambda: rows.scroll_offset.y > MANY // 4)
        top = rows.page.at(rows.scroll_offset.y)
        assert top is not None
        assert top.key == f"m-{rows.scroll_offset.y:05}"
        assert abs(rows.scroll_offset.y - MANY // 2) < MANY // 10
        assert (rows.cursor_key, rows.current is not None) == ("m-00000", True)
        await console.press("j")
        await console.until(lambda: rows.cursor_key == "m-00001")
        assert rows.scroll_offset.y <= rows.cursor_row < rows.scroll_offset.y + rows.seen_rows


async def test_the_wheel_reads_on_before_the_rows_end(long: Path) -> None:
    async with opened(long) as console:
        await by_receipt(console)
        rows = console.main.list
        for _ in range(40):
            rows.scroll_to(y=rows.scroll_offset.y + 6, animate=False)
            await console.pilot.pause(0)
            await console.until(lambda: not rows.nearly_out)
            assert "m-" not in console.text
            top = rows.page.at(rows.scroll_offset.y)
            assert top is not None
            assert top.key == f"m-{rows.scroll_offset.y:05}"
        assert rows.scroll_offset.y == 240


async def test_new_rows_are_told_counted_and_gone_to(long: Path) -> None:
    async with opened(long, size=(140, 40)) as console:
        await by_receipt(console)
        rows = console.main.list
        await console.press("j", "j")
        await arrive(long, -1, -2)
        await console.shows("follow off (F): 2 new above")
        assert (rows.cursor_key, rows.cursor_row) == ("m-00002", 4)
        await console.press("F")
        assert (rows.cursor_key, rows.scroll_offset.y, rows.following) == ("m--0002", 0, True)
        await console.shows("follow on")
        await arrive(long, -3)
        await console.until(lambda: rows.cursor_key == "m--0003")
        await console.press("j")
        assert not rows.following
        await arrive(long, -4)
        await console.shows("1 new above")
        assert rows.cursor_key == "m--0002"
        await console.press("F", "F")
        assert not rows.following


async def test_new_rows_are_told_no_more_once_the_wheel_has_brought_them_into_sight(long: Path) -> None:
    async with opened(long, size=(140, 40)) as console:
        await by_receipt(console)
        rows = console.main.list
        rows.scroll_to(y=20, animate=False)
        await console.until(lambda: rows.scroll_offset.y == 20)
        await arrive(long, -1, -2)
        await console.shows("2 new above")
        rows.scroll_to(y=0, animate=False)
        await console.until(lambda: "new above" not in console.text)
        console.main.show_new(2)
        assert console.main.new == 0, "it was counted before they came into sight"


async def test_rows_that_come_into_sight_read_as_of_that_moment(long: Path) -> None:
    clock = [scene.NOW]
    async with opened(long, size=(140, 40), now=lambda: clock[0]) as console:
        await by_receipt(console)
        await console.settled()
        rows = console.main.list
        clock[0] = Millis(scene.NOW + GLIMPSE)
        rows.scroll_to(y=60, animate=False)
        await console.until(lambda: rows.scroll_offset.y == 60)
        assert rows.look.now == clock[0]
        clock[0] = Millis(scene.NOW + 2 * GLIMPSE)
        await console.press(*["j"] * 2)
        assert rows.look.now == clock[0]


async def test_at_the_end_of_a_reversed_order_by_time_the_newest_are_below(long: Path) -> None:
    async with opened(long) as console:
        await by_receipt(console)
        await console.press("S", "g")
        await arrive(long, -1)
        await console.shows("1 new below")
        await console.press("F")
        assert console.main.list.cursor_key == "m--0001"
        await arrive(long, -2)
        await console.until(lambda: console.main.list.cursor_key == "m--0002")


async def test_a_range_over_many_pages_marks_what_lies_between(long: Path) -> None:
    async with opened(long) as console:
        await by_receipt(console)
        await console.press("j", "v", *["pagedown"] * 40, "v")
        rows = console.main.list
        last = rows.cursor_row
        await console.shows(f"{last} marked.")
        assert set(rows.marks) == {f"m-{number:05}" for number in range(1, last + 1)}
        await console.press("U", "v", "g", "v")
        await console.until(lambda: len(rows.marks) == last + 1)


async def test_all_of_a_long_list_is_marked_while_keys_are_taken(long: Path) -> None:
    async with opened(long) as console:
        await console.press("*", "j")
        await console.until(lambda: len(console.main.list.marks) == MANY)
        await console.shows(f"{MANY} marked")


async def test_all_of_a_long_list_is_asked_for_after_its_count(long: Path) -> None:
    async with opened(long) as console:
        await console.press("D")
        await console.shows(f"{MANY} media: {MANY} undownloaded")
        await console.press("escape")
        assert not console.orders()


async def test_the_counts_of_a_long_list_follow_the_rows_of_a_filter(long: Path) -> None:
    async with opened(long) as console:
        await console.press("/")
        await console.type("id:m-00")
        await console.shows("~")
        await console.press("enter")
        await console.shows(" 1000 of 20000")
        await console.press("G")
        assert console.main.list.cursor_row == 999
        console.main.show_searching(True)
        await console.shows("searching   1000 of 20000")
        console.main.show_searching(False)
        await console.until(lambda: "searching" not in console.text)
