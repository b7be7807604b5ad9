"""How long until the first list is on the screen, beside an empty Textual app on the same machine.

Run it by hand from the checkout: `.venv/bin/python -m tests.benchmarks.startup [RUNS]`. Each run starts
the two one after the other on a pseudo-terminal of 140x40 and takes the time until the text that shows
the first picture arrives; the table gives medians. The other rows are whole commands.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pexpect

from console.cache.writer import CacheWriter
from console.clock import wall
from console.platforms.onpremises.webhook import read_webhook
from console.simulator.demo import demo_history, write_history

EMPTY_APP = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("first picture")
Empty().run()
"""
COUNT_MODULES = "import sys; from console.cli.program import run; run(sys.argv[1:]); print(len(sys.modules))"
LIMIT = 2.5
"""The first list may take so many times the start of the empty app."""


async def fill(db: Path) -> None:
    """Writes the demo's history."""
    writer = await CacheWriter.open(db, now=wall)
    try:
        await write_history(demo_history(wall()), writer, read_webhook)
    finally:
        await writer.close()


def until_shown(arguments: list[str], text: str, env: dict[str, str]) -> float:
    """Milliseconds from the start of a process until its terminal gets a text."""
    began = time.perf_counter()
    child = pexpect.spawn(sys.executable, arguments, env=env, dimensions=(40, 140), timeout=30)
    try:
        child.expect_exact(text)
        return (time.perf_counter() - began) * 1000
    finally:
        child.close(force=True)


def until_ended(arguments: list[str], env: dict[str, str]) -> float:
    """Milliseconds that a whole command takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=env, capture_output=True, check=True)
    return (time.perf_counter() - began) * 1000


def modules(arguments: list[str], env: dict[str, str]) -> int:
    """How many modules a command has imported by its end."""
    asked = [sys.executable, "-c", COUNT_MODULES, *arguments]
    ended = subprocess.run(asked, env=env, capture_output=True, check=True, text=True)
    return int(ended.stdout.splitlines()[-1])


def measure(runs: int, env: dict[str, str]) -> dict[str, float]:
    """Medians in milliseconds by what was measured; all are taken in turns, so that noise meets all."""
    taken: dict[str, list[float]] = {}
    for _ in range(runs):
        for name, value in (
            ("empty Textual app", until_shown(["-c", EMPTY_APP], "first picture", env)),
            ("first list", until_shown(["-m", "console"], "1006", env)),
            ("python -c pass", until_ended(["-c", "pass"], env)),
            ("--version", until_ended(["-m", "console", "--version"], env)),
            ("list (200 rows)", until_ended(["-m", "console", "list"], env)),
        ):
            taken.setdefault(name, []).append(value)
    return {name: statistics.median(values) for name, values in taken.items()}


def main() -> int:
    """Prints the table; 1 if the first list takes longer than it may."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "media.db"
        asyncio.run(fill(db))
        env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": folder}
        env |= {"MEDIA_CONSOLE_DB": str(db), "MEDIA_CONSOLE_LISTEN": "127.0.0.1:0"}
        medians = measure(runs, env)
        counts = {"--version": modules(["--version"], env), "list (200 rows)": modules(["list"], env)}
    lines = [f"{'':<20}{'ms':>8}{'modules':>10}   (medians of {runs})"]
    lines += [f"{name:<20}{value:>8.0f}{counts.get(name, ''):>10}" for name, value in medians.items()]
    ratio = medians["first list"] / medians["empty Textual app"]
    lines.append(f"first list / empty Textual app = {ratio:.2f} (may be {LIMIT})")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
