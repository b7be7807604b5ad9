"""Callbacks: webhooks to the configured URL, repeated like the real client until they are taken.

Only HTTP 200 counts as taken. The wait before each repetition grows by the back-off setting up to
its maximum; after a day a callback is given up. Several run at once, so their order is not kept.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import httpx
import msgspec

from console.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from console.simulator.bodies import JsonObject
    from console.simulator.settings import ApplicationSettings

GIVEN_UP_AFTER = 24 * 3600.0
"""Seconds."""
KEPT = 100_000
"""Callbacks that are remembered; the oldest are forgotten."""
ANSWER_WITHIN = 20.0
"""Seconds that one delivery may take; the client's own number is not published."""


@dataclass
class Delivery:
    """One callback and what became of it."""

    body: bytes
    answers: list[int | str] = field(default_factory=list)
    """HTTP status of each delivery, or a word for the fault of the network."""
    dropped: bool = False
    """There was no URL to send it to, or it was given up."""

    @property
    def taken(self) -> bool:
        """The webhook answered 200."""
        return bool(self.answers) and self.answers[-1] == 200


@cache
def _usual_tls() -> ssl.SSLContext:
    """The machine's trust, read once: reading it takes longer than a whole test."""
    return ssl.create_default_context()


class Callbacks:
    """The sender. It must be entered and left in the loop that it sends from."""

    def __init__(
        self,
        settings: ApplicationSettings,
        spawn: Callable[[Coroutine[None, None, None], str], None],
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._settings = settings
        self._spawn = spawn
        self._running = 0
        self._free = asyncio.Condition()
        self._http = httpx.AsyncClient(
            trust_env=False,
            timeout=ANSWER_WITHIN,
            verify=tls if tls is not None else _usual_tls(),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=24),
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def send(self, body: JsonObject | bytes) -> Delivery:
        """Delivers a callback; returns after the first delivery, and repeats in the background."""
        delivery = Delivery(body if isinstance(body, bytes) else msgspec.json.encode(body))
        self.deliveries.append(delivery)
        started = monotonic()
        await self._deliver(delivery)
        if not delivery.taken and not delivery.dropped:
            self._spawn(self._repeat(delivery, started), "callback-repeat")
        return delivery

    async def _repeat(self, delivery: Delivery, started: float) -> None:
        while not delivery.taken and not delivery.dropped:
            wait = len(delivery.answers) * self._settings.backoff
            await asyncio.sleep(min(wait, self._settings.longest_backoff))
            if monotonic() - started > GIVEN_UP_AFTER:
                delivery.dropped = True
                return
            await self._deliver(delivery)

    async def _deliver(self, delivery: Delivery) -> None:
        async with self._free:
            await self._free.wait_for(lambda: self._running < self._settings.callbacks_at_once)
            self._running += 1
        try:
            await self._post(delivery)
        finally:
            async with self._free:
                self._running -= 1
                self._free.notify_all()

    async def _post(self, delivery: Delivery) -> None:
        url = self._settings.webhook_url
        if not url:
            delivery.dropped = True
            return
        try:
            answer = await self._http.post(
                url, content=delivery.body, headers={"content-type": "application/json"}
            )
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            delivery.answers.append(type(fault).__name__)
        else:
            delivery.answers.append(answer.status_code)
