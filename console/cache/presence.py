"""Which media are in a list, and how many of its rows are new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.cache.ordering import Spot, Value, nocase, order_of, stretches
from console.cache.query import marks, sql
from console.cache.where import both, either, selection_condition, states
from console.domain.media import DEFAULT_ACCOUNT, MediaKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.cache.reader import Moment
    from console.cache.where import Condition
    from console.domain.media import Millis
    from console.domain.views import Selection

LOOKED_AT: Final = 20_000
"""Media that are looked at, the newest; of more that arrived, only these are counted."""
_AT_ONCE: Final = 500


def among(
    moment: Moment, selection: Selection, window_ms: int, now: Millis, keys: Sequence[MediaKey]
) -> set[MediaKey]:
    """Those of some media that are in a list."""
    where = selection_condition(selection, window_ms, now)
    found: set[MediaKey] = set()
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        rows = moment.rows(
            sql(
                "SELECT key FROM media WHERE account = ? AND key IN",
                marks(len(some)),
                "AND",
                f"({where.sql})",
            ),
            (DEFAULT_ACCOUNT, *some, *where.params),
        )
        found.update(MediaKey(row[0]) for row in rows)
    return found


def comes_first(selection: Selection, window_ms: int, now: Millis, one: Spot, other: Spot) -> bool:
    """Whether a place of a list is above another."""
    if one.segment != other.segment:
        return one.segment < other.segment
    above = _rank(one) < _rank(other)
    return above is not order_of(selection, window_ms, now).segments[one.segment].descends


def _rank(spot: Spot) -> tuple[Value | tuple[bytes, int], int]:
    return nocase(spot.value) if isinstance(spot.value, str) else spot.value or 0, spot.seq


def new_between(
    moment: Moment,
    selection: Selection,
    window_ms: int,
    now: Millis,
    first: Spot | None,
    end: Spot | None,
    *,
    after: int,
    limit: int,
) -> int:
    """How many of the rows from `first` on, up to but without `end`, arrived after the media of a number.

    Without a place it is from the first row on, or to the last one. It counts no further than `limit`.
    """
    order = order_of(selection, window_ms, now)
    low = 0 if first is None else first.segment
    high = len(order.segments) - 1 if end is None else end.segment
    runs: list[Condition] = []
    for number, segment in enumerate(order.segments):
        if low <= number <= high:
            since = first if first and number == first.segment else None
            until = end if end and number == end.segment else None
            runs.append(
                both(
                    states(segment.states), either(*(part.range for part in stretches(segment, since, until)))
                )
            )
    where = both(either(*runs), order.test)
    [(found,)] = moment.rows(
        sql(
            "SELECT count(*) FROM (SELECT 1 FROM media NOT INDEXED",
            "WHERE seq > max(?, (SELECT max(seq) FROM media) - ?) AND",
            where.sql,
            "LIMIT ?)",
        ),
        (after, LOOKED_AT, *where.params, limit),
    )
    return int(found)
