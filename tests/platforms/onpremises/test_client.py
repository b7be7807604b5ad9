"""The calls as a whole: against the simulated client, and against servers that misbehave."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING

import pytest

from console import clock
from console.clock import Uptime, wall
from console.domain.exceptions import FixSetting
from console.domain.media import MediaId
from console.domain.standing import Health
from console.platforms.base import Accepted, LoginRefused, MediaApi, Passing, Refused, Unreachable
from console.platforms.onpremises.client import OnPremisesApi
from console.simulator import Simulator
from tests.platforms.onpremises.servers import (
    RawServer,
    accepted,
    hang,
    http,
    http_json,
    keep_open,
    logged_in,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from console.clock import UptimeNow

MEDIA_ID = MediaId("4b5bf27b-8672-4d55-bc21-d096dc200d0f")
TOKEN = "t0ken-of-the-test"  # what `logged_in` gives
PASSWORD = "Passw0rd!-of-the-test"
DENIED = {"errors": [{"code": 1005, "title": "Access denied", "details": "Missing or invalid credentials"}]}


class Ticks:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> Uptime:
        return Uptime(self.at)


def api_of(
    url: str,
    *,
    username: str | None = "admin",
    password: str | None = PASSWORD,
    token: str | None = None,
    uptime: UptimeNow = clock.uptime,
    read_timeout: float = 5,
) -> OnPremisesApi:
    return OnPremisesApi(
        url,
        username=username,
        password=password,
        token=token,
        ca=None,
        insecure=False,
        proxy=None,
        now=wall,
        connect_timeout=2,
        read_timeout=read_timeout,
        uptime=uptime,
    )


@pytest.fixture
async def api(simulator: Simulator) -> AsyncIterator[OnPremisesApi]:
    opened = api_of(simulator.url, username=simulator.username, password=simulator.password)
    yield opened
    await opened.aclose()


def paths(simulator: Simulator) -> list[str]:
    return [call.path for call in simulator.calls]


LOGIN = "/v1/users/login"
STORE = f"/v1/media/{MEDIA_ID}/download"


async def test_a_store_request_logs_in_once_and_asks(simulator: Simulator, api: OnPremisesApi) -> None:
    simulator.behave(MEDIA_ID, "ok")
    promised: MediaApi = api
    assert await promised.store(MEDIA_ID) == Accepted()
    assert await promised.store(MEDIA_ID) == Accepted()
    assert paths(simulator) == [LOGIN, STORE, STORE]
    login, first, second = simulator.calls
    coded = base64.b64encode(f"{simulator.username}:{simulator.password}".encode()).decode()
    assert login.headers["authorization"] == f"Basic {coded}"
    assert first.headers["authorization"].startswith("Bearer ")
    assert first.headers["authorization"] == second.headers["authorization"]


async def test_many_requests_at_once_share_one_login(simulator: Simulator, api: OnPremisesApi) -> None:
    ids = [MediaId(f"media-{n}") for n in range(12)]
    for media_id in ids:
        simulator.behave(media_id, "ok")
    answers = await asyncio.gather(*(api.store(media_id) for media_id in ids))
    assert answers == [Accepted()] * 12
    assert paths(simulator).count(LOGIN) == 1
    simulator.expire_tokens()
    answers = await asyncio.gather(*(api.store(media_id) for media_id in ids))
    assert answers == [Accepted()] * 12
    assert paths(simulator).count(LOGIN) == 2


async def test_an_expired_token_costs_one_login_and_one_replay(
    simulator: Simulator, api: OnPremisesApi
) -> None:
    simulator.behave(MEDIA_ID, "ok")
    await api.store(MEDIA_ID)
    simulator.expire_tokens()
    assert await api.store(MEDIA_ID) == Accepted()
    assert paths(simulator) == [LOGIN, STORE, STORE, LOGIN, STORE]
    simulator.behave(MEDIA_ID, "401", "ok")
    assert await api.store(MEDIA_ID) == Accepted()


async def test_a_token_that_is_refused_again_ends_there(simulator: Simulator, api: OnPremisesApi) -> None:
    simulator.behave(MEDIA_ID, "401")
    answer = await api.store(MEDIA_ID)
    assert isinstance(answer, LoginRefused)
    assert (answer.error.code, answer.for_good) == (1005, False)
    assert paths(simulator) == [LOGIN, STORE, LOGIN, STORE]


@pytest.mark.parametrize(
    ("behaviour", "code", "details"),
    [
        ("refused-1006-path", 1006, "URL path not found."),
        ("refused-1006-file", 1006, f"File with id {MEDIA_ID} not found"),
        ("403", 1005, None),
        ("404-empty", 404, None),
        ("410", 410, None),
        ("412", 1022, None),
        ("garbage", "not-json", None),
        ("html-200", "html", None),
        ("other-id", "wrong-answer", None),
        ("errors-200", None, None),
        ("huge(3)", "too-large", None),
        ("redirect(http://169.254.169.254/latest)", "redirect", "HTTP 302 to http://169.254.169.254/latest"),
    ],
)
async def test_what_is_final_is_refused_after_one_request(
    simulator: Simulator, api: OnPremisesApi, behaviour: str, code: int | str | None, details: str | None
) -> None:
    simulator.behave(MEDIA_ID, behaviour)
    answer = await api.store(MEDIA_ID)
    assert isinstance(answer, Refused)
    assert answer.error.title
    assert code is None or answer.error.code == code
    assert details is None or (answer.error.details or "").rstrip(".") == details.rstrip(".")
    assert paths(simulator) == [LOGIN, STORE]


@pytest.mark.parametrize(
    ("behaviour", "code", "retry_after", "everyone"),
    [
        ("408", 408, None, False),
        ("429", 1015, None, True),
        ("429(2)", 1015, 2.0, True),
        ("503(99999)", 1016, 600.0, True),
        ("503(-3)", 1016, None, True),
        ("503(soon)", 1016, None, True),
        ("500", 1014, None, False),
        ("502-html", 502, None, False),
        ("504", 504, None, False),
        ("drop", "reset", None, False),
        ("half", "reset", None, False),
    ],
)
async def test_what_may_pass_is_told_after_one_request(
    simulator: Simulator,
    api: OnPremisesApi,
    behaviour: str,
    code: int | str,
    retry_after: float | None,
    everyone: bool,
) -> None:
    simulator.behave(MEDIA_ID, behaviour)
    answer = await api.store(MEDIA_ID)
    assert isinstance(answer, Passing)
    assert (answer.error.code, answer.retry_after, answer.everyone) == (code, retry_after, everyone)
    assert answer.error.title
    assert paths(simulator) == [LOGIN, STORE]


async def test_an_answer_that_never_comes_times_out(simulator: Simulator) -> None:
    simulator.behave(MEDIA_ID, "hang")
    impatient = api_of(
        simulator.url, username=simulator.username, password=simulator.password, read_timeout=0.1
    )
    answer = await impatient.store(MEDIA_ID)
    await impatient.aclose()
    assert isinstance(answer, Passing)
    assert answer.error.code == "timeout"
    assert paths(simulator) == [LOGIN, STORE]


@pytest.mark.parametrize(
    "media_id",
    [
        "",
        ".",
        "..",
        "../../users/login",
        "a/b",
        "a%2fb",
        "a\r\nb",
        "a b",
        "-a",
        "?x",
        "message:m",
        "é",
        "x" * 257,
    ],
)
async def test_an_id_that_is_no_id_is_never_sent(
    simulator: Simulator, api: OnPremisesApi, media_id: str
) -> None:
    answer = await api.store(MediaId(media_id))
    assert isinstance(answer, Refused)
    assert (answer.error.code, bool(answer.error.title)) == ("not-retrievable", True)
    assert simulator.calls == []


@pytest.mark.parametrize("media_id", ["a", "A1..~-_", "x==", "x" * 256])
async def test_an_odd_but_harmless_id_is_sent_encoded(
    simulator: Simulator, api: OnPremisesApi, media_id: str
) -> None:
    simulator.behave(media_id, "ok")
    assert await api.store(MediaId(media_id)) == Accepted()
    assert paths(simulator)[-1] == f"/v1/media/{media_id.replace('=', '%3D')}/download"


async def test_a_wrong_password_is_tried_once_a_call_and_not_at_all_by_the_health_check(
    simulator: Simulator,
) -> None:
    ticks = Ticks()
    api = api_of(simulator.url, username=simulator.username, password="wrong", uptime=ticks)
    answer = await api.store(MEDIA_ID)
    assert isinstance(answer, LoginRefused)
    assert (answer.error.code, answer.for_good) == (1005, True)
    assert "API_PASSWORD" in answer.remedy
    for _ in range(5):
        told = await api.health()
        assert (told.health, told.error, told.remedy) == (Health.UNKNOWN, answer.error, answer.remedy)
    assert paths(simulator) == [LOGIN]
    ticks.at += 601
    await api.health()
    await api.store(MEDIA_ID)
    assert paths(simulator) == [LOGIN] * 3
    await api.aclose()


async def test_waiting_requests_share_a_refused_login(simulator: Simulator) -> None:
    api = api_of(simulator.url, username=simulator.username, password="wrong")
    answers = await asyncio.gather(*(api.store(MediaId(f"m{n}")) for n in range(8)))
    assert len({answer.error.code for answer in answers if isinstance(answer, LoginRefused)}) == 1
    assert paths(simulator) == [LOGIN]
    await api.aclose()


async def test_a_password_that_was_changed_meanwhile_ends_in_one_refused_login(
    simulator: Simulator, api: OnPremisesApi
) -> None:
    simulator.behave(MEDIA_ID, "ok")
    assert await api.store(MEDIA_ID) == Accepted()
    simulator.expire_tokens()
    simulator.behave_call("login", "403")
    answer = await api.store(MEDIA_ID)
    assert isinstance(answer, LoginRefused)
    assert answer.for_good
    assert paths(simulator) == [LOGIN, STORE, STORE, LOGIN]


async def test_the_factory_password_and_too_many_bad_logins_are_told_apart() -> None:
    async with Simulator(factory_password=True) as simulator:
        api = api_of(simulator.url, username=simulator.username, password=simulator.password)
        answer = await api.store(MEDIA_ID)
        assert isinstance(answer, LoginRefused)
        assert (answer.error.code, answer.for_good) == (1024, True)
        assert "new_password" in answer.remedy
        await api.aclose()
        wrong = api_of(simulator.url, password="wrong")
        codes = []
        for _ in range(11):
            answer = await wrong.store(MEDIA_ID)
            assert isinstance(answer, LoginRefused)
            assert answer.for_good
            codes.append(answer.error.code)
        assert codes == [1005] * 10 + [1015]
        await wrong.aclose()


async def test_a_given_token_is_used_and_its_refusal_is_for_good(simulator: Simulator) -> None:
    refused = api_of(simulator.url, username=None, password=None, token="of-last-week")
    answer = await refused.store(MEDIA_ID)
    assert isinstance(answer, LoginRefused)
    assert (answer.error.code, answer.for_good) == (1005, True)
    assert paths(simulator) == [STORE]
    assert simulator.calls[0].headers["authorization"] == "Bearer of-last-week"
    assert (await refused.health()).error == answer.error
    assert paths(simulator) == [STORE]
    await refused.aclose()


async def test_a_given_token_goes_before_the_password_which_replaces_it(simulator: Simulator) -> None:
    api = api_of(
        simulator.url, username=simulator.username, password=simulator.password, token="of-last-week"
    )
    simulator.behave(MEDIA_ID, "ok")
    assert await api.store(MEDIA_ID) == Accepted()
    assert paths(simulator) == [STORE, LOGIN, STORE]
    await api.aclose()


async def test_without_credentials_it_asks_without_them() -> None:
    async with RawServer(accepted(MEDIA_ID), http(401)) as server:
        api = api_of(server.url, username=None, password=None)
        assert await api.store(MEDIA_ID) == Accepted()
        assert "authorization" not in server.requests[0].lower()
        answer = await api.store(MEDIA_ID)
        assert isinstance(answer, LoginRefused)
        assert (answer.error.code, answer.for_good) == (401, True)
        await api.aclose()


@pytest.mark.parametrize(
    ("health", "told"),
    [
        ("connected", Health.CONNECTED),
        ("disconnected", Health.DISCONNECTED),
        ({"gateway_status": "unregistered"}, Health.UNREGISTERED),
        (
            {"a:core": {"gateway_status": "disconnected"}, "b:core": {"gateway_status": "connected"}},
            Health.CONNECTED,
        ),
    ],
)
async def test_the_health_call_tells_the_clients_word(
    simulator: Simulator, api: OnPremisesApi, health: str | dict[str, object], told: Health
) -> None:
    simulator.health = json.loads(json.dumps(health))
    answer = await api.health()
    assert (answer.health, answer.error) == (told, None)
    assert paths(simulator) == [LOGIN, "/v1/health"]


async def test_the_health_call_survives_an_expired_token(simulator: Simulator, api: OnPremisesApi) -> None:
    await api.health()
    simulator.expire_tokens()
    assert (await api.health()).health is Health.CONNECTED


async def test_an_api_that_is_down_is_unreachable() -> None:
    async with Simulator() as simulator:
        url = simulator.url
    api = api_of(url)
    answer = await api.store(MEDIA_ID)
    assert isinstance(answer, Unreachable)
    assert answer.error.code == "unreachable"
    assert "API_URL" in answer.remedy
    told = await api.health()
    assert (told.health, told.error) == (Health.UNREACHABLE, answer.error)
    await api.aclose()


@pytest.mark.parametrize(("behaviour", "code"), [("drop", "reset"), ("half", "reset"), ("hang", "timeout")])
async def test_a_health_call_that_was_sent_but_not_answered_is_no_lost_api(
    simulator: Simulator, behaviour: str, code: str
) -> None:
    api = api_of(simulator.url, username=simulator.username, password=simulator.password, read_timeout=0.3)
    simulator.behave_call("health", behaviour)
    simulator.behave(MEDIA_ID, "ok")
    told = await api.health()
    assert told.error is not None
    assert (told.health, told.error.code) == (Health.UNKNOWN, code)
    assert told.remedy
    assert await api.store(MEDIA_ID) == Accepted()
    await api.aclose()


@pytest.mark.parametrize(("behaviour", "code"), [("503(5)", 1016), ("502-html", 502), ("drop", "reset")])
async def test_a_login_that_fails_in_passing_leaves_the_media_alone(
    simulator: Simulator, api: OnPremisesApi, behaviour: str, code: int | str
) -> None:
    simulator.behave_call("login", behaviour, "ok")
    simulator.behave(MEDIA_ID, "ok")
    answer = await api.store(MEDIA_ID)
    assert isinstance(answer, Unreachable)
    assert answer.error.code == code
    assert (await api.health()).health is Health.CONNECTED
    assert await api.store(MEDIA_ID) == Accepted()


async def test_a_redirect_to_nowhere_is_refused_like_any_other() -> None:
    async with RawServer(http(302, b"", "Location: http://[")) as server:
        api = api_of(server.url, username=None, password=None, token=TOKEN)
        answer = await api.store(MEDIA_ID)
        assert isinstance(answer, Refused)
        assert answer.error.code == "redirect"
        await api.aclose()


async def test_credentials_are_sent_to_their_own_host_only() -> None:
    async with RawServer(http()) as elsewhere:
        redirect = http(307, b"", f"Location: {elsewhere.url}/v1/users/login")
        async with RawServer(logged_in(), redirect) as server:
            api = api_of(server.url)
            assert isinstance(await api.store(MEDIA_ID), Refused)
            await api.aclose()
        async with RawServer(redirect) as server:
            api = api_of(server.url)
            answer = await api.store(MEDIA_ID)
            assert isinstance(answer, LoginRefused)
            assert answer.error.code == "redirect"
            await api.aclose()
        assert elsewhere.connections == 0


async def test_a_prefix_and_a_v1_in_the_address_are_kept_and_dropped() -> None:
    async with RawServer(logged_in(), accepted(MEDIA_ID)) as server:
        api = api_of(f"{server.url}/whatsapp/v1/")
        assert await api.store(MEDIA_ID) == Accepted()
        await api.aclose()
        assert [request.split()[1] for request in server.requests] == [
            f"/whatsapp{LOGIN}",
            f"/whatsapp{STORE}",
        ]
        assert f"authorization: bearer {TOKEN}" in server.requests[1].lower()


async def test_cancelling_a_request_hangs_up_and_harms_no_other() -> None:
    async with RawServer(logged_in(), hang, accepted(MEDIA_ID)) as server:
        api = api_of(server.url)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(api.store(MEDIA_ID))
            await server.asked(2)
            waiting.cancel()
            await asyncio.wait_for(server.left.wait(), 2)
            assert await api.store(MEDIA_ID) == Accepted()
        assert waiting.cancelled()
        await api.aclose()


async def test_cancelling_the_one_who_logs_in_harms_no_other() -> None:
    async with RawServer(hang, logged_in(), accepted(MEDIA_ID)) as server:
        api = api_of(server.url)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(api.store(MEDIA_ID))
            await server.asked()
            second = group.create_task(api.store(MEDIA_ID))
            await asyncio.sleep(0)
            first.cancel()
        assert first.cancelled()
        assert second.result() == Accepted()
        await api.aclose()


def _echoing(secrets: list[str]) -> bytes:
    words = " ".join(secrets)
    return http_json({"errors": [{"code": f"E {words}", "title": words, "details": words}]}, 403)


async def test_no_secret_comes_back_in_any_text() -> None:
    basic = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    secrets = [PASSWORD, TOKEN, basic]
    nodes = {"health": {"x " + TOKEN: {"gateway_status": PASSWORD}, "y": {"gateway_status": "connected"}}}
    async with RawServer(logged_in(), _echoing(secrets), _echoing(secrets), http_json(nodes)) as server:
        api = api_of(server.url)
        told = [await api.store(MEDIA_ID), await api.health(), await api.health()]
        text = repr(told) + repr(api)
        assert isinstance(told[0], Refused)
        assert told[0].error.title == "•••• •••• ••••"
        await api.aclose()
    for secret in secrets:
        assert secret not in text


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "tok\u00e9n", "null\x00"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(FixSetting) as caught:
        api_of("http://wa.example", token=token)
    assert "API_TOKEN" in caught.value.what
    assert token not in str(caught.value)


def test_a_user_name_that_no_login_can_carry_is_refused() -> None:
    with pytest.raises(FixSetting) as caught:
        api_of("http://wa.example", username="ad:min")
    assert "API_USERNAME" in caught.value.what


async def test_a_password_of_any_script_is_sent_as_utf8() -> None:
    async with RawServer(logged_in(), accepted(MEDIA_ID)) as server:
        api = api_of(server.url, password="пароль-é")
        assert await api.store(MEDIA_ID) == Accepted()
        await api.aclose()
    coded = base64.b64encode("admin:пароль-é".encode()).decode()
    assert f"authorization: basic {coded}".lower() in server.requests[0].lower()


async def test_connections_are_kept_until_the_api_is_closed() -> None:
    async with RawServer(keep_open) as server:
        api = api_of(server.url, username=None, password=None, token=TOKEN)
        assert isinstance(await api.store(MEDIA_ID), Refused)
        assert not server.left.is_set()
        await api.aclose()
        await asyncio.wait_for(server.left.wait(), 2)
        assert server.connections == 1
