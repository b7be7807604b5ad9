"""What becomes of the keys that reach the main screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Key

from console.clock import monotonic
from console.ui.acts.finding import typed
from console.ui.commands import by_key

if TYPE_CHECKING:
    from textual.events import Paste

    from console.ui.screens.main import MainScreen


class Keyboard:
    """Tells for each key whether it is a command, a letter of the filter, or meant for a sheet.

    Keys come in packets, so one may have been on its way to what the one before it opened or closed.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._by_key = by_key(screen.setup.keys)
        self._covered = False
        self._uncovered_at = 0.0

    def covered(self) -> None:
        """A sheet lies over the screen now."""
        self._covered = True

    def uncovered(self) -> None:
        """It has closed."""
        if self._covered:
            self._covered, self._uncovered_at = False, monotonic()

    async def pressed(self, event: Key) -> None:
        """Carries out a key."""
        screen = self._screen
        if event.time <= self._uncovered_at:
            return  # meant for the sheet that has closed since
        if screen.app.screen is not screen:
            self._pass_on(event)
        elif screen.finding.editor is None or (screen.small and not event.is_printable):
            await self._command(event)
        elif not screen.small:
            await typed(screen, event)

    def pasted(self, event: Paste) -> None:
        """Takes a text into the filter, where that is written and seen."""
        screen = self._screen
        if screen.finding.editor is not None and not screen.small:
            event.stop()
            screen.finding.editor.insert(event.text)
            screen.finding.typed()
            screen.follower.changed()
            screen.redraw()

    async def _command(self, event: Key) -> None:
        name = self._by_key.get(event.key) or self._by_key.get(event.character or "")
        if name is not None:
            await self._screen.run(name)

    def _pass_on(self, event: Key) -> None:
        """Gives a key that came in while a sheet opened to that sheet."""
        again = Key(event.key, event.character)
        again.time = event.time
        self._screen.app.screen.post_message(again)
