"""What the listener answers: JSON, always, and nothing of what went on inside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

log = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

LINGER_SECONDS: Final = 1.0
"""So long is waited for the next piece of a refused body."""
LINGER_BYTES: Final = 10_000_000
AGAIN_SECONDS: Final = 5
"""What `Retry-After` says where it is not known better."""

_CLOSE: Final = (b"connection", b"close")


class Answer(NamedTuple):
    """A response: a JSON body and headers beyond its type and length."""

    status: int
    body: bytes
    headers: Headers = ()

    def raw(self) -> bytes:
        """The answer as it goes over the wire, for where no request was read; the connection ends with it."""
        head = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}".encode("ascii")]
        head += [name + b": " + value for name, value in (*_described(self), _CLOSE)]
        return b"\r\n".join(head) + b"\r\n\r\n" + self.body


OK: Final = Answer(200, b'{"status":"ok"}')


class Refusal(Exception):
    """A request that is turned away.

    Args:
        status: of the answer.
        reason: one word for programs.
        what: one sentence for the sender.
        headers: of the answer.
        counted: whether it concerns a webhook, so that the operator is told.
    """

    def __init__(
        self, status: int, reason: str, what: str, headers: Headers = (), *, counted: bool = True
    ) -> None:
        super().__init__(what)
        self.status = status
        self.reason = reason
        self.what = what
        self.headers = headers
        self.counted = counted

    @property
    def kind(self) -> str:
        """What it is counted as, in words that follow a number: `with 404`."""
        return f"with {self.status}"

    def answer(self) -> Answer:
        """The refusal as an answer."""
        return error(self.status, self.reason, self.what, self.headers)


class TurnedAway(Refusal):
    """A connection that is ended before it brought a request; its status is 0, for it need have no answer.

    Args:
        reason: one word for programs.
        what: one sentence for the operator.
        kind: what it is counted as, in words that follow a number: `for want of room`.
    """

    def __init__(self, reason: str, what: str, kind: str) -> None:
        super().__init__(0, reason, what)
        self._kind = kind

    @property
    def kind(self) -> str:
        """What it is counted as, in words that follow a number."""
        return self._kind


def error(status: int, reason: str, what: str, headers: Headers = ()) -> Answer:
    """An answer that says what was wrong."""
    body = {"error": {"status": status, "reason": reason, "message": what}}
    return Answer(status, msgspec.json.encode(body), headers)


def again_after(seconds: int = AGAIN_SECONDS) -> Headers:
    """Tells the sender when to try again."""
    return ((b"retry-after", b"%d" % seconds),)


def busy() -> Refusal:
    """There is no room for this request now."""
    return Refusal(503, "busy", "Too many requests are under way; send it again.", again_after())


def no_room() -> TurnedAway:
    """There is no room for this connection now."""
    what = "All connections that may be open at once were; those that waited longest were ended."
    return TurnedAway("room", what, "for want of room")


async def respond(send: Send, answer: Answer, *, more: bool = False) -> None:
    """Sends an answer; with `more` its end is still to come."""
    await send({"type": "http.response.start", "status": answer.status, "headers": _described(answer)})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more})


async def respond_and_drain(
    send: Send, receive: Receive, answer: Answer, longest: float = LINGER_SECONDS
) -> None:
    """Answers at once, then reads on until the sender pauses, for `longest` seconds at most, and closes.

    A socket closed with unread bytes in it is reset, and a reset may destroy the answer before
    the sender has read it.
    """
    await respond(send, answer._replace(headers=(*answer.headers, _CLOSE)), more=True)
    drained, loop = 0, asyncio.get_running_loop()
    last = loop.time() + longest
    try:
        async with asyncio.timeout(LINGER_SECONDS) as silence:
            while drained < LINGER_BYTES:
                message = await receive()
                drained += len(message.get("body", b""))
                silence.reschedule(min(last, loop.time() + LINGER_SECONDS))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    break
    except TimeoutError:
        log.debug("a refused body did not end in time")
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _described(answer: Answer) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(answer.body)),
        *answer.headers,
    ]
