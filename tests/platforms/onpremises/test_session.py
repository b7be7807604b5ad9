"""One login at a time, shared by all who wait for it."""

from __future__ import annotations

import asyncio

from console.clock import Uptime
from console.domain.media import Origin, StoreError
from console.platforms.base import LoginRefused
from console.platforms.onpremises.session import NoLogin, Session

REFUSED = LoginRefused(
    error=StoreError(code=1005, title="Access denied", origin=Origin.RESPONSE), remedy="r", for_good=True
)


class Logins:
    """A login that ends when it is let through."""

    def __init__(self, *outcomes: str | NoLogin) -> None:
        self.outcomes = list(outcomes)
        self.started = 0
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()

    async def __call__(self) -> str | NoLogin:
        self.started += 1
        self.begun.set()
        await self.gate.wait()
        return self.outcomes.pop(0)


class Ticks:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> Uptime:
        return Uptime(self.at)


async def test_a_given_token_is_used_as_it_is() -> None:
    session = Session(token="given", login=None, uptime=Ticks())
    assert await session.token() == "given"
    assert await session.token(stale="given") == "given"
    assert not session.renewable
    assert await Session(token=None, login=None, uptime=Ticks()).token() is None


async def test_all_who_wait_share_one_login() -> None:
    logins = Logins("first", "second")
    session = Session(token=None, login=logins, uptime=Ticks())
    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(session.token()) for _ in range(20)]
        await logins.begun.wait()
        logins.gate.set()
    assert [caller.result() for caller in callers] == ["first"] * 20
    assert await session.token() == "first"
    assert await session.token(stale="first") == "second"
    assert await session.token(stale="first") == "second"
    assert (logins.started, session.secret) == (2, "second")


async def test_all_who_wait_share_a_refusal_but_later_ones_may_try() -> None:
    logins = Logins(REFUSED, "token")
    session = Session(token="old", login=logins, uptime=Ticks())
    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(session.token(stale="old")) for _ in range(20)]
        await logins.begun.wait()
        logins.gate.set()
    assert [caller.result() for caller in callers] == [REFUSED] * 20
    assert logins.started == 1
    assert session.secret is None
    assert await session.token() == "token"


async def test_an_api_that_gives_the_same_token_again_is_asked_once() -> None:
    logins = Logins("same")
    session = Session(token="same", login=logins, uptime=Ticks())
    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(session.token(stale="same")) for _ in range(5)]
        await logins.begun.wait()
        logins.gate.set()
    assert [caller.result() for caller in callers] == ["same"] * 5
    assert logins.started == 1


async def test_a_login_that_is_cancelled_is_taken_up_by_the_next_in_line() -> None:
    logins = Logins("token")
    session = Session(token=None, login=logins, uptime=Ticks())
    async with asyncio.TaskGroup() as group:
        first = group.create_task(session.token())
        await logins.begun.wait()
        second = group.create_task(session.token())
        await asyncio.sleep(0)
        first.cancel()
        logins.gate.set()
    assert first.cancelled()
    assert second.result() == "token"
    assert logins.started == 2


async def test_a_refusal_is_held_for_those_who_ask_unasked() -> None:
    ticks = Ticks()
    session = Session(token=None, login=None, uptime=ticks)
    assert session.held() is None
    session.refuse(REFUSED)
    ticks.at = 599
    assert session.held() == REFUSED
    ticks.at = 600
    assert session.held() is None
    passing = LoginRefused(error=REFUSED.error, remedy="r")
    session.refuse(passing)
    ticks.at = 629
    assert session.held() == passing
    session.accept()
    assert session.held() is None
