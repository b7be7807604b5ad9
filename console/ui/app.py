"""The Textual app: themes, colours, signals and the end; everything else is in the screens."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.scrollbar import ScrollBar, ScrollBarRender

from console.ui import garbage, glyphs, theme
from console.ui.canvas import Canvas, Difference
from console.ui.screens.main import MainScreen
from console.ui.terminal import Terminal, as_found, erases, is_lost
from console.ui.widgets.drawing import Drawing

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen

    from console.ui.host import Signals
    from console.ui.setup import Setup

_log = logging.getLogger(__name__)

CRASHED = 1
LOOK_EVERY = 0.5
"""Seconds between two looks whether the terminal is still there; SIGHUP may be kept from us."""

FIRST_LOOKS, FIRST_LOOK_EVERY = 50, 0.01
"""How often, and each how many seconds apart, it is looked whether the first list is on the screen."""


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
        ansi = True if theme.THEMES[name].ansi else None
        super().__init__(driver_class=Terminal, ansi_color=ansi)
        for each in theme.THEMES.values():
            self.register_theme(each)
        self.theme = theme.THEMES[name].name
        self.animation_level = "none"
        self.setup = setup
        encoding = getattr(sys.__stdout__, "encoding", None)
        self.drawing = Drawing(inks, glyphs.choose(setup.ascii, os.environ, encoding))
        ScrollBar.renderer = WholeCells if self.drawing.glyphs.ascii else ScrollBarRender
        self.canvas = Canvas(ascii=self.drawing.glyphs.ascii, erases=erases())
        self.main = MainScreen(setup, self.drawing)
        self.failure: str | None = None
        """The class of the fault that ended the screen."""
        self.leaving = False

    def get_default_screen(self) -> Screen[None]:
        return self.main

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Writes what differs from what stands on the terminal, instead of all that may."""
        lessened = self.canvas.lessened(renderable)
        writes = not (self.is_headless or self._batch_count)
        if not (writes and isinstance(lessened, Difference) and lessened.is_empty(self.console)):
            super()._display(screen, lessened)

    def action_draw_anew(self) -> None:
        """Writes the whole screen, whatever stands on the terminal."""
        self.canvas.forget()
        self.screen.refresh()

    def on_resize(self) -> None:
        self.canvas.forget()

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda app: self.canvas.forget(), immediate=True)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first paint: an app that is left while its screen is being made fails."""
        signals = self.setup.signals
        if signals is not None and not self.is_headless:
            asyncio.get_running_loop().add_reader(signals.fileno(), self._heard, signals)
            self.set_interval(LOOK_EVERY, lambda: signals.note(signal.SIGHUP) if is_lost() else None)
        self.run_worker(self._start_host(), name="start of the host")

    async def _start_host(self) -> None:
        """After the first list, if that comes soon: what a service imports holds the interpreter up."""
        for _ in range(FIRST_LOOKS):
            if self.main.was_read or self.main.trouble is not None:
                break
            await asyncio.sleep(FIRST_LOOK_EVERY)
        if not self.is_headless:
            garbage.spare_keys()
        self.call_after_refresh(self.setup.host.start)

    def _heard(self, signals: Signals) -> None:
        number = signals.wait(0)
        if number is not None:
            asyncio.get_running_loop().remove_reader(signals.fileno())
            self.exit(128 + number)

    def exit(self, *result: Any, **options: Any) -> None:
        """Leaves the screen; what fails on the way out is no failure of what was done."""
        self.leaving = True
        super().exit(*result, **options)

    def panic(self, *renderables: object) -> None:
        """Ends the app after a fault of its own, without what Textual would print of it."""
        self._fatal_error()

    def _fatal_error(self) -> None:
        """Ends the app after a fault of its own; a traceback with values in it is no sight for a terminal."""
        error = sys.exc_info()[1]
        if error is not None:
            _log.error("the screen failed%s", " on the way out" if self.leaving else "", exc_info=error)
        if not self.leaving:
            self.failure = self.failure or (type(error).__name__ if error is not None else "its terminal")
        self._close_messages_no_wait()


def run_console(setup: Setup) -> int:
    """Opens the screen and stays until it is left; the host is started after the first paint and stopped.

    Returns:
        The exit code: 0, 1 after a fault of the screen (said on stderr), 128 + n after signal n.

    Raises:
        FixSetting: there is no theme of that name.
    """
    app = ConsoleApp(setup)
    if setup.signals is not None:
        setup.signals.restore_at_once(as_found())
    try:
        result = app.run(mouse=setup.mouse)
    finally:
        setup.host.stop()
    if app.failure is not None:
        with suppress(OSError):  # what nobody can be told still has its code
            sys.stderr.write(f"{_last_words(app.failure, setup)}\n")
        return CRASHED
    return result or 0


def _last_words(failure: str, setup: Setup) -> str:
    where = f" with the traceback from the log, {setup.log}" if setup.log is not None else ""
    return f"The screen failed ({failure}) and was closed; nothing is lost. Please report it{where}."
