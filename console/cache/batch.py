"""What is done inside one transaction: facts are numbered, folded and kept once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from console.cache.bodies import pack
from console.cache.query import marks, sql
from console.cache.rows import COLUMNS, SELECTED, read_media
from console.cache.table import BEFORE, Before, write_rows
from console.domain import facts, ledger, standing
from console.domain.facts import Fact, MediaStored, ResultNoted, StoreFailed, StoreQueued
from console.domain.media import Media
from console.domain.orders import Order, Taken
from console.domain.retention import DAY_MS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from console.cache.rows import SqlValue
    from console.domain.media import MediaKey, Millis
    from console.domain.reading import Reading, Unread
    from console.domain.standing import Notice, Standing

_T = TypeVar("_T")

MediaRef: TypeAlias = "tuple[str, MediaKey]"
"""Account and key: what a row is unique by."""

NOTICES_KEPT: Final = 1000
QUARANTINE_KEPT: Final = 1000
QUARANTINE_BYTES: Final = 64_000_000
"""Bodies with parts in quarantine hold so many bytes together at most; the newest stays in any case."""
ORDERS_KEPT: Final = 10_000
ORDERS_KEPT_MS: Final = 30 * DAY_MS
"""What became of an order is remembered so long, and that of the newest so many for ever."""

_LOOKUP_SIZES: Final = (1, 8, 64, 512)
"""Few different statements, so that each stays prepared."""

_INSERT_FACT: Final = (
    "INSERT INTO fact (account, media_key, at, kind, data, webhook_id, media, identity) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_WEBHOOK: Final = "INSERT INTO webhook (id, received_at, body, coding, facts) VALUES (?, ?, ?, ?, ?)"
_INSERT_QUARANTINE: Final = (
    "INSERT INTO quarantine (webhook_id, received_at, place, reason, digest) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (digest, place) DO NOTHING"
)
_NEWEST_QUARANTINE: Final = (
    "SELECT q.id, q.webhook_id, coalesce(length(w.body), 0) FROM quarantine AS q "
    "LEFT JOIN webhook AS w ON w.id = q.webhook_id ORDER BY q.id DESC LIMIT ?"
)
_COUNT_NOTICE: Final = (
    "INSERT INTO notice (first_at, at, level, source, text, media_key, count) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (level, source, text, coalesce(media_key, '')) DO UPDATE SET "
    "at = max(at, excluded.at), count = count + excluded.count"
)


class Recorded(Struct, frozen=True):
    """What a webhook added: facts not known before, and parts not known in quarantine before.

    `new` is the number of the former, `quarantined` that of the latter. `failed` are the media whose store
    failed by it, one for each such fact, with the fact. `number` is that of the stored body, None where it
    was not stored because nothing of it was new.
    """

    new: int = 0
    quarantined: int = 0
    failed: tuple[tuple[StoreFailed, Media], ...] = ()
    number: int | None = None

    def and_then(self, later: Recorded) -> Recorded:
        """What two parts of one webhook added together."""
        return Recorded(
            self.new + later.new,
            self.quarantined + later.quarantined,
            self.failed + later.failed,
            later.number if self.number is None else self.number,
        )


class Decided(Struct, frozen=True):
    """A media as it is after a decision (None while nothing is known of it) and the facts that are new."""

    media: Media | None
    facts: tuple[Fact, ...] = ()


class Batch:
    """The work of one open transaction of the writing connection.

    New facts, their bodies and the rows they lead to are kept in memory until `write`: each row is written
    once however many facts it got, and each table by one call.
    """

    def __init__(self, connection: sqlite3.Connection, refs: Iterable[MediaRef]) -> None:
        self._connection = connection
        self._held: dict[MediaRef, Media] = {}
        self._stored: dict[MediaRef, Before] = {}
        self._given: dict[MediaRef, int] = {}
        self._next_seq: int | None = None
        self._changed: dict[MediaRef, None] = {}
        self._facts: list[tuple[SqlValue, ...]] = []
        self._told: set[tuple[SqlValue, ...]] = set()
        """Media and identity of the facts that are known: of this batch, and those that were asked for."""
        self._webhooks: list[tuple[SqlValue, ...]] = []
        self._looked_up: set[MediaRef] = set()
        self._next_webhook: int | None = None
        self._quarantine_grew = False
        self._look_up(set(refs))

    def media(self, ref: MediaRef) -> Media | None:
        """The media as this batch has it so far."""
        if ref not in self._looked_up:
            self._look_up({ref})
        return self._held.get(ref)

    def take_webhook(
        self, body: bytes, received_at: Millis, reading: Reading, stored: int | None = None
    ) -> Recorded:
        """Keeps all that a body says; the body itself only where something of it is new.

        `stored` is the number of the body where an earlier part of its reading has stored it.
        """
        number = self._webhook_number() if stored is None else stored
        new = self.add(reading.facts, number)
        quarantined = self._quarantine(body, received_at, reading.unread, number) if reading.unread else 0
        if stored is not None:
            self._connection.execute("UPDATE webhook SET facts = facts + ? WHERE id = ?", (len(new), stored))
        elif new or quarantined:
            self._webhooks.append((number, received_at, *pack(body), len(new)))
            self._next_webhook, stored = number + 1, number
        for notice in reading.notices:
            self.take_notice(notice)
        failed = tuple(
            [(fact, self._held[fact.account, fact.key]) for fact in new if type(fact) is StoreFailed]
        )
        return Recorded(len(new), quarantined, failed, stored)

    def decide(self, ref: MediaRef, decide: Callable[[Media | None], Sequence[Fact]]) -> Decided:
        """Asks `decide` what follows from the media as it is, and keeps that."""
        new = self.add(decide(self.media(ref)), None)
        return Decided(self.media(ref), new)

    def take_order(self, order: Order, now: Millis) -> Taken:
        """Opens a store attempt for an order, unless its id was taken before."""
        found = self._connection.execute("SELECT taken FROM order_taken WHERE id = ?", (order.id,)).fetchone()
        if found is not None:
            return Taken(found[0])
        taken = self._open_attempt(order, now)
        self._connection.execute(
            "INSERT INTO order_taken (id, at, account, media_key, taken) VALUES (?, ?, ?, ?, ?)",
            (order.id, now, order.account, order.key, taken.value),
        )
        return taken

    def take_standing(self, value: Standing) -> None:
        """Replaces the one standing."""
        self._connection.execute(
            "INSERT INTO status (id, data) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
            (standing.encode(value).decode(),),
        )

    def take_notice(self, notice: Notice) -> None:
        """Adds a notice, or counts it where an equal one is there; drops the oldest."""
        first_at = notice.at if notice.first_at is None else notice.first_at
        self._connection.execute(
            _COUNT_NOTICE,
            (
                first_at,
                notice.at,
                notice.level.value,
                notice.source,
                notice.text,
                notice.key,
                notice.count,
            ),
        )
        self._connection.execute(
            "DELETE FROM notice WHERE id IN "
            "(SELECT id FROM notice ORDER BY at DESC, id DESC LIMIT -1 OFFSET ?)",
            (NOTICES_KEPT,),
        )

    def add(self, told: Sequence[Fact], webhook: int | None) -> tuple[Fact, ...]:
        """Folds facts in and keeps those that are new.

        Raises:
            ValueError, OverflowError: a fact cannot be encoded, so none of them is kept.
        """
        held: dict[MediaRef, Media] = {}
        numbered: list[tuple[Fact, tuple[SqlValue, ...]]] = []
        asked: list[tuple[SqlValue, ...]] = []
        for fact in told:
            ref = (fact.account, fact.key)
            before = held.get(ref) or self.media(ref)
            if isinstance(fact, MediaStored | StoreFailed | ResultNoted) and not fact.attempt:
                success = isinstance(fact, MediaStored)
                fact = replace(fact, attempt=ledger.attempt_of_result(before, success=success))
            row = _fact_row(fact, webhook, self._seq(ref))
            numbered.append((fact, row))
            if ref in self._stored:
                asked.append(row[_ONCE])
            held[ref] = ledger.fold(before, fact)
        if asked:
            self._ask(asked)
        new = tuple([fact for fact, row in numbered if self._is_new(row)])
        if len(new) == len(numbered):
            self._held.update(held)
        else:  # a row is what the kept facts lead to: one that is not kept must leave no trace in it
            for fact in new:
                ref = (fact.account, fact.key)
                self._held[ref] = ledger.fold(self._held.get(ref), fact)
        self._changed.update(dict.fromkeys([(fact.account, fact.key) for fact in new]))
        return new

    def _is_new(self, row: tuple[SqlValue, ...]) -> bool:
        """Whether a fact was not known, which it is from now on; a media without a row has no facts."""
        once = row[_ONCE]
        if once in self._told:
            return False
        self._told.add(once)
        self._facts.append(row)
        return True

    def _ask(self, once: list[tuple[SqlValue, ...]]) -> None:
        """Notes which of these facts the cache has, one statement for up to 512 of them."""
        for size, some in _in_sizes(once):
            pairs = chain.from_iterable((*some, *(((None, None),) * (size - len(some)))))
            self._told.update(self._connection.execute(_KNOWN[size], tuple(pairs)))

    def maintain(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Lets `work` see every row as it is now and change the tables as it likes."""
        self._write_all()
        done = work(self._connection)
        for known in (self._held, self._stored, self._given, self._told, self._looked_up):
            known.clear()
        self._next_seq = self._next_webhook = None
        return done

    def between(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Lets `work` run outside of any transaction. Nothing may have been done in this one before."""
        self._connection.execute("COMMIT")
        try:
            return work(self._connection)
        finally:
            self._connection.execute("BEGIN IMMEDIATE")

    def trim_orders(self, now: Millis) -> None:
        """Forgets what became of the oldest orders."""
        self._connection.execute(
            "DELETE FROM order_taken WHERE at < min(?, coalesce("
            "(SELECT at FROM order_taken ORDER BY at DESC LIMIT 1 OFFSET ?), 0))",
            (now - ORDERS_KEPT_MS, ORDERS_KEPT - 1),
        )

    def write(self) -> None:
        """Writes what was kept in memory, and keeps the quarantine within its bounds."""
        self._write_all()
        if self._quarantine_grew:
            self._trim_quarantine()

    def _write_all(self) -> None:
        if self._webhooks:
            self._connection.executemany(_INSERT_WEBHOOK, self._webhooks)
        if self._facts:
            self._connection.executemany(_INSERT_FACT, self._facts)
            stored = self._stored
            write_rows(
                self._connection,
                [(self._held[ref], stored.get(ref) or self._seq(ref)) for ref in self._changed],
            )
        for written in (self._webhooks, self._facts, self._changed):
            written.clear()

    def _seq(self, ref: MediaRef) -> int:
        """The `seq` of a media's row, also of one that is not written yet."""
        before = self._stored.get(ref)
        if before is not None:
            return before.seq
        if ref not in self._given:
            if self._next_seq is None:
                (newest,) = self._connection.execute("SELECT coalesce(max(seq), 0) FROM media").fetchone()
                self._next_seq = newest + 1
            self._given[ref] = self._next_seq
            self._next_seq += 1
        return self._given[ref]

    def _open_attempt(self, order: Order, now: Millis) -> Taken:
        media = self.media((order.account, order.key))
        if media is None:
            return Taken.UNKNOWN
        if not media.retrievable:
            return Taken.NOT_RETRIEVABLE
        attempt = ledger.next_attempt(media)
        if attempt is None:
            return Taken.ALREADY
        queued = StoreQueued(
            key=order.key, account=order.account, at=now, attempt=attempt, order_id=order.id, by=order.by
        )
        self.add((queued,), None)
        return Taken.QUEUED

    def _quarantine(self, body: bytes, received_at: Millis, unread: Sequence[Unread], number: int) -> int:
        digest = hashlib.blake2b(body, digest_size=16).digest()
        rows = [(number, received_at, part.where, part.reason, digest) for part in unread]
        added = self._connection.executemany(_INSERT_QUARANTINE, rows).rowcount
        self._quarantine_grew |= added > 0
        return added

    def _trim_quarantine(self) -> None:
        """Drops the oldest parts beyond the bounds, and bodies that were kept for them alone."""
        execute = self._connection.execute
        oldest = total = 0
        bodies: set[int] = set()
        for count, (part, webhook, length) in enumerate(execute(_NEWEST_QUARANTINE, (QUARANTINE_KEPT + 1,))):
            total += 0 if webhook in bodies else length
            bodies.add(webhook)
            if count == QUARANTINE_KEPT or (len(bodies) > 1 and total > QUARANTINE_BYTES):
                oldest = part
                break
        if not oldest:
            return
        execute(
            "DELETE FROM webhook WHERE facts = 0 AND id IN (SELECT webhook_id FROM quarantine WHERE id <= ?) "
            "AND id NOT IN (SELECT webhook_id FROM quarantine WHERE id > ?)",
            (oldest, oldest),
        )
        execute("DELETE FROM quarantine WHERE id <= ?", (oldest,))

    def _webhook_number(self) -> int:
        if self._next_webhook is None:
            (self._next_webhook,) = self._connection.execute(
                "SELECT coalesce(max(id), 0) + 1 FROM webhook"
            ).fetchone()
        return self._next_webhook

    def _look_up(self, refs: set[MediaRef]) -> None:
        """Reads the rows of many media, one statement for up to 512 of them."""
        keys: defaultdict[str, list[MediaKey]] = defaultdict(list)
        for account, key in refs:
            keys[account].append(key)
        for account, wanted in keys.items():
            for size, some in _in_sizes(wanted):
                padding = (None,) * (size - len(some))
                for row in self._connection.execute(_LOOKUPS[size], (account, *some, *padding)):
                    ref = (row[0], row[1])
                    self._held[ref] = read_media(row[:_OF_MEDIA])
                    self._stored[ref] = Before(*row[_OF_MEDIA:])
        self._looked_up.update(refs)


_OF_MEDIA: Final = len(COLUMNS)
_LOOKUPS: Final = {
    size: sql("SELECT", SELECTED, ",", BEFORE, "FROM media WHERE account = ? AND key IN", marks(size))
    for size in _LOOKUP_SIZES
}
_KNOWN: Final = {
    size: sql(
        f"WITH told (media, identity) AS (VALUES {', '.join(['(?, ?)'] * size)})",
        "SELECT media, identity FROM told CROSS JOIN fact USING (media, identity)",
    )
    for size in _LOOKUP_SIZES
}
_ONCE: Final = slice(6, 8)
"""What a fact is unique by, in its row."""


def _in_sizes(wanted: list[_T]) -> Iterator[tuple[int, list[_T]]]:
    """The values in portions, each with the smallest size of a statement that has room for it."""
    while wanted:
        size = next((size for size in _LOOKUP_SIZES if size >= len(wanted)), _LOOKUP_SIZES[-1])
        yield size, wanted[:size]
        wanted = wanted[size:]


def _fact_row(fact: Fact, webhook: int | None, media: int) -> tuple[SqlValue, ...]:
    return (
        fact.account,
        fact.key,
        fact.at,
        type(fact).__name__,
        facts.encode(fact).decode(),
        webhook,
        media,
        facts.identity(fact),
    )
