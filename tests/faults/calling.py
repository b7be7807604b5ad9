"""Media that are asked for, of the simulated client or of whatever answers instead of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from console.clock import Uptime, monotonic, wall
from console.domain.media import State
from console.platforms.onpremises.client import OnPremisesApi
from tests.service.world import FastTime, announced

if TYPE_CHECKING:
    from pathlib import Path

    from console.domain.media import Media, StoreError
    from console.simulator import Simulator
    from console.simulator.client import Call
    from tests.service.world import World


def api_at(
    url: str,
    *,
    token: str | None = "t0ken-of-the-test",
    username: str | None = None,
    password: str | None = None,
    ca: Path | None = None,
    connect_timeout: float = 1,
    read_timeout: float = 1,
    total_timeout: float = 5,
) -> OnPremisesApi:
    """The real client of whatever answers there."""
    return OnPremisesApi(
        url,
        username=username,
        password=password,
        token=token,
        ca=ca,
        insecure=False,
        proxy=None,
        now=wall,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        total_timeout=total_timeout,
    )


async def asked(world: World, simulator: Simulator, *behaviours: str) -> str:
    """A media that was ordered and whose calls will go like this."""
    key = await announced(simulator, behaviours)
    world.order(key)
    return key


async def failed(world: World, key: str) -> tuple[Media, StoreError]:
    media = await world.state(key, State.FAILED)
    assert media.error is not None
    return media, media.error


def service_moments(time: FastTime, calls: list[Call]) -> list[Uptime]:
    """The moments of calls on the service's clock."""
    return [Uptime(time.uptime() - (monotonic() - call.at) * time.speed) for call in calls]


async def posted(url: str, *bodies: bytes) -> list[int]:
    """Posts webhooks, all at the same time; the statuses of the answers."""
    limits = httpx.Limits(max_connections=len(bodies))
    headers = {"content-type": "application/json"}
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=10) as client:
        answers = await asyncio.gather(*(client.post(url, content=body, headers=headers) for body in bodies))
    return [answer.status_code for answer in answers]
