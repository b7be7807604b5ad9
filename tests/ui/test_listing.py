"""A page of the cache: the rows around a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from console.cache.reader import AsyncCacheReader
from console.domain.media import MediaKey
from console.domain.retention import DEFAULT_WINDOW_MS
from console.domain.views import Selection, View
from console.ui.listing import Page, Place, read_page
from tests.ui import scene
from tests.ui.samples import of

if TYPE_CHECKING:
    from pathlib import Path


async def page_of(db: Path, selection: Selection, place: Place) -> Page:
    async with AsyncCacheReader(db) as reader:
        return await read_page(reader, selection, DEFAULT_WINDOW_MS, scene.NOW, place)


async def test_a_page_knows_its_rows_their_place_and_all_counts(db: Path) -> None:
    key = scene.key_of("path")
    page = await page_of(db, Selection(), Place(cursor=key))
    assert (page.total, page.everything) == (len(scene.LINES), len(scene.LINES))
    assert page.counts[View.FAILED] == 4
    assert page.cursor_row is not None
    media = page.at(page.cursor_row)
    assert media is not None
    assert media.key == key
    assert page.find(key) == page.cursor_row
    assert page.at(-1) is None
    assert page.at(10_000) is None


async def test_a_media_outside_the_selection_has_no_row(db: Path) -> None:
    page = await page_of(db, Selection(view=View.FAILED), Place(cursor=scene.key_of("stored"), row=99))
    assert page.cursor_row is None
    assert page.find(MediaKey("nobody")) is None
    assert len(page.rows) == page.total == 4


def rows(first: int, total: int, *names: str) -> Page:
    """Some rows of a list, by their names."""
    found = tuple(structs.replace(of("missing"), key=MediaKey(name)) for name in names)
    return Page(selection=Selection(), total=total, first=first, rows=found)


def test_the_place_of_a_row_that_left_goes_to_the_nearest_below_else_above() -> None:
    before = rows(10, 14, *"abcd")
    assert rows(20, 23, *"acd").in_place_of(before, 11) == 21
    assert rows(20, 22, *"ad").in_place_of(before, 11) == 21
    assert rows(10, 12, *"ab").in_place_of(before, 12) == 11
    assert rows(0, 2, *"xy").in_place_of(before, 12) is None


def test_where_all_that_was_read_below_left_the_place_is_the_row_after_those_above() -> None:
    before = rows(0, 900, *"abcd")
    assert rows(0, 897, *"aefg").in_place_of(before, 1) == 1
    assert rows(0, 1, "a").in_place_of(before, 1) == 0
