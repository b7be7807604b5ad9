"""Reads what stands around the list, as far as it changed: detail, notices, failures, standing, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from console.cache import news, queries
from console.domain import standing as standings
from console.domain.facts import Fact
from console.domain.media import Media, MediaKey
from console.domain.orders import Taken
from console.domain.standing import Notice, Standing
from console.ui.chronicle import MOST_FACTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.cache.reader import Moment

NEWEST_NOTICES: Final = 500
NEWEST_FAILURES: Final = 500
MOST_NEWS: Final = 1000
"""Facts that are looked at one by one; after more of them everything is read again."""


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be looked at, and what was known of it before."""

    key: MediaKey | None
    """The media whose detail is shown."""
    detailed: MediaKey | None
    """The one whose detail was read last."""
    changed: bool
    """Whether the cache may have changed since."""
    traces: news.Traces | None
    orders: Sequence[str] = ()
    """Orders that no service had taken yet."""
    awaited: Sequence[MediaKey] = ()


class Around(Struct, frozen=True, kw_only=True):
    """What was found; None for what is as it was."""

    traces: news.Traces | None
    detail: tuple[Media | None, Sequence[Fact]] | None = None
    notices: Sequence[Notice] | None = None
    standing: Standing | None = None
    failed: Sequence[Media] | None = None
    """The newest failures."""
    taken: Mapping[str, Taken] = {}
    found: Sequence[Media] | None = None
    """Those that are waited for."""


def read_around(moment: Moment, asked: Asked) -> Around:
    """Looks at the traces of the last change, and reads what they say has changed."""
    if not asked.changed:
        return Around(traces=asked.traces, detail=_detail(moment, asked.key))
    before, now = asked.traces, moment.run(news.traces())
    came = _came(moment, before, now)
    keys = None if came is None else {each.key for each in came}
    reread = asked.key != asked.detailed or not keys or asked.key in keys
    noticed = before is None or before.notices != now.notices
    settled = came is None or noticed or not all(each.announced for each in came)
    awaited = [key for key in asked.awaited if not keys or key in keys]
    told = asked.orders or awaited
    return Around(
        traces=now,
        detail=_detail(moment, asked.key) if reread else None,
        notices=moment.run(queries.notices(NEWEST_NOTICES)) if noticed else None,
        standing=(
            standings.decode(now.standing)
            if now.standing is not None and (before is None or before.standing != now.standing)
            else None
        ),
        failed=moment.run(queries.newest_failures(NEWEST_FAILURES)) if settled else None,
        taken=moment.run(queries.orders_taken(asked.orders)) if asked.orders else {},
        found=_media(moment, awaited) if told else None,
    )


def _came(moment: Moment, before: news.Traces | None, now: news.Traces) -> Sequence[news.Touched] | None:
    """The facts that came; None if they are too many, or do not tell everything."""
    if before is None or now.media < before.media or now.fact < before.fact:
        return None
    if now.fact == before.fact:
        return ()
    came = moment.run(news.touched_since(before.fact, MOST_NEWS + 1))
    return came if len(came) <= MOST_NEWS else None


def _media(moment: Moment, keys: Iterable[MediaKey]) -> list[Media]:
    found = [moment.run(queries.media(key)) for key in keys]
    return [media for media in found if media is not None]


def histories(moment: Moment, keys: Iterable[MediaKey]) -> dict[MediaKey, Sequence[Fact]]:
    """The newest facts of each of these media."""
    return {key: moment.run(queries.history(key, limit=MOST_FACTS)) for key in keys}


def _detail(moment: Moment, key: MediaKey | None) -> tuple[Media | None, Sequence[Fact]]:
    if key is None:
        return None, ()
    return moment.run(queries.media(key)), moment.run(queries.history(key, limit=MOST_FACTS))
