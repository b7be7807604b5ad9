from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.simulator.behaviours import Behaviour, Kind

if TYPE_CHECKING:
    import httpx

    from console.simulator import Simulator
    from tests.simulator.hook import Hook


async def test_a_media_is_announced(simulator: Simulator, http: httpx.AsyncClient, hook: Hook) -> None:
    told = {
        "type": "document",
        "undownloaded": True,
        "name": "Åsa",
        "filename": "Kvitto.pdf",
        "behaviours": ["503(2)", "ok"],
    }
    answer = await http.post("/simulator/media", json=told)
    assert answer.status_code == 201
    media_id = answer.json()["id"]
    (message,) = hook.read[0]["messages"]
    assert message["document"]["id"] == media_id
    assert message["document"]["filename"] == "Kvitto.pdf"
    (media,) = (await http.get("/simulator/media")).json()["media"]
    assert media["behaviours"] == ["503(2)", "ok"]
    assert (media["id"], media["type"], media["stored"]) == (media_id, "document", False)


async def test_behaviours_are_set(simulator: Simulator, http: httpx.AsyncClient) -> None:
    answer = await http.put("/simulator/media/abc", json={"behaviours": ["drop", "ok"]})
    assert answer.status_code == 200
    assert [str(one) for one in simulator.client.known("abc").script.rest] == ["drop", "ok"]
    await http.put("/simulator/calls/login", json={"behaviours": ["500"]})
    assert simulator.client.scripts["login"].rest == (Behaviour(Kind.INTERNAL),)


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PUT", "/simulator/media/abc", {"behaviours": ["explode"]}, "There is no behaviour 'explode'"),
        ("PUT", "/simulator/media/abc", {"behaviour": "ok"}, "contains unknown field `behaviour`"),
        ("PUT", "/simulator/calls/logon", {"behaviours": ["ok"]}, "There is no call 'logon'"),
        ("PUT", "/simulator/calls/login", {"behaviours": ["silent"]}, "is one of a media, not of a call"),
        ("POST", "/simulator/media", {"type": "film"}, "Invalid enum value 'film'"),
        ("POST", "/simulator/media", {"tpye": "image"}, "unknown field `tpye`"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    http: httpx.AsyncClient, method: str, path: str, body: object, said: str
) -> None:
    answer = await http.request(method, path, json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


async def test_calls_are_told_without_credentials(simulator: Simulator, api: httpx.AsyncClient) -> None:
    await api.get("/v1/health")
    answer = await api.get("/simulator/calls")
    assert [call["path"] for call in answer.json()["calls"]] == ["/v1/users/login", "/v1/health"]
    assert simulator.password not in answer.text
    assert "Bearer" not in answer.text


async def test_numbers_and_words_are_told(simulator: Simulator, http: httpx.AsyncClient, hook: Hook) -> None:
    await simulator.announce()
    told = (await http.get("/simulator")).json()
    assert told["webhook_url"] == hook.url
    assert told["media"] == 1
    assert told["callbacks"] == {"taken": 1, "dropped": 0, "waiting": 0}
    assert told["behaviours"] == {kind.value: kind.meaning for kind in Kind}


async def test_any_webhook_is_sent(http: httpx.AsyncClient, hook: Hook) -> None:
    answer = await http.post("/simulator/webhooks", content=b'{"statuses":[]}')
    assert answer.json() == {"taken": True, "answers": [200]}
    assert hook.bodies == [b'{"statuses":[]}']


async def test_health_and_tokens(simulator: Simulator, api: httpx.AsyncClient) -> None:
    await api.put("/simulator/health", json={"health": "connecting"})
    assert (await api.get("/v1/health")).json()["health"] == {"gateway_status": "connecting"}
    await api.delete("/simulator/tokens")
    assert (await api.get("/v1/health")).status_code == 401
