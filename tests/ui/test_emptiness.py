"""Lists without rows say why, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from console.domain.standing import Health
from console.domain.views import Selection, View
from console.ui.emptiness import first_start, words
from console.ui.finding import Finding
from console.ui.listing import Page
from console.ui.paint import measure
from tests.ui import scene

if TYPE_CHECKING:
    from console.domain.standing import Standing


PLAIN = "http://{}/webhook".format
SECRET = "https://{}/webhook/••••".format


def told(page: Page, finding: Finding | None = None, standing: Standing | None = scene.STANDING) -> str:
    lines = words(page, finding or Finding(), standing, PLAIN)
    return "\n".join("".join(part.text for part in line) for line in lines)


def test_a_list_with_rows_says_nothing() -> None:
    assert told(Page(selection=Selection(), total=1, everything=1)) == ""


def test_a_first_start_shows_the_callback_address_a_test_event_and_the_demo() -> None:
    fresh = structs.replace(scene.STANDING, webhooks=0)
    text = told(Page(selection=Selection()), standing=fresh)
    assert "http://127.0.0.1:8085/webhook" in text
    assert "no webhook yet" in text
    assert "curl -H 'Content-Type: application/json'" in text
    assert "media-console demo" in text
    assert all(measure(line) <= 80 for line in first_start(fresh, PLAIN))
    longest = structs.replace(fresh, listener="127.0.0.1:65535")
    assert all(measure(line) <= 80 for line in first_start(longest, SECRET))
    assert "https://127.0.0.1:8085/webhook/••••" in str(first_start(fresh, SECRET))
    assert "https://127.0.0.1:8085/webhook/$SECRET" in str(first_start(fresh, SECRET))
    assert "Put the webhook secret for $SECRET." in str(first_start(fresh, SECRET))
    assert "MEDIA_CONSOLE_API_URL" not in text
    without = structs.replace(fresh, health=Health.NOT_CONFIGURED)
    assert "MEDIA_CONSOLE_API_URL" in str(first_start(without, PLAIN))
    assert all(measure(line) <= 80 for line in first_start(without, SECRET))


DEAF = structs.replace(scene.STANDING, listener=None)


@pytest.mark.parametrize("change", [{"listener_error": "held by pid 4121"}, {"stopped": True}])
def test_without_a_listener_it_says_that_nothing_can_arrive(change: dict[str, object]) -> None:
    standing = structs.replace(DEAF, **change)
    assert "No listener is running" in told(Page(selection=Selection()), standing=standing)


@pytest.mark.parametrize("standing", [None, DEAF])
def test_a_listener_that_starts_is_not_called_missing(standing: Standing | None) -> None:
    text = told(Page(selection=Selection()), standing=standing)
    assert "is starting" in text
    assert "No listener" not in text


def test_a_filter_without_a_match_says_how_to_leave_it() -> None:
    finding = Finding()
    finding.edit()
    assert finding.editor is not None
    finding.editor.put("type:image")
    finding.keep()
    text = told(Page(selection=finding.selection, everything=5), finding)
    assert 'No match for "type:image".' in text
    assert "Esc clears, \\ hides the filter." in text


@pytest.mark.parametrize("view", [view for view in View if view is not View.ALL])
def test_a_good_empty_view_says_that_it_is_good(view: View) -> None:
    assert told(Page(selection=Selection(view=view), everything=5)).strip().endswith(".")
    if view is View.FAILED:
        assert "Nothing failed." in told(Page(selection=Selection(view=view), everything=5))
