from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.domain.media import MediaType
from console.simulator.accounts import Accounts
from console.simulator.behaviours import OK, Behaviour, Kind, parse_behaviour
from console.simulator.client import DATASTORE_FAILURE, Client
from console.simulator.dice import Dice
from console.simulator.settings import ApplicationSettings

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from console.clock import Now


def no_tasks(work: Coroutine[None, None, None], name: str) -> None:
    raise AssertionError(f"{name} was started")


def a_client(now: Now, faults: float = 0) -> Client:
    return Client(
        accounts=Accounts("admin", "x", dice=Dice(1), now=now),
        settings=ApplicationSettings(),
        dice=Dice(1),
        now=now,
        faults=faults,
        callback_delay=(0, 0),
        spawn=no_tasks,
    )


def items(bodies: Any) -> list[Any]:
    return [body["media_items"][0] for body in bodies]


@pytest.mark.parametrize(
    ("health", "told"),
    [
        ("connecting", {"gateway_status": "connecting"}),
        (
            {"wa-1:core": {"gateway_status": "connected", "role": "primary_master"}},
            {"wa-1:core": {"gateway_status": "connected", "role": "primary_master"}},
        ),
    ],
)
def test_health_is_one_node_or_a_cluster(now: Now, health: Any, told: Any) -> None:
    client = a_client(now)
    client.health = health
    assert client.health_body()["health"] == told


def test_a_media_taken_in_is_known(now: Now) -> None:
    client = a_client(now)
    media = client.take_in(MediaType.VOICE, "abc", "audio/amr")
    assert client.known("abc") is media
    assert (media.type, media.mime_type, media.stored) == (MediaType.VOICE, "audio/amr", False)
    assert media.script.rest == (OK,)


def test_a_media_nobody_announced_cannot_be_fetched(now: Now) -> None:
    media = a_client(now).known("never heard of")
    assert media.script.rest == (Behaviour(Kind.FAILED_400),)


def test_faults_are_drawn_for_new_media(now: Now) -> None:
    client = a_client(now, faults=1)
    drawn = {client.take_in(MediaType.IMAGE).script.rest for _ in range(60)}
    assert (OK,) not in drawn
    assert len(drawn) > 10


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("ok", [("downloaded", None)]),
        ("slow", [("downloaded", None)]),
        ("callback-first", [("downloaded", None)]),
        ("failed-400", [("downloaded", 400)]),
        ("failed-500", [("downloaded", 500)]),
        ("failed-text", [("downloaded", "400")]),
        ("duplicate", [("downloaded", None)] * 3),
        ("conflict", [("downloaded", 400), ("downloaded", None)]),
        ("noisy-status(busy)", [("busy", None), ("downloaded", None)]),
        ("odd-status", [("pending", None)]),
    ],
)
def test_outcomes(now: Now, written: str, outcome: list[tuple[str, int | str | None]]) -> None:
    client = a_client(now)
    media = client.take_in(MediaType.STICKER)
    told = items(client.outcome(media, parse_behaviour(written)))
    errors = [item.get("errors", [{}])[0].get("code") for item in told]
    assert list(zip([item["sticker"]["status"] for item in told], errors, strict=True)) == outcome
    assert all(item["sticker"]["sha256"] == media.sha256 for item in told)
    assert media.stored is any(status == "downloaded" and error is None for status, error in outcome)


async def test_silence_sends_nothing(now: Now) -> None:
    client = a_client(now)
    media = client.take_in(MediaType.IMAGE)
    await client.finish(media, parse_behaviour("silent"))
    assert not media.stored


def test_the_documented_failure_is_word_for_word() -> None:
    assert DATASTORE_FAILURE == {
        "code": 400,
        "title": "Parameter not valid",
        "details": "Media not found in the datastore.",
    }
