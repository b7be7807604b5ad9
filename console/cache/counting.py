"""The numbers on the views: from the kept counts where nothing is filtered, else counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from console.cache.query import sql
from console.cache.schema import HOUR_MS
from console.cache.searching import candidates
from console.cache.where import Condition, both, filter_condition, states, view_condition
from console.domain.media import State
from console.domain.retention import SOON_MS
from console.domain.views import View

if TYPE_CHECKING:
    from console.cache.reader import Moment
    from console.domain.filters import Filter
    from console.domain.media import Millis

_FIRST_HOUR: Final = 1
"""The hour 0 since 1970 holds times of both signs, as SQLite divides; it is counted by the index."""


class Counts(Struct, frozen=True):
    """How many media there are, in all and in each view."""

    everything: int = 0
    views: Mapping[View, int] = {}


def totals(moment: Moment, window_ms: int, now: Millis) -> Counts:
    """The numbers of all views without a filter, exactly and without counting rows."""
    held = {State(state): int(media) for state, media in moment.rows("SELECT state, media FROM media_count")}
    views = {
        view: _due_soon(moment, now - window_ms)
        if view is View.DUE_SOON
        else sum(held.get(state, 0) for state in view.states)
        for view in View
    }
    return Counts(views[View.ALL], views)


def filtered_counts(moment: Moment, wanted: Filter, window_ms: int, now: Millis) -> Counts:
    """The numbers of all views under a filter; `everything` is without it.

    Where no index names few candidates it reads all rows.
    """
    found = candidates(moment, wanted.terms, frozenset(State), now - window_ms)
    conditions = [view_condition(view, window_ms, now) for view in View]
    columns = ", ".join(f"coalesce(sum({condition.sql}), 0)" for condition in conditions)
    params = [value for condition in conditions for value in condition.params]
    passes = filter_condition(wanted, window_ms, now)
    rows = Condition("media")
    if found is not None:
        source = found.source
        rows = Condition(
            sql("(SELECT DISTINCT seq FROM (", source.sql, ")) AS c CROSS JOIN media ON media.seq = c.seq"),
            source.params,
        )
    [counts] = moment.rows(
        sql("SELECT", columns, "FROM", rows.sql, "WHERE", passes.sql),
        (*params, *rows.params, *passes.params),
    )
    views = dict(zip(View, map(int, counts), strict=True))
    return Counts(totals(moment, window_ms, now).everything, views)


def _due_soon(moment: Moment, edge: int) -> int:
    """Whole hours by their kept counts, and what lies around them by the index."""
    low, high = edge - SOON_MS + 1, edge + SOON_MS
    first = max(-(-low // HOUR_MS), _FIRST_HOUR)
    last = high // HOUR_MS
    if first >= last:
        return _between(moment, low, high)
    soon = states(View.DUE_SOON.states)
    [(whole,)] = moment.rows(
        sql("SELECT coalesce(sum(media), 0) FROM media_hour WHERE", soon.sql, "AND hour >= ? AND hour < ?"),
        (*soon.params, first, last),
    )
    before, after = _between(moment, low, first * HOUR_MS), _between(moment, last * HOUR_MS, high)
    return int(whole) + before + after


def _between(moment: Moment, low: int, high: int) -> int:
    soon = both(states(View.DUE_SOON.states), Condition("clock_from >= ? AND clock_from < ?", (low, high)))
    [(found,)] = moment.rows(
        sql("SELECT count(*) FROM media INDEXED BY media_by_due WHERE", soon.sql), soon.params
    )
    return int(found)
