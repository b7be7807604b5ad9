"""`media-console simulate`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from console.cli.options import Number, address
from console.cli.output import Exit, say

if TYPE_CHECKING:
    from console.config import Address
from console.simulator.run import run_simulator
from console.simulator.simulator import DEFAULT_LOGIN


@click.command("simulate", epilog="Example: media-console simulate --every 5 --faults 0.2")
@click.option(
    "--at",
    callback=address,
    default="127.0.0.1:9090",
    show_default=True,
    metavar="HOST:PORT",
    help="Where it answers; port 0 takes a free one.",
)
@click.option(
    "--webhook-url",
    default="http://127.0.0.1:8085/webhook",
    show_default=True,
    metavar="URL",
    help="Where it posts its webhooks.",
)
@click.option("--username", default=DEFAULT_LOGIN[0], show_default=True, help="User that may log in.")
@click.option(
    "--password",
    default=DEFAULT_LOGIN[1],
    show_default=True,
    help="Its password. It guards nothing, so it may stand on a command line.",
)
@click.option(
    "--faults",
    type=Number(0, 1),
    default=0.0,
    show_default=True,
    metavar="CHANCE",
    help="How often a store request goes wrong, from 0 to 1.",
)
@click.option(
    "--every",
    type=Number(min=0.01),
    metavar="SECONDS",
    help="Announce a new media about so often; without it none comes by itself.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Equal seeds draw equal media and faults."
)
def command(
    at: Address,
    webhook_url: str,
    username: str,
    password: str,
    faults: float,
    every: float | None,
    seed: int,
) -> int:
    """Runs a stand-in for the WhatsApp Business API client, over real HTTP.

    It knows login, health, settings, media and store requests with their webhooks. How it answers can be
    steered by HTTP while it runs: it says where.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    run_simulator(
        tell=say,
        host=at.host,
        port=at.port,
        webhook_url=webhook_url,
        username=username,
        password=password,
        faults=faults,
        every=every,
        seed=seed,
    )
    return Exit.DONE
