"""The routes under `/v1`, answered as the client's web layer answers them.

Whatever matches no route gets 404 with 1006 `URL path not found.`, an id with a slash in it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from console.simulator import bodies
from console.simulator.accounts import Refusal
from console.simulator.answers import ACCEPTING, answer, json_answer, refused
from console.simulator.behaviours import Kind
from console.simulator.wire import gone_within

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from console.simulator.behaviours import Behaviour
    from console.simulator.bodies import Json, JsonObject
    from console.simulator.client import Call, Client
    from console.simulator.volume import HeldMedia


def routes(client: Client) -> list[Route]:
    """All routes of the API."""
    api = _Api(client)
    return [
        Route("/v1/users/login", api.guarded(api.log_in, "login", public=True), methods=["POST"]),
        Route("/v1/users/logout", api.guarded(api.log_out, "logout"), methods=["POST"]),
        Route("/v1/health", api.guarded(api.health, "health"), methods=["GET"]),
        Route(
            "/v1/settings/application",
            api.guarded(api.settings, "settings"),
            methods=["GET", "PATCH", "DELETE"],
        ),
        Route("/v1/media/{media_id}/download", api.guarded(api.store, "store"), methods=["GET"]),
        Route("/v1/media/{media_id}", api.guarded(api.file, "bytes"), methods=["GET", "DELETE"]),
    ]


def route_not_found() -> Response:
    """What the router says of any path that it does not know."""
    return refused(Refusal(1006, bodies.ROUTE_NOT_FOUND))


class _Api:
    def __init__(self, client: Client) -> None:
        self._client = client

    def guarded(
        self, endpoint: Callable[[Request], Awaitable[Response]], name: str, *, public: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint behind the check of the token, its refusals as answers."""

        async def handle(request: Request) -> Response:
            if request.method == "HEAD":  # the framework adds it to every GET, and a store is one
                return route_not_found()
            try:
                script = self._client.scripts.get(name)
                if script is not None:
                    behaviour = script.next()
                    call_of(request.scope).behaviour = behaviour
                    if behaviour.kind is Kind.SLOW:
                        await request.body()  # kept by the request; whoever waits for its end would lose it
                        await gone_within(request.receive, behaviour.seconds(2))
                    elif behaviour.kind is not Kind.OK:
                        return answer(behaviour, name)
                if not public:
                    request.state.token = self._client.accounts.check(
                        request.headers.get("authorization", "")
                    )
                return await endpoint(request)
            except Refusal as refusal:
                return refused(refusal)

        handle.__name__ = name
        return handle

    async def log_in(self, request: Request) -> Response:
        body = await _json(request) if await request.body() else {}
        if not isinstance(body, dict) or set(body) - {"new_password"}:
            raise Refusal(1025, "Only new_password may be sent")
        new_password = body.get("new_password")
        if new_password is not None and not isinstance(new_password, str):
            raise Refusal(1009, "new_password must be a text")
        address = request.client.host if request.client else ""
        token = self._client.accounts.log_in(request.headers.get("authorization", ""), new_password, address)
        return json_answer(bodies.login(token.text, token.expires))

    async def log_out(self, request: Request) -> Response:
        self._client.accounts.revoke(request.state.token)
        return _done()

    async def health(self, request: Request) -> Response:
        return json_answer(self._client.health_body())

    async def settings(self, request: Request) -> Response:
        settings = self._client.settings
        if request.method == "PATCH":
            settings.patch(_unwrapped(await _json(request)))
            return _done()
        if request.method == "DELETE":
            settings.reset()
            return _done()
        return json_answer({"settings": {"application": settings.tree}, "meta": bodies.META})

    async def file(self, request: Request) -> Response:
        media_id = request.path_params["media_id"]
        media = self._client.volume.find(media_id)
        if media is None or not media.stored:
            raise Refusal(1006, f"File with id {media_id} not found")
        if request.method == "DELETE":
            media.stored = False
            return _done()
        name = media.id.replace("\\", "\\\\").replace('"', '\\"')
        headers = {
            "content-type": media.mime_type,
            "content-disposition": f'attachment; filename="{name}"',
        }
        return Response(media.file, headers=headers)

    async def store(self, request: Request) -> Response:
        media = self._client.known(request.path_params["media_id"])
        behaviour = media.script.next()
        call = call_of(request.scope)
        call.media_id, call.behaviour, call.overlapping = media.id, behaviour, media.open_calls > 0
        media.open_calls += 1
        return _Counted(await self._store(request, media, behaviour), media)

    async def _store(self, request: Request, media: HeldMedia, behaviour: Behaviour) -> Response:
        if behaviour.kind is Kind.UNAUTHORIZED:
            self._client.accounts.revoke(request.state.token)
        if behaviour.kind not in ACCEPTING:
            return answer(behaviour, media.id)
        if behaviour.kind is Kind.SLOW:
            await gone_within(request.receive, behaviour.seconds(2))
        if behaviour.kind is Kind.CALLBACK_FIRST:
            for body in self._client.outcome(media, behaviour):
                await self._client.send(body)
        else:
            self._client.spawn(self._client.finish(media, behaviour), "store")
        return answer(behaviour, media.id)


class _Counted(Response):
    """An answer that counts as open until its last byte went out or the other side went away."""

    def __init__(self, inner: Response, media: HeldMedia) -> None:
        super().__init__(status_code=inner.status_code)
        self._inner = inner
        self._media = media

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._inner(scope, receive, send)
        finally:
            self._media.open_calls -= 1


def call_of(scope: Scope) -> Call:
    """The record of the request that is being answered."""
    call: Call = scope["extensions"]["simulator.call"]
    return call


def _unwrapped(body: Json) -> Json:
    """The settings in a PATCH: by themselves, or wrapped as GET gives them."""
    if isinstance(body, dict) and isinstance(told := body.get("settings"), dict):
        return told.get("application")
    return body


def _done() -> Response:
    body: JsonObject = {"meta": bodies.META}
    return json_answer(body)


async def _json(request: Request) -> Json:
    try:
        read: Json = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refusal(1025, "The body is not JSON") from None
    return read
