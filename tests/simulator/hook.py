"""A webhook to receive callbacks with, and a bounded wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from console.clock import monotonic
from console.simulator.thread import LoopThread
from console.simulator.wire import Server, bind

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

    from starlette.types import Receive, Scope, Send


class Hook:
    """Takes every POST; answers the given statuses in turn and 200 when they are used up."""

    def __init__(self, *statuses: int, pause: float = 0) -> None:
        self.bodies: list[bytes] = []
        self.moments: list[float] = []
        self.at_once = 0
        self._open = 0
        self._statuses = list(statuses)
        self._pause = pause
        self._sock = bind("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._sock.getsockname()[1]}/webhook"
        self._thread = LoopThread(self._live, "hook")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.stop()

    @property
    def read(self) -> list[Any]:
        """The bodies as JSON."""
        return [msgspec.json.decode(body) for body in self.bodies]

    @property
    def results(self) -> list[Any]:
        """The items of all results, in the order of their coming."""
        return [item for body in self.read for item in body.get("media_items", ())]

    async def _live(self, closing: asyncio.Event) -> None:
        await Server(self._app, self._sock).run(closing)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._open += 1
        self.at_once = max(self.at_once, self._open)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.bodies.append(body)
        self.moments.append(monotonic())
        await asyncio.sleep(self._pause)
        status = self._statuses.pop(0) if self._statuses else 200
        self._open -= 1
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def until(true: Callable[[], bool], seconds: float = 5) -> None:
    """Waits until it is true.

    Raises:
        TimeoutError: it did not become true in time.
    """
    for _ in range(round(seconds / 0.005)):
        if true():
            return
        await asyncio.sleep(0.005)
    if not true():
        raise TimeoutError
