"""However the rows of a list are come by, they are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from console.cache.ordering import Spot, order_of
from console.cache.searching import Candidates, listed
from console.cache.walking import Either, Found, Rows, Walk, rows_of_list
from console.cache.windows import Edge, around, keys_of, media_of, rows_between
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


def test_a_walk_to_the_end_of_what_is_asked_for_needs_no_candidates() -> None:
    held = [due_in(number, f"m{number}", Step.STORED, filename="scan") for number in range(1, 400)]
    selection = Selection(filter=filters.parse("scan"))
    with cache_of(held) as connection:
        moment, order = Watched(connection), order_of(selection, WINDOW, NOW)
        rows = Walk(moment, order).read(None, None, 400, "key")
        either = Either(moment, order, Candidates(listed(range(1, 400)), 399), 50)
        moment.asked.clear()
        assert either.read(None, rows[3][0], 100, "key", backwards=True) == rows[2::-1]
        assert either.read(rows[-3][0], None, 100, "key") == rows[-3:]
        assert not [sql for sql, _ in moment.asked if "DISTINCT" in sql]


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


@pytest.mark.parametrize("sort", [Sort.DUE, Sort.RECEIVED])
@pytest.mark.parametrize("reverse", [False, True])
def test_rows_far_into_a_segment_are_read_though_the_next_one_has_enough(sort: Sort, reverse: bool) -> None:
    ahead = [due_in(1, f"m{number}", caption="needle" if number >= 80 else "plain") for number in range(100)]
    past = [due_in(-1, f"p{number}", caption="needle" if number < 20 else "plain") for number in range(100)]
    if sort is Sort.RECEIVED:  # the highest number first, then those without a time
        ahead = [replace(one, heard_at=NOW) for one in ahead[::-1]]
        past = [replace(one, heard_at=None) for one in past[::-1]]
    selection = Selection(sort=sort, reverse=reverse, filter=filters.parse("needle"))
    wanted = [(f"m{number}",) for number in range(80, 100)] + [(f"p{number}",) for number in range(20)]
    if reverse:
        wanted.reverse()
    with cache_of([*ahead, *past]) as connection:
        moment, order = Watched(connection), order_of(selection, WINDOW, NOW)
        for backwards in (False, True):
            either = Either(moment, order, Candidates(listed(range(201)), 200), 50)
            rows = either.read(None, None, 15, "key", backwards=backwards)
            assert [row for _, row in rows] == (wanted[::-1] if backwards else wanted)[:15]


def test_rows_far_into_a_tie_are_in_the_list_though_those_after_it_would_fill_a_window() -> None:
    def rows(name: str, size: int, many: int, caption: str) -> list[Media]:
        return [due_in(1, f"{name}{number}", size=size, caption=caption) for number in range(many)]

    first, last = rows("first", 1, 520, "needle"), rows("last", 1, 150, "needle")
    after = rows("after", 2, 550, "needle")
    held = [*first, *rows("plain", 1, 1300, "plain"), *last, *after, *rows("end", 2, 1300, "plain")]
    selection = Selection(sort=Sort.SIZE, reverse=True, filter=filters.parse("needle"))
    wanted = [one.key for one in (*first, *last, *after)]
    with cache_of(held) as connection:
        feed_all(connection)
        asked = Watched(connection), selection, WINDOW, NOW
        assert isinstance(rows_of_list(*asked), Either)
        assert list(keys_of(*asked)) == wanted
        assert [one.key for one in media_of(*asked)] == wanted
        place = Spot(0, 1, 501)
        assert rows_between(*asked, place, Edge.END, 240) == wanted[500:740]
        assert [each.media.key for each in around(*asked, place, 0, 200).rows] == wanted[500:700]
        place = Spot(0, 2, len(held))
        assert [each.media.key for each in around(*asked, place, 600, 1).rows] == wanted[-600:]


def test_nothing_stands_from_a_place_to_one_before_it() -> None:
    held = [due_in(number, f"m{number}", Step.STORED) for number in range(1, 4)]
    with cache_of(held) as connection:
        moment, order = Watched(connection), order_of(Selection(), WINDOW, NOW)
        walk = Walk(moment, order)
        (first, _), _, (last, _) = walk.read(None, None, 3, "key")
        assert [row for _, row in walk.read(first, last, 9, "key")] == [("m1",), ("m2",)]
        assert walk.read(last, first, 9, "key") == []
        assert walk.count(last, first, 9) == 0
