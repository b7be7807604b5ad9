"""Any number of lines that scroll: detail, raw JSON, help, events."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.geometry import Region, Size
from textual.scrollbar import ScrollBar, ScrollBarRender

from console.ui.glyphs import ASCII, UNICODE
from console.ui.paint import EMPTY, Line, strip
from console.ui.theme import Ink
from console.ui.widgets.steady import Steady

if TYPE_CHECKING:
    from textual import events
    from textual.strip import Strip

    from console.ui.widgets.bar import Build
    from console.ui.widgets.drawing import Drawing

_UNSEEN = Color.default()


class NoBar(ScrollBarRender):
    """What stands in place of the scroll bar of a view without the keys: whether lines follow.

    A bar would be as long as the lines are few, and be written anew with all the lines of another media.
    """

    MORE: ClassVar[str] = UNICODE.down

    @classmethod
    def render_bar(
        cls,
        size: int = 25,
        virtual_size: float = 50,
        window_size: float = 20,
        position: float = 0,
        thickness: int = 1,
        vertical: bool = True,
        back_color: Color = _UNSEEN,
        bar_color: Color = _UNSEEN,
    ) -> Segments:
        """Blanks, and at the end a sign where lines follow that are not in sight."""
        follow = window_size and position + window_size < virtual_size
        blank, sign = Segment(" ", Style()), Segment(cls.MORE if follow else " ", Style(color=bar_color))
        return Segments([*[blank] * (size - 1), sign], new_lines=True)


class NoAsciiBar(NoBar):
    """The same in ASCII."""

    MORE: ClassVar[str] = ASCII.down


class LinesView(Steady, can_focus=False):
    """Lines from a builder, drawn one by one; repaints only those that changed."""

    DEFAULT_CSS = """
    LinesView { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto;
                scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    def __init__(self, drawing: Drawing, *, id: str) -> None:
        super().__init__(id=id)
        self._drawing = drawing
        self._build: Build = lambda width: ()
        self._lines: list[Line] = []
        self._cursor: int | None = None
        self._has_bar = True

    def show(self, build: Build, *, from_top: bool = False) -> None:
        """Draws what `build` gives, now and after each change of width; keeps the place unless told."""
        self._build = build
        if from_top:
            self.scroll_to(y=0, animate=False)
        self._draw()

    @property
    def lines(self) -> list[Line]:
        """All lines, from top to bottom."""
        return self._lines

    def activate(self, active: bool) -> None:
        """Tells whether this pane has the keys; only then there is a scroll bar."""
        if self.styles.overflow_y == "scroll":
            self._has_bar = active
            without = NoAsciiBar if self._drawing.glyphs.ascii else NoBar
            bar = self.vertical_scrollbar
            vars(bar)["renderer"] = ScrollBar.renderer if active else without  # typed as the class's alone
            self._scroll_update(self.virtual_size)

    def watch_virtual_size(self, size: Size) -> None:
        """Without a bar there is nothing to bring up to date where lines follow as before."""
        bar, height = self.vertical_scrollbar, self.scrollable_content_region.height
        followed = bar.window_virtual_size > height
        if self._has_bar or self.scroll_offset.y or followed != (size.height > height):
            super().watch_virtual_size(size)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whether lines follow is told anew, of as many as there are by then."""
        if not self._has_bar:
            self._scroll_update(self.virtual_size)
        super().watch_scroll_y(old_value, new_value)

    @property
    def cursor(self) -> int | None:
        """The line that is highlighted, if any."""
        return self._cursor

    def put_cursor(self, y: int | None) -> None:
        """Highlights a line (or none) and brings it into view."""
        before, self._cursor = self._cursor, y
        for line in (before, y):
            if line is not None:
                self.refresh_line(line)
        if y is None:
            return
        height = self.scrollable_content_region.height
        if y < self.scroll_offset.y:
            self.scroll_to(y=y, animate=False)
        elif height and y >= self.scroll_offset.y + height:
            self.scroll_to(y=y - height + 1, animate=False)

    def step(self, lines: int) -> None:
        """Scrolls by lines; negative is up."""
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    @property
    def page(self) -> int:
        """How many lines one page moves."""
        return max(1, self.scrollable_content_region.height - 1)

    def _draw(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return
        before, self._lines = self._lines, list(self._build(width))
        self.virtual_size = Size(width, len(self._lines))
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        for y, (old, new) in enumerate(zip_longest(before, self._lines)):
            if old != new and top <= y < top + height:
                self.refresh(Region(0, y - top, self.size.width, 1))

    def on_resize(self, event: events.Resize) -> None:
        self._draw()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        line = self._lines[index] if index < len(self._lines) else EMPTY
        over = Ink.CURSOR if index == self._cursor else None
        width = self.scrollable_content_region.width
        ascii = self._drawing.glyphs.ascii
        return strip(line, width, self._drawing.inks, self.visual_style.rich_style, over, ascii=ascii)
