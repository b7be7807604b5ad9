"""The detail: every field, the error explained, the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from console.domain.media import Millis
from console.ui.describe import detail, summary
from console.ui.paint import measure
from tests.ui import scene
from tests.ui.samples import announced, look, media, of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.domain.facts import Fact
    from console.domain.media import Media


def read(made: Media, history: Sequence[Fact] = (), width: int = 54, *, absolute: bool = False) -> str:
    lines = detail(made, history, look(width, absolute=absolute))
    assert all(measure(line) <= width for line in lines)
    return "\n".join("".join(part.text for part in line).rstrip() for line in lines)


def test_a_1006_is_explained_with_its_remedy_and_the_apis_own_words() -> None:
    text = read(of("path"), scene.steps(5, "path"))
    for part in (
        "1006 URL path not found",
        "Check API_URL",
        "URL path not found.",
        "in the HTTP answer",
        "HISTORY",
    ):
        assert part in text
    assert "File with id" in read(of("file")).replace("\n", "")


def test_a_400_keeps_the_wires_title_and_details() -> None:
    text = read(of("gone"))
    assert "400 Media download error" in text
    assert "Parameter not valid (in the webhook)" in text
    assert "Media not found in the datastore." in text


def test_every_field_is_there() -> None:
    text = read(of("stored"))
    for part in (
        "contract final.pdf",
        "Sheena Nelson",
        "+15550100177",
        "application/pdf",
        "wamid-0014",
        "sha256",
    ):
        assert part in text
    assert "kept: the client holds the file" in text


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (scene.HOUR, "13d 23h left"),
        (13 * scene.DAY + 21 * scene.HOUR, "!! 3h 00m left"),
        (15 * scene.DAY, "past 14d: lapsed"),
    ],
)
def test_the_clock_says_the_deadline_and_its_rule(age: int, told: str) -> None:
    text = read(media(announced(age=age, undownloaded=True)))
    assert told in text
    assert "= sent + 14d" in text
    assert "it may still work" in text


def test_a_message_of_the_future_counts_from_its_receipt() -> None:
    early = announced(age=scene.HOUR, undownloaded=True)
    late = structs.replace(early, sent_at=Millis(early.at + 2 * scene.HOUR))
    text = " ".join(read(media(late)).split())
    assert "= receipt (the message time is later) + 14d" in text
    assert "later than its receipt: a clock is wrong" in text


def test_a_media_without_an_id_says_whom_to_ask() -> None:
    assert "ask the sender to send it again" in " ".join(read(of("noid")).split())


def test_a_wait_says_when_it_ends() -> None:
    text = read(of("deferred"))
    assert "call 1" in text
    assert "next not before" in text
    assert "2026-11-22 14:03:10Z" in text


def test_the_history_has_absolute_times_on_demand() -> None:
    history = scene.steps(4, "gone")
    assert "3h ago" in read(of("gone"), history)
    assert "11-22 11:02:30Z" in read(of("gone"), history, absolute=True)


def test_hostile_text_is_shown_and_does_nothing() -> None:
    text = read(media(announced(caption="\x1b[2J[/]\u202e", filename="[bold]x[/]", sender_name="\x9b31m")))
    assert "[bold]x[/]" in text
    assert not set(text) & set("\x1b\x9b\u202e")


def test_the_summary_is_two_lines_with_the_remedy() -> None:
    first, second = summary(of("gone"), look(80))
    assert measure(first) <= 80
    assert measure(second) <= 80
    assert "Before the deadline" in "".join(part.text for part in second)
    assert "waiting for the callback" in "".join(part.text for part in summary(of("requested"), look(80))[1])
