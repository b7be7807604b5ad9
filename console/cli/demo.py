"""`media-console demo`."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from console import clock
from console.cache.permissions import share_with
from console.cache.writer import CacheWriter
from console.cli.options import current_settings, settings_options
from console.cli.screen import check_terminal, run_screen
from console.cli.signals import ending_signals
from console.config import Address, Secret, Settings
from console.platforms.onpremises.webhook import read_webhook
from console.simulator.demo import demo_history, write_history
from console.simulator.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.simulator.story import Story

EVERY: Final = 8.0
"""Seconds between two new media, on average."""
FAULTS: Final = 0.15
"""Chance that a store request goes wrong for a media that no story has decided for."""


@settings_options("theme", "ascii", "mouse")
@click.command("demo", epilog="Example: media-console demo --theme light")
def command() -> int:
    """Opens the console on made-up media, with a simulated client that answers it.

    It needs no account, no settings and no network, and leaves nothing behind: the cache is a temporary one.
    Of the settings only those of the screen are used.
    """
    check_terminal()
    with (
        ending_signals(on_terminal=True) as signals,
        tempfile.TemporaryDirectory(prefix="media-console-demo-") as folder,
    ):
        db = Path(folder) / "media.db"
        chosen = current_settings(db=str(db))
        share_with(None)  # its folder is nobody else's
        listen = Address("127.0.0.1", _free_port())
        stories = demo_history(clock.wall())
        asyncio.run(_fill(db, stories))
        simulator = Simulator(
            webhook_url=f"http://{listen}/webhook",
            faults=FAULTS,
            callback_delay=(0.4, 2.5),
            every=EVERY,
            stories=stories,
        )
        with simulator:
            return run_screen(_settings(chosen, listen, simulator), signals, account="demo")


async def _fill(db: Path, stories: Sequence[Story]) -> None:
    writer = await CacheWriter.open(db, now=clock.wall)
    try:
        await write_history(stories, writer, read_webhook)
    finally:
        await writer.close()


def _free_port() -> int:
    """A port that is free now; the simulator must know it before the listener takes it."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _settings(chosen: Settings, listen: Address, simulator: Simulator) -> Settings:
    """The operator's look on the demo's world."""
    return Settings(
        db=chosen.db,
        listen=listen,
        api_url=simulator.url,
        api_username=simulator.username,
        api_password=Secret(simulator.password),
        theme=chosen.theme,
        ascii=chosen.ascii,
        mouse=chosen.mouse,
        keys=chosen.keys,
        sources=chosen.sources,
    )
