"""Measures this checkout on this machine: `python -m tests.benchmarks --help`.

All parts together take about an hour with ten million rows, and some minutes with what is the default.
Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.benchmarks import ingest, screen, start
from tests.benchmarks.places import Places
from tests.benchmarks.table import machine, markdown, plain, written
from tests.readme import README

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.benchmarks.table import Figure

PARTS: Final[dict[str, Callable[[Places], list[Figure]]]] = {
    "start": start.measure,
    "screen": screen.measure,
    "ingest": ingest.measure,
}
UNITS: Final = {"k": 1_000, "m": 1_000_000}


def size(text: str) -> int:
    """A number of rows: `200`, `100k`, `1M`.

    Raises:
        ValueError: it is none.
    """
    unit = UNITS.get(text[-1:].lower(), 1)
    rows = int(text[:-1] if unit > 1 else text) * unit
    if rows < 1:
        raise ValueError(f"{text} is no number of rows")
    return rows


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description="Measures this checkout.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all if none is named")
    parser.add_argument(
        "--sizes",
        nargs="+",
        type=size,
        default=[200, 100_000, 1_000_000],
        metavar="ROWS",
        help="rows of the caches, like 200 100k 1M 10M; the first is what others stand beside",
    )
    parser.add_argument(
        "--large",
        type=size,
        default=100_000,
        metavar="ROWS",
        help="rows that come in 500-message webhooks (1M takes a minute a run)",
    )
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured; medians are shown")
    parser.add_argument(
        "--idle", type=float, default=60, metavar="SECONDS", help="how long screens stand idle"
    )
    parser.add_argument(
        "--caches",
        type=Path,
        default=Path(tempfile.gettempdir()) / "media-console-benchmarks",
        metavar="FOLDER",
        help="where filled caches are kept (1M is 0.8 GB, 10M 8 GB)",
    )
    parser.add_argument("--readme", action="store_true", help="writes the table into the README")
    given = parser.parse_args(arguments)
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}")
    return given  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Prints the table; 1 if something is not as wanted."""
    given = read_arguments(arguments)
    described = machine()
    figures: list[Figure] = []
    given.caches.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.caches) as scratch:
        places = Places(given.caches, Path(scratch), given.sizes, given.large, given.runs, given.idle)
        for rows in given.sizes:
            places.cache(rows)
        for part in given.parts or PARTS:
            found = PARTS[part](places)
            sys.stderr.write(f"{plain(found, '')}\n")  # what a later part may cost is not lost
            figures += found
    sys.stdout.write(f"{plain(figures, described)}, the middle of {given.runs} each\n")
    if given.readme:
        table = markdown(figures, f"{described}, the middle of {given.runs} each")
        README.write_text(written(README.read_text(encoding="utf-8"), table), encoding="utf-8")
    return int(any(figure.missed for figure in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
