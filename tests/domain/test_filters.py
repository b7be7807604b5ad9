"""What a filter means: which media pass."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.filters import EVERYTHING, matches, parse, search_text
from console.domain.media import (
    Media,
    MediaId,
    MediaKey,
    MediaType,
    Millis,
    Origin,
    Progress,
    State,
    Step,
    StoreError,
)
from console.domain.retention import DAY_MS, DEFAULT_WINDOW_MS, lapsed

NOW = Millis(1_749_988_800_000)
GONE = StoreError(
    code=400, title="Parameter not valid", origin=Origin.WEBHOOK, details="Media NOT found in the datastore."
)

INVOICE = Media(
    key=MediaKey("4b5bf27b-8672"),
    id=MediaId("4b5bf27b-8672"),
    type=MediaType.DOCUMENT,
    message_id="ABGGFlA5FpafAgo6",
    heard_at=Millis(NOW - 12 * DAY_MS),
    sent_at=Millis(NOW - 12 * DAY_MS - DAY_MS // 2),
    sender="16315551234",
    sender_name="Kerry Straße",
    filename="Invoice-0921.PDF",
    caption="September: see\npage 2",
    progress=Progress(attempt=1, step=Step.FAILED, at=NOW, error=GONE),
)
BARE = Media(key=MediaKey("message:XYZ"), heard_at=Millis(NOW - 20 * DAY_MS), undownloaded=True)
KEPT = msgspec.structs.replace(INVOICE, progress=Progress(attempt=1, step=Step.STORED, at=NOW))


def passes(text: str, media: Media = INVOICE, *, now: Millis = NOW) -> bool:
    return matches(parse(text), media, DEFAULT_WINDOW_MS, now)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "state:failed",
        "state:queued,failed",
        "type:doc",
        "type:image,document",
        "from:kerry",
        "from:STRASSE",
        "from:1631",
        'from:"+1 631 555-1234"',
        "from:nobody,kerry",
        "due:<2d",
        "due:>1d",
        "due:<1d,>1d",
        "error:400",
        "error:any",
        'error:"parameter not"',
        "error:datastore",
        "id:4b5b",
        "id:8672",
        "id:abggfla5",
        "invoice",
        "INVOICE",
        '"september: see"',
        "straße",
        "STRASSE",
        "5551234",
        "invoice september kerry",
        "-state:queued",
        "-type:image",
        "-sheena",
        "-due:lapsed",
        "-error:1006",
        "-id:other",
    ],
)
def test_what_passes(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        "state:queued",
        "state:lapsed",
        "type:image",
        "from:sheena",
        'from:"+1 999"',
        "due:<1d",
        "due:>2d",
        "due:lapsed",
        "error:40",
        "error:1006",
        "error:timeout",
        "id:zzz",
        "october",
        '"invoice september"',
        "-invoice",
        "-state:failed",
        "-error:any",
        "invoice -kerry",
        "0921.pdfseptember",
    ],
)
def test_what_does_not_pass(text: str) -> None:
    assert not passes(text)


def test_what_is_unknown_matches_nothing_but_a_negation() -> None:
    for text in ("from:kerry", "error:any", "type:image", "invoice"):
        assert not passes(text, BARE)
        assert passes(f"-{text}", BARE)
    assert passes("type:unknown state:undownloaded id:xyz", BARE)


def test_due_ranges_leave_out_their_ends() -> None:
    left_two_days = Millis(INVOICE.clock_from + DEFAULT_WINDOW_MS - 2 * DAY_MS)
    assert not passes("due:<2d", now=left_two_days)
    assert not passes("due:>2d", now=left_two_days)
    assert passes("due:<2d", now=Millis(left_two_days + 1))
    assert passes("due:>2d", now=Millis(left_two_days - 1))


def test_lapsed_is_its_own_range_and_begins_with_the_deadline() -> None:
    deadline = Millis(INVOICE.clock_from + DEFAULT_WINDOW_MS)
    assert passes("due:<2d -due:lapsed", now=Millis(deadline - 1))
    assert passes("due:lapsed state:lapsed -due:<2d", now=deadline)
    assert passes("due:lapsed", BARE)
    assert passes("state:queued,lapsed", BARE)


def test_what_is_kept_has_no_due() -> None:
    for now in (NOW, Millis(NOW + 100 * DAY_MS)):
        assert not passes("due:<2d,>2d,lapsed", KEPT, now=now)
        assert not passes("state:lapsed", KEPT, now=now)
        assert passes("-due:lapsed", KEPT, now=now)


def test_the_searched_text_holds_every_part_on_its_line() -> None:
    assert search_text(INVOICE).split("\n") == [
        "invoice-0921.pdf",
        "september: see",
        "page 2",
        "16315551234",
        "kerry strasse",
    ]


@given(
    st.sampled_from((INVOICE, BARE, KEPT)),
    st.integers(-30, 30),
    st.sampled_from(State),
    st.sampled_from("abz1"),
)
def test_a_negated_term_is_the_opposite(media: Media, days: int, state: State, word: str) -> None:
    now = Millis(NOW + days * DAY_MS)
    for term in (f"state:{state}", f"due:<{abs(days)}d", "due:lapsed", f"from:{word}", f"error:{word}", word):
        assert passes(term, media, now=now) is not passes(f"-{term}", media, now=now)
        assert not passes(f"{term} -{term}", media, now=now)


@given(st.sampled_from((INVOICE, BARE, KEPT)), st.integers(-30 * DAY_MS, 30 * DAY_MS), st.integers(0, 20))
def test_every_running_clock_is_in_one_range(media: Media, shift: int, days: int) -> None:
    now = Millis(NOW + shift)
    ranges = [passes(f"due:{part}", media, now=now) for part in (f"<{days}d", f">{days}d", "lapsed")]
    assert sum(ranges) <= 1
    if media.state is State.DOWNLOADED:
        assert not any(ranges)
    else:
        assert ranges[2] is lapsed(media, DEFAULT_WINDOW_MS, now)


def test_everything_passes_the_empty_filter() -> None:
    assert all(matches(EVERYTHING, media, DEFAULT_WINDOW_MS, NOW) for media in (INVOICE, BARE, KEPT))
