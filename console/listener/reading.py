"""Reads bodies so that a long one does not hold up the answers to others."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.domain.media import Millis
    from console.domain.reading import Reading
    from console.platforms.base import WebhookReader

SHORT = 100_000
"""Bytes that are read at once, in some 30 ms at worst; a longer body may take a second."""


class Reader:
    """A dialect's reader for the event loop: long bodies go to a thread, one at a time.

    A body of 3 MB can hold a million small values, which take a hundred megabytes while they are read.
    """

    def __init__(self, read: WebhookReader) -> None:
        self._read = read
        self._long = asyncio.Lock()

    async def __call__(self, body: bytes, received_at: Millis) -> Reading:
        """Everything that the body says.

        Raises:
            BadBody: it is not JSON text that may be parsed at all.
        """
        if len(body) <= SHORT:
            return self._read(body, received_at)
        async with self._long:
            return await asyncio.to_thread(self._read_uncollected, body, received_at)

    def _read_uncollected(self, body: bytes, received_at: Millis) -> Reading:
        """Reads with the garbage collector held back.

        It would walk all those values again and again while they come to be, and let no other thread
        run meanwhile. They are gone before it goes on, for none of them refers to itself.
        """
        collecting = gc.isenabled()
        gc.disable()
        try:
            return self._read(body, received_at)
        finally:
            if collecting:
                gc.enable()
