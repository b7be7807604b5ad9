"""What the listener is measured beside: `python -m tests.benchmarks.servers KIND [CACHE]`.

`nothing` answers without reading what was posted, on uvicorn as it comes; `listener` the same in the
listener's own server; `each` commits each webhook by itself, with all that the program keeps of it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from console.cache import migrations
from console.cache.batch import Batch
from console.clock import wall
from console.listener.answers import OK, respond
from console.listener.server import ListenerServer
from console.platforms.onpremises.webhook import read_webhook

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from console.listener.answers import Receive, Scope, Send

    App = Callable[[Scope, Receive, Send], Awaitable[None]]

FAST = find_spec("uvloop") is not None and find_spec("httptools") is not None


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers 200 and does nothing else."""
    await respond(send, OK)


class Each:
    """One commit, with its sync, for each webhook: nothing waits for company."""

    def __init__(self, db: Path) -> None:
        migrations.create(db)
        self._connection = migrations.open_writer(db)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one webhook once it is on the disk."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        at = wall()
        reading = read_webhook(body, at)
        self._connection.execute("BEGIN IMMEDIATE")
        batch = Batch(self._connection, [(fact.account, fact.key) for fact in reading.facts])
        batch.take_webhook(body, at, reading)
        batch.write()
        self._connection.execute("COMMIT")
        await respond(send, OK)


async def _serve_uvicorn(app: Any) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as bound:
        _announce(f"127.0.0.1:{bound.getsockname()[1]}")
        config = uvicorn.Config(
            app, http="httptools" if FAST else "h11", lifespan="off", access_log=False, log_level="warning"
        )
        await uvicorn.Server(config).serve([bound])


async def _serve_listener(app: Any) -> None:
    server = ListenerServer(app, "127.0.0.1", 0)
    _announce(server.bind())
    await server.serve()


def _announce(address: str) -> None:
    sys.stderr.write(f"http://{address}\n")
    sys.stderr.flush()


def main() -> None:
    """Serves until it is ended."""
    kind, *rest = sys.argv[1:]
    serve = _serve_listener if kind == "listener" else _serve_uvicorn
    app: Any = Each(Path(rest[0])) if kind == "each" else nothing
    if FAST:
        import uvloop

        uvloop.run(serve(app))
    else:
        asyncio.run(serve(app))


if __name__ == "__main__":
    main()
