"""What the screen is started with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

from msgspec import Struct, field

from console.clock import Now
from console.domain.retention import DEFAULT_WINDOW_MS
from console.ui.commands import key_map
from console.ui.host import Host, Signals, Viewer


def _random_id() -> str:
    return uuid4().hex


class Setup(Struct, frozen=True, kw_only=True):
    """The settings of one screen, all of them checked before it opens."""

    db: Path
    now: Now
    window_ms: int = DEFAULT_WINDOW_MS
    host: Host = Viewer()
    account: str = ""
    """Which client is watched, for the header; empty where there is only one."""
    operator: str = ""
    """Who leaves the orders; it stands in the history."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: key_map({}))
    theme: str = "dark"
    ascii: bool | None = None
    """ASCII signs; None judges by the terminal."""
    mouse: bool = True
    callback: Callable[[str], str] = "http://{}/webhook".format
    """Gives the callback address of a listener at `host:port`, for the first-start text."""
    log: Path | None = None
    """Where the log is, for the help and for the sentence after a crash."""
    signals: Signals | None = None
    """What ends the screen from outside; None: nothing does."""
    new_id: Callable[[], str] = _random_id
    """Makes the id of an order."""
