"""Strangers at the door: secrets, open addresses, TLS and forged addresses: T56, T58, T63 and T64."""

from __future__ import annotations

import asyncio
import socket
import ssl
import statistics
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from console.clock import monotonic
from console.config import Settings, load
from console.listener.connection import Patience
from console.listener.refusals import GUESSES
from tests.cli.terminal import terminal
from tests.cli.world import announcement, command, environment, fill, running
from tests.faults.processes import serving, stored
from tests.listener.certificates import Pair, certificate, expired, signed
from tests.listener.serving import Storing, Told, cache, listening, raw
from tests.listener.test_connection import statuses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

SECRET = "canary-0123456789abcdef"
NEXT = "canary-fedcba9876543210"
BODY = b'{"statuses":[]}'


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "media.db"


def given(**settings: str) -> Settings:
    return load({"db": "/nowhere/media.db"}, {f"MEDIA_CONSOLE_{k.upper()}": v for k, v in settings.items()})


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_t56_wrong_secrets_open_nothing_and_are_counted(http: httpx.AsyncClient) -> None:
    """None, wrong, a prefix, the wrong case; and the right one with the wrong method."""
    told = Told()
    wrong = ("", "wrong", SECRET[:-1], SECRET + "x", SECRET.upper(), SECRET[::-1])
    async with listening(Storing(), told, settings=given(webhook_secret=f"{SECRET} {NEXT}")) as url:
        for one in wrong:
            assert (await http.post(f"{url}/webhook/{one}", content=BODY)).status_code == 404
        assert (await http.put(f"{url}/webhook/{SECRET}", content=BODY)).status_code == 405
        for one in (SECRET, NEXT):
            assert (await http.post(f"{url}/webhook/{one}", content=BODY)).status_code == 200
    assert (len(told.heard), told.refusals) == (2, [(404, "not-found")] * len(wrong))
    told = Told()
    async with listening(Storing(), told, settings=given(webhook_token=f"{SECRET} {NEXT}")) as url:
        for one in wrong[1:]:
            answer = await http.post(f"{url}/webhook", content=BODY, headers=bearer(one))
            assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer")
        answer = await http.put(f"{url}/webhook", content=BODY, headers=bearer(SECRET))
        assert answer.status_code == 405
        for one in (SECRET, NEXT):
            assert (await http.post(f"{url}/webhook", content=BODY, headers=bearer(one))).status_code == 200
    assert (len(told.heard), told.refusals) == (2, [(401, "token")] * (len(wrong) - 1))


async def test_t56_no_body_is_read_before_the_secret_was_right() -> None:
    """The answer comes although nothing of the announced body does, and `100 Continue` is never said."""
    head = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"

    async def answered(setting: str, value: str) -> list[int]:
        async with listening(Storing(), Told(), settings=given(**{setting: value})) as url:
            return statuses(await asyncio.wait_for(raw(url, head), 5))

    guards = {
        "webhook_secret": (SECRET, 404),
        "webhook_token": (SECRET, 401),
        "webhook_basic": (f"u:{SECRET}", 401),
        "listen_allow": ("10.0.0.0/8", 403),
    }
    found = await asyncio.gather(*(answered(setting, value) for setting, (value, _) in guards.items()))
    assert found == [[status] for _, status in guards.values()]


async def test_t56_who_guesses_is_slowed_down_and_who_knows_passes(http: httpx.AsyncClient) -> None:
    told = Told()
    async with listening(Storing(), told, settings=given(webhook_token=SECRET)) as url:
        answers = [await http.post(f"{url}/webhook", content=BODY, headers=bearer("x")) for _ in range(40)]
        assert [answer.status_code for answer in answers] == [401] * GUESSES + [429] * (40 - GUESSES)
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert answers[-1].json()["error"]["reason"] == "guesses"
        answer = await http.post(f"{url}/webhook", content=BODY, headers=bearer(SECRET))
        assert answer.status_code == 200, "a right secret always passes"
    assert len(told.refusals) == 40
    assert 0 < told.noted <= 5


