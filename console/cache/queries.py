"""Every question that is asked of the cache, once, for screen, shell and service alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.bodies import GONE, unpack
from console.cache.query import ListQuery, Query, first_of, folded, marks, rows_of, sql
from console.cache.rows import SELECTED, read_media
from console.domain import facts, maintenance
from console.domain import standing as standings
from console.domain.media import DEFAULT_ACCOUNT, Media, MediaKey, Millis, State
from console.domain.orders import Taken
from console.domain.reading import Unread
from console.domain.standing import Level, Notice, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.cache.rows import Row
    from console.domain.facts import Fact
    from console.domain.maintenance import Outcome

EVERYTHING_SHOWN: Final = -1
"""As a limit: no limit."""

_LAST_FEW: Final = 1000
_FIRST: Final = -(2**63)
_ASKING: Final = (facts.StoreRequested.__name__, facts.StoreAccepted.__name__)


def media(key: MediaKey, account: str = DEFAULT_ACCOUNT) -> Query[Media | None]:
    """One media, or None if the cache does not know it."""
    return first_of(
        sql("SELECT", SELECTED, "FROM media WHERE account = ? AND key = ?"), (account, key), read_media
    )


def history(
    key: MediaKey, account: str = DEFAULT_ACCOUNT, *, limit: int = EVERYTHING_SHOWN
) -> ListQuery[Fact]:
    """The facts of a media by the time they were learnt; of more than `limit` the newest."""
    return rows_of(
        "SELECT data FROM (SELECT data, at, seq FROM fact WHERE "
        "media = (SELECT seq FROM media WHERE account = ? AND key = ?) "
        "ORDER BY at DESC, seq DESC LIMIT ?) ORDER BY at, seq",
        (account, key, limit),
        lambda row: facts.decode(row[0]),
    )


def raw_bodies(
    key: MediaKey, account: str = DEFAULT_ACCOUNT, *, limit: int = EVERYTHING_SHOWN
) -> ListQuery[tuple[Millis, bytes]]:
    """The webhook bodies that told something new of a media, with their receipt, oldest first.

    Of more than `limit` they are the newest.
    """
    return rows_of(
        "SELECT received_at, body, coding FROM (SELECT id, received_at, body, coding FROM webhook "
        "WHERE id IN (SELECT webhook_id FROM fact WHERE "
        "media = (SELECT seq FROM media WHERE account = ? AND key = ?)) AND coding IS NOT ? "
        "ORDER BY received_at DESC, id DESC LIMIT ?) ORDER BY received_at, id",
        (account, key, GONE, limit),
        lambda row: (Millis(row[0]), unpack(row[1], row[2])),
    )


def standing() -> Query[Standing | None]:
    """The standing that the service wrote last, if there ever was a service."""
    return first_of("SELECT data FROM status", (), lambda row: standings.decode(row[0]))


def last_receipt() -> Query[Millis | None]:
    """The receipt of the newest webhook that is stored, or None if none is.

    Bodies are numbered in about the order in which they came, so the last few numbers tell.
    """
    return folded(
        "SELECT max(received_at) FROM (SELECT received_at FROM webhook ORDER BY id DESC LIMIT ?)",
        (_LAST_FEW,),
        lambda rows: None if rows[0][0] is None else Millis(rows[0][0]),
    )


def notices(limit: int = EVERYTHING_SHOWN) -> ListQuery[Notice]:
    """The notices, newest first."""
    return rows_of(
        "SELECT at, level, source, text, media_key, first_at, count FROM notice "
        "ORDER BY at DESC, id DESC LIMIT ?",
        (limit,),
        _read_notice,
    )


def quarantine(limit: int = EVERYTHING_SHOWN) -> ListQuery[tuple[Millis, Unread, bytes]]:
    """What was not understood, newest first: its receipt, which part and why, and the whole body."""
    return rows_of(
        "SELECT q.received_at, q.place, q.reason, w.body, w.coding FROM quarantine AS q "
        "JOIN webhook AS w ON w.id = q.webhook_id ORDER BY q.id DESC LIMIT ?",
        (limit,),
        lambda row: (Millis(row[0]), Unread(where=row[1], reason=row[2]), unpack(row[3], row[4])),
    )


def callable_now(due: Sequence[MediaKey], limit: int) -> ListQuery[Media]:
    """Queued media that may be asked for now: fewest tries first, then the nearest deadline.

    They are those that wait for no moment of their own, and of the `due` ones those still queued.
    """
    return rows_of(
        sql(
            "SELECT",
            SELECTED,
            "FROM media WHERE state = ? AND",
            "(next_try_at IS NULL OR next_try_at <= progress_at OR key IN",
            marks(len(due)),
            ") ORDER BY progress_try_number, clock_from, key LIMIT ?",
        ),
        (State.QUEUED.value, *due, limit),
        read_media,
    )


class Waiting(NamedTuple):
    """A media that waits since a moment, perhaps until another; `place` is where the next page begins."""

    key: MediaKey
    since: Millis
    until: Millis | None
    place: tuple[int, int]


def requested_since(after: tuple[int, int] | None, limit: int) -> ListQuery[Waiting]:
    """Every requested media, in pages."""
    return _waiting(State.REQUESTED, "", after, limit)


def deferred_until(after: tuple[int, int] | None, limit: int) -> ListQuery[Waiting]:
    """Every queued media that waits for a moment of its own, in pages."""
    return _waiting(State.QUEUED, "AND next_try_at > progress_at", after, limit)


def _waiting(state: State, more: str, after: tuple[int, int] | None, limit: int) -> ListQuery[Waiting]:
    return rows_of(
        sql(
            "SELECT key, progress_at, next_try_at, clock_from, seq FROM media WHERE state = ?",
            more,
            "AND (clock_from, seq) > (?, ?) ORDER BY clock_from, seq LIMIT ?",
        ),
        (state.value, *(after if after is not None else (_FIRST, _FIRST)), limit),
        lambda row: Waiting(MediaKey(row[0]), Millis(row[1]), row[2], (row[3], row[4])),
    )


def requested_among(keys: Sequence[MediaKey]) -> ListQuery[Media]:
    """Those of some media that are requested."""
    return rows_of(
        sql("SELECT", SELECTED, "FROM media WHERE account = ? AND state = ? AND key IN", marks(len(keys))),
        (DEFAULT_ACCOUNT, State.REQUESTED.value, *keys),
        read_media,
    )


def newest_failures(limit: int) -> ListQuery[Media]:
    """Media that failed and were not asked for again, the newest failure first."""
    return rows_of(
        sql(
            "SELECT",
            SELECTED,
            "FROM media INDEXED BY media_by_failure WHERE state = 'failed' "
            "ORDER BY progress_at DESC, seq DESC LIMIT ?",
        ),
        (limit,),
        read_media,
    )


def orders_taken(ids: Sequence[str]) -> Query[dict[str, Taken]]:
    """What became of orders; one that is missing was not taken yet."""
    return folded(
        sql("SELECT id, taken FROM order_taken WHERE id IN", marks(len(ids))),
        tuple(ids),
        lambda rows: {row[0]: Taken(row[1]) for row in rows},
    )


def outcome(order_id: str) -> Query[Outcome | None]:
    """What came of work on the whole cache, or None while it is not done."""
    return first_of(
        "SELECT outcome FROM maintenance WHERE id = ?",
        (order_id,),
        lambda row: maintenance.decode_outcome(row[0]),
    )


def waiting_counts() -> Query[dict[State, int]]:
    """How many media are queued and how many requested; both states are always there."""
    return folded(
        "SELECT state, media FROM media_count WHERE state IN (?, ?)",
        (State.QUEUED.value, State.REQUESTED.value),
        lambda rows: {State.QUEUED: 0, State.REQUESTED: 0, **{State(row[0]): row[1] for row in rows}},
    )


def last_fact() -> Query[int]:
    """The number of the newest fact; each that comes later has a higher one, whatever the clock says."""
    return folded("SELECT coalesce(max(seq), 0) FROM fact", (), lambda rows: int(rows[0][0]))


def work_since(fact: int) -> Query[tuple[int, int]]:
    """How many media are queued, or were requested after the fact of this number; and their trace.

    The trace is another number whenever one of them has moved.
    """
    return folded(
        "SELECT count(*), coalesce(sum(progress_at), 0) FROM media WHERE state = ? OR (state = ? AND EXISTS ("
        "SELECT 1 FROM fact WHERE fact.media = media.seq AND fact.seq > ? "
        "AND kind IN (?, ?)))",
        (State.QUEUED.value, State.REQUESTED.value, fact, *_ASKING),
        lambda rows: (int(rows[0][0]), int(rows[0][1])),
    )


def _read_notice(row: Row) -> Notice:
    at, level, source, text, key, first_at, times = row
    return Notice(
        at=at, level=Level(level), source=source, text=text, key=key, first_at=first_at, count=times
    )
