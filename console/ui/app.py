"""The Textual app: themes, colours, signals and the end; everything else is in the screens."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.scrollbar import ScrollBar, ScrollBarRender

from console.ui import glyphs, theme
from console.ui.screens.main import MainScreen
from console.ui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from textual.screen import Screen

    from console.ui.setup import Setup

_log = logging.getLogger(__name__)

CRASHED = 1


class WholeCells(ScrollBarRender):
    """A scroll bar of whole cells, where block characters are not to be had."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class ConsoleApp(App[int], inherit_bindings=False):
    """The console's screen for one cache."""

    TITLE = "Media Console"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    ALLOW_SELECT = False
    CSS = "Screen { color: $foreground; } MainScreen { background: $background; }"

    def __init__(self, setup: Setup) -> None:
        """Builds the screen; nothing is read and nothing started before it runs.

        Raises:
            FixSetting: there is no theme of that name.
        """
        colour = "NO_COLOR" not in os.environ
        name = setup.theme if colour else "ansi"
        inks = theme.inks(setup.theme, colour=colour)
        # Textual prints black on black where a terminal without colour gets its ANSI theme later.
        super().__init__(ansi_color=True if theme.THEMES[name].ansi else None)
        for each in theme.THEMES.values():
            self.register_theme(each)
        self.theme = theme.THEMES[name].name
        self.animation_level = "none"
        self.setup = setup
        encoding = getattr(sys.__stdout__, "encoding", None)
        self.drawing = Drawing(inks, glyphs.choose(setup.ascii, os.environ, encoding))
        ScrollBar.renderer = WholeCells if self.drawing.glyphs.ascii else ScrollBarRender
        self.main = MainScreen(setup, self.drawing)

    def get_default_screen(self) -> Screen[None]:
        return self.main

    def on_mount(self) -> None:
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self.exit, 128 + number)
        self.call_after_refresh(self.setup.host.start)

    def _fatal_error(self) -> None:
        """Ends the app after a fault of its own; a traceback with values in it is no sight for a terminal."""
        _log.error("the screen failed", exc_info=sys.exc_info())
        self._close_messages_no_wait()


def run_console(setup: Setup) -> int:
    """Opens the screen and stays until it is left; the host is started after the first paint and stopped.

    Returns:
        The exit code: 0, 1 after a fault of the screen (said on stderr), 128 + n after signal n.

    Raises:
        FixSetting: there is no theme of that name.
    """
    app = ConsoleApp(setup)
    try:
        result = app.run(mouse=setup.mouse)
    finally:
        setup.host.stop()
    if app.return_code:
        where = f" The log is in {setup.log}." if setup.log is not None else ""
        sys.stderr.write(f"The screen failed and was closed; nothing is lost.{where}\n")
        return CRASHED
    return result or 0
