"""Who may post: each guard over real HTTP, and what counts as the sender's address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from console.config import Settings, load
from console.listener.guards import Guards
from tests.listener.serving import Storing, Told, listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BODY = b'{"statuses":[]}'
FIRST, SECOND = "canary-secret-no-1", "canary-secret-no-2"


def guarded(**given: str) -> Settings:
    return load({"db": "/nowhere/media.db"}, {f"MEDIA_CONSOLE_{k.upper()}": v for k, v in given.items()})


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def signed(secret: str, body: bytes = BODY) -> bytes:
    return hmac.digest(secret.encode(), body, hashlib.sha256)


def basic(login: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(login.encode()).decode()}


async def test_a_secret_in_the_path(http: httpx.AsyncClient) -> None:
    told = Told()
    async with listening(Storing(), told, settings=guarded(webhook_secret=f"{FIRST},{SECOND}")) as url:
        for secret in (FIRST, SECOND):
            assert (await http.post(f"{url}/webhook/{secret}?a=b", content=BODY)).status_code == 200
        wrong = ("", "/", f"/{FIRST}/", f"/{FIRST[:-1]}", f"/{FIRST.upper()}", f"/x/{FIRST}", "/%00", "/é")
        for path in wrong:
            answer = await http.post(f"{url}/webhook{path}", content=BODY)
            assert answer.status_code == 404, path
            assert FIRST not in answer.text
        assert (await http.get(f"{url}/webhook/{FIRST}")).status_code == 405
        assert (await http.get(f"{url}/webhook/wrong")).status_code == 404
        assert (await http.get(f"{url}/healthz")).status_code == 200
    assert len(told.heard) == 2


async def test_a_bearer_token(http: httpx.AsyncClient) -> None:
    async with listening(Storing(), Told(), settings=guarded(webhook_token=f"{FIRST} {SECOND}")) as url:
        for header in (f"Bearer {FIRST}", f"bearer  {SECOND}"):
            answer = await http.post(f"{url}/webhook", content=BODY, headers={"authorization": header})
            assert answer.status_code == 200
        for header in ("", FIRST, f"Basic {FIRST}", f"Bearer {FIRST}x", "Bearer", f"Bearer {FIRST.upper()}"):
            answer = await http.post(f"{url}/webhook", content=BODY, headers={"authorization": header})
            assert (answer.status_code, answer.json()["error"]["reason"]) == (401, "token"), header
            assert answer.headers["www-authenticate"] == 'Bearer realm="media-console"'
        assert (await http.post(f"{url}/webhook", content=BODY)).status_code == 401


async def test_a_basic_login(http: httpx.AsyncClient) -> None:
    logins = f"client:{FIRST} other:ü:{SECOND}"
    async with listening(Storing(), Told(), settings=guarded(webhook_basic=logins)) as url:
        for login in (f"client:{FIRST}", f"other:ü:{SECOND}"):
            assert (await http.post(f"{url}/webhook", content=BODY, headers=basic(login))).status_code == 200
        wrong: list[dict[str, str]] = [{}, basic(f"client:{SECOND}"), basic(FIRST), basic(":")]
        wrong += [{"authorization": "Basic é!"}, {"authorization": f"Bearer {FIRST}"}]
        for headers in wrong:
            sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
            answer = await http.post(f"{url}/webhook", content=BODY, headers=sent)
            assert (answer.status_code, answer.json()["error"]["reason"]) == (401, "login"), headers
            assert answer.headers["www-authenticate"].startswith('Basic realm="media-console"')


async def test_a_signature_of_the_raw_body(http: httpx.AsyncClient) -> None:
    told = Told()
    values = f"{FIRST},{SECOND}:X-Signature"
    usual = "x-hub-signature-256"
    good = [
        (usual, signed(FIRST).hex()),
        (usual, "sha256=" + signed(FIRST).hex().upper()),
        (usual, base64.b64encode(signed(FIRST)).decode()),
        ("X-SIGNATURE", "SHA256=" + base64.b64encode(signed(SECOND)).decode()),
    ]
    bad = [
        (usual, ""),
        (usual, signed(SECOND).hex()),
        ("x-signature", signed(FIRST).hex()),
        (usual, "sha1=" + hmac.digest(FIRST.encode(), BODY, hashlib.sha1).hex()),
        (usual, "sha256=zz" + signed(FIRST).hex()[2:]),
        (usual, signed(FIRST).hex()[:-1]),
        (usual, signed(FIRST, b'{"statuses": []}').hex()),
    ]
    async with listening(Storing(), told, settings=guarded(webhook_hmac=values)) as url:
        for name, value in good:
            answer = await http.post(f"{url}/webhook", content=BODY, headers={name: value})
            assert answer.status_code == 200, (name, value)
        for name, value in bad:
            answer = await http.post(f"{url}/webhook", content=BODY, headers={name: value})
            assert (answer.status_code, answer.json()["error"]["reason"]) == (401, "signature"), value
            assert "www-authenticate" in answer.headers
        junk = b"\xff not json"
        answer = await http.post(f"{url}/webhook", content=junk)
        assert answer.status_code == 401, "it is judged before it is parsed"
        answer = await http.post(f"{url}/webhook", content=junk, headers={usual: signed(FIRST, junk).hex()})
        assert answer.status_code == 400
    assert len(told.heard) == len(good)


async def test_all_guards_that_are_set_must_hold(http: httpx.AsyncClient) -> None:
    settings = guarded(
        webhook_secret=FIRST, webhook_token=SECOND, webhook_hmac=FIRST, listen_allow="127.0.0.1"
    )
    token, signature = {"authorization": f"Bearer {SECOND}"}, {"x-hub-signature-256": signed(FIRST).hex()}
    async with listening(Storing(), Told(), settings=settings) as url:
        for path, headers, status in (
            (f"/webhook/{FIRST}", token | signature, 200),
            ("/webhook", token | signature, 404),
            (f"/webhook/{FIRST}", signature, 401),
            (f"/webhook/{FIRST}", token, 401),
        ):
            assert (await http.post(url + path, content=BODY, headers=headers)).status_code == status


async def test_an_address_that_is_not_allowed_gets_nothing(http: httpx.AsyncClient) -> None:
    told = Told()
    async with listening(Storing(), told, settings=guarded(listen_allow="10.0.0.0/8 ::1")) as url:
        for method, path in (("POST", "/webhook"), ("GET", "/healthz"), ("GET", "/")):
            answer = await http.request(method, url + path, content=BODY)
            assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "address")
    assert told.refusals == [(403, "address")] * 3
    async with listening(Storing(), told, settings=guarded(listen_allow="127.0.0.0/8")) as url:
        assert (await http.post(f"{url}/webhook", content=BODY)).status_code == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "sender"),
    [
        ("192.0.2.9", ["10.0.0.1"], "192.0.2.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["6.6.6.6, 203.0.113.7, 10.1.1.1"], "203.0.113.7"),
        ("127.0.0.1", ["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
        ("127.0.0.1", ["203.0.113.7, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("127.0.0.1", ["6.6.6.6,\x1b[2J"], "127.0.0.1"),
        ("::ffff:127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("", ["203.0.113.7"], ""),
    ],
)
def test_only_a_trusted_proxy_says_who_the_sender_is(peer: str, forwarded: list[str], sender: str) -> None:
    guards = Guards(guarded(trusted_proxies="127.0.0.1 10.0.0.0/8"))
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    scope: dict[str, Any] = {"client": (peer, 1) if peer else None, "headers": headers}
    assert guards.sender(scope) == sender
    assert Guards().sender(scope) == peer, "without a setting no proxy is trusted"


def test_secrets_are_compared_in_one_place_and_in_constant_time() -> None:
    """`==` on a secret would end at its first wrong byte; every guard goes through one comparison."""
    source = Path(inspect.getfile(Guards)).read_text()
    assert source.count("hmac.compare_digest(") == 2
    assert "return True" not in source
