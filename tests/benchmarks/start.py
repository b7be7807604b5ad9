"""How long until the first list, beside an empty Textual app, and how long whole commands take."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from tests.benchmarks.painted import Line, Painted
from tests.benchmarks.places import console, empty_app, label
from tests.benchmarks.table import Figure, high, middle

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.places import Places

WORDS = ("--filter", "invoice")
SEEN = 30
"""Rows that fit on the screen."""
KEYS = 5
"""Keys that are pressed at once after the first list, while the service starts."""


def measure(places: Places) -> list[Figure]:
    """The figures of starts and of the shell."""
    return [*_starts(places), *_commands(places)]


def first_text(places: Places, db: Path) -> bytes:
    """A word of one of the topmost rows, all painted together, that stands nowhere before them.

    It is a name in ASCII: of others a terminal may get the letters one by one.
    """
    told = subprocess.run(
        console("list", "--limit", str(SEEN), "--json"), env=places.env(db), capture_output=True, check=True
    )
    names: list[str] = [json.loads(line)["sender_name"] or "" for line in told.stdout.splitlines()]
    return next(word.encode() for name in names for word in name.split()[:1] if word.isascii())


def _starts(places: Places) -> list[Figure]:
    first: defaultdict[int, list[float]] = defaultdict(list)
    after: list[Painted] = []
    empty: list[float] = []
    dbs = {rows: places.copy(rows, f"start-{rows}") for rows in places.sizes}
    texts = {rows: first_text(places, db) for rows, db in dbs.items()}
    with Line(console(), places.env(dbs[places.sizes[0]])) as line:  # its modules are compiled
        line.until(texts[places.sizes[0]])
        line.quiet(2)
    for _ in range(places.runs):
        with Line(empty_app(), places.env(places.scratch / "none.db")) as line:
            empty.append(line.until(b"first picture"))
        for rows, db in dbs.items():
            with Line(console(), places.env(db)) as line:
                first[rows].append(line.until(texts[rows]))
                after += [line.press(b"j", 0.05) for _ in range(KEYS)]
    app, smallest = middle(empty), middle(first[places.sizes[0]])
    figures = [Figure("empty Textual app, first picture", app, "ms")]
    for rows in places.sizes:
        beside, what, wanted = (app, "empty app", 2.0)
        if rows != places.sizes[0]:
            beside, what, wanted = (
                smallest,
                f"{label(places.sizes[0])} rows",
                1.2 if rows <= 1_000_000 else 1.5,
            )
        figures.append(
            Figure(
                f"first list, {label(rows)} rows", middle(first[rows]), "ms", beside, what, at_most=wanted,
                of_ratio=True,
            )
        )  # fmt: skip
    painted = [one.ms for one in after if one.bytes]
    figures.append(Figure(f"the first {KEYS} keys after it, p95", high(painted), "ms"))
    return figures


def _commands(places: Places) -> list[Figure]:
    taken: defaultdict[str, list[float]] = defaultdict(list)
    env = places.env(places.cache(places.sizes[0]))
    for _ in range(places.runs):
        taken["pass"].append(_until_ended([sys.executable, "-c", "pass"], env))
        taken["version"].append(_until_ended(console("--version"), env))
        for rows in places.sizes:
            own = places.env(places.cache(rows))
            taken[f"list {rows}"].append(_until_ended(console("list"), own))
            taken[f"filter {rows}"].append(_until_ended(console("list", *WORDS), own))
    python = middle(taken["pass"])
    figures = [Figure("--version", middle(taken["version"]), "ms", python, "python -c pass")]
    for rows in places.sizes:
        figures.append(Figure(f"list, {label(rows)} rows", middle(taken[f"list {rows}"]), "ms"))
        name = f"list {' '.join(WORDS)}, {label(rows)} rows"
        figures.append(Figure(name, middle(taken[f"filter {rows}"]), "ms", at_most=1000))
    return figures


def _until_ended(arguments: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(arguments, env=env, capture_output=True, check=True)
    return (time.perf_counter() - began) * 1000
