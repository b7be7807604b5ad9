"""The demo's past: about two hundred media of all ages and states, the same for a seed and a moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from console.domain.media import MediaId, Millis
from console.simulator import bodies
from console.simulator.content import Correspondence
from console.simulator.dice import Dice
from console.simulator.fates import Fates
from console.simulator.story import Heard, Story, Teller
from console.simulator.volume import HeldMedia

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from console.cache.writer import CacheWriter
    from console.domain.facts import Fact
    from console.domain.media import Media
    from console.platforms.base import WebhookReader
    from console.simulator.story import Step

DEMO_SEED: Final = 14

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


def demo_history(now: Millis, seed: int = DEMO_SEED) -> list[Story]:
    """The stories, each complete and none later than `now`."""
    return _Past(now, Dice(seed, "demo")).all()


async def write_history(stories: Sequence[Story], writer: CacheWriter, read: WebhookReader) -> None:
    """Writes the stories into a cache as if they had been lived; no service may be using it.

    Raises:
        ConsoleError: the cache cannot be written.
    """
    written = await asyncio.gather(
        *(_write(story.steps, writer, read) for story in stories), return_exceptions=True
    )
    for fault in written:
        if fault is not None:
            raise fault


async def _write(steps: Sequence[Step], writer: CacheWriter, read: WebhookReader) -> None:
    for step in steps:
        if isinstance(step, Heard):
            await writer.take_webhook(step.body, step.at, read(step.body, step.at))
        else:
            await writer.decide(step.fact.key, _telling(step.fact))


def _telling(fact: Fact) -> Callable[[Media | None], Sequence[Fact]]:
    return lambda media: (fact,)


class _Past:
    def __init__(self, now: Millis, dice: Dice) -> None:
        self._now = now
        self._dice = dice
        self._correspondence = Correspondence(dice)
        self._fates = Fates(now, dice)

    def all(self) -> list[Story]:
        """Every story, the oldest message first."""
        fates = self._fates
        told = [
            *self._many(66, fates.plain, (2 * _MINUTE, 15.8 * _DAY)),
            *self._many(40, fates.stored, (20 * _MINUTE, 15.5 * _DAY)),
            *self._many(12, fates.stored_second, (3 * _HOUR, 15 * _DAY)),
            *self._many(3, fates.stored_late_news, (2 * _DAY, 9 * _DAY)),
            *self._many(22, fates.undownloaded, (4 * _MINUTE, 10.5 * _DAY)),
            *self._many(6, fates.own_failure, (1 * _HOUR, 10 * _DAY)),
            *self._many(4, fates.lost, (5 * _HOUR, 12 * _DAY)),
            *self._many(9, fates.failed, (25 * _MINUTE, 10.8 * _DAY)),
            *self._many(4, fates.no_route, (1 * _DAY, 9 * _DAY)),
            *self._many(4, fates.no_file, (2 * _HOUR, 10 * _DAY)),
            *self._many(2, fates.given_up, (6 * _HOUR, 8 * _DAY)),
            *self._many(1, fates.forbidden, (5 * _DAY, 6 * _DAY)),
            *self._many(1, fates.gone, (7 * _DAY, 9 * _DAY)),
            *self._many(4, fates.unconfirmed, (1 * _HOUR, 10 * _DAY)),
            *self._many(5, fates.requested, (25 * _MINUTE, 6 * _DAY)),
            *self._many(2, fates.queued, (20 * _MINUTE, 3 * _DAY)),
            *self._many(3, fates.deferred, (30 * _MINUTE, 5 * _DAY)),
            *self._due(),
        ]
        told.sort(key=lambda story: _first(story))
        return [*told, *self._trouble()]

    def _due(self) -> list[Story]:
        """What the clock presses for: due within the hour, the day, three days, and lapsed ones."""
        window = 14 * _DAY
        fates = self._fates
        left = (
            (9 * _MINUTE, fates.undownloaded),
            (38 * _MINUTE, fates.failed),
            (51 * _MINUTE, fates.unconfirmed),
            (3.2 * _HOUR, fates.undownloaded),
            (6.7 * _HOUR, fates.no_file),
            (9.5 * _HOUR, fates.undownloaded),
            (14.1 * _HOUR, fates.own_failure),
            (21.4 * _HOUR, fates.failed),
            (1.3 * _DAY, fates.undownloaded),
            (1.6 * _DAY, fates.no_route),
            (1.9 * _DAY, fates.undownloaded),
            (2.1 * _DAY, fates.unconfirmed),
            (2.4 * _DAY, fates.failed),
            (2.8 * _DAY, fates.undownloaded),
            (-0.4 * _HOUR, fates.undownloaded),
            (-5.0 * _HOUR, fates.failed),
            (-20.0 * _HOUR, fates.no_file),
            (-1.2 * _DAY, fates.undownloaded),
            (-1.5 * _DAY, fates.unconfirmed),
            (-1.9 * _DAY, fates.failed),
        )
        return [self._one(tell, window - seconds) for seconds, tell in left]

    def _many(self, count: int, tell: Callable[[Teller], None], ages: tuple[float, float]) -> list[Story]:
        """Stories spread over the ages, denser where they are young."""
        low, high = ages
        places = [(number + self._dice.fraction()) / count for number in range(count)]
        return [self._one(tell, low + (high - low) * place**1.4) for place in places]

    def _one(self, tell: Callable[[Teller], None], age: float) -> Story:
        sent_at = Millis(self._now - round(age * 1000))
        sender, item = self._correspondence.draw(sent_at)
        media = None
        if tell != self._fates.lost:
            media = HeldMedia(MediaId(self._dice.uuid()), item.type, item.mime)
        teller = Teller(sender, item, media, sent_at, self._dice)
        teller.wait(self._dice.between(0.4, 4))
        tell(teller)
        return teller.story()

    def _trouble(self) -> list[Story]:
        """What else comes in: trouble of the client itself, and a message of a kind nobody knows yet."""
        overload = {"errors": [bodies.error(1016, "System overloaded", "Callback queue is at 80 %")]}
        unknown = bodies.message(
            "interactive_media",
            bodies.media_object(self._dice.uuid(), "image/jpeg", None),
            message_id=f"ABGG{self._dice.bits(9).hex()}",
            sender="12025550143",
            timestamp=str((self._now - 5 * 3_600_000) // 1000),
        )
        return [
            Story((Heard(Millis(self._now - 31 * 3_600_000), msgspec.json.encode(overload)),)),
            Story((Heard(Millis(self._now - 5 * 3_600_000 + 1200), msgspec.json.encode(unknown)),)),
        ]


def _first(story: Story) -> Millis:
    step = story.steps[0]
    return step.at if isinstance(step, Heard) else step.fact.at
