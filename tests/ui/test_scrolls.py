"""Lines that moved together are found; others are not taken for such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.ui.scrolls import Scroll, scroll
from console.ui.spans import Cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def screen(lines: Sequence[str], top: int = 0) -> Mapping[int, Sequence[Cell]]:
    """Lines of a terminal, from one on."""
    return {top + y: [Cell(char) for char in line] for y, line in enumerate(lines)}


BIRDS = ("Albatross", "Bittern", "Curlew", "Dunlin", "Egret", "Fulmar", "Gannet", "Heron")
NAMES = [f"   {bird}, sent by {bird[::-1] * 4} on a day {number * 7}" for number, bird in enumerate(BIRDS)]
HEAD, FOOT = "Media Console, what is above the list", "? help, what is below the list"


def test_a_step_up_and_down_is_found_in_its_lines() -> None:
    old = screen([HEAD, *NAMES[:7], FOOT])
    assert scroll(old, screen(NAMES[1:], 1)) == Scroll(1, 7, 1)
    assert scroll(screen([HEAD, *NAMES[1:], FOOT]), screen(NAMES[:7], 1)) == Scroll(1, 7, -1)


def test_half_a_page_is_found_where_enough_of_it_stays() -> None:
    more = [name.upper() for name in NAMES]
    assert scroll(screen([HEAD, *NAMES, FOOT]), screen([*NAMES[3:], *more[:3]], 1)) == Scroll(1, 8, 3)


def test_other_text_is_no_scrolling() -> None:
    assert scroll(screen(NAMES), screen([name.upper() for name in NAMES])) is None
    assert scroll(screen(NAMES), screen(NAMES)) is None
    assert scroll({}, screen(NAMES)) is None


def test_what_would_save_too_little_is_left() -> None:
    old = screen(["   row number 1 of many that read alike", *NAMES[:2]])
    assert scroll(old, screen(NAMES[:2])) is None
