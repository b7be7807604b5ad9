"""The wording of errors: every code of the table is explained, and told apart where it must be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.catalogue import UNKNOWN
from console.domain.display import line, width
from console.domain.errors import NOT_STORED, Retry, explain, sentence, short
from console.domain.media import Origin, StoreError

YES, NO, FIX = Retry.YES, Retry.NO, Retry.AFTER_FIX

SENDING = (1001, 1002, 1003, 1007, 1012, 1019, 1020, 1021, 1026, 1031)
ROWS: list[tuple[int | str, Origin, Retry]] = [
    *((code, Origin.RESPONSE, NO) for code in SENDING),
    *((code, Origin.RESPONSE, YES) for code in (0, 1000, 1004, 1011, 1014, 1015, 1016, 1017, 1018, 1023)),
    *((code, Origin.RESPONSE, FIX) for code in (1005, 1006, 1008, 1009, 1010, 1013, 1022, 1024, 1025, 1028)),
    *((code, Origin.WEBHOOK, FIX) for code in (400, 402, 430, 432, 433, 480, "undownloaded")),
    *((code, Origin.WEBHOOK, YES) for code in (429, 500)),
    *((code, Origin.WEBHOOK, NO) for code in (408, 410, 470, 471, 472, 501)),
    *((code, Origin.RESPONSE, FIX) for code in (401, 403, 404)),
    (503, Origin.RESPONSE, YES),
    (2000, Origin.RESPONSE, NO),
    (2062, Origin.WEBHOOK, NO),
]
"""Every on-premises row of the contract's error table, with its word on retrying."""

WORDS = (
    "timeout",
    "reset",
    "unreachable",
    "connect-timeout",
    "dns",
    "tls",
    "too-large",
    "not-json",
    "html",
    "wrong-answer",
    "redirect",
    "not-retrievable",
)


def error(
    code: int | str, origin: Origin = Origin.RESPONSE, details: str | None = None, title: str = "A title"
) -> StoreError:
    return StoreError(code=code, title=title, origin=origin, details=details)


@pytest.mark.parametrize(("code", "origin", "retryable"), ROWS)
def test_every_row_of_the_table_is_explained(code: int | str, origin: Origin, retryable: Retry) -> None:
    told = explain(error(code, origin))
    assert told.code == str(code)
    assert told.retryable is retryable
    assert told.title
    assert told.title != "A title"
    assert told.meaning.endswith(".")
    assert told.remedy.endswith(".")
    assert told == explain(error(str(code), origin))


@pytest.mark.parametrize("word", WORDS)
def test_every_fault_of_the_network_and_of_an_answer_is_explained(word: str) -> None:
    origin = Origin.NETWORK if word in WORDS[:6] else Origin.RESPONSE
    told = explain(error(word, origin))
    assert told.title != "A title"
    assert told.meaning
    assert told.remedy


def test_a_missing_route_is_told_from_a_missing_file() -> None:
    route = error(1006, details="URL path not found.")
    file = error(1006, details="File with id 4b5bf27b not found")
    neither = error(1006)
    assert (short(route), short(file), short(neither)) == ("1006 path", "1006 file", "1006 missing")
    assert "API_URL" in explain(route).remedy
    assert explain(route).retryable is FIX
    assert explain(file).remedy.startswith("Ask again")
    assert explain(file).retryable is YES
    assert len({explain(route), explain(file), explain(neither)}) == 3


def test_a_refused_login_is_told_from_a_refused_role() -> None:
    login = explain(error(1005, details="Missing or invalid authentication credentials"))
    role = explain(error(1005, details="The role USER does not permit this"))
    assert "API_PASSWORD" in login.remedy
    assert "role" in role.remedy
    assert len({login.meaning, role.meaning, explain(error(1005)).meaning}) == 3
    assert explain(error(401)).meaning == login.meaning
    assert explain(error(403)).meaning == role.meaning


