"""Reading the filter language: what is understood, and where and why the rest is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.display import line
from console.domain.filter_reader import LONGEST, MOST_TERMS, FilterError, parse
from console.domain.media import MediaType, State
from console.domain.retention import DAY_MS, HOUR_MS, LONGEST_MS, SECOND_MS
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
)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("state:failed", (StateTerm(states=(State.FAILED,)),)),
        ("STATE:Failed,unconfirmed", (StateTerm(states=(State.FAILED, State.UNCONFIRMED)),)),
        ("state:failed,failed", (StateTerm(states=(State.FAILED,)),)),
        ("state:lapsed,queued", (StateTerm(states=(State.QUEUED,), lapsed=True),)),
        ("type:image,doc", (TypeTerm(types=(MediaType.IMAGE, MediaType.DOCUMENT)),)),
        ("type:doc,document", (TypeTerm(types=(MediaType.DOCUMENT,)),)),
        ("from:Kerry", (FromTerm(senders=(Sender(text="kerry"),)),)),
        ("from:16315551234", (FromTerm(senders=(Sender(text="16315551234"),)),)),
        (
            'from:"+1 (631) 555-12"',
            (FromTerm(senders=(Sender(text="+1 (631) 555-12", digits="163155512"),)),),
        ),
        ('from:"Kerry, F",b', (FromTerm(senders=(Sender(text="kerry, f"), Sender(text="b"))),)),
        ("due:<2d", (DueTerm(ranges=(Left(above=0, below=2 * DAY_MS),)),)),
        ("due:>36h", (DueTerm(ranges=(Left(above=36 * HOUR_MS),)),)),
        ("due:lapsed,<1d", (DueTerm(ranges=(LAPSED, Left(above=0, below=DAY_MS))),)),
        ("error:1006,400", (ErrorTerm(codes=("1006", "400")),)),
        ("error:Timeout", (ErrorTerm(codes=("timeout",), texts=("timeout",)),)),
        ("error:any", (ErrorTerm(any=True),)),
        ("id:4B5B,ABGG", (IdTerm(texts=("4b5b", "abgg")),)),
        ("-type:image", (TypeTerm(types=(MediaType.IMAGE,), negated=True),)),
        ("Invoice", (TextTerm(text="invoice"),)),
        ("-Invoice", (TextTerm(text="invoice", negated=True),)),
        ('"September invoice"', (TextTerm(text="september invoice"),)),
        ('-"a b"', (TextTerm(text="a b", negated=True),)),
        ('-"-a"', (TextTerm(text="-a", negated=True),)),
        ("--a", (TextTerm(text="-a", negated=True),)),
        (r'"say \"hi\" \\ \n"', (TextTerm(text=r'say "hi" \ \n'),)),
        ('5"', (TextTerm(text='5"'),)),
        ("12:30 a,b :x", (TextTerm(text="12:30"), TextTerm(text="a,b"), TextTerm(text=":x"))),
        ("Straße", (TextTerm(text="strasse"),)),
        ("a\u3000b\tc", (TextTerm(text="a"), TextTerm(text="b"), TextTerm(text="c"))),
    ],
)
def test_what_a_filter_says(text: str, terms: tuple[Term, ...]) -> None:
    assert parse(text) == Filter(terms=terms)


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u3000"])
def test_blank_text_lets_everything_through(text: str) -> None:
    assert parse(text) == EVERYTHING


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a stat:failed", "stat:", 'Did you mean "state:"?'),
        ("foo:x", "foo:", "There are state:, type:, from:, due:, error:, id:."),
        ("https://a", "https:", "put it in quotes"),
        ("state:faild", "faild", 'Did you mean "failed"?'),
        ("state:lap", "lap", 'Did you mean "lapsed"?'),
        ("state:queued,blue x", "blue", "Write one of received, undownloaded, queued"),
        ("type:image,pic", "pic", "Write one of image, document, audio"),
        ("type:vid", "vid", 'Did you mean "video"?'),
        ("due:2d", "2d", "due:<2d"),
        ("due:<2x", "<2x", "A duration is a whole number and a unit"),
        ("due:<", "<", "A duration is a whole number and a unit"),
        ("due:>99999d", ">99999d", "A duration is at most 36500d"),
        ("due:<=2d", "<=2d", "A duration is a whole number"),
        ("x state:", "state:", "A value is missing"),
        ("type:image, doc", "type:image,", "A value is missing"),
        ("type:,doc", "type:", "A value is missing"),
        ("-", "-", "A minus stands alone"),
        ("a - b", "-", "A minus stands alone"),
        ('a "b c', '"b c', "never closed"),
        ('from:"b', '"b', "never closed"),
        ('""', '""', "empty"),
        ('"a"b', '"a"b', "Put a space there"),
        ('from:"a"b', '"a"b', "Put a comma or a space there"),
        ("a\x00b", "\x00", "control character"),
        ('"a\nb"', "\n", "control character"),
        ("id:\udcff", "\udcff", "control character"),
    ],
)
def test_what_does_not_read_is_shown_and_explained(text: str, place: str, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    error = caught.value
    assert text[error.position : error.position + error.length] == place
    assert words in str(error)
    assert error.remedy


def test_the_place_is_pointed_at() -> None:
    with pytest.raises(FilterError) as caught:
        parse("漢字 type:pik,image")
    assert caught.value.pointer() == "漢字 type:pik,image\n          ^^^"


def test_the_pointer_is_safe_to_print() -> None:
    with pytest.raises(FilterError) as caught:
        parse("state:\x1b[31m")
    assert caught.value.pointer() == "state:\u241b[31m\n      ^"


def test_a_filter_without_end_is_refused() -> None:
    with pytest.raises(FilterError, match="too long"):
        parse("x" * (LONGEST + 1))
    with pytest.raises(FilterError, match="too many terms"):
        parse("x " * (MOST_TERMS + 1))
    assert len(parse("x " * MOST_TERMS).terms) == MOST_TERMS
    assert parse("x" * LONGEST) == Filter(terms=(TextTerm(text="x" * LONGEST),))


def scraps() -> st.SearchStrategy[str]:
    """Text that comes close to being a filter."""
    return st.lists(
        st.one_of(
            st.sampled_from(
                ("state:", "type:", "from:", "due:", "error:", "id:", "stat:", "failed", "image", "any")
            ),
            st.sampled_from(
                ("lapsed", "<2d", ">3d", "<", ",", "-", '"', "\\", ":", " ", "\t", "\u3000", "\n")
            ),
            st.text(st.characters(), max_size=4),
        ),
        max_size=20,
    ).map("".join)


def read_or_refused(text: str) -> Filter | FilterError:
    try:
        return parse(text)
    except FilterError as error:
        return error


@given(scraps())
def test_any_text_reads_or_says_where_it_does_not(text: str) -> None:
    read = read_or_refused(text)
    if isinstance(read, Filter):
        assert parse(str(read)) == read
        return
    assert 0 <= read.position < len(text)
    assert 1 <= read.length <= len(text) - read.position
    assert read.text == text
    assert line(str(read), LONGEST) == str(read)
    above, below = read.pointer().split("\n")
    assert above == line(above, 5 * LONGEST)
    assert below == " " * below.count(" ") + "^" * below.count("^")
    assert "^" in below


def words() -> st.SearchStrategy[str]:
    """Texts as a filter holds them: casefolded and without controls."""
    return st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).map(str.casefold)


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(tuple)


def filters() -> st.SearchStrategy[Filter]:
    spans = st.integers(0, LONGEST_MS // SECOND_MS).map(lambda seconds: seconds * SECOND_MS)
    ranges = st.one_of(
        st.just(LAPSED),
        spans.map(lambda below: Left(above=0, below=below)),
        spans.map(lambda above: Left(above=above)),
    )
    negated = st.booleans()
    term: st.SearchStrategy[Term] = st.one_of(
        st.builds(
            StateTerm,
            states=st.lists(st.sampled_from(State), min_size=1, unique=True).map(tuple),
            lapsed=st.booleans(),
            negated=negated,
        ),
        st.builds(
            TypeTerm,
            types=st.lists(st.sampled_from(MediaType), min_size=1, unique=True).map(tuple),
            negated=negated,
        ),
        st.builds(
            DueTerm, ranges=st.lists(ranges, min_size=1, max_size=3, unique=True).map(tuple), negated=negated
        ),
        st.builds(IdTerm, texts=some(words()), negated=negated),
        st.builds(TextTerm, text=words(), negated=negated),
    )
    return st.lists(term, max_size=5).map(lambda terms: Filter(terms=tuple(terms)))


@given(filters())
def test_a_filter_reads_back_as_it_was_written(made: Filter) -> None:
    assert parse(str(made)) == made
