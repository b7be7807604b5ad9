"""Runs the screen on a cache, presses keys, and reads what stands on it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from textual import events
from textual._compositor import LayoutUpdate
from textual.keys import _character_to_key, key_to_character

from console.cache.inbox import Inbox
from console.clock import Now, monotonic
from console.ui.app import ConsoleApp
from console.ui.commands import key_map
from console.ui.host import Host, Viewer
from console.ui.setup import Setup
from tests.ui import scene

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from rich.segment import Segment
    from textual.message import Message
    from textual.pilot import Pilot

    from console.domain.media import MediaKey
    from console.domain.orders import Order
    from console.ui.screens.main import MainScreen

PATIENCE = 12.0
"""Seconds that a state is waited for."""


class Console:
    """A running screen under test."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[int], db: Path) -> None:
        self.app = app
        self.pilot = pilot
        self.db = db

    @property
    def main(self) -> MainScreen:
        """The main screen."""
        return self.app.main

    @property
    def rows(self) -> list[list[Segment]]:
        """The terminal, row by row, as it is drawn."""
        drawn = self.app.screen._compositor.render_update(
            full=True, screen_stack=self.app._background_screens
        )
        assert isinstance(drawn, LayoutUpdate)
        return [[segment for strip in row for segment in strip] for row in drawn.strips]

    @property
    def text(self) -> str:
        """Everything on the terminal, one line a row."""
        return "\n".join("".join(segment.text for segment in row).rstrip() for row in self.rows)

    async def settled(self) -> None:
        """Waits until the cache was read to its end and nothing changes any more."""
        seen = ""
        while not seen.strip() or seen != self.text:
            seen = self.text
            await self.pilot.pause(0.15)

    async def press(self, *keys: str) -> None:
        """Presses keys one after the other; each sees what the one before it brought."""
        for key in keys:
            self.post(key)
            await self.pilot.pause(0)
            await self.pilot.pause(0)
            if self.app.is_running:  # on a busy machine the rows that a key wants may come after its answer
                await self.main.follower.readings["rows"].done(PATIENCE)
            await self.pilot.pause(0)

    async def at_once(self, *keys: str) -> None:
        """Presses keys that arrive together, as in one packet."""
        for key in keys:
            self.post(key)
        for _ in keys:
            await self.pilot.pause(0)

    def post(self, key: str) -> None:
        """Sends a key and waits for nothing."""
        single = len(key) == 1
        name = _character_to_key(key) if single else key
        self.app.post_message(events.Key(name, key if single else key_to_character(name)))

    async def type(self, text: str) -> None:
        """Types text letter by letter."""
        for letter in text:
            await self.press(letter)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits until something holds; fails with the screen in the message after `PATIENCE`."""
        end = monotonic() + PATIENCE
        while not holds():
            if monotonic() > end:
                raise AssertionError(f"it never came to hold; the screen says:\n{self.text}")
            await self.pilot.pause(0.01)
        await self.pilot.pause(0)

    async def shows(self, text: str) -> None:
        """Waits until a text is on the screen."""
        await self.until(lambda: text in self.text)

    async def on(self, key: MediaKey) -> None:
        """Moves the cursor to a media, as a click on its row would."""
        row = self.main.list.page.find(key)
        assert row is not None, f"{key} is not in the list"
        self.main.list.cursor_to(row)
        await self.pilot.pause(0)

    def orders(self) -> list[Order]:
        """What lies in the inbox."""
        with Inbox(self.db) as inbox:
            return inbox.waiting(10_000)


@asynccontextmanager
async def opened(
    db: Path,
    *,
    size: tuple[int, int] = (80, 24),
    now: Now = lambda: scene.NOW,
    host: Host | None = None,
    keys: Mapping[str, str] | None = None,
    theme: str = "dark",
    ascii: bool = False,
    filled: bool = True,
    hook: Callable[[Message], None] | None = None,
    kind: type[ConsoleApp] = ConsoleApp,
) -> AsyncIterator[Console]:
    """Opens the screen on a cache and waits for its first list; `hook` sees every message in it."""
    setup = Setup(
        db=db,
        now=now,
        host=host if host is not None else Viewer(),
        operator="kim",
        keys=key_map(keys or {}),
        theme=theme,
        ascii=ascii,
    )
    app = kind(setup)
    async with app.run_test(size=size, message_hook=hook) as pilot:
        console = Console(app, pilot, db)
        if filled:
            await console.until(lambda: app.main.list.page.total > 0)
        else:
            await console.until(lambda: app.main.was_read or app.main.trouble is not None)
        yield console
