from __future__ import annotations

import pytest

from console.domain.media import Millis
from console.platforms.base import ClockLead
from console.platforms.onpremises.dates import clock_lead, moment_of

AT = Millis(1_749_988_800_000)
DATE = "Sun, 15 Jun 2025 12:00:00 GMT"


@pytest.mark.parametrize(
    "words",
    [
        DATE,
        f"  {DATE} ",
        "Sunday, 15-Jun-25 12:00:00 GMT",
        "Sun Jun 15 12:00:00 2025",
        "15 Jun 2025 14:00:00 +0200",
    ],
)
def test_a_date_is_read_in_every_form_of_http(words: str) -> None:
    assert moment_of(words) == AT


@pytest.mark.parametrize(
    "words",
    [
        None,
        "",
        "0",
        "soon",
        "Sun, 32 Jun 2025 12:00:00 GMT",
        "15 Jun 99999 12:00:00",
        "1" * 1000,
        f"{DATE}{' ' * 99}",
    ],
)
def test_a_date_that_cannot_be_read_tells_nothing(words: str | None) -> None:
    assert moment_of(words) is None
    assert clock_lead(words, AT, 0.1) is None


def test_the_lead_lies_between_what_the_round_trip_and_the_whole_second_leave_open() -> None:
    assert clock_lead(DATE, Millis(AT + 500), 0.25) == ClockLead(least=-0.5, most=0.75)
    assert clock_lead(DATE, Millis(AT - 180_000), 4.0) == ClockLead(least=180, most=185)
    assert clock_lead(DATE, Millis(AT + 180_000), 30.0) == ClockLead(least=-180, most=-149)
