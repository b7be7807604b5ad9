"""The screen without a terminal, and what it would write to one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pyte
from rich.console import Console as Rich
from textual._compositor import LayoutUpdate
from textual._context import visible_screen_stack

from console.ui.app import ConsoleApp
from console.ui.canvas import Canvas, Difference

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen

    from console.ui.setup import Setup
    from tests.ui.harness import Console


CALM = 3
"""Looks without a change after which nothing more is expected."""


class Writing(ConsoleApp):
    """Keeps what it would write to a terminal of all colours that can erase, and the picture there."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.canvas = Canvas(ascii=self.drawing.glyphs.ascii, erases=True)
        self.written: list[str] = []
        self.frames = 0
        """How often something was written before it was quiet for the last time."""
        self.picture = pyte.Screen(1, 1)
        self.rich = Rich(color_system="truecolor")

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        drawn = self.canvas.lessened(renderable)
        if isinstance(drawn, Difference) and screen is self.screen:
            self.written.append(drawn.render_segments(self.rich))
            if (self.picture.columns, self.picture.lines) != self.size:
                self.picture.resize(self.size.height, self.size.width)
            pyte.Stream(self.picture).feed(self.written[-1])


def writing(console: Console) -> Writing:
    """The app of a console that was opened as one that keeps what it writes."""
    assert isinstance(console.app, Writing)
    return console.app


def cells(picture: pyte.Screen) -> list[list[tuple[str, ...]]]:
    """What is seen of each cell: no colour of the text in a blank, unless it is reversed."""
    return [
        [_seen(picture.buffer[y][x]) for x in range(picture.columns)] for y in range(picture.lines)
    ]  # fmt: skip


def _seen(char: pyte.screens.Char) -> tuple[str, ...]:
    marks = f"{char.reverse:d}{char.underscore:d}{char.strikethrough:d}"
    if char.data == " " and marks == "000":
        return " ", char.bg
    return char.data, char.bg, char.fg, f"{char.bold:d}{char.italics:d}{marks}"


def whole(app: Writing) -> pyte.Screen:
    """The picture that a terminal shows which everything is written to at once."""
    picture, compositor = pyte.Screen(app.size.width, app.size.height), app.screen._compositor
    visible_screen_stack.set(app._background_screens)
    chops = compositor._render_chops(compositor.size.region, lambda y: True)
    update = LayoutUpdate([chop.values() for chop in chops], compositor.size.region)
    pyte.Stream(picture).feed(update.render_segments(app.rich))
    return picture


async def quiet(console: Console) -> str:
    """Waits until nothing more is written; what was, since this was asked last.

    Nothing is asked of the screen meanwhile: whoever has it drawn makes it forget what it has to draw.
    """
    app, seen, calm = writing(console), -1, 0
    while calm < CALM:
        await asyncio.sleep(0.05)
        still = seen == len(app.written) and not app.screen._compositor._dirty_regions
        seen, calm = len(app.written), calm + 1 if still else 0
    app.frames = sum(map(bool, app.written))
    told = "".join(app.written)
    app.written.clear()
    return told
