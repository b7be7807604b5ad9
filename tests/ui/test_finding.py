"""View, filter and order as the operator sets them."""

from __future__ import annotations

import pytest

from console.domain.filters import EVERYTHING, parse
from console.domain.views import View
from console.ui.finding import Finding


def typed(finding: Finding, text: str) -> None:
    finding.edit()
    assert finding.editor is not None
    finding.editor.put(text)
    finding.typed()


def test_the_previous_view_is_remembered() -> None:
    finding = Finding()
    assert not finding.go(View.ALL)
    assert finding.go(View.FAILED)
    assert (finding.view, finding.previous) == (View.FAILED, View.ALL)


def test_a_filter_counts_as_soon_as_it_reads() -> None:
    finding = Finding()
    typed(finding, "type:image")
    assert finding.filter == parse("type:image")
    typed(finding, "type:imaje")
    assert finding.error is not None
    assert finding.filter == parse("type:image")
    assert not finding.keep()
    typed(finding, "type:video")
    assert finding.keep()
    assert finding.editor is None
    assert finding.selection.filter == parse("type:video")


def keyed(finding: Finding, text: str) -> None:
    """Types one character after the other, as a keyboard does."""
    assert finding.editor is not None
    for character in text:
        finding.editor.insert(character)
        finding.typed()


@pytest.mark.parametrize("half", ["state:", "state:fai", "-state:", "due:<", "id:", "-", '"', "stat:"])
@pytest.mark.parametrize("kept", ["", "type:image "])
def test_the_half_of_a_word_leaves_the_list_as_it_was(half: str, kept: str) -> None:
    finding = Finding()
    finding.edit()
    keyed(finding, kept + half)
    assert finding.error is not None
    assert (finding.filter, finding.text) == (parse(kept), kept.strip())


def test_what_was_read_before_a_field_lacks_a_value_stays() -> None:
    finding = Finding()
    finding.edit()
    keyed(finding, "type:image,")
    assert finding.error is not None
    assert finding.filter == parse("type:image")
    keyed(finding, "video")
    assert finding.filter == parse("type:image,video")


def test_a_filter_that_is_off_is_not_lost() -> None:
    finding = Finding()
    typed(finding, "x")
    finding.keep()
    finding.on = False
    assert finding.filter == EVERYTHING
    assert finding.text == "x"
    finding.edit()
    assert finding.on


def test_earlier_filters_come_back() -> None:
    finding = Finding()
    finding.recall(-1)
    for text in ("one", "two", "two"):
        typed(finding, text)
        finding.keep()
    finding.clear()
    assert finding.filter == EVERYTHING
    finding.edit()
    assert finding.editor is not None
    seen = []
    for step in (-1, -1, -1, 1, 1):
        finding.recall(step)
        seen.append(finding.editor.text)
    assert seen == ["two", "one", "one", "two", ""]
    finding.editor = None
    finding.typed()
    assert finding.text == ""
