"""Requests sent as raw bytes, and what came back."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit


async def ask(url: str, sent: bytes, seconds: float = 5) -> bytes:
    """Sends bytes as they are; what came back until the connection was closed, however that went."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    answer = b""
    try:
        async with asyncio.timeout(seconds):
            writer.write(sent)
            while part := await reader.read(65536):
                answer += part
    except (TimeoutError, OSError):
        return answer
    finally:
        writer.transport.abort()
    return answer


def status_of(answer: bytes) -> int:
    """The status of the final answer; 0 if there was none."""
    found = re.findall(rb"^HTTP/1\.1 ([2-5][0-9][0-9]) ", answer, re.MULTILINE)
    return int(found[0]) if found else 0


class Connection:
    """One connection that posts bodies one after the other; a new one where the listener closed it."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> int:
        """Posts a body; the status of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._url.hostname, self._url.port)
        reader, writer = self._streams
        head = f"POST {self._url.path} HTTP/1.1\r\nHost: console\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        told = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", told)
        assert length is not None
        await reader.readexactly(int(length[1]))
        if b"connection: close" in told:
            self.close()
        return int(told.split(b" ", 2)[1])

    def close(self) -> None:
        """Hangs up."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None
