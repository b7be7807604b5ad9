"""The service and the screen over minutes of steady traffic, and on a long list."""

from __future__ import annotations

import asyncio
import os
import statistics
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from console.cache.writer import CacheWriter
from console.clock import monotonic, wall
from console.domain.facts import MediaAnnounced
from console.domain.media import MediaId, MediaKey, MediaType, Millis
from console.domain.reading import Reading
from tests.cli.terminal import Terminal, terminal
from tests.cli.world import DAY, environment
from tests.faults.processes import Answered, Senders, announcements, serving, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.slow

RATE = 200
"""Webhooks a second."""


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A cache that does not exist yet."""
    return tmp_path / "media.db"


class Sample(NamedTuple):
    """What a process holds at one moment."""

    at: float
    rss: int
    """Bytes."""
    handles: int


def sample(pid: int) -> Sample:
    """Looks at a process by way of /proc."""
    proc = Path(f"/proc/{pid}")
    resident = int((proc / "statm").read_text().split()[1])
    return Sample(monotonic(), resident * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(proc / "fd")))


def slope(samples: Sequence[Sample]) -> float:
    """By how many bytes a minute the memory grows: the line that fits best."""
    line = statistics.linear_regression([one.at for one in samples], [float(one.rss) for one in samples])
    return line.slope * 60


def p99(log: Sequence[Answered]) -> float:
    """The time in seconds in which 99 of 100 posts were answered."""
    return statistics.quantiles([one.took for one in log], n=100)[98]


@pytest.mark.timeout(180)
def test_t60_memory_handles_and_latency_stay_flat(
    db: Path, record_property: Callable[[str, object], None]
) -> None:
    warm_up, seconds = 25, 105
    begun = monotonic()
    with (
        serving(db) as service,
        Senders(service.port, islice(announcements(), seconds * RATE), 12, RATE) as sending,
    ):
        samples = []
        while monotonic() - begun < seconds:
            samples.append(sample(service.process.pid))
            sending.join(1)
        sending.join()
    assert sending.acknowledged == stored(db)
    steady = [one for one in samples if one.at - begun > warm_up]
    log = [one for one in sending.log if one.at - begun > warm_up]
    first, last = log[: len(log) // 2], log[len(log) // 2 :]
    record_property("events", len(sending.log))
    record_property("rss after warm-up", f"{steady[0].rss / 1e6:.1f} MB")
    record_property("rss at the end", f"{steady[-1].rss / 1e6:.1f} MB")
    record_property("rss slope", f"{slope(steady) / 1e6:.2f} MB/min")
    record_property("p99", f"{p99(first) * 1000:.0f} ms, then {p99(last) * 1000:.0f} ms")
    assert slope(steady) < 1e6
    assert max(one.handles for one in steady) - min(one.handles for one in steady) <= 2
    assert p99(last) < max(0.1, 2 * p99(first))


def build_long(db: Path, rows: int) -> None:
    """A cache of so many media that need a download, sent in the ten days before yesterday."""
    asyncio.run(_build_long(db, rows))


async def _build_long(db: Path, rows: int) -> None:
    now, step = wall(), 10 * DAY * 1000 // rows
    writer = await CacheWriter.open(db, now=wall)
    try:
        for start in range(0, rows, 1000):
            found = [
                MediaAnnounced(
                    key=MediaKey(f"r{number:06}"),
                    id=MediaId(f"r{number:06}"),
                    at=now,
                    type=MediaType.DOCUMENT,
                    sent_at=Millis(now - DAY * 1000 - (rows - number) * step),
                    sender="12025550143",
                    filename=f"r{number:06}.pdf",
                    undownloaded=True,
                )
                for number in range(start, start + 1000)
            ]
            await writer.take_webhook(b"{}", now, Reading(facts=tuple(found)))
    finally:
        await writer.close()


def under_cursor(screen: Terminal) -> str:
    """The file name in the row under the cursor."""
    return next(
        (word for line in screen.lines if line.startswith(">") for word in line.split() if ".pdf" in word), ""
    )


def pressed(screen: Terminal, key: str) -> float:
    """Presses a key that moves the cursor; the seconds until a frame shows it moved."""
    before, begun = under_cursor(screen), monotonic()
    screen.press(key)
    screen.until(lambda _: under_cursor(screen) not in ("", before))
    return monotonic() - begun


def rest(screen: Terminal, seconds: float) -> None:
    """Reads for so long what the screen writes."""
    end = monotonic() + seconds
    screen.until(lambda _: monotonic() > end)


@pytest.mark.timeout(120)
def test_t61_in_a_list_of_100_000_keys_are_answered_and_the_cursor_stays(
    db: Path, record_property: Callable[[str, object], None]
) -> None:
    build_long(db, 100_000)
    with ExitStack() as stack:
        service = stack.enter_context(serving(db))
        screen = stack.enter_context(terminal([], environment(db), columns=110))
        screen.until_text("100000 of 100000")
        screen.press("S")  # the newest first: what arrives pushes everything down
        screen.until_text("sort due ↓")
        screen.press("g")
        screen.until(lambda _: under_cursor(screen) == "r099999.pdf")
        for _ in range(5):
            pressed(screen, "j")
        stack.enter_context(Senders(service.port, announcements(), 12, RATE))
        screen.until(lambda lines: not any("100000 of 100000" in line for line in lines))
        took = []
        for number in range(60):
            took.append(pressed(screen, "k" if number % 12 >= 6 else "j"))
            here = under_cursor(screen)
            rest(screen, 0.25)
            assert under_cursor(screen) == here, "the cursor left its row"
        shown = "\n".join(screen.lines)
        screen.press("Q")
        assert screen.end() == 0
    took.sort()
    record_property("key to frame", f"median {took[30] * 1000:.0f} ms, worst {took[-1] * 1000:.0f} ms")
    assert "r0999" in shown
    assert took[-1] < 2
