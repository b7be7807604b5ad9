"""What the operator learns of senders whose TLS handshake fails."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from console.config import Settings, load
from console.listener.connection import Patience
from console.listener.handshakes import why
from tests.listener.certificates import Pair, certificate, signed
from tests.listener.serving import Storing, Told, listening

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("handshakes")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Pair:
    return certificate(folder, "authority")


@pytest.fixture(scope="module")
def settings(folder: Path, authority: Pair) -> Settings:
    """A listener that asks its senders for a certificate."""
    own = certificate(folder)
    given = {"tls_cert": own.cert, "tls_key": own.key, "tls_client_ca": authority.cert}
    return load(
        {"db": "/nowhere/media.db"},
        {f"MEDIA_CONSOLE_{key.upper()}": str(value) for key, value in given.items()},
    )


def client(pair: Pair | None = None) -> ssl.SSLContext:
    """Takes any certificate, and brings this one."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if pair is not None:
        context.load_cert_chain(pair.cert, pair.key)
    return context


def old() -> ssl.SSLContext:
    """Speaks TLS 1.1 at best."""
    context = client()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


class Hearing(Told):
    """Can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.heard_of_one = asyncio.Event()

    def refused(self, status: int, reason: str, what: str, *, noted: bool = True) -> None:
        super().refused(status, reason, what, noted=noted)
        self.heard_of_one.set()


def connect(port: int, context: ssl.SSLContext | None, said: bytes) -> bytes:
    """What a sender is answered that connects and says this; it tells why it breaks a handshake off."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, suppress(OSError):
        if context is None:
            plain.sendall(said)
            plain.recv(100)
        else:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as sender:
                sender.sendall(said)
                return sender.recv(100)
    return b""


async def told_of(settings: Settings, context: ssl.SSLContext | None, said: bytes = b"") -> Told:
    """What is told of a sender that connects like that, says this and waits for the end."""
    told = Hearing()
    async with listening(Storing(), told, settings=settings, patience=Patience(handshake=0.3)) as url:
        port = int(url.rpartition(":")[2])
        answered = await asyncio.to_thread(connect, port, context, said)
        if not answered:
            await asyncio.wait_for(told.heard_of_one.wait(), 5)
    return told


PLAIN = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (PLAIN, "The sender speaks plain HTTP; this listener takes https only."),
        (b"\x16\x03\x01", "The TLS handshake was not complete in time."),
    ],
)
async def test_who_speaks_no_tls_is_told_with_the_reason(
    settings: Settings, caplog: pytest.LogCaptureFixture, said: bytes, words: str
) -> None:
    assert (await told_of(settings, None, said)).refusals == [(0, "tls")]
    assert f"connection from 127.0.0.1 refused: tls: {words}" in caplog.text


async def test_a_certificate_that_is_missing_or_wrong_is_told_with_the_reason(
    settings: Settings, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    senders = {
        "The sender brought no certificate; --tls-client-ca asks for one.": client(),
        "The sender's certificate does not hold against --tls-client-ca: ": client(certificate(folder, "x")),
        "The sender does not trust this listener's certificate (--tls-cert).": ssl.create_default_context(),
        "The sender speaks a version of TLS before 1.2, which is not taken here.": old(),
    }
    for words, context in senders.items():
        assert (await told_of(settings, context)).refusals == [(0, "tls")], words
        assert f"connection from 127.0.0.1 refused: tls: {words}" in caplog.text


async def test_a_right_certificate_and_a_probe_of_the_port_are_not_told(
    settings: Settings, folder: Path, authority: Pair
) -> None:
    assert (await told_of(settings, client(signed(folder, "right", authority)), PLAIN)).refusals == []
    assert why(ConnectionResetError()) is None
    assert why(ssl.SSLEOFError()) is None
