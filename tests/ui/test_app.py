"""The app on a real terminal: nothing a stranger wrote commands it, and it is left as it was found."""

from __future__ import annotations

import asyncio
import re
import signal
from typing import TYPE_CHECKING

import pytest

from console.cache.writer import CacheWriter
from console.domain.exceptions import FixSetting
from console.domain.facts import MediaAnnounced
from console.domain.media import MediaId, MediaKey, Millis, Origin, StoreError
from console.domain.reading import Reading
from console.domain.standing import Level, Notice
from console.ui.app import ConsoleApp
from console.ui.setup import Setup
from tests.ui import scene
from tests.ui.terminal import COLUMNS, ROWS, Terminal

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    "\x1b]0;owned\x07",
    "\x1b]52;c;b3duZWQ=\x07",
    "\x1b[2J\x1b[H\x1b[31mred",
    "\x9b31m\x9d0;owned\x9c",
    "\x1bP$q\x1b\\\x1b_x\x1b\\",
    "a\nb\rc\td\x08e\x7f",
    "\u202eevil\u202c\u2066x\u2069",
    "[@click=app.quit]x[/] [/] [bold]",
    "\ue000 \ufffe \U000e0041",
    "z\u200bero\u200dwidth e" + "\u0301" * 40,
    "\x0e\x0f\x05",
)

_SEQUENCE = re.compile(
    r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|\[([?>=<]?)[0-9;:$]*([ -/]*[@-~])|[PX^_][^\x1b]*\x1b\\|.)"
)


def kinds(output: str) -> set[str]:
    """The escape sequences in an output; of those with numbers only what they do."""
    found = set()
    for match in _SEQUENCE.finditer(output):
        prefix, final = match.group(1), match.group(2)
        found.add(match.group() if final is None else "CSI" + prefix + final)
    return found


def write(db: Path, texts: tuple[str, ...]) -> None:
    """A cache whose every text is one of these."""

    async def filled() -> None:
        writer = await CacheWriter.open(db, now=lambda: scene.NOW)
        for number, text in enumerate(texts):
            sent_at = Millis(scene.NOW - 12 * scene.DAY + number * scene.HOUR)
            fact = MediaAnnounced(
                key=MediaKey(f"{number}{text}"),
                id=MediaId(f"{number}{text}"),
                at=sent_at,
                sent_at=sent_at,
                message_id=text,
                sender=text,
                sender_name=text,
                filename=text,
                caption=text,
                mime_type=text,
                sha256=text,
                undownloaded=True,
                error=StoreError(code=400, title=text, details=text, origin=Origin.WEBHOOK),
            )
            body = text.encode("utf-8", "replace")
            await writer.take_webhook(body, sent_at, Reading(facts=(fact,)))
            notice = Notice(at=scene.NOW, level=Level.ERROR, source="client", text=f"{number} {text}")
            await writer.write_notice(notice)
        await writer.write_standing(scene.STANDING)
        await writer.close()

    asyncio.run(filled())


def walked(db: Path) -> Terminal:
    """Opens the screen, looks at everything, and leaves."""
    terminal = Terminal(db)
    terminal.shows("11 of 11")
    for _ in HOSTILE:
        terminal.process.send("j")
    terminal.press("\r", "DETAIL")
    terminal.press("G", "HISTORY")
    terminal.press("J", "Raw JSON")
    terminal.press("q", "DETAIL")
    terminal.press("q", "STATE")
    terminal.press("e", "Events and errors")
    terminal.press("q", "STATE")
    terminal.press("y", "Copy")
    terminal.press("n", "sent to terminal clipboard")
    terminal.press("/", "enter keep")
    terminal.press("zzz", "No match")
    terminal.press("\x15", "11 of 11")
    terminal.press("\r", "STATE")
    terminal.process.send("q")
    assert terminal.ends() == 0
    return terminal


