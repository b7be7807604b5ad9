"""uvicorn's side of a connection with h11, which reads every request that there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn.protocols.http import h11_impl, httptools_impl

    Request: TypeAlias = h11_impl.RequestResponseCycle | httptools_impl.RequestResponseCycle


class HttpSide(Protocol):
    """What a connection needs of what reads its requests and writes their answers.

    `malformed` is called instead of an answer where a request cannot be understood, `answered` after each
    answer; another request may be under way when that returns.
    """

    malformed: Callable[[], None]
    answered: Callable[[], None]

    @property
    def cycle(self) -> Request | None:
        """The latest request that stood."""
        ...

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The connection stands."""
        ...

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        ...

    def pause_writing(self) -> None:
        """The sender does not take its answers."""
        ...

    def resume_writing(self) -> None:
        """The sender takes its answers again."""
        ...

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more."""
        ...


class AnyParser(H11Protocol):
    """Reads any request; it tells of malformed ones instead of answering them."""

    malformed: Callable[[], None]
    answered: Callable[[], None]

    def send_400_response(self, msg: str) -> None:
        """What was received is no HTTP."""
        self.malformed()

    def on_response_complete(self) -> None:
        """A request was answered; another one may be under way when this returns."""
        super().on_response_complete()
        self.answered()

    @property
    def holds_nothing(self) -> bool:
        """Whether every byte that it was given belonged to requests that have been answered."""
        idle = self.conn.our_state is h11.IDLE and self.conn.their_state is h11.IDLE
        return idle and not self.conn.trailing_data[0]
