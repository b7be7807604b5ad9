"""The numbers of the views, from the kept counts and from candidates, are those of a recount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.cache.counting import Counts, filtered_counts, totals
from console.domain import filters
from console.domain.filters import EVERYTHING
from console.domain.media import CLOCKED, Media, Millis
from console.domain.retention import DAY_MS, HOUR_MS, LONGEST_MS, SOON_MS
from console.domain.views import Selection, View

from .lists import Watched, cache_of, feed_all, ordered
from .samples import NOW, WINDOW, due_in, key, several_media

if TYPE_CHECKING:
    from console.domain.filters import Filter

HOURS = [72, -72, 71, 73, 0]


def recounted(held: list[Media], wanted: Filter) -> Counts:
    through = {
        view: sum(filters.matches(wanted, one, WINDOW, NOW) for one in ordered(held, Selection(view=view)))
        for view in View
    }
    return Counts(len(held), through)


@settings(max_examples=40)
@given(several_media, st.sampled_from(["", "state:failed", "-kerry", "due:lapsed", "a", "kerry"]))
def test_the_numbers_of_the_views_equal_a_recount(held: list[Media], text: str) -> None:
    wanted = filters.parse(text)
    with cache_of(held) as connection:
        moment = Watched(connection)
        assert totals(moment, WINDOW, NOW) == recounted(held, EVERYTHING)
        assert filtered_counts(moment, wanted, WINDOW, NOW) == recounted(held, wanted)
        feed_all(connection)
        assert filtered_counts(moment, wanted, WINDOW, NOW) == recounted(held, wanted)


edges = st.sampled_from(HOURS).flatmap(
    lambda hours: st.integers(-2, 2).map(lambda more: hours * HOUR_MS + more)
)
clocks = st.one_of(
    st.tuples(st.sampled_from([0, NOW, 5 * HOUR_MS + 7]), edges),
    st.tuples(st.integers(-9 * DAY_MS, 9 * DAY_MS), st.sampled_from([0, SOON_MS, -SOON_MS])),
).map(sum)


@settings(max_examples=60)
@given(st.lists(clocks, max_size=12), st.sampled_from([0, NOW, 5 * HOUR_MS + 7, HOUR_MS, -3 * DAY_MS]))
def test_what_is_due_soon_is_counted_to_the_millisecond(moments: list[int], edge: int) -> None:
    held = [
        Media(key=key(f"m{number}"), heard_at=Millis(at), undownloaded=bool(number % 3))
        for number, at in enumerate(moments)
    ]
    soon = [one for one in held if one.state in CLOCKED and abs(one.clock_from - edge) < SOON_MS]
    with cache_of(held) as connection:
        moment = Watched(connection)
        counts = totals(moment, LONGEST_MS, Millis(edge + LONGEST_MS))
        assert counts.views[View.DUE_SOON] == len(soon)
        plan = moment.plans(lambda now: totals(now, WINDOW, NOW))
        of_media = [line.partition(" USING ")[2] for line in plan if "media_count" not in line]
        of_rows = {part for part in of_media if "media_by" in part}
        assert of_rows == {"COVERING INDEX media_by_due (state=? AND clock_from>? AND clock_from<?)"}
        assert not [line for line in plan if line in ("SCAN media", "SCAN TABLE media")]


@pytest.mark.parametrize("count", [1, 200])
def test_counting_what_is_kept_costs_the_same_however_many_there_are(count: int) -> None:
    held = [due_in(hours / 1000, f"m{hours}") for hours in range(3000, 3000 + count)]
    with cache_of(held) as connection:
        assert Watched(connection).cost(lambda now: totals(now, WINDOW, NOW)) < 1500


def test_what_an_index_names_is_counted_without_the_rest() -> None:
    held = [
        due_in(1, f"m{number}", filename="κωδικός" if number == 7 else "scan.pdf") for number in range(900)
    ]
    with cache_of(held) as connection:
        feed_all(connection)
        moment = Watched(connection)
        wanted = filters.parse("κωδικός")
        assert filtered_counts(moment, wanted, WINDOW, NOW) == recounted(held, wanted)
        assert moment.cost(lambda now: filtered_counts(now, wanted, WINDOW, NOW)) < 4000
