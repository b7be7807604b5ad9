"""What the benchmarks found: one table of figures, for the shell and for the README."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from console.clock import wall

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGIN: Final = "<!-- speed -->\n"
END: Final = "<!-- end of speed -->"
BUSY: Final = 1.0
"""The load of a machine that does something else as well."""
HEADS: Final = ("what", "measured", "beside", "ratio", "wanted")


class Figure(NamedTuple):
    """One line: a value and, where there is one, the value that was measured beside it in the same run.

    `unit` is that of both values. `at_most` and `at_least` are what is wanted: of the ratio where
    `of_ratio`, else of the value.
    """

    what: str
    value: float
    unit: str
    beside: float | None = None
    beside_what: str = ""
    at_most: float | None = None
    at_least: float | None = None
    of_ratio: bool = False

    @property
    def ratio(self) -> float | None:
        """The value by that beside it."""
        return self.value / self.beside if self.beside else None

    @property
    def missed(self) -> bool:
        """Whether it is not as wanted."""
        judged = self.ratio if self.of_ratio else self.value
        if judged is None:
            return False
        too_much = self.at_most is not None and judged > self.at_most
        return too_much or (self.at_least is not None and judged < self.at_least)

    def cells(self) -> tuple[str, ...]:
        """The line under `HEADS`."""
        beside = (
            "" if self.beside is None else f"{_number(self.beside, self.unit)} {self.beside_what}".strip()
        )
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return self.what, _number(self.value, self.unit), beside, ratio, self._wanted()

    def _wanted(self) -> str:
        bound, sign = (self.at_most, "≤") if self.at_most is not None else (self.at_least, "≥")
        if bound is None:
            return ""
        words = f"{sign} {bound:g}" if self.of_ratio else f"{sign} {_number(bound, self.unit)}"
        return f"{words}{', missed' if self.missed else ''}"


def _number(value: float, unit: str) -> str:
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()


def middle(values: Sequence[float]) -> float:
    """The median."""
    return median(values)


def high(values: Sequence[float], share: float = 0.95) -> float:
    """The value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1) + 0.4999))]


def machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """What it was measured on, in one line, with the load when this is called."""
    model = ""
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else ""
    load = os.getloadavg()[0]
    parts = [
        f"{datetime.fromtimestamp(wall() / 1000, UTC):%Y-%m-%d}",
        model or platform.machine(),
        f"{os.cpu_count()} cores",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *(f"{name} {_version(name)}" for name in ("textual", "uvicorn", "uvloop", "httptools")),
        f"load average at the start {load:.1f}{' (others were at work on it)' if load > BUSY else ''}",
    ]
    return ", ".join(parts)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def plain(figures: Sequence[Figure], described: str) -> str:
    """The table for a terminal."""
    lines = [HEADS, *(figure.cells() for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    rows = [
        "  ".join(
            [
                line[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*rows, described])


def markdown(figures: Sequence[Figure], described: str) -> str:
    """The table for the README."""
    lines = [HEADS, ("---", "--:", "--:", "--:", "--:"), *(figure.cells() for figure in figures)]
    rows = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
    return "\n".join([f"Measured {described}.", "", *rows])


def written(text: str, table: str) -> str:
    """A README with the table in its place.

    Raises:
        ValueError: there is no place for it.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the README has no place for the table of speed")
    return f"{before}{begin}{table}\n{end}{after}"
