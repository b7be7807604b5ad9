"""What each HTTP answer means."""

from __future__ import annotations

import json

import pytest

from console.domain.media import MediaId, Millis, Origin, StoreError
from console.platforms.base import Accepted, LoginRefused, Passing, Refused, Unreachable
from console.platforms.onpremises import answers
from console.platforms.onpremises.exchange import Reply
from console.platforms.onpremises.faults import Fault

MEDIA_ID = MediaId("4b5bf27b-8672-4d55-bc21-d096dc200d0f")
NOW = Millis(1_749_988_800_000)  # 2025-06-15 12:00:00 UTC
ROUTE = {"code": 1006, "title": "Resource not found", "details": "URL path not found."}
FILE = {"code": 1006, "title": "Resource not found", "details": f"File with id {MEDIA_ID} not found"}
DENIED = {"code": 1005, "title": "Access denied", "details": "Role lacks permission"}
HTML = b"<html><head><title>502 Bad\n Gateway</title></head><body>nginx</body></html>"


def reply(
    status: int,
    body: object = b"",
    *,
    retry_after: str | None = None,
    content_type: str = "",
    location: str | None = None,
    encoded: str | None = None,
    oversized: bool = False,
) -> Reply:
    return Reply(
        status=status,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        retry_after=retry_after,
        content_type=content_type,
        location=location,
        encoded=encoded,
        oversized=oversized,
    )


def error(code: int | str, title: str, details: str | None = None) -> StoreError:
    return StoreError(code=code, title=title, details=details, origin=Origin.RESPONSE)


def store(answer: Reply) -> object:
    return answers.store_answer(answer, MEDIA_ID, NOW)


META = {"api_status": "stable", "version": "3.0.0.0"}


@pytest.mark.parametrize("status", [200, 201, 202])
def test_the_documented_answer_is_an_acceptance(status: int) -> None:
    assert store(reply(status, {"media_items": [{"id": MEDIA_ID}], "meta": META})) == Accepted()
    assert (
        store(reply(status, {"media_items": [5, {"id": "x"}, {"id": MEDIA_ID}], "errors": []})) == Accepted()
    )


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"errors": [ROUTE], "meta": META}, error(1006, "Resource not found", "URL path not found.")),
        (404, {"errors": [FILE]}, error(1006, "Resource not found", f"File with id {MEDIA_ID} not found")),
        (404, b"", error(404, "Not Found", "The answer has no body.")),
        (404, {"meta": META}, error(404, "Not Found")),
        (404, b"nothing here", error(404, "Not Found", "The answer is not JSON.")),
        (403, {"errors": [DENIED]}, error(1005, "Access denied", "Role lacks permission")),
        (410, b"", error(410, "Gone", "The answer has no body.")),
        (400, {"errors": [{"code": "1008", "title": ""}]}, error(1008, "Error 1008")),
        (
            412,
            {"errors": [{"code": 1022, "title": "Webhooks URL is not configured"}]},
            error(1022, "Webhooks URL is not configured"),
        ),
        (418, {"errors": "boom"}, error(418, "I'm a Teapot")),
        (499, b"[]", error(499, "HTTP 499")),
        (501, {"errors": [{"code": 1026, "title": "Receiver"}]}, error(1026, "Receiver")),
        (404, HTML, error(404, "Not Found", "An HTML page came: 502 Bad Gateway")),
        (404, b"  <!doctype html>", error(404, "Not Found", "An HTML page came.")),
    ],
)
def test_a_refusal_keeps_the_words_of_the_api(status: int, body: object, expected: StoreError) -> None:
    assert store(reply(status, body)) == Refused(error=expected)


def test_of_several_errors_the_last_one_made_the_status() -> None:
    answer = store(reply(404, {"errors": [{"code": 1008, "title": "Missing"}, ROUTE, None]}))
    assert answer == Refused(error=error(1006, "Resource not found", "URL path not found."))


