"""A service for as long as one command needs it, where nobody runs one."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from console.cli.output import say
from console.cli.wiring import listener_words, log_beside_cache, make_service
from console.config import check_service
from console.service.hosting import ServiceThread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.cli.signals import Signals
    from console.config import Settings


@contextmanager
def borrowed_service(settings: Settings, signals: Signals) -> Iterator[str | None]:
    """Runs a service during the block; gives the name of another process that was quicker, or None.

    Its log goes to the file beside the cache. A signal only stops the wait for its start.

    Raises:
        ConsoleError: it cannot run.
    """
    check_service(settings)
    host = ServiceThread(partial(make_service, settings, passing=True))
    with log_beside_cache(settings):
        host.start()
        try:
            while host.error is None and not host.wait_ready(0.05) and signals.wait(0) is None:
                pass
            if host.error is not None and host.viewer_of() is None:
                raise host.error
            standing = host.standing()
            if standing is not None and standing.listener is None:
                say(listener_words(settings, standing))
            yield host.viewer_of()
        finally:
            host.stop()
