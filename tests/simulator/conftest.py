"""A webhook and a logged-in client for the simulator under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.simulator.hook import Hook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from console.simulator import Simulator


@pytest.fixture
def hook(simulator: Simulator) -> Iterator[Hook]:
    """A webhook that takes everything; the simulator's callbacks go there."""
    with Hook() as hook:
        simulator.webhook_url = hook.url
        yield hook


@pytest.fixture
async def http(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token."""
    async with httpx.AsyncClient(base_url=simulator.url, trust_env=False, timeout=5) as http:
        yield http


@pytest.fixture
async def api(simulator: Simulator, http: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client with a token."""
    answer = await http.post("/v1/users/login", auth=(simulator.username, simulator.password))
    http.headers["authorization"] = f"Bearer {answer.json()['users'][0]['token']}"
    return http
