"""The screen beside a running service: keys, memory, and what goes down the line."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING, Final

from console.clock import wall
from console.domain.retention import DEFAULT_WINDOW_MS
from tests.benchmarks.painted import Line, Painted, memory, processor
from tests.benchmarks.places import console, label, serving
from tests.benchmarks.table import Figure, high, middle
from tests.cli.world import failure, post

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.places import Places

TYPED: Final = "invoice 47"
LONG: Final = 0.6
"""Seconds of quiet after a key that searches: its result may come after a pause."""
NEXT_PAGE: Final = b"\x1b[6~"
STEPS: Final = 40
CHANGES: Final = 8
LEFT_MS: Final = 600_000
"""What changes has so much time left: nothing of it lapses meanwhile."""


class _Watched:
    """What was measured on the screen of one size, over all runs."""

    def __init__(self) -> None:
        self.memory: list[float] = []
        self.keys: defaultdict[str, list[Painted]] = defaultdict(list)
        self.idle: list[tuple[float, float]] = []
        """Bytes and seconds of processor time a minute."""


def measure(places: Places) -> list[Figure]:
    """The figures of a console that looks on while `listen` serves the cache."""
    watched = {rows: _Watched() for rows in places.sizes}
    for run in range(places.runs):
        for rows in places.sizes:
            _watch(places, rows, watched[rows], idle=run == 0)
    smallest = middle(watched[places.sizes[0]].memory)
    figures: list[Figure] = []
    for rows, seen in watched.items():
        figures += _figures(label(rows), seen, smallest if rows != places.sizes[0] else None)
    return figures


def _figures(size: str, seen: _Watched, smallest: float | None) -> list[Figure]:
    keys = seen.keys
    steps = [one.ms for name in ("j", "page") for one in keys[name]]
    typed = [one.ms for one in keys["filter"]]
    step_bytes = [one.bytes for one in keys["j"]]
    changed = [one.bytes for one in keys["change"]]
    idle_bytes, idle_cpu = (max(values) for values in zip(*seen.idle, strict=True))
    above = Figure(f"memory (PSS), {size} rows", middle(seen.memory), "MB")
    if smallest is not None:
        most = smallest + 25
        above = Figure(above.what, above.value, "MB", smallest, "smallest", at_most=most)
    return [
        Figure(f"j and page down, p50, {size} rows", middle(steps), "ms"),
        Figure(f"j and page down, p95, {size} rows", high(steps), "ms", at_most=35),
        Figure(f"end, {size} rows", middle([one.ms for one in keys["end"]]), "ms", at_most=100),
        Figure(f"home, {size} rows", middle([one.ms for one in keys["home"]]), "ms", at_most=100),
        Figure(f"filter key, p50, {size} rows", middle(typed), "ms", at_most=100),
        Figure(f"filter key, p95, {size} rows", high(typed), "ms"),
        above,
        Figure(f"cursor step, p50, {size} rows", middle(step_bytes), "bytes", at_most=1500),
        Figure(f"cursor step, mean, {size} rows", sum(step_bytes) / len(step_bytes), "bytes"),
        Figure(f"one changed row, {size} rows", middle(changed), "bytes", at_most=600),
        Figure(f"idle for a minute, {size} rows", idle_bytes, "bytes", at_most=3000),
        Figure(f"idle, processor, {size} rows", idle_cpu / 60 * 100, "% of a core", at_most=1),
    ]


def _watch(places: Places, rows: int, seen: _Watched, *, idle: bool) -> None:
    db = places.copy(rows, "screen")
    env = places.env(db)
    with (
        serving(console("listen"), env, places.scratch / "listen.log") as address,
        Line(console(), env) as line,
    ):
        line.until(b" of %d" % rows)  # of ten million, others are the topmost within seconds
        line.quiet(2)
        seen.memory.append(memory(line.pid))
        if idle:
            seen.idle.append(_idle(line, places.idle))
        _press(line, seen)
        seen.keys["change"] += _changes(line, db_url=f"http://{address}/webhook", ids=_visible(db))
    for each in places.scratch.glob(f"{db.name}*"):
        each.unlink()


def _press(line: Line, seen: _Watched) -> None:
    line.quiet(1)
    seen.keys["j"] += [line.press(b"j") for _ in range(STEPS)]
    seen.keys["page"] += [line.press(NEXT_PAGE) for _ in range(STEPS // 2)]
    for _ in range(5):
        seen.keys["end"].append(line.press(b"G", LONG))
        seen.keys["home"].append(line.press(b"g", LONG))
    line.press(b"/", LONG)
    seen.keys["filter"] += [line.press(letter.encode(), LONG) for letter in TYPED]
    line.press(b"\x1b", 2)
    line.press(b"g", 2)


def _idle(line: Line, seconds: float) -> tuple[float, float]:
    before = processor(line.pid)
    count = line.drain(seconds)
    return count * 60 / seconds, (processor(line.pid) - before) * 60 / seconds


def _visible(db: Path) -> list[str]:
    """Ids of undownloaded media at the top of the list; the topmost is left out: the cursor is there."""
    with closing(sqlite3.connect(db)) as connection:
        found = connection.execute(
            "SELECT id FROM media WHERE state = 'undownloaded' AND id NOTNULL AND clock_from > ? "
            "ORDER BY clock_from LIMIT ?",
            (wall() - DEFAULT_WINDOW_MS + LEFT_MS, CHANGES + 1),
        )
        return [media_id for (media_id,) in found][1:]


def _changes(line: Line, db_url: str, ids: list[str]) -> list[Painted]:
    """What each failure paints: of a media that is in sight, one after the other."""
    found = []
    for media_id in ids:
        line.quiet(LONG)
        post(db_url, failure(media_id))
        found.append(line.quiet(1))
    return found
