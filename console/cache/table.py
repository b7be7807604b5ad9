"""The rows of `media`, written and removed together with all that is kept of them elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache import searchindex
from console.cache.counts import Tally, hour_of
from console.cache.query import sql
from console.cache.rows import UPSERT_AT, media_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from console.cache.batch import MediaRef
    from console.cache.rows import SqlValue
    from console.domain.media import Media, Millis


class Before(NamedTuple):
    """What a stored row says beside its media."""

    seq: int
    state: str
    clock_from: Millis
    search_text: str


BEFORE: Final = ", ".join(Before._fields)
"""What a `Before` is read from."""
_BEFORE: Final = sql("SELECT", BEFORE, "FROM media WHERE account = ? AND key = ?")
_DELETE: Final = "DELETE FROM media WHERE seq = ?"


def write_rows(connection: sqlite3.Connection, changed: Iterable[tuple[Media, Before | int | None]]) -> None:
    """Writes media, each beside what its row said before. In an open transaction.

    Where it had none, the `seq` that its row is to have stands there, or None for the next one.
    """
    tally = Tally()
    rows: list[tuple[SqlValue, ...]] = []
    unlearnt: list[tuple[int, str]] = []
    for media, before in changed:
        row = media_row(media)
        rows.append((*row, None if isinstance(before, Before) else before))
        tally.add(media.state._value_, hour_of(media.clock_from))
        if isinstance(before, Before):
            tally.take(before.state, hour_of(before.clock_from))
            if before.search_text != row[-1]:
                unlearnt.append((before.seq, before.search_text))
    connection.executemany(UPSERT_AT, rows)
    if unlearnt:
        searchindex.note_changed(connection, unlearnt)
    tally.write(connection)


def write_media(connection: sqlite3.Connection, media: Media) -> None:
    """Writes one media, whatever its row said before. In an open transaction."""
    write_rows(connection, [(media, _before(connection, (media.account, media.key)))])


def remove_rows(connection: sqlite3.Connection, refs: Sequence[MediaRef]) -> int:
    """Removes the rows of media; how many. In an open transaction."""
    tally = Tally()
    gone: list[Before] = []
    for ref in refs:
        before = _before(connection, ref)
        if before is not None:
            gone.append(before)
            tally.take(before.state, hour_of(before.clock_from))
    searchindex.note_changed(connection, [(before.seq, before.search_text) for before in gone])
    connection.executemany(_DELETE, [(before.seq,) for before in gone])
    searchindex.note_removed(connection)
    tally.write(connection)
    return len(gone)


def _before(connection: sqlite3.Connection, ref: MediaRef) -> Before | None:
    row = connection.execute(_BEFORE, ref).fetchone()
    return None if row is None else Before(*row)
