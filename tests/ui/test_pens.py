"""From one way of drawing to another by the shortest sequence, and to the right one."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.style import Style

from console.ui.pens import PLAIN, Pen, change, pen

ATTRIBUTES = st.frozensets(st.sampled_from(["1", "3", "4", "7", "9"]))
INKS = st.sampled_from(["", "31", "38;5;208", "38;2;138;147;163"])
GROUNDS = st.sampled_from(["", "44", "48;5;17", "48;2;20;23;28"])
PENS = st.builds(Pen, ATTRIBUTES, INKS, GROUNDS)


def drawn(sequence: str) -> pyte.screens.Char:
    """How a terminal draws a letter after a sequence."""
    screen = pyte.Screen(3, 1)
    pyte.Stream(screen).feed(f"{sequence}x")
    return screen.buffer[0][0]


@given(PENS, PENS)
def test_after_a_change_the_terminal_draws_as_if_it_had_known_no_other_pen(before: Pen, after: Pen) -> None:
    assert drawn(change(PLAIN, before) + change(before, after)) == drawn(change(PLAIN, after))


@given(PENS, PENS)
def test_a_change_is_never_longer_than_to_begin_anew(before: Pen, after: Pen) -> None:
    anew = ";".join(filter(None, ("0", *after.attributes, after.ink, after.ground)))
    assert len(change(before, after)) <= len(f"\x1b[{anew}m")
    assert change(after, after) == ""


@given(PENS, PENS)
def test_blanks_of_the_nearest_pen_look_the_same(mine: Pen, other: Pen) -> None:
    near = mine.blank_like(other)
    assert near.on_blanks == other.on_blanks
    assert mine.blank_like(mine) == mine


def test_bold_is_taken_off_alone() -> None:
    bold = Pen(frozenset("1"), "38;2;1;2;3", "48;2;4;5;6")
    assert change(bold, bold._replace(attributes=frozenset())) == "\x1b[22m"
    dim = bold._replace(attributes=frozenset("2"))
    assert change(bold._replace(attributes=frozenset("12")), dim) == "\x1b[22;2m"
    assert change(bold, PLAIN) == "\x1b[0m"


@pytest.mark.parametrize(
    ("colours", "made"),
    [
        (ColorSystem.TRUECOLOR, Pen(frozenset("1"), "38;2;255;0;0", "48;2;0;0;0")),
        (ColorSystem.EIGHT_BIT, Pen(frozenset("1"), "38;5;196", "48;5;16")),
        (ColorSystem.STANDARD, Pen(frozenset("1"), "31", "40")),
        (None, Pen(frozenset("1"))),
    ],
)
def test_a_style_is_drawn_in_the_colours_there_are(colours: ColorSystem | None, made: Pen) -> None:
    assert pen(Style(bold=True, color="#ff0000", bgcolor="#000000"), colours) == made


def test_the_terminals_own_colours_are_none() -> None:
    assert pen(Style(color="default", bgcolor="default"), ColorSystem.TRUECOLOR) == PLAIN
    assert pen(None, ColorSystem.TRUECOLOR) == PLAIN
