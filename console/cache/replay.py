"""Replay: every media built anew, a few at a time, and compared with what is stored.

The looking is done on a connection that only reads. What differs is looked at once more and written in
one transaction of the writer, so that nothing that came in meanwhile is overwritten by an older state.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from console.cache import counts
from console.cache.bodies import GONE
from console.cache.rebuild import (
    FACTS,
    Bodies,
    differences,
    history,
    lacking,
    rebuild,
    take_in,
    told_by,
    write,
)
from console.domain.maintenance import Difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from console.cache.batch import MediaRef
    from console.cache.rebuild import BodyReading
    from console.domain.media import Millis
    from console.domain.reading import Reading

AT_ONCE: Final = 50
"""Media in one look: some milliseconds of work."""

_UNSTORABLE: Final = (
    ValueError,
    OverflowError,
    msgspec.MsgspecError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
)


class Stray(NamedTuple):
    """A media of which a body tells that is not among those named by the body's facts."""

    ref: MediaRef
    body: int
    seq: int | None


class Looked(NamedTuple):
    """What one look found. `last` is where the next one begins; None after the last media."""

    last: int | None
    media: int
    rebuilt: int
    suspects: list[MediaRef]
    strays: list[Stray]


class Understood(NamedTuple):
    """Parts of one body that left the quarantine, and the facts that were taken from them."""

    parts: int = 0
    facts: int = 0


def look(
    connection: sqlite3.Connection,
    read: Callable[[bytes, Millis], Reading],
    after: int,
    at_once: int = AT_ONCE,
) -> Looked:
    """Builds the next few media anew and tells which are not as stored; changes nothing."""
    with _snapshot(connection):
        rows = connection.execute(
            "SELECT seq, account, key FROM media WHERE seq > ? ORDER BY seq LIMIT ?", (after, at_once)
        ).fetchall()
        bodies = Bodies(connection, read)
        rebuilt = 0
        suspects: list[MediaRef] = []
        strays: list[Stray] = []
        for _, account, key in rows:
            ref = (account, key)
            built = rebuild(connection, ref, bodies)
            if built is not None:
                rebuilt += 1
                if differences(connection, ref, built):
                    suspects.append(ref)
            strays += _strays(connection, ref, bodies)
    return Looked(rows[-1][0] if rows else None, len(rows), rebuilt, suspects, strays)


def mend(
    connection: sqlite3.Connection,
    read: Callable[[bytes, Millis], Reading],
    suspects: Sequence[MediaRef],
    strays: Sequence[Stray],
) -> list[Difference]:
    """Looks once more at what was found, and writes what was built anew; what was not as it should be.

    In an open transaction.
    """
    bodies = Bodies(connection, read)
    found: list[Difference] = []
    for ref in suspects:
        built = rebuild(connection, ref, bodies)
        fields = differences(connection, ref, built) if built is not None else []
        if built is not None and fields:
            write(connection, ref, built)
            found += [Difference(key=ref[1], field=field) for field in fields]
    for ref, number, seq in strays:
        body = bodies.reading(number)
        if body is not None and take_in(connection, ref, lacking(connection, ref, number, body, seq)):
            found.append(Difference(key=ref[1], field=FACTS))
    return found


def now_understood(connection: sqlite3.Connection, read: Callable[[bytes, Millis], Reading]) -> list[int]:
    """The numbers of the bodies with parts in quarantine that this version understands."""
    with _snapshot(connection):
        bodies = Bodies(connection, read)
        numbers = [row[0] for row in connection.execute("SELECT DISTINCT webhook_id FROM quarantine")]
        return [number for number in numbers if _parts(connection, number, bodies.reading(number))]


def take_from_quarantine(
    connection: sqlite3.Connection, read: Callable[[bytes, Millis], Reading], number: int
) -> Understood:
    """Takes in what is now understood of a body in quarantine. In an open transaction."""
    body = Bodies(connection, read).reading(number)
    parts = _parts(connection, number, body)
    if body is None or not parts:
        return Understood()
    connection.execute("SAVEPOINT quarantined")
    try:
        taken = sum(
            take_in(connection, ref, lacking(connection, ref, number, body, None)) for ref in body.facts
        )
    except _UNSTORABLE:  # it is read, but the cache cannot hold it, as before
        connection.execute("ROLLBACK TO quarantined")
        connection.execute("RELEASE quarantined")
        return Understood()
    connection.execute("RELEASE quarantined")
    connection.executemany("DELETE FROM quarantine WHERE id = ?", [(part,) for part in parts])
    connection.execute("UPDATE webhook SET facts = facts + ? WHERE id = ?", (taken, number))
    drop_idle(connection, number)
    return Understood(len(parts), taken)


def counts_agree(connection: sqlite3.Connection) -> bool:
    """Whether the kept counts are those of the rows."""
    with _snapshot(connection):
        return counts.agree(connection)


def quarantined(connection: sqlite3.Connection) -> int:
    """How many parts are in quarantine."""
    return int(connection.execute("SELECT count(*) FROM quarantine").fetchone()[0])


def drop_idle(connection: sqlite3.Connection, number: int) -> None:
    """Removes a body that has given no fact and has no part in quarantine. In an open transaction."""
    idle = connection.execute(
        "SELECT 1 FROM webhook WHERE id = ? AND facts = 0 "
        "AND NOT EXISTS (SELECT 1 FROM quarantine WHERE webhook_id = ?)",
        (number, number),
    ).fetchone()
    if idle is not None:
        remove_bodies(connection, [number])


def remove_bodies(connection: sqlite3.Connection, numbers: Sequence[int]) -> int:
    """Removes bodies; how many. In an open transaction.

    Of the one with the highest number an empty row stays, for its number must not come again.
    """
    (highest,) = connection.execute("SELECT max(id) FROM webhook").fetchone()
    removed = 0
    for number in numbers:
        if number == highest:
            emptied = "UPDATE webhook SET body = x'', coding = ?, facts = 0 WHERE id = ? AND coding IS NOT ?"
            removed += connection.execute(emptied, (GONE, number, GONE)).rowcount
        else:
            held = connection.execute("SELECT coding FROM webhook WHERE id = ?", (number,)).fetchone()
            connection.execute("DELETE FROM webhook WHERE id = ?", (number,))
            removed += held is not None and held[0] != GONE
    return removed


def _parts(connection: sqlite3.Connection, number: int, body: BodyReading | None) -> list[int]:
    """The quarantined parts of a body that are understood now."""
    if body is None:
        return []
    rows = connection.execute("SELECT id, place FROM quarantine WHERE webhook_id = ?", (number,))
    return [part for part, place in rows.fetchall() if place not in body.unread]


def _strays(connection: sqlite3.Connection, ref: MediaRef, bodies: Bodies) -> Iterator[Stray]:
    """The other media of which its bodies tell, where the cache lacks what they say.

    Each body is looked through for the first media alone of those that it gave facts of.
    """
    seen: set[int] = set()
    for one in history(connection, ref):
        if one.webhook is None or one.webhook in seen:
            continue
        seen.add(one.webhook)
        body = bodies.reading(one.webhook)
        if body is None or len(body.facts) < 2:
            continue
        first = next((other for other in body.facts if told_by(connection, other, one.webhook)), None)
        if first != ref:
            continue
        seq = one.seq if one.before is None else None
        for other in body.facts:
            if not told_by(connection, other, one.webhook) and lacking(
                connection, other, one.webhook, body, seq
            ):
                yield Stray(other, one.webhook, seq)


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")
