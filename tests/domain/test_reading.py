"""What a dialect hands over for one webhook body."""

from __future__ import annotations

from console.domain.facts import MediaStored
from console.domain.media import MediaId, MediaKey, Millis
from console.domain.reading import Reading, Unread


def test_a_body_of_other_peoples_business_gives_nothing() -> None:
    assert Reading() == Reading(facts=(), unread=(), notices=())


def test_good_and_bad_parts_of_one_body_stand_side_by_side() -> None:
    fact = MediaStored(key=MediaKey("a"), id=MediaId("a"), at=Millis(1))
    unread = Unread(where="messages[3].image", reason="it is a list, not an object")
    reading = Reading(facts=(fact,), unread=(unread,))
    assert reading.facts == (fact,)
    assert reading.unread == (unread,)
    assert hash(reading) == hash(Reading(facts=(fact,), unread=(unread,)))
