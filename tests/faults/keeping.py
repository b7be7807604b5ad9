"""Commands that work on the whole cache, run as processes, and what is in the cache afterwards."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.cli.world import announcement, command, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER, NAME, CAPTION = "16315551234", "Kerry Fisher", "the September invoice"
TRACES = tuple(text.encode() for text in (NUMBER, NAME, CAPTION))


def run(db: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environment(db, **given), capture_output=True, text=True, timeout=60
    )


def told(db: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What a command says with --json."""
    done = run(db, *arguments, "--json")
    assert done.returncode == code, done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def files_with_traces(db: Path) -> list[str]:
    return [
        path.name
        for path in db.parent.iterdir()
        if not path.name.startswith("stderr") and any(trace in path.read_bytes() for trace in TRACES)
    ]


def sound(db: Path) -> bool:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def count(db: Path, rows: str) -> int:
    with closing(sqlite3.connect(db)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])


def media_count(db: Path) -> int:
    return count(db, "media")


def announced(count: int, **given: Any) -> list[bytes]:
    return [announcement(f"m{number}", caption=CAPTION, **given) for number in range(count)]


def killed_after(db: Path, seconds: float, *arguments: str) -> None:
    process = subprocess.Popen(
        command(*arguments), env=environment(db), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def moments(seed: int, count: int, longest: float) -> Iterator[float]:
    chance = random.Random(seed)
    return (chance.uniform(0.2, longest) for _ in range(count))
