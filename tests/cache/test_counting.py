"""The numbers of the views, from the kept counts and from candidates, are those of a recount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.cache.counting import LEAST_MET, Counts, counts_at_once, filtered_counts, totals
from console.domain import filters
from console.domain.filters import EVERYTHING
from console.domain.media import CLOCKED, Media, Millis, Step
from console.domain.retention import DAY_MS, HOUR_MS, LONGEST_MS, SOON_MS
from console.domain.views import Selection, View

from .lists import Watched, cache_of, feed_all, ordered
from .samples import NOW, WINDOW, due_in, key, several_media

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        assert counts_at_once(moment, wanted, WINDOW, NOW) == recounted(held, wanted)
        all_looked_at = counts_at_once(moment, wanted, WINDOW, NOW, few=0)
        assert all_looked_at == recounted(held, wanted), "a sample of few is all of them"


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


def mixed(count: int) -> Iterator[Media]:
    """Media of which each third is `pdf`, each tenth undownloaded and the first five failed."""
    for number in range(count):
        step = Step.FAILED if number < 5 else Step.STORED if number % 10 else None
        name = f"scan {number}.{'pdf' if number % 3 == 0 else 'png'}"
        yield due_in(number / count, f"m{number}", step, filename=name)


@pytest.mark.parametrize("text", ["pdf", "p", ".pd", "scan", "-pdf", "pdf scan"])
def test_numbers_about_many_come_from_a_sample_and_those_of_few_from_all(text: str) -> None:
    wanted = filters.parse(text)
    costs = []
    for count in (3000, 6000):
        held = list(mixed(count))
        with cache_of(held) as connection:
            feed_all(connection)
            moment = Watched(connection)
            told = counts_at_once(moment, wanted, WINDOW, NOW, few=100, sampled=400)
            right = recounted(held, wanted)
            assert told.everything == count
            assert not told.exact
            assert View.ALL in told.about
            assert told.about.isdisjoint({View.REQUESTED, View.FAILED})
            for view, number in told.views.items():
                assert abs(number - right.views[view]) <= (right.views[view] / 3 if view in told.about else 0)
                assert view not in told.about or not number % 10 ** (len(str(number)) - 2)
            costs.append(
                moment.cost(lambda now: counts_at_once(now, wanted, WINDOW, NOW, few=100, sampled=400))
            )
    assert costs[1] < 2 * costs[0], "entries of an index are met, and not each row"


def test_a_view_of_which_a_sample_holds_too_few_is_left_out() -> None:
    held = [due_in(1, f"m{number}", None if number % 50 else Step.FAILED) for number in range(1000)]
    with cache_of(held) as connection:
        feed_all(connection)
        told = counts_at_once(Watched(connection), filters.parse("-x"), WINDOW, NOW, few=100, sampled=10)
    assert LEAST_MET == 10
    assert View.FAILED not in told.views
    assert not told.exact
