"""Marks: on the row under the cursor, on a range, on everything shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cache import queries
from console.domain.exceptions import ConsoleError
from console.ui.acts import moving
from console.ui.theme import Ink

if TYPE_CHECKING:
    from console.domain.media import MediaKey
    from console.ui.screens.main import MainScreen


async def mark(screen: MainScreen) -> None:
    """Marks the row, or takes its mark away, and steps down."""
    key = screen.current_key()
    if key is None:
        screen.say("Nothing to mark: the list is empty.")
        return
    screen.list.mark([key], on=key not in screen.list.marks)
    if screen.pane == "list":
        await moving.go(screen, screen.list.cursor_row + 1)
    screen.redraw()


async def mark_range(screen: MainScreen) -> None:
    """Remembers the row; the second time, marks everything from there to the cursor."""
    here, start = screen.current_key(), screen.list.range_from
    if here is None:
        screen.say("Nothing to mark: the list is empty.")
    elif start is None:
        screen.list.range_from = here
        screen.say("Range starts here: move, then v marks everything in between. Esc forgets it.", Ink.BUSY)
    else:
        screen.list.range_from = None
        shown = await _shown(screen)
        if start in shown and here in shown:
            first, last = sorted((shown.index(start), shown.index(here)))
            screen.list.mark(shown[first : last + 1])
            screen.say(f"{last - first + 1} marked. d downloads them, U clears the marks.")
        else:
            screen.say("The row where the range started is not shown any more: nothing was marked.", Ink.WARN)
    screen.redraw()


async def mark_all(screen: MainScreen) -> None:
    """Marks everything that the list shows."""
    shown = await _shown(screen)
    screen.list.mark(shown)
    screen.say(f"{len(shown)} marked. d downloads them, U clears the marks." if shown else "Nothing to mark.")
    screen.redraw()


async def unmark(screen: MainScreen) -> None:
    """Takes all marks away."""
    screen.say(f"{len(screen.list.marks)} marks cleared." if screen.list.marks else "Nothing is marked.")
    screen.list.marks.clear()
    screen.list.range_from = None
    screen.redraw()


async def _shown(screen: MainScreen) -> list[MediaKey]:
    setup = screen.setup
    try:
        reader = await screen.follower.reader()
        return await reader.run(queries.keys(screen.selection(), setup.window_ms, setup.now()))
    except ConsoleError as error:
        screen.show_failure(error)
        return []
