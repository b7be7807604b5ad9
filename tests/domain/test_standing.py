"""The service's standing as a value and as JSON."""

from __future__ import annotations

import json

import msgspec
import pytest

from console.domain.media import Millis
from console.domain.standing import Health, Level, Notice, Standing, Trouble, decode, encode

FRESH = Standing(pid=42, since=Millis(1), updated_at=Millis(2))
FULL = Standing(
    pid=42,
    since=Millis(1),
    updated_at=Millis(9),
    api_url="https://client:9090",
    health=Health.UNREACHABLE,
    health_detail="connection refused",
    health_at=Millis(8),
    listener="127.0.0.1:8085",
    last_event_at=Millis(7),
    webhooks=5,
    refused=1,
    quarantined=2,
    calling=3,
    paused_until=Millis(60_000),
    troubles=(Trouble(id="api", text="The API does not answer.", remedy="Check API_URL.", since=Millis(3)),),
)


@pytest.mark.parametrize("standing", [FRESH, FULL])
def test_a_standing_reads_back_as_it_was_written(standing: Standing) -> None:
    assert decode(encode(standing)) == standing
    assert decode(encode(standing).decode()) == standing


def test_a_fresh_standing_claims_nothing() -> None:
    assert json.loads(encode(FRESH)) == {"pid": 42, "since": 1, "updated_at": 2}
    assert FRESH.health is Health.UNKNOWN
    assert FRESH.listener is None


def test_a_field_of_a_later_version_is_passed_over() -> None:
    assert decode(b'{"pid":42,"since":1,"updated_at":2,"mood":"good"}') == FRESH


@pytest.mark.parametrize(
    "text", ["", "[]", '{"pid":"x"}', '{"pid":1,"since":1,"updated_at":2,"health":"ill"}']
)
def test_what_is_no_standing_is_refused(text: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(text)


def test_health_keeps_the_words_of_the_api() -> None:
    words = {"connected", "connecting", "disconnected", "uninitialized", "unregistered"}
    assert words < {health.value for health in Health}


def test_a_notice_counts_from_one() -> None:
    notice = Notice(at=Millis(1), level=Level.WARNING, source="client", text="x")
    assert (notice.count, notice.first_at, notice.key) == (1, None, None)
