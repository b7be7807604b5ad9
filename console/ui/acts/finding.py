"""Finding: views, filter, order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.views import Sort, View
from console.ui.commands import BY_ID
from console.ui.theme import Ink

if TYPE_CHECKING:
    from textual import events

    from console.domain.views import Selection
    from console.ui.screens.main import MainScreen


async def open_view(screen: MainScreen, *, view: View) -> None:
    """Opens a view."""
    if screen.finding.go(view):
        await screen.reload()


async def view_back(screen: MainScreen) -> None:
    """Opens the view that was open before."""
    if screen.finding.previous is None:
        screen.say("There is no previous view yet.")
    else:
        await open_view(screen, view=screen.finding.previous)


async def edit(screen: MainScreen) -> None:
    """Starts typing the filter."""
    screen.focus_pane("list")
    screen.finding.edit()
    screen.redraw()


async def typed(screen: MainScreen, event: events.Key) -> None:
    """Takes a key while the filter is typed."""
    finding, editor, before = screen.finding, screen.finding.editor, screen.finding.selection
    if editor is None:
        return
    if event.key == "enter":
        finding.keep()
        await screen.reload()
        return
    if event.key in ("escape", "ctrl+c"):
        finding.clear()
        await screen.reload()
        return
    if event.key in ("up", "down"):
        finding.recall(-1 if event.key == "up" else 1)
    elif editor.key(event.key, event.character):
        finding.typed()
    search(screen, before)


def search(screen: MainScreen, before: Selection) -> None:
    """Shows what is typed, and looks for it if that is another selection than before."""
    if screen.finding.selection != before:
        screen.follower.search()
    screen.redraw()


async def toggle(screen: MainScreen) -> None:
    """Switches the filter off or on, without losing it."""
    finding = screen.finding
    if not finding.text:
        screen.say("There is no filter to switch. / starts one.")
        return
    finding.on = not finding.on
    await screen.reload()


async def sort(screen: MainScreen) -> None:
    """Opens the choice of orders."""
    from console.ui.screens.picker import Choice, Picker

    choices = [Choice(each.value, _SORTS[each], key=str(index)) for index, each in enumerate(Sort, 1)]

    async def chosen(name: str | None) -> None:
        if name is not None:
            screen.finding.sort = Sort(name)
            await screen.reload()

    screen.app.push_screen(Picker(screen.drawing, "Sort by", choices, at=screen.finding.sort.value), chosen)


_SORTS = {
    Sort.DUE: "the most urgent first",
    Sort.RECEIVED: "the newest webhook first",
    Sort.SENT: "the newest message first",
    Sort.SIZE: "the largest file first",
    Sort.FROM: "by sender",
    Sort.TYPE: "by type",
    Sort.STATE: "by state",
}


async def reverse(screen: MainScreen) -> None:
    """Turns the order round."""
    screen.finding.reverse = not screen.finding.reverse
    await screen.reload()
    screen.say(
        f"{BY_ID['sort_reverse'].label.capitalize()}d: the order is turned round."
        if screen.finding.reverse
        else "The order is as usual again.",
        Ink.PLAIN,
    )
