"""Strokes of a line, and what the terminal shows after they were written."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.ui.pens import PLAIN, Pen
from console.ui.scrolls import Scroll
from console.ui.spans import Cell
from console.ui.strokes import Written, strokes
from tests.ui.test_spans import WIDTH, WORDS, line

RED, CURSOR = Pen(ink="31"), Pen(ground="44")


def told(old: list[Cell | None], new: list[Cell | None], *, erases: bool) -> str:
    """What is written to make the second line of a terminal another."""
    written = Written(erases=erases)
    written.draw({1: list(strokes(old, new, erases=erases))})
    return written.text


@given(WORDS, WORDS, st.booleans())
def test_the_terminal_shows_the_new_line(
    old: list[tuple[str, Pen]], new: list[tuple[str, Pen]], erases: bool
) -> None:
    ascii_only = [each for each in new if each[0].isascii()]
    before, after = line([each for each in old if each[0].isascii()]), line(ascii_only)
    partly, at_once = pyte.Screen(WIDTH, 2), pyte.Screen(WIDTH, 2)
    unknown: list[Cell | None] = [None] * WIDTH
    pyte.Stream(partly).feed(told(unknown, before, erases=erases) + told(before, after, erases=erases))
    pyte.Stream(at_once).feed(told(unknown, after, erases=erases))
    assert partly.display == at_once.display == [" " * WIDTH, "".join(cell.text for cell in after if cell)]
    for x, cell in enumerate(after):
        if cell is not None and cell.text != " ":
            assert partly.buffer[1][x] == at_once.buffer[1][x]


def test_a_gap_of_a_few_cells_is_written_again_and_a_longer_one_stepped_over() -> None:
    before = [*map(Cell, "aXbbbbXcccccX")]
    after = [*map(Cell, "aYbbbbYcccccY")]
    assert told(list(before), list(after), erases=True) == "\x1b[2;2HYbbbbY\x1b[13GY"


def test_blanks_belong_to_the_text_beside_them_and_many_are_one_whatever_stood_there() -> None:
    cells = [Cell("a", RED), Cell(" "), Cell("b", RED)]
    (stroke,) = strokes([None] * 3, cells, erases=False)
    assert (stroke.pen, stroke.blank, stroke.x, stroke.end) == (RED, False, 0, 3)
    old = [*map(Cell, "text" + " " * 9 + "text")]
    assert told(list(old), [Cell(" ", PLAIN)] * 17, erases=True) == "\x1b[2;1H\x1b[17X"


def test_blanks_of_another_ground_are_no_part_of_a_text() -> None:
    found = list(strokes([None] * 2, [Cell("a", RED), Cell(" ", CURSOR)], erases=False))
    assert [stroke.pen for stroke in found] == [RED, CURSOR]


@pytest.mark.parametrize(
    ("moved", "shown"),
    [
        (Scroll(1, 3, 1), "acd ef"),
        (Scroll(1, 3, -1), "a bcef"),
        (Scroll(0, 5, 2), "cdef  "),
        (Scroll(2, 5, -3), "ab   c"),
    ],
)
def test_lines_are_moved_within_their_region_alone(moved: Scroll, shown: str) -> None:
    screen = pyte.Screen(5, 6)
    pyte.Stream(screen).feed("\r\n".join("abcdef"))
    written = Written(erases=True)
    written.scroll(moved)
    pyte.Stream(screen).feed(written.text)
    assert "".join(row[0] for row in screen.display) == shown
