"""The listener's HTTP server: a socket of our own, doors that count, requests served by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import uvicorn

from console.domain.exceptions import FixSetting
from console.listener.connection import READ_AT_ONCE, Connection, Patience
from console.listener.doors import Doors, room
from console.listener.parsers import AnyParser
from console.listener.ports import holder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from console.config import Settings
    from console.listener.answers import Refusal
    from console.listener.parsers import HttpSide

BACKLOG: Final = 1024
LARGEST_PIECE: Final = 131_072
"""Bytes of one piece of a request (a head, the size of a chunk) that the parser may hold, at most."""
NEVER: Final = 86_400
"""Seconds of uvicorn's own patience with idle connections; ours is shorter."""
TICKS_A_SECOND: Final = 10
"""What uvicorn counts its ticks by: it renews the header at each tenth."""
GRACE_SECONDS: Final = 2
"""How long accepted requests may take to be answered once the listener stops."""


class Tls(NamedTuple):
    """Files (PEM) for a listener that speaks TLS; with `client_ca` senders need a certificate too."""

    cert: Path
    key: Path
    client_ca: Path | None = None

    @staticmethod
    def of(settings: Settings) -> Tls | None:
        """What the settings say; None for a listener in the clear."""
        if settings.tls_cert is None or settings.tls_key is None:
            return None
        return Tls(settings.tls_cert, settings.tls_key, settings.tls_client_ca)

    def context(self) -> ssl.SSLContext:
        """What the connections are made with.

        Raises:
            OSError: a file cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # whatever the system's own default is
        context.load_cert_chain(self.cert, self.key, password=lambda: "")
        if self.client_ca is not None:
            context.load_verify_locations(self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class ListenerFailed(FixSetting):
    """The listener cannot listen. `holder` is the process that has its port, where known."""

    def __init__(self, what: str, remedy: str, holder: str | None = None) -> None:
        super().__init__(what, remedy)
        self.holder = holder


def _tell_nobody(sender: str, refusal: Refusal) -> None:
    """For a server without anybody to tell."""


class ListenerServer:
    """Serves one ASGI application on one address; bound, served and stopped once.

    No signal handlers are installed and nothing is logged about single requests: both belong to
    the program around it.

    Args:
        app: the application.
        host: where to listen.
        port: the same; 0 takes a free one.
        tls: certificates, for a listener that speaks TLS.
        refused: hears of connections and requests that were turned away before they stood, with the
            sender's address.
        patience: how long senders may take.
        connections: how many may be open at once; as many as the process may open, if not given.
        plain: whether httptools reads the plain requests, where it installs; h11 reads all others.
    """

    def __init__(
        self,
        app: Callable[..., Coroutine[Any, Any, None]],
        host: str,
        port: int,
        *,
        tls: Tls | None = None,
        refused: Callable[[str, Refusal], None] = _tell_nobody,
        patience: Patience | None = None,
        connections: int | None = None,
        plain: bool = True,
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._refused = refused
        self._patience = patience if patience is not None else Patience()
        self._connections = connections
        self._side: Callable[..., HttpSide] = (_plain_first() if plain else None) or AnyParser
        self._socket: socket.socket | None = None
        self._doors: Doors | None = None
        self._buffer = memoryview(bytearray(READ_AT_ONCE))
        self._server = _QuietServer(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                loop="asyncio",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                h11_max_incomplete_event_size=LARGEST_PIECE,
                timeout_keep_alive=NEVER,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    def bind(self) -> str:
        """Takes the port and returns the address as `host:port`.

        Raises:
            ListenerFailed: the port is held by another process, the address is not one of this
                machine, or the certificate cannot be used.
        """
        try:
            self._context = self._tls.context() if self._tls is not None else None
        except OSError as error:
            raise ListenerFailed(
                f"The listener's certificate or key cannot be used: {error.strerror or error}.",
                "Check --tls-cert, --tls-key and --tls-client-ca: readable PEM files that belong together.",
            ) from error
        self._socket = _bound(self._host, self._port)
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def serve(self) -> None:
        """Serves until `stop`; returns when every accepted request was answered or given up."""
        if self._socket is None:
            self.bind()
        doors = self._doors = Doors(
            self._connection,
            refused=self._refused,
            tls=self._context,
            patience=self._patience,
            connections=self._connections if self._connections is not None else room(),
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(doors.watch())
                if self._socket is not None:
                    doors.open(self._socket, tasks)
                await self._server.serve([])
                watch.cancel()
        finally:
            doors.shut()
            doors.cut()
            self.close()

    def stop(self) -> None:
        """Asks `serve` to end, and gives the port back at once. On the loop that serves."""
        if self._doors is not None:
            self._doors.shut()
            self.close()
        self._server.end()

    def close(self) -> None:
        """Gives the port back without having served."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connection(self, peer: str, lost: Callable[[Connection], None]) -> Connection:
        loop = asyncio.get_running_loop()
        return Connection(
            self._side(self._server.config, self._server.server_state, {}, loop),
            peer=peer,
            patience=self._patience,
            refused=self._refused,
            lost=lost,
            buffer=self._buffer,
        )


def _plain_first() -> Callable[..., HttpSide] | None:
    """Both parsers in one, where httptools installs: neither on Windows nor for PyPy."""
    try:
        from console.listener.plain import PlainFirst
    except ImportError:
        return None
    return PlainFirst


class _QuietServer(uvicorn.Server):
    """A server that leaves the process's signals to the program, and sleeps until it is to end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Ends the serving."""
        self.should_exit = True
        self._ended.set()

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
