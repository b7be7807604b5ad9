"""The fixed lines: what fits, what gives way, what is said."""

from __future__ import annotations

import pytest
from msgspec import structs

from console.domain.filters import FilterError, parse
from console.domain.media import Millis
from console.domain.standing import Health, Level, Standing
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


def header(width: int, standing: Standing | None = scene.STANDING, viewer_of: str | None = None) -> str:
    live = strips.Liveness(account="prod", standing=standing, viewer_of=viewer_of)
    line = strips.header(live, UNICODE, scene.NOW, width)
    assert measure(line) <= width
    return text(line)


def test_the_header_says_who_is_watched_and_proves_that_events_arrive() -> None:
    told = header(140)
    for part in (
        "Media Console",
        "prod",
        "wa.example:9090",
        "● connected",
        "listening :8085",
        "last event <1m ago",
    ):
        assert part in told
    assert told.endswith("14:02Z ")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_what_matters_stays_in_a_narrow_header(width: int) -> None:
    told = header(width)
    assert "connected" in told
    assert "last event" in told


def test_trouble_is_said_in_words() -> None:
    down = structs.replace(scene.STANDING, health=Health.UNREACHABLE, listener=None)
    assert "✗ unreachable" in header(140, down)
    assert "✗ not listening" in header(140, down)
    quiet = structs.replace(scene.STANDING, last_event_at=Millis(scene.NOW - 3 * scene.HOUR))
    assert "! last event 3h ago" in header(140, quiet)
    never = structs.replace(scene.STANDING, last_event_at=None)
    assert "no event yet" in header(140, never)
    assert "viewing (pid 7)" in header(140, scene.STANDING, "pid 7")
    assert "viewing (pid 7)" in header(80, None, "pid 7")
    assert "no service" in header(140, structs.replace(scene.STANDING, stopped=True))
    assert "starting" in header(80, None)
    assert "no API set" in header(140, structs.replace(scene.STANDING, health=Health.NOT_CONFIGURED))


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


def test_a_wide_terminal_gets_whole_labels() -> None:
    told = text(strips.tabs(View.ALL, COUNTS, 140))
    assert all(view.label in told for view in View)


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0"), (1204, "1204"), (12_345, "12k"), (1_200_000, "1.2M"), (999_999, "1.0M")]
)
def test_counts_stay_short(count: int, told: str) -> None:
    assert strips.count_text(count) == told


def filtering(**told: object) -> strips.Filtering:
    return structs.replace(strips.Filtering(selection=Selection(), shown=37, everything=1204), **told)


def test_the_filter_line_says_how_much_is_left_and_in_which_order() -> None:
    (line,) = strips.filter_line(filtering(text="type:image", marks="2 marked"), UNICODE, 80)
    told = text(line)
    assert told.startswith(" / type:image")
    assert told.endswith("37 of 1204   sort due ↑   2 marked ")
    reverse = filtering(selection=Selection(sort=Sort.FROM, reverse=True))
    assert "sort from v" in text(strips.filter_line(reverse, ASCII, 80)[0])
    assert "/ filter" in text(strips.filter_line(filtering(), UNICODE, 80)[0])
    assert "(off, \\ turns it on)" in text(strips.filter_line(filtering(text="x", on=False), UNICODE, 80)[0])


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


@pytest.mark.parametrize(
    ("health", "asked", "words"),
    [
        (Health.UNKNOWN, None, "… not asked yet"),
        (Health.UNKNOWN, scene.NOW, "? client unknown"),
        (Health.NOT_CONFIGURED, None, "✗ no API set"),
        (Health.UNREACHABLE, scene.NOW, "✗ unreachable"),
    ],
)
def test_a_client_not_asked_yet_is_told_from_one_in_trouble(
    health: Health, asked: Millis | None, words: str
) -> None:
    standing = structs.replace(scene.STANDING, health=health, health_at=asked)
    live = strips.Liveness(account="", standing=standing, viewer_of=None)
    assert words in text(strips.header(live, UNICODE, Millis(scene.NOW), 100))