def test_the_same_number_means_another_thing_in_a_webhook() -> None:
    for code in (400, 408, 410, 429, 500, 501):
        assert explain(error(code, Origin.WEBHOOK)) != explain(error(code, Origin.RESPONSE))


def test_a_failed_download_is_one_even_in_an_answer() -> None:
    told = error(400, details="Media not found in the datastore.")
    assert short(told) == "400 gone"
    assert explain(told) == explain(error(400, Origin.WEBHOOK))


def test_the_titles_of_the_wire_give_way_to_those_of_the_table() -> None:
    told = explain(error(400, Origin.WEBHOOK, title="Parameter not valid"))
    assert told.title == "Media download error"


def test_an_unknown_code_keeps_its_own_title() -> None:
    told = explain(error(4711, title="Flux \x1b[31mlost"))
    assert told.code == "4711"
    assert told.title == "Flux \u241b[31mlost"
    assert told.retryable is FIX
    assert explain(error("WAT", title="Odd")).title == "Odd"


@pytest.mark.parametrize(
    ("status", "title"), [(418, "Request refused"), (599, "Server error"), (307, "Redirect")]
)
def test_a_status_that_is_in_no_table_is_explained_by_its_class(status: int, title: str) -> None:
    assert explain(error(status)).title == title
    assert explain(error(status, Origin.WEBHOOK)).title == "A title"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (error(400, Origin.WEBHOOK), "400 gone"),
        (error(1005), "auth"),
        (error(401), "auth"),
        (error(403), "403 role"),
        (error(503), "503 busy"),
        (error(1022), "1022 no hook"),
        (error("timeout", Origin.NETWORK), "timeout"),
        (error("connect-timeout", Origin.NETWORK), "no host"),
        (error("wrong-answer"), "wrong-answer"),
        (error("not-retrievable"), "bad id"),
        (error(4711), "4711 error"),
        (error("", title="Odd"), "error"),
        (error("x" * 500), "xxxxxxxxxxxxxx\u2026"),
        (error("[@click=app.quit]x[/]"), "[@click=app.qu\u2026"),
        (error(12345678), "12345678"),
        (NOT_STORED, "absent"),
    ],
)
def test_a_list_row_says_it_in_two_words(told: StoreError, words: str) -> None:
    assert short(told) == words


def test_the_sentence_says_what_on_what_why_and_what_to_do() -> None:
    told = error(1006, details="File with id 4b5bf27b not found")
    assert sentence(told, "+1 555 0102 audio") == (
        "1006 File not found: +1 555 0102 audio. "
        "The client knows the media, but its file is not on the media volume. "
        "Ask again, so that the client fetches the file from WhatsApp."
    )
    assert sentence(error("timeout", Origin.NETWORK), "doc").startswith("Time-out: doc. ")


@given(
    st.builds(
        StoreError,
        code=st.integers() | st.text(max_size=60),
        title=st.text(min_size=1),
        origin=st.sampled_from(Origin),
        details=st.none() | st.text(),
    ),
    st.text(),
)
def test_whatever_the_wire_says_there_is_an_explanation_fit_to_show(told: StoreError, subject: str) -> None:
    explained = explain(told)
    assert explained.meaning
    assert explained.remedy
    for shown in (explained.code, explained.title, short(told), sentence(told, subject)):
        assert shown == line(shown, 2000)
    assert 0 < width(short(told)) <= 30
    assert len(short(told)) <= 15


@pytest.mark.parametrize(("code", "title"), [("x", "x"), ("x", "  "), ("x", "")])
def test_a_title_that_tells_nothing_is_replaced(code: str, title: str) -> None:
    told = explain(StoreError(code=code, title=title, origin=Origin.WEBHOOK))
    assert told.title == UNKNOWN.title
    assert explain(StoreError(code="", title="", origin=Origin.WEBHOOK)).code == "(no code)"
