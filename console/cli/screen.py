"""The screen, opened by a start without a command and by the demo."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from console import clock
from console.cache.leavings import check_nothing_lost
from console.cache.mounts import check_place
from console.cache.soundness import check_sound
from console.cli.options import current_settings
from console.cli.signals import ending_signals
from console.cli.user import operator
from console.cli.wiring import log_beside_cache, make_service
from console.config import check_service, webhook_url
from console.domain.exceptions import FixSetting
from console.service.hosting import ServiceThread
from console.service.lock import holder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from console.cli.signals import Signals
    from console.config import Settings
    from console.ui.setup import Setup


log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.0005
"""How long the screen may work on while another thread waits for its turn, a tenth of Python's own time: an
acknowledgement of the service beside it takes several turns."""

PICTURES_A_SECOND = "200"
"""How often Textual may paint while there is something to paint; it reads this when it is imported. A key is
painted at most 5 ms after it was handled, in place of its own 17."""


def open_screen() -> int:
    """Opens the console on the cache of the settings; its exit code.

    Raises:
        FixSetting: a setting is wrong, or there is no terminal to draw on.
        ConsoleError: the cache is damaged, or none that this version may use.
    """
    check_terminal()
    settings = current_settings()
    check_service(settings)
    _check_cache(settings.db)
    sys.setswitchinterval(SWITCH_SECONDS)
    with ending_signals(on_terminal=True) as signals:
        return run_screen(settings, signals)


def _check_cache(db: Path) -> None:
    """Refuses a cache that no service could work on, as long as none does.

    Raises:
        ConsoleError: so it is. Nothing was changed.
    """
    check_place(db)
    if holder(db) is not None:
        return
    if not db.exists():
        check_nothing_lost(db)
    else:
        with suppress(sqlite3.OperationalError):  # that may pass, and the service tells of it
            check_sound(db)


def run_screen(settings: Settings, signals: Signals, account: str = "") -> int:
    """Opens the console with a service of its own, or as a viewer for as long as another process runs one.

    Raises:
        FixSetting: a setting of the screen is wrong, or the log cannot be written.
    """
    os.environ.setdefault("TEXTUAL_FPS", PICTURES_A_SECOND)
    from console.ui.app import run_console

    keys = _checked_keys(settings)
    with log_beside_cache(settings) as log_file:
        code = 0
        if signals.wait(0) is None:
            code = run_console(_setup(settings, signals, account, keys, log_file))
        number = signals.wait(0)
        if number is not None:
            log.info("the console was ended by %s", signal.Signals(number).name)
    return code if number is None or code else 128 + number


def check_terminal() -> None:
    """Makes sure that there is a terminal to draw on.

    Raises:
        FixSetting: there is none; names what works without one.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        what = "The screen needs a terminal, and there is none here."
    elif not sys.stderr.isatty():
        raise FixSetting(
            "The screen is drawn on stderr, which must be the terminal and is redirected here.",
            "Start again without 2>: what would be logged goes to the file beside the cache.",
        )
    elif os.environ.get("TERM", "dumb") == "dumb":
        what = "The screen cannot be drawn here: TERM is dumb or not set."
    else:
        return
    raise FixSetting(what, "Without one: media-console list, show, download and listen, all with --help.")


def _checked_keys(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The key map; checks the theme as well, so that both are refused before anything starts.

    Raises:
        FixSetting: one is wrong, with the places where it was set.
    """
    from console.ui.commands import key_map
    from console.ui.theme import inks

    try:
        inks(settings.theme)
    except FixSetting as error:
        raise FixSetting(f"{error.what} It is set {_source(settings, 'theme')}.", error.remedy) from None
    try:
        return key_map(settings.keys)
    except FixSetting as error:
        named = [name for name in settings.keys if repr(name) in error.what] or list(settings.keys)
        places = ", ".join(f"{name} {_source(settings, f'keys.{name}')}" for name in named)
        raise FixSetting(f"{error.what} ({places})", error.remedy) from None


def _source(settings: Settings, name: str) -> str:
    return settings.sources.get(name, "by default")


def _setup(
    settings: Settings, signals: Signals, account: str, keys: Mapping[str, tuple[str, ...]], log_file: Path
) -> Setup:
    from console.ui.setup import Setup

    return Setup(
        db=settings.db,
        now=clock.wall,
        window_ms=settings.window_ms,
        host=ServiceThread(partial(make_service, settings), holder=partial(holder, settings.db)),
        account=account,
        operator=operator(),
        keys=keys,
        theme=settings.theme,
        ascii=settings.ascii,
        mouse=settings.mouse,
        callback=partial(webhook_url, settings),
        log=log_file,
        signals=signals,
    )
