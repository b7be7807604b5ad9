"""Requests of the plain form that nearly every webhook has, read by httptools.

httptools is several times as fast as h11, but judges otherwise at the edges: it asks for no `Host`, loses
the body behind an `Upgrade` that nobody follows, and cannot read the target of a CONNECT. So it is given
whole heads alone, and takes those of one form that both read alike. For all others nothing has been done
when that is found out: h11 is given the same bytes from their first on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from console.listener.parsers import AnyParser
from console.listener.requests import WHOLE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    import uvicorn
    from uvicorn.server import ServerState

    from console.listener.parsers import Request

_END_OF_HEAD: Final = b"\r\n\r\n"
_METHODS: Final = (b"POST", b"GET")
_NOT_PLAIN: Final = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
"""Headers that change how a request is read or answered."""
_WHOLE: Final[dict[str, dict[object, object]]] = {WHOLE: {}}
_CONNECTION: Final = (b"keep-alive", b"close")


class PlainParser(HttpToolsProtocol):
    """uvicorn's side of a connection for plain requests, one at a time."""

    answered: Callable[[], None]

    def __init__(
        self, config: uvicorn.Config, state: ServerState, app: dict[str, Any], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(config, state, app, loop)
        self._left = 0
        self._behind = b""

    def take(self, data: bytes) -> bool:
        """Begins a request whose whole head has come; False where it is not plain, and nothing was done.

        To be asked only while no request is under way.
        """
        end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        if end < len(_END_OF_HEAD):
            return False
        before = self.cycle
        try:
            self.parser.feed_data(data[:end])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            taken = False
        else:
            taken = self.cycle is not before
        if not taken:
            self.parser = httptools.HttpRequestParser(self)
            return False
        if end < len(data):
            self.more(data[end:])
        if not self._left:
            self.scope["extensions"] = _WHOLE
        return True

    @property
    def busy(self) -> bool:
        """Whether a request is under way: bytes that come are its own, or come before their turn."""
        return self._left > 0 or not (self.cycle is None or self.cycle.response_complete)

    def more(self, data: bytes) -> None:
        """Takes bytes of the body; those behind it are kept until the request is answered."""
        body, behind = data[: self._left], data[self._left :]
        if body:
            self._left -= len(body)
            self.parser.feed_data(body)
        if behind:
            self._behind += behind
            self.flow.pause_reading()

    def behind(self) -> bytes:
        """What came behind the request that was answered last, if it is to be read; it is kept no longer."""
        if self._left or self.transport.is_closing():
            return b""
        behind, self._behind = self._behind, b""
        return behind

    # -- what httptools and uvicorn call

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of the head; h11 leaves away the blanks at its end too."""
        self.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is complete: a request begins if it is plain, else httptools stops."""
        parser, url = self.parser, self.url
        if not (
            url.startswith(b"/")
            and b"#" not in url
            and parser.get_method() in _METHODS
            and parser.get_http_version() == "1.1"
            and self._is_plain()
        ):
            raise _NotPlain
        super().on_headers_complete()

    def _is_plain(self) -> bool:
        """Whether the headers leave no question open; notes the length of the body."""
        hosts = length = 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"content-length":
                length = int(value)
            elif name in _NOT_PLAIN or (name == b"connection" and value.lower() not in _CONNECTION):
                return False
        self._left = length
        return hosts == 1

    def on_response_complete(self) -> None:
        """A request was answered; another one may be under way when this returns."""
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.flow.resume_reading()
        self.answered()


class _NotPlain(Exception):
    """Another request than those that are read here."""


class PlainFirst:
    """Both parsers of one connection: each request goes to the one for plain requests if it takes it.

    Its arguments are those of uvicorn's protocols.
    """

    malformed: Callable[[], None]
    answered: Callable[[], None]

    def __init__(
        self, config: uvicorn.Config, state: ServerState, app: dict[str, Any], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._plain = PlainParser(config, state, app, loop)
        self._any = AnyParser(config, state, app, loop)
        self._plain.answered = self._plain_answered
        self._any.answered = lambda: self.answered()
        self._any.malformed = lambda: self.malformed()
        self._active: PlainParser | AnyParser = self._plain
        self.cycle: Request | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The connection stands."""
        for parser in (self._any, self._plain):
            parser.connection_made(transport)
        self._turn_to(self._plain)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._plain.busy:
            self._plain.more(data)
        elif (self._active is self._plain or self._any.holds_nothing) and self._plain.take(data):
            if self._active is not self._plain:
                self._turn_to(self._plain)
        else:
            if self._active is not self._any:
                self._turn_to(self._any)
            self._any.data_received(data)
        self.cycle = self._active.cycle or self.cycle

    def pause_writing(self) -> None:
        """The sender does not take its answers."""
        for parser in (self._any, self._plain):
            parser.pause_writing()

    def resume_writing(self) -> None:
        """The sender takes its answers again."""
        for parser in (self._any, self._plain):
            parser.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more."""
        for parser in (self._any, self._plain):
            parser.connection_lost(exc)

    def _turn_to(self, parser: PlainParser | AnyParser) -> None:
        """Of the two only the one at work is among uvicorn's connections, for it ends those that are idle."""
        for other in (self._any, self._plain):
            other.connections.discard(other)
        parser.connections.add(parser)
        self._active = parser

    def _plain_answered(self) -> None:
        behind = self._plain.behind()
        if behind:
            self.data_received(behind)
        self.answered()
