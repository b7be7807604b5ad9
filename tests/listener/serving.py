"""A real listener on a free port of this machine, over a real cache."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from console.cache.writer import CacheWriter, Recorded
from console.clock import wall
from console.listener.app import WebhookApp
from console.listener.guards import Guards
from console.listener.refusals import Refusals
from console.listener.server import ListenerServer, Tls
from console.platforms.onpremises.webhook import read_webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from console.config import Settings
    from console.domain.exceptions import RetryLater
    from console.domain.media import Millis
    from console.domain.reading import Reading
    from console.listener.app import Recording
    from console.listener.connection import Patience
    from console.platforms.base import WebhookReader


class Told:
    """Remembers what the listener tells."""

    def __init__(self) -> None:
        self.heard: list[tuple[Millis, Recorded | None]] = []
        self.refusals: list[tuple[int, str]] = []
        self.failures: list[RetryLater] = []
        self.noted = 0
        self.sums: list[str] = []

    def acknowledged(self, at: Millis, recorded: Recorded | None) -> None:
        self.heard.append((at, recorded))

    def refused(self, status: int, reason: str, what: str, *, noted: bool = True) -> None:
        assert what
        self.refusals.append((status, reason))
        self.noted += noted

    def refused_more(self, text: str) -> None:
        self.sums.append(text)

    def cache_failed(self, error: RetryLater) -> None:
        self.failures.append(error)


@asynccontextmanager
async def serving(server: ListenerServer) -> AsyncIterator[str]:
    """Runs a server; gives its address as `host:port`."""
    address = server.bind()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        try:
            yield address
        finally:
            server.stop()


class Storing:
    """A cache that takes everything at once and keeps nothing."""

    async def take_webhook(self, body: bytes, received_at: Millis, reading: Reading) -> Recorded:
        return Recorded(new=len(reading.facts))


@asynccontextmanager
async def listening(
    writer: Recording,
    told: Told,
    *,
    settings: Settings | None = None,
    read: WebhookReader = read_webhook,
    patience: Patience | None = None,
    connections: int | None = None,
    plain: bool = True,
    **limits: Any,
) -> AsyncIterator[str]:
    """A listener over a writer, with the guards and the TLS of the settings; gives its base URL."""
    refusals = Refusals(told)
    app = WebhookApp(
        writer, read, now=wall, witness=told, guards=Guards(settings), refusals=refusals, **limits
    )
    tls = Tls.of(settings) if settings is not None else None
    server = ListenerServer(
        app,
        "127.0.0.1",
        0,
        tls=tls,
        refused=refusals.tell,
        patience=patience,
        connections=connections,
        plain=plain,
    )
    async with serving(server) as address:
        yield f"{'https' if tls is not None else 'http'}://{address}"


@asynccontextmanager
async def cache(path: Path) -> AsyncIterator[CacheWriter]:
    """A new cache's writer."""
    writer = await CacheWriter.open(path, now=wall)
    try:
        yield writer
    finally:
        await writer.close()


async def raw(url: str, request: bytes, *, then_close: bool = False) -> bytes:
    """Sends bytes as they are and returns all that comes back until the connection is closed."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        if then_close:
            writer.write_eof()
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


def held_port() -> socket.socket:
    """A socket of somebody else that listens on a port of 127.0.0.1."""
    holder = socket.create_server(("127.0.0.1", 0))
    return holder