async def test_t56_the_time_of_an_answer_tells_nothing_of_the_secret() -> None:
    """A secret that is right but for its last letter takes as long to refuse as one that is all wrong."""
    near, far = bearer(SECRET[:-1] + "x"), bearer("x" * len(SECRET))
    took: dict[str, list[float]] = {"near": [], "far": []}
    async with listening(Storing(), Told(), settings=given(webhook_token=SECRET)) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for number in range(1000):
            kind, header = ("near", near) if number % 2 else ("far", far)
            line = f"Authorization: {header['authorization']}"
            began = monotonic()
            writer.write(f"POST /webhook HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode())
            await reader.readuntil(b"}}")
            took[kind].append(monotonic() - began)
        writer.close()
        await writer.wait_closed()
    near_by, far_off = (statistics.median(took[kind]) for kind in ("near", "far"))
    assert 0.7 < near_by / far_off < 1.4


async def test_t56_a_flood_of_guesses_fills_neither_log_nor_events(db: Path) -> None:
    """The real service: thousands of wrong tries are counted, a handful are told."""
    with serving(db, webhook_token=SECRET) as served:
        wrong = b"POST /webhook HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n\r\n"
        here = served.url.removesuffix("/webhook")
        await asyncio.gather(*(raw(here, wrong * 100, then_close=True) for _ in range(20)))
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(served.url, content=announcement("a"), headers=bearer(SECRET))
        assert answer.status_code == 200
        assert stored(db) == {"a"}
        words = served.words.read_text()
    assert 0 < words.count("refused") <= 5
    assert SECRET not in words


def refused(db: Path, *arguments: str, **settings: str) -> str:
    """What a command says that is refused for its settings, in one line, having changed nothing."""
    ended = subprocess.run(
        command(*arguments), env=environment(db, **settings), capture_output=True, text=True, timeout=15
    )
    assert ended.returncode == 2, ended
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert not db.exists()
    assert SECRET not in ended.stderr
    return ended.stderr


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:8085"])
def test_t58_an_open_listener_without_a_secret_is_refused(db: Path, address: str) -> None:
    words = refused(db, "listen", listen=address)
    assert f"LISTEN in MEDIA_CONSOLE_LISTEN is {address}, and nothing keeps strangers" in words
    for name in ("WEBHOOK_SECRET", "WEBHOOK_TOKEN", "WEBHOOK_HMAC", "LISTEN_ALLOW", "LISTEN_OPEN=true"):
        assert f"MEDIA_CONSOLE_{name}" in words


def test_t58_the_screen_and_a_download_that_would_serve_are_refused_too(db: Path) -> None:
    env = environment(db, listen="0.0.0.0:0", api_url="http://127.0.0.1:9")
    with terminal([], env, 200, 10) as screen:
        screen.until_text("LISTEN in MEDIA_CONSOLE_LISTEN is 0.0.0.0:0, and nothing keeps strangers")
        assert screen.end() == 2
    assert not db.exists()
    fill(db, announcement("a"))
    ended = subprocess.run(command("download", "a"), env=env, capture_output=True, text=True, timeout=15)
    assert ended.returncode == 2
    assert "nothing keeps strangers" in ended.stderr


@pytest.mark.parametrize(
    "said", [{"listen_open": "true"}, {"webhook_secret": SECRET}, {"listen_allow": "127.0.0.0/8"}]
)
def test_t58_it_starts_once_it_is_guarded_or_meant_to_be_open(db: Path, said: dict[str, str]) -> None:
    env = environment(db, listen="0.0.0.0:0", **said)
    with running(["listen"], env, r"Waiting for webhooks at http://0\.0\.0\.0:[0-9]+(\S+)") as (
        process,
        path,
    ):
        assert path == ("/webhook/••••" if "webhook_secret" in said else "/webhook")
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Signs the senders' certificates."""
    return certificate(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The listener's certificate."""
    return certificate(tmp_path_factory.mktemp("listener"))


def tls(pair: Pair, **more: str) -> dict[str, str]:
    return {"tls_cert": str(pair.cert), "tls_key": str(pair.key), **more}


@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_t63_a_key_that_others_may_read_is_refused(db: Path, tmp_path: Path, mode: int) -> None:
    loose = certificate(tmp_path)
    loose.key.chmod(mode)
    assert f"which other users may read or change. Run: chmod 600 {loose.key}" in refused(
        db, "listen", **tls(loose)
    )


def test_t63_files_that_cannot_be_used_are_refused(db: Path, tmp_path: Path, pair: Pair) -> None:
    other = certificate(tmp_path, "other")
    assert "does not belong to" in refused(db, "listen", **tls(Pair(pair.cert, other.key)))
    missing = Pair(pair.cert, tmp_path / "missing.pem")
    assert "missing.pem: No such file" in refused(db, "listen", **tls(missing))
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    junk.chmod(0o600)
    assert "no usable PEM" in refused(db, "listen", **tls(Pair(junk, junk)))
    words = refused(db, "listen", **tls(pair, tls_client_ca=str(junk)))
    assert "TLS_CLIENT_CA in MEDIA_CONSOLE_TLS_CLIENT_CA names" in words
    assert "TLS_CLIENT_CA" in refused(db, "listen", tls_client_ca=str(pair.cert))


def test_t63_an_expired_certificate_is_refused(db: Path, tmp_path: Path) -> None:
    assert "expired.cert.pem, which has expired" in refused(db, "listen", **tls(expired(tmp_path)))


async def test_t63_no_row_comes_from_a_sender_without_a_good_certificate(
    tmp_path: Path, pair: Pair, authority: Pair
) -> None:
    stranger = certificate(tmp_path, "stranger")
    known = signed(tmp_path, "known", authority)
    settings = given(**tls(pair, tls_client_ca=str(authority.cert)))
    async with cache(tmp_path / "c.db") as writer, listening(writer, Told(), settings=settings) as url:
        for sender, media_id in ((None, "without"), (stranger, "stranger"), (known, "known")):
            context = ssl.create_default_context(cafile=pair.cert)
            if sender is not None:
                context.load_cert_chain(*sender)
            async with httpx.AsyncClient(verify=context, trust_env=False) as http:
                try:
                    answer = await http.post(f"{url}/webhook", content=announcement(media_id))
                except httpx.TransportError:
                    assert sender is not known
                else:
                    assert (sender, answer.status_code) == (known, 200)
        assert stored(tmp_path / "c.db") == {"known"}


async def test_t63_half_a_handshake_is_ended_and_holds_nobody_up(pair: Pair) -> None:
    quick = Patience(handshake=0.5, head=0.5, idle=5, answer=5)
    trust = ssl.create_default_context(cafile=pair.cert)
    hello = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        trust.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="127.0.0.1").do_handshake()
    halves: Sequence[bytes] = (b"", hello.read()[:50], b"\x16\x03")
    async with listening(
        Storing(), Told(), settings=given(**tls(pair)), patience=quick, connections=40
    ) as url:
        address = url.replace("https", "http")
        slow = [asyncio.ensure_future(_ended(address, half)) for half in halves for _ in range(30)]
        async with httpx.AsyncClient(verify=trust, trust_env=False) as http:
            for _ in range(5):
                assert (await http.post(f"{url}/webhook", content=BODY)).status_code == 200
        assert max(await asyncio.gather(*slow)) < 4


@pytest.mark.slow
@pytest.mark.timeout(40)
def test_t63_half_a_handshake_is_ended_after_ten_seconds(db: Path, pair: Pair) -> None:
    with running(["listen"], environment(db, **tls(pair)), r"https://127\.0\.0\.1:([0-9]+)/") as (_, port):
        began = monotonic()
        with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as half:
            half.sendall(b"\x16\x03\x01")
            assert half.recv(100) == b""
        assert 9 < monotonic() - began < 11


async def _ended(url: str, half: bytes) -> float:
    """Seconds until a connection that begins like that is ended."""
    began = monotonic()
    with suppress(ConnectionError):
        await raw(url, half)
    return monotonic() - began


async def test_t64_a_forged_forwarding_header_opens_nothing(http: httpx.AsyncClient) -> None:
    """The peer's address counts unless the peer is a proxy that the settings trust."""
    forged = {"x-forwarded-for": "10.1.2.3"}
    async with listening(Storing(), Told(), settings=given(listen_allow="10.0.0.0/8")) as url:
        for headers in ({}, forged, forged | {"forwarded": "for=10.1.2.3", "x-real-ip": "10.1.2.3"}):
            assert (await http.post(f"{url}/webhook", content=BODY, headers=headers)).status_code == 403
    proxied = given(listen_allow="10.0.0.0/8", trusted_proxies="127.0.0.1")
    async with listening(Storing(), Told(), settings=proxied) as url:
        for forwarded, status in (
            ("10.1.2.3", 200),
            ("203.0.113.7", 403),
            ("10.1.2.3, 203.0.113.7", 403),
            ("203.0.113.7, 10.1.2.3", 200),
            ("10.1.2.3, 127.0.0.1", 200),
            ("nonsense", 403),
        ):
            headers = {"x-forwarded-for": forwarded}
            answer = await http.post(f"{url}/webhook", content=BODY, headers=headers)
            assert answer.status_code == status, forwarded
        assert (await http.get(f"{url}/healthz")).status_code == 403


async def test_t64_behind_a_proxy_one_guesser_slows_down_nobody_else(http: httpx.AsyncClient) -> None:
    settings = given(webhook_token=SECRET, trusted_proxies="127.0.0.1")
    async with listening(Storing(), Told(), settings=settings) as url:
        for number in range(GUESSES + 2):
            wrong = bearer("wrong") | {"x-forwarded-for": f"6.6.6.{number}, 203.0.113.7"}
            answer = await http.post(f"{url}/webhook", content=BODY, headers=wrong)
        assert answer.status_code == 429, "what stands further left is the guesser's own word"
        wrong = bearer("wrong") | {"x-forwarded-for": "203.0.113.8"}
        assert (await http.post(f"{url}/webhook", content=BODY, headers=wrong)).status_code == 401
