"""Purge: media removed with all that was kept of them, and the space they took freed.

First everything that is to go is found on a connection that only reads, into temporary tables of that
connection. Then it is removed a little at a time by the writer, and the files are written anew without it.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from console.cache import searchindex, table
from console.cache.bodies import GONE, unpack
from console.cache.inbox import Inbox
from console.cache.migrations import BUSY_SECONDS
from console.cache.paths import inbox_path, wal_path
from console.cache.reader import CacheReader
from console.cache.rebuild import Bodies
from console.cache.replay import remove_bodies
from console.cache.source import look, unreadable
from console.domain.exceptions import ConsoleError
from console.domain.maintenance import Purged, digits
from console.domain.media import Millis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from console.cache.batch import MediaRef
    from console.cache.rows import Row
    from console.domain.maintenance import Purge
    from console.domain.orders import Order
    from console.domain.reading import Reading

AT_ONCE: Final = 200
"""Rows in one step: some milliseconds of work."""
_BODIES_AT_ONCE: Final = 50
_PATIENCE_MS: Final = 100
EVERY: Final = 2**31
"""As a limit: no limit."""

_TEMPORARY: Final = (
    "CREATE TEMP TABLE chosen (n INTEGER PRIMARY KEY, account TEXT, key TEXT, UNIQUE (account, key))",
    "CREATE TEMP TABLE doomed (kind TEXT, id, PRIMARY KEY (kind, id)) WITHOUT ROWID",
)
_OF_CHOSEN: Final = {
    "webhook": "SELECT DISTINCT 'webhook', f.webhook_id FROM temp.chosen AS c JOIN fact AS f "
    "ON f.media = c.n WHERE f.webhook_id IS NOT NULL",
    "notice": "SELECT 'notice', id FROM notice WHERE media_key IN (SELECT key FROM temp.chosen)",
    "order_taken": "SELECT 'order_taken', o.id FROM order_taken AS o JOIN temp.chosen AS c "
    "ON c.account = o.account AND c.key = o.media_key",
}
_DELETE: Final = {
    "notice": "DELETE FROM notice WHERE id = ?",
    "order_taken": "DELETE FROM order_taken WHERE id = ?",
}


class Removed(NamedTuple):
    """How much one step removed."""

    media: int = 0
    facts: int = 0
    bodies: int = 0
    quarantined: int = 0


class PurgePlan:
    """What a purge is to remove. Use it in the thread that made it.

    Args:
        connection: reads the cache; its temporary tables are used.
        read: the dialect, for telling which bodies speak of which media.
    """

    def __init__(
        self, connection: sqlite3.Connection, order: Purge, read: Callable[[bytes, Millis], Reading]
    ) -> None:
        self._connection = connection
        self._bodies = Bodies(connection, read)
        self._before = order.before
        self._number = order.number
        self._written = re.compile(number_pattern(order.number)) if order.number is not None else None
        self._mentions = 0

    def make(self) -> Iterator[None]:
        """Finds it all, a little with each step."""
        for statement in _TEMPORARY:
            self._connection.execute(statement)
        yield from self._choose_media()
        for statement in _OF_CHOSEN.values():
            self._connection.execute("INSERT OR IGNORE INTO temp.doomed " + statement)
            yield
        yield from self._doom_bodies()
        self._doom_rest()

    def look_again(self) -> None:
        """Finds the notices about this media that were written since."""
        self._connection.execute("INSERT OR IGNORE INTO temp.doomed " + _OF_CHOSEN["notice"])

    def media(self) -> Iterator[Sequence[MediaRef]]:
        """The media to remove, some at a time."""
        after = 0
        while rows := self._fetch(
            "SELECT n, account, key FROM temp.chosen WHERE n > ? ORDER BY n LIMIT ?", (after, AT_ONCE)
        ):
            after = rows[-1][0]
            yield [(account, key) for _, account, key in rows]

    def ids(self, kind: str) -> Iterator[Sequence[int | str]]:
        """What to remove of a table (`webhook`, `notice`, `order_taken`), some at a time."""
        after: int | str = -1
        while rows := self._fetch(
            "SELECT id FROM temp.doomed WHERE kind = ? AND id > ? ORDER BY id LIMIT ?",
            (kind, after, AT_ONCE),
        ):
            after = rows[-1][0]
            yield [row[0] for row in rows]

    def unwanted(self, orders: Sequence[Order]) -> list[Order]:
        """Those of some waiting orders that are for media to remove."""
        return [order for order in orders if self._is_chosen((order.account, order.key))]

    def counts(self) -> Purged:
        """What would go."""
        return Purged(
            media=self._count("SELECT count(*) FROM temp.chosen"),
            facts=self._count("SELECT count(*) FROM temp.chosen AS c JOIN fact AS f ON f.media = c.n"),
            bodies=self._count(
                "SELECT count(*) FROM temp.doomed AS d JOIN webhook AS w ON w.id = d.id "
                "WHERE d.kind = 'webhook' AND w.coding IS NOT 'gone'"
            ),
            quarantined=self._count("SELECT count(*) FROM temp.doomed WHERE kind = 'quarantine'"),
            notices=self._count("SELECT count(*) FROM temp.doomed WHERE kind = 'notice'"),
            orders=self._count("SELECT count(*) FROM temp.doomed WHERE kind = 'order_taken'"),
            mentions=self._mentions,
        )

    def _choose_media(self) -> Iterator[None]:
        after = 0
        while rows := self._fetch(
            "SELECT seq, account, key, clock_from, sender, caption, filename FROM media "
            "WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, AT_ONCE),
        ):
            after = rows[-1][0]
            for seq, account, key, clock_from, sender, *texts in rows:
                if self._wants(clock_from, sender):
                    self._connection.execute("INSERT INTO temp.chosen VALUES (?, ?, ?)", (seq, account, key))
                elif self._written is not None and any(map(self._names, texts)):
                    self._mentions += 1
            yield

    def _wants(self, clock_from: int, sender: str | None) -> bool:
        if self._before is not None and clock_from >= self._before:
            return False
        return self._number is None or digits(sender) == self._number

    def _doom_bodies(self) -> Iterator[None]:
        """Bodies that are older, have the number in them, or speak of a media that goes."""
        after = 0
        while rows := self._fetch(
            "SELECT id, received_at, body, coding FROM webhook WHERE id > ? ORDER BY id LIMIT ?",
            (after, _BODIES_AT_ONCE),
        ):
            after = rows[-1][0]
            for number, received_at, body, coding in rows:
                if coding != GONE and (
                    self._dooms(received_at, body, coding) or self._speaks_of_chosen(number)
                ):
                    self._doom("webhook", number)
            yield

    def _dooms(self, received_at: int, stored: bytes, coding: str | None) -> bool:
        if self._before is not None and received_at >= self._before:
            return False
        if self._written is None:
            return True
        try:
            return self._names(unpack(stored, coding).decode("utf-8", "replace"))
        except ConsoleError:
            return True  # nobody can tell what is in it

    def _speaks_of_chosen(self, number: int) -> bool:
        reading = self._bodies.reading(number)
        return reading is not None and any(map(self._is_chosen, reading.facts))

    def _doom_rest(self) -> None:
        """Parts in quarantine go with their body; notices that are older or have the number in them."""
        self._connection.execute(
            "INSERT OR IGNORE INTO temp.doomed SELECT 'quarantine', q.id FROM quarantine AS q "
            "WHERE q.webhook_id IN (SELECT id FROM temp.doomed WHERE kind = 'webhook')"
        )
        for number, at, text in self._fetch("SELECT id, at, text FROM notice", ()):
            old = self._before is None or at < self._before
            if old and (self._written is None or self._names(text)):
                self._doom("notice", number)
        if self._number is None:
            self._connection.execute(
                "INSERT OR IGNORE INTO temp.doomed SELECT 'order_taken', id FROM order_taken WHERE at < ?",
                (self._before,),
            )

    def _doom(self, kind: str, number: int) -> None:
        self._connection.execute("INSERT OR IGNORE INTO temp.doomed VALUES (?, ?)", (kind, number))

    def _names(self, text: str | None) -> bool:
        return self._written is not None and self._written.search(text or "") is not None

    def _is_chosen(self, ref: MediaRef) -> bool:
        return bool(self._fetch("SELECT 1 FROM temp.chosen WHERE account = ? AND key = ?", ref))

    def _count(self, statement: str) -> int:
        return int(self._fetch(statement, ())[0][0])

    def _fetch(self, statement: str, params: Sequence[object]) -> list[Row]:
        with closing(self._connection.execute(statement, params)) as cursor:
            rows: list[Row] = cursor.fetchall()
            return rows


def foresee(db: Path, order: Purge, read: Callable[[bytes, Millis], Reading]) -> Purged:
    """What a purge would remove now; changes nothing.

    Raises:
        NoCache: there is none.
        ConsoleError: it cannot be read.
    """
    with CacheReader(db):  # for its checks
        pass
    try:
        with closing(sqlite3.connect(look(db).address(db), uri=True, isolation_level=None)) as connection:
            plan = PurgePlan(connection, order, read)
            for _ in plan.make():
                pass
            counts = plan.counts()
            if inbox_path(db).exists():
                with Inbox(db) as inbox:
                    waiting = plan.unwanted(inbox.waiting(EVERY))
                counts = replace(counts, orders=counts.orders + len(waiting))
            return counts
    except sqlite3.Error as error:
        raise unreadable(db, error) from error


def number_pattern(number: str) -> str:
    """Finds a number however a person may write it: spaces, brackets, dots and hyphens between its digits.

    It must be the whole number: digits right before it, but for an international prefix 00, or after it
    belong to something else. Those of an escape before it (a letter in JSON, a blank in a URL) do not.
    """
    escape = r"(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2})"
    whole = r"[ ().\-/]{0,3}".join(digits(number))
    return rf"(?:(?<![0-9])|{escape})(?:00[ ().\-/]{{0,3}})?{whole}(?![0-9])"


def remove_media(connection: sqlite3.Connection, refs: Sequence[MediaRef]) -> Removed:
    """Removes media, their facts, and the bodies that told of them. In an open transaction."""
    connection.execute("PRAGMA secure_delete = ON")
    total = Removed()
    for ref in refs:
        numbers = [
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT webhook_id FROM fact "
                "WHERE media = (SELECT seq FROM media WHERE account = ? AND key = ?) "
                "AND webhook_id IS NOT NULL",
                ref,
            ).fetchall()
        ]
        gone = remove_webhooks(connection, numbers)
        total = Removed(
            total.media,
            total.facts
            + connection.execute(
                "DELETE FROM fact WHERE media = (SELECT seq FROM media WHERE account = ? AND key = ?)", ref
            ).rowcount,
            total.bodies + gone.bodies,
            total.quarantined + gone.quarantined,
        )
    return total._replace(media=table.remove_rows(connection, refs))


def remove_webhooks(connection: sqlite3.Connection, numbers: Sequence[int]) -> Removed:
    """Removes bodies and their parts in quarantine. In an open transaction."""
    connection.execute("PRAGMA secure_delete = ON")
    parts = 0
    for number in numbers:
        parts += connection.execute("DELETE FROM quarantine WHERE webhook_id = ?", (number,)).rowcount
    return Removed(bodies=remove_bodies(connection, numbers), quarantined=parts)


def remove_rows(connection: sqlite3.Connection, kind: str, ids: Sequence[int | str]) -> int:
    """Removes notices or answers to orders; how many. In an open transaction."""
    connection.execute("PRAGMA secure_delete = ON")
    return connection.executemany(_DELETE[kind], [(one,) for one in ids]).rowcount


def renew_search(connection: sqlite3.Connection) -> None:
    """Throws the search index away, to be fed again. In an open transaction.

    Of a row that FTS5 deletes, its pages hold trigrams on.
    """
    connection.execute("PRAGMA secure_delete = ON")
    searchindex.renew(connection)


def write_anew(connection: sqlite3.Connection) -> str | None:
    """Writes the file without what was removed; why not, where that fails. Not in a transaction."""
    try:
        connection.execute("VACUUM")
    except sqlite3.Error as error:
        return str(error)
    return None


def empty_log(connection: sqlite3.Connection) -> bool:
    """Folds the write-ahead log into the file and cuts it to nothing; False while a reader is in the way."""
    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")  # the writer's others wait meanwhile
    try:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    return not busy


def bytes_taken(db: Path) -> int:
    """What the cache takes on the disk."""
    return sum(path.stat().st_size for path in (db, wal_path(db)) if path.exists())


class Slice(NamedTuple):
    """How many of some bodies were removed, and the number of the last of them; None: no more follow."""

    removed: int
    last: int | None


def remove_old_bodies(connection: sqlite3.Connection, before: Millis, after: int = 0) -> Slice:
    """Removes those that were received earlier than that, of the next few bodies behind number `after`.

    In an open transaction. Their numbers are about the order of receipt, but for times in which the clock
    was wrong, so that no index is needed: who wants all that are old looks at all slices once in a while.
    """
    rows = connection.execute(
        "SELECT id, received_at FROM webhook WHERE id > ? ORDER BY id LIMIT ?", (after, AT_ONCE)
    ).fetchall()
    old = [number for number, received_at in rows if received_at < before]
    last = rows[-1][0] if len(rows) == AT_ONCE else None
    return Slice(remove_webhooks(connection, old).bodies, last)


def newest_message(connection: sqlite3.Connection) -> Millis | None:
    """When the newest of the last few media was sent, by WhatsApp's clock and not by this machine's.

    None where none of them tells.
    """
    (newest,) = connection.execute(
        "SELECT max(sent_at) FROM (SELECT sent_at FROM media ORDER BY seq DESC LIMIT ?)", (AT_ONCE,)
    ).fetchone()
    return None if newest is None else Millis(newest)
