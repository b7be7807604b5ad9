"""What is seen at which size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.geometry import Size

from console.ui.screens.panes import is_small
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("size", "small"), [((60, 15), False), ((59, 15), True), ((60, 14), True), ((300, 100), False)]
)
def test_a_terminal_is_too_small_below_sixty_by_fifteen(size: tuple[int, int], small: bool) -> None:
    assert is_small(Size(*size)) is small


@pytest.mark.parametrize(
    ("size", "beside", "summary"),
    [((120, 24), True, False), ((119, 24), False, True), ((80, 19), False, False)],
)
async def test_the_detail_stands_beside_the_list_or_two_lines_below_it(
    db: Path, size: tuple[int, int], beside: bool, summary: bool
) -> None:
    async with opened(db, size=size) as console:
        assert console.main.query_one("#right").display is beside
        assert console.main.bars["summary"].display is summary
        await console.press("z")
        assert not console.main.query_one("#right").display
