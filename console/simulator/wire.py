"""HTTP below the level of answers: one server on one socket, and answers that break off.

uvicorn speaks the protocol. What a web framework hides, the transport, is handed through, so
that a connection can be reset at any moment.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable
    from uvicorn._types import Scope as WireScope

_TRANSPORT = "simulator.transport"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        FixSetting: the address cannot be had; says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets NODELAY only then
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(512)
    except (OSError, OverflowError) as fault:
        sock.close()
        raise FixSetting(
            f"The simulator cannot listen on {host}:{port}: {fault}.", "Choose another host or port."
        ) from fault
    sock.setblocking(False)
    return sock


ACCEPTING_TURNS = 3
"""Turns of the loop after which a connection that was being accepted is among the known ones."""


class _Protocol(H11Protocol):
    """uvicorn's protocol, whose requests know the transport that they came in by."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        inner = self.app

        async def with_transport(
            scope: WireScope, receive: ASGIReceiveCallable, send: ASGISendCallable
        ) -> None:
            if scope["type"] == "http":
                scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}
            await inner(scope, receive, send)

        self.app = with_transport


class Server:
    """An app on a listening socket, in the running event loop."""

    def __init__(self, app: ASGIApp, sock: socket.socket) -> None:
        self._config = Config(
            app,
            http=_Protocol,
            interface="asgi3",
            ws="none",
            lifespan="off",
            proxy_headers=False,
            log_config=None,
            access_log=False,
        )
        self._config.load()
        self._state = ServerState()
        self._sock = sock

    async def run(self, closing: asyncio.Event) -> None:
        """Serves until `closing` is set; then cuts every connection and returns."""
        loop = asyncio.get_running_loop()

        def connect() -> _Protocol:
            return _Protocol(self._config, self._state, {}, loop)

        server = await loop.create_server(connect, sock=self._sock)
        try:
            await closing.wait()
        finally:
            server.close()
            for _ in range(ACCEPTING_TURNS):
                await asyncio.sleep(0)
            for connection in list(self._state.connections):
                if isinstance(connection, _Protocol):
                    connection.transport.abort()
            if self._state.tasks:
                await asyncio.wait(self._state.tasks, timeout=2)


def _transport(scope: Scope) -> asyncio.Transport:
    transport = scope["extensions"][_TRANSPORT]["transport"]
    if not isinstance(transport, asyncio.Transport):
        raise TypeError(f"a connection has no transport but {transport!r}")
    return transport


async def _gone(receive: Receive) -> None:
    """Waits until the connection is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _reset(scope: Scope, receive: Receive) -> None:
    transport = _transport(scope)
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
    await _gone(receive)


class Dropped(Response):
    """The connection is reset instead of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _reset(scope, receive)


class Hung(Response):
    """No byte comes until the other side goes away."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _gone(receive)


class Halved(Response):
    """The connection is reset after half of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytes(self.body)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(0.05)  # a reset overtakes bytes that the other side has not read yet
        await _reset(scope, receive)


class Dripping(Response):
    """The body comes byte by byte, `pause` seconds apart."""

    def __init__(self, content: bytes, pause: float) -> None:
        super().__init__(content, media_type="application/json")
        self._pause = pause

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = bytes(self.body)
        for place in range(len(body)):
            last = place + 1 == len(body)
            await send({"type": "http.response.body", "body": body[place : place + 1], "more_body": not last})
            if last or await gone_within(receive, self._pause):
                return


async def gone_within(receive: Receive, seconds: float) -> bool:
    """Waits; ends early and gives True when the other side goes away."""
    try:
        async with asyncio.timeout(seconds):
            await _gone(receive)
    except TimeoutError:
        return False
    return True


class Huge(Response):
    """A JSON document of many megabytes, sent piece by piece."""

    def __init__(self, head: bytes, tail: bytes, megabytes: float) -> None:
        self._count = int(megabytes * 16)
        self._head, self._tail = head, tail
        length = len(head) + len(tail) + self._count * 65536
        super().__init__(headers={"content-length": str(length)}, media_type="application/json")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = _transport(scope)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._head, "more_body": True})
        for _ in range(self._count):
            if transport.is_closing():
                return
            await send({"type": "http.response.body", "body": b" " * 65536, "more_body": True})
        await send({"type": "http.response.body", "body": self._tail, "more_body": False})
