"""Windows of a list, walked in both directions, hold its rows in their order and cost no more than those."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.cache.walking import Either, rows_of_list
from console.cache.windows import (
    CHUNK,
    NEAR,
    Edge,
    Window,
    around,
    at_fraction,
    count_between,
    keys_of,
    media_of,
    row_number,
    rows_between,
    spot_of,
)
from console.domain import filters
from console.domain.media import MediaType, Step
from console.domain.views import Selection, Sort, View

from .lists import Watched, cache_of, feed_all, ordered
from .samples import NOW, WINDOW, due_in, key, several_media

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from console.cache.ordering import Spot
    from console.cache.reader import Moment
    from console.domain.media import Media

selections = st.builds(
    Selection, view=st.sampled_from(View), sort=st.sampled_from(Sort), reverse=st.booleans()
)
tied = st.tuples(
    st.sampled_from([-400, -71, -1, 0, 1, 71, 300]),
    st.sampled_from([None, *Step]),
    st.sampled_from([None, "", "Kerry", "kerry", "KERRY", "zoe", "Älva", "a\0b", "a\0c"]),
    st.sampled_from([None, 0, 7, 2**40]),
    st.sampled_from([MediaType.IMAGE, MediaType.UNKNOWN]),
    st.booleans(),
)


def made(rows: Iterable[tuple[float, Step | None, str | None, int | None, MediaType, bool]]) -> list[Media]:
    return [
        due_in(
            hours,
            f"m{number}",
            step,
            sender_name=sender,
            size=size,
            type=kind,
            **({} if heard else {"heard_at": None}),
        )
        for number, (hours, step, sender, size, kind, heard) in enumerate(rows)
    ]


alike = st.lists(tied, max_size=24).map(made)


def down(moment: Moment, selection: Selection, step: int) -> list[Media]:
    """All of a list, a window at a time from the top."""
    window = around(moment, selection, WINDOW, NOW, Edge.TOP, 0, step)
    rows = [*window.rows]
    while not window.at_end:
        window = around(moment, selection, WINDOW, NOW, rows[-1].spot, 0, step + 1)
        assert (window.rows[0], window.here, window.at_top) == (rows[-1], 0, rows[-1] == rows[0])
        rows += window.rows[1:]
    return [row.media for row in rows]


def up(moment: Moment, selection: Selection, step: int) -> list[Media]:
    """All of a list, a window at a time from its end."""
    window = around(moment, selection, WINDOW, NOW, Edge.END, step, 0)
    assert window.here == len(window.rows)
    rows = [*window.rows]
    while not window.at_top:
        window = around(moment, selection, WINDOW, NOW, rows[0].spot, step, 0)
        assert not window.at_end
        rows[:0] = window.rows
    return [row.media for row in rows]


@settings(max_examples=40)
@given(alike | several_media, selections, st.integers(1, 7))
def test_windows_in_both_directions_give_the_order(
    held: list[Media], selection: Selection, step: int
) -> None:
    wanted = ordered(held, selection)
    with cache_of(held) as connection:
        moment = Watched(connection)
        assert down(moment, selection, step) == wanted
        assert up(moment, selection, step) == wanted


@settings(max_examples=30)
@given(alike, selections, st.data())
def test_every_row_has_its_place(held: list[Media], selection: Selection, data: st.DataObject) -> None:
    wanted = ordered(held, selection)
    with cache_of(held) as connection:
        moment = Watched(connection)
        spots: list[Spot | Edge] = [Edge.TOP]
        for row, one in enumerate(wanted):
            spot = spot_of(moment, one.key, selection, WINDOW, NOW)
            assert spot is not None
            assert row_number(moment, selection, WINDOW, NOW, spot, len(wanted)) == row
            spots.append(spot)
        for one in held:
            if one not in wanted:
                assert spot_of(moment, one.key, selection, WINDOW, NOW) is None
        first, end = sorted(data.draw(st.tuples(*2 * [st.integers(0, len(wanted))])))
        above, below = data.draw(st.integers(0, 9)), data.draw(st.integers(1, 9))
        between = wanted[max(0, first - 1) : max(0, end - 1)]
        places = spots[first], spots[end]
        keys = rows_between(moment, selection, WINDOW, NOW, *places, 100) if end else []
        assert keys == [one.key for one in between]
        if end:
            assert count_between(moment, selection, WINDOW, NOW, *places, 3) == min(3, len(between))
        if first:
            window = around(moment, selection, WINDOW, NOW, spots[first], above, below)
            top, after = max(0, first - 1 - above), first - 1 + below
            assert [row.media for row in window.rows] == wanted[top:after]
            assert window == Window(
                rows=window.rows, at_top=first - 1 <= above, at_end=after >= len(wanted), here=first - 1 - top
            )


def test_a_place_stays_one_when_its_row_has_gone_and_time_has_passed() -> None:
    held = [due_in(hours, f"m{hours}") for hours in range(1, 9)]
    with cache_of(held) as connection:
        moment = Watched(connection)
        spot = spot_of(moment, key("m4"), Selection(), WINDOW, NOW)
        assert spot is not None
        connection.execute("DELETE FROM media WHERE key = 'm4'")
        window = around(moment, Selection(), WINDOW, NOW, spot, 1, 1)
        assert [row.media.key for row in window.rows] == ["m3", "m5"]
        hours = 3_600_000
        later = around(moment, Selection(), WINDOW, type(NOW)(NOW + 6 * hours), spot, 2, 2)
        assert [row.media.key for row in later.rows] == ["m7", "m8"]
        assert later.at_top


def test_all_of_a_list_is_read_by_and_by() -> None:
    held = [due_in(1 + number // 9, f"m{number:04}") for number in range(2 * CHUNK + 7)]
    with cache_of(held) as connection:
        moment = Watched(connection)
        assert list(media_of(moment, Selection(), WINDOW, NOW)) == held
        assert list(keys_of(moment, Selection(reverse=True), WINDOW, NOW)) == [one.key for one in held[::-1]]
        wanted = Selection(filter=filters.parse("id:m00"))
        assert len(list(keys_of(moment, wanted, WINDOW, NOW))) == 100


def test_an_impossible_list_is_empty() -> None:
    with cache_of([due_in(1, "a")]) as connection:
        moment = Watched(connection)
        nothing = Selection(view=View.FAILED, filter=filters.parse("state:received"))
        assert around(moment, nothing, WINDOW, NOW, Edge.TOP, 3, 3) == Window()
        assert spot_of(moment, key("a"), nothing, WINDOW, NOW) is None
        assert at_fraction(moment, nothing, WINDOW, NOW, 0.5) is None
    with cache_of([]) as connection:
        assert at_fraction(Watched(connection), Selection(), WINDOW, NOW, 0.5) is None


# -- what it costs

FEW, MANY = 300, 30_000
SOON = 60
"""Of either cache as many are due soon, so that a list of them is as long."""
WINDOW_COST = 30_000
"""Instructions of SQLite for a window of a hundred rows."""
SAMPLE_COST = 120_000


def many(count: int) -> Iterator[Media]:
    """Media with many ties, most of them long lapsed; of `SOON` the deadline is near."""
    steps = [None, *Step]
    for number in range(count):
        hours = -1000 - number // 50
        step = steps[number % len(steps)]
        if number % (count // SOON) == 0:
            hours, step = 20, Step.FAILED
        sender = None if number % 3 else f"Sender {number % 7}"
        size = None if number % 2 else number % 5
        yield due_in(hours, f"m{number}", step, sender_name=sender, size=size, filename=f"file-{number}.pdf")


@pytest.fixture(scope="module")
def few() -> Iterator[sqlite3.Connection]:
    with cache_of(many(FEW)) as connection:
        yield connection


@pytest.fixture(scope="module")
def much() -> Iterator[sqlite3.Connection]:
    with cache_of(many(MANY)) as connection:
        yield connection


INDEXES = {
    Sort.DUE: "media_by_due",
    Sort.RECEIVED: "media_by_receipt",
    Sort.SENT: "media_by_due",
    Sort.SIZE: "media_by_size",
    Sort.FROM: "media_by_sender",
    Sort.TYPE: "media_by_type",
    Sort.STATE: "media_by_due",
}
every_list = [
    Selection(view=view, sort=sort, reverse=reverse)
    for view in View
    for sort in Sort
    for reverse in (False, True)
]


def questions(moment: Moment, selection: Selection) -> Iterator[tuple[str, Callable[[Moment], object]]]:
    """Windows at both ends of a list and amid it."""
    middle = at_fraction(moment, selection, WINDOW, NOW, 0.5)
    assert middle is not None
    for name, at, above, below in (
        ("top", Edge.TOP, 0, 100),
        ("end", Edge.END, 100, 0),
        ("down", middle, 0, 100),
        ("up", middle, 100, 0),
    ):
        yield (
            name,
            partial(around, selection=selection, window_ms=WINDOW, now=NOW, at=at, above=above, below=below),
        )


@pytest.mark.parametrize("selection", every_list, ids=lambda one: f"{one.view}-{one.sort}-{one.reverse}")
def test_a_window_costs_its_rows_however_many_there_are(
    few: sqlite3.Connection, much: sqlite3.Connection, selection: Selection
) -> None:
    for connection in (few, much):
        moment = Watched(connection)
        for name, question in questions(moment, selection):
            assert moment.cost(question) < WINDOW_COST, name


@pytest.mark.parametrize("selection", every_list, ids=lambda one: f"{one.view}-{one.sort}-{one.reverse}")
def test_a_window_is_read_from_the_index_of_its_order(much: sqlite3.Connection, selection: Selection) -> None:
    moment = Watched(much)
    few_of_them = selection.view is View.DUE_SOON and INDEXES[selection.sort] != "media_by_due"
    for name, question in questions(moment, selection):
        plan = moment.plans(question)
        assert not [line for line in plan if line in ("SCAN media", "SCAN TABLE media")], name
        if not few_of_them:
            assert any(f"INDEX {INDEXES[selection.sort]} (" in line for line in plan), plan
            assert not [line for line in plan if "TEMP B-TREE" in line], plan


@pytest.mark.parametrize("sort", Sort)
def test_numbers_far_from_the_ends_are_told_from_a_sample(much: sqlite3.Connection, sort: Sort) -> None:
    moment = Watched(much)
    selection = Selection(sort=sort)
    spots = [at_fraction(moment, selection, WINDOW, NOW, part / 8) for part in range(9)]
    assert moment.cost(lambda asked: at_fraction(asked, selection, WINDOW, NOW, 0.5)) < SAMPLE_COST
    numbers = [row_number(moment, selection, WINDOW, NOW, spot, MANY) for spot in spots if spot]
    assert numbers == sorted(numbers)
    for part, (spot, number) in enumerate(zip(spots, numbers, strict=True)):
        assert spot is not None
        exact = count_between(moment, selection, WINDOW, NOW, Edge.TOP, spot, MANY)
        assert abs(number - exact) < MANY // 20
        assert abs(exact - MANY * part // 8) < MANY // 20
        if min(exact, MANY - exact) < NEAR:
            assert number == exact


def test_numbers_of_rows_that_a_sample_hardly_meets_are_told_from_all_of_them() -> None:
    plain, needles = 7730, 270
    held = [due_in(number, f"m{number}", caption="plain") for number in range(1, plain)]
    held += [due_in(plain - number, f"n{number}", caption="needle") for number in range(needles)]
    selection = Selection(filter=filters.parse("needle"))
    with cache_of(held) as connection:
        feed_all(connection)
        moment = Watched(connection)
        assert isinstance(rows_of_list(moment, selection, WINDOW, NOW), Either)
        for row in range(0, needles, 27):
            spot = spot_of(moment, key(f"n{needles - 1 - row}"), selection, WINDOW, NOW)
            assert spot is not None
            assert row_number(moment, selection, WINDOW, NOW, spot, needles) == row
            assert at_fraction(moment, selection, WINDOW, NOW, (row + 0.5) / needles) == spot
