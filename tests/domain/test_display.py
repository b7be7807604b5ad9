"""The gate for strangers' text: nothing unsafe comes out, nothing readable is lost, columns hold."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.domain.display import (
    MOST_COMBINING,
    MOST_JOINED,
    Shown,
    ascii_marks,
    block,
    cell,
    first_cluster,
    head,
    line,
    widest,
    width,
    with_room,
)

ZWJ = "\u200d"
VS16 = "\ufe0f"
ACUTE = "\u0301"
FAMILY = ZWJ.join("\U0001f468\U0001f469\U0001f467\U0001f466")
RAINBOW_FLAG = f"\U0001f3f3{VS16}{ZWJ}\U0001f308"
HEART_ON_FIRE = f"\u2764{VS16}{ZWJ}\U0001f525"
WAVE = "\U0001f44b\U0001f3fd"
HEALTH_WORKER = f"\U0001f469\U0001f3fd{ZWJ}\u2695{VS16}"
KEYCAP = f"1{VS16}\u20e3"
FLAG = "\U0001f1e9\U0001f1ea"

HOSTILE = (
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u2028\u2029\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069",
    *"\ufeff\u00ad\u180e\u034f\u115f\u1160\u2800\u3164\uffa0\ufff9\ufffb\ufe00\ufe0e\U000e0001\U000e0041\U000e007f\U000e0100",
    *"\ud800\udfff\ue000\uf8ff\U000f0000\U0010fffd\ufdd0\uffff\U0001ffff\U0010ffff",
)


def pieces() -> st.SearchStrategy[str]:
    """Characters of all kinds, with those that matter here common enough to meet."""
    return st.one_of(
        st.characters(),
        st.sampled_from(HOSTILE),
        st.sampled_from((FAMILY, RAINBOW_FLAG, HEART_ON_FIRE, WAVE, HEALTH_WORKER, KEYCAP, FLAG)),
        st.sampled_from(
            (ZWJ, VS16, ACUTE, "\U0001f3fd", "\U0001f468", "\u2764", "\u0e31", "\u1161", "a", "\u6f22")
        ),
    )


def texts() -> st.SearchStrategy[str]:
    return st.lists(pieces(), max_size=30).map("".join)


def is_unsafe(char: str) -> bool:
    """What a terminal must never be sent, said by category and without looking at the neighbours."""
    category = unicodedata.category(char)
    bidi = unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    non_character = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return bidi or non_character or (category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and char != ZWJ)


@pytest.mark.parametrize("char", HOSTILE, ids=lambda char: f"U+{ord(char):04X}")
def test_each_unsafe_character_becomes_something_that_is_seen(char: str) -> None:
    for shown in (line(f"a{char}b"), line(f"a{char}b", ascii=True)):
        assert shown.startswith("a")
        assert shown.endswith("b")
        assert char not in shown
        assert len(shown) == 3
        assert width(shown) == 3


def test_controls_have_their_own_pictures() -> None:
    assert line("\x1b]52;c;aGk=\x07") == "\u241b]52;c;aGk=\u2407"
    assert line("\x00\t\x7f\x9b") == "\u2400\u2409\u2421\ufffd"
    assert line("\x1b[31m", ascii=True) == "?[31m"


def test_console_markup_is_text_like_any_other() -> None:
    assert line("[@click=app.quit]x[/] [TODO]") == "[@click=app.quit]x[/] [TODO]"


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_a_line_break_is_one_mark_on_a_line(breaks: str) -> None:
    assert line(f"a{breaks}b") == "a\u21b5b"
    assert line(f"a{breaks}b", ascii=True) == "a|b"


def test_a_block_keeps_its_lines() -> None:
    assert block("one\r\ntwo\n\nthree") == "one\ntwo\n\nthree"
    assert block("one\rtwo\u2028three\x85four") == "one\u21b5two\u21b5three\u21b5four"


def test_nothing_is_shown_as_nothing() -> None:
    assert line(None) == ""
    assert block(None) == ""
    assert cell(None, 3) == "   "


@pytest.mark.parametrize(
    "text",
    [
        "Kerry Fisher",
        "Žluťoučký kůň",
        "Ελληνικά Русский",
        "مرحبا שלום",
        "हिन्दी தமிழ் ไทย ខ្មែរ",
        "漢字 かな 한글",
        unicodedata.normalize("NFD", "한글 é ü"),
        "ሰላም ᏣᎳᎩ",
        "a\u00a0b\u3000c",
        "½ € ™ ☃ ♞",
    ],
)
def test_letters_of_every_script_stay(text: str) -> None:
    assert line(text) == text


@pytest.mark.parametrize(
    ("sequence", "cells"),
    [
        ("\U0001f600", 2),
        (FAMILY, 2),
        (RAINBOW_FLAG, 2),
        (HEART_ON_FIRE, 2),
        (WAVE, 2),
        (HEALTH_WORKER, 2),
        (KEYCAP, 2),
        (FLAG, 2),
        (f"\u2764{VS16}", 2),
        ("\u2764", 1),
        (f"\U0001f642{ZWJ}\u2194{VS16}", 2),
        (f"\U0001f408{ZWJ}\u2b1b", 2),
        ("\U0001fa77", 2),
    ],
)
def test_emoji_sequences_stay_whole_and_count_as_one(sequence: str, cells: int) -> None:
    assert line(sequence) == sequence
    assert width(sequence) == cells
    most = widest(sequence)
    assert cell(sequence + "xyz", most + 1).rstrip(" ") == sequence + "\u2026"
    assert cell(sequence + "xyz", most) == "\u2026" + " " * (most - 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"a{ZWJ}b", "a\ufffdb"),
        (f"\U0001f468{ZWJ}b", "\U0001f468\ufffdb"),
        (f"\U0001f468{ZWJ}", "\U0001f468\ufffd"),
        (f"{ZWJ}\U0001f468", "\ufffd\U0001f468"),
        (f"\U0001f468{ZWJ}{ZWJ}\U0001f469", "\U0001f468\ufffd\ufffd\U0001f469"),
        (f"a{VS16}", "a\ufffd"),
        (f"\u2764{VS16}{VS16}", f"\u2764{VS16}\ufffd"),
        ("\U0001f3fd", "\ufffd"),
        ("\U0001f44b\U0001f3fd\U0001f3fc", "\U0001f44b\U0001f3fd\ufffd"),
    ],
)
def test_joiners_and_selectors_outside_of_emoji_are_marked(text: str, shown: str) -> None:
    assert line(text) == shown


def test_emoji_are_not_joined_without_end() -> None:
    shown = line(ZWJ.join("\U0001f468" * 50))
    assert shown.count(ZWJ) == 50 - 1 - shown.count("\ufffd")
    assert max(len(part) for part in shown.split("\ufffd")) == 1 + 2 * MOST_JOINED


def test_combining_marks_are_limited_in_a_row() -> None:
    assert line("e" + ACUTE * MOST_COMBINING + "x") == "e" + ACUTE * MOST_COMBINING + "x"
    assert line("e" + ACUTE * 50 + "x") == "e" + ACUTE * MOST_COMBINING + "\ufffdx"
    assert line("e" + ACUTE * 1000) == "e" + ACUTE * MOST_COMBINING + "\ufffd"


def test_a_run_without_end_is_not_read_to_its_end() -> None:
    assert line("e" + ACUTE * 3_000_000 + "x") == "e" + ACUTE * MOST_COMBINING + "\ufffd\u2026"
    assert line("\r\n" * 1_000_000, limit=3) == "\u21b5\u21b5\u2026"


def test_a_combining_mark_cannot_climb_onto_what_stands_before_the_text() -> None:
    assert line(ACUTE + "x") == "\ufffdx"
    assert block(f"x\n{ACUTE}y") == "x\n\ufffdy"


def test_long_text_is_cut_with_a_mark() -> None:
    assert line("abcdef", 6) == "abcdef"
    assert line("abcdef", 5) == "abcd\u2026"
    assert line("abcdef", 5, ascii=True) == "abcd~"
    assert line("äbcdef", 5) == "äbcd\u2026"
    assert line("ab" + FAMILY, 8) == "ab\u2026"
    assert line("x" * 100_000) == "x" * 199 + "\u2026"
    assert len(block("\u202e" * 100_000)) == 4096
    assert line("abc", 1) == line("äbc", 1) == "\u2026"
    assert line("abc", 0) == line("äbc", 0) == ""


@pytest.mark.parametrize(
    ("text", "cells", "left", "right"),
    [
        ("abc", 5, "abc  ", "  abc"),
        ("abc", 3, "abc", "abc"),
        ("abcd", 3, "ab\u2026", "ab\u2026"),
        ("漢字", 4, "漢字", "漢字"),
        ("漢字漢", 4, "漢\u2026 ", " 漢\u2026"),
        ("漢字", 1, "\u2026", "\u2026"),
        ("e" + ACUTE, 2, "e" + ACUTE + " ", " e" + ACUTE),
        ("a\nb", 3, "a\u21b5b", "a\u21b5b"),
        ("", 2, "  ", "  "),
        ("abc", 0, "", ""),
        ("abc", -1, "", ""),
    ],
)
def test_a_cell_fills_its_width(text: str, cells: int, left: str, right: str) -> None:
    assert cell(text, cells) == left
    assert cell(text, cells, "right") == right


def test_a_cell_in_ascii_is_cut_with_an_ascii_mark() -> None:
    assert cell("abcd\u202e", 3, ascii=True) == "ab~"


@given(texts(), st.integers(0, 40), st.booleans())
@example("\x1b[2J\u202e\ud83d", 40, False)
def test_nothing_unsafe_comes_out(text: str, limit: int, ascii: bool) -> None:
    one, many = line(text, limit, ascii=ascii), block(text, limit, ascii=ascii)
    field = cell(text, limit, ascii=ascii)
    assert not [char for char in one + field if is_unsafe(char)]
    assert not [char for char in many if is_unsafe(char) and char != "\n"]
    assert len(one) <= limit
    assert len(many) <= limit
    (one + many + field).encode()


@given(texts())
def test_a_joiner_comes_out_between_emoji_only(text: str) -> None:
    shown = line(text)
    for index, char in enumerate(shown):
        if char == ZWJ:
            before = shown[index - 1]
            assert before == VS16 or unicodedata.category(before) in ("So", "Sm", "Po", "Sk", "Cn", "Ll")
            assert width(shown[index + 1]) >= 1


@given(texts())
def test_no_more_combining_marks_in_a_row_than_allowed(text: str) -> None:
    run = 0
    for char in line(text):
        combining = unicodedata.category(char)[0] == "M" and char != VS16
        run = run + 1 if combining else 0
        assert run <= MOST_COMBINING


@given(texts(), st.integers(1, 60))
def test_passing_twice_changes_nothing(text: str, limit: int) -> None:
    once, many = line(text, limit), block(text, limit)
    assert line(once, limit) == once
    assert block(many, limit) == many
    assert cell(line(text, 10_000), limit) == cell(text, limit)


@given(texts(), st.integers(0, 60), st.sampled_from(("left", "right")))
def test_a_cell_is_exactly_as_wide_as_asked(text: str, cells: int, align: str) -> None:
    field = cell(text, cells, "right" if align == "right" else "left")
    assert width(field) == cells
    assert widest(field.strip(" ")) <= max(cells, 0)
    if widest(line(text, 10_000)) <= cells:
        assert field.strip(" ") == line(text, 10_000).strip(" ")


@pytest.mark.parametrize(
    ("text", "cells", "most"),
    [
        ("Kerry", 5, 5),
        ("Žluťoučký Παππάς", 16, 16),
        ("漢字", 4, 4),
        ("கவிதா", 3, 5),
        ("हिन्दी", 3, 5),
        ("বাংলা", 2, 5),
        ("മലയാളം", 4, 6),
        ("සිංහල", 3, 4),
        ("မြန်မာ", 3, 5),
        ("ភាសាខ្មែរ", 5, 8),
        (FAMILY, 2, 8),
        (WAVE, 2, 4),
        (FLAG, 2, 4),
        (f"\u2764{VS16}", 2, 2),
    ],
)
def test_the_widest_is_what_a_terminal_takes_that_counts_each_character(
    text: str, cells: int, most: int
) -> None:
    assert (width(text), widest(text)) == (cells, most)
    assert width(with_room(line(text))) == most
    assert width(with_room(line(text), most - 1)) == max(cells, most - 1)
    assert cell(text, most) == text + " " * (most - cells)
    assert widest(cell(text, most - 1).rstrip(" ")) < most


def test_a_head_splits_no_cluster() -> None:
    assert head("abc", 2) == "ab"
    assert head("abc", -1) == ""
    assert head("கவிதா", 2) == "க"
    assert head("கவிதா", 3) == "கவி"
    assert head(FAMILY + "x", 7) == ""
    assert first_cluster(FAMILY + "x") == FAMILY
    assert first_cluster("") == ""


def test_marks_of_all_kinds_have_an_ascii_form() -> None:
    shown = Shown("é\u2026\u21b5\ufffd\u241b\u2421")
    assert ascii_marks(shown) == "é~|???"
    assert ascii_marks(line("\x1b[2J\x00\x7f\u202e\n")) == line("\x1b[2J\x00\x7f\u202e\n", ascii=True)


@given(texts())
def test_no_text_is_wider_than_its_widest(text: str) -> None:
    shown = line(text, 10_000)
    assert width(shown) <= widest(shown)
    assert width(with_room(shown)) >= widest(shown.rstrip(" "))
    assert width(ascii_marks(shown)) == width(shown)


def is_known_to_both(char: str) -> bool:
    """Whether this interpreter's Unicode data knows the character as the screen library does."""
    return unicodedata.category(char) != "Cn"


@given(st.lists(pieces().filter(lambda piece: all(map(is_known_to_both, piece))), max_size=30).map("".join))
def test_widths_are_those_of_the_screen_library(text: str) -> None:
    shown = line(text, 10_000)
    assert width(shown) == cell_len(shown)


@pytest.mark.slow
def test_every_character_is_as_wide_as_the_screen_library_says() -> None:
    different = [
        f"U+{code:04X}"
        for code in range(0x110000)
        if is_known_to_both(chr(code)) and width(shown := line(f"x{chr(code)}")) != cell_len(shown)
    ]
    assert different == []


def test_unsafe_characters_are_found_in_all_of_unicode() -> None:
    passed = [
        code for code in range(0x110000) if is_unsafe(chr(code)) and chr(code) in line(f"a{chr(code)}b")
    ]
    assert passed == []
