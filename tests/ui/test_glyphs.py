"""Signs: one cell each, ASCII where the terminal needs it."""

from __future__ import annotations

import pytest

from console.domain import display
from console.domain.media import State
from console.ui.glyphs import ASCII, UNICODE, Glyphs, choose


@pytest.mark.parametrize("glyphs", [ASCII, UNICODE])
def test_every_state_has_a_sign_of_its_own_and_every_sign_is_one_cell(glyphs: Glyphs) -> None:
    assert set(glyphs.states) == set(State)
    assert len(set(glyphs.states.values())) == len(State)
    others = [glyphs.cursor, glyphs.mark, glyphs.rule, glyphs.divider, glyphs.up, glyphs.down, glyphs.on]
    assert {display.width(sign) for sign in (*glyphs.states.values(), *others)} == {1}
    assert glyphs.bad == glyphs.states[State.FAILED]


def test_ascii_signs_are_ascii() -> None:
    assert "".join(ASCII.states.values()).isascii()


@pytest.mark.parametrize(
    ("wish", "term", "encoding", "expected"),
    [
        (None, "xterm", "utf-8", UNICODE),
        (None, "xterm", "UTF8", UNICODE),
        (None, "linux", "utf-8", ASCII),
        (None, "xterm", "latin-1", ASCII),
        (None, "xterm", None, ASCII),
        (True, "xterm", "utf-8", ASCII),
        (False, "linux", "latin-1", UNICODE),
    ],
)
def test_the_terminal_decides_unless_told(
    wish: bool | None, term: str, encoding: str | None, expected: Glyphs
) -> None:
    assert choose(wish, {"TERM": term}, encoding) is expected