@pytest.mark.parametrize("status", sorted(answers.PASSING))
@pytest.mark.parametrize("body", [b"", HTML, b"{", {"errors": [{"code": 1014, "title": "Internal error"}]}])
def test_what_may_pass_is_told_apart_with_any_body(status: int, body: object) -> None:
    answer = store(reply(status, body))
    assert isinstance(answer, Passing)
    assert answer.everyone is (status in {429, 503})
    assert answer.retry_after is None
    assert answer.error.code in {1014, status}
    assert answer.error.title
    assert answer.error.origin is Origin.RESPONSE


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", error("not-json", "The answer is not JSON", "The answer has no body.")),
        (b'{"media_items":[{"id":', error("not-json", "The answer is not JSON", "The answer is not JSON.")),
        (HTML, error("html", "A web page came instead of JSON", "An HTML page came: 502 Bad Gateway")),
        (b"null", error("wrong-answer", "Not the documented answer", "Null came instead of an object.")),
        ([], error("wrong-answer", "Not the documented answer", "An array came instead of an object.")),
        ({}, error("wrong-answer", "Not the documented answer", "It names no media.")),
        ({"media_items": {}}, error("wrong-answer", "Not the documented answer", "It names no media.")),
        (
            {"media_items": [{"id": 5}]},
            error("wrong-answer", "Not the documented answer", "It names no media."),
        ),
        (
            {"media_items": [{"id": "x"}]},
            error("wrong-answer", "Not the documented answer", "It names another media: x"),
        ),
        (
            {"media_items": [{"id": MEDIA_ID}], "errors": "x"},
            error("wrong-answer", "Not the documented answer", "It has errors that cannot be read."),
        ),
        (
            {"media_items": [{"id": MEDIA_ID}], "errors": [FILE]},
            error(1006, "Resource not found", f"File with id {MEDIA_ID} not found"),
        ),
    ],
)
def test_a_200_that_is_no_acceptance_names_what_came(body: object, expected: StoreError) -> None:
    assert store(reply(200, body)) == Refused(error=expected)


def test_a_200_that_was_not_read_names_why() -> None:
    large = store(reply(200, oversized=True))
    assert large == Refused(
        error=error("too-large", "The answer is too large", "More than 1000000 bytes came.")
    )
    packed = store(reply(200, encoded="gzip"))
    assert packed == Refused(
        error=error("wrong-answer", "Not the documented answer", "It is encoded as gzip.")
    )
    page = store(reply(200, b"hello", content_type="text/HTML; charset=utf-8"))
    assert page == Refused(error=error("html", "A web page came instead of JSON", "An HTML page came."))
    assert answers.error_of(reply(502, oversized=True)).details == "More than 1000000 bytes came."
    assert answers.error_of(reply(502, encoded="br")).details == "The answer is encoded as br."


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
def test_a_redirect_is_refused_and_shown(status: int) -> None:
    answer = store(reply(status, location="//evil.example/" + "x" * 500))
    assert isinstance(answer, Refused)
    assert (answer.error.code, answer.error.title) == ("redirect", "Redirect refused")
    assert (answer.error.details or "").startswith(f"HTTP {status} to //evil.example/x")
    assert len(answer.error.details or "") < 250
    assert store(reply(status)) == Refused(error=error("redirect", "Redirect refused", f"HTTP {status}"))


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (None, None),
        ("2", 2.0),
        (" 2 ", 2.0),
        ("0", 0.0),
        ("600", 600.0),
        ("99999", 600.0),
        ("9" * 400, None),
        ("-5", None),
        ("1.5", None),
        ("1_0", None),
        ("٢", None),
        ("soon", None),
        ("", None),
        ("Sun, 15 Jun 2025 12:00:30 GMT", 30.0),
        ("Sun, 15 Jun 2025 14:00:30 +0200", 30.0),
        ("Sun, 15 Jun 2025 12:00:30 -0000", 30.0),
        ("Sunday, 15-Jun-25 12:00:30 GMT", 30.0),
        ("Sun, 15 Jun 2025 11:59:59 GMT", None),
        ("Mon, 16 Jun 2025 12:00:00 GMT", 600.0),
        ("Sun, 99 Jun 2025 12:00:30 GMT", None),
        ("Sun, 15 Jun 99999 12:00:30 GMT", None),
    ],
)
def test_a_pause_is_seconds_or_a_date_and_never_longer_than_ten_minutes(
    retry_after: str | None, seconds: float | None
) -> None:
    assert answers.pause(retry_after, NOW) == seconds
    answer = store(reply(503, retry_after=retry_after))
    assert isinstance(answer, Passing)
    assert answer.retry_after == seconds


