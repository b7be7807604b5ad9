"""What a screen asks first after each change of the cache: what kind of change it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.query import ListQuery, Query, folded, rows_of, sql
from console.domain.facts import MediaAnnounced
from console.domain.media import MediaKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.cache.rows import Row

_TRACES: Final = sql(
    "SELECT (SELECT max(seq) FROM fact), (SELECT sum(media) FROM media_count),",
    "(SELECT max(at) FROM notice), (SELECT max(id) FROM notice), (SELECT data FROM status)",
)


class Traces(NamedTuple):
    """What differs after a change; each costs a look at the end of an index."""

    fact: int
    """The number of the newest fact; all that changes a media by and by has one."""
    media: int
    """How many media there are; fewer after a purge."""
    notices: tuple[int | None, int | None]
    """When a notice was written last, and the number of the newest."""
    standing: str | None
    """The service's standing, as stored."""


class Touched(NamedTuple):
    """One fact that came, and whose it is."""

    fact: int
    key: MediaKey
    announced: bool
    """Whether it announced the media; that makes no failure of it and ends none."""


def traces() -> Query[Traces]:
    """The traces of all that a screen shows."""
    return folded(_TRACES, (), _read_traces)


def touched_since(fact: int, limit: int) -> ListQuery[Touched]:
    """The facts after the one of this number, at most `limit`, oldest first."""
    return rows_of(
        "SELECT seq, media_key, kind FROM fact WHERE seq > ? ORDER BY seq LIMIT ?",
        (fact, limit),
        lambda row: Touched(int(row[0]), MediaKey(row[1]), row[2] == MediaAnnounced.__name__),
    )


def _read_traces(rows: Sequence[Row]) -> Traces:
    fact, media, noticed_at, notice, standing = rows[0]
    return Traces(int(fact or 0), int(media or 0), (noticed_at, notice), standing)
