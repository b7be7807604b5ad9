from __future__ import annotations

import asyncio
import logging

import pytest

from console.clock import monotonic
from console.domain.exceptions import RetryLater
from console.service.supervisor import SOUND_AFTER, Supervisor
from console.service.waits import until_set
from tests.service.world import until


class Witness:
    def __init__(self) -> None:
        self.failed: list[tuple[str, Exception]] = []
        self.recovered: list[str] = []

    def task_failed(self, name: str, error: Exception) -> None:
        self.failed.append((name, error))

    def task_recovered(self, name: str) -> None:
        self.recovered.append(name)


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_task_is_named_while_it_runs() -> None:
    supervisor = Supervisor(Witness())
    supervisor.start("one", for_ever)
    supervisor.keep("two", for_ever)
    assert supervisor.names == ["one", "two"]
    await supervisor.stop()
    assert supervisor.names == []


async def test_a_failure_is_told_logged_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    witness = Witness()
    supervisor = Supervisor(witness)

    async def fail() -> None:
        raise ZeroDivisionError

    supervisor.start("sound", for_ever)
    with caplog.at_level(logging.ERROR):
        await supervisor.start("broken", fail)
    [(name, error)] = witness.failed
    assert (name, type(error)) == ("broken", ZeroDivisionError)
    assert "broken" in caplog.text
    assert "Traceback" in caplog.text
    assert supervisor.names == ["sound"]
    await supervisor.stop()


async def test_a_foreseen_failure_is_logged_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    witness = Witness()

    async def fail() -> None:
        raise RetryLater("The disk is\nfull.", "Free some space.")

    await Supervisor(witness).start("writer", fail)
    assert len(witness.failed) == 1
    assert "Traceback" not in caplog.text
    assert len(caplog.text.splitlines()) == 1


async def test_a_kept_task_is_started_again_with_growing_pauses() -> None:
    pauses: list[float] = []

    async def wait(event: asyncio.Event, seconds: float | None) -> bool:
        pauses.append(seconds or 0)
        return await until_set(event, 0)

    witness = Witness()
    supervisor = Supervisor(witness, wait=wait)
    runs = 0

    async def fail_nine_times() -> None:
        nonlocal runs
        runs += 1
        if runs < 10:
            raise ValueError(runs)

    await asyncio.wait_for(supervisor.keep("worker", fail_nine_times), 5)
    assert runs == 10
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert len(witness.failed) == 9


async def test_a_task_that_runs_soundly_again_has_recovered() -> None:
    witness = Witness()
    loop = asyncio.get_running_loop()
    later: list[float] = []

    async def at_once(event: asyncio.Event, seconds: float | None) -> bool:
        later.append(loop.time())
        return await until_set(event, 0)

    supervisor = Supervisor(witness, wait=at_once, sound_after=0.05)
    failures = iter([ValueError("first")])

    async def fail_once() -> None:
        for failure in failures:
            raise failure
        await for_ever()

    supervisor.keep("worker", fail_once)
    await until(lambda: witness.recovered != [])
    assert witness.recovered == ["worker"]
    assert len(later) == 1
    await supervisor.stop()
    assert SOUND_AFTER == 60


async def test_cancelling_is_no_failure() -> None:
    witness = Witness()
    supervisor = Supervisor(witness)
    supervisor.keep("a", for_ever)
    supervisor.start("b", for_ever)
    await asyncio.sleep(0)
    await supervisor.stop()
    assert witness.failed == []


async def test_finish_waits_for_the_quick_and_cancels_the_slow() -> None:
    supervisor = Supervisor(Witness())
    ended: list[str] = []

    async def quick() -> None:
        await asyncio.sleep(0.02)
        ended.append("quick")

    async def slow() -> None:
        try:
            await for_ever()
        finally:
            await asyncio.sleep(0.02)
            ended.append("slow, cleaned up")

    tasks = [supervisor.start("quick", quick), supervisor.start("slow", slow)]
    begun = monotonic()
    await supervisor.finish(tasks, 0.1)
    assert 0.1 <= monotonic() - begun < 10
    assert ended == ["quick", "slow, cleaned up"]
    await supervisor.finish((), 60)


async def test_stop_ends_what_is_started_by_the_ending_ones_too() -> None:
    supervisor = Supervisor(Witness())

    async def parting() -> None:
        try:
            await for_ever()
        finally:
            supervisor.start("late", for_ever)

    supervisor.start("parting", parting)
    await asyncio.sleep(0)
    await asyncio.wait_for(supervisor.stop(), 5)
    assert supervisor.names == []


async def test_a_guarded_failure_is_told_and_goes_on_to_its_owner() -> None:
    witness = Witness()
    supervisor = Supervisor(witness)

    async def fail() -> None:
        raise KeyError("body")

    with pytest.raises(KeyError):
        await supervisor.guard("webhooks", fail())
    assert [name for name, _ in witness.failed] == ["webhooks"]
    await supervisor.guard("webhooks", asyncio.sleep(0))
    assert len(witness.failed) == 1
