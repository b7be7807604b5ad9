"""What people send: senders and things to send, in many languages and scripts.

The words lie in `content.json`. Every phone number is from a range that its country keeps free for
fiction, so it reaches nobody.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from console.domain.media import MediaType

if TYPE_CHECKING:
    from console.domain.media import Millis
    from console.simulator.dice import Dice

ANY_LANGUAGE = "any"


class Sender(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who writes; without a name the webhook comes without `contacts`."""

    number: str
    name: str | None


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """Something to send. Texts hold places to fill in: `{n}`, `{year}`, `{date}`, `{compact}`."""

    type: MediaType
    mime: str | None = None
    filename: str | None = None
    caption: str | None = None


class Language(Struct, frozen=True, forbid_unknown_fields=True):
    """Who writes in a language and what they send in it."""

    language: str
    senders: tuple[Sender, ...]
    items: tuple[Item, ...]


@cache
def languages() -> tuple[Language, ...]:
    """Everything there is."""
    text = files(__package__).joinpath("content.json").read_bytes()
    return msgspec.json.decode(text, type=tuple[Language, ...])


class Correspondence:
    """Draws who sends what; things to send repeat only when all have been sent."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._left: list[tuple[Sender, Item]] = []

    def draw(self, at: Millis) -> tuple[Sender, Item]:
        """A sender and a thing sent at that moment, its places filled in."""
        if not self._left:
            self._left = self._dice.shuffled(self._everything())
        sender, item = self._left.pop()
        day = datetime.fromtimestamp(at // 1000, UTC)
        places = {
            "n": f"{self._dice.whole(1000, 9999)}",
            "year": f"{day:%Y}",
            "date": f"{day:%Y-%m-%d}",
            "compact": f"{day:%Y%m%d}",
        }
        return sender, msgspec.structs.replace(
            item,
            filename=item.filename and item.filename.format_map(places),
            caption=item.caption and item.caption.format_map(places),
        )

    def _everything(self) -> list[tuple[Sender, Item]]:
        known = [one for one in languages() if one.language != ANY_LANGUAGE]
        said = [(self._dice.pick(one.senders), item) for one in known for item in one.items]
        anybody = [sender for one in known for sender in one.senders]
        plain = [item for one in languages() if one.language == ANY_LANGUAGE for item in one.items]
        return said + [(self._dice.pick(anybody), item) for item in plain]
