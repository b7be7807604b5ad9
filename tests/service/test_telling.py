from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.standing import Level
from console.service.telling import THINGS, TOLD_OF_ONE, WINDOW_SECONDS, Telling

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Clock


def test_what_comes_again_and_again_is_told_a_few_times_and_counted(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    telling = Telling(clock.uptime)
    for number in range(100):
        telling.tell(Level.ERROR, "The disk is full.")
        telling.tell(Level.INFO, f"Over, after {number}s.", "end")
    assert len(caplog.records) == 2 * TOLD_OF_ONE
    clock.move(seconds=WINDOW_SECONDS)
    caplog.clear()
    telling.tell(Level.ERROR, "The disk is full.")
    telling.tell(Level.ERROR, "The disk is full.")
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", f"The disk is full. (and {100 - TOLD_OF_ONE} times more before)"),
        ("ERROR", "The disk is full."),
    ]


def test_it_remembers_no_more_than_so_many_things(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    telling = Telling(clock.uptime)
    for _ in range(TOLD_OF_ONE):
        telling.tell(Level.WARNING, "first")
    for number in range(THINGS - 1):
        telling.tell(Level.WARNING, str(number))
    caplog.clear()
    telling.tell(Level.WARNING, "first")
    assert caplog.records == []
    telling.tell(Level.WARNING, "one too many")
    telling.tell(Level.WARNING, "first")
    assert [record.message for record in caplog.records] == ["one too many", "first"]
