"""The catalogue as data: complete, short where it must be, and in whole sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.domain import catalogue

if TYPE_CHECKING:
    from console.domain.catalogue import Entry

TABLES = {
    "api": catalogue.API,
    "webhook": catalogue.WEBHOOK,
    "answer": catalogue.ANSWER,
    "other answer": catalogue.OTHER_ANSWER,
    "network": catalogue.NETWORK,
    "rest": {"templates": catalogue.TEMPLATES, "unknown": catalogue.UNKNOWN},
}
ENTRIES = [
    pytest.param(code, entry, id=f"{name} {code}")
    for name, table in TABLES.items()
    for code, entry in table.items()
]


@pytest.mark.parametrize(("code", "entry"), ENTRIES)
def test_an_entry_is_fit_for_its_places(code: str, entry: Entry) -> None:
    assert 0 < len(entry.title) <= 40
    assert not entry.title.endswith(".")
    assert len(entry.label) <= 7
    assert entry.label or code in catalogue.NETWORK
    for sentence in (entry.meaning, entry.remedy):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "  " not in sentence
        assert sentence.isascii()


def test_every_code_of_the_api_itself_is_there() -> None:
    expected = {"0", *map(str, range(1000, 1029)), "1031"} - {"1027"}
    assert {code for code in catalogue.API if code.isdecimal()} == expected


def test_cases_of_one_code_differ_in_what_to_do() -> None:
    cases = (catalogue.ROUTE, catalogue.FILE, catalogue.LOGIN, catalogue.ROLE)
    assert len({catalogue.API[case].remedy for case in cases}) == len(cases)
