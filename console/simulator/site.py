"""The whole site as one ASGI app: the routes, the record of calls, the clock in each answer."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from console.clock import monotonic
from console.simulator.api import route_not_found, routes
from console.simulator.client import Call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from console.simulator.client import Client


def site(client: Client, more: Sequence[Route]) -> ASGIApp:
    """The app that a server runs: the API, and more routes beside it."""
    app = Starlette(routes=[*routes(client), *more], exception_handlers={404: _unmatched, 405: _unmatched})
    app.router.redirect_slashes = False
    return _recorded(app, client)


async def _unmatched(request: Request, fault: Exception) -> Response:
    return route_not_found()


def _recorded(app: ASGIApp, client: Client) -> ASGIApp:
    async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        call = Call(client.called + 1, monotonic(), scope["method"], path, headers)
        if path.startswith("/v1/"):
            client.called += 1
            client.calls.append(call)
        scope["extensions"]["simulator.call"] = call

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                date = formatdate(client.now() / 1000, usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await app(scope, receive, answered)

    return recorded
