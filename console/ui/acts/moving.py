"""Moving: the cursor in the list, the lines in the detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.ui.screens.main import MainScreen


async def step(screen: MainScreen, *, lines: int) -> None:
    """A row or a line down (or up)."""
    if screen.pane == "detail":
        screen.detail.step(lines)
    else:
        await go(screen, screen.list.cursor_row + lines)


async def page(screen: MainScreen, *, pages: int) -> None:
    """A page down (or up)."""
    if screen.pane == "detail":
        screen.detail.step(pages * screen.detail.page)
    else:
        await go(screen, screen.list.cursor_row + pages * max(1, screen.list.seen_rows - 1))


async def top(screen: MainScreen) -> None:
    """To the first row or line."""
    if screen.pane == "detail":
        screen.detail.step(-len(screen.detail.lines))
    else:
        await go(screen, 0)


async def bottom(screen: MainScreen) -> None:
    """To the last row or line."""
    if screen.pane == "detail":
        screen.detail.step(len(screen.detail.lines))
    else:
        await go(screen, screen.list.page.total - 1)


async def go(screen: MainScreen, row: int) -> None:
    """Puts the cursor on a row, reading it first where it was not read yet."""
    if screen.list.cursor_to(row):
        return
    found = await screen.follower.page(screen.list.aim(row))
    if found is not None:
        screen.list.land(found, row)
