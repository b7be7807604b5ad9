from __future__ import annotations

import msgspec
import pytest

from console.simulator.accounts import Refusal
from console.simulator.answers import ACCEPTING, answer, json_answer, refused
from console.simulator.behaviours import Kind, parse_behaviour
from console.simulator.bodies import accepted
from console.simulator.wire import Dripping, Dropped, Halved, Huge, Hung


@pytest.mark.parametrize("kind", sorted(ACCEPTING))
def test_accepting_behaviours_answer_as_documented(kind: Kind) -> None:
    told = answer(parse_behaviour(kind.value), "abc")
    assert told.status_code == 200
    assert told.media_type == "application/json"
    assert msgspec.json.decode(told.body) == accepted("abc")


@pytest.mark.parametrize(
    ("written", "status", "code", "title", "details"),
    [
        ("refused-1006-path", 404, 1006, "Resource not found", "URL path not found."),
        ("refused-1006-file", 404, 1006, "Resource not found", "File with id a{b not found"),
        ("401", 401, 1005, "Access denied", "Missing or invalid authentication credentials"),
        ("403", 403, 1005, "Access denied", "The role of this user does not allow the call"),
        ("429", 429, 1015, "Too many requests", "Per-second limit of the control channel exceeded"),
        ("500", 500, 1014, "Internal error", "Failed to reach the core process"),
        ("503", 503, 1016, "System overloaded", "Backlog is full"),
        ("errors-200", 200, 1000, "Generic error", "The request was not taken"),
    ],
)
def test_refusals_carry_meta_and_errors(
    written: str, status: int, code: int, title: str, details: str
) -> None:
    told = answer(parse_behaviour(written), "a{b")
    assert told.status_code == status
    assert msgspec.json.decode(told.body) == {
        "meta": {"api_status": "stable", "version": "3.0.0.0"},
        "errors": [{"code": code, "title": title, "details": details}],
    }


def test_details_that_are_empty_are_left_out() -> None:
    told = msgspec.json.decode(answer(parse_behaviour("412"), "a").body)
    assert told["errors"] == [{"code": 1022, "title": "Webhooks URL is not configured"}]


@pytest.mark.parametrize("kind", ["429", "503"])
@pytest.mark.parametrize("value", ["2", "99999", "-1", "Wed, 21 Oct 2015 07:28:00 GMT", "soon"])
def test_retry_after_says_whatever_it_is_told(kind: str, value: str) -> None:
    assert answer(parse_behaviour(f"{kind}({value})"), "a").headers["retry-after"] == value
    assert "retry-after" not in answer(parse_behaviour(kind), "a").headers


@pytest.mark.parametrize(("written", "status"), [("404-empty", 404), ("408", 408), ("410", 410)])
def test_some_answers_have_no_body(written: str, status: int) -> None:
    told = answer(parse_behaviour(written), "a")
    assert (told.status_code, told.body) == (status, b"")


@pytest.mark.parametrize(("written", "status"), [("502-html", 502), ("504", 504), ("html-200", 200)])
def test_some_answers_are_web_pages(written: str, status: int) -> None:
    told = answer(parse_behaviour(written), "a")
    assert told.status_code == status
    assert told.headers["content-type"].startswith("text/html")
    assert bytes(told.body).startswith(b"<html>")


def test_garbage_breaks_off() -> None:
    told = answer(parse_behaviour("garbage"), "a")
    assert told.status_code == 200
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(told.body)


def test_another_id_is_not_the_one_asked_for() -> None:
    told = msgspec.json.decode(answer(parse_behaviour("other-id"), "a").body)
    assert told["media_items"][0]["id"] != "a"


def test_a_redirect_leads_elsewhere() -> None:
    assert answer(parse_behaviour("redirect"), "a").headers["location"] == "/elsewhere/v1/media/a/download"
    told = answer(parse_behaviour("redirect(http://192.0.2.1/x)"), "a")
    assert (told.status_code, told.headers["location"]) == (302, "http://192.0.2.1/x")


@pytest.mark.parametrize(
    ("written", "kind"),
    [("drop", Dropped), ("half", Halved), ("hang", Hung), ("drip(0.1)", Dripping), ("huge(1)", Huge)],
)
def test_faults_of_the_wire(written: str, kind: type) -> None:
    assert isinstance(answer(parse_behaviour(written), "a"), kind)


def test_a_refusal_is_an_answer() -> None:
    told = refused(Refusal(1009, "too weak"))
    assert told.status_code == 400
    assert msgspec.json.decode(told.body)["errors"][0]["details"] == "too weak"


def test_json_is_utf_8() -> None:
    assert json_answer({"a": "é"}).body == '{"a":"é"}'.encode()
