"""Whatever the search index holds, trails or has lost, a filter lets the same media through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.cache.ordering import order_of
from console.cache.query import sql
from console.cache.searchindex import feed
from console.cache.searching import MOST_SHORT, candidates, listed
from console.cache.table import remove_rows, write_media
from console.cache.windows import Edge, around, keys_of
from console.domain import filters
from console.domain.filters import Filter, TextTerm
from console.domain.media import DEFAULT_ACCOUNT, Millis, Origin, Step, StoreError
from console.domain.retention import DAY_MS
from console.domain.views import Selection, Sort, View

from .lists import Watched, cache_of, feed_all, ordered
from .samples import NOW, WINDOW, due_in, key, several_media
from .test_where import any_filters, written

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from console.domain.media import Media

selections = st.builds(
    Selection, view=st.sampled_from(View), sort=st.sampled_from(Sort), reverse=st.booleans()
)


def parsed(text: str) -> Filter:
    try:
        return filters.parse(text)
    except filters.FilterError:
        return Filter()


wanted_filters = any_filters | st.lists(written, max_size=3).map(" ".join).map(parsed)


def asked(connection: sqlite3.Connection, selection: Selection, wanted: Filter) -> list[str]:
    of_filter = Selection(view=selection.view, sort=selection.sort, reverse=selection.reverse, filter=wanted)
    return list(keys_of(Watched(connection), of_filter, WINDOW, NOW))


def expected(held: list[Media], selection: Selection, wanted: Filter) -> list[str]:
    rows = ordered(held, selection)
    return [one.key for one in rows if filters.matches(wanted, one, WINDOW, NOW)]


@settings(max_examples=40)
@given(several_media, several_media, wanted_filters, selections, st.integers(0, 9), st.integers(0, 9))
def test_a_filter_lets_the_same_through_however_far_the_index_is(
    before: list[Media], after: list[Media], wanted: Filter, selection: Selection, fed: int, more: int
) -> None:
    with cache_of(before, fed=fed) as connection:
        assert asked(connection, selection, wanted) == expected(before, selection, wanted)
        rows = {one.key: one for one in before}
        for one in after:
            write_media(connection, one)
            rows[one.key] = one
        assert asked(connection, selection, wanted) == expected([*rows.values()], selection, wanted)
        if more:
            feed(connection, more)
        assert asked(connection, selection, wanted) == expected([*rows.values()], selection, wanted)
        feed_all(connection)
        assert asked(connection, selection, wanted) == expected([*rows.values()], selection, wanted)


def named(*names: str) -> list[Media]:
    return [due_in(1, f"m{number}", filename=name) for number, name in enumerate(names)]


def found(connection: sqlite3.Connection, text: str) -> list[str]:
    return asked(connection, Selection(), filters.parse(text))


def test_texts_of_any_length_are_found_by_the_index() -> None:
    held = named("a.pdf", 'invoice "q" 12.pdf', "日本の写真.jpg", "zq", "q\0z invoice")
    with cache_of(held) as connection:
        feed_all(connection)
        for text, keys in {
            "q": ["m1", "m3", "m4"],
            "zq": ["m3"],
            "写": ["m2"],
            "日本": ["m2"],
            "日本の": ["m2"],
            "invoice": ["m1", "m4"],
            "invoice 12": ["m1"],
            '"\\"q\\" 1"': ["m1"],
            "q pdf": ["m1"],
            "-q pdf": ["m0"],
            "nowhere": [],
            "from:nowhere,49155": [],
        }.items():
            assert found(connection, text) == keys, text


def test_texts_that_only_share_the_trigrams_are_not_found() -> None:
    with cache_of(named("abcab", "bcabc")) as connection:
        feed_all(connection)
        assert found(connection, "abcabc") == []
        assert found(connection, "bcab") == ["m0", "m1"]


def test_what_was_removed_and_what_came_in_its_place_is_told_apart() -> None:
    with cache_of(named("first", "second")) as connection:
        feed_all(connection)
        remove_rows(connection, [(DEFAULT_ACCOUNT, key("m1"))])
        assert found(connection, "second") == []
        write_media(connection, due_in(1, "m2", filename="third"))
        assert (found(connection, "second"), found(connection, "third")) == ([], ["m2"])
        feed_all(connection)
        assert (found(connection, "second"), found(connection, "third")) == ([], ["m2"])


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM media_search_data WHERE id > 99",
        "DELETE FROM media_search_data",
        "DROP TABLE media_search",
    ],
)
@pytest.mark.parametrize("text", ["first", "fi"])
def test_without_a_sound_index_the_rows_themselves_are_looked_at(damage: str, text: str) -> None:
    with cache_of(named("first", "second")) as connection:
        feed_all(connection)
        connection.execute(damage)
        assert found(connection, text) == ["m0"]


def test_the_index_with_the_fewest_candidates_is_taken() -> None:
    failed = StoreError(code=404, title="Not found", origin=Origin.WEBHOOK)
    held = [due_in(hours, f"m{hours}", filename=f"file {hours}") for hours in range(100, 140)]
    held += [due_in(1, "soon", filename="file x", announced_error=failed)]
    with cache_of(held) as connection:
        feed_all(connection)
        moment = Watched(connection)
        for text, table in {
            "file 117": "media_search",
            "file error:404": "media_by_error",
            "file type:image state:lapsed": "media_by_type",
        }.items():
            order = order_of(Selection(filter=filters.parse(text), sort=Sort.SIZE), WINDOW, NOW)
            least = candidates(moment, order.terms, order.states, order.edge)
            assert least is not None
            assert (table in least.source.sql, least.many <= 1) == (True, True)
        order = order_of(
            Selection(filter=filters.parse("file"), view=View.DUE_SOON, sort=Sort.SIZE), WINDOW, NOW
        )
        least = candidates(moment, order.terms, order.states, order.edge, order.within)
        assert least is not None
        assert ("media_by_due" in least.source.sql, least.many) == (True, 1)
        nothing = order_of(Selection(filter=filters.parse("id:soon -file")), WINDOW, NOW)
        assert candidates(moment, nothing.terms, nothing.states, nothing.edge) is None


def test_candidates_that_are_known_are_read_as_such() -> None:
    with cache_of([]) as connection:
        source = listed([3, 1, 2])
        rows = Watched(connection).rows(sql("SELECT seq FROM (", source.sql, ")"), source.params)
        assert [seq for (seq,) in rows] == [3, 1, 2]


# -- what it costs

FEW, MANY, HELD = 300, 15_000, 20
SEARCH_COST = 60_000
"""Instructions of SQLite for a search that finds `HELD` rows, whatever else there is."""


def many(count: int) -> Iterator[Media]:
    """Media among which `HELD` have a text of their own, all of them at the end of every order."""
    for number in range(count):
        rare = number < HELD
        yield due_in(
            -9000 + number / 100,
            f"m{number}",
            Step.STORED,
            filename=f"κωδικός{number}" if rare else f"scan-{number % 100}.pdf",
            size=None if rare else number,
        )


@pytest.fixture(scope="module")
def few() -> Iterator[sqlite3.Connection]:
    with cache_of(many(FEW)) as connection:
        feed_all(connection)
        yield connection


@pytest.fixture(scope="module")
def much() -> Iterator[sqlite3.Connection]:
    with cache_of(many(MANY)) as connection:
        feed_all(connection)
        yield connection


@pytest.mark.parametrize("text", ["δ", "ωδ", "ωδι", "κωδικός", "from:κωδ -κωδικός", "κωδικός scan"])
@pytest.mark.parametrize("sort", [Sort.DUE, Sort.RECEIVED, Sort.SIZE])
def test_a_rare_text_costs_the_rows_that_hold_it(
    few: sqlite3.Connection, much: sqlite3.Connection, text: str, sort: Sort
) -> None:
    selection = Selection(filter=filters.parse(text), sort=sort, reverse=True)
    shown = 0 if " " in text else HELD
    for connection in (few, much):
        moment = Watched(connection)
        window = around(moment, selection, WINDOW, NOW, Edge.TOP, 0, 100)
        assert len(window.rows) == shown
        cost = moment.cost(lambda now: around(now, selection, WINDOW, NOW, Edge.TOP, 0, 100))
        assert cost < SEARCH_COST


@pytest.mark.parametrize("text", ["s", "sc", "sca", "scan-", "scan-7 pdf", "from:kerry"])
def test_a_common_text_is_soon_met(much: sqlite3.Connection, text: str) -> None:
    selection = Selection(filter=filters.parse(text), sort=Sort.DUE)
    moment = Watched(much)
    assert moment.cost(lambda now: around(now, selection, WINDOW, NOW, Edge.TOP, 0, 100)) < 20 * MOST_SHORT


def test_a_term_of_texts_that_no_query_of_fts5_can_hold_is_exact_all_the_same() -> None:
    with cache_of(named("abc\0def", "x")) as connection:
        feed_all(connection)
        for text, keys in (("c\0d", ["m0"]), ("\0", ["m0"]), ("", ["m0", "m1"])):
            wanted = Filter(terms=(TextTerm(text=text),))
            assert asked(connection, Selection(), wanted) == keys


def test_many_texts_at_once_are_exact() -> None:
    with cache_of(named("abcdefgh", "bcd")) as connection:
        feed_all(connection)
        senders = ",".join(f"nobody{number}" for number in range(80))
        assert found(connection, f"from:{senders} bcd") == []
        assert found(connection, f"-from:{senders} bcd") == ["m0", "m1"]
        assert found(connection, "bcd " * 9) == ["m0", "m1"]


def test_time_that_is_left_bounds_an_order_by_the_clock() -> None:
    held = [due_in(hours, f"m{hours}") for hours in (-30, -1, 1, 30, 60)]
    with cache_of(held) as connection:
        assert found(connection, "due:<2d") == ["m1", "m30"]
        assert found(connection, "due:lapsed") == ["m-30", "m-1"]
        assert found(connection, "due:lapsed,>2d") == ["m60", "m-30", "m-1"]
        assert found(connection, "-due:<2d") == ["m60", "m-30", "m-1"]
        order = order_of(Selection(filter=filters.parse("due:>1d state:undownloaded")), WINDOW, Millis(NOW))
        assert order.terms == ()
        assert order.segments[0].above == NOW - WINDOW + DAY_MS
