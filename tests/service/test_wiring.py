from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from console.config import Secret, Settings
from console.domain.exceptions import FixSetting
from console.domain.media import MediaId
from console.domain.standing import Health
from console.platforms.base import Accepted
from console.service.wiring import onpremises_api, onpremises_service
from tests.service.world import ANY_PORT, until

if TYPE_CHECKING:
    from pathlib import Path

    from console.simulator import Simulator


def settings(db: Path, simulator: Simulator) -> Settings:
    return Settings(
        db=db,
        listen=ANY_PORT,
        api_url=simulator.url,
        api_username=simulator.username,
        api_password=Secret(simulator.password),
    )


async def test_the_settings_make_a_client_that_logs_in(tmp_path: Path, simulator: Simulator) -> None:
    api = onpremises_api(settings(tmp_path / "c.db", simulator))
    assert api is not None
    simulator.behave("m-1", "ok")
    assert await api.store(MediaId("m-1")) == Accepted()
    await api.aclose()


async def test_the_settings_make_a_service(tmp_path: Path, simulator: Simulator) -> None:
    service = onpremises_service(settings(tmp_path / "c.db", simulator))
    ready, stop = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(service.run(ready, stop))
        await until(lambda: service.standing.health is Health.CONNECTED)
        assert service.standing.api_url == simulator.url
        stop.set()


def test_without_an_address_there_is_no_client(tmp_path: Path) -> None:
    alone = Settings(db=tmp_path / "c.db", listen=ANY_PORT)
    assert onpremises_api(alone) is None
    assert onpremises_service(alone).standing.health is Health.NOT_CONFIGURED


def test_a_setting_that_cannot_be_used_is_refused_in_words(tmp_path: Path) -> None:
    wrong = Settings(db=tmp_path / "c.db", api_url="https://api", api_ca=tmp_path / "missing.pem")
    with pytest.raises(FixSetting):
        onpremises_service(wrong)