@pytest.mark.slow
def test_hostile_rows_make_no_sequence_that_clean_rows_do_not_make(tmp_path: Path) -> None:
    write(tmp_path / "hostile.db", HOSTILE)
    write(tmp_path / "clean.db", tuple(f"clean text {number}" for number in range(len(HOSTILE))))
    hostile, clean = walked(tmp_path / "hostile.db"), walked(tmp_path / "clean.db")
    clipboard = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07")
    assert len(clipboard.findall(hostile.output)) == len(clipboard.findall(clean.output)) == 1
    told = clipboard.sub("", hostile.output)
    assert kinds(told) <= kinds(clipboard.sub("", clean.output))
    assert not re.search(r"[\x80-\x9f\u202a-\u202e\u2066-\u2069]", told)
    assert not set(_SEQUENCE.sub("", told)) & set("\x00\x05\x07\x08\x0b\x0c\x0e\x0f\x1b\x7f")


def test_keys_in_one_packet_close_a_sheet_and_nothing_else(db: Path) -> None:
    terminal = Terminal(db)
    terminal.shows("30 of 30")
    for opening, title, closing in (
        ("?", "Help (list)", "qq"),
        ("s", "Sort by", "\r\r"),
        ("e", "Events", "qqq"),
    ):
        terminal.press(opening, title)
        terminal.press(closing, "30 of 30")
        while title in terminal.text:  # what is typed before it has closed is meant for it
            terminal.read()
        assert "DETAIL" not in terminal.text
    terminal.press("j", ">  ○ requested")
    terminal.process.send("Q")
    assert terminal.ends() == 0
    assert "The screen failed" not in terminal.output


def test_the_help_says_where_the_log_is(db: Path) -> None:
    with Terminal(db) as terminal:
        terminal.shows("30 of 30")
        terminal.press("?", "Help (list)")
        terminal.press("/console.log", "Files")
        terminal.process.send("\r")
        terminal.shows("  log             console.log")


def test_the_terminal_is_left_as_it_was_found(db: Path) -> None:
    terminal = Terminal(db)
    terminal.shows("30 of 30")
    terminal.process.send("Q")
    assert terminal.ends() == 0
    assert_restored(terminal)


def assert_restored(terminal: Terminal) -> None:
    """The alternate screen, mouse reporting and the hidden cursor are switched off again, in this order."""
    for mode in ("1049", "1000", "1003", "1006"):
        assert terminal.output.rfind(f"\x1b[?{mode}l") > terminal.output.rfind(f"\x1b[?{mode}h")
    assert terminal.output.rfind("\x1b[?25h") > terminal.output.rfind("\x1b[?25l")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_leave_the_terminal_sane(db: Path, number: signal.Signals) -> None:
    terminal = Terminal(db)
    terminal.shows("30 of 30")
    terminal.process.kill(number)
    assert terminal.ends() == 128 + number
    assert_restored(terminal)


def test_a_fault_of_the_screen_is_one_sentence_without_a_traceback(db: Path) -> None:
    terminal = Terminal(db, FAIL="1")
    assert terminal.ends() == 1
    assert_restored(terminal)
    said = terminal.output[terminal.output.rfind("\x1b[?1049l") :]
    assert "The screen failed (RuntimeError) and was closed" in said
    assert "console.log" in said
    assert "secret-canary" not in terminal.output
    assert "Traceback" not in terminal.output


def test_without_colour_no_colour_is_written(db: Path) -> None:
    terminal = Terminal(db, NO_COLOR="1")
    terminal.shows("30 of 30")
    terminal.process.send("Q")
    assert terminal.ends() == 0
    assert not re.search(r"\x1b\[[0-9;]*(?:38|48);[25];", terminal.output)
    assert "\x1b[7m" in terminal.output or re.search(r"\x1b\[(?:[0-9]+;)*7[;m]", terminal.output)


def test_a_terminal_that_changes_its_size_goes_on(db: Path) -> None:
    terminal = Terminal(db)
    terminal.shows("30 of 30")
    for rows, columns in ((1, 1), (100, 300), (ROWS, COLUMNS)):
        terminal.process.setwinsize(rows, columns)
        terminal.read(0.3)
    terminal.press("?", "Help (list)")
    terminal.process.send("Q")
    assert terminal.ends() == 0


def test_an_unknown_theme_is_refused_before_the_screen_opens(tmp_path: Path) -> None:
    with pytest.raises(FixSetting, match="no theme 'sepia'"):
        ConsoleApp(Setup(db=tmp_path / "x.db", now=lambda: scene.NOW, theme="sepia"))
