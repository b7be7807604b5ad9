"""The answers to what was asked: told once, when the last is in."""

from __future__ import annotations

from console.domain import ledger
from console.domain.facts import MediaStored, StoreFailed, StoreQueued, StoreRequested, StoreUnanswered
from console.domain.media import Media, MediaId
from console.domain.orders import Order, Taken
from console.ui.awaited import MOST, Awaited
from console.ui.theme import Ink
from tests.ui import scene
from tests.ui.samples import media, of


def asked(made: Media) -> Media:
    number = 1 if made.progress is None else made.progress.attempt + 1
    made = ledger.fold(made, StoreQueued(key=made.key, at=scene.NOW, attempt=number, order_id=f"o{number}"))
    return ledger.fold(made, StoreRequested(key=made.key, at=scene.NOW, attempt=number))


def stored(made: Media) -> Media:
    fact = MediaStored(key=made.key, id=MediaId(made.key), at=scene.NOW, attempt=made.opened)
    return ledger.fold(made, fact)


def failed(made: Media) -> Media:
    fact = StoreFailed(
        key=made.key, id=MediaId(made.key), at=scene.NOW, attempt=made.opened, error=scene.GONE
    )
    return ledger.fold(made, fact)


def test_an_old_result_is_no_answer() -> None:
    awaited, old = Awaited(), of("gone")
    awaited.ask([old])
    assert awaited.hear([old]) is None
    assert awaited.hear([asked(old)]) is None
    assert awaited.keys == (old.key,)


def test_one_answer_is_told_with_its_subject() -> None:
    for end, told, ink in (
        (stored, "Downloaded: image from +15550100111.", Ink.GOOD),
        (failed, "400", Ink.BAD),
    ):
        awaited = Awaited()
        awaited.ask([media()])
        answer = awaited.hear([end(asked(media()))])
        assert answer is not None
        assert told in answer[0]
        assert answer[1] is ink
        assert awaited.keys == ()
        assert awaited.hear([end(asked(media()))]) is None


def test_silence_is_told_too() -> None:
    awaited = Awaited()
    awaited.ask([media()])
    silent = ledger.fold(asked(media()), StoreUnanswered(key=media().key, at=scene.NOW, attempt=1))
    answer = awaited.hear([silent])
    assert answer is not None
    assert answer[0].startswith("No callback came in time")


def test_several_answers_are_told_together() -> None:
    awaited = Awaited()
    first, second = media(), of("missing")
    awaited.ask([first, second])
    assert awaited.hear([stored(asked(first))]) is None
    answer = awaited.hear([failed(asked(second))])
    assert answer == ("Of 2 asked for: 1 downloaded, 1 failed.", Ink.BAD)


def test_there_is_a_limit_to_what_is_waited_for() -> None:
    awaited = Awaited()
    for number, line in enumerate(scene.LINES * 10):
        made = ledger.fold(None, scene.announced(number, line))
        awaited.ask([made])
    assert len(awaited.keys) == MOST


def test_what_was_left_out_is_told_with_the_answers_and_once() -> None:
    awaited, one = Awaited(), of("gone")
    awaited.ask([one], "2 without an id")
    told = awaited.hear([stored(asked(one))])
    assert told is not None
    assert told[0].endswith("Left out: 2 without an id.")
    awaited.ask([one])
    told = awaited.hear([stored(asked(one))])
    assert told is not None
    assert "Left out" not in told[0]


def order(made: Media) -> Order:
    return Order(id=f"of-{made.key}", at=scene.NOW, key=made.key)


def test_that_somebody_else_was_quicker_is_told_once_and_the_answer_is_waited_for() -> None:
    awaited, one = Awaited(), media()
    awaited.ask([one], orders=[order(one)])
    assert list(awaited.orders) == [f"of-{one.key}"]
    assert awaited.take({}) is None
    taken = {order(one).id: Taken.ALREADY, "of-another-screen": Taken.ALREADY}
    assert awaited.take(taken) == (
        "Asked for already by somebody else: image from +15550100111.",
        Ink.WARN,
    )
    assert list(awaited.orders) == []
    assert awaited.take(taken) is None
    assert awaited.keys == (one.key,)
    assert awaited.hear([stored(asked(one))]) is not None


def test_several_that_somebody_else_asked_for_are_counted() -> None:
    awaited, first, second, third = Awaited(), media(), of("missing"), of("gone")
    awaited.ask([first, second, third], orders=[order(first), order(second), order(third)])
    told = awaited.take(
        {order(first).id: Taken.ALREADY, order(second).id: Taken.ALREADY, order(third).id: Taken.QUEUED}
    )
    assert told == ("2 of them were asked for already by somebody else.", Ink.WARN)
    assert list(awaited.orders) == []
