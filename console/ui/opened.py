"""The media whose detail has the keys; it stays the same until the detail is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.domain.media import Media, MediaKey


class Opened:
    """The key of that media, or None while the list has the keys."""

    def __init__(
        self, key: MediaKey | None = None, media: Media | None = None, *, seen: bool = False
    ) -> None:
        self.key = key
        self.media = media
        """As it was read last, whether the list still shows it or not."""
        self.seen = seen
        """Whether the operator has seen it: as a row, or as this detail."""

    def was_painted(self) -> None:
        """The detail was on the terminal."""
        self.seen = True
