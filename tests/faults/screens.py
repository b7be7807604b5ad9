"""The screen over a cache on a pseudo-terminal, and what of its output was not its own."""

from __future__ import annotations

import base64
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import pyte

from tests.ui.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

COLUMNS, ROWS = 160, 48
"""Room for the detail beside the list, and for all rows of a scene."""

FIRST, QUIET = 0.15, 0.03
"""Seconds that are waited for the first byte after a key, and for another one."""

OPENING, CLOSING = frozenset("Jey?:"), frozenset({"q", "c", "\x03"})
"""Keys that open a sheet, and those that close one."""
_OF_SHEETS = "esc close"

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z\\`-~]", re.DOTALL
)
_PLACE = re.compile(r"\x1b\[[0-9;]*([GHLMXr])")
_LOOK = re.compile(r"\x1b\[([0-9;]*)m")
_PARAMETER = re.compile(r"([34]8;2);[0-9]+;[0-9]+;[0-9]+|[0-9]+")
_JOINED = re.compile("(?<=[\u2600-\U0001faff])\u200d(?=[\u2600-\U0001faff])")
_COPIED = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Shown(NamedTuple):
    """All that was written to the terminal, and what stood on it after each key, a character a column."""

    output: str
    pictures: list[list[str]]


def shown(db: Path, keys: Iterable[str], screen: pyte.Screen | None = None) -> Shown:
    """Opens the screen, presses keys, and takes a picture of what came of each; `q` ends it."""
    pictures: list[list[str]] = []
    with Terminal(db, screen or pyte.Screen(COLUMNS, ROWS)) as terminal:
        terminal.shows(" 1 of ")
        terminal.shows("DETAIL")
        for key in keys:
            _press(terminal, key)
            pictures.append(_drawn(terminal.screen))
        terminal.process.send("Q")
        assert terminal.ends() == 0
        return Shown(terminal.output, pictures)


def _press(terminal: Terminal, key: str) -> None:
    """Sends a key and takes what is written for it, if anything is, until no more comes for a moment.

    What opens or closes a sheet is waited for, so that the next key is not taken by the main screen.
    """
    terminal.process.send(key)
    terminal.read(FIRST)
    before = -1
    while len(terminal.output) != before:
        before = len(terminal.output)
        terminal.read(QUIET)
    if key in OPENING:
        terminal.shows(_OF_SHEETS)
    elif key in CLOSING:
        for _ in range(200):
            if _OF_SHEETS not in terminal.text:
                return
            terminal.read()
        raise AssertionError(f"the sheet stays:\n{terminal.text}")


def _drawn(screen: pyte.Screen) -> list[str]:
    return [
        "".join(screen.buffer[row][column].data[:1] or "_" for column in range(screen.columns))
        for row in range(screen.lines)
    ]


def together(dbs: Sequence[Path], keys: Sequence[str]) -> list[Shown]:
    """The same keys over several caches, at the same time."""
    with ThreadPoolExecutor(len(dbs)) as threads:
        return list(threads.map(lambda db: shown(db, keys), dbs))


def foreign(told: Shown, clean: Shown) -> set[str]:
    """Escape sequences and invisible characters that a run over clean data does not write."""
    return _controls(told.output) - _controls(clean.output)


def copied(told: Shown) -> list[str]:
    """What was sent to the clipboard."""
    return [base64.b64decode(data).decode() for data in _COPIED.findall(told.output)]


def invisible(text: str) -> set[str]:
    """The characters in it that cannot be seen; a joiner between two emoji is none of them."""
    return {char for char in set(_JOINED.sub("", text)) if unicodedata.category(char) in _INVISIBLE}


def _controls(output: str) -> set[str]:
    """The sequences (places, shades and what is copied aside), and characters that cannot be seen."""
    found = _SEQUENCE.findall(_COPIED.sub("\x1b]52;c;\x07", output))
    told = {part for sequence in found for part in _parts(sequence)}
    return told | invisible(_SEQUENCE.sub("", output))


def _parts(sequence: str) -> Iterator[str]:
    """What a sequence tells: each parameter of one that sets a look, which is set by differences."""
    look = _LOOK.fullmatch(sequence)
    if look is None:
        yield _PLACE.sub(r"place \1", sequence)
        return
    for parameter in _PARAMETER.finditer(look[1]):
        yield f"look {parameter[1] or parameter[0]}"
