from __future__ import annotations

import msgspec
import pytest

from console.domain.facts import StoreAccepted, StoreDeferred, StoreQueued, StoreRequested, StoreUnanswered
from console.domain.media import MediaId, MediaType, Millis, Origin, StoreError
from console.simulator.behaviours import OK, Behaviour, Kind
from console.simulator.client import DATASTORE_FAILURE
from console.simulator.content import Item, Sender
from console.simulator.dice import Dice
from console.simulator.story import Heard, Learnt, Teller
from console.simulator.volume import HeldMedia

SENT = Millis(1_749_988_800_000)
SENDER = Sender("12025550143", "Kerry Fisher")


def a_teller(media_id: str | None = "abc") -> Teller:
    media = None if media_id is None else HeldMedia(MediaId(media_id), MediaType.IMAGE)
    return Teller(SENDER, Item(MediaType.IMAGE, caption="Look"), media, SENT, Dice(1))


def test_time_only_passes_when_told() -> None:
    teller = a_teller()
    teller.announced()
    teller.wait(2.5)
    teller.ordered("mei")
    heard, learnt = teller.story().steps
    assert isinstance(heard, Heard)
    assert isinstance(learnt, Learnt)
    assert (heard.at, learnt.fact.at) == (SENT, SENT + 2500)


def test_attempts_and_tries_are_numbered() -> None:
    teller = a_teller()
    error = StoreError(code="reset", title="The connection broke", origin=Origin.NETWORK)
    teller.announced(status="undownloaded")
    teller.ordered("mei")
    teller.called()
    teller.deferred(error, 3)
    teller.called()
    teller.accepted()
    teller.unanswered()
    teller.ordered("jonas")
    teller.called()
    facts = [step.fact for step in teller.story().steps if isinstance(step, Learnt)]
    assert [type(fact) for fact in facts] == [
        StoreQueued,
        StoreRequested,
        StoreDeferred,
        StoreRequested,
        StoreAccepted,
        StoreUnanswered,
        StoreQueued,
        StoreRequested,
    ]
    numbered = [fact.attempt for fact in facts if isinstance(fact, StoreQueued | StoreRequested)]
    assert numbered == [1, 1, 1, 2, 2]
    assert [fact.try_number for fact in facts if isinstance(fact, StoreRequested)] == [1, 2, 1]
    (deferred,) = (fact for fact in facts if isinstance(fact, StoreDeferred))
    assert deferred.next_try_at == deferred.at + 3000
    orders = [fact.order_id for fact in facts if isinstance(fact, StoreQueued)]
    assert len(set(orders)) == 2


def test_webhooks_are_those_of_the_client() -> None:
    teller = a_teller()
    teller.announced()
    teller.result(errors=[DATASTORE_FAILURE])
    first, second = (
        msgspec.json.decode(step.body) for step in teller.story().steps if isinstance(step, Heard)
    )
    assert first["contacts"] == [{"profile": {"name": "Kerry Fisher"}, "wa_id": "12025550143"}]
    assert first["messages"][0]["timestamp"] == "1749988800"
    assert first["messages"][0]["image"]["caption"] == "Look"
    assert second["media_items"][0]["errors"] == [DATASTORE_FAILURE]


def test_a_file_is_stored_when_a_story_says_so() -> None:
    plain, failed, stored = (a_teller() for _ in range(3))
    plain.announced()
    failed.announced(status="undownloaded")
    failed.result(errors=[DATASTORE_FAILURE])
    stored.announced(errors=[DATASTORE_FAILURE])
    stored.result()
    told = [teller.story().media for teller in (plain, failed, stored)]
    assert [media.stored for media in told if media is not None] == [True, False, True]


def test_a_repeated_result_is_the_same_body_later() -> None:
    teller = a_teller()
    teller.result(again=True)
    first, second = teller.story().steps
    assert isinstance(first, Heard)
    assert isinstance(second, Heard)
    assert first.body == second.body
    assert first.at < second.at


def test_a_message_without_an_id_has_a_key_of_its_own() -> None:
    teller = a_teller(None)
    teller.announced(status="undownloaded")
    story = teller.story()
    assert story.media is None
    (step,) = story.steps
    assert isinstance(step, Heard)
    assert "id" not in msgspec.json.decode(step.body)["messages"][0]["image"]


def test_a_message_without_an_id_has_no_results() -> None:
    with pytest.raises(ValueError, match="has no results"):
        a_teller(None).result()


def test_what_comes_later_is_kept_with_the_media() -> None:
    teller = a_teller()
    teller.later([Behaviour(Kind.GONE)], pending=OK)
    story = teller.story()
    assert story.media is not None
    assert story.media.script.rest == (Behaviour(Kind.GONE),)
    assert story.pending == OK
