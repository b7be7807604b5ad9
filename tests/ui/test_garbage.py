"""When the garbage collector looks at what."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from console.ui import garbage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def collector() -> Iterator[list[int]]:
    """The generations that are looked at; the collector is as it was after it."""
    before, looked = gc.get_threshold(), list[int]()

    def note(phase: str, told: dict[str, int]) -> None:
        if phase == "start":
            looked.append(told["generation"])

    gc.callbacks.append(note)
    yield looked
    gc.callbacks.remove(note)
    gc.set_threshold(*before)
    gc.unfreeze()


def test_all_is_looked_at_at_rest_alone_and_where_it_is_due(collector: list[int]) -> None:
    garbage.spare_keys()
    gc.collect()
    collector.clear()
    for _ in range(garbage.WHOLE - 1):
        gc.collect(1)
        garbage.at_rest()
    assert collector == [1] * (garbage.WHOLE - 1)
    gc.collect(1)
    garbage.at_rest()
    assert collector.count(2) == 1


def test_between_keys_the_young_are_looked_at_where_there_are_some(collector: list[int]) -> None:
    garbage.spare_keys()
    gc.collect()
    collector.clear()
    garbage.between_keys()
    assert collector == []
    for _ in range(garbage.MIDDLING + 1):
        held: list[list[int]] = [[] for _ in range(garbage.FEW + 100)]
        garbage.between_keys()
        del held
    assert collector == [0] * garbage.MIDDLING + [1]


def test_where_no_keys_are_spared_it_is_left_alone(collector: list[int]) -> None:
    for _ in range(garbage.WHOLE):
        gc.collect(1)
    collector.clear()
    garbage.at_rest()
    garbage.between_keys()
    assert collector == []
