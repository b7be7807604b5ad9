"""What is written to the terminal: no more than what differs, and the picture is the right one."""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import partial
from typing import TYPE_CHECKING

import pyte
import pytest
from rich.console import Console as Rich
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced, StoreFailed
from console.domain.media import MediaId, MediaKey, MediaType, Millis, State
from console.domain.reading import Reading
from console.ui.canvas import Canvas, Difference
from tests.ui import scene
from tests.ui.harness import Console, opened
from tests.ui.written import Writing, cells, quiet, whole, writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIZES = [(80, 24), (140, 40)]
WALK: Sequence[Sequence[str]] = (
    "jj", "Gk", "gvjj*", "U", ["enter"], ["escape", "tab", "tab", "?"], ["down", "pagedown"], "q", "4", "1",
    "s", ["down", "enter"], "Sz", "zt", "/in", ["escape", "e"], "q", ["J", "down"], "q", ["end"], ["home"],
)  # fmt: skip
"""Keys through everything that draws."""

STEP = {(80, 24): 700, (140, 40): 1100}
"""Bytes that a step of the cursor over media of one kind may take."""
ROW, MINUTE = 500, 300
"""Bytes that a changed row, and a minute in which nothing happens but that time passes, may take."""


@pytest.mark.parametrize(
    ("size", "theme", "walk"),
    [
        ((80, 24), "ansi", WALK),
        ((140, 40), "dark", WALK[:6]),
        pytest.param((80, 24), "dark", WALK, marks=pytest.mark.slow),
        pytest.param((140, 40), "ansi", WALK, marks=[pytest.mark.slow, pytest.mark.timeout(60)]),
    ],
)
async def test_the_terminal_shows_what_was_drawn_whatever_was_there_before(
    db: Path, size: tuple[int, int], theme: str, walk: Sequence[Sequence[str]]
) -> None:
    async with opened(db, size=size, theme=theme, kind=Writing) as console:
        app = writing(console)
        for keys in walk:
            for key in keys:
                console.post(key)
                await asyncio.sleep(0.02)
            await quiet(console)
            assert cells(app.picture) == cells(whole(app)), keys


async def alike(db: Path) -> None:
    """Writes media that differ in what differs in life: sender, times, ids and names."""
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    facts = []
    for number in range(60):
        sent_at = Millis(scene.NOW - number * 5 * scene.HOUR)
        digest = hashlib.sha256(bytes([number])).hexdigest()
        name = f"invoice-{number:04}.pdf"
        key, made = MediaKey(digest[:36]), MediaId(digest[:36])
        facts.append(
            MediaAnnounced(
                key=key,
                id=made,
                at=sent_at,
                sent_at=sent_at,
                type=MediaType.DOCUMENT,
                filename=name,
                message_id=digest[36:],
                undownloaded=True,
                sender=f"1555010{number:04}",
                mime_type="application/pdf",
                sha256=digest,
            )
        )
    await writer.take_webhook(b"{}", scene.NOW, Reading(facts=tuple(facts)))
    await writer.close()


@pytest.mark.parametrize("size", SIZES)
async def test_a_step_of_the_cursor_takes_few_bytes(tmp_path: Path, size: tuple[int, int]) -> None:
    await alike(tmp_path / "c.db")
    async with opened(tmp_path / "c.db", size=size, kind=Writing) as console:
        await quiet(console)
        for key in "jjjjkk":
            await console.press(key)
            assert 0 < len((await quiet(console)).encode()) < STEP[size]


async def test_a_key_whose_detail_was_read_before_paints_once_and_lays_nothing_out(db: Path) -> None:
    async with opened(db, size=(140, 32), kind=Writing) as console:
        app, main = writing(console), console.main
        lengths, laid_out = set(), list[object]()
        await quiet(console)
        main.screen_layout_refresh_signal.subscribe(main, laid_out.append)
        for key in "jjjjkkkk":
            beside = _beside(console, 1 if key == "j" else -1)
            await console.until(partial(_is_read, console, beside))
            await quiet(console)
            await console.press(key)
            await quiet(console)
            lengths.add(len(main.detail.lines) > main.detail.size.height)
            assert (app.frames, laid_out) == (1, [])
        assert lengths == {True, False}, "with more lines than there is room for, and with fewer"


def _is_read(console: Console, key: MediaKey) -> bool:
    return console.main.follower.history(key) is not None


def _beside(console: Console, step: int) -> MediaKey:
    """The media so many rows below the cursor."""
    shown = console.main.list
    media = shown.page.at(shown.cursor_row + step)
    assert media is not None
    return media.key


@pytest.mark.parametrize("before", ["j", "/in", "?", "?/in"])
async def test_all_is_written_again_when_that_is_asked_for(db: Path, before: str) -> None:
    async with opened(db, kind=Writing) as console:
        app = writing(console)
        await console.press(*before)
        await quiet(console)
        pyte.Stream(app.picture).feed("\x1b[3;3Hwritten by something else")
        text = console.text
        await console.press("ctrl+l")
        await quiet(console)
        assert cells(app.picture) == cells(whole(app))
        assert console.text == text


async def test_a_step_that_scrolls_lets_the_terminal_scroll(db: Path) -> None:
    async with opened(db, kind=Writing) as console:
        shown = console.main.list
        while shown.cursor_row < shown.scroll_offset.y + shown.seen_rows - 1:
            await console.press("j")
        await quiet(console)
        await console.press("j")
        told, app = await quiet(console), writing(console)
        assert re.search(r"\x1b\[[0-9]+;[0-9]+r", told)
        assert len(told.encode()) < 3 * STEP[80, 24]
        assert cells(app.picture) == cells(whole(app))


