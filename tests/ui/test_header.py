"""The header: what it says, and what gives way where room is short."""

from __future__ import annotations

import pytest
from msgspec import structs

from console.domain.media import Millis
from console.domain.standing import Health, Standing, Trouble
from console.ui.glyphs import UNICODE
from console.ui.header import Liveness, header
from console.ui.paint import Line, measure
from tests.ui import scene


def text(line: Line) -> str:
    return "".join(part.text for part in line)


def told_at(width: int, standing: Standing | None = scene.STANDING, viewer_of: str | None = None) -> str:
    live = Liveness(account="prod", standing=standing, viewer_of=viewer_of)
    line = header(live, UNICODE, scene.NOW, width)
    assert measure(line) <= width
    return text(line)


def test_the_header_says_who_is_watched_and_proves_that_events_arrive() -> None:
    told = told_at(140)
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


DOWN = structs.replace(scene.STANDING, health=Health.UNREACHABLE, listener="127.0.0.1:18085")
DEAF = structs.replace(scene.STANDING, health=Health.UNREGISTERED, listener=None)
VIEWED = structs.replace(scene.STANDING, last_event_at=Millis(scene.NOW - 3 * scene.HOUR))


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize(
    ("standing", "viewer_of", "words"),
    [
        (scene.STANDING, None, ("● connected", "● ", ":8085", "<1m ago")),
        (DOWN, None, ("✗ unreachable", "● ", ":18085", "<1m ago")),
        (DEAF, None, ("✗ unregistered", "✗ ", "<1m ago")),
        (VIEWED, "pid 64561", ("● connected", "viewing (pid 64561)", "! ", "3h ago")),
    ],
)
def test_what_matters_stays_in_a_narrow_header(
    width: int, standing: Standing, viewer_of: str | None, words: tuple[str, ...]
) -> None:
    told = told_at(width, standing, viewer_of)
    assert all(word in told for word in words)
    assert "wa.example:9090" in told or width == 60
    assert " wa.exam" in told, "of a client at least so much that it is known again"
    assert (told.count("✗"), told.count("●")) == (
        (standing.health is not Health.CONNECTED) + (standing.listener is None),
        (standing.health is Health.CONNECTED) + (standing.listener is not None and viewer_of is None),
    )


def test_words_give_way_before_the_client_does() -> None:
    told = [told_at(width, DOWN).split("  ") for width in range(140, 59, -1)]
    assert any("last event <1m ago" in parts for parts in told)
    assert any("<1m ago" in parts for parts in told)
    assert all("wa.example:9090" in " ".join(parts) for parts in told)


def test_a_header_with_no_room_for_its_client_cuts_it() -> None:
    long = structs.replace(DOWN, api_url="https://a-client-with-a-very-long-name.example.org:9090")
    told = told_at(60, long)
    assert told.startswith(" a-client-")
    assert "…" in told
    assert all(word in told for word in ("✗ unreachable", "● :18085", "<1m ago"))


def test_trouble_is_said_in_words() -> None:
    down = structs.replace(scene.STANDING, health=Health.UNREACHABLE, listener=None)
    assert "✗ unreachable" in told_at(140, down)
    assert "✗ not listening" in told_at(140, down)
    quiet = structs.replace(scene.STANDING, last_event_at=Millis(scene.NOW - 3 * scene.HOUR))
    assert "! last event 3h ago" in told_at(140, quiet)
    full = Trouble(id="cache", text="The disk is full.", remedy="", since=scene.NOW)
    unstored = structs.replace(scene.STANDING, troubles=(full,))
    assert "✗ :8085 cannot store" in told_at(140, unstored)
    assert "✗ :8085" in told_at(60, unstored)
    assert "listening" not in told_at(140, unstored)
    never = structs.replace(scene.STANDING, last_event_at=None)
    assert "no event yet" in told_at(140, never)
    assert "viewing (pid 7)" in told_at(140, scene.STANDING, "pid 7")
    assert "viewing (pid 7)" in told_at(80, None, "pid 7")
    assert "no service" in told_at(140, structs.replace(scene.STANDING, stopped=True))
    assert "starting" in told_at(80, None)
    assert "no API set" in told_at(140, structs.replace(scene.STANDING, health=Health.NOT_CONFIGURED))


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
    live = Liveness(account="", standing=standing, viewer_of=None)
    assert words in text(header(live, UNICODE, Millis(scene.NOW), 100))
