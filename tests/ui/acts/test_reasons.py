"""Why a key cannot work now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.ui.acts.reasons import dimmed, unseen, why_not
from console.ui.commands import FOOTERS
from console.ui.host import Viewer
from tests.ui import scene
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_key_that_cannot_work_is_dimmed_and_answers_with_the_reason(db: Path) -> None:
    async with opened(db, host=Viewer("pid 4121")) as console:
        main = console.main
        await console.on(scene.key_of("stored"))
        assert "retry" in dimmed(main, FOOTERS["list"])
        assert why_not(main, "download") is None
        await console.on(scene.key_of("noid"))
        assert "ask the sender" in (why_not(main, "download") or "")
        await console.on(scene.key_of("requested"))
        assert "asked for already" in (why_not(main, "retry") or "")
        assert why_not(main, "listener") == "This console only views: the service runs in pid 4121."


async def test_marks_make_it_work_whatever_is_under_the_cursor(db: Path) -> None:
    async with opened(db) as console:
        await console.on(scene.key_of("path"))
        await console.press("space")
        await console.on(scene.key_of("noid"))
        assert why_not(console.main, "download") is None


async def test_an_empty_list_says_so(tmp_path: Path) -> None:
    db = tmp_path / "empty.db"
    await scene.build_empty(db)
    async with opened(db, filled=False) as console:
        for key in ("d", "r", "y", "enter", "J"):
            console.main.unsay()
            await console.press(key)
            await console.shows("There is no row here: the list is empty.")
        await console.press("D")
        await console.shows("The list shows nothing to ask for.")


async def test_rows_of_another_selection_are_not_acted_on(db: Path) -> None:
    async with opened(db) as console:
        main = console.main
        assert unseen(main, "download") is None
        main.finding.reverse = True
        assert unseen(main, "download") == "The list has just changed: press d again."
        main.finding.reverse = False
        assert unseen(main, "download") is None
