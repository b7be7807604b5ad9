from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Paste

from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_key_of_the_packet_that_opened_a_sheet_is_for_the_sheet(db: Path) -> None:
    async with opened(db) as console:
        await console.at_once("?", "/", "z")
        await console.shows("Help")
        await console.until(lambda: not console.main.zoomed)
        assert console.main.finding.editor is None


async def test_a_key_of_the_packet_that_closed_a_sheet_is_for_nobody(db: Path) -> None:
    async with opened(db) as console:
        await console.press("?")
        await console.shows("Help")
        await console.at_once("q", "z")
        await console.until(lambda: console.app.screen is console.main)
        await console.pilot.pause(0.1)
        assert not console.main.zoomed
        await console.press("z")
        await console.until(lambda: console.main.zoomed)


async def test_letters_are_typed_into_an_open_filter_and_commands_again_after_it(db: Path) -> None:
    async with opened(db) as console:
        await console.press("/", "z", "enter")
        await console.until(lambda: console.main.finding.text == "z")
        await console.press("z")
        await console.until(lambda: console.main.zoomed)


async def test_a_paste_goes_nowhere_where_no_filter_is_open(db: Path) -> None:
    async with opened(db) as console:
        console.app.post_message(Paste("leak"))
        await console.pilot.pause(0.1)
        assert console.main.finding.text == ""
