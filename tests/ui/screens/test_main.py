"""The main screen as a whole: sizes, signs, no colour, keys of one's own, caches that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.cache.writer import CacheWriter
from console.domain.reading import Reading
from console.domain.views import View
from tests.ui import scene
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (119, 30), (120, 30), (140, 40), (300, 100)])
async def test_every_size_shows_the_list_and_the_keys(db: Path, size: tuple[int, int]) -> None:
    async with opened(db, size=size) as console:
        lines = console.text.splitlines()
        assert len(lines) == size[1]
        assert all(len(line) <= size[0] for line in lines)
        assert "Amara" in console.text
        assert lines[-1].startswith(" ? help")
        assert lines[-1].endswith("q quit")
        assert ("DETAIL" in console.text) == (size[0] >= 120)


async def test_a_small_terminal_asks_for_room_and_a_larger_one_gets_the_list_again(db: Path) -> None:
    async with opened(db, size=(59, 14)) as console:
        await console.shows("Make the terminal at least 60x15")
        assert "Amara" not in console.text
        for size in ((1, 1), (300, 100), (80, 24)):
            await console.pilot.resize_terminal(*size)
            await console.pilot.pause(0)
        await console.shows("Amara Okafor")
        assert "Make the terminal" not in console.text


async def test_the_cursor_stays_on_its_media_when_the_size_changes(db: Path) -> None:
    async with opened(db) as console:
        await console.press("G", "k")
        key = console.main.list.cursor_key
        for size in ((140, 40), (80, 16), (80, 24)):
            await console.pilot.resize_terminal(*size)
            await console.pilot.pause(0)
        assert console.main.list.cursor_key == key
        await console.until(lambda: any(line.startswith(">") for line in console.text.splitlines()))


async def test_ascii_signs_leave_nothing_else(tmp_path: Path) -> None:
    db = tmp_path / "plain.db"
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    plain = [number for number, line in enumerate(scene.LINES) if str(line).isascii()]
    facts = tuple(scene.announced(number, scene.LINES[number]) for number in plain)
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=facts))
    await writer.write_standing(scene.STANDING)
    await writer.close()
    for size in ((80, 24), (140, 40)):
        async with opened(db, ascii=True, size=size) as console:
            await console.shows("connected")
            assert console.text.isascii()
            await console.press("?")
            await console.shows("Help")
            assert console.text.isascii()


async def test_without_colour_everything_reads_the_same(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(db) as console:
        await console.settled()
        coloured = console.text
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(db) as console:
        await console.settled()
        assert console.text == coloured
        colours = {
            segment.style.color for row in console.rows for segment in row if segment.style is not None
        }
        assert all(colour is None or colour.is_default for colour in colours)


@pytest.mark.parametrize("theme", ["light", "ansi", "contrast-dark", "contrast-light"])
async def test_every_theme_draws(db: Path, theme: str) -> None:
    async with opened(db, theme=theme) as console:
        assert "Amara Okafor" in console.text
        await console.press("?")
        await console.shows("Help")


async def test_the_operators_keys_work_and_are_shown(db: Path) -> None:
    async with opened(db, keys={"download": "x", "down": "n"}) as console:
        await console.press("n")
        assert console.main.list.cursor_row == 1
        await console.press("d")
        assert not console.orders()
        await console.press("g", "x")
        await console.until(lambda: len(console.orders()) == 1)
        assert "x download" in console.text


async def test_a_console_without_a_cache_waits_for_one(tmp_path: Path) -> None:
    db = tmp_path / "later.db"
    async with opened(db, filled=False) as console:
        await console.shows("No media yet.")
        await scene.build(db)
        await console.shows("Amara Okafor")


async def test_a_file_that_is_no_cache_is_a_line_that_stays(tmp_path: Path) -> None:
    db = tmp_path / "broken.db"
    db.write_bytes(b"this is no database" * 1000)
    async with opened(db, filled=False) as console:
        await console.shows("✗ The cache")
        await console.until(lambda: "broken.db" in "".join(console.text.split()))
        db.unlink()
        await scene.build(db)
        await console.shows("Amara Okafor")
        await console.until(lambda: "no database" not in console.text)


async def test_a_pasted_filter_takes_its_first_line(db: Path) -> None:
    from textual.events import Paste

    async with opened(db) as console:
        await console.press("/")
        console.app.post_message(Paste("leak\nQQQ"))
        await console.until(lambda: console.main.finding.text == "leak")
        await console.until(lambda: console.main.list.page.total == 1)


async def test_keys_rest_where_no_row_is_seen(db: Path) -> None:
    async with opened(db) as console:
        await console.press("4")
        await console.pilot.resize_terminal(59, 24)
        await console.shows("Make the terminal at least 60x15")
        before = console.main.list.cursor_key
        await console.press("d", "r", "D", "y", "j", "space", "1", "enter", "/", "x")
        assert (console.orders(), console.main.list.cursor_key) == ([], before)
        assert (console.main.finding.view, console.main.finding.editor) == (View.FAILED, None)
        assert (console.main.pane, console.main.list.marks) == ("list", {})
        assert console.app.screen is console.main
        await console.press("?")
        await console.shows("Help")
        await console.press("q")
        await console.until(lambda: console.app.screen is console.main)
        await console.press("Q")
        await console.until(lambda: console.app._exit)


@pytest.mark.parametrize("key", ["Q", "ctrl+c"])
async def test_a_terminal_that_is_too_small_can_be_left(db: Path, key: str) -> None:
    async with opened(db) as console:
        await console.press("enter")
        await console.pilot.resize_terminal(80, 14)
        await console.shows("Make the terminal at least 60x15")
        await console.press(key)
        await console.until(lambda: console.app._exit)


async def test_a_filter_is_not_typed_where_it_is_not_seen(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/", "l")
        await console.pilot.resize_terminal(59, 14)
        await console.shows("Make the terminal at least 60x15")
        await console.press("q", "Q", "enter")
        assert not console.app._exit
        await console.pilot.resize_terminal(80, 24)
        await console.shows("/ l")
        await console.press("e")
        await console.until(lambda: console.main.finding.text == "le")
