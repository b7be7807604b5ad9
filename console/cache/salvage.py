"""Reads what can be read of a damaged table, row by row, around what cannot."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.query import sql

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from console.cache.rows import Row

MOST_PROBES: Final = 100_000
"""Vain looks at one table; where more are needed, what is left is given up."""
_AT_ONCE: Final = 200
_KEYS_A_PAGE: Final = 100
"""More rows than a page holds of any table here, for a guess at how far the numbers may go."""
_BITS: Final = 50
_LARGEST: Final = 2**62
_PARTS: Final = 16
"""Between two powers of two so many numbers are tried."""


class TableSalvage:
    """One table whose rows are found by a number.

    A range of numbers that fails is halved until the good parts are told from the bad ones, the largest
    range first, so that a lost branch of the tree does not take up the time that the others need.
    """

    def __init__(self, connection: sqlite3.Connection, table: str, key: str, columns: Sequence[str]) -> None:
        self._connection = connection
        found = sql("FROM", table, "WHERE", key, "BETWEEN ? AND ? ORDER BY", key, "LIMIT ?")
        self._rows = sql("SELECT", ", ".join((key, *columns)), found)
        self._keys = sql("SELECT", key, found)
        self._last_key = sql("SELECT", key, "FROM", table, "ORDER BY", key, "DESC LIMIT ?")
        self._probes = 0
        self._bad: list[tuple[int, int]] = []

    @property
    def unreadable(self) -> int:
        """How many stretches could not be read, of one or more numbers each."""
        stretches = 0
        end = -2
        for low, high in sorted(self._bad):
            stretches += low > end + 1
            end = max(end, high)
        return stretches

    def rows(self) -> Iterator[Row]:
        """The rows that can be read; the number comes first."""
        ranges: list[tuple[int, int, int]] = []
        _put(ranges, 0, self._highest())
        while ranges:
            _, low, high = heappop(ranges)
            after = yield from self._read(low, high)
            if after is None:
                continue
            if after >= high or self._probes > MOST_PROBES:
                self._bad.append((after, high))
                continue
            middle = (after + high) // 2
            _put(ranges, after, middle)
            _put(ranges, middle + 1, high)

    def _read(self, low: int, high: int) -> Generator[Row, None, int | None]:
        """Gives rows from `low` on; returns the number from which none can be read, or None at the end."""
        at_once = _AT_ONCE
        while low <= high:
            found = self._fetch(self._rows, low, high, at_once)
            if found is not None:
                yield from found
                if len(found) < at_once:
                    return None
                low = found[-1][0] + 1
                at_once = min(2 * at_once, _AT_ONCE)
            elif at_once > 1:
                at_once = 1
            else:
                keys = self._fetch(self._keys, low, high, 1)
                if not keys:
                    return low
                self._bad.append((keys[0][0], keys[0][0]))
                low = keys[0][0] + 1
        return None

    def _highest(self) -> int:
        """No number lies above it; where the end cannot be read, about twice the highest that is found."""
        found = self._fetch(self._last_key, 1)
        if found is not None:
            return int(found[0][0]) if found else 0
        for bits in range(_BITS, 0, -1):
            for part in range(_PARTS):
                if self._fetch(self._keys, (_PARTS + part << bits) // _PARTS, _LARGEST, 1):
                    return 2 << bits
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        return int(pages) * _KEYS_A_PAGE

    def _fetch(self, statement: str, *params: int) -> list[Row] | None:
        """Some rows; None where they cannot be read."""
        try:
            with closing(self._connection.execute(statement, params)) as cursor:
                rows: list[Row] = cursor.fetchall()
        except sqlite3.Error:
            self._probes += 1
            return None
        low = params[0] if len(params) > 1 else 0
        sound = all(isinstance(row[0], int) and row[0] >= low for row in rows)
        return rows if sound else None


def _put(ranges: list[tuple[int, int, int]], low: int, high: int) -> None:
    heappush(ranges, (low - high, low, high))


class Found(NamedTuple):
    """What could be read of a table, and whether that is all of it."""

    rows: list[Row]
    whole: bool


def from_both_ends(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> Found:
    """The rows of a table without numbers, from each end up to what cannot be read."""
    found: dict[object, Row] = {}
    for order in ("", "DESC"):
        statement = sql("SELECT", ", ".join(columns), "FROM", table, "ORDER BY", columns[0], order)
        try:
            with closing(connection.execute(statement)) as cursor:
                for row in cursor:
                    found[row[0]] = row
        except sqlite3.Error:
            continue
        return Found(list(found.values()), whole=True)
    return Found(list(found.values()), whole=False)
