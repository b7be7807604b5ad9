"""The simulated client itself: what it knows and does, without the HTTP that carries it."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from console.domain.media import MediaId, MediaType
from console.simulator import bodies
from console.simulator.behaviours import Behaviour, Kind, Script, draw_behaviours
from console.simulator.volume import HeldMedia, Volume

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from console.clock import Now
    from console.simulator.accounts import Accounts
    from console.simulator.bodies import Json, JsonObject
    from console.simulator.callbacks import Callbacks
    from console.simulator.dice import Dice
    from console.simulator.settings import ApplicationSettings

KEPT: Final = 100_000
"""Calls that are remembered; the oldest are forgotten."""
DATASTORE_FAILURE = bodies.error(400, "Parameter not valid", bodies.NOT_IN_DATASTORE)


@dataclass
class Call:
    """One request that came in under `/v1`."""

    number: int
    at: float
    """Seconds on the monotonic clock."""
    method: str
    path: str
    """As it stood in the request line, still percent-encoded."""
    headers: dict[str, str]
    media_id: str | None = None
    """Set on store requests."""
    behaviour: Behaviour | None = None
    overlapping: bool = False
    """Another store request for the same media had not been answered yet."""
    status: int | None = None
    """HTTP status of the answer; None until one was begun."""


@dataclass
class Client:
    """The state of the simulated WhatsApp Business API client."""

    accounts: Accounts
    settings: ApplicationSettings
    dice: Dice
    now: Now
    faults: float
    callback_delay: tuple[float, float]
    """Seconds from the answer to the callback: at least, at most."""
    spawn: Callable[[Coroutine[None, None, None], str], None]
    volume: Volume = field(default_factory=Volume)
    health: Json = "connected"
    """A `gateway_status` word, or the whole value under `health`."""
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT))
    called: int = 0
    scripts: dict[str, Script] = field(default_factory=dict)
    """How calls other than store requests go: `login`, `health`, `settings`, `bytes`."""
    callbacks: Callbacks | None = None

    def health_body(self) -> JsonObject:
        """The answer to `GET /v1/health`."""
        told = {"gateway_status": self.health} if isinstance(self.health, str) else self.health
        return {"health": told, "meta": bodies.META}

    def take_in(
        self, media_type: MediaType, media_id: str | None = None, mime_type: str | None = None
    ) -> HeldMedia:
        """A media that the client has just heard of; its file is not stored yet."""
        media = HeldMedia(MediaId(media_id or self.dice.uuid()), media_type, mime_type)
        media.behave(draw_behaviours(self.dice, self.faults))
        self.volume.put(media)
        return media

    def known(self, media_id: str) -> HeldMedia:
        """The media of that id; one that nobody announced cannot be fetched from WhatsApp."""
        media = self.volume.find(media_id)
        if media is None:
            media = HeldMedia(MediaId(media_id), MediaType.IMAGE)
            media.behave([Behaviour(Kind.FAILED_400)])
            self.volume.put(media)
        return media

    async def send(self, body: JsonObject | bytes) -> None:
        """Delivers a callback, once now and again in the background until it is taken."""
        if self.callbacks is not None:
            await self.callbacks.send(body)

    async def finish(self, media: HeldMedia, behaviour: Behaviour) -> None:
        """What follows after a store request was accepted: nothing, or callbacks after a while."""
        kind = behaviour.kind
        if kind is Kind.SILENT:
            return
        low, high = self.callback_delay
        delay = self.dice.between(low, high)
        if kind in {Kind.OK, Kind.FAILED_400, Kind.FAILED_500, Kind.FAILED_TEXT}:
            delay = behaviour.seconds(delay)
        await asyncio.sleep(delay)
        for body in self.outcome(media, behaviour):
            await self.send(body)

    def outcome(self, media: HeldMedia, behaviour: Behaviour) -> Sequence[JsonObject]:
        """The callbacks of an accepted request, in order; stores the file where they say so."""
        word = behaviour.argument or "pending"
        match behaviour.kind:
            case Kind.FAILED_400:
                return [_result(media, errors=[DATASTORE_FAILURE])]
            case Kind.FAILED_500:
                return [
                    _result(media, errors=[bodies.error(500, "Generic error", "Please try again later.")])
                ]
            case Kind.FAILED_TEXT:
                return [_result(media, errors=[bodies.error("400", "", bodies.NOT_IN_DATASTORE)])]
            case Kind.ODD_STATUS:
                return [_result(media, status=word)]
        media.stored = True
        stored = _result(media)
        match behaviour.kind:
            case Kind.DUPLICATE:
                return [stored, stored, stored]
            case Kind.CONFLICT:
                return [_result(media, errors=[DATASTORE_FAILURE]), stored]
            case Kind.NOISY_STATUS:
                return [_result(media, status=word), stored]
        return [stored]


def _result(media: HeldMedia, *, status: str = "downloaded", errors: Sequence[JsonObject] = ()) -> JsonObject:
    return bodies.result(
        media.id, media.type.value, media.mime_type, media.sha256, status=status, errors=errors
    )
