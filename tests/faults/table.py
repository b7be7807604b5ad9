"""Which test holds which fault: `python -m tests.faults.table` writes the README beside it again."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE: Final = Path(__file__).parent
README: Final = HERE / "README.md"

FAULTS: Final[Mapping[int, str]] = {
    1: "kill -9 in a burst of webhooks",
    2: "SIGTERM in the burst",
    3: "kill -9 between the commit and the reply",
    4: "power loss: each commit is synced before its answer",
    5: "disk full",
    7: "cache locked by another process, for 3 s and for 30 s",
    8: "damaged, foreign, empty or newer cache at the start",
    9: "pages overwritten while the service runs",
    10: "migration killed at each statement",
    11: "cache on a network file system",
    12: "a reader that never lets go while 10,000 events come",
    13: "two consoles ask for the same media at once",
    14: "second service on the same cache or port",
    15: "a port that is taken, and frees later",
    16: "what kill -9 leaves behind: lock, drafts, log of SQLite",
    17: "slow senders: half heads, half bodies, idle connections",
    18: "2,000 connections with 256 file descriptors",
    19: "body over the limit, announced or not",
    20: "queue of the writer full",
    21: "hostile bodies and requests",
    22: "generated and mutated bodies",
    23: "hostile text shown everywhere",
    24: "click and Enter on hostile text",
    25: "fuzz of the listener's own HTTP surface",
    26: "duplicates, in parallel and in one body",
    27: "results out of order, or for unknown media",
    28: 'errors beside the status "downloaded"',
    29: "a request that no webhook ever answers",
    30: "401: token or login refused",
    31: "403, 404, 410: final refusals",
    32: "429 and 503, with and without Retry-After",
    33: "5xx, reset, refused, unknown host, TLS error",
    34: "200 with something else than the promise",
    35: "an API that hangs or drips",
    44: "hostile ids on their way to a URL",
    45: "steps of the wall clock",
    46: "implausible message times",
    47: "the last second of the window",
    48: "the terminal goes away",
    49: "SIGTERM and crashes while the screen is up",
    50: "suspended, resized to 1x1 and to 300x100, no colour, dumb terminal",
    51: "stdout closed, or no terminal",
    52: "log file rotated, removed, unwritable, on a full disk",
    53: "secrets and numbers where they must not be",
    54: "settings file that others may read, empty, linked, with a BOM",
    55: "permissions of every file, under any umask",
    56: "wrong, missing and half-right secrets of a webhook",
    58: "bound to every address without a guard",
    59: "purge by age and by number",
    60: "soak",
    61: "a long list while events arrive",
    62: "the n-th call fails",
    63: "TLS: bad keys and certificates, half a handshake",
    64: "allowed networks and forged forwarding headers",
}
"""The faults by the number of their row, in a few words."""

LATER: Final[Mapping[int, str]] = {
    6: "files are not fetched to this machine yet",
    **dict.fromkeys(range(36, 44), "files are not fetched to this machine yet"),
    57: "the Cloud API is not spoken yet",
    65: "the Cloud API is not spoken yet",
}
"""Rows of what does not exist yet, with what is missing."""


class FaultTest(NamedTuple):
    """One test that does the damage of a row."""

    row: int
    file: str
    name: str
    slow: str
    """Empty for a test of the ordinary run; else in words what of it is slow."""


@cache
def fault_tests() -> tuple[FaultTest, ...]:
    """The tests in this folder that name a row (`test_t07_…`), in the order of the files."""
    return tuple(_fault_tests())


def _fault_tests() -> Iterator[FaultTest]:
    for path in sorted(HERE.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        all_slow = _slow([mark for node in tree.body if (mark := _mark_of_all(node))])
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for row in re.findall(r"(?<=_)t(\d\d)(?=_)", node.name) if node.name.startswith("test_") else ():
                slow = all_slow or _slow(node.decorator_list)
                yield FaultTest(int(row), path.name, node.name, slow)


def _mark_of_all(node: ast.stmt) -> ast.expr | None:
    named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    return node.value if named and isinstance(node, ast.Assign) else None


def _slow(marks: list[ast.expr]) -> str:
    written = [ast.unparse(mark) for mark in marks]
    if any(re.fullmatch(r"(pytest\.mark\.)?slow", one, re.IGNORECASE) for one in written):
        return "slow"
    return "slow in part" if any(re.search(r"slow", one, re.IGNORECASE) for one in written) else ""


def text() -> str:
    """The README of this folder."""
    rows = [f"| T{row:02} | {FAULTS[row]} | {_tests(row)} |" for row in sorted(FAULTS)]
    later = [f"| T{row:02} | {why} | {_tests(row)} |" for row, why in sorted(LATER.items())]
    return _TEXT.format(rows="\n".join(rows), later="\n".join(later))


def _tests(row: int) -> str:
    found = sorted({test for test in fault_tests() if test.row == row}, key=lambda test: (test.slow, test))
    return "<br>".join(f"{t.file} `{t.name}`{f' ({t.slow})' if t.slow else ''}" for t in found)


_TEXT: Final = """\
# Faults

What is done to the program, and the tests that do it. An ordinary run leaves those
marked slow out; this runs them, in about ten minutes:

```sh
.venv/bin/python -m pytest -n 0 -m slow
```

The table is made by `python -m tests.faults.table` from the names of the tests.

| row | fault | held by |
|---|---|---|
{rows}

What these would damage does not exist yet, or in part only:

| row | why | the part that is held |
|---|---|---|
{later}
"""

if __name__ == "__main__":
    README.write_text(text(), encoding="utf-8")
