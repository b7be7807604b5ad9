"""The listed characters are those that the interpreter's data does not tell."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len

from console.domain.widths import HANGUL_VOWELS_AND_FINALS, INVISIBLE, WIDE_SINCE_UNICODE_16, WIDENED


def test_ranges_hold_both_of_their_ends() -> None:
    assert {"\u1161", "\u11ff", "\ud7b0", "\ud7fb"} <= HANGUL_VOWELS_AND_FINALS
    assert len(WIDE_SINCE_UNICODE_16) == 8 + 6 + 64 + 87 + 23


def test_what_is_listed_needs_to_be() -> None:
    assert all(unicodedata.category(char) in ("Lo", "Mn", "Cf") for char in INVISIBLE)
    assert all(unicodedata.category(char) == "Lo" for char in HANGUL_VOWELS_AND_FINALS if char < "\ud7b0")
    assert all(cell_len(char) == 2 for char in WIDE_SINCE_UNICODE_16)
    assert all(cell_len(char) == 1 and cell_len(f"{char}\ufe0f") == 2 for char in WIDENED)
