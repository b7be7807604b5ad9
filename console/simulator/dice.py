"""Chance that repeats: the same seed gives the same numbers on every Python and every machine."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_T = TypeVar("_T")


class Dice:
    """A stream of numbers made from a seed and a purpose.

    Dice with another `purpose` are independent, so that drawing more for one thing does not shift
    what another thing draws. Not for secrets.
    """

    def __init__(self, seed: int, purpose: str = "") -> None:
        self._root = f"{seed}/{purpose}/".encode()
        self._drawn = 0

    def bits(self, size: int) -> bytes:
        """The next `size` (at most 64) bytes."""
        self._drawn += 1
        return hashlib.blake2b(self._root + str(self._drawn).encode(), digest_size=size).digest()

    def fraction(self) -> float:
        """At least 0, less than 1."""
        return int.from_bytes(self.bits(6), "big") / (1 << 48)

    def between(self, low: float, high: float) -> float:
        """At least `low`, less than `high`."""
        return low + (high - low) * self.fraction()

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.fraction() * (high - low + 1))

    def pick(self, choices: Sequence[_T]) -> _T:
        """One of the choices, each as likely as the other."""
        return choices[int(self.fraction() * len(choices))]

    def pick_weighted(self, weights: Mapping[_T, float]) -> _T:
        """One of the keys, as likely as its weight says."""
        mark = self.fraction() * sum(weights.values())
        for choice, weight in weights.items():
            mark -= weight
            if mark < 0:
                return choice
        return next(reversed(list(weights)))

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """The items in another order."""
        rest = list(items)
        return [rest.pop(int(self.fraction() * len(rest))) for _ in items]

    def uuid(self) -> str:
        """A UUID of version 4 as text, which is what a media id looks like."""
        return str(uuid.UUID(bytes=self.bits(16), version=4))
