"""The index of trigrams that the text search looks in first. It trails the rows, and says by how much.

A search stays exact whatever is indexed: what the index names is a candidate, whose row is looked at; and
the rows that are `NOT_INDEXED` are looked at directly. Nothing that the index holds is told by itself, so
that all of it may be thrown away and fed again.

The text of a row is indexed with two line feeds behind it, so that each of its letters begins a trigram,
and with a line feed for each NUL, at which FTS5 would stop. No trigram with a NUL in it is ever found.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from console.cache.schema import MEDIA_SEARCH

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE: Final = 500
"""Rows in one bite: about two milliseconds of work."""
_MERGED_AT_ONCE: Final = 16
"""Pages of the index that one bite of merging writes: about one millisecond, seven at the worst."""

NOT_INDEXED: Final = (
    "SELECT seq FROM media WHERE seq > (SELECT seq FROM search_fed) "
    "UNION ALL SELECT seq FROM search_changed WHERE seq <= (SELECT seq FROM search_fed)"
)
"""The rows whose text the index does not hold, or not as it is; some of the latter may be gone."""

_NOTE_CHANGED: Final = (
    "INSERT INTO search_changed (seq, before) "
    "SELECT ?1, ?2 WHERE ?1 <= (SELECT seq FROM search_fed) ON CONFLICT (seq) DO NOTHING"
)
_LOWER: Final = (
    "UPDATE search_fed SET seq = (SELECT coalesce(max(seq), 0) FROM media) "
    "WHERE seq > (SELECT coalesce(max(seq), 0) FROM media)"
)
_TRAILS: Final = (
    "SELECT EXISTS (SELECT 1 FROM search_changed) "
    "OR EXISTS (SELECT 1 FROM media WHERE seq > (SELECT seq FROM search_fed))"
)
_NEXT: Final = "SELECT count(*), max(seq) FROM (SELECT seq FROM media WHERE seq > ? ORDER BY seq LIMIT ?)"
_FEED: Final = (
    "INSERT INTO media_search (rowid, text) SELECT seq, search_text || char(10, 10) FROM media "
    "WHERE seq > ? AND seq <= ? AND NOT instr(search_text, char(0)) ORDER BY seq"
)
_WITH_NUL: Final = (
    "SELECT seq, search_text FROM media "
    "WHERE seq > ? AND seq <= ? AND instr(search_text, char(0)) ORDER BY seq"
)
_CHANGED: Final = (
    "SELECT c.seq, c.before, m.search_text FROM search_changed AS c "
    "LEFT JOIN media AS m ON m.seq = c.seq AND m.seq <= (SELECT seq FROM search_fed) ORDER BY c.seq LIMIT ?"
)
_INDEX: Final = "INSERT INTO media_search (media_search, rowid, text) VALUES (?, ?, ?)"
_MERGE: Final = "INSERT INTO media_search (media_search, rank) VALUES ('merge', ?)"


def note_changed(connection: sqlite3.Connection, before: Sequence[tuple[int, str]]) -> None:
    """Notes the texts that rows had which get another, or go. In the transaction that does that."""
    connection.executemany(_NOTE_CHANGED, before)


def note_removed(connection: sqlite3.Connection) -> None:
    """Counts the highest numbers as not indexed, for they come again. In the transaction of the removal."""
    connection.execute(_LOWER)


def trails(connection: sqlite3.Connection) -> bool:
    """Whether something is not indexed as it is."""
    return bool(connection.execute(_TRAILS).fetchone()[0])


def feed(connection: sqlite3.Connection, at_once: int = AT_ONCE) -> bool:
    """Indexes the next few rows, the changed ones first; whether more may wait. In an open transaction.

    Raises:
        sqlite3.Error: it failed; the transaction must be rolled back.
    """
    changed = connection.execute(_CHANGED, (at_once,)).fetchall()
    if changed:
        _relearn(connection, changed)
        return True
    (fed,) = connection.execute("SELECT seq FROM search_fed").fetchone()
    (count, last) = connection.execute(_NEXT, (fed, at_once)).fetchone()
    if count:
        connection.execute(_FEED, (fed, last))
        for seq, text in connection.execute(_WITH_NUL, (fed, last)).fetchall():
            connection.execute(_INDEX, (None, seq, _indexed(text)))
        connection.execute("UPDATE search_fed SET seq = ?", (last,))
    return bool(count == at_once)


def merge(connection: sqlite3.Connection) -> bool:
    """Merges segments of the index a little, where there are many; whether there was something to do.

    In an open transaction.

    Raises:
        sqlite3.Error: it failed; the transaction must be rolled back.
    """
    before = connection.total_changes
    connection.execute(_MERGE, (_MERGED_AT_ONCE,))
    return connection.total_changes - before >= 2  # sqlite.org/fts5.html, 6.8


def renew(connection: sqlite3.Connection) -> None:
    """Throws the index away, whatever is wrong with it, and makes an empty one. In an open transaction.

    Raises:
        sqlite3.Error: it failed; the transaction must be rolled back.
    """
    try:
        connection.execute("DROP TABLE IF EXISTS media_search")
    except sqlite3.DatabaseError:  # FTS5 opens an index before it drops it
        _drop_unopened(connection)
    for statement in (*MEDIA_SEARCH, "DELETE FROM search_changed", "UPDATE search_fed SET seq = 0"):
        connection.execute(statement)


def _drop_unopened(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA writable_schema = ON")
    try:
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'media_search'")
    finally:
        connection.execute("PRAGMA writable_schema = RESET")
    for part in ("data", "idx", "config"):
        connection.execute(f"DROP TABLE IF EXISTS media_search_{part}")


def _relearn(connection: sqlite3.Connection, changed: Sequence[tuple[int, str, str | None]]) -> None:
    """Indexes the texts that rows have for those they had."""
    texts: list[tuple[str | None, int, str]] = []
    for seq, before, text in changed:
        texts.append(("delete", seq, _indexed(before)))
        if text is not None:
            texts.append((None, seq, _indexed(text)))
    connection.executemany(_INDEX, texts)
    connection.execute("DELETE FROM search_changed WHERE seq <= ?", (changed[-1][0],))


def _indexed(text: str) -> str:
    return text.replace("\0", "\n") + "\n\n"
