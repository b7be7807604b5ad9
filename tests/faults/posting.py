"""One post of a webhook with all that the sender sees of the answer, and what is in the cache then."""

from __future__ import annotations

import os
from http.client import HTTPConnection
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from console.cache.reader import CacheReader
from console.cache.windows import keys_of
from console.clock import monotonic, wall
from console.domain.retention import DEFAULT_WINDOW_MS
from console.domain.views import Selection
from tests.cli.world import announcement

if TYPE_CHECKING:
    from pathlib import Path


class Answer(NamedTuple):
    """What came back."""

    status: int
    retry_after: str | None
    seconds: float


def post(url: str, body: bytes | None = None, *, timeout: float = 15) -> Answer:
    """Posts a body; without one it asks (GET)."""
    parts = urlsplit(url)
    began = monotonic()
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(
            "GET" if body is None else "POST", parts.path, body, {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        answer.read()
        return Answer(answer.status, answer.getheader("Retry-After"), monotonic() - began)
    finally:
        connection.close()


def noisy(name: str, size: int = 3000) -> bytes:
    """An announcement that does not pack well."""
    return announcement(name, filename=os.urandom(size // 2).hex())


def keys_in(db: Path) -> set[str]:
    """All media of a cache."""
    with CacheReader(db) as reader:
        return set(reader.ask(lambda moment: list(keys_of(moment, Selection(), DEFAULT_WINDOW_MS, wall()))))
