"""From webhook to disk: what `listen` takes, beside a handler that does nothing and a commit for each."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, TypedDict

from tests.benchmarks.painted import Line
from tests.benchmarks.places import console, label, serving
from tests.benchmarks.start import first_text
from tests.benchmarks.table import Figure, middle
from tests.cli.world import free_port, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.benchmarks.places import Places

WEBHOOKS: Final = 20_000
EACH: Final = 1500
"""The same for what commits each by itself, which takes as long for these."""
CALLBACKS: Final = 12_000
IN_FLIGHT: Final = 24
PARTS: Final = 500
"""Messages of a large webhook."""
SCROLLED: Final = 1_000_000
KEYS_APART: Final = 0.1
"""Seconds between two keys of who scrolls."""


class Outcome(TypedDict):
    """What `posting` prints."""

    webhooks_a_second: float
    media_a_second: float
    p50_ms: float
    p99_ms: float
    longest_ms: float
    not_200: int


def measure(places: Places) -> list[Figure]:
    """The figures of ingest; everything is measured in turns, so that noise meets all."""
    taken: defaultdict[str, list[Outcome]] = defaultdict(list)
    for run in range(places.runs):
        for kind in ("nothing", "listener", "each"):
            count = EACH if kind == "each" else WEBHOOKS
            with _beside(places, kind) as address:
                taken[kind].append(_post(address, count))
        with _listening(places, places.scratch / "new.db") as address:
            taken["listen"].append(_post(address, WEBHOOKS))
        with _listening(places, places.scratch / "new.db") as address:
            taken["large"].append(_post(address, places.large // PARTS, connections=4, media=PARTS))
        for name, scrolled in (("alone", ""), ("viewer", "viewer"), ("host", "host")):
            taken[name].append(_calls(places, scrolled, run))
    return _figures(taken, label(places.large))


def _figures(taken: dict[str, list[Outcome]], large: str) -> list[Figure]:
    rates = {name: middle([one["webhooks_a_second"] for one in found]) for name, found in taken.items()}
    p99 = {name: middle([one["p99_ms"] for one in found]) for name, found in taken.items()}
    rows = middle([one["media_a_second"] for one in taken["large"]])
    bare, calls = "does nothing", f"p99 of {IN_FLIGHT} in flight"
    return [
        Figure("a handler that does nothing, 64 connections", rates["nothing"], "posts/s"),
        Figure("the same in our server", rates["listener"], "posts/s", rates["nothing"], bare),
        Figure("listen", rates["listen"], "posts/s", rates["nothing"], bare, at_least=0.3, of_ratio=True),
        Figure(
            "listen", rates["listen"], "posts/s", rates["each"], "a commit each", at_least=6, of_ratio=True
        ),
        Figure(f"rows of {large} in {PARTS}-message webhooks", rows, "rows/s", at_least=15_000),
        Figure(f"{calls}, listen alone", p99["alone"], "ms", at_most=15),
        Figure(f"{calls}, 1 M rows scrolled by a viewer", p99["viewer"], "ms", at_most=25),
        Figure(f"{calls}, 1 M rows scrolled where it is hosted", p99["host"], "ms", at_most=25),
    ]


@contextmanager
def _beside(places: Places, kind: str) -> Iterator[str]:
    """One of `servers`."""
    db = places.scratch / "each.db"
    arguments = [sys.executable, "-m", "tests.benchmarks.servers", kind, str(db)]
    with serving(arguments, places.env(db), places.scratch / "server.log") as address:
        yield address
    _remove(db)


@contextmanager
def _listening(places: Places, db: Path) -> Iterator[str]:
    """`media-console listen` on a cache, which is removed after the block."""
    with serving(console("listen"), places.env(db), places.scratch / "listen.log") as address:
        yield address
    _remove(db)


def _calls(places: Places, scrolled: str, run: int) -> Outcome:
    """Callbacks into a cache of a million, while its list is scrolled by a viewer, by its host, or not."""
    db = places.copy(SCROLLED, f"calls-{run}")
    env = places.env(db)
    with ExitStack() as stack:
        if scrolled == "host":
            address = f"127.0.0.1:{free_port()}"
            env["MEDIA_CONSOLE_LISTEN"] = address
        else:
            address = stack.enter_context(serving(console("listen"), env, places.scratch / "listen.log"))
        if scrolled:
            line = stack.enter_context(Line(console(), env))
            line.until(first_text(places, db))
            line.quiet(1)
            until(lambda: _listens(address))
            stack.enter_context(_scrolling(line))
        outcome = _post(address, CALLBACKS, connections=IN_FLIGHT)
    _remove(db)
    return outcome


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as asked:
        return asked.connect_ex((host, int(port))) == 0


@contextmanager
def _scrolling(line: Line) -> Iterator[None]:
    """Somebody who goes down page by page and back up, ten keys a second."""
    over = threading.Event()

    def scroll() -> None:
        pressed = 0
        while not over.is_set():
            line.press(b"\x1b[6~" if pressed % 60 < 30 else b"\x1b[5~", KEYS_APART)
            pressed += 1

    thread = threading.Thread(target=scroll, name="who scrolls")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _post(address: str, webhooks: int, *, connections: int = 64, media: int = 1) -> Outcome:
    """Runs the driver; every webhook must be answered 200."""
    counts = ["--connections", str(connections), "--webhooks", str(webhooks), "--media", str(media)]
    driver = [sys.executable, "-m", "tests.benchmarks.posting", address, *counts]
    ended = subprocess.run(driver, capture_output=True, check=True, text=True)
    outcome: Outcome = json.loads(ended.stdout)
    if outcome["not_200"]:
        raise ChildProcessError(f"{outcome['not_200']} of {webhooks} webhooks were refused")
    return outcome


def _remove(db: Path) -> None:
    for each in db.parent.glob(f"{db.name}*"):
        each.unlink()
