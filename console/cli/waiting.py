"""What became of orders, watched in the cache until there is nothing more to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.cache import queries
from console.domain.media import OPEN_STATES, Media, MediaKey, State, Step
from console.domain.orders import Order, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.cache.reader import CacheReader
    from console.domain.standing import Trouble

_AT_ONCE: Final = 500
_API_TROUBLES: Final = frozenset({"api", "login"})

SETTLED_BADLY: Final = frozenset({State.FAILED, State.UNCONFIRMED})


class Watch:
    """The orders of one command and how far each has come.

    `look` reads the cache again; everything else tells what the last look found. `media` has every
    media of the orders, `refused` those orders that the service took but could not queue.
    """

    def __init__(self, reader: CacheReader, orders: Sequence[Order]) -> None:
        self._reader = reader
        self.asked = len(orders)
        self._untaken: dict[str, MediaKey] = {order.id: order.key for order in orders}
        self._open: set[MediaKey] = set()
        self._version: int | None = None
        self.media: dict[MediaKey, Media] = {}
        self.refused: dict[MediaKey, Taken] = {}
        self.taken: dict[MediaKey, Taken] = {}

    def look(self) -> bool:
        """Reads what has changed; whether anything has.

        Raises:
            ConsoleError: the cache cannot be read.
        """
        version = self._reader.version()
        if version == self._version:
            return False
        self._version = version
        before = self._picture()
        self._see_taken()
        for key in tuple(self._open):
            media = self._reader.run(queries.media(key))
            if media is not None:
                self.media[key] = media
                if media.state not in OPEN_STATES:
                    self._open.discard(key)
        return before != self._picture()

    @property
    def settled(self) -> bool:
        """Whether every order has come to its end."""
        return not self._untaken and not self._open

    @property
    def answered(self) -> bool:
        """Whether the API has answered for every order; webhooks may still be missing."""
        return not self._untaken and not any(self._step(key) <= Step.REQUESTED for key in self._open)

    @property
    def under_way(self) -> int:
        """How many orders have not come to their end."""
        return len(self._untaken) + len(self._open)

    @property
    def failed(self) -> bool:
        """Whether any order came to a bad end."""
        return bool(self.refused) or any(media.state in SETTLED_BADLY for media in self.media.values())

    def trouble(self) -> Trouble | None:
        """Why the API answers nobody at the moment, by the service's own word."""
        standing = self._reader.run(queries.standing())
        if standing is None:
            return None
        return next((one for one in standing.troubles if one.id in _API_TROUBLES), None)

    def stuck(self) -> Trouble | None:
        """The trouble with the API that these very orders have met, so that waiting is idle."""
        met = any(self._bounced(self.media[key]) for key in self._open if key in self.media)
        return self.trouble() if met else None

    def _picture(self) -> tuple[int, dict[MediaKey, Media | None]]:
        return len(self._untaken), {key: self.media.get(key) for key in self._open}

    def _see_taken(self) -> None:
        ids = tuple(self._untaken)
        for start in range(0, len(ids), _AT_ONCE):
            for id_, taken in self._reader.run(queries.orders_taken(ids[start : start + _AT_ONCE])).items():
                key = self._untaken.pop(id_)
                self.taken[key] = taken
                if taken in (Taken.QUEUED, Taken.ALREADY):
                    self._open.add(key)
                else:
                    self.refused[key] = taken

    def _step(self, key: MediaKey) -> Step:
        media = self.media.get(key)
        return media.progress.step if media is not None and media.progress is not None else Step.QUEUED

    @staticmethod
    def _bounced(media: Media) -> bool:
        """Whether its call met no API or no login: such a deferral has no delay of its own."""
        progress = media.progress
        if progress is None or progress.step is not Step.DEFERRED or progress.next_try_at is None:
            return False
        return progress.next_try_at <= progress.at
