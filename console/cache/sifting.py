"""Takes the rows of a damaged cache into a new one, if they are what was written."""

from __future__ import annotations

import sqlite3
from itertools import count
from typing import TYPE_CHECKING, Final

import msgspec

from console.cache.bodies import GONE, unpack
from console.cache.query import marks, sql
from console.cache.rows import COLUMNS, DERIVED, media_row, read_media
from console.domain import facts, ledger
from console.domain.exceptions import ConsoleError
from console.domain.media import Media, Millis
from console.domain.orders import Taken
from console.domain.standing import Level

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.cache.batch import MediaRef
    from console.cache.rows import Row
    from console.domain.reading import Reading

TABLES: Final = {
    "media": ("seq", *COLUMNS),
    "webhook": ("id", "received_at", "body", "coding", "facts"),
    "fact": ("seq", "account", "media_key", "at", "kind", "data", "webhook_id", "identity", "stands_before"),
    "quarantine": ("id", "webhook_id", "received_at", "place", "reason", "digest"),
    "notice": ("id", "first_at", "at", "level", "source", "text", "media_key", "count"),
    "order_taken": ("id", "at", "account", "media_key", "taken"),
}
"""What is read of each table; the column that leads comes first."""
_STAND_INS: Final = 2**40
"""The first number of a row that stands in for one that may be found still."""
_WORDS: Final = {"notice": (3, frozenset(Level)), "order_taken": (4, frozenset(Taken))}
"""The values that one column may have."""


class Sieve:
    """A new cache that is being filled; `read` is the dialect of the bodies."""

    def __init__(self, new: sqlite3.Connection, read: Callable[[bytes, Millis], Reading]) -> None:
        self._new = new
        self._read = read
        self._told_only: dict[MediaRef, int] = {}
        self._stand_ins = count(_STAND_INS)

    def has(self, table: str, key: object) -> bool:
        """Whether a row is there already."""
        statement = sql("SELECT 1 FROM", table, "WHERE", TABLES[table][0], "= ?")
        return self._new.execute(statement, (key,)).fetchone() is not None

    def take(self, table: str, row: Row) -> bool:
        """Takes a row of `TABLES[table]`; False if it is not what was written, or there already."""
        match table:
            case "media":
                return self._take_media(row)
            case "fact":
                return _is_fact(row) and self._take_fact(row)
            case "webhook":
                return self._is_body(row) and self._insert(table, TABLES[table], row)
        place, words = _WORDS.get(table, (0, frozenset(row[:1])))
        return row[place] in words and self._insert(table, TABLES[table], row)

    def _take_media(self, row: Row) -> bool:
        """Takes a media whose fields are all of their kinds."""
        try:
            media = read_media(row[1:])
            sound = msgspec.json.decode(msgspec.json.encode(media), type=Media) == media
            values = media_row(media)
        except (ValueError, TypeError, LookupError, msgspec.MsgspecError):
            return False
        if not sound:
            return False
        stand_in = self._told_only.pop((media.account, media.key), None)
        if stand_in is not None:
            self._new.execute("DELETE FROM media WHERE seq = ?", (stand_in,))
            self._new.execute("UPDATE fact SET media = ? WHERE media = ?", (row[0], stand_in))
        return self._insert("media", (*TABLES["media"], *DERIVED), (row[0], *values))

    def _take_fact(self, row: Row) -> bool:
        """Takes a fact; where the row of its media was not found, one that knows this fact stands in."""
        _, account, key, *_ = row
        found = self._new.execute(
            "SELECT seq FROM media WHERE account = ? AND key = ?", (account, key)
        ).fetchone()
        if found is not None:
            return self._insert("fact", (*TABLES["fact"], "media"), (*row, found[0]))
        number = next(self._stand_ins)
        media = ledger.fold(None, facts.decode(row[5]))
        if not self._insert("fact", (*TABLES["fact"], "media"), (*row, number)):
            return False
        self._told_only[account, key] = number
        return self._insert("media", ("seq", *COLUMNS, *DERIVED), (number, *media_row(media)))

    def settle(self) -> None:
        """Gives the rows that stand in the numbers behind those of the others."""
        next_seq = "(SELECT coalesce(max(seq), 0) + 1 FROM media WHERE seq < ?)"
        for number in self._told_only.values():
            (seq,) = self._new.execute(sql("SELECT", next_seq), (_STAND_INS,)).fetchone()
            self._new.execute("UPDATE media SET seq = ? WHERE seq = ?", (seq, number))
            self._new.execute("UPDATE fact SET media = ? WHERE media = ?", (seq, number))

    def _is_body(self, row: Row) -> bool:
        """Whether a body can still be read as one."""
        _, received_at, body, coding, _ = row
        if not isinstance(received_at, int) or not isinstance(body, bytes):
            return False
        if coding != GONE:
            try:
                self._read(unpack(body, coding), Millis(received_at))
            except ConsoleError:
                return False
        return True

    def _insert(self, table: str, columns: Sequence[str], row: Row) -> bool:
        statement = sql("INSERT OR IGNORE INTO", table, f"({', '.join(columns)}) VALUES", marks(len(columns)))
        try:
            return self._new.execute(statement, row).rowcount > 0
        except (sqlite3.IntegrityError, sqlite3.InterfaceError, OverflowError):
            return False


def _is_fact(row: Row) -> bool:
    """Whether a fact is what its own identity says."""
    _, account, key, at, kind, data, _, identity, _ = row
    try:
        fact = facts.decode(data)
    except (TypeError, msgspec.MsgspecError):
        return False
    told = (fact.account, fact.key, fact.at, type(fact).__name__, facts.identity(fact))
    return told == (account, key, at, kind, identity)
