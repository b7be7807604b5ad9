"""The webhook endpoint: check, read, store, acknowledge — and nothing else in the handler.

A plain ASGI application. `POST /webhook` answers 200 only after the cache has committed what the
body said; the On-Premises client repeats everything else for about a day (contract, section 6).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import msgspec

from console.cache.writer import CacheBusy, CacheUnavailable
from console.domain.display import line
from console.platforms.base import BadBody, WebhookReader

if TYPE_CHECKING:
    from console.cache.writer import Recorded
    from console.clock import Now
    from console.domain.exceptions import RetryLater
    from console.domain.media import Millis
    from console.domain.reading import Reading

log = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

BODY_LIMIT = 3_000_000
BODY_SECONDS = 10.0
LINGER_SECONDS = 1.0
LINGER_BYTES = 10_000_000
WEBHOOK_PATH = "/webhook"
HEALTH_PATH = "/healthz"


class Recording(Protocol):
    """What the listener needs of the cache: `console.cache.writer.CacheWriter`."""

    async def take_webhook(self, body: bytes, received_at: Millis, reading: Reading) -> Recorded:
        """Commits one webhook; see the cache."""
        ...


class Witness(Protocol):
    """Is told how the listener fares."""

    def acknowledged(self, at: Millis, recorded: Recorded | None) -> None:
        """A webhook was answered 200; `recorded` is None where it concerned no media."""
        ...

    def refused(self, status: int, reason: str, what: str) -> None:
        """A webhook was answered 4xx."""
        ...

    def cache_failed(self, error: RetryLater) -> None:
        """A webhook could not be committed and was answered 503."""
        ...


class Answer(NamedTuple):
    """A response: a JSON body and headers beyond its type and length."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


OK = Answer(200, b'{"status":"ok"}')
_CLOSE = (b"connection", b"close")


class _Refusal(Exception):
    """A request that is answered 4xx. `whole` is False while body bytes are still to come."""

    def __init__(self, status: int, reason: str, what: str, *, whole: bool = True) -> None:
        super().__init__(what)
        self.status = status
        self.reason = reason
        self.what = what
        self.whole = whole

    def answer(self) -> Answer:
        return _error(self.status, self.reason, self.what, () if self.whole else (_CLOSE,))


class _Gone(Exception):
    """The sender closed the connection before the body was complete."""


class WebhookApp:
    """The listener as an ASGI application.

    Args:
        writer: where a webhook is committed.
        read: the dialect.
        now: the wall clock, asked once a webhook for its receipt.
        witness: is told what was acknowledged and refused.
        body_limit: bytes; more is answered 413 as soon as it is known.
        body_seconds: how long a body may take to arrive.
    """

    def __init__(
        self,
        writer: Recording,
        read: WebhookReader,
        *,
        now: Now,
        witness: Witness,
        body_limit: int = BODY_LIMIT,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._writer = writer
        self._read = read
        self._now = now
        self._witness = witness
        self._body_limit = body_limit
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        path, method = scope["path"], scope["method"]
        if path == HEALTH_PATH:
            await _respond(send, OK if method in ("GET", "HEAD") else _not_allowed("GET, HEAD"))
        elif path != WEBHOOK_PATH:
            await _respond(send, _error(404, "not-found", f"Webhooks are taken at {WEBHOOK_PATH}."))
        elif method != "POST":
            await _respond(send, _not_allowed("POST"))
        else:
            await self._webhook(scope, receive, send)

    async def _webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._take(scope["headers"], receive)
        except _Gone:
            return
        except _Refusal as refusal:
            log.warning("webhook refused: %d %s", refusal.status, refusal.reason)
            self._witness.refused(refusal.status, refusal.reason, refusal.what)
            if refusal.whole:
                await _respond(send, refusal.answer())
            else:
                await _respond_and_drain(send, receive, refusal.answer())
            return
        await _respond(send, answer)

    async def _take(self, headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> Answer:
        """One webhook from its first byte to its commit."""
        _check_headers(dict(headers), self._body_limit)
        body = await self._body(receive)
        received_at = self._now()
        try:
            reading = self._read(body, received_at)
        except BadBody as bad:
            raise _Refusal(bad.status, bad.reason, bad.what) from bad
        if not (reading.facts or reading.unread or reading.notices):
            self._witness.acknowledged(received_at, None)
            return OK
        try:
            recorded = await self._writer.take_webhook(body, received_at, reading)
        except (CacheBusy, CacheUnavailable) as error:
            log.error("webhook not committed: %s", line(str(error)))
            self._witness.cache_failed(error)
            return _error(
                503, "cache", "The event could not be stored; send it again.", ((b"retry-after", b"5"),)
            )
        self._witness.acknowledged(received_at, recorded)
        return OK

    async def _body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Gone
                    part = message.get("body", b"")
                    size += len(part)
                    more = message.get("more_body", False)
                    if size > self._body_limit:
                        raise _too_large(self._body_limit, whole=not more)
                    parts.append(part)
                    if not more:
                        return b"".join(parts)
        except TimeoutError as late:
            what = f"The body was not complete after {self._body_seconds:g} seconds."
            raise _Refusal(408, "too-slow", what, whole=False) from late


def _check_headers(headers: dict[bytes, bytes], limit: int) -> None:
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in (b"", b"identity"):
        raise _Refusal(415, "content-encoding", "A compressed body is not taken.", whole=False)
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type and not _is_json(media_type):
        raise _Refusal(415, "content-type", "The body must be application/json.", whole=False)
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit, whole=False)


def _is_json(media_type: bytes) -> bool:
    kind, _, sub = media_type.partition(b"/")
    return (kind in (b"application", b"text") and sub == b"json") or sub.endswith(b"+json")


def _too_large(limit: int, *, whole: bool) -> _Refusal:
    return _Refusal(413, "too-large", f"The body is larger than {limit} bytes.", whole=whole)


def _not_allowed(methods: str) -> Answer:
    what = f"Only {methods} may be used here."
    return _error(405, "method", what, ((b"allow", methods.encode("ascii")),))


def _error(status: int, reason: str, what: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    body = {"error": {"status": status, "reason": reason, "message": what}}
    return Answer(status, msgspec.json.encode(body), headers)


async def _respond(send: Send, answer: Answer, *, more: bool = False) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer.body)).encode("ascii")),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": more})


async def _respond_and_drain(send: Send, receive: Receive, answer: Answer) -> None:
    """Answers at once, then reads on for a moment before the connection is closed.

    A socket closed with unread bytes in it is reset, and a reset may destroy the answer before
    the sender has read it.
    """
    await _respond(send, answer, more=True)
    drained = 0
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while drained < LINGER_BYTES:
                message = await receive()
                drained += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    break
    except TimeoutError:
        log.debug("a refused body was still arriving after %g seconds", LINGER_SECONDS)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
