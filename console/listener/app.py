"""The webhook endpoint: check, read, store, acknowledge — and nothing else in the handler.

A plain ASGI application. `POST /webhook` answers 200 only after the cache has committed what the
body said; the On-Premises client repeats everything else for about a day (contract, section 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from console.cache.writer import CacheBusy, CacheUnavailable
from console.clock import monotonic
from console.config.values import DEFAULT_BODY_LIMIT
from console.listener.answers import (
    LINGER_SECONDS,
    OK,
    Refusal,
    again_after,
    error,
    respond,
    respond_and_drain,
)
from console.listener.guards import Guards, WrongSecret
from console.listener.reading import Reader
from console.listener.refusals import Refusals
from console.listener.requests import Bodies, SenderGone, check_body, headers_of, only, path_of
from console.platforms.base import BadBody, WebhookReader

if TYPE_CHECKING:
    from console.cache.writer import Recorded
    from console.clock import Now
    from console.domain.exceptions import RetryLater
    from console.domain.media import Millis
    from console.domain.reading import Reading
    from console.listener.answers import Answer, Receive, Scope, Send
    from console.listener.requests import Body

BODY_SECONDS: Final = 9.0
"""With the moment that is read on after the answer, a slow sender is gone after ten seconds."""
HEALTH_PATH: Final = "/healthz"


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

    def refused(self, status: int, reason: str, what: str, *, noted: bool = True) -> None:
        """A webhook was turned away; `noted` is False where it is only to be counted."""
        ...

    def refused_more(self, text: str) -> None:
        """How many were turned away beside those that were noted one by one."""
        ...

    def cache_failed(self, error: RetryLater) -> None:
        """A webhook could not be committed and was answered 503."""
        ...


class WebhookApp:
    """The listener as an ASGI application.

    Args:
        writer: where a webhook is committed.
        read: the dialect.
        now: the wall clock, asked once a webhook for its receipt.
        witness: is told what was acknowledged and refused.
        guards: who may post.
        refusals: what is told of strangers; one of its own for the witness, if none is given.
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
        guards: Guards | None = None,
        refusals: Refusals | None = None,
        body_limit: int = DEFAULT_BODY_LIMIT,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._writer = writer
        self._read = Reader(read)
        self._now = now
        self._witness = witness
        self._guards = guards if guards is not None else Guards()
        self._refusals = refusals if refusals is not None else Refusals(witness)
        self._bodies = Bodies(body_limit, body_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        began = monotonic()
        with self._bodies.held(scope) as body:
            try:
                answer = await self._answer(scope, receive, body)
            except SenderGone:
                return
            except Refusal as refusal:
                answer = self._refused(self._guards.sender(scope), refusal).answer()
            if body.whole:
                await respond(send, answer)
            else:
                left = self._bodies.seconds - (monotonic() - began)
                await respond_and_drain(send, receive, answer, max(left, LINGER_SECONDS))

    async def _answer(self, scope: Scope, receive: Receive, body: Body) -> Answer:
        """Everything that can be judged is judged before the body is read, but its signature."""
        self._guards.check_sender(self._guards.sender(scope))
        headers, path = headers_of(scope), path_of(scope)
        if path == HEALTH_PATH:
            only(scope["method"], "GET, HEAD")
            return OK
        self._guards.check_path(path)
        only(scope["method"], "POST")
        self._guards.check_headers(headers)
        check_body(headers, self._bodies.limit)
        data = await self._bodies.read(receive, body)
        self._guards.check_signature(headers, data)
        return await self._take(data)

    async def _take(self, body: bytes) -> Answer:
        """One webhook from its whole body to its commit."""
        received_at = self._now()
        try:
            reading = await self._read(body, received_at)
        except BadBody as bad:
            raise Refusal(bad.status, bad.reason, bad.what) from bad
        if not (reading.facts or reading.unread or reading.notices):
            self._witness.acknowledged(received_at, None)
            return OK
        try:
            recorded = await self._writer.take_webhook(body, received_at, reading)
        except (CacheBusy, CacheUnavailable) as failure:
            self._witness.cache_failed(failure)
            return error(503, "cache", "The event could not be stored; send it again.", again_after())
        self._witness.acknowledged(received_at, recorded)
        return OK

    def _refused(self, sender: str, refusal: Refusal) -> Refusal:
        """Tells of a refusal, and slows down who guesses secrets."""
        if isinstance(refusal, WrongSecret) and (seconds := self._refusals.guessed(sender)):
            what = "Too many wrong secrets came from this address."
            refusal = Refusal(429, "guesses", what, again_after(seconds))
        if refusal.counted:
            self._refusals.tell(sender, refusal)
        return refusal
