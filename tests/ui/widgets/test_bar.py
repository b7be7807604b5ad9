"""Fixed lines: as high as what they say, clicks run commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.views import View
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_click_on_a_view_opens_it(db: Path) -> None:
    async with opened(db) as console:
        column = console.text.splitlines()[1].index("4 Failed")
        await console.pilot.click("#tabs", offset=(column + 2, 0))
        await console.until(lambda: console.main.finding.view is View.FAILED)
        await console.pilot.click("#header", offset=(0, 0))
        assert console.main.finding.view is View.FAILED


async def test_a_bar_grows_with_its_lines(db: Path) -> None:
    async with opened(db) as console:
        main = console.main
        assert main.bars["message"].size.height == 1
        main.say("word " * 40)
        await console.until(lambda: main.bars["message"].size.height == 3)
        assert len(main.bars["message"].lines) == 3
        main.unsay()
        await console.until(lambda: main.bars["message"].size.height == 1)
