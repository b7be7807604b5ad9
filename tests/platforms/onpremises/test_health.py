"""What the health call tells, of one node and of many."""

from __future__ import annotations

import json

import pytest

from console.domain.standing import Health
from console.platforms.onpremises.exchange import Reply
from console.platforms.onpremises.health import health_answer


def read(body: object, status: int = 200) -> tuple[Health, str | None]:
    answer = health_answer(Reply(status=status, body=json.dumps(body).encode()))
    assert answer.error is None
    return answer.health, answer.detail


@pytest.mark.parametrize("word", ["connected", "connecting", "disconnected", "uninitialized", "unregistered"])
def test_a_node_tells_one_of_five_words(word: str) -> None:
    assert read({"health": {"gateway_status": word}, "meta": {}}) == (Health(word), None)
    assert read({"health": word}) == (Health(word), None)
    assert read({"health": {"gateway_status": word.upper()}}) == (Health(word), None)


def test_another_word_is_shown_as_it_is() -> None:
    assert read({"health": {"gateway_status": "napping"}}) == (Health.UNKNOWN, "napping")
    assert read({"health": {"gateway_status": "n" * 900}}) == (Health.UNKNOWN, "n" * 64)


def test_a_cluster_is_as_well_as_its_best_node() -> None:
    nodes = {
        "host-a:core": {"gateway_status": "disconnected", "role": "secondary_master"},
        "host-b:core": {"gateway_status": "connected", "role": "primary_master"},
        "host-c:core": {"errors": [{"code": 1014, "title": "Internal error"}]},
        "host-d:core": {"role": "coreapp"},
    }
    assert read({"health": nodes}) == (
        Health.CONNECTED,
        "host-a:core disconnected, host-b:core connected, host-c:core error 1014 Internal error, "
        "host-d:core unknown",
    )
    del nodes["host-b:core"]
    assert read({"health": nodes})[0] is Health.DISCONNECTED
    many = {f"host-{n}": {"gateway_status": "connecting"} for n in range(500)}
    health, detail = read({"health": many})
    assert (health, len(detail or "")) == (Health.CONNECTING, 200)


def test_a_cluster_of_one_reads_like_a_node() -> None:
    assert read({"health": {"host:core": {"gateway_status": "connected"}}}) == (Health.CONNECTED, None)


def test_a_node_may_hold_errors_instead() -> None:
    broken = {"errors": [{"code": 1011, "title": "Service not ready"}]}
    assert read({"health": broken}) == (Health.UNKNOWN, "error 1011 Service not ready")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (500, b'{"errors":[{"code":1014,"title":"Internal error"}]}', 1014),
        (502, b"<html>", 502),
        (404, b'{"errors":[{"code":1006,"title":"Resource not found"}]}', 1006),
        (302, b"", 302),
        (200, b'{"errors":[{"code":1011,"title":"Service not ready"}]}', 1011),
        (200, b"<html>", "html"),
        (200, b"", "not-json"),
        (200, b"{}", "wrong-answer"),
        (200, b"[]", "wrong-answer"),
        (200, b'{"health":{}}', "wrong-answer"),
        (200, b'{"health":5}', "wrong-answer"),
        (200, b'{"health":""}', "wrong-answer"),
        (200, b'{"health":{"a":{},"b":[]}}', "wrong-answer"),
        (200, b'{"health":{"gateway_status":[]}}', "wrong-answer"),
    ],
)
def test_what_tells_no_health_is_an_error(status: int, body: bytes, code: int | str) -> None:
    answer = health_answer(Reply(status=status, body=body))
    assert answer.health is Health.UNKNOWN
    assert answer.error is not None
    assert answer.error.code == code
    assert answer.remedy
