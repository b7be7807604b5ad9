from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from console.simulator.dice import Dice


def test_a_seed_gives_the_same_numbers_for_ever() -> None:
    dice = Dice(1, "test")
    assert [dice.whole(1, 6) for _ in range(8)] == [3, 5, 4, 5, 4, 6, 5, 5]


def test_another_seed_or_purpose_gives_others() -> None:
    drawn = {Dice(seed, purpose).bits(16) for seed in (1, 2) for purpose in ("a", "b")}
    assert len(drawn) == 4


@given(st.integers(), st.integers(-50, 50), st.integers(0, 50))
def test_whole_numbers_stay_between_their_ends(seed: int, low: int, span: int) -> None:
    assert low <= Dice(seed).whole(low, low + span) <= low + span


@given(st.integers())
def test_fractions_stay_below_one(seed: int) -> None:
    assert 0 <= Dice(seed).fraction() < 1
    assert 2 <= Dice(seed).between(2, 5) < 5


@given(st.integers(), st.lists(st.integers()))
def test_shuffling_keeps_all(seed: int, items: list[int]) -> None:
    assert sorted(Dice(seed).shuffled(items)) == sorted(items)


def test_every_choice_comes_up() -> None:
    dice = Dice(3)
    assert {dice.pick("abc") for _ in range(60)} == set("abc")


def test_weights_count() -> None:
    dice = Dice(4)
    drawn = [dice.pick_weighted({"often": 9, "never": 0, "seldom": 1}) for _ in range(400)]
    assert set(drawn) == {"often", "seldom"}
    assert drawn.count("often") > 300


def test_an_id_is_a_uuid_of_version_4() -> None:
    dice = Dice(5)
    first, second = dice.uuid(), dice.uuid()
    assert first != second
    assert uuid.UUID(first).version == 4
