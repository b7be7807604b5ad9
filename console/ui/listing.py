"""Reads the part of a list that is on the screen, and a little around it, from the cache."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from console.cache import counting, queries
from console.cache.windows import Edge, Listed, Spot, Window, around, at_fraction, row_number, spot_of
from console.domain.media import Media, MediaKey, Millis
from console.domain.views import Selection, View

if TYPE_CHECKING:
    from console.cache.counting import Counts
    from console.cache.reader import Moment

SCREENS: Final = 2
"""Heights of the list that are read above and below what is on the screen."""
LEAST_HEIGHT: Final = 24
"""In rows; the list is read before it is known how many lines it has."""


class Aim(Enum):
    """What becomes of the place that a page is read around."""

    STAY = "stay"
    """What is looked at stays on its line."""
    CURSOR = "cursor"
    """The operator puts the cursor there."""
    FOLLOW = "follow"
    """The cursor goes there by itself."""
    TOP = "top"
    """It becomes the topmost line; the cursor stays where it is."""


class Place(Struct, frozen=True, kw_only=True):
    """What the list is to be read around: a media wherever it is, else a place in the order."""

    key: MediaKey | None = None
    at: Spot | Edge | float = Edge.TOP
    """Where to look if that media is not in the selection; a fraction of the list from 0 to 1 is a guess."""
    row: int = 0
    """The number of the row there, as far as known."""
    offset: int = 0
    """How many rows further down the one is that is aimed at."""
    aim: Aim = Aim.STAY
    cursor: MediaKey | None = None
    cursor_at: Spot | None = None
    """Where its media stood: the next one from there on takes the cursor if it has left."""
    height: int = LEAST_HEIGHT


class Page(Struct, frozen=True, kw_only=True):
    """A window of rows of one selection.

    Their numbers serve the scroll bar. They are right where the page touches an end of the list, and go on
    from page to page; after a far jump they are a guess.
    """

    selection: Selection
    rows: tuple[Listed, ...] = ()
    first: int = 0
    """The number of `rows[0]`, from 0."""
    at_top: bool = True
    at_end: bool = True
    total: int = 0
    """Rows in the whole selection, as far as known."""
    counted: bool = False
    """Whether `total` and `counts` are known, and not only what the rows tell."""
    everything: int = 0
    """Rows in the cache, whatever the view and the filter."""
    counts: Mapping[View, int] = {}
    about: frozenset[View] = frozenset()
    """The views whose number is told from a sample."""
    newest: int = 0
    """The highest number that a media has in the cache: those that come later have higher ones."""
    here: int = 0
    """The number of the row that was aimed at."""
    cursor: Listed | None = None
    """The media under the cursor, or the one that takes it over, wherever it is."""
    place: Place = Place()

    @property
    def end(self) -> int:
        """The number after that of the last row."""
        return self.first + len(self.rows)

    @property
    def whole(self) -> bool:
        """Whether it holds all rows of the list."""
        return self.at_top and self.at_end

    @property
    def total_text(self) -> str:
        """`total` as it is told, with `~` before what comes from a sample."""
        return f"~{self.total}" if self.selection.view in self.about and not self.whole else str(self.total)

    def listed(self, row: int) -> Listed | None:
        """The media in a row and where it stands, if that row was read."""
        index = row - self.first
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def at(self, row: int) -> Media | None:
        """The media in a row, if that row was read."""
        listed = self.listed(row)
        return None if listed is None else listed.media

    def find(self, key: MediaKey | None) -> int | None:
        """The row of a media, if it is among those read."""
        rows = enumerate(self.rows, self.first)
        return next((row for row, listed in rows if listed.media.key == key), None)

    def covers(self, top: int, height: int) -> bool:
        """Whether so many rows from one on were read, as far as there are any."""
        above = self.at_top or top >= self.first
        return above and (self.at_end or top + height <= self.end)

    def recounted(self, counts: Counts) -> Page:
        """The same rows, once it is known how many there are, here or in other views."""
        known = counts.views.get(self.selection.view)
        total = self.total if known is None else known
        first, total = _placed(self.first, len(self.rows), self.at_top, self.at_end, total)
        return replace(
            self,
            first=first,
            total=total,
            here=self.here + first - self.first,
            counted=known is not None,
            everything=counts.everything,
            counts=counts.views,
            about=counts.about,
        )


def read_page(
    moment: Moment, selection: Selection, window_ms: int, now: Millis, place: Place, before: Page
) -> Page:
    """Reads the rows around a place, and without a filter how many there are.

    What arrives above the place does not shift the rows, and their numbers go on from those of the page
    `before`.
    """
    asked = _Asked(moment, selection, window_ms, now, place)
    counts = counting.totals(moment, window_ms, now) if not selection.filter.terms else None
    window, sure = asked.window()
    page = Page(
        selection=selection,
        rows=window.rows,
        at_top=window.at_top,
        at_end=window.at_end,
        everything=before.everything,
        counts=before.counts,
        about=before.about,
        newest=_newest(moment),
        cursor=asked.cursor(window, same_order=selection == before.selection),
        place=place,
    )
    if counts is None and before.counted and selection.filter == before.selection.filter:
        counts = counting.Counts(before.everything, before.counts, before.about)  # until counted again
    total = counts.views.get(selection.view) if counts is not None else None
    known = total if total is not None else before.total if selection == before.selection else 0
    guess = _continued(window, before) if selection == before.selection else None
    if guess is None:
        guess = asked.number(window, sure, total)
    first, known = _placed(guess, len(window.rows), window.at_top, window.at_end, known)
    last = max(len(window.rows) - 1, 0)
    here = first + max(0, min(window.here + place.offset, last))
    page = replace(page, first=first, total=known, here=here)
    return page if counts is None else page.recounted(counts)


class Unnoticed(Struct, frozen=True, kw_only=True):
    """Where rows may have arrived that the operator has not seen: between an end of the list and a row."""

    selection: Selection
    edge: Edge
    spot: Spot
    after: int
    """The newest media that was there when that end was in sight."""


class _Asked:
    """One reading of a page: the questions that it needs, within one moment."""

    def __init__(
        self, moment: Moment, selection: Selection, window_ms: int, now: Millis, place: Place
    ) -> None:
        self._moment = moment
        self._selection = selection
        self._window_ms = window_ms
        self._now = now
        self._place = place

    def window(self) -> tuple[Window, bool]:
        """The rows around the place, and whether the place's number is that of its row."""
        place = self._place
        spot = self._spot(place.key) if place.key is not None else None
        at: Spot | Edge | float = spot if spot is not None else place.at
        sure = spot is None or spot == place.at
        if isinstance(at, float):
            at = at_fraction(self._moment, self._selection, self._window_ms, self._now, at) or Edge.TOP
            sure = False
        return self._around(at, SCREENS * place.height, (SCREENS + 1) * place.height), sure

    def cursor(self, window: Window, *, same_order: bool) -> Listed | None:
        """The media that has the cursor after this."""
        place = self._place
        if place.cursor is None:
            return None
        for listed in window.rows:
            if listed.media.key == place.cursor:
                return listed
        spot = self._spot(place.cursor)
        media = self._moment.run(queries.media(place.cursor)) if spot is not None else None
        if spot is not None and media is not None:
            return Listed(spot, media)
        if place.cursor_at is None or not same_order:
            return None
        near = self._around(place.cursor_at, 1, 1)
        return near.rows[min(near.here, len(near.rows) - 1)] if near.rows else None

    def number(self, window: Window, sure: bool, total: int | None) -> int:
        """The number of the window's first row, where no page before tells it."""
        touches = window.at_top or window.at_end
        if touches or sure or total is None or window.here >= len(window.rows):
            return self._place.row - window.here
        spot = window.rows[window.here].spot
        number = row_number(self._moment, self._selection, self._window_ms, self._now, spot, total)
        return number - window.here

    def _spot(self, key: MediaKey) -> Spot | None:
        return spot_of(self._moment, key, self._selection, self._window_ms, self._now)

    def _around(self, at: Spot | Edge, above: int, below: int) -> Window:
        return around(self._moment, self._selection, self._window_ms, self._now, at, above, below)


def _newest(moment: Moment) -> int:
    [(newest,)] = moment.rows("SELECT coalesce(max(seq), 0) FROM media")
    return int(newest)


def _continued(window: Window, before: Page) -> int | None:
    """The number of the window's first row by a row that stands in the page before as well."""
    known = {listed.spot: row for row, listed in enumerate(before.rows, before.first)}
    shared = [
        (abs(index - window.here), known[listed.spot] - index)
        for index, listed in enumerate(window.rows)
        if listed.spot in known
    ]
    return min(shared)[1] if shared else None


def _placed(first: int, rows: int, at_top: bool, at_end: bool, total: int) -> tuple[int, int]:
    """Where so many rows stand and how many there are, by what is known for sure."""
    least = rows + (not at_top) + (not at_end)
    if at_top and at_end:
        return 0, rows
    total = max(total, least)
    if at_top:
        return 0, total
    if at_end:
        return total - rows, total
    return max(1, min(first, total - rows - 1)), total
