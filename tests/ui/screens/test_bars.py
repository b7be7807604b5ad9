"""The fixed lines follow the screen: what they say where, and what they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cache.writer import CacheWriter
from console.domain.media import Millis
from console.domain.standing import Level, Notice
from console.ui.screens.bars import DRAWN
from console.ui.screens.main import SAID
from tests.ui import scene
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_every_bar_is_drawn_and_fits(db: Path) -> None:
    async with opened(db) as console:
        assert set(console.main.bars) == set(DRAWN)
        for draw in DRAWN.values():
            assert all(isinstance(line, tuple) for line in draw(console.main, 80))


async def test_the_footer_and_the_head_follow_the_pane(db: Path) -> None:
    async with opened(db) as console:
        assert "enter open" in console.text
        await console.press("enter")
        await console.shows("J raw JSON")
        await console.shows("1 of 30")
        await console.press("escape", "/")
        await console.shows("enter keep")


async def test_the_two_lines_below_the_list_follow_the_cursor(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("gone"))
        await console.shows("400 Media download error: Before the deadline")
        await console.press("/")
        await console.type("zebra")
        await console.until(lambda: "Before the deadline" not in console.text)


async def tell(db: Path, ago: int, level: Level, text: str) -> None:
    """A service writes a notice, so many milliseconds before the moment of the scene."""
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    try:
        await writer.write_notice(
            Notice(at=Millis(scene.NOW - ago), level=level, source="service", text=text)
        )
    finally:
        await writer.close()


async def test_what_was_said_gives_way_to_the_newest_event(db: Path) -> None:
    opened_at = Millis(scene.NOW - 50_000)
    async with opened(db, now=lambda: opened_at) as console:
        await console.press("t")
        await console.shows("Absolute times, UTC.")
        await tell(db, 45_000, Level.ERROR, "The API cannot be reached.")
        console.main.said_until -= SAID
        console.main.tick()
        await console.shows("✗ The API cannot be reached.")
        await console.shows("e 5 errors, 1 warning")
        await tell(db, 5_000, Level.INFO, "The API answers again, after 40s.")
        await console.shows(" The API answers again, after 40s.")
        await console.shows("e 5 errors, 1 warning")
        await console.press("e")
        await console.shows("The API cannot be reached.")
        await console.press("q")
        await console.until(lambda: "The API" not in console.text)


async def test_what_happened_before_the_console_was_opened_is_counted_but_no_news(db: Path) -> None:
    await tell(db, 1_000, Level.ERROR, "The API cannot be reached.")
    async with opened(db) as console:
        await console.shows("e 5 errors, 1 warning")
        assert "The API cannot be reached." not in console.text
        await console.press("e")
        await console.shows("The API cannot be reached.")


async def test_reading_that_takes_long_is_said(db: Path) -> None:
    async with opened(db) as console:
        console.main.show_waiting(True)
        await console.shows("Reading the cache")
        console.main.show_waiting(False)
        await console.until(lambda: "Reading the cache" not in console.text)
