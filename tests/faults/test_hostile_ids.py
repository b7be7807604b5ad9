"""Ids from strangers and the requests made of them: an allowed path at the one API, or nothing."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import TYPE_CHECKING

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.reader import CacheReader
from console.clock import wall
from console.domain.media import MediaKey, State
from console.domain.orders import Order
from tests.cli.world import until
from tests.faults.asking import Connection
from tests.faults.hostile import announcing, message, whole
from tests.faults.hostile_texts import HOSTILE_IDS, RETRIEVABLE_IDS
from tests.faults.processes import serving
from tests.platforms.onpremises.servers import RawServer, http

if TYPE_CHECKING:
    from pathlib import Path

_ALLOWED = re.compile(r"GET /v1/media/([A-Za-z0-9](?:[A-Za-z0-9._~-]|%3D){0,255})/download HTTP/1\.1\r\n")
_OWN = {"host", "accept", "accept-encoding", "user-agent", "authorization", "connection"}
EVERY_ID = [*map(whole, HOSTILE_IDS), *RETRIEVABLE_IDS]


async def test_t44_hostile_ids_make_no_request_and_odd_ones_only_their_own(tmp_path: Path) -> None:
    """Orders for all of them lie in the inbox, past every check of the shell and the screen."""
    db = tmp_path / "media.db"
    async with RawServer(http(404)) as elsewhere:
        redirect = http(302, b"", f"Location: {elsewhere.url}/v1/media/stolen/download")
        async with RawServer(redirect) as api:
            await asyncio.to_thread(_ordered, db, api.url)
            heads = [head for head in api.requests if "/v1/health" not in head]
        assert elsewhere.connections == 0
    asked = []
    for head in heads:
        found = _ALLOWED.match(head)
        assert found is not None, head
        asked.append(found[1].replace("%3D", "="))
        names = {line.partition(":")[0].lower() for line in head.split("\r\n")[1:] if line}
        assert names <= _OWN
    assert sorted(asked) == sorted(RETRIEVABLE_IDS)
    with CacheReader(db) as reader:
        for ident in EVERY_ID:
            media = reader.run(queries.media(MediaKey(ident)))
            assert media is not None
            if ident in RETRIEVABLE_IDS:
                assert media.error is not None
                assert media.error.code == "redirect"
            else:
                assert media.state is State.UNDOWNLOADED
    with Inbox(db) as inbox:
        assert inbox.waiting(100) == []


def _ordered(db: Path, api_url: str) -> None:
    """Lets a service hear of all ids, and carry out an order for each."""
    orders = [Order(id=uuid.uuid4().hex, at=wall(), key=MediaKey(ident), by="kim") for ident in EVERY_ID]
    with serving(db, api_url=api_url, api_token="t0ken-of-the-test") as running:
        status = asyncio.run(_announced(running.url))
        assert status == 200
        with Inbox(db) as inbox:
            inbox.leave(orders)
        until(lambda: _failed(db) == len(RETRIEVABLE_IDS))
        running.process.terminate()
        assert running.process.wait(10) == 0


async def _announced(url: str) -> int:
    connection = Connection(url)
    try:
        return await connection.post(announcing(*map(message, EVERY_ID)))
    finally:
        connection.close()


def _failed(db: Path) -> int:
    with CacheReader(db) as reader:
        return len(reader.run(queries.newest_failures(100)))
