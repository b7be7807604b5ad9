from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx

from console.simulator import Simulator
from console.simulator.behaviours import Behaviour, Kind

if TYPE_CHECKING:
    from tests.conftest import Clock


async def test_every_call_is_recorded_with_its_answer(
    simulator: Simulator, http: httpx.AsyncClient, api: httpx.AsyncClient
) -> None:
    simulator.behave("a b", "404-empty")
    await api.get("/v1/media/a%20b/download", headers={"x-mark": "7"})
    login, call = simulator.calls
    assert (login.method, login.path, login.status, login.media_id) == ("POST", "/v1/users/login", 200, None)
    assert (call.number, call.method, call.path, call.status) == (2, "GET", "/v1/media/a%20b/download", 404)
    assert call.media_id == "a b"
    assert call.behaviour == Behaviour(Kind.EMPTY_404)
    assert call.headers["x-mark"] == "7"
    assert call.at >= login.at


async def test_a_call_without_an_answer_has_no_status(simulator: Simulator, api: httpx.AsyncClient) -> None:
    simulator.behave("abc", "drop")
    try:
        await api.get("/v1/media/abc/download")
    except httpx.ReadError:
        assert simulator.calls[-1].status is None
    else:
        raise AssertionError("the connection was not reset")


async def test_only_calls_of_the_api_are_recorded(simulator: Simulator, http: httpx.AsyncClient) -> None:
    await http.get("/simulator")
    await http.get("/favicon.ico")
    assert simulator.calls == []


async def test_answers_carry_the_clock_of_the_client(clock: Clock) -> None:
    async with Simulator(now=clock) as simulator, httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{simulator.url}/v1/health")
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() * 1000 == clock()
    assert len(answer.headers.get_list("date")) == 1
