"""Tiny raw servers for what the simulated client does not do: broken HTTP, hanging, TLS."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Self, TypeAlias

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

Answer: TypeAlias = bytes | Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""The bytes to send back, or what to do with the connection once the request's head was read."""


class RawServer:
    """Answers each request with the next of its answers (the last one stays), then closes.

    `requests` holds the heads of all requests, `left` is set when a client has hung up on us.
    """

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._answers = list(answers)
        self._tls = tls
        self._host = host
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server
        self.requests: list[str] = []
        self.connections = 0
        self._heard = asyncio.Condition()
        self.left = asyncio.Event()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._tls)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http{'s' if self._tls else ''}://{self._host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def asked(self, count: int = 1) -> None:
        """Waits until so many requests came in."""
        async with asyncio.timeout(5), self._heard:
            await self._heard.wait_for(lambda: len(self.requests) >= count)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            async with self._heard:
                self.requests.append(head.decode("latin-1"))
                self._heard.notify_all()
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            self.left.set()
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if self.left.is_set() else writer.close()


def http(
    status: int = 200, body: bytes = b"", *headers: str, content_type: str | None = "application/json"
) -> bytes:
    """A whole HTTP answer that ends its connection."""
    lines = [f"HTTP/1.1 {status} Some Words", f"Content-Length: {len(body)}", "Connection: close", *headers]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def http_json(value: object, status: int = 200, *headers: str) -> bytes:
    """A whole HTTP answer with a JSON body."""
    return http(status, json.dumps(value).encode(), *headers)


def accepted(media_id: str) -> bytes:
    """The documented answer to a store request."""
    meta = {"api_status": "stable", "version": "3.0.0.0"}
    return http_json({"media_items": [{"id": media_id}], "meta": meta})


def logged_in(token: str = "t0ken-of-the-test") -> bytes:
    """The documented answer to a login."""
    user = {"token": token, "expires_after": "2018-03-01 15:29:26+00:00"}
    return http_json({"users": [user], "meta": {"api_status": "stable", "version": "3.0.0.0"}})


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says nothing until the other side hangs up."""
    while await reader.read(1000):
        pass
    raise ConnectionResetError


async def keep_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with an empty object and waits until the other side hangs up."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    await hang(reader, writer)


@contextmanager
def never_accepted() -> Iterator[str]:
    """An address whose connections nobody takes: a full backlog drops the handshakes of those who come."""
    with ExitStack() as held:
        endpoint = held.enter_context(socket.socket())
        endpoint.bind(("127.0.0.1", 0))
        endpoint.listen(0)
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(endpoint.getsockname())
        yield f"http://127.0.0.1:{endpoint.getsockname()[1]}"


def make_authority(folder: Path, name: str) -> Path:
    """A certificate authority and a key and certificate of it for 127.0.0.1, made by `openssl`.

    Writes `<name>-ca.pem`, `<name>.pem` and `<name>.key`; returns the first.
    """
    openssl = shutil.which("openssl")
    assert openssl is not None, "these tests make their certificates with the openssl command"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    ca, ca_key = folder / f"{name}-ca.pem", folder / f"{name}-ca.key"
    request = folder / f"{name}.csr"
    names = folder / f"{name}.ext"
    names.write_text("subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n")
    for arguments in (
        ["req", "-x509", *key, "-keyout", ca_key, "-out", ca, "-days", "2", "-subj", f"/CN={name} CA"],
        ["req", *key, "-keyout", folder / f"{name}.key", "-out", request, "-subj", f"/CN={name}"],
        [
            *("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-set_serial", "7"),
            *("-days", "2", "-extfile", names, "-out", folder / f"{name}.pem"),
        ],
    ):
        subprocess.run([openssl, *map(str, arguments)], check=True, capture_output=True)
    return ca
