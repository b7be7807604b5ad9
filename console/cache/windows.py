"""Windows of a list: a few rows around a place, read from the index of their order.

Nothing here reads more than about the rows that are asked for, unless a filter lets few rows through.
All are questions within one `Moment` (see `reader`).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct

from console.cache.ordering import Order, Segment, Spot, order_of, ranges
from console.cache.query import sql
from console.cache.rows import SELECTED, read_media
from console.cache.where import ALWAYS, Condition, both, states
from console.domain.media import DEFAULT_ACCOUNT, Media, MediaKey, Millis

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
    "count_between",
    "rows_between",
    "spot_of",
]

_ALL: Final = -1


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
    order = order_of(selection, window_ms, now)
    if at is Edge.TOP:
        rows = _listed(moment, order, None, None, above + below + 1)
        return Window(rows=tuple(rows[: above + below]), at_end=len(rows) <= above + below)
    if at is Edge.END:
        rows = _listed(moment, order, None, None, above + below + 1, backwards=True)
        found = tuple(rows[: above + below][::-1])
        return Window(rows=found, at_top=len(rows) <= above + below, here=len(found))
    before = _listed(moment, order, None, at, above + 1, backwards=True)
    after = _listed(moment, order, at, None, below + 1)
    return Window(
        rows=(*before[:above][::-1], *after[:below]),
        at_top=len(before) <= above,
        at_end=len(after) <= below,
        here=min(len(before), above),
    )


def spot_of(moment: Moment, key: MediaKey, selection: Selection, window_ms: int, now: Millis) -> Spot | None:
    """Where a media stands in a list; None if it is not in it."""
    order = order_of(selection, window_ms, now)
    for number, segment in enumerate(order.segments):
        for part in ranges(segment, None, None):
            there = both(
                Condition("account = ? AND key = ?", (DEFAULT_ACCOUNT, key)),
                states(segment.states),
                part,
                order.test,
            )
            found = moment.rows(
                sql("SELECT", segment.key.expression, ", seq FROM media WHERE", there.sql), there.params
            )
            if found:
                return Spot(number, *found[0])
    return None


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
    order = order_of(selection, window_ms, now)
    read = _rows(moment, order, _spot(first), _spot(end), limit, "key")
    return [MediaKey(row[2]) for _, row in read]


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
    order = order_of(selection, window_ms, now)
    return sum(1 for _ in _rows(moment, order, _spot(first), _spot(end), limit, "1"))


def _spot(place: Spot | Edge) -> Spot | None:
    return None if isinstance(place, Edge) else place


def _listed(
    moment: Moment, order: Order, first: Spot | None, end: Spot | None, limit: int, *, backwards: bool = False
) -> list[Listed]:
    read = _rows(moment, order, first, end, limit, SELECTED, backwards=backwards)
    return [Listed(Spot(number, row[0], row[1]), read_media(row[2:])) for number, row in read]


class _Part(NamedTuple):
    """What of one segment lies in a stretch of a list."""

    number: int
    segment: Segment
    first: Spot | None
    end: Spot | None


def _rows(
    moment: Moment,
    order: Order,
    first: Spot | None,
    end: Spot | None,
    limit: int,
    columns: str,
    *,
    backwards: bool = False,
) -> Iterator[tuple[int, Row]]:
    """The rows of a list from `first` on, up to but without `end`: segment, then value, seq and columns."""
    for part in _parts(order, first, end, backwards=backwards):
        statement = _statement(part, order.test, columns, limit, backwards=backwards)
        rows = moment.rows(statement.sql, statement.params)
        for row in rows:
            yield part.number, row
        limit -= len(rows)
        if not limit:
            return


def _parts(order: Order, first: Spot | None, end: Spot | None, *, backwards: bool) -> list[_Part]:
    lowest = 0 if first is None else first.segment
    highest = len(order.segments) - 1 if end is None else end.segment
    parts = [
        _Part(
            number,
            segment,
            first if first and number == first.segment else None,
            end if end and number == end.segment else None,
        )
        for number, segment in enumerate(order.segments)
        if lowest <= number <= highest
    ]
    return parts[::-1] if backwards else parts


def _statement(part: _Part, test: Condition, columns: str, limit: int, *, backwards: bool) -> Condition:
    """Merges the runs of the states in the order of the index, then looks at the rows."""
    merged = _merged(part, limit if test is ALWAYS else _ALL, backwards=backwards)
    return Condition(
        sql(
            "SELECT x, q,",
            columns,
            "FROM (",
            merged.sql,
            ") CROSS JOIN media ON media.seq = q WHERE",
            test.sql,
            "LIMIT ?",
        ),
        (*merged.params, *test.params, limit),
    )


def _merged(part: _Part, limit: int, *, backwards: bool) -> Condition:
    segment = part.segment
    key = segment.key
    runs = [
        both(Condition("state = ?", (state.value,)), piece)
        for state in segment.states
        for piece in ranges(segment, part.first, part.end)
    ]
    select = sql("SELECT seq AS q,", key.expression, "AS x FROM media INDEXED BY", key.index, "WHERE")
    direction = "DESC" if segment.descends is not backwards else "ASC"
    return Condition(
        sql(
            " UNION ALL ".join(sql(select, run.sql) for run in runs),
            f"ORDER BY x{key.collation} {direction}, q {direction} LIMIT ?",
        ),
        (*(value for run in runs for value in run.params), limit),
    )
