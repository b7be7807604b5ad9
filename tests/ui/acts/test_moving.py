"""Moving by keys, in the list and in the detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced
from console.domain.media import MediaId, MediaKey, Millis
from console.domain.reading import Reading
from tests.ui import scene
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_letters_and_arrows_move_alike_and_stop_at_the_ends(db: Path) -> None:
    async with opened(db) as console:
        rows = console.main.list
        await console.press("j", "down", "k")
        assert rows.cursor_row == 1
        await console.press("up", "up", "k")
        assert rows.cursor_row == 0
        await console.press("G")
        assert rows.cursor_row == len(scene.LINES) - 1
        await console.press("j")
        assert rows.cursor_row == len(scene.LINES) - 1
        await console.press("home")
        assert rows.cursor_row == 0
        await console.press("pagedown")
        assert rows.cursor_row == rows.seen_rows - 1
        await console.press("pageup")
        assert rows.cursor_row == 0


async def test_the_cursor_is_always_on_the_screen(db: Path) -> None:
    async with opened(db) as console:
        rows = console.main.list
        for key in ("G", "k", "k", "g", "pagedown", "pagedown", "j"):
            await console.press(key)
            assert rows.scroll_offset.y <= rows.cursor_row < rows.scroll_offset.y + rows.seen_rows
            assert any(line.startswith(">") for line in console.text.splitlines())


async def test_in_the_detail_the_same_keys_scroll(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("path"))
        await console.press("enter", "j", "j")
        assert console.main.detail.scroll_offset.y == 2
        await console.press("G")
        assert console.main.detail.scroll_offset.y > 2
        await console.press("pageup", "g")
        assert console.main.detail.scroll_offset.y == 0
        assert console.main.list.cursor_key == scene.key_of("path")


async def test_rows_far_away_are_read_when_they_are_wanted(tmp_path: Path) -> None:
    db = tmp_path / "many.db"
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    facts = tuple(
        MediaAnnounced(
            key=MediaKey(f"m-{number:04}"),
            id=MediaId(f"m-{number:04}"),
            at=Millis(scene.NOW - number),
            sent_at=Millis(scene.NOW - number * 1000),
            undownloaded=True,
        )
        for number in range(1500)
    )
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=facts))
    await writer.close()
    async with opened(db) as console:
        rows = console.main.list
        await console.press("G")
        assert (rows.cursor_row, rows.cursor_key) == (1499, "m-0000")
        await console.press("g")
        assert (rows.cursor_row, rows.cursor_key) == (0, "m-1499")
        for _ in range(60):
            await console.press("pagedown")
        assert rows.cursor_key == f"m-{1499 - rows.cursor_row:04}"
        assert rows.cursor_row == 60 * (rows.seen_rows - 1)
        await console.until(lambda: f"{rows.cursor_row + 1} of" in console.text or rows.current is not None)
