"""Hostile text on the screen: nothing of it commands the terminal, moves a column or runs a command."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from time import thread_time
from typing import TYPE_CHECKING

import pyte
import pytest

from console.ui.widgets.bar import Run
from tests.cli.world import fill
from tests.faults.hostile import announcing, message
from tests.faults.hostile_scene import MEDIA, SHOWN, clean_scene, hostile_scene
from tests.faults.screens import COLUMNS, ROWS, Shown, copied, foreign, shown, together
from tests.ui.harness import Console, opened
from tests.ui.terminal import Apart, Selecting, Together

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from textual.message import Message

PAGING = ("J", "\x1b[6~", "q", "e", "\x1b[6~", "q", "y", "c", "?", "q", ":", "\x03")
"""Raw bodies, events, the copy menu, a copied caption, help and palette."""
PASTE = "/", "\x1b[200~state:x\x1b[2J\x9b31m\u202e\u200b\x07\u2028\x1b[201~", "\r", "\x03"


def both(tmp_path: Path, keys: Sequence[str]) -> tuple[Shown, Shown]:
    """The same keys over hostile and over clean media, at the same time."""
    hostile, clean = tmp_path / "hostile.db", tmp_path / "clean.db"
    hostile_scene(hostile)
    clean_scene(clean)
    told, plain = together((hostile, clean), keys)
    return told, plain


@pytest.mark.timeout(60)
def test_t23_no_byte_of_a_stranger_reaches_the_terminal(tmp_path: Path) -> None:
    told, plain = both(tmp_path, [*["j"] * SHOWN, *PAGING, *PASTE])
    assert foreign(told, plain) == set()
    assert "\x1b]0;" not in told.output  # the window's title
    assert "\x1b]2;" not in told.output
    assert len(copied(told)) == 1
    assert copied(told)[0].isprintable()


@pytest.mark.parametrize(
    "kind",
    [
        pyte.Screen,
        Apart,
        pytest.param(Together, marks=pytest.mark.slow),
        pytest.param(Selecting, marks=pytest.mark.slow),
    ],
)
def test_t23_every_column_stays_in_its_place_on_terminals_of_all_kinds(
    tmp_path: Path, kind: type[pyte.Screen]
) -> None:
    db = tmp_path / "hostile.db"
    hostile_scene(db)
    heading, *rows = shown(db, ["j"], kind(COLUMNS, ROWS)).pictures[0][3 : 4 + MEDIA]
    border, kind_at, due_at = heading.index("\u2502"), heading.index("TYPE"), heading.index("DUE") - 8
    assert {row[border] for row in rows} == {"\u2502"}
    assert {row[kind_at : kind_at + 9] for row in rows} == {"image    "}
    assert len({row[due_at:border] for row in rows}) == 1  # one message time, one SENTINEL


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_t23_no_byte_of_a_stranger_reaches_it_from_any_media(tmp_path: Path) -> None:
    details = ["\r", *["\x1b[6~"] * 3, "\x1b", "J", "\x1b[6~", "q", "y", "r", "\x1b[6~", "q", "j"]
    told, plain = both(tmp_path, [*details * (MEDIA // 2), "t", *PAGING, "S", "s", "4", *PASTE])
    assert foreign(told, plain) == set()


@asynccontextmanager
async def spied(db: Path) -> AsyncIterator[tuple[Console, list[str]]]:
    """The screen over hostile media, and the commands that clicks asked for."""
    asked: list[str] = []

    def hear(message: Message) -> None:
        if isinstance(message, Run):
            asked.append(message.command)

    await asyncio.to_thread(hostile_scene, db)
    async with opened(db, size=(COLUMNS, ROWS), hook=hear) as console:
        await console.settled()
        yield console, asked


def is_inert(console: Console) -> bool:
    """Whether no text on the screen is a link, or an action that a click would run."""
    styles = [segment.style for row in console.rows for segment in row if segment.style is not None]
    return not any(style.link or "@click" in style.meta for style in styles)


async def test_t24_a_click_on_hostile_text_runs_nothing(tmp_path: Path) -> None:
    async with spied(tmp_path / "hostile.db") as (console, asked):
        main = console.main
        for row in range(4, 4 + MEDIA, 9):
            for column in (30, 50):  # sender, name
                assert await console.pilot.click(offset=(column, row))
            await console.pilot.click(offset=(112, 2 + row))
        assert is_inert(console)
        assert asked == []
        assert main.list.cursor_row == 36
        assert (console.app.screen, main.pane, main.said) == (main, "list", None)
        assert console.app.clipboard == ""
        assert console.orders() == []
        await console.pilot.click(offset=(30, ROWS - 2))
        assert set(asked) <= {"events"}  # the newest failure leads to the events, whatever it says


@pytest.mark.slow
async def test_t24_enter_opens_hostile_media_and_their_sheets_run_nothing(tmp_path: Path) -> None:
    async with spied(tmp_path / "hostile.db") as (console, asked):
        for _ in range(SHOWN):
            await console.press("enter")
            assert console.main.pane == "detail"
            await console.press("escape", "down")
        assert is_inert(console)
        for key in ("J", "e", "y"):
            await console.press(key)
            await console.until(lambda: console.app.screen is not console.main)
            sheet = console.app.screen
            for row in range(10, 40, 15):
                await console.pilot.click(offset=(60, row))
            assert console.app.screen is sheet
            assert is_inert(console)
            await console.press("escape")
            await console.until(lambda: console.app.screen is console.main)
        assert asked == []
        assert console.orders() == []


async def test_a_media_with_a_flood_of_facts_is_shown_at_once(tmp_path: Path) -> None:
    db = tmp_path / "media.db"
    flood = announcing(*(message("flooded", id=f"m{number}") for number in range(5_000)))
    await asyncio.to_thread(fill, db, flood)
    async with opened(db, size=(COLUMNS, ROWS)) as console:
        await console.shows("the newest 300")
        began = thread_time()
        for _ in range(5):
            console.main.redraw()
        assert thread_time() - began < 1
