"""What of a list is looked at: a page of it, the cursor, the topmost line. No widget and no I/O.

Everything is bound to media. The numbers of rows are for moving and for the scroll bar, and go over into
those of the next page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from console.cache.windows import Edge
from console.clock import monotonic
from console.domain.views import Selection, Sort
from console.ui.listing import LEAST_HEIGHT, SCREENS, Aim, Page, Place, Unnoticed

if TYPE_CHECKING:
    from console.cache.counting import Counts
    from console.cache.windows import Listed
    from console.domain.media import MediaKey

SLIPPED: Final = 0.5
"""Seconds for which a cursor that moved by itself may still be taken for where it was."""
LEAP: Final = 3
"""A step over the edge scrolls by the height divided by this: the steps after it cost two lines each."""


class Viewport:
    """Where the operator stands in a list."""

    def __init__(self) -> None:
        self.page = Page(selection=Selection())
        self.cursor: Listed | None = None
        self.row = 0
        """The number of the cursor's row."""
        self.top = 0
        """The number of the topmost row on the screen."""
        self.height = 0
        """Rows on the screen."""
        self.following = False
        """Whether the list stays at its newest end, the cursor with it."""
        self._noticed = 0
        self._slipped_at: float | None = None

    @property
    def key(self) -> MediaKey | None:
        """The media under the cursor; None in an empty list."""
        return None if self.cursor is None else self.cursor.media.key

    @property
    def slipped(self) -> bool:
        """Whether the cursor has just come to another media by itself."""
        return self._slipped_at is not None and monotonic() - self._slipped_at < SLIPPED

    @property
    def newest(self) -> Edge:
        """The end at which new rows arrive in an order by time; in any other, the one that counts most."""
        return _newest_of(self.page.selection)

    @property
    def nearly_out(self) -> bool:
        """Whether rows are nearly in sight that were not read yet."""
        page = self.page
        too_high = not page.at_top and self.top < page.first + self.height
        return too_high or (not page.at_end and self.top + 2 * self.height > page.end)

    def in_sight(self, row: int) -> bool:
        """Whether a row is on the screen."""
        return self.top <= row < self.top + max(1, self.height)

    # What is to be read

    def place(self, selection: Selection) -> Place:
        """What the next page must be read around, so that nothing moves under the operator's eyes."""
        page, at = self.page, self._with_cursor(Place())
        if self.following:
            return replace(at, at=_newest_of(selection), aim=Aim.FOLLOW)
        if selection != page.selection:
            return replace(at, key=self.key, cursor_at=None)
        row = self.row if self.in_sight(self.row) else self.top
        looked = self.cursor if row == self.row else page.listed(row)
        return at if looked is None else replace(at, key=looked.media.key, at=looked.spot, row=row)

    def unnoticed(self) -> Unnoticed | None:
        """Between which places new rows have arrived out of sight, if any may have."""
        page, edge = self.page, self.newest
        if self.following or self._noticed == page.newest:
            return None
        row = self.top if edge is Edge.TOP else min(self.top + self.height, page.end) - 1
        last = page.listed(row)
        return (
            Unnoticed(selection=page.selection, edge=edge, spot=last.spot, after=self._noticed)
            if last is not None
            else None
        )

    def _with_cursor(self, place: Place) -> Place:
        at = None if self.cursor is None else self.cursor.spot
        return replace(place, cursor=self.key, cursor_at=at, height=max(self.height, LEAST_HEIGHT))

    # What was read

    def show(self, page: Page) -> bool:
        """Takes a page; the cursor stays on its media, and that media on its line.

        Where its media left the list, the cursor goes to the next one below that did not, else above. What
        is followed is the newest end, of another selection as well.

        Returns False, and changes nothing, if what is looked at changed while the page was read and is not
        among its rows, or following began meanwhile: then another page is needed.
        """
        before, aim = self.key, page.place.aim
        if page.selection != self.page.selection:
            if self.following and aim is Aim.STAY:
                return False
            self._noticed = page.newest
            ended = aim is Aim.FOLLOW or self.following
            first = next(iter(page.rows), None)
            self._take(page, page.listed(page.here) if ended else page.cursor or first, None)
            return True
        if aim is Aim.STAY:
            moved = self._moved(page)
            if moved is None:
                return False
            self.row += moved
            self._take(page, self._cursor_in(page), self.top + moved)
        elif aim is Aim.TOP:
            self._take(page, page.cursor, page.here)
        else:
            self._take(page, page.listed(page.here), None)
        if aim in (Aim.STAY, Aim.FOLLOW) and before is not None and before != self.key:
            self._slipped_at = monotonic()
        return True

    def _cursor_in(self, page: Page) -> Listed | None:
        """What the cursor stands on in a page of the same selection, whose numbers its row has already."""
        if page.place.cursor != self.key:
            row = page.find(self.key)
            return self.cursor if row is None else page.listed(row)
        return page.cursor or page.listed(max(page.first, min(self.row, page.end - 1)))

    def recount(self, counts: Counts) -> None:
        """Takes how many rows there are; nothing moves but the scroll bar."""
        page = self.page.recounted(counts)
        moved = page.first - self.page.first
        self.row += moved
        self._take(page, self.cursor, self.top + moved)

    def _moved(self, page: Page) -> int | None:
        """By how much the numbers of what is on the screen change; None if that is not in the page."""
        rows = range(self.top, self.top + max(1, self.height))
        if not self.page.rows or not page.rows:
            return 0
        if self.in_sight(self.row) and page.place.cursor == self.key and page.cursor is not None:
            row = page.find(page.cursor.media.key)  # one that takes the cursor over takes its line as well
            moved = None if row is None else row - self.row
        else:
            known = ((row, self.page.listed(row)) for row in (self.row, *rows) if row in rows)
            kept = ((page.find(each.media.key), row) for row, each in known if each is not None)
            moved = next((now - row for now, row in kept if now is not None), None)
            if moved is None and page.place.row in rows:
                moved = page.here - page.place.row
        return moved if moved is not None and page.covers(self.top + moved, self.height) else None

    def _take(self, page: Page, cursor: Listed | None, top: int | None) -> None:
        """Takes a page from a line on; without one, so that the cursor is in sight."""
        same = page.selection == self.page.selection
        self.page, self.cursor = page, cursor
        self._noticed = min(self._noticed, page.newest)  # the numbers that a purge took are given again
        row = page.find(self.key)
        self.row = row if row is not None else self.row if cursor is not None else 0
        if top is None and same and self.in_sight(self.row) and page.covers(self.top, self.height):
            top = self.top
        elif top is None:
            top = 0 if self.row < self.height else self.row - self.height // 2
        self._put_top(top)

    def _put_top(self, top: int) -> None:
        """Puts a row on the topmost line, as far as there are rows below it."""
        self.top = max(0, min(top, self.page.total - self.height))
        page = self.page
        at_end = page.at_end and self.top + max(1, self.height) >= page.total
        if at_end if self.newest is Edge.END else self.top == 0 and page.at_top:
            self._noticed = page.newest  # what is at the newest end is in sight

    # Moving

    def resize(self, height: int) -> None:
        """Takes another height; the cursor stays in sight if it was."""
        kept = self.in_sight(self.row)
        self.height = height
        self._put_top(self.top)
        if kept:
            self._bring_into_sight()

    def cursor_to(self, row: int) -> bool:
        """Moves the cursor to a row, as far as there are rows; False if that row is not read yet."""
        row = max(0, min(row, self.page.total - 1))
        under = self.page.listed(row)
        if under is None:
            return self.page.total == 0
        self.following = False
        self.row, self.cursor = row, under
        self._bring_into_sight()
        return True

    def step(self, rows: int) -> Place | None:
        """Moves the cursor by so many rows, as far as there are any; else says what to read for that."""
        page, row = self.page, self.row + rows
        if self.cursor is None:
            return None
        if page.find(self.key) is not None:
            low = 0 if page.at_top else row
            high = page.end - 1 if page.at_end else row
            if self.cursor_to(max(low, min(row, high))):
                return None
        self.following = False
        place = Place(key=self.key, at=self.cursor.spot, row=self.row, offset=rows, aim=Aim.CURSOR)
        return self._with_cursor(place)

    def to_edge(self, edge: Edge) -> Place | None:
        """Moves the cursor to an end of the list; else says what to read for that."""
        page = self.page
        self.following = False
        if page.at_top if edge is Edge.TOP else page.at_end:
            self.cursor_to(0 if edge is Edge.TOP else page.end - 1)
            return None
        return self._with_cursor(Place(at=edge, row=0 if edge is Edge.TOP else page.total, aim=Aim.CURSOR))

    def scroll(self, top: int) -> Place | None:
        """Puts a row on the topmost line, if it was read and those below it; else says what to read."""
        page = self.page
        if top != self.top:
            self.following = False
        if not page.rows or page.covers(top, self.height):
            self._put_top(top)
            return None
        place = Place(at=top / max(1, page.total), row=top, aim=Aim.TOP)
        if top <= 0:
            place = replace(place, at=Edge.TOP)
        elif top + self.height >= page.total:
            place = replace(place, at=Edge.END, offset=-self.height)
        elif page.first - SCREENS * self.height <= top < page.end + SCREENS * self.height:
            near = page.first if top < page.first else page.end - 1
            place = replace(place, at=page.rows[near - page.first].spot, row=near, offset=top - near)
        return self._with_cursor(place)

    def _bring_into_sight(self) -> None:
        height = max(1, self.height)
        leap = max(1, height // LEAP)
        above, below = self.top - self.row, self.row - (self.top + height - 1)
        if above > 0:
            self._put_top(self.top - (leap if above < leap else above))
        elif below > 0:
            self._put_top(self.top + (leap if below < leap else below))


def _newest_of(selection: Selection) -> Edge:
    by_time = selection.sort in (Sort.RECEIVED, Sort.SENT)
    return Edge.END if by_time and selection.reverse else Edge.TOP
