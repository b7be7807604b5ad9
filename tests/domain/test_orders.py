"""Orders as they lie in the inbox."""

from __future__ import annotations

import msgspec

from console.domain.media import MediaKey, Millis
from console.domain.orders import Order, Taken, Verb


def test_an_order_asks_for_a_store_unless_it_says_otherwise() -> None:
    order = Order(id="o1", at=Millis(1), key=MediaKey("a"))
    assert (order.verb, order.by, order.account) == (Verb.STORE, "", "default")


def test_an_order_survives_the_way_through_the_inbox() -> None:
    order = Order(id="o1", at=Millis(1), key=MediaKey("message:é\x00"), by="kim")
    assert msgspec.json.decode(msgspec.json.encode(order), type=Order) == order


def test_the_words_for_what_became_of_an_order_are_promises() -> None:
    assert [taken.value for taken in Taken] == ["queued", "already", "unknown", "not_retrievable"]
