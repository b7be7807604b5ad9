"""A page of the cache: the rows around a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cache.reader import AsyncCacheReader
from console.domain.media import MediaKey
from console.domain.retention import DEFAULT_WINDOW_MS
from console.domain.views import Selection, View
from console.ui.listing import Page, Place, read_page
from tests.ui import scene

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
