"""Marks: on the row under the cursor, on a range, on everything shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cache.presence import comes_first
from console.cache.reader import AsyncCacheReader
from console.cache.windows import Edge, rows_between, spot_of
from console.ui.acts import moving
from console.ui.acts.leisure import leisurely
from console.ui.commands import shown_key
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.cache.reader import Moment
    from console.domain.media import MediaKey
    from console.domain.views import Selection
    from console.ui.screens.main import MainScreen

MOST = 100_000
"""Media that a range, or all that is shown, may mark."""


async def mark(screen: MainScreen) -> None:
    """Marks the row, or takes its mark away, and steps down."""
    key = screen.current_key()
    if key is None:
        screen.say("Nothing to mark: the list is empty.")
        return
    screen.list.mark([key], on=key not in screen.list.marks)
    if screen.pane == "list":
        await moving.step(screen, lines=1)
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
        page = screen.list.page
        rows = page.find(start), page.find(here)
        if rows[0] is not None and rows[1] is not None:
            first, last = sorted((rows[0] - page.first, rows[1] - page.first))
            _marked(screen, [listed.media.key for listed in page.rows[first : last + 1]])
        else:
            leisurely(screen, _mark_between(screen, screen.selection(), start, here))
    screen.redraw()


async def mark_all(screen: MainScreen) -> None:
    """Marks everything that the list shows."""
    page = screen.list.page
    if page.whole and page.selection == screen.selection():
        _marked(screen, [listed.media.key for listed in page.rows])
    else:
        leisurely(screen, _mark_between(screen, screen.selection(), None, None))
    screen.redraw()


async def unmark(screen: MainScreen) -> None:
    """Takes all marks away."""
    screen.say(f"{len(screen.list.marks)} marks cleared." if screen.list.marks else "Nothing is marked.")
    screen.list.marks.clear()
    screen.list.range_from = None
    screen.redraw()


async def _mark_between(
    screen: MainScreen, selection: Selection, start: MediaKey | None, here: MediaKey | None
) -> None:
    """Marks what lies between two media, or everything, once it is read."""
    setup = screen.setup
    asked = selection, setup.window_ms, setup.now()

    def between(moment: Moment) -> list[MediaKey] | None:
        if start is None or here is None:
            return rows_between(moment, *asked, Edge.TOP, Edge.END, MOST + 1)
        spots = spot_of(moment, start, *asked), spot_of(moment, here, *asked)
        if spots[0] is None or spots[1] is None:
            return None
        ends = [(spots[0], start), (spots[1], here)]
        if not comes_first(*asked, spots[0], spots[1]):
            ends.reverse()
        (first, _), (last, last_key) = ends
        return [*rows_between(moment, *asked, first, last, MOST + 1), last_key]

    async with AsyncCacheReader(setup.db) as reader:
        keys = await reader.ask(between)
    if keys is None:
        screen.say("The row where the range started is not shown any more: nothing was marked.", Ink.WARN)
    elif len(keys) > MOST:
        all_shown = shown_key(setup.keys["download_all"][0])
        screen.say(
            f"Those are more than the {MOST} that can be marked: nothing was marked. "
            f"{all_shown} asks for what is shown; a view or a filter shows less.",
            Ink.WARN,
        )
    else:
        _marked(screen, keys)
    screen.redraw()


def _marked(screen: MainScreen, keys: Sequence[MediaKey]) -> None:
    screen.list.mark(keys)
    screen.say(f"{len(keys)} marked. d downloads them, U clears the marks." if keys else "Nothing to mark.")
