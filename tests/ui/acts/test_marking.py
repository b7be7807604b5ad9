"""Marks are bound to media, not to rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ui import scene
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_space_marks_and_steps_and_unmarks(db: Path) -> None:
    async with opened(db) as console:
        rows = console.main.list
        first = rows.cursor_key
        await console.press("space")
        assert (set(rows.marks), rows.cursor_row) == ({first}, 1)
        await console.shows("1 marked")
        await console.press("k", "space")
        assert not rows.marks


async def test_marks_survive_a_change_of_order_and_of_view(db: Path) -> None:
    async with opened(db) as console:
        await console.press("space", "space")
        marked = set(console.main.list.marks)
        await console.press("S", "4", "1")
        assert set(console.main.list.marks) == marked
        shown = [line for line in console.text.splitlines() if line.startswith((" *", ">*"))]
        assert len(shown) <= 2
        await console.press("S")
        assert sum(line.startswith((" *", ">*")) for line in console.text.splitlines()) == 2


async def test_a_range_marks_what_lies_between(db: Path) -> None:
    async with opened(db) as console:
        await console.press("j", "v")
        await console.shows("Range starts here")
        await console.press("j", "j", "j", "v")
        assert len(console.main.list.marks) == 4
        await console.press("U")
        await console.shows("4 marks cleared")
        await console.press("U")
        await console.shows("Nothing is marked")


async def test_a_range_works_upwards_and_can_be_forgotten(db: Path) -> None:
    async with opened(db) as console:
        await console.press("j", "j", "v", "k", "k", "v")
        assert len(console.main.list.marks) == 3
        await console.press("U", "v", "escape")
        await console.shows("The range is forgotten")
        await console.press("v", "4", "v")
        await console.until(lambda: "not shown any more" in console.text or bool(console.main.list.marks))


async def test_star_marks_all_that_is_shown_and_only_that(db: Path) -> None:
    async with opened(db) as console:
        await console.press("4", "*")
        failed = sum(line.story in ("gone", "path", "file") for line in scene.LINES)
        assert len(console.main.list.marks) == failed
        await console.shows(f"{failed} marked")


async def test_an_empty_list_has_nothing_to_mark(tmp_path: Path) -> None:
    db = tmp_path / "empty.db"
    await scene.build_empty(db)
    async with opened(db, filled=False) as console:
        await console.press("space")
        await console.shows("There is no row here")
        await console.press("*")
        await console.shows("Nothing to mark")
