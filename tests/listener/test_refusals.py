from __future__ import annotations

import asyncio

import pytest

from console.listener import refusals
from console.listener.answers import Refusal, no_room
from console.listener.refusals import GUESSES, TOLD_OF_ALL, TOLD_OF_ONE, Refusals


class Board:
    def __init__(self) -> None:
        self.words: list[str] = []
        self.sums: list[str] = []
        self.summed = asyncio.Event()
        self.count = 0

    def refused(self, status: int, reason: str, what: str, *, noted: bool = True) -> None:
        self.count += 1
        if noted:
            self.words.append(what)

    def refused_more(self, text: str) -> None:
        self.sums.append(text)
        self.summed.set()


class Seconds:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def stranger() -> Refusal:
    return Refusal(401, "token", "It is wrong.")


def test_every_refusal_is_counted_and_a_few_are_told(seconds: Seconds) -> None:
    board = Board()
    told = Refusals(board, seconds=seconds)
    for _ in range(50):
        told.tell("192.0.2.1", stranger())
    assert board.count == 50
    assert board.words == ["It is wrong. It came from 192.0.2.1."] * TOLD_OF_ONE
    told.tell("192.0.2.2", Refusal(400, "not-json", "It is no JSON."))
    assert board.words[-1] == "It is no JSON."
    seconds.at += 60
    told.tell("192.0.2.1", stranger())
    assert len(board.words) == TOLD_OF_ONE + 2


def test_many_addresses_do_not_fill_the_log(seconds: Seconds, caplog: pytest.LogCaptureFixture) -> None:
    board = Board()
    told = Refusals(board, seconds=seconds)
    for number in range(500):
        told.tell(f"10.0.{number // 250}.{number % 250}", stranger())
    assert board.count == 500
    assert len(board.words) == len(caplog.records) == TOLD_OF_ALL


def test_when_the_minute_is_over_all_that_was_not_told_is_summed_up(
    seconds: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board()
    told = Refusals(board, seconds=seconds)
    for status in [404] * 20 + [429] * 40:
        told.tell("192.0.2.1", Refusal(status, "some-reason", "No."))
    told.tell("192.0.2.2", stranger())
    seconds.at += 59
    assert board.sums == []
    seconds.at += 1
    told.tell("192.0.2.1", stranger())
    summary = "In the last minute 57 more requests from 192.0.2.1 were refused: 17 with 404, 40 with 429."
    assert board.sums == [summary]
    assert summary in caplog.text
    seconds.at += 60
    told.sum_up()
    told.sum_up()
    assert board.sums == [summary], "what was told one by one is not told again"


def test_the_end_of_a_service_sums_up_a_part_of_a_minute(seconds: Seconds) -> None:
    board = Board()
    told = Refusals(board, seconds=seconds)
    for _ in range(TOLD_OF_ONE + 1):
        told.tell("192.0.2.1", no_room())
    seconds.at += 7.5
    told.sum_up()
    assert board.sums == [
        "In the last 8 seconds 1 more connection from 192.0.2.1 was refused: 1 for want of room."
    ]


async def test_a_minute_is_summed_up_although_nothing_more_comes(seconds: Seconds) -> None:
    board = Board()
    told = Refusals(board, seconds=seconds, every=0.001)
    for _ in range(TOLD_OF_ONE + 1):
        told.tell("192.0.2.1", stranger())
    seconds.at += 60
    watch = asyncio.ensure_future(told.watch())
    await asyncio.wait_for(board.summed.wait(), 10)
    watch.cancel()
    assert [text.partition(" from ")[0] for text in board.sums] == ["In the last minute 1 more request"]


def test_a_flood_from_many_addresses_has_few_summaries_and_a_bounded_memory(seconds: Seconds) -> None:
    board = Board()
    told = Refusals(board, seconds=seconds)
    count = refusals.ADDRESSES + 1000
    for number in range(count):
        told.tell(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", stranger())
    seconds.at += 60
    told.sum_up()
    assert len(board.sums) == refusals.SUMMED_UP + 1
    assert "more requests from other addresses were refused" in board.sums[-1]
    assert sum(int(text.split()[4]) for text in board.sums) == count - TOLD_OF_ALL


def test_what_a_stranger_calls_itself_cannot_command_a_terminal(
    seconds: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board()
    Refusals(board, seconds=seconds).tell("\x1b[2J", stranger())
    Refusals(board, seconds=seconds).tell("", stranger())
    assert "\x1b" not in caplog.text + "".join(board.words)
    assert board.words[-1].endswith("from an unknown address.")


def test_who_guesses_too_often_has_to_wait_for_the_rest_of_the_minute(seconds: Seconds) -> None:
    told = Refusals(Board(), seconds=seconds)
    assert [told.guessed("a") for _ in range(GUESSES)] == [0] * GUESSES
    seconds.at += 12.5
    assert told.guessed("a") == 48
    assert told.guessed("b") == 0
    seconds.at += 47.4
    assert told.guessed("a") == 1
    seconds.at += 0.2
    assert told.guessed("a") == 0


def test_one_machine_with_many_addresses_counts_once(seconds: Seconds) -> None:
    told = Refusals(Board(), seconds=seconds)
    waits = [told.guessed(f"2001:db8:0:1::{number:x}%eth0") for number in range(GUESSES + 1)]
    assert waits[-1] == 60
    assert told.guessed("2001:db8:0:2::1") == 0
    assert told.guessed("no:address") == 0


def test_the_memory_of_addresses_is_bounded(seconds: Seconds) -> None:
    told = Refusals(Board(), seconds=seconds)
    for _ in range(GUESSES):
        told.guessed("first")
    for number in range(refusals.ADDRESSES - 1):
        told.guessed(f"other {number}")
    assert told.guessed("first") == 60
    told.guessed("one more")
    assert told.guessed("first") == 0, "the oldest was forgotten"
