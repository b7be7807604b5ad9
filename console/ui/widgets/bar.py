"""A few fixed lines: header, tabs, troubles, message, footer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from textual.geometry import Region, Size
from textual.message import Message
from textual.widget import Widget

from console.domain import display
from console.ui.paint import EMPTY, Line, strip

if TYPE_CHECKING:
    from textual import events
    from textual.strip import Strip

    from console.ui.widgets.drawing import Drawing

Build: TypeAlias = Callable[[int], Sequence[Line]]
"""Makes the lines for a width in cells."""


class Run(Message):
    """A click on a piece that stands for a command."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self.command = command


class Bar(Widget, can_focus=False):
    """As many lines as its builder gives; repaints only those that changed."""

    DEFAULT_CSS = "Bar { height: auto; width: 1fr; }"

    def __init__(self, drawing: Drawing, *, id: str) -> None:
        super().__init__(id=id)
        self._drawing = drawing
        self._build: Build = lambda width: ()
        self._lines: list[Line] = []

    def show(self, build: Build) -> None:
        """Draws what `build` gives, now and after each change of width."""
        self._build = build
        self.redraw()

    def redraw(self) -> None:
        """Builds the lines again; repaints those that read differently."""
        if self.is_attached and self.size.width:
            self._draw()

    @property
    def lines(self) -> list[Line]:
        """What is drawn, from top to bottom."""
        return self._lines

    def _draw(self) -> None:
        before, self._lines = self._lines, list(self._build(self.size.width))
        if len(before) != len(self._lines):
            self.refresh(layout=True)
            return
        for y, (old, new) in enumerate(zip_longest(before, self._lines)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._build(width))

    def on_resize(self, event: events.Resize) -> None:
        self._lines = list(self._build(self.size.width))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else EMPTY
        ascii = self._drawing.glyphs.ascii
        return strip(line, self.size.width, self._drawing.inks, self.visual_style.rich_style, ascii=ascii)

    def on_click(self, event: events.Click) -> None:
        if event.y >= len(self._lines):
            return
        right = 0
        for part in self._lines[event.y]:
            right += display.width(part.text)
            if event.x < right:
                if part.do:
                    event.stop()
                    self.post_message(Run(part.do))
                return
