"""A page of the cache: the rows around a place, and their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.cache.reader import AsyncCacheReader
from console.cache.windows import Edge
from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced
from console.domain.filters import parse
from console.domain.media import MediaId, MediaKey, Millis
from console.domain.reading import Reading
from console.domain.retention import DEFAULT_WINDOW_MS
from console.domain.views import Selection, Sort, View
from console.ui.listing import SCREENS, Page, Place, read_page
from tests.ui import scene

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = Page(selection=Selection())
BY_SENDING = Selection(sort=Sort.SENT)


async def page_of(db: Path, selection: Selection, place: Place, before: Page = EMPTY) -> Page:
    async with AsyncCacheReader(db) as reader:
        return await reader.ask(
            lambda moment: read_page(moment, selection, DEFAULT_WINDOW_MS, scene.NOW, place, before)
        )


@pytest.fixture
async def long(tmp_path: Path) -> Path:
    """A thousand media, one sent in each second before the moment of the scene."""
    db = tmp_path / "long.db"
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=tuple(map(announced, range(1000)))))
    await writer.close()
    return db


def announced(number: int) -> MediaAnnounced:
    """A media that was sent so many seconds ago."""
    sent_at = Millis(scene.NOW - 1000 * number)
    key = f"m-{number:04}"
    return MediaAnnounced(key=MediaKey(key), id=MediaId(key), at=sent_at, sent_at=sent_at, undownloaded=True)


def keys(page: Page) -> list[MediaKey]:
    return [listed.media.key for listed in page.rows]


async def test_a_page_knows_its_rows_and_all_counts(db: Path) -> None:
    key = scene.key_of("path")
    page = await page_of(db, Selection(), Place(key=key, cursor=key))
    assert (page.total, page.everything, page.counted, page.whole) == (30, 30, True, True)
    assert page.counts[View.FAILED] == 4
    assert page.cursor is not None
    assert page.cursor.media.key == key
    row = page.find(key)
    assert row is not None
    assert page.at(row) == page.cursor.media
    assert page.at(-1) is None
    assert page.at(10_000) is None
    assert page.find(MediaKey("nobody")) is None


async def test_a_page_is_a_few_screens_however_long_the_list_is(long: Path) -> None:
    place = Place(height=30)
    top = await page_of(long, BY_SENDING, place)
    assert len(top.rows) == (2 * SCREENS + 1) * 30
    assert (top.first, top.total, top.at_top, top.at_end) == (0, 1000, True, False)
    end = await page_of(long, BY_SENDING, Place(at=Edge.END, height=30))
    assert (len(end.rows), end.end, end.at_end, end.here) == ((2 * SCREENS + 1) * 30, 1000, True, 999)
    assert keys(end)[-1] == "m-0999"


async def test_numbers_go_on_from_the_page_before(long: Path) -> None:
    page = await page_of(long, BY_SENDING, Place())
    for _ in range(4):
        last = page.rows[-1]
        place = Place(key=last.media.key, at=last.spot, row=page.end - 1)
        page = await page_of(long, BY_SENDING, place, page)
    assert keys(page) == [f"m-{row:04}" for row in range(page.first, page.end)]
    assert page.first > 250


async def test_a_far_place_is_numbered_by_its_row(long: Path) -> None:
    page = await page_of(long, BY_SENDING, Place(at=0.5, row=500))
    assert keys(page) == [f"m-{row:04}" for row in range(page.first, page.end)]
    assert abs(page.here - 500) < 50


async def test_rows_that_arrive_above_change_neither_the_rows_nor_their_numbers(long: Path) -> None:
    before = await page_of(long, BY_SENDING, Place(key=MediaKey("m-0500")))
    place = Place(key=MediaKey("m-0500"), at=before.rows[0].spot, row=500)
    writer = await CacheWriter.open(long, now=lambda: scene.NOW)
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=tuple(map(announced, range(-20, 0)))))
    await writer.close()
    after = await page_of(long, BY_SENDING, place, before)
    assert keys(after) == keys(before)
    assert (after.first, after.total) == (before.first, 1020)


async def test_the_cursor_goes_to_the_next_row_where_its_media_left(db: Path) -> None:
    page = await page_of(db, Selection(), Place())
    gone = page.rows[20]
    place = Place(cursor=MediaKey("left"), cursor_at=gone.spot, key=MediaKey("left"), at=gone.spot, row=20)
    after = await page_of(db, Selection(), place, page)
    assert after.cursor == gone
    last = Place(cursor=MediaKey("left"), cursor_at=page.rows[-1].spot)
    assert (await page_of(db, Selection(), last, page)).cursor == page.rows[-1]


async def test_a_cursor_out_of_the_page_is_known_all_the_same(long: Path) -> None:
    place = Place(at=Edge.END, cursor=MediaKey("m-0003"))
    page = await page_of(long, BY_SENDING, place)
    assert page.cursor is not None
    assert page.cursor.media.key == "m-0003"
    assert page.find(MediaKey("m-0003")) is None


async def test_under_a_filter_the_total_is_what_is_known_until_it_is_counted(long: Path) -> None:
    filtered = Selection(sort=Sort.SENT, filter=parse("id:m-0"))
    page = await page_of(long, filtered, Place())
    assert not page.counted
    assert page.total == len(page.rows) + 1
    whole = await page_of(long, Selection(filter=parse("id:m-0007")), Place())
    assert (whole.total, whole.whole) == (1, True)


async def test_a_media_outside_the_selection_has_no_row(db: Path) -> None:
    place = Place(key=scene.key_of("stored"), cursor=scene.key_of("stored"), row=99)
    page = await page_of(db, Selection(view=View.FAILED), place)
    assert page.cursor is None
    assert len(page.rows) == page.total == 4
