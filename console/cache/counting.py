"""The numbers on the views: from the kept counts where nothing is filtered, else counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from console.cache.query import sql
from console.cache.schema import HOUR_MS
from console.cache.searching import FEW, by_due, candidates, share, spread
from console.cache.where import Condition, both, filter_condition, states, view_condition
from console.domain.filters import Left
from console.domain.media import State
from console.domain.retention import SOON_MS
from console.domain.views import View

if TYPE_CHECKING:
    from console.cache.reader import Moment
    from console.domain.filters import Filter
    from console.domain.media import Millis

SAMPLED: Final = 1000
"""Media that are looked at for numbers that are told about."""
LEAST_MET: Final = 10
"""Of so many in a sample the number in all is told: it is a third off at the most, as a rule."""
_MOST_ENTRIES: Final = 200_000
"""Candidates of which a sample is taken; where there are more, all media are as good."""
_MOST_SHORT_ENTRIES: Final = 100_000
"""The same for a text of one or two letters."""
_FIRST_HOUR: Final = 1
"""The hour 0 since 1970 holds times of both signs, as SQLite divides; it is counted by the index."""


class Counts(Struct, frozen=True):
    """How many media there are, in all and in each view; a view whose number is not known is left out."""

    everything: int = 0
    views: Mapping[View, int] = {}
    about: frozenset[View] = frozenset()
    """The views whose number is told from a sample, in two digits."""

    @property
    def exact(self) -> bool:
        """Whether each view has its number to the last digit."""
        return not self.about and len(self.views) == len(View)


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
    passes = filter_condition(wanted, window_ms, now)
    views = _counted(moment, None if found is None else found.source, passes, window_ms, now)
    return Counts(totals(moment, window_ms, now).everything, views)


def counts_at_once(
    moment: Moment,
    wanted: Filter,
    window_ms: int,
    now: Millis,
    *,
    few: int = FEW,
    sampled: int = SAMPLED,
) -> Counts:
    """The same in the time that a key has: where many media come into question, most numbers are `about`.

    Those are told from a sample, and left out where it holds too few of a view. States of few media are
    counted.

    Args:
        few: the most media that are all looked at.
        sampled: how many are looked at where they are more.
    """
    held = {State(state): int(media) for state, media in moment.rows("SELECT state, media FROM media_count")}
    everything, edge = sum(held.values()), now - window_ms
    passes = filter_condition(wanted, window_ms, now)
    if everything <= few:
        return Counts(everything, _counted(moment, None, passes, window_ms, now))
    found = candidates(
        moment, wanted.terms, frozenset(State), edge, most=_MOST_ENTRIES, most_short=_MOST_SHORT_ENTRIES
    )
    if found is not None and found.many <= few:
        return Counts(everything, _counted(moment, found.source, passes, window_ms, now))
    rare = _rare(held, sampled)
    whole = _counted(moment, by_due(rare, Left(), edge), passes, window_ms, now)
    sample = spread(moment, sampled) if found is None else share(found, sampled)
    others = both(states(set(State) - rare), passes)
    met = _counted(moment, sample.source, others, window_ms, now)
    views = {
        view: whole[view] if view.states <= rare else _rounded(whole[view] + sample.one_of * met[view])
        for view in View
        if view.states <= rare or met[view] >= LEAST_MET
    }
    return Counts(everything, views, frozenset(view for view in views if not view.states <= rare))


def _rare(held: Mapping[State, int], left: int) -> set[State]:
    """The states with the fewest media, no more than so many in all."""
    rare: set[State] = set()
    for state in sorted(State, key=lambda state: held.get(state, 0)):
        left -= held.get(state, 0)
        if left < 0:
            break
        rare.add(state)
    return rare


def _rounded(number: int) -> int:
    """A number in two digits."""
    unit: int = 10 ** max(0, len(str(number)) - 2)
    return (number + unit // 2) // unit * unit


def _counted(
    moment: Moment, source: Condition | None, passes: Condition, window_ms: int, now: Millis
) -> dict[View, int]:
    """How many of some candidates, or of all rows, pass in each view."""
    conditions = [view_condition(view, window_ms, now) for view in View]
    columns = ", ".join(f"coalesce(sum({condition.sql}), 0)" for condition in conditions)
    params = [value for condition in conditions for value in condition.params]
    rows = Condition("media")
    if source is not None:
        rows = Condition(
            sql("(SELECT DISTINCT seq FROM (", source.sql, ")) AS c CROSS JOIN media ON media.seq = c.seq"),
            source.params,
        )
    [counts] = moment.rows(
        sql("SELECT", columns, "FROM", rows.sql, "WHERE", passes.sql),
        (*params, *rows.params, *passes.params),
    )
    return dict(zip(View, map(int, counts), strict=True))


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
