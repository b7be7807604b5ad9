"""The feed: once at the start, and after every commit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.cache.writer import CacheWriter
from console.ui.feed import Feed
from tests.ui import scene
from tests.ui.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from console.domain.exceptions import ConsoleError


async def test_every_commit_is_told(db: Path) -> None:
    seen: list[int] = []
    failures: list[ConsoleError] = []
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(Feed(db, lambda: seen.append(1), failures.append).run())
        await until(lambda: len(seen) == 1)
        await asyncio.sleep(0.25)
        assert len(seen) == 1
        await writer.write_notice(scene.NOTICES[0])
        await until(lambda: len(seen) >= 2)
        running.cancel()
    await writer.close()
    assert not failures


async def test_a_missing_cache_is_looked_for_and_a_broken_one_is_told(tmp_path: Path) -> None:
    db = tmp_path / "later.db"
    seen: list[int] = []
    failures: list[ConsoleError] = []
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(Feed(db, lambda: seen.append(1), failures.append).run())
        await until(lambda: bool(seen))
        db.write_bytes(b"no database at all" * 100)
        await until(lambda: bool(failures))
        running.cancel()
