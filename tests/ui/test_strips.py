"""The fixed lines: what fits, what gives way, what is said."""

from __future__ import annotations

import pytest
from msgspec import structs

from console.domain.filters import FilterError, parse
from console.domain.standing import Level
from console.domain.views import Selection, Sort, View
from console.ui import strips
from console.ui.commands import FOOTERS, key_map
from console.ui.editor import Editor
from console.ui.glyphs import ASCII, UNICODE
from console.ui.paint import Line, measure, piece
from console.ui.theme import Ink
from console.ui.troubles import Event
from tests.ui import scene

COUNTS = dict(zip(View, (1204, 37, 3, 2, 6, 1156), strict=True))


def text(line: Line) -> str:
    return "".join(part.text for part in line)


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("view", View)
def test_all_views_fit_and_the_open_one_is_in_brackets(width: int, view: View) -> None:
    line = strips.tabs(view, COUNTS, width)
    told = text(line)
    assert measure(line) <= width
    for number, each in enumerate(View, 1):
        assert f"{number} " in told
        assert str(COUNTS[each]) in told
    assert f"{list(View).index(view) + 1} " in told[told.index("[") : told.index("]")]


def test_a_count_that_is_told_about_says_so() -> None:
    told = text(strips.tabs(View.ALL, COUNTS, 140, about={View.ALL, View.FAILED}))
    assert "All ~1204]" in told
    assert "Failed ~2 " in told
    assert told.count("~") == 2


def test_a_wide_terminal_gets_whole_labels() -> None:
    told = text(strips.tabs(View.ALL, COUNTS, 140))
    assert all(view.label in told for view in View)


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0"), (1204, "1204"), (12_345, "12k"), (1_200_000, "1.2M"), (999_999, "1.0M")]
)
def test_counts_stay_short(count: int, told: str) -> None:
    assert strips.count_text(count) == told


def filtering(**told: object) -> strips.Filtering:
    return structs.replace(strips.Filtering(selection=Selection(), shown="37", everything=1204), **told)


def test_the_filter_line_says_how_much_is_left_and_in_which_order() -> None:
    (line,) = strips.filter_line(filtering(text="type:image", marks="2 marked"), UNICODE, 80)
    told = text(line)
    assert told.startswith(" / type:image")
    assert told.endswith("37 of 1204   sort due ↑   2 marked ")
    reverse = filtering(selection=Selection(sort=Sort.FROM, reverse=True))
    assert "sort from v" in text(strips.filter_line(reverse, ASCII, 80)[0])
    assert "/ filter" in text(strips.filter_line(filtering(), UNICODE, 80)[0])
    assert "(off, \\ turns it on)" in text(strips.filter_line(filtering(text="x", on=False), UNICODE, 80)[0])


def test_the_count_beside_a_wrong_filter_is_dim() -> None:
    with pytest.raises(FilterError) as caught:
        parse("state:")
    for error, ink in ((None, Ink.PLAIN), (caught.value, Ink.DIM)):
        first = strips.filter_line(filtering(editor=Editor("state:"), error=error), UNICODE, 80)[0]
        assert [part.ink for part in first if part.text == "37 of 1204"] == [ink]


def test_a_wrong_filter_shows_the_place_and_what_would_be_right() -> None:
    wrong = "type:image stat:failed"
    with pytest.raises(FilterError) as caught:
        parse(wrong)
    lines = strips.filter_line(filtering(editor=Editor(wrong), error=caught.value), UNICODE, 80)
    first, carets, *words = [text(line) for line in lines]
    place = carets.index("^")
    assert first[place:].startswith("stat:")
    assert "state:" in " ".join(words)
    assert all(measure(line) <= 80 for line in lines)
    wide = strips.filter_line(filtering(editor=Editor(wrong), error=caught.value), UNICODE, 200)
    assert len(wide) == 2


def test_a_condition_that_lasts_is_a_line_with_its_remedy() -> None:
    told = [(scene.TROUBLE.text, scene.TROUBLE.remedy)]
    (line,) = strips.troubles(told, 140, UNICODE)
    assert "does not answer" in text(line)
    assert "requests stay queued" in text(line)
    narrow = strips.troubles(told, 60, UNICODE)
    assert all(measure(each) <= 60 for each in narrow)
    assert "requests stay queued" in " ".join(" ".join(text(each) for each in narrow).split())
    assert [text(each)[:3] for each in narrow] == [" ✗ ", *["   "] * (len(narrow) - 1)]
    assert len(narrow) > 2
    assert not strips.troubles([], 140, UNICODE)


def test_the_message_is_what_was_just_done_else_the_newest_error() -> None:
    event = Event(at=scene.NOW, level=Level.ERROR, source="media", text="1006 not found", count=3)
    (line,) = strips.message(None, event, "1 error", UNICODE, 80)
    assert text(line).startswith(" ✗ 1006 not found (3 times)")
    assert text(line).endswith("e 1 error ")
    good = structs.replace(event, level=Level.INFO, text="The API answers again, after 40s.")
    (line,) = strips.message(None, good, "1 error", UNICODE, 80)
    assert text(line).startswith(" The API answers again, after 40s.  ")
    (said,) = strips.message(piece("Asked for it."), event, "1 error", UNICODE, 80)
    assert text(said).startswith(" Asked for it.")
    long = strips.message(piece("word " * 40), event, "1 error", UNICODE, 80)
    assert len(long) > 1
    assert text(strips.message(None, None, "", UNICODE, 80)[0]).strip() == ""


@pytest.mark.parametrize("width", [60, 80, 120, 140, 200])
@pytest.mark.parametrize("pane", FOOTERS)
def test_the_footer_keeps_help_first_and_quit_last_and_cuts_nothing(width: int, pane: str) -> None:
    line = strips.footer(key_map({}), FOOTERS[pane], frozenset({"retry"}), width)
    told = text(line)
    assert measure(line) == width
    assert told.startswith(" ? help  ")
    assert told.endswith("q quit ")
    assert "…" not in told
    if width >= 80:
        assert "d download" in told
        assert next(part for part in line if part.do == "retry").ink is Ink.DIM


def test_a_changed_key_stands_in_the_footer() -> None:
    line = strips.footer(key_map({"download": "x"}), FOOTERS["list"], frozenset(), 80)
    assert "x download" in text(line)


def test_while_the_filter_is_typed_its_keys_are_told() -> None:
    assert "enter keep" in text(strips.typing_footer(60))
    assert "due:<2d" in text(strips.typing_footer(140))
