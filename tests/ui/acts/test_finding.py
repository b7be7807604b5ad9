"""Views, filter and order by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.views import Sort, View
from tests.ui import scene
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_numbers_open_views_and_minus_goes_back(db: Path) -> None:
    async with opened(db) as console:
        await console.press("-")
        await console.shows("There is no previous view yet.")
        for number, view in enumerate(View, 1):
            await console.press(str(number))
            assert console.main.list.page.selection.view is view
            assert f"[{number} " in console.text
        await console.press("-")
        assert console.main.finding.view is View.DUE_SOON


async def test_the_next_key_acts_on_the_view_that_was_opened(db: Path) -> None:
    async with opened(db) as console:
        await console.press("4", "r")
        await console.until(lambda: len(console.orders()) == 1)
        shown = {line.story for line in scene.LINES}
        assert "gone" in shown
        assert console.orders()[0].key in {scene.key_of("gone"), scene.key_of("path"), scene.key_of("file")}


async def test_what_is_followed_is_followed_through_filters_views_and_orders(db: Path) -> None:
    async with opened(db) as console:
        rows = console.main.list
        console.main.finding.sort = Sort.RECEIVED
        await console.main.reload()
        newest = rows.page.rows[0].media.key
        await console.press("F", "/")
        await console.type("type:image")
        await console.press("enter", "2", "1", "escape")
        await console.until(lambda: not rows.page.selection.filter.terms)
        assert (rows.cursor_key, rows.cursor_row, rows.scroll_offset.y) == (newest, 0, 0)
        await console.press("S")
        await console.until(lambda: rows.page.selection.reverse)
        assert (rows.cursor_key, rows.cursor_row) == (newest, len(scene.LINES) - 1)
        await console.shows("follow on")


async def test_the_filter_works_while_it_is_typed(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/")
        await console.type("type:image")
        await console.until(
            lambda: console.main.list.page.total == sum(line.kind.value == "image" for line in scene.LINES)
        )
        assert f"of {len(scene.LINES)}" in console.text
        await console.press("enter")
        assert console.main.finding.editor is None
        await console.press("d")
        await console.until(lambda: len(console.orders()) == 1)


async def test_a_field_without_a_value_never_empties_the_list(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/")
        await console.type("state")
        await console.until(lambda: not console.main.list.page.total)
        await console.type(":")
        await console.shows(f"{len(scene.LINES)} of {len(scene.LINES)}")
        assert "No match" not in console.text


async def test_a_wrong_word_is_shown_with_a_caret_and_cannot_be_kept(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/")
        await console.type("stat:failed")
        await console.shows("^^^^^")
        await console.shows('Did you mean "state:"?')
        await console.press("enter")
        assert console.main.finding.editor is not None
        await console.press("escape")
        await console.until(lambda: console.main.list.page.total == len(scene.LINES))
        assert "^^^" not in console.text


async def test_a_filter_without_a_match_says_how_to_leave_it(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/")
        await console.type("zebra")
        await console.press("enter")
        await console.shows('No match for "zebra". Esc clears, \\ hides the filter')
        await console.press("\\")
        await console.until(lambda: console.main.list.page.total == len(scene.LINES))
        assert "(off, \\ turns it on)" in console.text
        await console.press("\\")
        await console.until(lambda: console.main.list.page.total == 0)
        await console.press("escape", "\\")
        await console.shows("There is no filter to switch")


async def test_earlier_filters_are_recalled(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/")
        await console.type("type:video")
        await console.press("enter", "escape", "/", "up")
        await console.shows("/ type:video")
        await console.press("down", "enter")
        assert console.main.finding.text == ""


async def test_keys_are_letters_while_the_filter_is_typed(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/")
        await console.type("dDrqQ?")
        await console.shows("/ dDrqQ?")
        assert not console.orders()
        assert console.app.is_running


async def test_the_order_is_chosen_and_turned_round(db: Path) -> None:
    async with opened(db) as console:
        await console.press("s")
        await console.shows("Sort by")
        await console.press("5")
        await console.until(lambda: console.main.list.page.selection.sort is Sort.FROM)
        await console.press("S")
        assert console.main.list.page.selection.reverse
        await console.shows("sort from ↓")
        await console.press("S", "s", "escape")
        assert console.main.finding.sort is Sort.FROM
