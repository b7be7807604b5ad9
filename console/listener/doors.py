"""The doors: takes connections in while there is room, and makes room by ending who has waited longest.

Connections are accepted here rather than by the loop's own server, because that counts none of them:
thousands at once would take every file of the process, those of the cache included.
"""

from __future__ import annotations

import asyncio
import errno
import heapq
import logging
import resource
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from console.listener.answers import busy, no_room
from console.listener.connection import BUSY, Connection, Patience
from console.listener.handshakes import why

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from console.listener.answers import Refusal

log = logging.getLogger(__name__)

CONNECTIONS: Final = 1024
FILES_OF_OTHERS: Final = 96
"""Open files that the rest of the process may need: cache, log, calls to the client."""
ACCEPTS_AT_ONCE: Final = 32
ENDED_AT_ONCE: Final = 16
AGAIN_SECONDS: Final = 0.2
"""The pause after an accept that failed for want of files or memory."""

_NO_ROOM: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def room() -> int:
    """How many connections may be open at once, by what this process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return CONNECTIONS
    return max(8, min(CONNECTIONS, files - FILES_OF_OTHERS))


class Doors:
    """Accepts connections on one listening socket.

    Args:
        make: makes a connection from an address, which calls what it is given at its end.
        refused: hears of connections that were turned away, with the sender's address.
        tls: the context, for a listener that speaks TLS.
        patience: how long senders may take.
        connections: how many may be open at once.
    """

    def __init__(
        self,
        make: Callable[[str, Callable[[Connection], None]], Connection],
        *,
        refused: Callable[[str, Refusal], None],
        tls: ssl.SSLContext | None,
        patience: Patience,
        connections: int,
    ) -> None:
        self._make = make
        self._refused = refused
        self._tls = tls
        self._patience = patience
        self._limit = connections
        self._inside: set[Connection] = set()
        self._making: dict[Connection, asyncio.Task[None]] = {}
        self._socket: socket.socket | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._again: asyncio.TimerHandle | None = None
        self._short = False
        self._came = asyncio.Event()

    def open(self, listening: socket.socket, tasks: asyncio.TaskGroup) -> None:
        """Accepts from now on; what a connection needs before it stands is done in these tasks."""
        self._socket, self._tasks = listening, tasks
        asyncio.get_running_loop().add_reader(listening, self._accept)

    def shut(self) -> None:
        """Accepts no more, and gives up handshakes that are not done."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket = None
        if self._again is not None:
            self._again.cancel()
        for task in self._making.values():
            task.cancel()

    async def watch(self) -> None:
        """Ends connections whose senders take too long, for ever."""
        loop = asyncio.get_running_loop()
        tick = min(self._patience) / 20
        while True:
            if not self._inside:
                self._came.clear()
                await self._came.wait()
            await asyncio.sleep(tick)
            ahead = loop.time() + tick  # rather a tick too early than one too late
            for connection in tuple(self._inside):
                connection.look(ahead)

    def cut(self) -> None:
        """Ends every connection at once."""
        for connection in tuple(self._inside):
            connection.abort()

    def _left(self, connection: Connection) -> None:
        self._inside.discard(connection)

    # -- accepting

    def _accept(self) -> None:
        for _ in range(ACCEPTS_AT_ONCE):
            if self._socket is None:
                return
            try:
                accepted, address = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _NO_ROOM:
                    self._pause(error)
                    return
                continue  # the sender has left before it was let in
            self._short = False
            self._let_in(accepted, address[0])

    def _pause(self, error: OSError) -> None:
        """Waits for files to be given back, instead of trying without end."""
        if not self._short:
            log.warning("connections have to wait: %s", error.strerror)
        self._short = True
        self._make_room()
        loop = asyncio.get_running_loop()
        if self._socket is not None:
            loop.remove_reader(self._socket)
            self._again = loop.call_later(AGAIN_SECONDS, self._resume)

    def _resume(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def _let_in(self, accepted: socket.socket, peer: str) -> None:
        if len(self._inside) >= self._limit:
            self._make_room()
        if len(self._inside) >= self._limit or self._tasks is None:
            self._refused(peer, no_room())
            self._send_away(accepted)
            return
        accepted.setblocking(False)
        connection = self._make(peer, self._left)
        self._inside.add(connection)
        self._came.set()
        task = self._tasks.create_task(self._connect(accepted, connection))
        self._making[connection] = task
        task.add_done_callback(partial(self._made, connection, accepted))

    async def _connect(self, accepted: socket.socket, connection: Connection) -> None:
        """Gives the connection its transport; of a handshake that fails the operator is told why."""
        tls = self._tls is not None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=self._patience.handshake if tls else None,
                ssl_shutdown_timeout=1.0 if tls else None,
            )
        except OSError as error:
            if tls and (refusal := why(error)) is not None:
                connection.turned_away(refusal)

    def _made(self, connection: Connection, accepted: socket.socket, task: asyncio.Task[None]) -> None:
        self._making.pop(connection, None)
        if not connection.stands:
            self._inside.discard(connection)
            accepted.close()

    def _make_room(self) -> None:
        """Ends those that have waited longest without bringing a whole request, several at once."""
        for connection in heapq.nsmallest(ENDED_AT_ONCE, self._inside, key=lambda one: one.rank):
            if connection.rank[0] == BUSY:
                return
            self._inside.discard(connection)
            connection.give_way()
            if connection in self._making:
                self._making[connection].cancel()

    def _send_away(self, accepted: socket.socket) -> None:
        """There is no room, for every request inside waits for us."""
        with accepted, suppress(OSError):
            if self._tls is None:
                accepted.setblocking(False)
                accepted.send(busy().answer().raw())