async def test_a_changed_row_takes_few_bytes(db: Path) -> None:
    async with opened(db, size=(140, 40), kind=Writing) as console:
        await console.press("j")
        await quiet(console)
        key = scene.key_of("missing")
        await fail(db, key)
        await console.until(lambda: _state(console, key) is State.FAILED)
        told = await quiet(console)
        assert "failed 400 gone" in told
        assert len(told.encode()) < ROW


def _state(console: Console, key: MediaKey) -> State | None:
    row = console.main.list.page.find(key)
    media = None if row is None else console.main.list.page.at(row)
    return None if media is None else media.state


async def fail(db: Path, key: MediaKey) -> None:
    """A webhook says that the client could not download a media."""
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    try:
        failed = StoreFailed(key=key, id=MediaId(key), at=scene.NOW, error=scene.GONE)
        await writer.take_webhook(b"{}", scene.NOW, Reading(facts=(failed,)))
    finally:
        await writer.close()


async def test_an_hour_without_events_takes_few_bytes_and_equal_text_none(db: Path) -> None:
    minutes = [0]
    async with opened(
        db, size=(140, 40), now=lambda: Millis(scene.NOW + minutes[0] * scene.MINUTE), kind=Writing
    ) as console:
        await quiet(console)
        for _ in range(3):
            console.main.redraw()
            assert await quiet(console) == ""
        for minute in range(1, 61):
            minutes[0] = minute
            console.main.tick()
            await asyncio.sleep(0.02)
        told = await quiet(console)
        assert cells(writing(console).picture) == cells(whole(writing(console)))
        assert 0 < len(told.encode()) < 60 * MINUTE


BOLD, RED, CURSOR = Style(bold=True), Style(color="#ff0000"), Style(bgcolor="#2b3a55")


class Line:
    """One line of a terminal from column 10 on, as a canvas writes it."""

    def __init__(self, *, ascii: bool = False, erases: bool = False) -> None:
        self._canvas = Canvas(ascii=ascii, erases=erases)
        self._rich = Rich(color_system="truecolor")

    def write(self, *parts: Segment | str) -> str:
        """What is written for the parts of a line."""
        segments = [part if isinstance(part, Segment) else Segment(part) for part in parts]
        return self.put(10, Strip(segments))

    def put(self, x: int, strip: Strip) -> str:
        """What is written for a strip in a column."""
        end = x + strip.cell_length
        update = self._canvas.lessened(ChopsUpdate([{x: strip}], [(0, x, end)], [[end]]))
        assert isinstance(update, Difference)
        return update.render_segments(self._rich)

    def forget(self) -> None:
        """Something else wrote on it."""
        self._canvas.forget()


def test_only_what_differs_is_written() -> None:
    line = Line()
    assert line.write("invoice-0921.pdf") == "\x1b[1;11Hinvoice-0921.pdf"
    assert line.write("invoice-0921.pdf") == ""
    assert line.write("invoice-0922.pdf") == "\x1b[1;22H2"
    assert line.write("receipt-0922.pdf") == "\x1b[1;11Hreceipt"


def test_what_was_forgotten_is_written_again() -> None:
    line = Line()
    line.write("ab")
    line.forget()
    assert line.write("ab") == "\x1b[1;11Hab"


def test_what_another_part_covered_is_written_again() -> None:
    line = Line()
    line.write("abcdef")
    assert line.put(12, Strip([Segment("XY")])) == "\x1b[1;13HXY"
    assert line.write("abcdef") == "\x1b[1;13Hcd"


def test_of_a_text_that_was_covered_in_part_nothing_is_known() -> None:
    line = Line()
    line.write("日本語")
    line.put(12, Strip([Segment("XY")]))
    told = line.write("日本語")
    assert told.endswith("日本語")
    assert told.startswith("\x1b[1;11H")


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (["ab ", "cd", "e"], "\x1b[1;11Hab cde"),
        (["கவிதா   ", "x"], "\x1b[1;11H     \x1b[11Gகவிதா\x1b[1;16H x"),
        (["கவிதா"], "\x1b[1;11Hக…\x1b[1;13H "),
        (["Müller, A", "x"], "\x1b[1;11HMüller,\x1b[1;18H Ax"),
    ],
)
def test_text_of_which_terminals_disagree_stays_in_its_cells(parts: Sequence[str], told: str) -> None:
    assert Line().write(*parts) == told


def test_the_mark_of_a_cut_text_may_be_an_ascii_one() -> None:
    assert "~" in Line(ascii=True).write("கவிதா")


def test_what_stands_behind_a_changed_text_that_is_no_ascii_is_written_after_it() -> None:
    line = Line()
    line.write("René", "|abcdefgh")
    assert line.write("Renè", "|abcdefgh") == "\x1b[1;11HRenè\x1b[1;15H|"


def test_one_pen_writes_all_that_is_its() -> None:
    told = Line().write(Segment("a", BOLD), Segment("b", RED), Segment("c", BOLD))
    assert told == "\x1b[1;11H\x1b[1ma\x1b[13Gc\x1b[12G\x1b[0;38;2;255;0;0mb\x1b[0m"


def test_many_blanks_are_erased_where_the_terminal_can() -> None:
    line, told = Line(erases=True), "\x1b[1;11H\x1b[48;2;43;58;85m"
    assert line.write(Segment(" " * 30, CURSOR)) == f"{told}\x1b[30X\x1b[0m"
    assert Line().write(Segment(" " * 30, CURSOR)) == f"{told}{' ' * 30}\x1b[0m"
