"""What the tests of the commands share: webhook bodies, a filled cache, and a daemon to talk to."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from console.cache.writer import CacheWriter
from console.clock import monotonic, wall
from console.platforms.onpremises.webhook import read_webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAY = 86_400


def announcement(
    media_id: str | None, *, age: float = 3600, sender_name: str = "Kerry Fisher", **told: Any
) -> bytes:
    """The webhook of an undownloaded image that was sent `age` seconds ago; `told` goes into the image."""
    image = {"mime_type": "image/jpeg", "sha256": "ab" * 32, "status": "undownloaded", **told}
    if media_id is not None:
        image["id"] = media_id
    message = {
        "from": "16315551234",
        "id": f"wamid-{media_id}",
        "timestamp": str(int(wall() / 1000 - age)),
        "type": "image",
        "image": image,
    }
    contact = {"profile": {"name": sender_name}, "wa_id": "16315551234"}
    return json.dumps({"contacts": [contact], "messages": [message]}).encode()


def failure(media_id: str) -> bytes:
    """The webhook that says that a store request failed."""
    error = {"code": 400, "title": "Parameter not valid", "details": "Media not found in the datastore."}
    item = {"type": "image", "image": {"id": media_id, "status": "downloaded"}, "errors": [error]}
    return json.dumps({"media_items": [item]}).encode()


def success(media_id: str) -> bytes:
    """The webhook that says that the client holds the file."""
    item = {"type": "image", "image": {"id": media_id, "status": "downloaded", "mime_type": "image/jpeg"}}
    return json.dumps({"media_items": [item]}).encode()


def fill(db: Path, *bodies: bytes) -> None:
    """Writes webhooks into a cache as a service would."""
    asyncio.run(_fill(db, bodies))


async def _fill(db: Path, bodies: tuple[bytes, ...]) -> None:
    writer = await CacheWriter.open(db, now=wall)
    try:
        for body in bodies:
            at = wall()
            await writer.take_webhook(body, at, read_webhook(body, at))
    finally:
        await writer.close()


def environment(db: Path, **settings: str) -> dict[str, str]:
    """An environment of its own for a command: this cache, any free port, no settings file."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MEDIA_CONSOLE_")}
    given = {"db": str(db), "listen": "127.0.0.1:0", **settings}
    return (
        kept
        | {"HOME": str(db.parent)}
        | {f"MEDIA_CONSOLE_{name.upper()}": value for name, value in given.items()}
    )


def command(*arguments: str) -> list[str]:
    """The command line of this checkout's own console."""
    return [sys.executable, "-m", "console", *arguments]


@contextmanager
def running(
    arguments: list[str], env: dict[str, str], announced: str, program: str = ""
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that goes on until it is stopped, and what `announced` (a pattern) found on its stderr.

    Another `program` than the console where one is named.
    """
    full = [program, *arguments] if program else command(*arguments)
    process = subprocess.Popen(full, env=env, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := re.search(announced, line):
                yield process, found[1]
                break
        else:
            raise AssertionError(f"it never said {announced!r}, and ended with {process.wait()}")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@contextmanager
def daemon(db: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running `listen` and its webhook URL."""
    with running(["listen"], environment(db, **settings), r"(https?://\S+/webhook)") as started:
        yield started


def free_port() -> int:
    """A port that is free now."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port


def until(holds: Callable[[], bool], seconds: float = 12) -> None:
    """Waits until something holds that another process brings about."""
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, "it never came"
        time.sleep(0.02)


def post(url: str, body: bytes) -> int:
    """Posts a webhook; the status of the answer."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        status: int = answer.status
        return status
