from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from console.domain.facts import Fact, MediaStored, StoreFailed, StoreQueued
from console.domain.ledger import attempt_of_result, fold
from console.domain.media import Media, MediaId, MediaType, Millis, State
from console.platforms.onpremises.webhook import read_webhook
from console.simulator.content import Item, Sender
from console.simulator.dice import Dice
from console.simulator.fates import Fates
from console.simulator.story import Heard, Story, Teller
from console.simulator.volume import HeldMedia

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = Millis(1_749_988_800_000)
HOUR = 3_600_000


def lived(
    tell: Callable[[Fates, Teller], None], *, age: int = 24 * HOUR, seed: int = 1
) -> tuple[Story, Media]:
    """The story, and the media that its steps lead to."""
    dice = Dice(seed)
    media = None if tell is Fates.lost else HeldMedia(MediaId("abc"), MediaType.IMAGE)
    sender = Sender("12025550143", "Kerry Fisher")
    teller = Teller(sender, Item(MediaType.IMAGE), media, Millis(NOW - age), dice)
    tell(Fates(NOW, dice), teller)
    story = teller.story()
    folded: Media | None = None
    for fact in facts(story):
        if isinstance(fact, MediaStored | StoreFailed):
            attempt = attempt_of_result(folded, success=isinstance(fact, MediaStored))
            folded = fold(folded, replace(fact, attempt=attempt))
        else:
            folded = fold(folded, fact)
    assert folded is not None
    return story, folded


def facts(story: Story) -> list[Fact]:
    told: list[Fact] = []
    for step in story.steps:
        told += read_webhook(step.body, step.at).facts if isinstance(step, Heard) else [step.fact]
    return told


STATES = [
    (Fates.plain, State.RECEIVED, None),
    (Fates.undownloaded, State.UNDOWNLOADED, None),
    (Fates.own_failure, State.UNDOWNLOADED, 400),
    (Fates.lost, State.UNDOWNLOADED, None),
    (Fates.stored, State.DOWNLOADED, None),
    (Fates.stored_second, State.DOWNLOADED, None),
    (Fates.stored_late_news, State.DOWNLOADED, None),
    (Fates.failed, State.FAILED, 400),
    (Fates.no_route, State.FAILED, 1006),
    (Fates.no_file, State.FAILED, 1006),
    (Fates.forbidden, State.FAILED, 1005),
    (Fates.gone, State.FAILED, 410),
    (Fates.unconfirmed, State.UNCONFIRMED, None),
    (Fates.requested, State.REQUESTED, None),
    (Fates.queued, State.QUEUED, None),
]


@pytest.mark.parametrize(("tell", "state", "code"), STATES)
@pytest.mark.parametrize("age", [2 * HOUR, 24 * HOUR, 15 * 24 * HOUR])
def test_a_fate_ends_in_its_state(
    tell: Callable[[Fates, Teller], None], state: State, code: int | None, age: int
) -> None:
    _, media = lived(tell, age=age)
    assert media.state is state
    assert (media.error.code if media.error else None) == code


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("tell", "state", "code"), STATES)
def test_a_fate_is_told_in_order_and_ends_before_now(
    tell: Callable[[Fates, Teller], None], state: State, code: int | None, seed: int
) -> None:
    story, media = lived(tell, age=2 * HOUR, seed=seed)
    assert media.state is state
    moments = [fact.at for fact in facts(story)]
    assert moments == sorted(moments)
    assert moments[-1] <= NOW


def test_a_deferred_one_waits_for_a_moment_to_come() -> None:
    _, media = lived(Fates.deferred)
    assert media.state is State.QUEUED
    assert media.next_try_at is not None
    assert media.next_try_at > NOW
    assert media.error is not None


def test_one_that_was_given_up_had_five_tries() -> None:
    _, media = lived(Fates.given_up)
    assert media.state is State.FAILED
    assert media.progress is not None
    assert media.progress.try_number == 5


def test_a_second_attempt_follows_a_failed_one() -> None:
    story, media = lived(Fates.stored_second)
    assert [fact.attempt for fact in facts(story) if isinstance(fact, StoreQueued)] == [1, 2]
    assert any(isinstance(fact, StoreFailed) for fact in facts(story))
    assert media.opened == 2


def test_orders_name_their_operator() -> None:
    names = set()
    for seed in range(30):
        story, _ = lived(Fates.stored, seed=seed)
        names |= {fact.by for fact in facts(story) if isinstance(fact, StoreQueued)}
    assert names == {"amina", "jonas", "mei"}


def test_a_missing_file_is_told_from_a_missing_route() -> None:
    details = [media.error.details for _, media in map(lived, (Fates.no_file, Fates.no_route)) if media.error]
    assert details == ["File with id abc not found", "URL path not found."]


def test_requested_ones_still_have_an_answer_to_come() -> None:
    story, _ = lived(Fates.requested)
    assert story.pending is not None
