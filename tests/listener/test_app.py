from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from console.cache import queries
from console.cache.reader import CacheReader
from console.cache.writer import CacheBusy, CacheUnavailable, Recorded
from console.domain.media import MediaKey, State
from tests.listener.serving import Told, cache, listening, raw

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from console.domain.exceptions import RetryLater
    from console.domain.media import Millis
    from console.domain.reading import Reading

ID = "4b5bf27b-8672-4d55-bc21-d096dc200d0f"
NOISE = b'{"statuses":[{"id":"ABGG","status":"read","timestamp":"1518694708"}]}'
NO_MEDIA = b'{"something":"else"}'


def announcement(media_id: str = ID) -> bytes:
    image = {"id": media_id, "mime_type": "image/jpeg", "status": "undownloaded"}
    message = {"from": "1", "id": "m1", "timestamp": "1700000000", "type": "image", "image": image}
    return json.dumps({"messages": [message]}).encode()


class Held:
    """A cache that commits only when it is told to."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.commit = asyncio.Event()
        self.taken = asyncio.Semaphore(0)

    async def take_webhook(self, body: bytes, received_at: Millis, reading: Reading) -> Recorded:
        self.taken.release()
        self.entered.set()
        await self.commit.wait()
        return Recorded(new=len(reading.facts))


class Failing:
    """A cache that takes nothing."""

    def __init__(self, error: RetryLater) -> None:
        self.error = error

    async def take_webhook(self, body: bytes, received_at: Millis, reading: Reading) -> Recorded:
        raise self.error


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def reason(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["status"] == answer.status_code
    assert error["message"].endswith(".")
    return str(error["reason"])


async def test_what_was_answered_200_is_in_the_cache(tmp_path: Path, http: httpx.AsyncClient) -> None:
    told = Told()
    async with cache(tmp_path / "c.db") as writer, listening(writer, told) as url:
        answer = await http.post(f"{url}/webhook", content=announcement())
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        with CacheReader(tmp_path / "c.db") as reader:
            media = reader.run(queries.media(MediaKey(ID)))
    assert media is not None
    assert media.state is State.UNDOWNLOADED
    [(at, recorded)] = told.heard
    assert recorded is not None
    assert (recorded.new, media.heard_at) == (1, at)


async def test_200_is_not_sent_before_the_commit(http: httpx.AsyncClient) -> None:
    held, told = Held(), Told()
    async with listening(held, told) as url, asyncio.TaskGroup() as tasks:
        post = tasks.create_task(http.post(f"{url}/webhook", content=announcement()))
        await held.entered.wait()
        done, _ = await asyncio.wait({post}, timeout=0.1)
        assert not done
        assert told.heard == []
        held.commit.set()
        assert (await post).status_code == 200
    assert len(told.heard) == 1


@pytest.mark.parametrize("error", [CacheBusy("full", "wait"), CacheUnavailable("disk full", "free space")])
async def test_what_cannot_be_committed_is_not_acknowledged(
    error: RetryLater, http: httpx.AsyncClient
) -> None:
    told = Told()
    async with listening(Failing(error), told) as url:
        answer = await http.post(f"{url}/webhook", content=announcement())
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert reason(answer) == "cache"
    assert told.failures == [error]
    assert told.heard == []


async def test_other_peoples_business_is_acknowledged_without_the_cache(http: httpx.AsyncClient) -> None:
    told = Told()
    async with listening(Failing(CacheBusy("full")), told) as url:
        assert (await http.post(f"{url}/webhook", content=NOISE)).status_code == 200
    assert [recorded for _, recorded in told.heard] == [None]


async def test_what_is_not_understood_is_acknowledged_and_quarantined(
    tmp_path: Path, http: httpx.AsyncClient
) -> None:
    told = Told()
    async with cache(tmp_path / "c.db") as writer, listening(writer, told) as url:
        assert (await http.post(f"{url}/webhook", content=NO_MEDIA)).status_code == 200
    [(_, recorded)] = told.heard
    assert recorded is not None
    assert recorded.quarantined == 1


async def test_a_body_that_is_no_json_is_refused_and_counted(http: httpx.AsyncClient) -> None:
    told = Told()
    bodies = [
        (b"", "not-json"),
        (b"{", "not-json"),
        (b'{"messages":"\xff"}', "not-utf8"),
        (b"[" * 5000 + b"]" * 5000, "too-deep"),
    ]
    async with listening(Held(), told) as url:
        for body, word in bodies:
            answer = await http.post(f"{url}/webhook", content=body)
            assert (answer.status_code, reason(answer)) == (400, word)
    assert told.refusals == [(400, word) for _, word in bodies]


async def test_media_type_and_coding(http: httpx.AsyncClient) -> None:
    cases = [
        ({"content-type": "application/json; charset=utf-8"}, 200),
        ({"content-type": "text/json"}, 200),
        ({"content-type": "application/vnd.client+json"}, 200),
        ({"content-encoding": "identity"}, 200),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"content-type": "application/json", "content-encoding": "br"}, 415),
    ]
    async with listening(Held(), Told()) as url:
        for headers, status in cases:
            answer = await http.post(f"{url}/webhook", content=NOISE, headers=headers)
            assert answer.status_code == status, headers
            if status != 200:
                assert reason(answer) in {"content-type", "content-encoding"}
        assert (await http.post(f"{url}/webhook", content=NOISE)).status_code == 200


async def test_a_body_too_large_by_its_announced_length_is_not_waited_for() -> None:
    told = Told()
    async with listening(Held(), told) as url:
        head = b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000000\r\n\r\n"
        answer = await asyncio.wait_for(raw(url, head), 5)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"reason":"too-large"' in answer
    assert told.refusals == [(413, "too-large")]


async def test_a_body_too_large_by_its_counted_length_is_refused(http: httpx.AsyncClient) -> None:
    told = Told()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(40):
            sent += 1000
            yield b" " * 1000

    async with listening(Held(), told, body_limit=10_000) as url:
        answer = await http.post(f"{url}/webhook", content=endless())
        exact = await http.post(f"{url}/webhook", content=NOISE + b" " * (10_000 - len(NOISE)))
        over = await http.post(f"{url}/webhook", content=NOISE + b" " * (10_001 - len(NOISE)))
    assert answer.status_code == 413
    assert exact.status_code == 200
    assert over.status_code == 413
    assert told.refusals == [(413, "too-large")] * 2


async def test_the_answer_to_a_large_body_is_not_lost_to_its_sender(http: httpx.AsyncClient) -> None:
    async with listening(Held(), Told()) as url:
        answer = await http.post(f"{url}/webhook", content=b" " * 5_000_000)
    assert answer.status_code == 413
    assert reason(answer) == "too-large"


async def test_a_body_that_does_not_come_is_given_up() -> None:
    told = Told()
    async with listening(Held(), told, body_seconds=0.1) as url:
        head = b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{"
        answer = await asyncio.wait_for(raw(url, head), 5)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert told.refusals == [(408, "too-slow")]


async def test_a_sender_that_goes_away_is_no_refusal() -> None:
    told = Told()
    async with listening(Held(), told) as url:
        head = b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{"
        await asyncio.wait_for(raw(url, head, then_close=True), 5)
    assert told.refusals == []
    assert told.heard == []


async def test_other_paths_and_methods(http: httpx.AsyncClient) -> None:
    async with listening(Held(), Told()) as url:
        lost = await http.post(f"{url}/elsewhere", content=announcement())
        assert (lost.status_code, reason(lost)) == (404, "not-found")
        for path, allow in (("/webhook", "POST"), ("/healthz", "GET, HEAD")):
            wrong = await http.delete(f"{url}{path}")
            assert (wrong.status_code, reason(wrong), wrong.headers["allow"]) == (405, "method", allow)
        assert (await http.get(f"{url}/webhook")).status_code == 405


async def test_healthz(http: httpx.AsyncClient) -> None:
    async with listening(Held(), Told()) as url:
        answer = await http.get(f"{url}/healthz")
        head = await http.head(f"{url}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert (head.status_code, head.content) == (200, b"")


async def test_health_is_answered_while_the_cache_is_stuck(http: httpx.AsyncClient) -> None:
    held = Held()
    async with listening(held, Told()) as url, asyncio.TaskGroup() as tasks:
        posts = [tasks.create_task(http.post(f"{url}/webhook", content=announcement())) for _ in range(5)]
        await held.entered.wait()
        answer = await http.get(f"{url}/healthz", timeout=5)
        assert answer.status_code == 200
        held.commit.set()
    assert {post.result().status_code for post in posts} == {200}


async def test_fifty_copies_at_once_are_one_row(tmp_path: Path, http: httpx.AsyncClient) -> None:
    told = Told()
    async with cache(tmp_path / "c.db") as writer, listening(writer, told) as url:
        posts = [http.post(f"{url}/webhook", content=announcement()) for _ in range(50)]
        assert {answer.status_code for answer in await asyncio.gather(*posts)} == {200}
        with CacheReader(tmp_path / "c.db") as reader:
            history = reader.run(queries.history(MediaKey(ID)))
    assert len(history) == 1
    assert sum(recorded.new for _, recorded in told.heard if recorded is not None) == 1
