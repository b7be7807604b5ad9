from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.clock import Uptime
from console.domain.media import Origin, StoreError
from console.domain.standing import Health
from console.platforms.base import ClockLead, HealthAnswer
from console.service.health import HealthWatch
from console.service.pacing import Gate, Hold, Pacing, Reason
from console.service.standing import Board
from console.service.supervisor import Supervisor
from console.service.waits import until_set

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from console.domain.media import MediaId
    from console.platforms.base import StoreAnswer
    from tests.conftest import Clock

GONE = StoreError(code="unreachable", title="No API", origin=Origin.NETWORK)
LOGIN = StoreError(code=1005, title="Access denied", origin=Origin.RESPONSE)
ODD = StoreError(code="not-json", title="Not JSON", origin=Origin.RESPONSE)

WELL = HealthAnswer(health=Health.CONNECTED)
ILL = HealthAnswer(health=Health.DISCONNECTED)
DOWN = HealthAnswer(health=Health.UNREACHABLE, error=GONE, remedy="Start it.")
LOCKED_OUT = HealthAnswer(health=Health.UNKNOWN, error=LOGIN, remedy="Check API_PASSWORD.")
STRANGE = HealthAnswer(health=Health.UNKNOWN, error=ODD)


class Told:
    """An API that tells its health as it is told to."""

    def __init__(self, answers: list[HealthAnswer]) -> None:
        self.answers = answers

    async def store(self, media_id: MediaId) -> StoreAnswer:
        raise AssertionError("the health watch asks for no media")

    async def health(self) -> HealthAnswer:
        return self.answers.pop(0)

    async def aclose(self) -> None:
        """Nothing to close."""


class Bedside:
    """A health watch that makes one step for each answer."""

    def __init__(self, clock: Clock, *answers: HealthAnswer) -> None:
        self.api = Told(list(answers))
        self.board = Board(now=clock, uptime=clock.uptime, pid=1, api_url="http://x")
        self.gate = Gate(4, Pacing())
        for _ in range(2):  # calls that were answered have opened it
            self.gate.answered(clock.uptime())
        self.unreachable = asyncio.Event()
        self.wakes = 0
        self.heard: list[ClockLead] = []
        self.pauses: list[float | None] = []
        self._step, self._waiting = asyncio.Event(), asyncio.Event()
        self.watch = HealthWatch(
            api=self.api,
            board=self.board,
            gate=self.gate,
            pacing=Pacing(),
            now=clock,
            uptime=clock.uptime,
            heard=self.heard.append,
            unreachable=self.unreachable,
            changed=self._wake,
            wait=self._wait,
        )

    def _wake(self) -> None:
        self.wakes += 1

    async def _wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        self.pauses.append(seconds)
        self._waiting.set()
        await self._step.wait()
        self._step.clear()
        return await until_set(event, 0)

    async def step(self) -> None:
        self._waiting.clear()
        self._step.set()
        await asyncio.wait_for(self._waiting.wait(), 5)

    async def first(self) -> None:
        await asyncio.wait_for(self._waiting.wait(), 5)

    def troubles(self) -> list[str]:
        return [trouble.id for trouble in self.board.standing.troubles]


@asynccontextmanager
async def beside(clock: Clock, *answers: HealthAnswer) -> AsyncIterator[Bedside]:
    bedside = Bedside(clock, *answers)
    supervisor = Supervisor(bedside.board)
    supervisor.start("health", bedside.watch.run)
    await bedside.first()
    yield bedside
    await supervisor.stop()


async def test_it_asks_more_often_while_something_is_wrong(clock: Clock) -> None:
    async with beside(clock, WELL, ILL, STRANGE, WELL) as bedside:
        for health in (Health.CONNECTED, Health.DISCONNECTED, Health.UNKNOWN):
            assert bedside.board.standing.health is health
            await bedside.step()
        assert bedside.pauses == [30, 5, 5, 30]
        assert bedside.troubles() == []
        assert bedside.gate.slots(clock.uptime()) == 4


async def test_an_api_that_is_gone_holds_the_queue_and_is_probed_with_growing_pauses(clock: Clock) -> None:
    async with beside(clock, *[DOWN] * 7, ILL) as bedside:
        assert bedside.gate.slots(clock.uptime()) == 0
        assert bedside.troubles() == ["api"]
        assert bedside.board.standing.troubles[0].remedy == "Start it."
        for _ in range(6):
            await bedside.step()
        assert bedside.pauses == [1, 2, 4, 8, 16, 30, 30]
        woken = bedside.wakes
        await bedside.step()
        assert bedside.wakes == woken + 1
        assert bedside.gate.slots(clock.uptime()) == 1, "the first call goes alone"
        assert bedside.troubles() == []


async def test_a_call_that_found_no_api_is_followed_by_a_probe_after_a_moment(clock: Clock) -> None:
    async with beside(clock, WELL, WELL) as bedside:
        hold = Hold(reason=Reason.UNREACHABLE, since=clock.uptime(), until=None, error=GONE)
        bedside.gate.hold(hold)
        bedside.unreachable.set()
        await bedside.step()
        assert bedside.pauses == [30, 1]
        assert bedside.gate.slots(clock.uptime()) == 0
        await bedside.step()
        assert bedside.gate.slots(clock.uptime()) == 1


async def test_what_an_answer_tells_of_the_clients_clock_is_passed_on(clock: Clock) -> None:
    lead = ClockLead(least=200, most=201)
    async with beside(clock, WELL, replace(ILL, clock=lead), WELL) as bedside:
        assert bedside.heard == []
        await bedside.step()
        await bedside.step()
        assert bedside.heard == [lead]


async def test_a_refused_login_is_shown_but_holds_nothing_by_itself(clock: Clock) -> None:
    async with beside(clock, LOCKED_OUT, WELL) as bedside:
        assert bedside.troubles() == ["login"]
        assert bedside.gate.slots(clock.uptime()) == 4
        await bedside.step()
        assert bedside.troubles() == []


async def test_a_login_hold_ends_when_the_health_call_is_let_in_again(clock: Clock) -> None:
    async with beside(clock, LOCKED_OUT, WELL) as bedside:
        bedside.gate.hold(Hold(reason=Reason.LOGIN, since=clock.uptime(), until=None, error=LOGIN))
        await bedside.step()
        assert bedside.gate.slots(clock.uptime()) == 1


async def test_a_health_call_that_needs_no_login_proves_nothing_about_it(clock: Clock) -> None:
    async with beside(clock, WELL, WELL) as bedside:
        hold = Hold(reason=Reason.LOGIN, since=clock.uptime(), until=None, error=LOGIN)
        bedside.gate.hold(hold)
        bedside.board.held(hold)
        await bedside.step()
        assert bedside.gate.slots(clock.uptime()) == 0
        assert bedside.troubles() == ["login"]


async def test_being_told_to_slow_down_is_not_ended_by_good_health(clock: Clock) -> None:
    async with beside(clock, DOWN, WELL) as bedside:
        until = Uptime(clock.uptime() + 60)
        bedside.gate.hold(Hold(reason=Reason.SLOW_DOWN, since=clock.uptime(), until=until, error=GONE))
        await bedside.step()
        held = bedside.gate.held(clock.uptime())
        assert held is not None
        assert held.reason is Reason.SLOW_DOWN
