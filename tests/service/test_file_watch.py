from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from console.service.file_watch import AT_LEAST_EVERY, FileWatch

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

EVERY = 0.1


class Looks:
    """Waits that take no time, and what happens to the file before some of them, counted from 1."""

    def __init__(self) -> None:
        self.count = 0
        self.happens: dict[int, Callable[[], object]] = {}

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        assert seconds is not None
        assert 0 < seconds <= EVERY
        self.count += 1
        self.happens.get(self.count, int)()
        return event.is_set()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"0")
    return path


@pytest.fixture
def looks() -> Looks:
    return Looks()


async def still(file: Path, looks: Looks) -> FileWatch:
    """A watch that has seen the file as it is."""
    watch = FileWatch(file, EVERY, wait=looks.wait)
    await watch.changed()
    await watch.changed()
    looks.count = 0
    return watch


def overwrite(file: Path) -> None:
    """Writes as much as there was, as a commit does."""
    before = file.stat().st_mtime_ns
    with file.open("r+b") as opened:
        opened.write(b"1")
    os.utime(file, ns=(before, before + 1_000_000))


def replace(file: Path) -> None:
    """Puts another file in its place that has its time and size."""
    other, times = file.with_name("other"), file.stat()
    other.write_bytes(b"0")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(file)


@pytest.mark.parametrize("change", [overwrite, replace, os.unlink])
async def test_a_change_is_told_at_the_next_two_looks(
    file: Path, looks: Looks, change: Callable[[Path], None]
) -> None:
    watch = await still(file, looks)
    looks.happens[5] = lambda: change(file)
    await watch.changed()
    assert looks.count == 5
    await watch.changed()
    assert looks.count == 6, "what was written within the same tick of the file's time is not missed"
    await watch.changed()
    assert looks.count == 6 + AT_LEAST_EVERY / EVERY


async def test_a_file_that_comes_is_a_change(tmp_path: Path, looks: Looks) -> None:
    file = tmp_path / "none"
    watch = FileWatch(file, EVERY, wait=looks.wait)
    looks.happens[3] = lambda: file.write_bytes(b"")
    await watch.changed()
    assert looks.count == 3


async def test_nothing_is_taken_for_a_change_every_two_seconds(file: Path, looks: Looks) -> None:
    watch = await still(file, looks)
    for told in range(1, 4):
        await watch.changed()
        assert looks.count == told * AT_LEAST_EVERY / EVERY
