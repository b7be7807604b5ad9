"""The rows of a list in their order: walked along an index, or few that were found and put in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeAlias

from console.cache.ordering import Order, Segment, Spot, Stretch, nocase, order_of, stretches
from console.cache.query import sql
from console.cache.searching import Candidates, by_due, candidates, listed
from console.cache.where import ALWAYS, Condition, both, states
from console.domain.media import State

if TYPE_CHECKING:
    from console.cache.ordering import Value
    from console.cache.reader import Moment
    from console.cache.rows import Row
    from console.domain.media import Millis
    from console.domain.views import Selection

_A_WINDOW: Final = 200
"""Rows that are asked for at once, about."""
_A_LOOK: Final = 25
"""Entries of an index that are read in the time in which one row is looked at."""
_A_MATCH: Final = 5
"""The same where each entry is looked up among the candidates."""
_ALL: Final = -1

Place: TypeAlias = Spot | None
"""Of two that bound a stretch of a list, None is the end of the list on that side."""
Rank: TypeAlias = tuple[bytes, int]


class Rows(Protocol):
    """The rows of a list."""

    def read(
        self, first: Place, end: Place, limit: int, columns: str, *, backwards: bool = False
    ) -> list[tuple[Spot, Row]]:
        """The rows from `first` on, up to but without `end`; from the end of that back if `backwards`.

        At most `limit` of them, each as its place and the values of the columns.
        """
        ...

    def count(self, first: Place, end: Place, limit: int) -> int:
        """How many they are; counted no further than to `limit`."""
        ...


def rows_of_list(moment: Moment, selection: Selection, window_ms: int, now: Millis) -> Rows:
    """The rows of a selection, in the way that reads the fewest.

    Without a filter an index of their order is walked. With one, its candidates are all looked at where
    that is less work than walking to a window is likely to be. Where they are more, the index is walked
    until it was as much work, before they are all looked at after all.
    """
    order = order_of(selection, window_ms, now)
    if order.test is ALWAYS or not order.segments:
        return Walk(moment, order)
    found = candidates(moment, order.terms, order.states, order.edge, order.within)
    if found is None:
        near = None if order.within is None else by_due(order.states, order.within, order.edge)
        return Walk(moment, order, near)
    [(everything,)] = moment.rows("SELECT coalesce(sum(media), 0) FROM media_count")
    look = _A_LOOK if order.key.covers else 1
    if look * found.many**2 <= _A_WINDOW * everything:
        return Found(moment, order, found.source)
    if not order.terms:
        return Walk(moment, order, found.source)
    return Either(moment, order, found, (_A_MATCH if order.key.covers else 1) * found.many)


class _Part(NamedTuple):
    """One stretch of a segment, over all of its states."""

    number: int
    segment: Segment
    stretch: Stretch


def _parts(order: Order, first: Place, end: Place) -> list[_Part]:
    if first and end and _is_before(order, end, first):
        return []
    lowest = 0 if first is None else first.segment
    highest = len(order.segments) - 1 if end is None else end.segment
    return [
        _Part(number, segment, stretch)
        for number, segment in enumerate(order.segments)
        if lowest <= number <= highest
        for stretch in stretches(
            segment,
            first if first and number == first.segment else None,
            end if end and number == end.segment else None,
        )
    ]


def _is_before(order: Order, one: Spot, other: Spot) -> bool:
    """Whether the first of two places of one segment stands before the second."""
    if one.segment != other.segment:
        return False
    ranks = [(_rank(spot.value), spot.seq) for spot in (one, other)]
    return ranks[0] != ranks[1] and (ranks[0] > ranks[1]) is order.segments[one.segment].descends


class Walk:
    """Rows that are read one after the other from the index of their order.

    Args:
        source: candidates; of other entries of the index the row is not looked at.
        most: entries of the index that are met in a stretch, at most; the rows that are read end with the
            first stretch that has more.
    """

    def __init__(
        self, moment: Moment, order: Order, source: Condition | None = None, most: int = _ALL
    ) -> None:
        self._moment = moment
        self._order = order
        self._most = most
        self._test = order.test
        if source is not None:
            self._test = both(Condition(sql("q IN (", source.sql, ")"), source.params), order.test)

    @property
    def is_plain(self) -> bool:
        """Whether each entry of the index is a row of the list."""
        return self._order.test is ALWAYS

    def read(
        self, first: Place, end: Place, limit: int, columns: str, *, backwards: bool = False
    ) -> list[tuple[Spot, Row]]:
        """See `Rows`."""
        return self.met(first, end, limit, columns, backwards=backwards)[0]

    def met(
        self, first: Place, end: Place, limit: int, columns: str, *, backwards: bool
    ) -> tuple[list[tuple[Spot, Row]], bool]:
        """What `read` gives, and whether that is all: False where a stretch was left before its end."""
        found: list[tuple[Spot, Row]] = []
        parts = _parts(self._order, first, end)
        if backwards:
            parts.reverse()
        for part in parts:
            rows = self._part(part, columns, limit - len(found), backwards=backwards)
            found += [(Spot(part.number, row[0], row[1]), row[2:]) for row in rows]
            if len(found) == limit:
                break
            if self._was_cut(part):
                return found, False  # rows that it did not come to stand before those of the next stretch
        return found, True

    def count(self, first: Place, end: Place, limit: int) -> int:
        """See `Rows`."""
        count = 0
        for part in _parts(self._order, first, end):
            runs = _runs(part, "1", self._order.test)
            counted = sql("SELECT count(*) FROM (", runs.sql, "LIMIT ?)")
            [(more,)] = self._moment.rows(counted, (*runs.params, limit - count))
            count += int(more)
        return count

    def _was_cut(self, part: _Part) -> bool:
        """Whether a stretch has more entries than are met."""
        if self._most == _ALL or self.is_plain:
            return False
        runs = _runs(part, "1")
        return bool(self._moment.rows(sql(runs.sql, "LIMIT 1 OFFSET ?"), (*runs.params, self._most)))

    def _part(self, part: _Part, columns: str, limit: int, *, backwards: bool) -> list[Row]:
        """Merges the runs of the states in the order of their index, and looks at each row."""
        test, key = self._test, part.segment.key
        direction = "DESC" if part.segment.descends is not backwards else "ASC"
        by = "" if part.stretch.tied else f"x{key.collation} {direction}, "
        runs = _runs(part, f"seq AS q, {key.expression} AS x")
        return self._moment.rows(
            sql(
                "SELECT x, q,",
                columns,
                "FROM (",
                runs.sql,
                f"ORDER BY {by}q {direction} LIMIT ?) CROSS JOIN media ON media.seq = q WHERE",
                test.sql,
                "LIMIT ?",
            ),
            (*runs.params, limit if self.is_plain else self._most, *test.params, limit),
        )


def _runs(part: _Part, columns: str, test: Condition = ALWAYS) -> Condition:
    """The runs of the states, side by side."""
    key = part.segment.key
    wanted = [
        both(Condition("state = ?", (state.value,)), part.stretch.range, test)
        for state in part.segment.states
    ]
    select = sql("SELECT", columns, "FROM media INDEXED BY", key.index, "WHERE")
    return Condition(
        " UNION ALL ".join(sql(select, each.sql) for each in wanted),
        tuple(value for each in wanted for value in each.params),
    )


class Found:
    """Rows among candidates, all of which were looked at and put in order."""

    def __init__(self, moment: Moment, order: Order, source: Condition) -> None:
        self._moment = moment
        self._order = order
        self.spots: list[Spot] = []
        """The places of all rows."""
        self._runs: list[list[tuple[Rank, int]]] = [[] for _ in order.segments]
        """What the rows of each segment are ordered by, ascending."""
        if order.segments:
            self._find(source)

    def read(
        self, first: Place, end: Place, limit: int, columns: str, *, backwards: bool = False
    ) -> list[tuple[Spot, Row]]:
        """See `Rows`."""
        start, stop = self.index(first), len(self.spots) if end is None else self.index(end)
        if backwards:
            spots = self.spots[max(start, stop - limit) : stop][::-1]
        else:
            spots = self.spots[start : min(stop, start + limit)]
        source = listed([spot.seq for spot in spots])
        rows = self._moment.rows(
            sql("SELECT media.seq,", columns, "FROM (", source.sql, ") AS c JOIN media ON media.seq = c.seq"),
            source.params,
        )
        by_seq = {row[0]: row[1:] for row in rows}
        return [(spot, by_seq[spot.seq]) for spot in spots]

    def count(self, first: Place, end: Place, limit: int) -> int:
        """See `Rows`."""
        stop = len(self.spots) if end is None else self.index(end)
        return min(limit, max(0, stop - self.index(first)))

    def index(self, place: Place) -> int:
        """How many rows stand before a place."""
        if place is None:
            return 0
        runs = self._runs[: place.segment + 1]
        before = sum(map(len, runs[:-1]))
        rank = _rank(place.value), place.seq
        if self._order.segments[place.segment].descends:
            return before + len(runs[-1]) - bisect_right(runs[-1], rank)
        return before + bisect_left(runs[-1], rank)

    def _find(self, source: Condition) -> None:
        """Looks at each candidate once, and puts those that pass in the order of the segments."""
        key = self._order.key
        passes = both(states(self._order.states), self._order.test)
        rows = self._moment.rows(
            sql(
                "SELECT",
                key.expression,
                "AS x, media.seq AS q, state FROM (SELECT DISTINCT seq FROM (",
                source.sql,
                ")) AS c CROSS JOIN media ON media.seq = c.seq WHERE",
                passes.sql,
                f"ORDER BY x{key.collation}, q",
            ),
            (*source.params, *passes.params),
        )
        parts: list[list[Spot]] = [[] for _ in self._order.segments]
        for value, seq, state in rows:
            spot = self._order.spot(State(state), value, seq)
            if spot is not None:
                parts[spot.segment].append(spot)
                self._runs[spot.segment].append((_rank(value), seq))
        for part, segment in zip(parts, self._order.segments, strict=True):
            self.spots += part[::-1] if segment.descends else part


class Either:
    """Rows that are walked to as long as that reads no more than the candidates, which are taken then."""

    def __init__(self, moment: Moment, order: Order, candidates: Candidates, most: int) -> None:
        self._moment = moment
        self._order = order
        self._candidates = candidates
        self._walk = Walk(moment, order, candidates.source, most)
        self._found: Found | None = None

    def read(
        self, first: Place, end: Place, limit: int, columns: str, *, backwards: bool = False
    ) -> list[tuple[Spot, Row]]:
        """See `Rows`."""
        if self._found is None:
            rows, all_of_them = self._walk.met(first, end, limit, columns, backwards=backwards)
            if all_of_them:
                return rows
        return self.taken().read(first, end, limit, columns, backwards=backwards)

    def count(self, first: Place, end: Place, limit: int) -> int:
        """See `Rows`."""
        return self.taken().count(first, end, limit)

    def taken(self) -> Found:
        """The candidates, all of which are looked at the first time."""
        if self._found is None:
            self._found = Found(self._moment, self._order, self._candidates.source)
        return self._found


def _rank(value: Value) -> Rank:
    """What a value is compared by within its segment."""
    return nocase(value) if isinstance(value, str) else (b"", value or 0)
