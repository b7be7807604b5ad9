"""A behaviour as an HTTP answer to one store request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from console.simulator import bodies
from console.simulator.behaviours import Behaviour, Kind
from console.simulator.wire import Dripping, Dropped, Halved, Huge, Hung

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.simulator.accounts import Refusal
    from console.simulator.bodies import JsonObject

ACCEPTING: Final = frozenset(
    {
        Kind.OK,
        Kind.FAILED_400,
        Kind.FAILED_500,
        Kind.FAILED_TEXT,
        Kind.SILENT,
        Kind.SLOW,
        Kind.DUPLICATE,
        Kind.CONFLICT,
        Kind.CALLBACK_FIRST,
        Kind.NOISY_STATUS,
        Kind.ODD_STATUS,
    }
)
"""Behaviours whose answer is the documented one; they differ in time and in their callbacks."""

_CODES: Mapping[Kind, tuple[int, int, str]] = {
    Kind.REFUSED_PATH: (404, 1006, bodies.ROUTE_NOT_FOUND),
    Kind.REFUSED_FILE: (404, 1006, "File with id {id} not found"),
    Kind.UNAUTHORIZED: (401, 1005, bodies.BAD_CREDENTIALS),
    Kind.FORBIDDEN: (403, 1005, "The role of this user does not allow the call"),
    Kind.NO_WEBHOOK: (412, 1022, ""),
    Kind.TOO_MANY: (429, 1015, "Per-second limit of the control channel exceeded"),
    Kind.INTERNAL: (500, 1014, "Failed to reach the core process"),
    Kind.OVERLOADED: (503, 1016, "Backlog is full"),
    Kind.ERRORS_200: (200, 1000, "The request was not taken"),
}
_EMPTY = {Kind.EMPTY_404: 404, Kind.TIMEOUT_408: 408, Kind.GONE: 410}
_PAGES = {
    Kind.BAD_GATEWAY: (502, "502 Bad Gateway"),
    Kind.GATEWAY_TIMEOUT: (504, "504 Gateway Time-out"),
    Kind.HTML_200: (200, "Welcome to the guest network"),
}


def json_answer(body: JsonObject, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def refused(refusal: Refusal) -> Response:
    """A refusal as an answer."""
    return json_answer(bodies.failure(refusal.entry), refusal.status)


def answer(behaviour: Behaviour, media_id: str) -> Response:
    """The answer that a behaviour gives; for those in `ACCEPTING` the documented one."""
    kind = behaviour.kind
    if kind in _CODES:
        status, code, details = _CODES[kind]
        entry = bodies.error(code, bodies.TITLES[code], details.replace("{id}", media_id))
        told = json_answer(bodies.failure(entry), status)
        if kind in {Kind.TOO_MANY, Kind.OVERLOADED} and behaviour.argument is not None:
            told.headers["retry-after"] = behaviour.argument
        return told
    if kind in _EMPTY:
        return Response(status_code=_EMPTY[kind])
    if kind in _PAGES:
        status, title = _PAGES[kind]
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\r\n"
        return Response(page, status, media_type="text/html")
    return _broken(behaviour, msgspec.json.encode(bodies.accepted(media_id)), media_id)


def _broken(behaviour: Behaviour, whole: bytes, media_id: str) -> Response:
    match behaviour.kind:
        case Kind.GARBAGE:
            return Response(whole[: len(whole) // 2], media_type="application/json")
        case Kind.OTHER_ID:
            return json_answer(bodies.accepted("00000000-0000-4000-8000-000000000000"))
        case Kind.HUGE:
            return Huge(whole[:-1], whole[-1:], behaviour.seconds(50))
        case Kind.REDIRECT:
            place = behaviour.argument or f"/elsewhere/v1/media/{media_id}/download"
            return Response(status_code=302, headers={"location": place})
        case Kind.DROP:
            return Dropped()
        case Kind.HALF:
            return Halved(whole, media_type="application/json")
        case Kind.HANG:
            return Hung()
        case Kind.DRIP:
            return Dripping(whole, behaviour.seconds(1))
    return Response(whole, media_type="application/json")
