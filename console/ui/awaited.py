"""The answers to what was asked from this screen: told once, when the last of them is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain import errors
from console.domain.media import OPEN_STATES, Media, MediaKey, State
from console.domain.orders import Taken
from console.ui.theme import STATE_INKS, Ink
from console.ui.troubles import subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from console.domain.orders import Order

MOST = 200
"""Media whose answers are waited for; of more the list and its counts tell enough."""


class Awaited:
    """The media that were asked for, with the attempt that was the last one then."""

    def __init__(self) -> None:
        self._asked: dict[MediaKey, int] = {}
        self._orders: dict[str, Media] = {}
        self._settled: dict[MediaKey, Media] = {}
        self._left_out: list[str] = []

    @property
    def keys(self) -> tuple[MediaKey, ...]:
        """Those whose answer is not in yet."""
        return tuple(key for key in self._asked if key not in self._settled)

    @property
    def orders(self) -> tuple[str, ...]:
        """The ids of the orders that no service has taken yet."""
        return tuple(self._orders)

    def ask(self, media: Iterable[Media], left_out: str = "", orders: Sequence[Order] = ()) -> None:
        """Waits for these; what was left out, and why, is told again with the answers."""
        if left_out:
            self._left_out.append(left_out)
        ids = {order.key: order.id for order in orders}
        for each in media:
            if len(self._asked) < MOST:
                self._asked[each.key] = _attempt(each)
                self._settled.pop(each.key, None)
                if each.key in ids:
                    self._orders[ids[each.key]] = each

    def take(self, taken: Mapping[str, Taken]) -> tuple[str, Ink] | None:
        """Takes what became of the orders; what to tell where somebody else's order was quicker."""
        found = [(self._orders.pop(id_, None), became) for id_, became in taken.items()]
        already = [media for media, became in found if media is not None and became is Taken.ALREADY]
        if not already:
            return None
        if len(already) == 1:
            return f"Asked for already by somebody else: {subject(already[0])}.", Ink.WARN
        return f"{len(already)} of them were asked for already by somebody else.", Ink.WARN

    def hear(self, found: Iterable[Media]) -> tuple[str, Ink] | None:
        """Takes media as they are now; what to tell, once no answer is missing any more."""
        for media in found:
            asked = self._asked.get(media.key)
            if asked is not None and _attempt(media) > asked and media.state not in OPEN_STATES:
                self._settled[media.key] = media
        if not self._asked or self.keys:
            return None
        told, ink = _told(list(self._settled.values()))
        if self._left_out:
            told = f"{told} Left out: {', '.join(self._left_out)}."
        self._asked, self._orders, self._settled, self._left_out = {}, {}, {}, []
        return told, ink


def _attempt(media: Media) -> int:
    return media.progress.attempt if media.progress is not None else 0


def _told(settled: list[Media]) -> tuple[str, Ink]:
    if len(settled) == 1:
        media = settled[0]
        if media.error is not None:
            return errors.sentence(media.error, subject(media)), Ink.BAD
        if media.state is State.DOWNLOADED:
            return f"Downloaded: {subject(media)}.", Ink.GOOD
        return f"No callback came in time: {subject(media)}. r asks again.", STATE_INKS[media.state]
    counts = {state: sum(media.state is state for media in settled) for state in State}
    told = ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
    bad = counts[State.FAILED] or counts[State.UNCONFIRMED]
    return f"Of {len(settled)} asked for: {told}.", Ink.BAD if bad else Ink.GOOD
