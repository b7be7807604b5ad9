"""One media built anew: from the bodies that told of it, and from the facts that no webhook brought.

What came by webhook is read from the body once more and numbered as on receipt, so the order counts: a
body stands where the first fact from it stands. A fact that was read from a body only later stands where
`fact.stands_before` says, so that building it anew once more gives the same.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from console.cache.bodies import GONE, unpack
from console.cache.query import sql
from console.cache.rows import COLUMNS, DERIVED, SELECTED, media_row, read_media
from console.cache.table import write_media
from console.domain import facts, ledger
from console.domain.exceptions import ConsoleError
from console.domain.facts import Fact, MediaStored, ResultNoted, StoreFailed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from console.cache.batch import MediaRef
    from console.domain.media import Media, Millis
    from console.domain.reading import Reading

READINGS_HELD: Final = 8
"""Readings in memory: media that one body told of are looked at one after the other."""
FACTS: Final = "facts"
"""Names the history itself, where a difference is told by its field."""
_LAST: Final = 2**62

_ALL: Final = COLUMNS + DERIVED
_ROW: Final = sql("SELECT", ", ".join(_ALL), "FROM media WHERE account = ? AND key = ?")
_MEDIA: Final = sql("SELECT", SELECTED, "FROM media WHERE account = ? AND key = ?")
_HISTORY: Final = (
    "SELECT seq, stands_before, at, data, webhook_id, identity FROM fact "
    "WHERE media = (SELECT seq FROM media WHERE account = ? AND key = ?)"
)
_INSERT: Final = (
    "INSERT INTO fact (seq, account, media_key, at, kind, data, webhook_id, identity, stands_before, media) "
    "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, seq FROM media WHERE account = ?2 AND key = ?3 "
    "ON CONFLICT (media, identity) DO NOTHING"
)


class Stored(NamedTuple):
    """A fact as it lies in the cache."""

    seq: int
    before: int | None
    at: Millis
    data: str
    webhook: int | None
    identity: bytes

    @property
    def place(self) -> tuple[int, bool, int]:
        """Where it stands in the order in which facts were learnt."""
        return (self.seq, True, self.seq) if self.before is None else (self.before, False, self.seq)


class Told(NamedTuple):
    """A fact as it is built anew. `before` is where it stands, if it is not stored yet."""

    fact: Fact
    webhook: int | None
    before: int | None


class Rebuilt(NamedTuple):
    """A media built anew, with its facts by their identity and those that are stored."""

    media: Media
    told: dict[bytes, Told]
    history: list[Stored]


class BodyReading(NamedTuple):
    """A stored body as this version reads it."""

    received_at: Millis
    facts: Mapping[MediaRef, Sequence[Fact]]
    unread: frozenset[str]
    """The places of what is still not understood."""


class Bodies:
    """The stored bodies, read anew; the last few readings are kept."""

    def __init__(self, connection: sqlite3.Connection, read: Callable[[bytes, Millis], Reading]) -> None:
        self._connection = connection
        self._read = read
        self._held: OrderedDict[int, BodyReading | None] = OrderedDict()

    def reading(self, number: int) -> BodyReading | None:
        """What a body says; None if it is gone or cannot be read."""
        if number not in self._held:
            self._held[number] = self._fetch(number)
            if len(self._held) > READINGS_HELD:
                self._held.popitem(last=False)
        return self._held[number]

    def _fetch(self, number: int) -> BodyReading | None:
        found = self._connection.execute(
            "SELECT received_at, body, coding FROM webhook WHERE id = ? AND coding IS NOT ?", (number, GONE)
        ).fetchone()
        if found is None:
            return None
        received_at, body, coding = found
        try:
            reading = self._read(unpack(body, coding), received_at)
        except ConsoleError:
            return None
        by_media: dict[MediaRef, list[Fact]] = {}
        for fact in reading.facts:
            by_media.setdefault((fact.account, fact.key), []).append(fact)
        return BodyReading(received_at, by_media, frozenset([part.where for part in reading.unread]))


def history(connection: sqlite3.Connection, ref: MediaRef) -> list[Stored]:
    """The facts of a media in the order in which they were learnt."""
    found = [Stored(*row) for row in connection.execute(_HISTORY, ref)]
    found.sort(key=lambda stored: stored.place)
    return found


def rebuild(connection: sqlite3.Connection, ref: MediaRef, bodies: Bodies) -> Rebuilt | None:
    """A media as its bodies and its other facts lead to it.

    None where it has no fact, where a body is gone or cannot be read, or where this version does not
    know one of its facts.
    """
    stored = history(connection, ref)
    media: Media | None = None
    told: dict[bytes, Told] = {}
    for number, (one, new) in enumerate(_steps(stored, ref, bodies)):
        if new is None:
            return None
        before = None
        for fact in new:
            if one.webhook is not None:
                fact = numbered(media, fact)
                before = before or _next_seq(stored[number:], one)
            identity = facts.identity(fact)
            if identity not in told:
                told[identity] = Told(fact, one.webhook, before)
                media = ledger.fold(media, fact)
    return Rebuilt(media, told, stored) if media is not None else None


def _steps(
    stored: Sequence[Stored], ref: MediaRef, bodies: Bodies
) -> Iterator[tuple[Stored, Sequence[Fact] | None]]:
    """Each fact and what stands in its place: what its body says if it is the first of that, or itself."""
    begun: set[int] = set()
    for one in stored:
        if one.webhook is None:
            yield one, _decoded(one)
        elif one.webhook in begun:
            yield one, ()
        else:
            begun.add(one.webhook)
            reading = bodies.reading(one.webhook)
            yield one, None if reading is None else reading.facts.get(ref, ())


def numbered(media: Media | None, fact: Fact) -> Fact:
    """A fact as a body gives it, with the attempt that it belongs to while the media stands like this."""
    if isinstance(fact, MediaStored | StoreFailed | ResultNoted) and not fact.attempt:
        success = isinstance(fact, MediaStored)
        return replace(fact, attempt=ledger.attempt_of_result(media, success=success))
    return fact


def differences(connection: sqlite3.Connection, ref: MediaRef, rebuilt: Rebuilt) -> list[str]:
    """The fields in which the stored media is not what was built anew; `FACTS` for its history."""
    row = connection.execute(_ROW, ref).fetchone()
    built = media_row(rebuilt.media)
    fields = (
        list(_ALL)
        if row is None
        else [
            name for name, as_stored, as_built in zip(_ALL, row, built, strict=True) if as_stored != as_built
        ]
    )
    stored = {one.identity: one for one in rebuilt.history}
    same = stored.keys() == rebuilt.told.keys() and all(
        _says(stored[identity], told.fact) for identity, told in rebuilt.told.items()
    )
    return fields if same else [*fields, FACTS]


def write(connection: sqlite3.Connection, ref: MediaRef, rebuilt: Rebuilt) -> None:
    """Replaces the stored media and its facts by what was built anew. In an open transaction."""
    write_media(connection, rebuilt.media)
    stored = {one.identity: one for one in rebuilt.history}
    free: dict[int | None, list[Stored]] = {}
    for one in rebuilt.history:
        told = rebuilt.told.get(one.identity)
        if told is None or not _says(one, told.fact):
            connection.execute("DELETE FROM fact WHERE seq = ?", (one.seq,))
            free.setdefault(one.webhook, []).append(one)
            stored.pop(one.identity)
    for identity, told in rebuilt.told.items():
        if identity in stored:
            continue
        places = free.get(told.webhook)
        place = places.pop(0) if places else None
        seq, before = (None, told.before) if place is None else (place.seq, place.before)
        _insert(connection, told.fact, told.webhook, seq, before)


def lacking(
    connection: sqlite3.Connection, ref: MediaRef, number: int, body: BodyReading, seq: int | None
) -> list[Told]:
    """What a body says of a media and the cache does not hold yet, numbered as on receipt.

    Args:
        number: the body's number.
        seq: a fact that was kept when the body was received; None if there was none, and the time
            of receipt tells where the body stands.
    """
    stored = history(connection, ref)
    own = [one for one in stored if one.webhook == number]
    place = _place(stored, own, body.received_at, seq)
    media: Media | None = None
    for one in stored:
        if one.place < place and one.webhook != number:
            for fact in _decoded(one) or ():
                media = ledger.fold(media, fact)
    known = {one.identity for one in stored}
    known_of_body = {_unnumbered(fact) for one in own for fact in _decoded(one) or ()}
    before = next((one.seq for one in stored if one.before is None and one.place > place), None)
    found: list[Told] = []
    for read in body.facts.get(ref, ()):
        fact = numbered(media, read)
        identity = facts.identity(fact)
        if identity not in known and _unnumbered(read) not in known_of_body:
            known.add(identity)
            found.append(Told(fact, number, before))
            media = ledger.fold(media, fact)
    return found


def take_in(connection: sqlite3.Connection, ref: MediaRef, told: Iterable[Told]) -> int:
    """Adds facts that were read from a body later than on receipt; how many. In an open transaction."""
    added = 0
    for one in told:
        row = connection.execute(_MEDIA, ref).fetchone()
        folded = ledger.fold(None if row is None else read_media(row), one.fact)
        if row is None:
            write_media(connection, folded)
        if _insert(connection, one.fact, one.webhook, None, one.before):
            added += 1
            if row is not None:
                write_media(connection, folded)
    return added


def told_by(connection: sqlite3.Connection, ref: MediaRef, number: int) -> bool:
    """Whether some fact of a media came from a body."""
    found = connection.execute(
        "SELECT 1 FROM fact WHERE media = (SELECT seq FROM media WHERE account = ? AND key = ?) "
        "AND webhook_id = ?",
        (*ref, number),
    ).fetchone()
    return found is not None


def _place(
    stored: Sequence[Stored], own: Sequence[Stored], received_at: Millis, seq: int | None
) -> tuple[int, bool, int]:
    if own:
        return own[0].place
    if seq is not None:
        return seq, True, seq
    later = (one.seq for one in stored if one.before is None and one.at > received_at)
    return next(later, _LAST), False, _LAST


def _next_seq(stored: Sequence[Stored], body: Stored) -> int | None:
    """The first fact, in the order of receipt, that stands after all that a body told."""
    others = (one.seq for one in stored if one.before is None and one.webhook != body.webhook)
    return next(others, None)


def _insert(
    connection: sqlite3.Connection, fact: Fact, webhook: int | None, seq: int | None, before: int | None
) -> bool:
    row = (
        seq,
        fact.account,
        fact.key,
        fact.at,
        type(fact).__name__,
        facts.encode(fact).decode(),
        webhook,
        facts.identity(fact),
        before,
    )
    return connection.execute(_INSERT, row).rowcount > 0


def _decoded(stored: Stored) -> tuple[Fact] | None:
    try:
        return (facts.decode(stored.data),)
    except msgspec.MsgspecError:
        return None


def _says(stored: Stored, fact: Fact) -> bool:
    return stored.data == facts.encode(fact).decode() or _decoded(stored) == (fact,)


def _unnumbered(fact: Fact) -> bytes:
    if isinstance(fact, MediaStored | StoreFailed | ResultNoted):
        fact = replace(fact, attempt=0)
    return facts.identity(fact)
