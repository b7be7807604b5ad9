"""One connection: what it may take in time and bytes before a request stands, and how it ends.

The parsers, the requests and their answers are uvicorn's. It ends no half-sent head by itself and
answers malformed requests as plain text, so both are done here, without looking into the parsers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from console.listener.answers import Refusal, busy, no_room
from console.listener.requests import HEAD_LIMIT, head_too_large

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.listener.parsers import HttpSide, Request

READ_AT_ONCE: Final = 65_536
LINGER_SECONDS: Final = 1.0
CLOSING_SECONDS: Final = 3.0


class Patience(NamedTuple):
    """Seconds that a sender may take: for a TLS handshake, for a head, for nothing, to take an answer."""

    handshake: float = 10.0
    head: float = 10.0
    idle: float = 30.0
    answer: float = 10.0


class Connection(asyncio.BufferedProtocol):
    """A connection from its acceptance to its end.

    Args:
        parser: reads its requests and writes their answers.
        patience: how long the sender may take.
        peer: the address of the other end; empty if it has none.
        refused: hears of requests that never stood, with the sender's address.
        lost: is told when the connection has ended.
        buffer: is read into; may be shared by all connections of a loop.
    """

    def __init__(
        self,
        parser: HttpSide,
        *,
        peer: str,
        patience: Patience,
        refused: Callable[[str, Refusal], None],
        lost: Callable[[Connection], None],
        buffer: memoryview,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = parser
        self._parser.malformed = self._malformed
        self._parser.answered = self._answered
        self._patience = patience
        self._peer = peer
        self._refused = refused
        self._lost = lost
        self._buffer = buffer
        self._transport: asyncio.Transport | None = None
        self._head = 0
        self._lingers = False
        self._sender_ended = False
        self._began = self._loop.time()
        self._due: float | None = self._began + patience.head
        self._write_due: float | None = None

    # -- what the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands, its TLS included."""
        made = self._transport = cast("asyncio.Transport", transport)
        self._due = self._loop.time() + self._patience.head
        self._parser.connection_made(made)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where bytes are read to."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        if self._lingers:
            return
        before = self._request()
        waiting = before is None or before.response_complete
        self._parser.data_received(bytes(self._buffer[:nbytes]))
        if self._request() is not before or not waiting:
            self._head = 0
            self._due = None
        else:
            self._wait_for_head(nbytes, again=before is not None)

    def eof_received(self) -> bool:
        """The sender has said all. It may still be waiting for its answer, if it speaks no TLS."""
        self._sender_ended = True
        if self._lingers or self._over_tls():
            return False
        request = self._request()
        if request is None or request.response_complete:
            if self._head:
                self._refuse(Refusal(400, "not-http", "The request ended half-way."))
            return False
        return not request.more_body

    def pause_writing(self) -> None:
        """The sender does not take its answers."""
        self._write_due = self._loop.time() + self._patience.answer
        self._parser.pause_writing()

    def resume_writing(self) -> None:
        """The sender takes its answers again."""
        self._write_due = None
        self._parser.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more."""
        self._parser.connection_lost(exc)
        self._transport = None
        self._lost(self)

    # -- what the server asks

    @property
    def stands(self) -> bool:
        """Whether it has been made, its TLS included, and not been lost."""
        return self._transport is not None

    @property
    def rank(self) -> tuple[int, float]:
        """Which connection to end first for want of room, the smallest first.

        One that never brought a request, one that is idle, one whose body is awaited, each the longest
        waiting first; last those that wait for us.
        """
        request = self._request()
        if request is None:
            return 0, self._began
        if request.response_complete:
            return 1, self._began
        return (2 if request.more_body else BUSY), self._began

    def look(self, now: float) -> None:
        """Ends the connection if the sender has taken too long."""
        transport = self._transport
        if transport is None:
            return
        if self._write_due is not None and now >= self._write_due:
            transport.abort()
        elif transport.is_closing():
            self._write_due = self._write_due or now + CLOSING_SECONDS
        elif self._due is not None and now >= self._due:
            if self._head and not self._lingers:
                what = f"The head was not complete after {self._patience.head:g} seconds."
                self._refuse(Refusal(408, "too-slow", what))
            else:
                transport.close()

    def give_way(self) -> None:
        """Ends at once, for want of room; who had brought nothing since its last answer loses nothing."""
        if self._request() is None or not self._waits_for_head():
            self.turned_away(no_room())
        if self._transport is not None:
            if self._head or not self._waits_for_head():
                self._transport.write(busy().answer().raw())
            self._transport.abort()

    def turned_away(self, refusal: Refusal) -> None:
        """Tells why this connection ends, for whom no answer is meant."""
        self._refused(self._peer, refusal)

    def abort(self) -> None:
        """Ends at once."""
        if self._transport is not None:
            self._transport.abort()

    # -- requests that never stood

    def _wait_for_head(self, nbytes: int, *, again: bool) -> None:
        """So many bytes of a head have come, and not its end."""
        if self._lingers:
            return
        if again and self._head == 0:
            self._began = self._loop.time()
            self._due = self._began + self._patience.head
        self._head += nbytes
        if self._head > HEAD_LIMIT:
            self._refuse(head_too_large())

    def _request(self) -> Request | None:
        """The latest request that stood."""
        return self._parser.cycle

    def _waits_for_head(self) -> bool:
        request = self._request()
        return request is None or request.response_complete

    def _malformed(self) -> None:
        refusal = Refusal(400, "not-http", "This is no HTTP request that could be understood.")
        request = self._request()
        if request is None or request.response_complete:
            self._refuse(refusal)
            return
        # The request's own task waits for its body; it learns that there is none when the connection ends.
        self._refused(self._peer, refusal)
        if self._transport is not None:
            if not request.response_started:
                self._transport.write(refusal.answer().raw())
            self._transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Answers, then reads on for a moment: a reset may destroy an answer that was not read yet."""
        self._refused(self._peer, refusal)
        self._lingers = True
        if self._transport is None:
            return
        self._transport.write(refusal.answer().raw())
        if self._sender_ended or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()
            self._due = self._loop.time() + LINGER_SECONDS

    def _answered(self) -> None:
        if not self._waits_for_head():
            return
        if self._sender_ended and self._transport is not None:
            self._transport.close()
        self._due = self._loop.time() + self._patience.idle

    def _over_tls(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("sslcontext") is not None


BUSY: Final = 3
"""The rank of a connection whose request waits for us."""
