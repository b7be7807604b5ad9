"""However the rows of a list are come by, they are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from console.cache.ordering import order_of
from console.cache.searching import Candidates, listed
from console.cache.walking import Either, Found, Rows, Walk, rows_of_list
from console.domain import filters
from console.domain.media import Step
from console.domain.views import Selection, Sort, View

from .lists import Watched, cache_of, feed_all
from .samples import NOW, WINDOW, due_in, several_media

if TYPE_CHECKING:
    from console.cache.walking import Place
    from console.domain.media import Media

selections = st.builds(
    Selection,
    view=st.sampled_from(View),
    sort=st.sampled_from(Sort),
    reverse=st.booleans(),
    filter=st.sampled_from(["kerry", "-kerry", "due:<9d", "error:any -id:q"]).map(filters.parse),
)


@settings(max_examples=40)
@given(several_media, selections, st.integers(0, 9), st.data())
def test_walked_and_found_rows_are_the_same(
    held: list[Media], selection: Selection, most: int, data: st.DataObject
) -> None:
    with cache_of(held) as connection:
        moment, order = Watched(connection), order_of(selection, WINDOW, NOW)
        all_of_them = listed(range(len(held) + 1))
        walk = Walk(moment, order)
        ways: list[Rows] = [
            Walk(moment, order, all_of_them),
            Found(moment, order, all_of_them),
            Either(moment, order, Candidates(all_of_them, len(held)), most),
            rows_of_list(moment, selection, WINDOW, NOW),
        ]
        rows = walk.read(None, None, 99, "key")
        places: list[Place] = [None, *(spot for spot, _ in rows)]
        first, end = data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))
        limit, backwards = data.draw(st.integers(1, 9)), data.draw(st.booleans())
        wanted = walk.read(first, end, limit, "key", backwards=backwards)
        for way in ways:
            assert way.read(first, end, limit, "key", backwards=backwards) == wanted
            assert way.count(first, end, limit) == walk.count(first, end, limit)
        if None in (first, end) or places.index(first) <= places.index(end):
            assert walk.count(first, end, limit) == len(wanted)


def test_a_walk_that_meets_nothing_gives_way_to_the_candidates() -> None:
    held = [due_in(number, f"m{number}", Step.STORED, filename="scan") for number in range(1, 3000)]
    held += [due_in(5000 + number, f"rare{number}", Step.STORED, filename="κωδικός") for number in range(200)]
    selection = Selection(filter=filters.parse("κωδικός"))
    with cache_of(held) as connection:
        feed_all(connection)
        moment = Watched(connection)
        rows = rows_of_list(moment, selection, WINDOW, NOW)
        assert isinstance(rows, Either)
        assert [row[0] for _, row in rows.read(None, None, 2, "key")] == ["rare0", "rare1"]
        few = Either(moment, order_of(selection, WINDOW, NOW), Candidates(listed(range(2999, 3200)), 201), 50)
        moment.asked.clear()
        assert len(few.read(None, None, 200, "key")) == 200
        assert len(few.read(None, None, 200, "key")) == 200
        walked = [
            sql for sql, _ in moment.asked if "SELECT x, q, key" in sql and "INDEXED BY media_by_due" in sql
        ]
        assert len(walked) == 3, "one for each segment, by the first of the two"


def test_a_walk_that_is_cut_off_leaves_out_no_row_before_the_next_stretch() -> None:
    held = [due_in(number, f"m{number}", Step.STORED, filename="scan") for number in range(1, 11)]
    selection = Selection(filter=filters.parse("scan"))
    with cache_of(held) as connection:
        moment, order = Watched(connection), order_of(selection, WINDOW, NOW)
        walk = Walk(moment, order)
        first = walk.read(None, None, 1, "key")[0][0]
        either = Either(moment, order, Candidates(listed(range(1, 11)), 10), 2)
        wanted = walk.read(first, None, 3, "key", backwards=True)
        assert either.read(first, None, 3, "key", backwards=True) == wanted


def test_nothing_stands_from_a_place_to_one_before_it() -> None:
    held = [due_in(number, f"m{number}", Step.STORED) for number in range(1, 4)]
    with cache_of(held) as connection:
        moment, order = Watched(connection), order_of(Selection(), WINDOW, NOW)
        walk = Walk(moment, order)
        (first, _), _, (last, _) = walk.read(None, None, 3, "key")
        assert [row for _, row in walk.read(first, last, 9, "key")] == [("m1",), ("m2",)]
        assert walk.read(last, first, 9, "key") == []
        assert walk.count(last, first, 9) == 0
