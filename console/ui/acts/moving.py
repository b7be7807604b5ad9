"""Moving: the cursor in the list, the lines in the detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cache.windows import Edge

if TYPE_CHECKING:
    from console.ui.listing import Place
    from console.ui.screens.main import MainScreen


async def step(screen: MainScreen, *, lines: int) -> None:
    """A row or a line down (or up)."""
    if screen.pane == "detail":
        screen.detail.step(lines)
    else:
        await go(screen, screen.list.step(lines))


async def page(screen: MainScreen, *, pages: int) -> None:
    """A page down (or up)."""
    if screen.pane == "detail":
        screen.detail.step(pages * screen.detail.page)
    else:
        await go(screen, screen.list.step(pages * max(1, screen.list.seen_rows - 1)))


async def top(screen: MainScreen) -> None:
    """To the first row or line."""
    if screen.pane == "detail":
        screen.detail.step(-len(screen.detail.lines))
    else:
        await go(screen, screen.list.to_edge(Edge.TOP))


async def bottom(screen: MainScreen) -> None:
    """To the last row or line."""
    if screen.pane == "detail":
        screen.detail.step(len(screen.detail.lines))
    else:
        await go(screen, screen.list.to_edge(Edge.END))


async def follow(screen: MainScreen) -> None:
    """Stays at the newest end from now on, or no more."""
    if screen.list.following:
        screen.list.pause()
        screen.say("Follow is off: the list stays where it is.")
    else:
        await go(screen, screen.list.to_edge(screen.list.newest, follow=True))
        screen.say("Follow is on: the list stays at its newest end until the cursor is moved.")
    screen.redraw()


async def go(screen: MainScreen, place: Place | None) -> None:
    """Reads the rows at a place that the cursor is to go to, if there is one to read."""
    if place is not None:
        await screen.reload(place)
        screen.follower.moved()
