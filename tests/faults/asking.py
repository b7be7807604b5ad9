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