def test_a_network_fault_passes_if_it_may_have_been_heard() -> None:
    timeout = StoreError(code="timeout", title="No answer", origin=Origin.NETWORK)
    assert answers.network_answer(Fault(error=timeout, remedy="r", asked=True)) == Passing(error=timeout)
    assert answers.network_answer(Fault(error=timeout, remedy="r", asked=False)) == Unreachable(
        error=timeout, remedy="r"
    )


def test_a_login_gives_the_token() -> None:
    user = {"token": "a.b.c", "expires_after": "2018-03-01 15:29:26+00:00"}
    assert answers.login_answer(reply(200, {"users": [user], "meta": META})) == "a.b.c"
    assert answers.login_answer(reply(200, {"users": [5, {}, user]})) == "a.b.c"


@pytest.mark.parametrize(
    ("status", "body", "code", "for_good", "remedy"),
    [
        (401, {"errors": [DENIED]}, 1005, True, "API_PASSWORD"),
        (401, b"", 401, True, "API_PASSWORD"),
        (403, {"errors": [DENIED]}, 1005, True, "API_PASSWORD"),
        (401, {"errors": [{"code": 1024, "title": "Password change required"}]}, 1024, True, "new_password"),
        (429, {"errors": [{"code": 1015, "title": "Too many requests"}]}, 1015, True, "right API_PASSWORD"),
        (404, {"errors": [ROUTE]}, 1006, False, "API_URL"),
        (404, b"", 404, False, "API_URL"),
        (302, b"", "redirect", False, "API_URL"),
        (200, HTML, "html", False, "API_URL"),
        (200, b"", "not-json", False, "API_URL"),
        (200, {"users": []}, "wrong-answer", False, "API_URL"),
        (200, {"users": [{"token": ""}]}, "wrong-answer", False, "API_URL"),
        (200, {"users": [{"token": "a\r\nX-Evil: 1"}]}, "wrong-answer", False, "API_URL"),
        (200, {"users": [{"token": "\u00e4"}]}, "wrong-answer", False, "API_URL"),
        (200, {"users": [{"token": "x" * 8193}]}, "wrong-answer", False, "API_URL"),
        (200, {"errors": [{"code": 1024, "title": "Password change required"}]}, 1024, True, "new_password"),
        (200, {"errors": [{"code": 1000, "title": "Generic error"}]}, 1000, False, "API_PASSWORD"),
    ],
)
def test_a_refused_login_says_what_to_do(
    status: int, body: object, code: int | str, for_good: bool, remedy: str
) -> None:
    answer = answers.login_answer(reply(status, body))
    assert isinstance(answer, LoginRefused)
    assert (answer.error.code, answer.for_good) == (code, for_good)
    assert remedy in answer.remedy


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_login_that_may_work_later_keeps_the_queue_waiting(status: int) -> None:
    answer = answers.login_answer(reply(status, HTML))
    assert isinstance(answer, Unreachable)
    assert answer.error.code == status
    fault = Fault(error=error("dns", "no"), remedy="r", asked=False)
    assert answers.login_answer(fault) == Unreachable(error=error("dns", "no"), remedy="r")
