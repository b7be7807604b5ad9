"""The listener's HTTP server: a socket of our own, served by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from typing import TYPE_CHECKING, Any

import uvicorn

from console.domain.exceptions import FixSetting
from console.listener.ports import holder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

BACKLOG = 1024
CONNECTIONS = 1024
HEAD_LIMIT = 16_384
KEEP_ALIVE_SECONDS = 30
TICKS_A_SECOND = 10
"""What uvicorn counts its ticks by: it renews the header at each tenth."""
GRACE_SECONDS = 2
"""How long accepted requests may take to be answered once the listener stops."""


class ListenerFailed(FixSetting):
    """The listener cannot listen. `holder` is the process that has its port, where known."""

    def __init__(self, what: str, remedy: str, holder: str | None = None) -> None:
        super().__init__(what, remedy)
        self.holder = holder


class ListenerServer:
    """Serves one ASGI application on one address; bound, served and stopped once.

    No signal handlers are installed and nothing is logged about single requests: both belong to
    the program around it.
    """

    def __init__(
        self,
        app: Callable[..., Coroutine[Any, Any, None]],
        host: str,
        port: int,
        *,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls_cert is not None
        self._socket: socket.socket | None = None
        self._server = _QuietServer(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                loop="asyncio",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                limit_concurrency=CONNECTIONS,
                h11_max_incomplete_event_size=HEAD_LIMIT,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                ssl_certfile=tls_cert,
                ssl_keyfile=tls_key,
            )
        )

    def bind(self) -> str:
        """Takes the port and returns the address as `host:port`.

        Raises:
            ListenerFailed: the port is held by another process, the address is not one of this
                machine, or the certificate cannot be used.
        """
        try:
            self._server.config.load()
        except (OSError, ssl.SSLError) as error:
            raise ListenerFailed(
                f"The listener's certificate or key cannot be used: {error.strerror or error}.",
                "Check --tls-cert and --tls-key: readable PEM files that belong together.",
            ) from error
        self._socket = _bound(self._host, self._port)
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def serve(self) -> None:
        """Serves until `stop`; returns when every accepted request was answered or given up."""
        if self._socket is None:
            self.bind()
        sockets = [] if self._socket is None else [self._socket]
        try:
            await self._server.serve(sockets)
        finally:
            self._server.cut()
            self.close()

    def stop(self) -> None:
        """Asks `serve` to end. On the loop that serves."""
        self._server.end()

    def close(self) -> None:
        """Gives the port back without having served."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _QuietServer(uvicorn.Server):
    """A server that leaves the process's signals to the program, and sleeps until it is to end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Ends the serving."""
        self.should_exit = True
        self._ended.set()

    def cut(self) -> None:
        """Closes what is still open after the time of grace: a connection that came in at the very end."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    async def main_loop(self) -> None:
        """One tick a second, for the `Date` header, instead of ten."""
        tick = 0
        while not await self.on_tick(tick):
            tick += TICKS_A_SECOND
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._ended.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bound(host: str, port: int) -> socket.socket:
    where = f"{host}:{port}"
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise ListenerFailed(f"The listener's host {host} is not known.", _SETTING) from error
    bound = socket.socket(family, kind, proto)
    try:
        # Without it a port stays unusable for a minute after its last connection.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise _failed(where, port, error) from error
    return bound


_SETTING = "Set MEDIA_CONSOLE_LISTEN or --listen to HOST:PORT of this machine."


def _failed(where: str, port: int, error: OSError) -> ListenerFailed:
    if error.errno == errno.EADDRINUSE:
        holder = holder_of(port)
        by = f"by {holder}" if holder else "by another process"
        return ListenerFailed(
            f"The listener's port {where} is held {by}.",
            "End that process, or set MEDIA_CONSOLE_LISTEN or --listen to another port.",
            holder,
        )
    if error.errno == errno.EACCES:
        what = f"This user may not listen on {where}."
        return ListenerFailed(what, "Set MEDIA_CONSOLE_LISTEN or --listen to a port above 1023.")
    return ListenerFailed(f"The listener cannot listen on {where}: {error.strerror}.", _SETTING)
