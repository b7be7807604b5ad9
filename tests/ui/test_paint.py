"""Pieces and lines: always clean, always within their width, never markup."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from console.domain import display
from console.ui.paint import cut, justify, line, measure, piece, strip, wrap
from console.ui.theme import Ink, inks

HOSTILE = "\x1b]0;title\x07[@click=app.quit]x[/]\x9b31m\u202e[/]"


def test_a_piece_is_clean_whoever_wrote_it() -> None:
    text = piece(HOSTILE).text
    assert not set(text) & set("\x1b\x07\x9b\u202e")
    assert "[@click=app.quit]" in text


def test_a_line_takes_words_and_pieces() -> None:
    assert [part.ink for part in line("a", piece("b", Ink.BAD))] == [Ink.PLAIN, Ink.BAD]


def test_a_cut_line_ends_in_the_mark() -> None:
    assert "".join(part.text for part in cut(line("abc", "defgh"), 6)) == "abcde…"
    assert "".join(part.text for part in cut(line("abc", "defgh"), 6, ascii=True)) == "abcde~"
    assert cut(line("abc"), 3) == line("abc")


@given(st.text(max_size=40), st.text(max_size=20), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_justified_lines_fill_their_width(left: str, right: str, width: int) -> None:
    assert measure(justify(line(left), line(right), width)) == width or not left


@given(st.text(max_size=200), st.integers(2, 40))
@settings(max_examples=60, deadline=None)
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(display.width(part) <= width for part in lines)
    kept = "".join(lines).replace(" ", "")
    assert kept == display.block(text, limit=8192).replace("\n", "").replace(" ", "")


def test_words_are_kept_whole_where_they_fit() -> None:
    assert wrap("ask the sender to send it", 10) == ["ask the", "sender to", "send it"]
    assert wrap("a\n  b  c", 10) == ["a", "  b  c"]
    assert wrap("abcdefgh", 3) == ["abc", "def", "gh"]


def test_a_piece_is_as_wide_as_the_terminal_that_draws_it_widest() -> None:
    assert piece("கவிதா").text == "கவிதா  "
    assert piece(piece("கவிதா").text).text == "கவிதா  "
    assert measure(line("கவிதா", "x")) == 6
    assert wrap("கவிதா கவிதா", 10) == ["கவிதா  ", "கவிதா  "]


def test_an_ascii_terminal_gets_ascii_marks_whoever_made_them() -> None:
    made = (*cut(line(HOSTILE), 20), piece("a\nb…"))
    shown = strip(made, 40, inks("dark"), Style(), ascii=True).text
    assert shown.isascii()
    assert "?]0;title?[@click=a~" in shown
    assert "a|b~" in shown


def test_a_strip_has_the_width_and_no_markup() -> None:
    drawn = strip(line(HOSTILE), 30, inks("dark"), Style(), over=Ink.CURSOR)
    assert drawn.cell_length == 30
    assert all(segment.style is None or not segment.style.meta for segment in drawn)
    assert "[@click" in drawn.text
