"""The list of media: lines drawn from a window of rows, with a cursor and marks bound to media keys."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace
from textual.geometry import Region, Size
from textual.message import Message

from console.ui.paint import EMPTY, Line, strip
from console.ui.rows import Look, row
from console.ui.theme import Ink
from console.ui.viewport import Viewport
from console.ui.widgets.steady import Steady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual import events
    from textual.strip import Strip

    from console.cache.counting import Counts
    from console.cache.windows import Edge
    from console.clock import Now
    from console.domain.media import Media, MediaKey
    from console.domain.views import Selection
    from console.ui.listing import Page, Place, Unnoticed
    from console.ui.widgets.drawing import Drawing

Painted: TypeAlias = tuple[Line, Ink | None, "MediaKey | None"]
"""A line, what lies over it, and whose it is: two media may read the same."""


class MediaList(Steady, can_focus=False):
    """Draws the visible rows of a `Page`; where they are is the `Viewport`'s. Holds no row widgets."""

    DEFAULT_CSS = """
    MediaList { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto;
                scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    class Scrolled(Message):
        """Other rows are in sight, and the cursor stands where it stood."""

    class Wanted(Message):
        """Rows are nearly in sight that were not read yet; with a place, rows elsewhere are wanted."""

        def __init__(self, place: Place | None = None) -> None:
            super().__init__()
            self.place = place

    class Opened(Message):
        """A double click on a row."""

    def __init__(
        self, drawing: Drawing, look: Look, now: Now, moved: Callable[[], object], *, id: str
    ) -> None:
        """Holds no rows yet.

        Args:
            moved: is called whenever the operator has put the cursor somewhere, before that is painted.
        """
        super().__init__(id=id)
        self._tell_moved = moved
        self._drawing = drawing
        self.look = look
        self._now = now
        self.marks: dict[MediaKey, None] = {}
        self.range_from: MediaKey | None = None
        self.active = True
        self.empty: Sequence[Line] = ()
        """What stands here while there is no row."""
        self.sized = False
        """Whether the list has held a media whose size is known."""
        self._view = Viewport()
        self._placing = False
        self._painted: list[Painted] = []
        self._seen: set[MediaKey] = set()

    @property
    def page(self) -> Page:
        """The rows that were read last."""
        return self._view.page

    @property
    def cursor_key(self) -> MediaKey | None:
        """The media under the cursor; None in an empty list."""
        return self._view.key

    @property
    def cursor_row(self) -> int:
        """Where the cursor stands now; only for drawing and moving."""
        return self._view.row

    @property
    def current(self) -> Media | None:
        """The media under the cursor, as it was read last."""
        return None if self._view.cursor is None else self._view.cursor.media

    @property
    def seen(self) -> bool:
        """Whether the row under the cursor was on the terminal since this selection was opened."""
        return self.cursor_key is None or self.cursor_key in self._seen

    @property
    def slipped(self) -> bool:
        """Whether the cursor has just come to another media by itself, because its own left the list."""
        return self._view.slipped

    @property
    def seen_rows(self) -> int:
        """Visible rows."""
        return self.scrollable_content_region.height

    @property
    def following(self) -> bool:
        """Whether the list stays at its newest end, the cursor with it."""
        return self._view.following

    @property
    def newest(self) -> Edge:
        """The end that is followed."""
        return self._view.newest

    @property
    def nearly_out(self) -> bool:
        """Whether rows are nearly in sight that were not read yet."""
        return self._view.nearly_out

    def place(self, selection: Selection) -> Place:
        """What the next page must be read around, so that nothing moves under the operator's eyes."""
        return self._view.place(selection)

    def unnoticed(self) -> Unnoticed | None:
        """Between which places new rows have arrived out of sight, if any may have."""
        return self._view.unnoticed()

    def show(self, page: Page) -> bool:
        """Takes a new page, as `Viewport.show` does; False if another one is needed."""
        other, before = page.selection != self.page.selection, self.cursor_key
        if not self._view.show(page):
            return False
        kept = (before, self.cursor_key, *(listed.media.key for listed in page.rows))
        self._seen.intersection_update(() if other else kept)
        self.sized = self.sized or any(listed.media.size is not None for listed in page.rows)
        if other:
            self._painted = []  # each row is to be seen anew
            self.refresh()
        self._place()
        return True

    def recount(self, counts: Counts) -> None:
        """Takes how many rows there are; nothing moves but the scroll bar."""
        self._view.recount(counts)
        self._place()

    def cursor_to(self, row: int) -> bool:
        """Moves the cursor to a row, as far as there are rows; False if that row is not read yet."""
        return self._moved(None) if self._view.cursor_to(row) else False

    def step(self, rows: int) -> Place | None:
        """Moves the cursor by so many rows, as far as there are any; else says what to read for that."""
        place = self._view.step(rows)
        self._moved(place)
        return place

    def to_edge(self, edge: Edge, *, follow: bool = False) -> Place | None:
        """Moves the cursor to an end of the list; else says what to read for that."""
        place = self._view.to_edge(edge)
        self._view.following = follow
        self._moved(place)
        return place

    def pause(self) -> None:
        """Follows no more."""
        self._view.following = False

    def _moved(self, place: Place | None) -> bool:
        if place is None:
            self._place()
            self._tell_moved()
        return True

    def _place(self) -> None:
        """Brings the scroll bar and the lines to where the viewport is."""
        self._placing = True
        self.virtual_size = Size(self.scrollable_content_region.width, self.page.total)
        self.scroll_to(y=self._view.top, animate=False, force=True)
        self._placing = False
        self.repaint()
        self._look_ahead()

    def mark(self, keys: Iterable[MediaKey], *, on: bool = True) -> None:
        """Marks media, or takes their marks away."""
        for key in keys:
            if on:
                self.marks[key] = None
            else:
                self.marks.pop(key, None)
        self.repaint()

    def hidden_marks(self) -> int | None:
        """How many marked media the list does not show; None where it is too long to tell from its page."""
        page = self.page
        hidden = len(self.marks) - sum(listed.media.key in self.marks for listed in page.rows)
        return hidden if not hidden or page.whole else None

    def relook(self, look: Look) -> None:
        """Draws with another look (other width, other times); repaints what changed."""
        self.look = look
        self.repaint()

    def activate(self, active: bool) -> None:
        """Tells whether this pane has the keys; the cursor's line shows it."""
        self.active = active
        self.repaint()

    def repaint(self) -> None:
        """Repaints the visible lines that read differently at this moment from before, and no other."""
        self.look = replace(self.look, now=self._now())
        top = self._view.top
        fresh = [self._paint(top + y) for y in range(self.seen_rows)]
        for y, (old, new) in enumerate(zip_longest(self._painted, fresh)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))
        self._painted = fresh

    def _paint(self, index: int) -> Painted:
        if not self.page.total:
            return (self.empty[index] if index < len(self.empty) else EMPTY), None, None
        media = self.page.at(index)
        if media is None:
            return EMPTY, None, None
        cursor = media.key == self.cursor_key
        over = (Ink.CURSOR if self.active else Ink.CURSOR_AWAY) if cursor else None
        return row(media, self.look, cursor=cursor, marked=media.key in self.marks), over, media.key

    def _look_ahead(self) -> None:
        if self.nearly_out:
            self.post_message(self.Wanted())

    def validate_scroll_y(self, value: float) -> float:
        """Scrolls no further than rows were read; those beyond are asked for."""
        value = super().validate_scroll_y(value)
        if self._placing or not self.page.rows:
            return value
        place = self._view.scroll(round(value))
        if place is not None:
            self.post_message(self.Wanted(place))
        return self._view.top

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaints what reads differently, where ScrollView would repaint everything."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if not self._placing:
            self.repaint()
            self._look_ahead()
            self.post_message(self.Scrolled())

    def on_resize(self, event: events.Resize) -> None:
        self._view.resize(self.seen_rows)
        self._painted = []
        self._place()
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        index = self._view.top + event.y
        if index < self.page.total and self.cursor_to(index) and event.chain == 2:
            self.post_message(self.Opened())

    def render_line(self, y: int) -> Strip:
        line, over, key = self._painted[y] if y < len(self._painted) else self._paint(self._view.top + y)
        if key is not None:
            self._seen.add(key)
        width = self.scrollable_content_region.width
        ascii = self._drawing.glyphs.ascii
        return strip(line, width, self._drawing.inks, self.visual_style.rich_style, over, ascii=ascii)
