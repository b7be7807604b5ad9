"""The traces that changes leave, and whose facts came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cache import news
from console.cache.reader import CacheReader
from console.cache.writer import CacheWriter
from console.domain.facts import MediaStored
from console.domain.media import MediaId
from console.domain.reading import Reading
from console.domain.standing import Level, Notice
from tests.cache.samples import NOW, announced, key

if TYPE_CHECKING:
    from pathlib import Path


async def test_each_change_leaves_its_own_trace(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    writer = await CacheWriter.open(path, now=lambda: NOW)
    with CacheReader(path) as reader:
        empty = reader.run(news.traces())
        assert (empty.fact, empty.media, empty.notices) == (0, 0, (None, None))
        await writer.take_webhook(b"{}", NOW, Reading(facts=(announced("a"), announced("b"))))
        filled = reader.run(news.traces())
        assert (filled.media, filled.notices, filled.standing) == (2, empty.notices, empty.standing)
        assert filled.fact > empty.fact
        await writer.write_notice(Notice(at=NOW, level=Level.INFO, source="service", text="Hello."))
        told = reader.run(news.traces())
        assert (told.fact, told.media) == (filled.fact, filled.media)
        assert told.notices != filled.notices
    await writer.close()


async def test_the_facts_that_came_say_whose_they_are(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    writer = await CacheWriter.open(path, now=lambda: NOW)
    await writer.take_webhook(b"{}", NOW, Reading(facts=(announced("a"),)))
    with CacheReader(path) as reader:
        before = reader.run(news.traces()).fact
        stored = MediaStored(key=key("a"), id=MediaId("a"), at=NOW, attempt=1)
        await writer.take_webhook(b"{}", NOW, Reading(facts=(announced("b"), stored)))
        came = reader.run(news.touched_since(before, 10))
        assert [(each.key, each.announced) for each in came] == [("b", True), ("a", False)]
        assert reader.run(news.touched_since(came[0].fact, 10)) == came[1:]
        assert len(reader.run(news.touched_since(0, 1))) == 1
    await writer.close()
