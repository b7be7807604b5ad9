"""Generated webhook bodies by the thousand: no 5xx, no traceback, no growth, nothing of theirs on a pty."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from console.cache.writer import CacheWriter
from console.clock import wall
from console.listener.app import WebhookApp
from console.platforms.onpremises.webhook import read_webhook
from tests.faults.asking import Connection
from tests.faults.hostile_scene import clean_scene
from tests.faults.mutation import damaged
from tests.faults.processes import serving
from tests.faults.resident import resident
from tests.faults.screens import foreign, together
from tests.listener.serving import Told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

AT_ONCE = 20
"""Bodies that are made of one draw, and posted together."""
A_RUN = 2_000
"""Bodies of one run of the generator, which remembers all that it drew until the run ends."""
ROOM = 30_000_000
"""Bytes by which the memory may grow."""

texts = st.text(st.characters(codec="utf-8"), max_size=12)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
draws = st.tuples(st.integers(0, 2**32), st.lists(jsons, min_size=1, max_size=4))


def drawn(seed: int, values: Sequence[object]) -> list[bytes]:
    """The bodies of one draw."""
    random = Random(seed)
    return [damaged(random, values) for _ in range(AT_ONCE)]


def quick(bodies: int) -> settings:
    """So many bodies, none of them made simpler."""
    return settings(
        max_examples=bodies // AT_ONCE,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class Fuzzed:
    """The listener's application on a real cache, in this process."""

    def __init__(self, runner: asyncio.Runner, db: Path) -> None:
        self._runner = runner
        self.told = Told()
        self.statuses: Counter[int] = Counter()
        self._writer = runner.run(CacheWriter.open(db, now=wall))
        self._app = WebhookApp(self._writer, read_webhook, now=wall, witness=self.told)

    def post(self, bodies: Sequence[bytes]) -> None:
        """Posts bodies together, and counts the answers."""
        self.statuses.update(self._runner.run(self._post(bodies)))
        self.told.heard.clear()
        self.told.refusals.clear()

    def close(self) -> None:
        """Closes the cache."""
        self._runner.run(self._writer.close())

    async def _post(self, bodies: Sequence[bytes]) -> list[int]:
        return await asyncio.gather(*map(self._answer, bodies))

    async def _answer(self, body: bytes) -> int:
        sent: list[Any] = []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": "/webhook",
            "raw_path": b"/webhook",
            "query_string": b"",
            "headers": [(b"content-length", str(len(body)).encode())],
            "client": ("127.0.0.1", 40_000),
            "scheme": "http",
        }

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        return int(sent[0]["status"])


def fuzz(db: Path, bodies: int, *, warm: int, caplog: pytest.LogCaptureFixture) -> int:
    """Posts generated bodies; how many bytes the process has grown by after the first `warm` of them."""
    caplog.set_level(logging.ERROR)
    before: list[int] = []
    with asyncio.Runner() as runner:
        fuzzed = Fuzzed(runner, db)

        def run(draw: tuple[int, list[object]]) -> None:
            fuzzed.post(drawn(*draw))
            if not before and fuzzed.statuses.total() >= warm:
                before.append(resident())

        for _ in range(bodies // A_RUN):
            quick(A_RUN)(given(draws)(run))()
        grown = resident() - before[0]
        fuzzed.close()
    assert fuzzed.told.failures == []
    assert fuzzed.statuses.total() >= bodies * 0.9
    assert fuzzed.statuses.keys() == {200, 400}
    assert min(fuzzed.statuses.values()) > bodies / 20
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    return grown


def test_t22_two_thousand_generated_bodies(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert fuzz(tmp_path / "media.db", 2_000, warm=500, caplog=caplog) < ROOM


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_t22_a_hundred_thousand_generated_bodies(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert fuzz(tmp_path / "media.db", 100_000, warm=5_000, caplog=caplog) < ROOM


@pytest.mark.slow
def test_t22_two_thousand_generated_bodies_over_http(tmp_path: Path) -> None:
    db = tmp_path / "media.db"
    with serving(db) as running:
        statuses, grown = asyncio.run(_post_generated(running.url, running.process.pid))
        running.process.terminate()
        assert running.process.wait(10) == 0
    assert statuses.keys() == {200, 400}
    assert statuses.total() == 2_000
    assert grown < ROOM
    assert "Traceback" not in running.words.read_text()
    clean = tmp_path / "clean.db"
    clean_scene(clean)
    told, plain = together((db, clean), ["j", "\x1b[6~", "J", "q", "e", "q"])
    assert foreign(told, plain) == set()


async def _post_generated(url: str, pid: int) -> tuple[Counter[int], int]:
    random = Random(22)
    statuses: Counter[int] = Counter()
    values: list[object] = [None, 0, -1, 1.5, 10**60, "", [], {}, [[]], {"id": {}}, True]
    before = 0
    connections = [Connection(url) for _ in range(AT_ONCE)]
    for batch in range(2_000 // AT_ONCE):
        bodies = [damaged(random, values) for _ in range(AT_ONCE)]
        posts = (connection.post(body) for connection, body in zip(connections, bodies, strict=True))
        statuses.update(await asyncio.gather(*posts))
        before = before or (resident(pid) if batch == 20 else 0)
    for connection in connections:
        connection.close()
    return statuses, resident(pid) - before
