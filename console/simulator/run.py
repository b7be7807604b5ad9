"""The simulator as a command: it runs until it is told to stop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from console.simulator.simulator import DEFAULT_LOGIN, Simulator

if TYPE_CHECKING:
    from collections.abc import Callable


def run_simulator(
    *,
    tell: Callable[[str], None],
    host: str = "127.0.0.1",
    port: int = 9090,
    webhook_url: str | None = None,
    username: str = DEFAULT_LOGIN[0],
    password: str = DEFAULT_LOGIN[1],
    faults: float = 0.0,
    every: float | None = None,
    seed: int = 0,
    stop: threading.Event | None = None,
) -> None:
    """Runs a simulator until `stop` is set or Ctrl+C is pressed.

    Args:
        tell: takes lines for a person: where it listens, and how to use it.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        webhook_url: where callbacks go.
        username: of the one account.
        password: its password; never told.
        faults: chance from 0 to 1 that a store request goes wrong.
        every: seconds between new media; None: none comes by itself.
        seed: of everything drawn.
        stop: ends it from another thread or a signal's handler.

    Raises:
        FixSetting: the address cannot be had.
    """
    stop = stop if stop is not None else threading.Event()
    simulator = Simulator(
        webhook_url=webhook_url,
        username=username,
        password=password,
        host=host,
        port=port,
        seed=seed,
        faults=faults,
        every=every,
        callback_delay=(0.4, 2.5),
    )
    try:
        with simulator:
            _serve(simulator, webhook_url, tell, stop)
    except KeyboardInterrupt:
        tell("Stopped.")


def _serve(
    simulator: Simulator, webhook_url: str | None, tell: Callable[[str], None], stop: threading.Event
) -> None:
    tell(f"The simulated client listens on {simulator.url} (user {simulator.username}).")
    tell(f"Webhooks go to {webhook_url}." if webhook_url else "Webhooks go nowhere: no URL is set.")
    tell(f"Steer it by {simulator.url}/simulator. Ctrl+C ends it.")
    while not stop.wait(0.2):
        simulator.check()
