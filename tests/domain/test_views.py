"""Views, sort orders and what a list shows."""

from __future__ import annotations

from console.domain.filters import EVERYTHING, parse
from console.domain.views import Selection, Sort, View


def test_the_views_stand_in_the_order_of_their_keys() -> None:
    assert [view.label for view in View] == [
        "All",
        "Needs download",
        "Requested",
        "Failed",
        "Due soon",
        "Downloaded",
    ]


def test_a_list_opens_with_everything_by_urgency() -> None:
    assert Selection() == Selection(view=View.ALL, filter=EVERYTHING, sort=Sort.DUE, reverse=False)


def test_a_selection_is_a_value() -> None:
    failed = Selection(view=View.FAILED, filter=parse("type:image"))
    assert {failed: 1}[Selection(view=View.FAILED, filter=parse("TYPE:image"))] == 1
