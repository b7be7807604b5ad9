"""Windows of a list: a few rows around a place, read from the index of their order.

Nothing here reads more than about the rows that are asked for, unless a filter lets few rows through.
All are questions within one `Moment` (see `reader`).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from console.cache.ordering import Order, Spot, order_of
from console.cache.query import sql
from console.cache.rows import SELECTED, read_media
from console.cache.searching import spread
from console.cache.walking import Either, Found, Rows, Walk, rows_of_list
from console.cache.where import Condition, both, states
from console.domain.media import DEFAULT_ACCOUNT, Media, MediaKey, Millis, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.cache.reader import Moment
    from console.cache.rows import Row
    from console.domain.views import Selection

__all__ = [
    "Edge",
    "Listed",
    "Spot",
    "Window",
    "around",
    "at_fraction",
    "count_between",
    "keys_of",
    "media_of",
    "row_number",
    "rows_between",
    "spot_of",
]

CHUNK: Final = 500
"""Rows that are held in memory while all are read."""
NEAR: Final = 10_000
"""Rows from an end of a list within which their numbers are counted."""
SAMPLE: Final = 1000
LEAST_SAMPLED: Final = 50
"""A sample that holds fewer rows of a list tells too little of it, where all its candidates can be had."""
MOST_SAMPLED: Final = 4000
"""Rows that are looked at for a sample of a view that holds few of all."""


class Edge(Enum):
    """An end of a list."""

    TOP = "top"
    END = "end"


class Listed(Struct, frozen=True):
    """A media and where it stands in the list that it was read for."""

    spot: Spot
    media: Media


class Window(Struct, frozen=True, kw_only=True):
    """Rows of a list that follow each other; whether they are its first or its last ones."""

    rows: tuple[Listed, ...] = ()
    at_top: bool = True
    at_end: bool = True
    here: int = 0
    """Which of the rows is the first from the place on; `len(rows)` if none is."""


def around(
    moment: Moment,
    selection: Selection,
    window_ms: int,
    now: Millis,
    at: Spot | Edge,
    above: int,
    below: int,
) -> Window:
    """The rows of a list from a place on, at most `below` of them, and at most `above` before it.

    The row that stands at the place itself, if one does, is the first of those below. From an end
    of the list it is `above + below` rows there.
    """
    of_list = rows_of_list(moment, selection, window_ms, now)
    if at is Edge.TOP:
        rows = _listed(of_list, None, None, above + below + 1)
        return Window(rows=tuple(rows[: above + below]), at_end=len(rows) <= above + below)
    if at is Edge.END:
        rows = _listed(of_list, None, None, above + below + 1, backwards=True)
        found = tuple(rows[: above + below][::-1])
        return Window(rows=found, at_top=len(rows) <= above + below, here=len(found))
    before = _listed(of_list, None, at, above + 1, backwards=True)
    after = _listed(of_list, at, None, below + 1)
    return Window(
        rows=(*before[:above][::-1], *after[:below]),
        at_top=len(before) <= above,
        at_end=len(after) <= below,
        here=min(len(before), above),
    )


def spot_of(moment: Moment, key: MediaKey, selection: Selection, window_ms: int, now: Millis) -> Spot | None:
    """Where a media stands in a list; None if it is not in it."""
    order = order_of(selection, window_ms, now)
    if not order.segments:
        return None
    there = both(
        Condition("account = ? AND key = ?", (DEFAULT_ACCOUNT, key)), states(order.states), order.test
    )
    found = moment.rows(
        sql("SELECT", order.key.expression, ", seq, state FROM media WHERE", there.sql), there.params
    )
    return next((spot for value, seq, state in found if (spot := order.spot(State(state), value, seq))), None)


def rows_between(
    moment: Moment,
    selection: Selection,
    window_ms: int,
    now: Millis,
    first: Spot | Edge,
    end: Spot | Edge,
    limit: int,
) -> list[MediaKey]:
    """The keys of the rows from `first` on, up to but without `end`, at most `limit` of them."""
    rows = rows_of_list(moment, selection, window_ms, now)
    return [MediaKey(row[0]) for _, row in rows.read(_place(first), _place(end), limit, "key")]


def count_between(
    moment: Moment,
    selection: Selection,
    window_ms: int,
    now: Millis,
    first: Spot | Edge,
    end: Spot | Edge,
    limit: int,
) -> int:
    """How many rows there are from `first` on, up to but without `end`; counts no further than `limit`."""
    rows = rows_of_list(moment, selection, window_ms, now)
    return rows.count(_place(first), _place(end), limit)


def media_of(moment: Moment, selection: Selection, window_ms: int, now: Millis) -> Iterator[Media]:
    """All media of a list one by one, in flat memory."""
    for row in _every(moment, selection, window_ms, now, SELECTED):
        yield read_media(row)


def keys_of(moment: Moment, selection: Selection, window_ms: int, now: Millis) -> Iterator[MediaKey]:
    """The keys of a list one by one."""
    for row in _every(moment, selection, window_ms, now, "key"):
        yield MediaKey(row[0])


def _every(moment: Moment, selection: Selection, window_ms: int, now: Millis, columns: str) -> Iterator[Row]:
    rows = rows_of_list(moment, selection, window_ms, now)
    place: Spot | None = None
    while True:
        read = rows.read(place, None, CHUNK + 1, columns)
        for _, row in read[:CHUNK]:
            yield row
        if len(read) <= CHUNK:
            return
        place = read[CHUNK][0]


def row_number(
    moment: Moment, selection: Selection, window_ms: int, now: Millis, spot: Spot, total: int
) -> int:
    """How many rows stand before a place in a list of so many.

    Exact within `NEAR` rows of both ends, and where a filter's candidates are few or a sample would hold
    few of the rows. Else it is told from that sample.
    """
    rows = rows_of_list(moment, selection, window_ms, now)
    if isinstance(rows, Walk) and rows.is_plain:
        if (before := rows.count(None, spot, NEAR)) < NEAR:
            return before
        if (after := rows.count(spot, None, NEAR)) < NEAR:
            return max(0, total - after)
    told, all_of_them = _told(moment, rows, order_of(selection, window_ms, now))
    if all_of_them:
        return told.index(spot)
    return told.index(spot) * total // len(told.spots) if told.spots else 0


def at_fraction(
    moment: Moment, selection: Selection, window_ms: int, now: Millis, fraction: float
) -> Spot | None:
    """The place below that share of a list, about; None if the list is empty as far as a sample tells."""
    rows = rows_of_list(moment, selection, window_ms, now)
    told, _ = _told(moment, rows, order_of(selection, window_ms, now))
    spots = told.spots
    return spots[min(len(spots) - 1, max(0, int(fraction * len(spots))))] if spots else None


def _told(moment: Moment, rows: Rows, order: Order) -> tuple[Found, bool]:
    """Rows of a list that tell where the others stand; and whether they are all of them."""
    if isinstance(rows, Found):
        return rows, True
    sample = _sample(moment, order)
    if isinstance(rows, Either) and len(sample.spots) < LEAST_SAMPLED:
        return rows.taken(), True
    return sample, False


def _sample(moment: Moment, order: Order) -> Found:
    """About `SAMPLE` rows of a list, about evenly by the numbers under which the cache knows them."""
    held = moment.rows("SELECT state, media FROM media_count")
    inside = sum(media for state, media in held if state in order.states)
    everything = sum(media for _, media in held)
    wanted = min(MOST_SAMPLED, SAMPLE * everything // max(1, inside))
    return Found(moment, order, spread(moment, wanted).source)


def _place(place: Spot | Edge) -> Spot | None:
    return None if isinstance(place, Edge) else place


def _listed(
    rows: Rows, first: Spot | None, end: Spot | None, limit: int, *, backwards: bool = False
) -> list[Listed]:
    read = rows.read(first, end, limit, SELECTED, backwards=backwards)
    return [Listed(spot, read_media(row)) for spot, row in read]
