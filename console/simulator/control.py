"""`/simulator`: the simulator's own routes, to steer it by HTTP. No login is asked for.

| call | does |
|---|---|
| `GET /simulator` | numbers, and the words for behaviours with their meanings |
| `GET /simulator/media` | every media with its coming behaviours |
| `POST /simulator/media` | announces a media (see `Announcement`); 201 with its id |
| `PUT /simulator/media/{id}` | `{"behaviours": ["503(2)", "ok"]}`: how its store requests will go |
| `PUT /simulator/calls/{call}` | the same for `login`, `logout`, `health`, `settings`, `bytes`, `store` |
| `GET /simulator/calls` | every request so far, without its credentials |
| `POST /simulator/webhooks` | sends the body as a webhook, whatever it is |
| `PUT /simulator/health` | `{"health": "connecting"}`, or the whole value under `health` |
| `DELETE /simulator/tokens` | ends every token |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct
from starlette.routing import Route

from console.domain.exceptions import ConsoleError, FixSetting
from console.domain.media import MediaType
from console.simulator.answers import json_answer
from console.simulator.behaviours import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from console.simulator.bodies import JsonObject
    from console.simulator.client import Call
    from console.simulator.simulator import Simulator
    from console.simulator.volume import HeldMedia

_T = TypeVar("_T")


class Announcement(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /simulator/media`; the words are those of `Simulator.announce`."""

    type: MediaType = MediaType.IMAGE
    id: str | None = None
    undownloaded: bool = False
    own_failure: bool = False
    behaviours: tuple[str, ...] = ()
    sender: str | None = None
    name: str | None = None
    caption: str | None = None
    filename: str | None = None
    mime_type: str | None = None
    message_id: str | None = None
    timestamp: str | None = None
    status: str | None = None


class _Behaviours(Struct, frozen=True, forbid_unknown_fields=True):
    behaviours: tuple[str, ...]


class _Health(Struct, frozen=True, forbid_unknown_fields=True):
    health: Any


def control_routes(simulator: Simulator) -> list[Route]:
    """The routes that steer one simulator."""
    control = _Control(simulator)
    return [
        Route("/simulator", _worded(control.summary)),
        Route("/simulator/media", _worded(control.media)),
        Route("/simulator/media", _worded(control.announce), methods=["POST"]),
        Route("/simulator/media/{media_id:path}", _worded(control.behave), methods=["PUT"]),
        Route("/simulator/calls", _worded(control.calls)),
        Route("/simulator/calls/{call}", _worded(control.behave_call), methods=["PUT"]),
        Route("/simulator/webhooks", _worded(control.send), methods=["POST"]),
        Route("/simulator/health", _worded(control.health), methods=["PUT"]),
        Route("/simulator/tokens", _worded(control.expire), methods=["DELETE"]),
    ]


def _worded(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint, its errors answered 400 in words."""

    async def handle(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ConsoleError as error:
            return json_answer({"error": str(error)}, 400)

    return handle


class _Control:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def summary(self, request: Request) -> Response:
        deliveries = self._simulator.deliveries
        return json_answer(
            {
                "webhook_url": self._simulator.webhook_url,
                "media": len(self._simulator.client.volume.all()),
                "calls": len(self._simulator.calls),
                "callbacks": {
                    "taken": sum(one.taken for one in deliveries),
                    "dropped": sum(one.dropped for one in deliveries),
                    "waiting": sum(not one.taken and not one.dropped for one in deliveries),
                },
                "behaviours": {kind.value: kind.meaning for kind in Kind},
            }
        )

    async def media(self, request: Request) -> Response:
        return json_answer({"media": [_media(one) for one in self._simulator.client.volume.all()]})

    async def announce(self, request: Request) -> Response:
        told = await _read(request, Announcement)
        media_id = await self._simulator.announce(
            told.type.value,
            media_id=told.id,
            undownloaded=told.undownloaded,
            own_failure=told.own_failure,
            behaviours=told.behaviours,
            sender=told.sender,
            name=told.name,
            caption=told.caption,
            filename=told.filename,
            mime_type=told.mime_type,
            message_id=told.message_id,
            timestamp=told.timestamp,
            status=told.status,
        )
        return json_answer({"id": media_id}, 201)

    async def behave(self, request: Request) -> Response:
        told = await _read(request, _Behaviours)
        self._simulator.behave(request.path_params["media_id"], *told.behaviours)
        return json_answer({})

    async def behave_call(self, request: Request) -> Response:
        told = await _read(request, _Behaviours)
        self._simulator.behave_call(request.path_params["call"], *told.behaviours)
        return json_answer({})

    async def calls(self, request: Request) -> Response:
        return json_answer({"calls": [_call(one) for one in self._simulator.calls]})

    async def send(self, request: Request) -> Response:
        delivery = await self._simulator.send(await request.body())
        return json_answer({"taken": delivery.taken, "answers": delivery.answers})

    async def health(self, request: Request) -> Response:
        self._simulator.health = (await _read(request, _Health)).health
        return json_answer({})

    async def expire(self, request: Request) -> Response:
        self._simulator.expire_tokens()
        return json_answer({})


def _media(media: HeldMedia) -> JsonObject:
    return {
        "id": media.id,
        "type": media.type.value,
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "stored": media.stored,
        "behaviours": [str(one) for one in media.script.rest],
    }


def _call(call: Call) -> JsonObject:
    return {
        "number": call.number,
        "method": call.method,
        "path": call.path,
        "media_id": call.media_id,
        "behaviour": None if call.behaviour is None else str(call.behaviour),
        "status": call.status,
        "overlapping": call.overlapping,
    }


async def _read(request: Request, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise FixSetting(f"The body is not understood: {fault}.") from fault
