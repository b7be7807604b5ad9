"""Reads the part of a list that is on the screen, and what stands around it, from the cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from console.cache import queries
from console.domain.media import Media, MediaKey, Millis
from console.domain.views import Selection, View

if TYPE_CHECKING:
    from console.cache.reader import AsyncCacheReader, Moment

MARGIN = 200
"""Rows that are read above and below the place that is looked at."""


class Place(Struct, frozen=True, kw_only=True):
    """What the list is to be read around: a media by key, else a row."""

    cursor: MediaKey | None = None
    anchor: MediaKey | None = None
    """The topmost row on the screen, where the cursor is out of sight."""
    row: int = 0
    """Where to look if neither media is in the selection (any more)."""


class Page(Struct, frozen=True, kw_only=True):
    """A window of rows of one selection."""

    selection: Selection
    total: int = 0
    """Rows in the whole selection."""
    everything: int = 0
    """Rows in the cache, whatever the view and the filter."""
    counts: Mapping[View, int] = {}
    first: int = 0
    """The row number of `rows[0]`."""
    rows: tuple[Media, ...] = ()
    place: Place = Place()
    cursor_row: int | None = None
    """Where `place.cursor` is; None if it is not in the selection."""
    anchor_row: int | None = None

    def at(self, row: int) -> Media | None:
        """The media in a row, if that row was read."""
        index = row - self.first
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def find(self, key: MediaKey) -> int | None:
        """The row of a media, if it is among those read."""
        return next((self.first + index for index, media in enumerate(self.rows) if media.key == key), None)

    def in_place_of(self, before: Page, row: int) -> int | None:
        """Where to go if the media in a row of the page before is not here any more.

        To the nearest one below it that is still here, else to the nearest above. None if no row
        around it is known in both pages.
        """
        rows = {media.key: self.first + index for index, media in enumerate(self.rows)}
        here = row - before.first
        below = (rows.get(media.key) for media in before.rows[max(0, here + 1) :])
        above = (rows.get(media.key) for media in reversed(before.rows[: max(0, here)]))
        found = next((at for at in below if at is not None), None)
        if found is not None:
            return found
        found = next((at for at in above if at is not None), None)
        read_to_its_end = before.first + len(before.rows) >= before.total
        if found is None or read_to_its_end or found + 1 >= self.total:
            return found
        return found + 1  # all that was read below has left: what follows was not read before


async def read_page(
    reader: AsyncCacheReader, selection: Selection, window_ms: int, now: Millis, place: Place
) -> Page:
    """Reads the rows around a place, all as of one moment: what arrives meanwhile would shift the rows.

    Raises:
        console.cache.reader.NoCache: there is no cache yet.
    """
    return await reader.ask(lambda moment: _read_page(moment, selection, window_ms, now, place))


def _read_page(reader: Moment, selection: Selection, window_ms: int, now: Millis, place: Place) -> Page:
    total = reader.run(queries.count(selection, window_ms, now))
    counts = reader.run(queries.view_counts(selection.filter, window_ms, now))
    everything = reader.run(queries.count(Selection(), window_ms, now))
    cursor_row = _position(reader, place.cursor, selection, window_ms, now)
    anchor_row = _position(reader, place.anchor, selection, window_ms, now)
    centre = next((row for row in (anchor_row, cursor_row) if row is not None), place.row)
    first = max(0, min(centre, total - 1) - MARGIN)
    rows = reader.run(queries.window(selection, window_ms, now, first, 2 * MARGIN))
    return Page(
        selection=selection,
        total=total,
        everything=everything,
        counts=counts,
        first=first,
        rows=tuple(rows),
        place=place,
        cursor_row=cursor_row,
        anchor_row=anchor_row,
    )


def _position(
    reader: Moment, key: MediaKey | None, selection: Selection, window_ms: int, now: Millis
) -> int | None:
    if key is None:
        return None
    return reader.run(queries.position(key, selection, window_ms, now))
