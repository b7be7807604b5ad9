"""SQL means what the domain means."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from console.cache.query import sql
from console.cache.rows import SELECTED, UPSERT, media_row, read_media
from console.cache.schema import VERSIONS
from console.cache.where import ALWAYS, Condition, both, either, filter_condition, view_condition
from console.domain import filters
from console.domain.filters import (
    DueTerm,
    ErrorTerm,
    Filter,
    FromTerm,
    IdTerm,
    Left,
    Sender,
    StateTerm,
    TextTerm,
    TypeTerm,
)
from console.domain.media import (
    CLOCKED,
    NEEDS_DOWNLOAD,
    OPEN_STATES,
    Media,
    MediaType,
    Origin,
    State,
    StoreError,
)
from console.domain.retention import DAY_MS, expires_at
from console.domain.views import View

from .samples import NOW, WINDOW, due_in, durations, several_media, words

if TYPE_CHECKING:
    from collections.abc import Iterable


def casefold(text: str | None) -> str:
    return (text or "").casefold()


def selected(media: Iterable[Media], condition: Condition) -> list[Media]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.create_function("casefold", 1, casefold)
        connection.execute(VERSIONS[0][0])
        connection.executemany(UPSERT, map(media_row, media))
        statement = sql("SELECT", SELECTED, "FROM media WHERE", condition.sql, "ORDER BY key")
        return [read_media(row) for row in connection.execute(statement, condition.params)]


def by_key(media: Iterable[Media]) -> list[Media]:
    return sorted(media, key=lambda one: one.key.encode())


parts = words.map(str.casefold) | st.text(max_size=3).map(str.casefold)
some_parts = st.lists(parts, max_size=3).map(tuple)
edges = st.none() | st.integers(-4 * DAY_MS, 15 * DAY_MS) | st.sampled_from([0, 1, DAY_MS, 3 * DAY_MS])
negated = st.booleans()
terms = st.one_of(
    st.builds(
        StateTerm,
        states=st.lists(st.sampled_from(State), max_size=3).map(tuple),
        lapsed=st.booleans(),
        negated=negated,
    ),
    st.builds(TypeTerm, types=st.lists(st.sampled_from(MediaType), max_size=3).map(tuple), negated=negated),
    st.builds(
        FromTerm,
        senders=st.lists(
            st.builds(Sender, text=parts, digits=st.none() | st.sampled_from(["49", "1555", "999"])),
            max_size=2,
        ).map(tuple),
        negated=negated,
    ),
    st.builds(
        DueTerm,
        ranges=st.lists(st.builds(Left, above=edges, below=edges), max_size=2).map(tuple),
        negated=negated,
    ),
    st.builds(
        ErrorTerm,
        codes=st.lists(st.sampled_from(["400", "404", "timeout", "strasse"]), max_size=2).map(tuple),
        texts=some_parts,
        any=st.booleans(),
        negated=negated,
    ),
    st.builds(IdTerm, texts=some_parts, negated=negated),
    st.builds(TextTerm, text=parts, negated=negated),
)
any_filters = st.lists(terms, max_size=3).map(lambda chosen: Filter(terms=tuple(chosen)))


@settings(max_examples=50)
@given(several_media, any_filters)
def test_a_filter_in_sql_finds_what_it_matches(media: list[Media], wanted: Filter) -> None:
    found = selected(media, filter_condition(wanted, WINDOW, NOW))
    assert found == by_key(one for one in media if filters.matches(wanted, one, WINDOW, NOW))


written = st.one_of(
    st.sampled_from(
        [
            "state:failed",
            "-state:failed,received",
            "state:lapsed",
            "type:image,document",
            "-from:kerry",
            "from:+49-155",
            "due:lapsed",
            "error:*",
            "-error:404",
            "error:timeout",
            "id:7f",
            "straße",
            '"kerry fisher"',
            "-strasse",
        ]
    ),
    durations.map("due:<{}".format),
    durations.map("-due:>{}".format),
)


@settings(max_examples=50)
@given(several_media, st.lists(written, max_size=3).map(" ".join))
def test_a_written_filter_finds_what_it_matches(media: list[Media], text: str) -> None:
    try:
        wanted = filters.parse(text)
    except filters.FilterError:
        return
    found = selected(media, filter_condition(wanted, WINDOW, NOW))
    assert found == by_key(one for one in media if filters.matches(wanted, one, WINDOW, NOW))


def in_view(view: View, one: Media) -> bool:
    """The views in the words of the design."""
    left = expires_at(one, WINDOW) - NOW
    match view:
        case View.ALL:
            return True
        case View.NEEDS_DOWNLOAD:
            return one.state in NEEDS_DOWNLOAD
        case View.REQUESTED:
            return one.state in OPEN_STATES
        case View.FAILED:
            return one.state is State.FAILED
        case View.DUE_SOON:
            return one.state in CLOCKED and -3 * DAY_MS < left < 3 * DAY_MS
        case View.DOWNLOADED:
            return one.state is State.DOWNLOADED


@settings(max_examples=50)
@given(several_media, st.sampled_from(View))
def test_a_view_holds_what_its_words_say(media: list[Media], view: View) -> None:
    found = selected(media, view_condition(view, WINDOW, NOW))
    assert found == by_key(one for one in media if in_view(view, one))


def names(media: Iterable[Media]) -> str:
    return " ".join(one.key for one in media)


def test_due_soon_ends_three_days_to_both_sides() -> None:
    hours = [-72.01, -72, -71.99, 71.99, 72, 72.01]
    media = [due_in(left, f"{left}") for left in hours]
    found = selected(media, view_condition(View.DUE_SOON, WINDOW, NOW))
    assert sorted(one.key for one in found) == ["-71.99", "71.99"]


def test_conditions_combine() -> None:
    yes, no = Condition("? = 1", (1,)), Condition("? = 2", (1,))
    one = [due_in(1, "a")]
    assert both() is ALWAYS
    assert both(ALWAYS, ALWAYS) is ALWAYS
    assert selected(one, both(yes, ALWAYS, yes)) == one
    assert selected(one, both(yes, no)) == []
    assert selected(one, either(yes, no)) == one
    assert selected(one, either(no, no)) == selected(one, either()) == []


def test_a_number_as_text_is_found_as_the_number_is() -> None:
    def failed(name: str, code: int | str) -> Media:
        error = StoreError(code=code, title="Not found", origin=Origin.RESPONSE)
        return due_in(1, name, announced_error=error)

    found = selected(
        [failed("a", 404), failed("b", "404"), failed("c", 4040)],
        filter_condition(Filter(terms=(ErrorTerm(codes=("404",)),)), WINDOW, NOW),
    )
    assert names(found) == "a b"
