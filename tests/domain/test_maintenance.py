"""Orders for the whole cache and their outcomes travel as JSON."""

from __future__ import annotations

import msgspec
import pytest

from console.domain import maintenance
from console.domain.maintenance import (
    Difference,
    MaintenanceOrder,
    Outcome,
    Purge,
    Purged,
    Replay,
    Replayed,
    Unfinished,
    digits,
)
from console.domain.media import MediaKey, Millis
from console.domain.orders import Order


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        (Replay(id="1", at=Millis(5)), "replay"),
        (Purge(id="2", at=Millis(5), before=Millis(3)), "purge"),
        (Purge(id="3", at=Millis(5), number="16315551234"), "purge"),
    ],
)
def test_an_order_comes_back_as_it_was_left(order: MaintenanceOrder, kind: str) -> None:
    assert maintenance.decode_order(maintenance.encode(order)) == order
    assert maintenance.kind(order) == kind


@pytest.mark.parametrize(
    "outcome",
    [
        Replayed(media=3, differences=(Difference(key=MediaKey("a"), field="caption"),)),
        Purged(media=3, copies=("/a",)),
        Unfinished(what="It failed.", remedy="Try again."),
    ],
)
def test_an_outcome_comes_back_as_it_was_kept(outcome: Outcome) -> None:
    assert maintenance.decode_outcome(maintenance.encode(outcome)) == outcome


def test_an_order_for_a_media_is_none_for_the_whole_cache_and_the_other_way_round() -> None:
    order = Order(id="1", at=Millis(5), key=MediaKey("a"))
    with pytest.raises(msgspec.MsgspecError):
        maintenance.decode_order(msgspec.json.encode(order).decode())
    for whole in (Replay(id="1", at=Millis(5)), Purge(id="2", at=Millis(5), number="1")):
        with pytest.raises(msgspec.MsgspecError):
            msgspec.json.decode(maintenance.encode(whole), type=Order)


def test_digits_are_what_counts_in_a_number() -> None:
    assert digits("+1 (631) 555-1234") == digits("16315551234") == "16315551234"
    assert digits("١٦٣") == digits(None) == ""
