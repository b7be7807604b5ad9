"""What becomes of the keys that reach the main screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.events import Key

from console.clock import monotonic
from console.ui.acts.finding import search, typed
from console.ui.commands import by_key
from console.ui.screens.sheet import Sheet

if TYPE_CHECKING:
    from textual.events import Paste
    from textual.screen import Screen

    from console.ui.screens.main import MainScreen

REPEATED: Final = 0.02
"""Seconds within which the key that closed a sheet came twice on one way, however a terminal parts it."""


class Keyboard:
    """Tells for each key whether it is a command, a letter of the filter, or meant for a sheet.

    Keys come in packets, so one may have been on its way to what the one before it opened or closed.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._by_key = by_key(screen.setup.keys)
        self._cover: Screen[Any] | None = None
        self._uncovered_at = 0.0
        self._closing_key = ""

    def covered(self) -> None:
        """A sheet lies over the screen now."""
        self._cover = self._screen.app.screen

    def uncovered(self) -> None:
        """It has closed; what was typed after the key that closed it is meant for the screen."""
        cover, self._cover = self._cover, None
        if isinstance(cover, Sheet) and cover.closed_at is not None:
            self._uncovered_at, self._closing_key = cover.closed_at, cover.last_key
        elif cover is not None:
            self._uncovered_at, self._closing_key = monotonic(), ""

    async def pressed(self, event: Key) -> None:
        """Carries out a key."""
        screen = self._screen
        # Esc goes back one level a press, however fast.
        repeated = REPEATED if event.key == self._closing_key != "escape" else 0
        if event.time <= self._uncovered_at + repeated:
            return  # meant for the sheet that has closed since
        if screen.app.screen is not screen:
            self._pass_on(event)
        elif self._name_of(event) == "redraw" and not event.is_printable:
            await screen.run("redraw")
        elif screen.finding.editor is None or (screen.small and not event.is_printable):
            await self._command(event)
        elif not screen.small:
            await typed(screen, event)

    def pasted(self, event: Paste) -> None:
        """Takes a text into the filter, where that is written and seen."""
        screen = self._screen
        if screen.finding.editor is not None and not screen.small:
            event.stop()
            before = screen.finding.selection
            screen.finding.editor.insert(event.text)
            screen.finding.typed()
            search(screen, before)

    async def _command(self, event: Key) -> None:
        name = self._name_of(event)
        if name is not None:
            await self._screen.run(name)

    def _name_of(self, event: Key) -> str | None:
        return self._by_key.get(event.key) or self._by_key.get(event.character or "")

    def _pass_on(self, event: Key) -> None:
        """Gives a key that came in while a sheet opened to that sheet."""
        again = Key(event.key, event.character)
        again.time = event.time
        self._screen.app.screen.post_message(again)
