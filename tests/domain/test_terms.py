"""The terms of a filter as data, and how they are written."""

from __future__ import annotations

import pytest

from console.domain.media import MediaType, State
from console.domain.retention import DAY_MS
from console.domain.terms import (
    EVERYTHING,
    LAPSED,
    DueTerm,
    ErrorTerm,
    Filter,
    FromTerm,
    IdTerm,
    Left,
    Sender,
    StateTerm,
    Term,
    TextTerm,
    TypeTerm,
    quoted,
)


@pytest.mark.parametrize(
    ("term", "written"),
    [
        (StateTerm(states=(State.FAILED, State.QUEUED)), "state:failed,queued"),
        (StateTerm(states=(State.FAILED,), lapsed=True), "state:failed,lapsed"),
        (StateTerm(lapsed=True, negated=True), "-state:lapsed"),
        (TypeTerm(types=(MediaType.IMAGE, MediaType.DOCUMENT)), "type:image,document"),
        (
            FromTerm(senders=(Sender(text="kerry"), Sender(text="+1 555", digits="1555"))),
            'from:kerry,"+1 555"',
        ),
        (DueTerm(ranges=(Left(above=0, below=2 * DAY_MS), LAPSED)), "due:<2d,lapsed"),
        (DueTerm(ranges=(Left(above=3 * DAY_MS),), negated=True), "-due:>3d"),
        (ErrorTerm(codes=("1006", "timeout"), texts=("timeout",)), "error:1006,timeout"),
        (ErrorTerm(any=True), "error:any"),
        (IdTerm(texts=("4b5b",)), "id:4b5b"),
        (TextTerm(text="invoice"), "invoice"),
        (TextTerm(text="september invoice", negated=True), '-"september invoice"'),
    ],
)
def test_a_term_is_written_as_a_person_would(term: Term, written: str) -> None:
    assert str(Filter(terms=(term,))) == written


def test_terms_stand_side_by_side() -> None:
    assert str(Filter(terms=(TextTerm(text="a"), TextTerm(text="b")))) == "a b"
    assert str(EVERYTHING) == ""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("a-b", "a-b"),
        ("-a", '"-a"'),
        ("a b", '"a b"'),
        ("a,b", '"a,b"'),
        ("12:30", '"12:30"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("back\\slash", '"back\\\\slash"'),
    ],
)
def test_quotes_stand_only_where_they_are_needed(text: str, written: str) -> None:
    assert quoted(text) == written


def test_equal_filters_are_one_value() -> None:
    one, other = Filter(terms=(TextTerm(text="a"),)), Filter(terms=(TextTerm(text="a"),))
    assert one == other
    assert len({one, other, EVERYTHING, Filter()}) == 2
