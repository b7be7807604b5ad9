"""Lists over a cache in memory, the order that they should have, and what reading them costs."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from functools import cmp_to_key
from typing import TYPE_CHECKING

from console.cache import migrations
from console.cache.counts import recount
from console.cache.reader import Moment
from console.cache.rows import UPSERT, media_row
from console.cache.searchindex import feed
from console.domain.media import CLOCKED, State
from console.domain.retention import SOON_MS
from console.domain.views import Selection, Sort, View

from .samples import NOW, WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from console.cache.rows import Row, SqlValue
    from console.domain.media import Media

NEED = (
    State.UNDOWNLOADED,
    State.FAILED,
    State.UNCONFIRMED,
    State.QUEUED,
    State.REQUESTED,
    State.RECEIVED,
    State.DOWNLOADED,
)


class Watched(Moment):
    """A moment that keeps what was asked of it, and counts the instructions that SQLite spent on it."""

    GRAIN = 50

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection, lambda: False)
        self.steps = 0
        self.asked: list[tuple[str, Sequence[SqlValue]]] = []
        connection.set_progress_handler(self._step, self.GRAIN)

    def rows(self, sql: str, params: Sequence[SqlValue] = ()) -> list[Row]:
        """Keeps the statement."""
        self.asked.append((sql, params))
        return super().rows(sql, params)

    def cost(self, question: Callable[[Moment], object]) -> int:
        """The instructions that one question takes."""
        before = self.steps
        question(self)
        return self.steps - before

    def plans(self, question: Callable[[Moment], object]) -> list[str]:
        """How SQLite goes about the statements of a question, line by line."""
        self.asked.clear()
        question(self)
        return [
            str(row[3])
            for sql, params in self.asked.copy()
            for row in self.rows("EXPLAIN QUERY PLAN " + sql, params)
        ]

    def _step(self) -> int:
        self.steps += self.GRAIN
        return 0


@contextmanager
def cache_of(media: Iterable[Media], *, fed: int = 0) -> Iterator[sqlite3.Connection]:
    """A cache of these media in memory, numbered from 1; of so many of them the text is indexed."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.create_function("casefold", 1, _casefold, deterministic=True)
        migrations.migrate_from(connection, 0)
        connection.execute("BEGIN")
        connection.executemany(UPSERT, map(media_row, media))
        recount(connection)
        if fed:
            feed(connection, fed)
        connection.execute("COMMIT")
        yield connection


def feed_all(connection: sqlite3.Connection) -> None:
    """Indexes the texts of all rows."""
    while feed(connection):
        pass


def ordered(media: Iterable[Media], selection: Selection) -> list[Media]:
    """What a list shows by the words of its view and sort, without its filter; the media by their number."""
    shown = [(seq, one) for seq, one in enumerate(media, 1) if _in_view(one, selection.view)]
    shown.sort(key=lambda row: _place(row[0], row[1], selection.sort))
    return [one for _, one in (shown[::-1] if selection.reverse else shown)]


def _in_view(one: Media, view: View) -> bool:
    near = abs(one.clock_from + WINDOW - NOW) < SOON_MS
    return one.state in view.states and (view is not View.DUE_SOON or near)


def _place(seq: int, one: Media, sort: Sort) -> tuple[object, ...]:
    match sort:
        case Sort.DUE:
            lapsed = one.clock_from + WINDOW <= NOW
            return int(lapsed) if one.state in CLOCKED else 2, one.clock_from, seq
        case Sort.RECEIVED:
            return one.heard_at is None, -(one.heard_at or 0), -seq
        case Sort.SENT:
            return -one.clock_from, -seq
        case Sort.SIZE:
            return -(-1 if one.size is None else one.size), -seq
        case Sort.FROM:
            named = one.sender_name if one.sender_name is not None else one.sender
            return named is None, cmp_to_key(_nocase)("" if named is None else named), seq
        case Sort.TYPE:
            return one.type.value, seq
        case Sort.STATE:
            return NEED.index(one.state), one.clock_from, seq


def _nocase(one: str, other: str) -> int:
    """As sqlite.org/datatype3.html has it: ASCII letters are folded, else by bytes; up to a NUL."""
    for left, right in zip(one.encode().lower(), other.encode().lower(), strict=False):
        if left != right:
            return left - right
        if not left:
            break
    return len(one.encode()) - len(other.encode())


def _casefold(text: str | None) -> str:
    return (text or "").casefold()
