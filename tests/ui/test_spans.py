"""Spans of two lines: enough to make one of the other, whole texts, and nothing that is the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.ui.pens import PLAIN, Pen
from console.ui.spans import Cell, differing

WIDTH = 24
RED = Pen(ink="31")
TEXTS = st.sampled_from(["a", "b", " ", "é", "Möller", "日本", "கவிதா"])
WORDS = st.lists(st.tuples(TEXTS, st.sampled_from([PLAIN, RED])), max_size=WIDTH)


def line(words: list[tuple[str, Pen]]) -> list[Cell | None]:
    """As many cells as a line has; what does not fit is left out."""
    cells: list[Cell | None] = []
    for text, pen in words:
        width = len(text) if text != "日本" else 4
        if len(cells) + width <= WIDTH:
            cells += [Cell(text, pen, offset, width) for offset in range(width)]
    return cells + [Cell(" ")] * (WIDTH - len(cells))


@given(WORDS, WORDS)
def test_the_spans_make_one_line_of_the_other(old: list[tuple[str, Pen]], new: list[tuple[str, Pen]]) -> None:
    before, after = line(old), line(new)
    made = list(before)
    for start, end in differing(before, after):
        made[start:end] = after[start:end]
    assert made == after


@given(WORDS, WORDS)
def test_no_text_is_cut_and_no_span_touches_another(
    old: list[tuple[str, Pen]], new: list[tuple[str, Pen]]
) -> None:
    after, last = line(new), -1
    for start, end in differing(line(old), after):
        assert last < start < end <= WIDTH
        first, final = after[start], after[end - 1]
        assert first is not None
        assert final is not None
        assert first.offset == 0
        assert final.offset == final.width - 1
        last = end - 1


@given(WORDS)
def test_equal_lines_have_none_and_of_what_is_unknown_all_is_written(words: list[tuple[str, Pen]]) -> None:
    assert list(differing(line(words), line(words))) == []
    assert list(differing([None] * WIDTH, line(words))) == [(0, WIDTH)]
    assert list(differing(line(words), [None] * WIDTH)) == []


def test_a_cell_behind_it_for_each_character_that_may_be_drawn_wider_is_written_again() -> None:
    before, after = line([("René", PLAIN)]), line([("René", RED)])
    assert list(differing(before, after)) == [(0, 5)]
    assert list(differing(line([("a", PLAIN)]), line([("b", PLAIN)]))) == [(0, 1)]
