"""One post of a webhook, and all that the sender sees of the answer."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from console.clock import monotonic


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
