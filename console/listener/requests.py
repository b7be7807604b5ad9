"""One request as far as it can be judged before its body is read, and the reading of that body."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from console.listener.answers import Receive, Refusal, Scope, busy

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD_LIMIT: Final = 16_384
BODIES_AT_ONCE: Final = 64_000_000
"""Bytes of all bodies that are being received or stored at one moment."""


WHOLE: Final = "media_console.whole"
"""Among a scope's extensions: the whole body has come with the head, so that nothing has to be waited for."""


class SenderGone(Exception):
    """The sender closed the connection before the body was complete."""


def path_of(scope: Scope) -> str:
    """The path, decoded; that of `http://host/webhook` is `/webhook`, as RFC 9112 section 3.2.2 wants it."""
    path: str = scope["path"]
    if path.startswith("/"):
        return path
    absolute = re.match(rb"https?://[^/]*(/.*)", scope["raw_path"], re.IGNORECASE)
    return unquote(absolute[1].decode("ascii", "replace")) if absolute else path


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The headers by name, in small letters.

    Raises:
        Refusal: the head is too large, of another protocol, or leaves open where the body ends.
    """
    if scope["http_version"] not in ("1.0", "1.1"):
        raise Refusal(400, "not-http", "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
    headers: dict[bytes, bytes] = {}
    size = len(scope["raw_path"]) + len(scope["query_string"])
    for name, value in scope["headers"]:
        size += len(name) + len(value) + 4
        headers[name] = value
    if size > HEAD_LIMIT:
        raise head_too_large()
    if b"transfer-encoding" in headers and b"content-length" in headers:
        what = "A request has Content-Length or Transfer-Encoding, not both."
        raise Refusal(400, "not-http", what)
    return headers


def head_too_large() -> Refusal:
    """What is answered to a head without end."""
    return Refusal(431, "head-too-large", f"The head of the request is larger than {HEAD_LIMIT} bytes.")


def only(method: str, methods: str) -> None:
    """Lets only these methods (`GET, HEAD`) pass.

    Raises:
        Refusal: it is another one.
    """
    if method not in methods.split(", "):
        what = f"Only {methods} may be used here."
        raise Refusal(405, "method", what, ((b"allow", methods.encode("ascii")),), counted=False)


def check_body(headers: Mapping[bytes, bytes], limit: int) -> None:
    """Judges a body by what its head says of it.

    Raises:
        Refusal: it is compressed, no JSON or too large.
    """
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in (b"", b"identity"):
        raise Refusal(415, "content-encoding", "A compressed body is not taken.")
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type and not _is_json(media_type):
        raise Refusal(415, "content-type", "The body must be application/json.")
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)


class Body:
    """What has arrived of a body; `whole` once nothing of it is still to come.

    It takes up room among the bodies until the block ends that it is used in.
    """

    __slots__ = ("_bodies", "here", "parts", "size", "whole")

    def __init__(self, bodies: Bodies, scope: Scope) -> None:
        self._bodies = bodies
        self.parts: list[bytes] = []
        self.size = 0
        self.whole = not _is_announced(scope)
        self.here = WHOLE in scope.get("extensions", ())

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_: object) -> None:
        self._bodies.release(self)


class Bodies:
    """Reads bodies, each within a limit and a time, all of them together within their room.

    Args:
        limit: bytes; more is refused as soon as it is known.
        seconds: how long a body may take to arrive.
        room: bytes of all bodies that are held at once.
    """

    def __init__(self, limit: int, seconds: float, room: int = BODIES_AT_ONCE) -> None:
        self.limit = limit
        self.seconds = seconds
        self._room = max(room, limit)
        self._held = 0

    def held(self, scope: Scope) -> Body:
        """The body of a request, to be filled by `read` and used as a block."""
        return Body(self, scope)

    def release(self, body: Body) -> None:
        """What has arrived of a body takes up no more room."""
        self._held -= body.size

    async def read(self, receive: Receive, body: Body) -> bytes:
        """The whole body.

        Raises:
            Refusal: it is too large or too slow, or there is no room for it now.
            SenderGone: it ended half-way.
        """
        try:
            if not body.here or await self._part(receive, body):
                async with asyncio.timeout(self.seconds):
                    while await self._part(receive, body):
                        pass
        except TimeoutError as late:
            what = f"The body was not complete after {self.seconds:g} seconds."
            raise Refusal(408, "too-slow", what) from late
        return b"".join(body.parts)

    async def _part(self, receive: Receive, body: Body) -> bool:
        """Takes what has arrived; whether more is to come."""
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGone
        part = message.get("body", b"")
        body.whole = not message.get("more_body", False)
        size = len(part)
        if body.size + size > self.limit:
            raise _too_large(self.limit)
        if self._held + size > self._room:
            raise busy()
        body.parts.append(part)
        body.size += size
        self._held += size
        return not body.whole


def _is_announced(scope: Scope) -> bool:
    """Whether a body follows the head."""
    for name, value in scope["headers"]:
        if name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0")):
            return True
    return False


def _is_json(media_type: bytes) -> bool:
    kind, _, sub = media_type.partition(b"/")
    return (kind in (b"application", b"text") and sub == b"json") or sub.endswith(b"+json")


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "too-large", f"The body is larger than {limit} bytes.")
