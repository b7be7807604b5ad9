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


def test_what_came_of_an_order_is_told_without_the_number() -> None:
    by_age = Purge(id="a", at=Millis(1), before=Millis(1_787_529_600_000))
    told = maintenance.ended(by_age, Purged(media=35, bodies=34))
    assert told == "A purge of what was sent before 2026-08-24 removed 35 media and 34 bodies."
    by_number = Purge(id="b", at=Millis(1), number="16315551234")
    assert "1631" not in maintenance.ended(by_number, Purged(media=1))
    failed = Unfinished(what="The disk is full.", remedy="")
    assert maintenance.ended(by_age, failed) == "A purge could not be carried out. The disk is full."
    assert "looked at 7 media" in maintenance.ended(Replay(id="c", at=Millis(1)), Replayed(media=7))
