"""The story of one media, told step by step as the console would have lived it.

A step is a webhook with the moment of its receipt, or a fact that no webhook brings (an order, a
call, its answer). Each story is in the order of its moments, so writing its steps one after the
other leads to the history that a console would have kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct

from console.domain.facts import (
    Fact,
    StoreAccepted,
    StoreDeferred,
    StoreQueued,
    StoreRefused,
    StoreRequested,
    StoreUnanswered,
)
from console.domain.media import MediaId, MediaKey, Millis, StoreError, message_key
from console.simulator import bodies
from console.simulator.behaviours import OK, Behaviour
from console.simulator.volume import HeldMedia

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.simulator.bodies import JsonObject
    from console.simulator.content import Item, Sender
    from console.simulator.dice import Dice


class Heard(Struct, frozen=True):
    """A webhook came in."""

    at: Millis
    body: bytes


class Learnt(Struct, frozen=True):
    """Something happened that no webhook tells."""

    fact: Fact


Step: TypeAlias = Heard | Learnt


class Story(Struct, frozen=True):
    """What was lived with one media, and what the simulated client still knows of it."""

    steps: tuple[Step, ...]
    media: HeldMedia | None = None
    pending: Behaviour | None = None
    """How a store request ends that was accepted before the simulator started."""


class Teller:
    """Tells one story; `at` is where it has come to and only moves forwards.

    Args:
        media: what the message carried; None for a message without a media id.
        sent_at: the message's own time.
    """

    def __init__(
        self, sender: Sender, item: Item, media: HeldMedia | None, sent_at: Millis, dice: Dice
    ) -> None:
        self.at = sent_at
        self._sender, self._item, self._media, self._dice = sender, item, media, dice
        self._sent_at = sent_at
        self._message_id = f"ABGG{dice.bits(9).hex()}"
        self._key = MediaKey(media.id) if media is not None else message_key(self._message_id)
        self._steps: list[Step] = []
        self._attempt = 0
        self._try = 0
        self._behaviours: Sequence[Behaviour] = (OK,)
        self._pending: Behaviour | None = None

    @property
    def media_id(self) -> MediaId:
        """The id of the media that the story is about."""
        return self._told_media().id

    def story(self) -> Story:
        """What was told."""
        if self._media is not None:
            self._media.behave(self._behaviours)
        return Story(tuple(self._steps), self._media, self._pending)

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self.at = Millis(self.at + round(seconds * 1000))

    def later(self, behaviours: Sequence[Behaviour], pending: Behaviour | None = None) -> None:
        """Says how store requests from now on will go."""
        self._behaviours, self._pending = behaviours, pending

    def announced(self, *, status: str | None = None, errors: Sequence[JsonObject] = ()) -> None:
        """The message came in."""
        media = self._media
        told = bodies.media_object(
            media.id if media is not None else None,
            media.mime_type if media is not None else self._item.mime,
            media.sha256 if media is not None else None,
            status=status,
            caption=self._item.caption,
            filename=self._item.filename,
        )
        body = bodies.message(
            self._item.type.value,
            told,
            message_id=self._message_id,
            sender=self._sender.number,
            timestamp=str(self._sent_at // 1000),
            name=self._sender.name,
            errors=errors,
        )
        if media is not None:
            media.stored = status is None and not errors
        self._hear(body)

    def result(self, *, errors: Sequence[JsonObject] = (), again: bool = False) -> None:
        """The result of a store request came in; `again`: the same one, delivered twice."""
        media = self._told_media()
        media.stored = media.stored or not errors
        body = bodies.result(media.id, media.type.value, media.mime_type, media.sha256, errors=errors)
        self._hear(body)
        if again:
            self.wait(3)
            self._hear(body)

    def ordered(self, by: str) -> None:
        """Somebody asked for it."""
        self._attempt, self._try = self._attempt + 1, 0
        order = self._dice.uuid()
        self._learn(StoreQueued(key=self._key, at=self.at, attempt=self._attempt, order_id=order, by=by))

    def called(self) -> None:
        """The API was called."""
        self._try += 1
        self._learn(StoreRequested(key=self._key, at=self.at, attempt=self._attempt, try_number=self._try))

    def accepted(self) -> None:
        """The API took the request."""
        self._learn(StoreAccepted(key=self._key, at=self.at, attempt=self._attempt, try_number=self._try))

    def refused(self, error: StoreError) -> None:
        """The API refused the request, or the last try failed."""
        self._learn(
            StoreRefused(key=self._key, at=self.at, attempt=self._attempt, try_number=self._try, error=error)
        )

    def deferred(self, error: StoreError, seconds: float) -> None:
        """A passing fault: the next try comes that much later."""
        self._learn(
            StoreDeferred(
                key=self._key,
                at=self.at,
                attempt=self._attempt,
                try_number=self._try,
                error=error,
                next_try_at=Millis(self.at + round(seconds * 1000)),
            )
        )

    def unanswered(self) -> None:
        """No result came in time."""
        self._learn(StoreUnanswered(key=self._key, at=self.at, attempt=self._attempt))

    def _told_media(self) -> HeldMedia:
        if self._media is None:
            raise ValueError("a message without a media id has no results")
        return self._media

    def _hear(self, body: JsonObject) -> None:
        self._steps.append(Heard(self.at, msgspec.json.encode(body)))

    def _learn(self, fact: Fact) -> None:
        self._steps.append(Learnt(fact))
