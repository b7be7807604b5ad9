"""The kept counts: how many media are in each state, and of how many of them the clock began in each hour.

They are kept by whoever writes rows of media, in the same transaction, so that nobody has to count.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from console.cache.query import sql
from console.cache.schema import HOUR_MS

if TYPE_CHECKING:
    import sqlite3

_ADD_STATE: Final = (
    "INSERT INTO media_count (state, media) VALUES (?, ?) "
    "ON CONFLICT (state) DO UPDATE SET media = media + excluded.media"
)
_ADD_HOUR: Final = (
    "INSERT INTO media_hour (state, hour, media) VALUES (?, ?, ?) "
    "ON CONFLICT (state, hour) DO UPDATE SET media = media + excluded.media"
)
_STATES: Final = "SELECT state, count(*) FROM media GROUP BY 1 ORDER BY 1"
_HOURS: Final = sql(
    "SELECT state, clock_from /", str(HOUR_MS), ", count(*) FROM media GROUP BY 1, 2 ORDER BY 1, 2"
)
_KEPT_STATES: Final = "SELECT state, media FROM media_count WHERE media <> 0 ORDER BY 1"
_KEPT_HOURS: Final = "SELECT state, hour, media FROM media_hour WHERE media <> 0 ORDER BY 1, 2"


def hour_of(clock_from: int) -> int:
    """The hour since 1970 in which a clock began, as SQLite divides."""
    return clock_from // HOUR_MS if clock_from >= 0 else -(-clock_from // HOUR_MS)


class Tally:
    """What the rows that a transaction writes add to the kept counts and take from them."""

    def __init__(self) -> None:
        self._hours: Counter[tuple[str, int]] = Counter()

    def add(self, state: str, hour: int) -> None:
        """Counts a row as it is written."""
        self._hours[state, hour] += 1

    def take(self, state: str, hour: int) -> None:
        """Counts a row as it was before."""
        self._hours[state, hour] -= 1

    def write(self, connection: sqlite3.Connection) -> None:
        """Brings the kept counts up to date. In the transaction that writes the rows."""
        states: Counter[str] = Counter()
        hours: list[tuple[str, int, int]] = []
        for (state, hour), media in self._hours.items():
            if media:
                states[state] += media
                hours.append((state, hour, media))
        if hours:
            connection.executemany(_ADD_HOUR, hours)
            connection.executemany(_ADD_STATE, [(state, media) for state, media in states.items() if media])


def recount(connection: sqlite3.Connection) -> None:
    """Counts all rows anew. In an open transaction."""
    for table in ("media_count", "media_hour"):
        connection.execute(sql("DELETE FROM", table))
    connection.execute(sql("INSERT INTO media_count (state, media)", _STATES))
    connection.execute(sql("INSERT INTO media_hour (state, hour, media)", _HOURS))


def agree(connection: sqlite3.Connection) -> bool:
    """Whether the kept counts are what a recount gives, to be asked in a transaction; changes nothing."""
    return all(
        connection.execute(counted).fetchall() == connection.execute(kept).fetchall()
        for counted, kept in ((_STATES, _KEPT_STATES), (_HOURS, _KEPT_HOURS))
    )
