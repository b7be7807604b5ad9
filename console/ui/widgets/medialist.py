"""The list of media: lines drawn from a window of rows, with a cursor and marks bound to media keys."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView

from console.clock import monotonic
from console.domain.views import Selection
from console.ui.listing import MARGIN, Page, Place
from console.ui.paint import EMPTY, Line, strip
from console.ui.rows import Look, row
from console.ui.theme import Ink
from console.ui.widgets.anchored import anchored

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual import events
    from textual.strip import Strip

    from console.domain.media import Media, MediaKey
    from console.ui.widgets.drawing import Drawing

Painted: TypeAlias = tuple[Line, Ink | None, "MediaKey | None"]
"""A line, what lies over it, and whose it is: two media may read the same."""

SLIPPED = 0.5
"""Seconds for which a cursor that moved by itself may still be taken for where it was."""


class MediaList(ScrollView, can_focus=False):
    """Draws the visible rows of a `Page`. Holds no row widgets and no row numbers between two pages."""

    DEFAULT_CSS = """
    MediaList { width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto;
                scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    class Moved(Message):
        """The cursor stands on another media."""

    class Wanted(Message):
        """Rows are in sight, or nearly, that were not read yet."""

    class Opened(Message):
        """A double click on a row."""

    def __init__(self, drawing: Drawing, look: Look, *, id: str) -> None:
        super().__init__(id=id)
        self._drawing = drawing
        self.look = look
        self.page = Page(selection=Selection())
        self.marks: dict[MediaKey, None] = {}
        self.range_from: MediaKey | None = None
        self.active = True
        self.empty: Sequence[Line] = ()
        """What stands here while there is no row."""
        self._row = 0
        self._key: MediaKey | None = None
        self._painted: list[Painted] = []
        self._seen: set[MediaKey] = set()
        self._slipped_at: float | None = None

    @property
    def cursor_key(self) -> MediaKey | None:
        """The media under the cursor; None in an empty list."""
        return self._key

    @property
    def cursor_row(self) -> int:
        """Where the cursor stands now; only for drawing and moving."""
        return self._row

    @property
    def current(self) -> Media | None:
        """The media under the cursor, if it is among the rows read."""
        media = self.page.at(self._row)
        return media if media is not None and media.key == self._key else None

    @property
    def seen(self) -> bool:
        """Whether the row under the cursor was on the terminal since this selection was opened."""
        return self._key is None or self._key in self._seen

    @property
    def slipped(self) -> bool:
        """Whether the cursor has just come to another media by itself, because its own left the list."""
        return self._slipped_at is not None and monotonic() - self._slipped_at < SLIPPED

    @property
    def seen_rows(self) -> int:
        """Visible rows."""
        return self.scrollable_content_region.height

    def place(self) -> Place:
        """What the next page must be read around, so that nothing moves under the operator's eyes."""
        top = self.scroll_offset.y
        in_sight = top <= self._row < top + max(1, self.seen_rows)
        above = None if in_sight else self.page.at(top)
        row = self._row if in_sight else top
        return Place(cursor=self._key, anchor=above.key if above is not None else None, row=row)

    def show(self, page: Page) -> bool:
        """Takes a new page; the cursor stays on its media, and that media on its line.

        Where its media left the list, the cursor goes to the next one below that did not, else above.

        Returns False, and changes nothing, if the cursor moved while the page was read and its media
        is not among the rows: then another page is needed.
        """
        changed_selection = page.selection != self.page.selection
        row = (
            page.cursor_row if page.place.cursor == self._key else page.find(self._key) if self._key else None
        )
        if row is None and page.place.cursor != self._key and not changed_selection:
            return False
        if row is None and not changed_selection:
            row = page.in_place_of(self.page, self._row)
        top = 0 if changed_selection else self._top_after(page, row)
        if row is None:
            row = 0 if changed_selection else self._row
        before, self.page = self._key, page
        self._row = max(0, min(row, page.total - 1))
        if page.cursor_row is None or page.place.cursor != before:
            under = page.at(self._row)
            self._key = under.key if under is not None else None
        if changed_selection:
            self._seen.clear()
            self.refresh()
        else:
            self._seen.intersection_update((before, *(media.key for media in page.rows)))
            if before is not None and before != self._key:
                self._slipped_at = monotonic()
        self.virtual_size = Size(self.scrollable_content_region.width, page.total)
        self.scroll_to(y=top, animate=False)
        if changed_selection:
            self._bring_into_sight()
        self.repaint()
        return True

    def _top_after(self, page: Page, row: int | None) -> int:
        """The first visible row that keeps what is looked at where it is."""
        top = self.scroll_offset.y
        if page.anchor_row is not None:
            return page.anchor_row
        if row is None or (top == 0 and row < self.seen_rows):
            return top
        return row - (self._row - top)

    def cursor_to(self, row: int) -> bool:
        """Moves the cursor to a row, as far as there are rows; False if that row is not read yet."""
        row = max(0, min(row, self.page.total - 1))
        under = self.page.at(row)
        if under is None:
            return self.page.total == 0
        self._row, self._key = row, under.key
        self._bring_into_sight()
        self.repaint()
        self.post_message(self.Moved())
        return True

    def aim(self, row: int) -> Place:
        """The place to read for moving the cursor to a row that was not read yet."""
        return Place(cursor=None, row=max(0, min(row, self.page.total - 1)))

    def land(self, page: Page, row: int) -> None:
        """Takes a page that was read for `aim`, and puts the cursor there."""
        self.page = page
        self.virtual_size = Size(self.scrollable_content_region.width, page.total)
        self.cursor_to(row)

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
        shown = {media.key for media in self.page.rows}
        hidden = sum(key not in shown for key in self.marks)
        return hidden if not hidden or len(shown) == self.page.total else None

    def relook(self, look: Look) -> None:
        """Draws with another look (time passed, other width, other times); repaints what changed."""
        self.look = look
        self.repaint()

    def activate(self, active: bool) -> None:
        """Tells whether this pane has the keys; the cursor's line shows it."""
        self.active = active
        self.repaint()

    def repaint(self) -> None:
        """Repaints the visible lines that read differently from before, and no other."""
        top = self.scroll_offset.y
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
        cursor = index == self._row
        over = (Ink.CURSOR if self.active else Ink.CURSOR_AWAY) if cursor else None
        return row(media, self.look, cursor=cursor, marked=media.key in self.marks), over, media.key

    def _bring_into_sight(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.seen_rows)
        if self._row < top:
            self.scroll_to(y=self._row, animate=False)
        elif self._row >= top + height:
            self.scroll_to(y=self._row - height + 1, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._painted = [self._paint(round(new_value) + y) for y in range(self.seen_rows)]
            edge = self.page.first, self.page.first + len(self.page.rows)
            near = MARGIN // 4
            too_high = edge[0] > 0 and new_value < edge[0] + near
            too_low = edge[1] < self.page.total and new_value + self.seen_rows > edge[1] - near
            if too_high or too_low:
                self.post_message(self.Wanted())

    def on_resize(self, event: events.Resize) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.page.total)
        self._bring_into_sight()
        top = self.scroll_offset.y
        self._painted = [self._paint(top + y) for y in range(self.seen_rows)]
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        index = self.scroll_offset.y + event.y
        if index < self.page.total and self.cursor_to(index) and event.chain == 2:
            self.post_message(self.Opened())

    def render_line(self, y: int) -> Strip:
        line, over, key = self._paint(self.scroll_offset.y + y)
        if key is not None:
            self._seen.add(key)
        width = self.scrollable_content_region.width
        ascii = self._drawing.glyphs.ascii
        return strip(line, width, self._drawing.inks, self.visual_style.rich_style, over, ascii=ascii)

    def render_lines(self, crop: Region) -> list[Strip]:
        lines = super().render_lines(crop)
        return anchored(lines, self.region.x + crop.x, ascii=self._drawing.glyphs.ascii)
