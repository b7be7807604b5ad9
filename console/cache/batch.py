"""What is done inside one transaction: facts are numbered, folded and kept once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
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
    from collections.abc import Callable, Iterable, Sequence

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
    "INSERT INTO fact (account, media_key, at, kind, data, webhook_id, identity, media) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (media, identity) DO NOTHING"
)
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

    `failed` are the media whose store failed by it, one for each such fact, with the fact. `number` is
    that of the stored body, None where it was not stored because nothing of it was new.
    """

    new_facts: tuple[Fact, ...] = ()
    quarantined: int = 0
    failed: tuple[tuple[StoreFailed, Media], ...] = ()
    number: int | None = None

    def and_then(self, later: Recorded) -> Recorded:
        """What two parts of one webhook added together."""
        return Recorded(
            self.new_facts + later.new_facts,
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

    Facts are inserted at once, as the insert tells whether they are new; the rows they lead to
    are kept in memory until `write`, so that each is written once however many facts it got.
    """

    def __init__(self, connection: sqlite3.Connection, refs: Iterable[MediaRef]) -> None:
        self._connection = connection
        self._held: dict[MediaRef, Media] = {}
        self._stored: dict[MediaRef, Before] = {}
        self._given: dict[MediaRef, int] = {}
        self._next_seq: int | None = None
        self._changed: set[MediaRef] = set()
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
            self._connection.execute(
                "INSERT INTO webhook (id, received_at, body, coding, facts) VALUES (?, ?, ?, ?, ?)",
                (number, received_at, *pack(body), len(new)),
            )
            self._next_webhook, stored = number + 1, number
        for notice in reading.notices:
            self.take_notice(notice)
        failures = [fact for fact in new if isinstance(fact, StoreFailed)]
        failed = tuple([(fact, self._held[fact.account, fact.key]) for fact in failures])
        return Recorded(new, quarantined, failed, stored)

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
        for fact in told:
            ref = (fact.account, fact.key)
            before = held.get(ref) or self.media(ref)
            if isinstance(fact, MediaStored | StoreFailed | ResultNoted) and not fact.attempt:
                success = isinstance(fact, MediaStored)
                fact = replace(fact, attempt=ledger.attempt_of_result(before, success=success))
            numbered.append((fact, _fact_row(fact, webhook, self._seq(ref))))
            held[ref] = ledger.fold(before, fact)
        execute = self._connection.execute
        new = tuple([fact for fact, row in numbered if execute(_INSERT_FACT, row).rowcount])
        if len(new) == len(numbered):
            self._held.update(held)
        else:  # a row is what the kept facts lead to: one that is not kept must leave no trace in it
            for fact in new:
                ref = (fact.account, fact.key)
                self._held[ref] = ledger.fold(self._held.get(ref), fact)
        self._changed.update([(fact.account, fact.key) for fact in new])
        return new

    def maintain(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Lets `work` see every row as it is now and change the tables as it likes."""
        self._write_rows()
        done = work(self._connection)
        self._held.clear()
        self._stored.clear()
        self._given.clear()
        self._next_seq = None
        self._looked_up.clear()
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
        """Writes the rows that the facts led to, and keeps the quarantine within its bounds."""
        if self._quarantine_grew:
            self._trim_quarantine()
        self._write_rows()

    def _write_rows(self) -> None:
        before = [self._stored.get(ref) or self._seq(ref) for ref in self._changed]
        write_rows(
            self._connection, [(self._held[ref], one) for ref, one in zip(self._changed, before, strict=True)]
        )
        self._changed.clear()

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
            while wanted:
                size = next((size for size in _LOOKUP_SIZES if size >= len(wanted)), _LOOKUP_SIZES[-1])
                some, wanted = wanted[:size], wanted[size:]
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


def _fact_row(fact: Fact, webhook: int | None, media: int) -> tuple[SqlValue, ...]:
    return (
        fact.account,
        fact.key,
        fact.at,
        type(fact).__name__,
        facts.encode(fact).decode(),
        webhook,
        facts.identity(fact),
        media,
    )
