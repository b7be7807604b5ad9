"""One line of the list: what stands in it and that it keeps its columns."""

from __future__ import annotations

import pytest

from console.domain.facts import StoreRefused
from console.domain.media import MediaType, Origin, StoreError
from console.domain.naming import number
from console.ui.glyphs import ASCII
from console.ui.paint import measure
from console.ui.rows import columns, heading, row, sender, size_text, state_words, title
from console.ui.theme import Ink
from tests.ui import scene
from tests.ui.samples import announced, look, media, of

HOSTILE = (
    "\x1b[2J\x1b]0;x\x07",
    "a\nb\rc",
    "\u202egnp.exe",
    "日本語の名前が長い",
    "e\u0301" * 30,
    "\U0001f469\u200d\U0001f467 family",
    "\udc00",
)


@pytest.mark.parametrize("width", [60, 79, 84, 120, 200])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_row_has_its_width_and_its_due_column_whatever_a_stranger_wrote(width: int, text: str) -> None:
    made = media(announced(sender=text, sender_name=text, filename=text, caption=text, undownloaded=True))
    plain = media(announced(filename="plain.pdf", undownloaded=True))
    drawn = row(made, look(width), cursor=True, marked=True)
    assert measure(drawn) == measure(row(plain, look(width))) == measure(heading(look(width)))
    assert measure(drawn) < width
    assert drawn[-1].text == row(plain, look(width))[-1].text
    assert not set("".join(part.text for part in drawn)) & set("\x1b\x07\n\r\u202e\udc00")


def test_the_columns_give_way_from_the_least_needed() -> None:
    assert columns(40, sizes=True).type == 0
    narrow, wide = columns(60, sizes=True), columns(120, sizes=True)
    assert narrow.size == 0
    assert wide.size > 0
    assert wide.name > narrow.name
    assert columns(120, sizes=False).size == 0


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ("missing", "needs dl"),
        ("queued", "queued"),
        ("deferred", "queued 429 slow"),
        ("requested", "requested <1m"),
        ("stored", "downloaded"),
        ("gone", "failed 400 gone"),
        ("path", "failed 1006 path"),
        ("file", "failed 1006 file"),
        ("unconfirmed", "unconfirmed"),
        ("received", "received"),
    ],
)
def test_a_state_reads_in_two_or_three_words(story: str, words: str) -> None:
    assert state_words(of(story), scene.NOW) == words


def test_an_announced_failure_says_its_code() -> None:
    made = media(announced(undownloaded=True, error=scene.GONE))
    assert state_words(made, scene.NOW) == "needs dl 400"


def test_a_long_error_word_is_cut_once() -> None:
    error = StoreError(code="[@click=app.quit]x[/]", title="x", origin=Origin.RESPONSE)
    refused = StoreRefused(key=media().key, at=scene.NOW, attempt=1, error=error)
    drawn = row(media(announced(undownloaded=True), refused), look())
    assert drawn[2].text == "failed [@click=\u2026 "


def test_due_times_have_marks_that_need_no_colour() -> None:
    def due(story: str) -> str:
        return "".join(part.text for part in row(of(story), look())[-2:])

    assert due("requested") == "!!   3h 00m"
    assert due("gone") == " !   1d 21h"
    assert due("stored") == "       kept"
    lapsed = media(announced(age=15 * scene.DAY, undownloaded=True))
    assert "past 14d" in "".join(part.text for part in row(lapsed, look()))
    absolute = "".join(part.text for part in row(of("gone"), look(absolute=True)))
    assert absolute.endswith("11-24 11:02")


def test_cursor_and_mark_are_signs() -> None:
    assert row(of("gone"), look(), cursor=True)[0].text == ">  "
    assert row(of("gone"), look(), marked=True)[0].text == " * "
    assert row(of("gone"), look(glyphs=ASCII))[1].text == "x "


def test_who_sent_it_is_the_name_or_the_number() -> None:
    assert sender(media(announced(sender_name="Kerry Fisher"))) == "Kerry Fisher"
    assert sender(media()) == "+15550100111"
    assert sender(media(announced(sender=None))) == "(unknown)"
    assert number("user.name") == "user.name"


def test_what_it_is_called() -> None:
    assert title(media(announced(filename="a.pdf", caption="b"))) == ("a.pdf", Ink.PLAIN)
    assert title(media(announced(caption="b"))) == ('"b"', Ink.PLAIN)
    assert title(media()) == ("(no name)", Ink.DIM)
    assert title(of("noid"))[0] == "(no id)"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "?"),
        (0, "0 B"),
        (999, "999 B"),
        (1_200_000, "1.2 MB"),
        (303_000, "303 kB"),
        (5 * 10**12, "5000 GB"),
    ],
)
def test_sizes_are_short(size: int | None, text: str) -> None:
    assert size_text(size) == text


def test_a_known_size_stands_in_its_column() -> None:
    made = media(announced(kind=MediaType.DOCUMENT, size=1_200_000))
    assert "1.2 MB" in "".join(part.text for part in row(made, look(120, sizes=True)))
