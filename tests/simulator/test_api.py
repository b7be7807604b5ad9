"""Faults T26 to T34 from the other side: that the simulator does what they need."""

from __future__ import annotations

import asyncio
import hashlib

import httpx
import pytest

from console.simulator import Simulator
from tests.simulator.hook import Hook, until

META = {"api_status": "stable", "version": "3.0.0.0"}
UNAUTHORIZED = {
    "meta": META,
    "errors": [
        {
            "code": 1005,
            "title": "Access denied",
            "details": "Missing or invalid authentication credentials",
        }
    ],
}


async def store(api: httpx.AsyncClient, media_id: str) -> httpx.Response:
    return await api.get(f"/v1/media/{media_id}/download")


async def test_a_login_answers_a_token_and_its_end(simulator: Simulator, http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/users/login", auth=(simulator.username, simulator.password))
    assert answer.status_code == 200
    assert answer.json()["meta"] == META
    (user,) = answer.json()["users"]
    assert set(user) == {"token", "expires_after"}
    assert " " in user["expires_after"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"{", 400, 1025), (b'{"password":"x"}', 400, 1025), (b'{"new_password":1}', 400, 1009)],
)
async def test_a_login_with_a_wrong_body_is_refused(
    simulator: Simulator, http: httpx.AsyncClient, body: bytes, status: int, code: int
) -> None:
    login = (simulator.username, simulator.password)
    answer = await http.post("/v1/users/login", auth=login, content=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


async def test_the_first_login_must_change_the_factory_password() -> None:
    async with Simulator(factory_password=True) as simulator:
        login = (simulator.username, simulator.password)
        async with httpx.AsyncClient(base_url=simulator.url, trust_env=False) as http:
            answer = await http.post("/v1/users/login", auth=login)
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, 1024)
            answer = await http.post("/v1/users/login", auth=login, json={"new_password": "Better-5678"})
            assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/health"),
        ("GET", "/v1/settings/application"),
        ("GET", "/v1/media/x"),
        ("GET", "/v1/media/x/download"),
        ("POST", "/v1/users/logout"),
    ],
)
async def test_every_call_needs_a_token(http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


async def test_a_logout_ends_the_token(api: httpx.AsyncClient) -> None:
    assert (await api.post("/v1/users/logout")).json() == {"meta": META}
    assert (await api.get("/v1/health")).status_code == 401


async def test_expired_tokens_are_refused(simulator: Simulator, api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/health")).status_code == 200
    simulator.expire_tokens()
    assert (await api.get("/v1/health")).json() == UNAUTHORIZED


async def test_health_says_what_it_is_told(simulator: Simulator, api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/health")).json() == {"health": {"gateway_status": "connected"}, "meta": META}
    simulator.health = {"host:core": {"gateway_status": "disconnected", "role": "coreapp"}}
    assert (await api.get("/v1/health")).json()["health"]["host:core"]["role"] == "coreapp"


async def test_settings_are_read_patched_and_reset(simulator: Simulator, api: httpx.AsyncClient) -> None:
    path = "/v1/settings/application"
    url = "https://console.example/webhook"
    assert (await api.patch(path, json={"webhooks": {"url": url}})).json() == {"meta": META}
    answer = (await api.get(path)).json()
    assert answer["meta"] == META
    assert answer["settings"]["application"]["webhooks"]["url"] == url == simulator.webhook_url
    wrapped = {"settings": {"application": {"webhooks": {"max_concurrent_requests": 24}}}}
    assert (await api.patch(path, json=wrapped)).status_code == 200
    assert simulator.webhook_url == url
    assert (await api.delete(path)).json() == {"meta": META}
    assert simulator.webhook_url == ""


async def test_a_wrong_setting_is_refused(api: httpx.AsyncClient) -> None:
    answer = await api.patch("/v1/settings/application", json={"webhook": "x"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 1010)
    answer = await api.patch("/v1/settings/application", content=b"{]")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 1025)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/media",
        "/v1/health/",
        "/v1/media/x/download/",
        "/v1/media/a%2Fb/download",
        "/media/x/download",
        "/v1/v1/media/x/download",
    ],
)
async def test_unknown_paths_are_answered_as_the_router_does(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert answer.status_code == 404
    assert answer.json() == {
        "meta": META,
        "errors": [{"code": 1006, "title": "Resource not found", "details": "URL path not found."}],
    }


async def test_a_store_request_is_a_get(simulator: Simulator, api: httpx.AsyncClient) -> None:
    media_id = await simulator.announce(undownloaded=True)
    for method in ("HEAD", "POST", "PUT"):
        assert (await api.request(method, f"/v1/media/{media_id}/download")).status_code == 404
    assert simulator.store_calls() == []


async def test_a_stored_media_has_a_callback_and_a_file(
    simulator: Simulator, api: httpx.AsyncClient, hook: Hook
) -> None:
    media_id = await simulator.announce("document", undownloaded=True)
    assert (await api.get(f"/v1/media/{media_id}")).json()["errors"] == [
        {"code": 1006, "title": "Resource not found", "details": f"File with id {media_id} not found"}
    ]
    answer = await store(api, media_id)
    assert (answer.status_code, answer.json()) == (200, {"media_items": [{"id": media_id}], "meta": META})
    await until(lambda: len(hook.results) == 1)
    (item,) = hook.results
    assert item["document"]["status"] == "downloaded"
    file = await api.get(f"/v1/media/{media_id}")
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == f'attachment; filename="{media_id}"'
    assert hashlib.sha256(file.content).hexdigest() == item["document"]["sha256"]


async def test_a_deleted_file_is_gone(simulator: Simulator, api: httpx.AsyncClient) -> None:
    media_id = await simulator.announce()
    assert (await api.get(f"/v1/media/{media_id}")).status_code == 200
    assert (await api.delete(f"/v1/media/{media_id}")).json() == {"meta": META}
    assert (await api.get(f"/v1/media/{media_id}")).status_code == 404
    assert (await api.delete(f"/v1/media/{media_id}")).status_code == 404


async def test_a_failure_says_downloaded_and_has_errors(
    simulator: Simulator, api: httpx.AsyncClient, hook: Hook
) -> None:
    simulator.behave("abc", "failed-400", "ok")
    assert (await store(api, "abc")).status_code == 200
    await until(lambda: len(hook.results) == 1)
    assert hook.results[0]["errors"] == [
        {"code": 400, "title": "Parameter not valid", "details": "Media not found in the datastore."}
    ]
    assert hook.results[0]["image"]["status"] == "downloaded"
    assert (await store(api, "abc")).status_code == 200
    await until(lambda: len(hook.results) == 2)
    assert "errors" not in hook.results[1]


async def test_a_media_nobody_announced_fails(api: httpx.AsyncClient, hook: Hook) -> None:
    assert (await store(api, "unheard-of")).status_code == 200
    await until(lambda: len(hook.results) == 1)
    assert hook.results[0]["errors"][0]["code"] == 400


async def test_silence_follows_silent(simulator: Simulator, api: httpx.AsyncClient, hook: Hook) -> None:
    simulator.behave("abc", "silent")
    assert (await store(api, "abc")).status_code == 200
    await asyncio.sleep(0.1)
    assert hook.bodies == []


async def test_the_callback_can_come_before_the_answer(
    simulator: Simulator, api: httpx.AsyncClient, hook: Hook
) -> None:
    simulator.behave("abc", "callback-first")
    assert (await store(api, "abc")).status_code == 200
    assert len(hook.results) == 1


async def test_a_duplicate_comes_three_times(
    simulator: Simulator, api: httpx.AsyncClient, hook: Hook
) -> None:
    simulator.behave("abc", "duplicate")
    await store(api, "abc")
    await until(lambda: len(hook.results) == 3)
    assert len(set(hook.bodies)) == 1


async def test_401_ends_the_token_that_was_used(simulator: Simulator, api: httpx.AsyncClient) -> None:
    simulator.behave("abc", "401", "ok")
    assert (await store(api, "abc")).json() == UNAUTHORIZED
    assert (await api.get("/v1/health")).json() == UNAUTHORIZED
    login = await api.post("/v1/users/login", auth=(simulator.username, simulator.password))
    api.headers["authorization"] = f"Bearer {login.json()['users'][0]['token']}"
    assert (await store(api, "abc")).status_code == 200


async def test_slow_answers_late_and_hung_ones_never(simulator: Simulator, api: httpx.AsyncClient) -> None:
    simulator.behave("abc", "slow(0.2)", "hang")
    with pytest.raises(httpx.ReadTimeout):
        await api.get("/v1/media/abc/download", timeout=0.1)
    with pytest.raises(httpx.ReadTimeout):
        await api.get("/v1/media/abc/download", timeout=0.1)


@pytest.mark.parametrize("call", ["login", "health", "settings", "bytes", "store"])
async def test_any_call_can_be_made_to_fail(simulator: Simulator, api: httpx.AsyncClient, call: str) -> None:
    paths = {
        "login": "/v1/users/login",
        "health": "/v1/health",
        "settings": "/v1/settings/application",
        "bytes": "/v1/media/abc",
        "store": "/v1/media/abc/download",
    }
    method = "POST" if call == "login" else "GET"
    simulator.behave_call(call, "503(7)", "slow(0.05)")
    answer = await api.request(method, paths[call])
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    answer = await api.request(method, paths[call])
    assert answer.status_code != 503


async def test_overlapping_requests_are_noticed(simulator: Simulator, api: httpx.AsyncClient) -> None:
    simulator.behave("abc", "slow(0.2)", "ok")
    simulator.behave("def", "ok")
    await asyncio.gather(store(api, "abc"), store(api, "def"))
    assert [call.overlapping for call in simulator.store_calls()] == [False, False]
    simulator.behave("abc", "slow(0.2)", "ok")
    await asyncio.gather(store(api, "abc"), store(api, "abc"))
    assert [call.overlapping for call in simulator.store_calls("abc")] == [False, False, True]


async def test_a_request_that_was_given_up_is_no_longer_open(
    simulator: Simulator, api: httpx.AsyncClient
) -> None:
    simulator.behave("abc", "slow(5)", "ok")
    with pytest.raises(httpx.ReadTimeout):
        await api.get("/v1/media/abc/download", timeout=0.05)
    media = simulator.client.known("abc")
    await until(lambda: media.open_calls == 0)
    await store(api, "abc")
    assert not simulator.store_calls("abc")[-1].overlapping
