"""Sheets: they scroll, search, and Esc closes them without a result."""

from __future__ import annotations

from time import thread_time
from typing import TYPE_CHECKING

import pytest

from console.domain.views import Sort, View
from console.ui.screens.confirm import Confirm
from console.ui.screens.picker import Choice, Picker
from console.ui.screens.reader import Events, Raw, Value, pretty
from console.ui.screens.sheet import Sheet
from tests.ui import scene
from tests.ui.harness import Console, opened

if TYPE_CHECKING:
    from pathlib import Path


def test_json_is_pretty_and_anything_else_stays_as_it_is() -> None:
    assert pretty(b'{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'
    assert pretty(b"\xff no json") == "\ufffd no json"
    assert pretty(b"[" * 100_000).startswith("[[[")


BOMBS = {
    "small objects": b'{"messages":[' + b",".join([b"{}"] * 990_000) + b"]}",
    "deep arrays": b'{"messages":[' + b",".join([b"[" * 60 + b"]" * 60] * 1_600) + b"]}",
    "one line": b'{"a":"' + "\u6f22".encode() * 990_000 + b'"}',
    "marks": b'{"a":"' + "\u0301".encode() * 1_400_000 + b'"}',
    "breaks": b"\n" * 3_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_huge_body_is_shown_by_its_beginning_at_once(db: Path, name: str) -> None:
    async with opened(db) as console:
        sheet = Raw(console.main.drawing, "bomb", [(scene.NOW, BOMBS[name])])
        began = thread_time()
        lines = sheet.lines(90, "")
        assert thread_time() - began < 1
        assert len(lines) < 10_000
        assert lines[-2][0].text == f"(the beginning of {len(BOMBS[name])} bytes)"


async def chosen(console: Console, sheet: Picker | Confirm, *keys: str) -> str | None:
    answers: list[str | None] = []
    console.app.push_screen(sheet, answers.append)
    await console.until(lambda: console.app.screen is sheet and sheet.is_mounted)
    await console.press(*keys)
    await console.until(lambda: bool(answers))
    return answers[0]


CHOICES = [Choice("one", "the first", "1"), Choice("two", "the second", "2"), Choice("three", "third", "3")]


async def test_a_picker_takes_a_key_or_the_cursor(db: Path) -> None:
    async with opened(db) as console:
        drawing = console.main.drawing
        assert await chosen(console, Picker(drawing, "Pick", CHOICES), "2") == "two"
        assert await chosen(console, Picker(drawing, "Pick", CHOICES), "j", "j", "j", "enter") == "three"
        assert await chosen(console, Picker(drawing, "Pick", CHOICES, at="two"), "enter") == "two"
        assert await chosen(console, Picker(drawing, "Pick", CHOICES), "q") is None


async def test_a_picker_for_typing_narrows_its_list(db: Path) -> None:
    async with opened(db) as console:
        drawing = console.main.drawing
        assert (
            await chosen(console, Picker(drawing, "Find", CHOICES, typing=True), "s", "e", "c", "enter")
            == "two"
        )
        assert await chosen(console, Picker(drawing, "Find", CHOICES, typing=True), "down", "enter") == "two"
        typed = Picker(drawing, "Find", CHOICES, typing=True)
        assert await chosen(console, typed, "z", "z", "enter", "escape") is None


async def test_a_question_is_answered_by_enter_by_its_key_or_not(db: Path) -> None:
    async with opened(db) as console:
        drawing, answers = console.main.drawing, [("y", "Some"), ("a", "All")]
        assert await chosen(console, Confirm(drawing, "Ask", ["Told."], answers), "enter") == "y"
        assert await chosen(console, Confirm(drawing, "Ask", ["Told."], answers), "a") == "a"
        assert await chosen(console, Confirm(drawing, "Ask", ["Told."], answers), "n") is None
        assert await chosen(console, Confirm(drawing, "Ask", ["Told."], answers), "x", "escape") is None


async def test_sheets_to_read_show_strangers_text_and_do_nothing_with_it(db: Path) -> None:
    hostile = "[@click=app.quit]x[/] \x1b]0;t\x07 \u202e"
    async with opened(db) as console:
        drawing = console.main.drawing
        sheets = (
            Raw(drawing, hostile, [(scene.NOW, hostile.encode())]),
            Value(drawing, hostile, hostile),
            Raw(drawing, "nothing", []),
            Events(drawing, [], scene.NOW, absolute=True),
        )
        for sheet in sheets:
            console.app.push_screen(sheet)
            await console.until(
                lambda: isinstance(console.app.screen, Sheet) and bool(console.app.screen.view.lines)
            )
            assert not set(console.text) & set("\x1b\x07\u202e")
            await console.press("j", "k", "escape")
            await console.until(lambda: console.app.screen is console.main)
        assert not console.app._exit


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("s", ("enter", "enter")),
        ("?", ("q", "q")),
        ("?", ("escape", "q")),
        ("y", ("i", "i")),
        ("e", ("q", "q")),
        ("J", ("enter", "enter", "enter")),
        ("D", ("n", "q")),
        ("D", ("escape", "escape", "q")),
        ("ctrl+p", ("escape", "d")),
    ],
)
async def test_keys_that_arrive_together_close_a_sheet_once_and_do_no_more(
    db: Path, opening: str, closing: tuple[str, ...]
) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("path"))
        await console.press(opening)
        await console.until(lambda: isinstance(console.app.screen, Sheet) and console.app.screen.painted)
        await console.at_once(*closing)
        await console.until(lambda: console.app.screen is console.main)
        await console.settled()
        assert console.app.screen is console.main
        assert not console.app._exit
        assert (console.main.pane, console.orders()) == ("list", [])


async def test_a_key_that_comes_while_a_sheet_opens_is_for_the_sheet(db: Path) -> None:
    async with opened(db) as console:
        await console.at_once("s", "5")
        await console.until(lambda: console.main.finding.sort is Sort.FROM)
        assert console.main.finding.view is View.ALL
        await console.at_once("?", "?", "q", "q")
        await console.until(lambda: console.app.screen is console.main)
        await console.settled()
        assert not console.app._exit


async def test_a_question_that_nobody_has_read_is_not_answered(db: Path) -> None:
    async with opened(db) as console:
        await console.at_once("D", "enter", "y")
        await console.shows("Download all shown")
        assert not console.orders()
        await console.press("enter")
        await console.until(lambda: bool(console.orders()))


async def test_a_sheet_that_was_closed_gives_the_next_key_to_the_list(db: Path) -> None:
    async with opened(db) as console:
        await console.press("?", "q", "j")
        assert console.main.list.cursor_row == 1
