"""A whole replay takes in what is understood now, and counts what it found."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.reader import CacheReader
from console.cache.writer import CacheWriter
from console.clock import wall
from console.domain.maintenance import DIFFERENCES_TOLD, Replayed
from console.domain.media import MediaKey, Millis
from console.domain.reading import Reading, Unread
from console.platforms.onpremises.webhook import read_webhook
from console.service.replaying import replay_all
from console.service.upkeep import Bench
from console.service.waits import until_set
from tests.cli.world import announcement

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "media.db"


@pytest.fixture
async def writer(db: Path) -> AsyncIterator[CacheWriter]:
    opened = await CacheWriter.open(db, now=wall)
    yield opened
    await opened.close()


@pytest.fixture
async def bench(db: Path, writer: CacheWriter) -> AsyncIterator[Bench]:
    made = Bench(db, writer, read_webhook, wall, until_set, gently=True)
    yield made
    made.close()


def yesterday(body: bytes, at: Millis) -> Reading:
    """A dialect that knew no images."""
    return Reading(unread=(Unread(where="messages[0]", reason="an odd type"),))


async def test_what_an_older_version_did_not_understand_is_taken_in(
    db: Path, writer: CacheWriter, bench: Bench
) -> None:
    at = wall()
    for body in (announcement("a"), announcement("b")):
        await writer.take_webhook(body, at, yesterday(body, at))
    odd = b'{"odd": 1}'
    await writer.take_webhook(odd, at, read_webhook(odd, at))
    assert await replay_all(bench) == Replayed(media=2, rebuilt=2, understood=2, facts=2, quarantined=1)
    assert await replay_all(bench) == Replayed(media=2, rebuilt=2, quarantined=1)
    with CacheReader(db) as reader:
        assert reader.run(queries.media(MediaKey("b"))) is not None


async def test_all_differences_are_counted_and_the_first_told(writer: CacheWriter, bench: Bench) -> None:
    count = DIFFERENCES_TOLD + 10
    at = wall()
    for number in range(count):
        body = announcement(f"m{number}")
        await writer.take_webhook(body, at, read_webhook(body, at))
    await writer.maintain(lambda connection: connection.execute("UPDATE media SET caption = 'x'").rowcount)
    done = await replay_all(bench)
    assert (done.differing, done.fields, len(done.differences)) == (count, count, DIFFERENCES_TOLD)
    assert (await replay_all(bench)).fields == 0


async def test_kept_counts_that_are_wrong_are_mended(db: Path, writer: CacheWriter, bench: Bench) -> None:
    body = announcement("a")
    at = wall()
    await writer.take_webhook(body, at, read_webhook(body, at))
    await writer.maintain(lambda connection: connection.execute("UPDATE media_count SET media = 5").rowcount)
    assert (await replay_all(bench)).fields == 0
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("SELECT sum(media) FROM media_count").fetchone() == (1,)
