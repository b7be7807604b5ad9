"""`media-console listen`."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from console import log
from console.cli.options import current_settings, settings_options
from console.cli.output import Exit, say
from console.cli.signals import ending_signals
from console.cli.wiring import listener_words, make_service, secrets
from console.config import check_service
from console.listener.server import ListenerServer, Tls
from console.service.hosting import ServiceThread
from console.service.lock import holder

if TYPE_CHECKING:
    from console.config import Settings


@settings_options()
@click.command(
    "listen", epilog="Example: media-console listen --listen 127.0.0.1:8085 --api-url https://wa.example:9090"
)
def command() -> int:
    """Runs the webhook listener and the download worker, without a screen.

    It logs to stderr and ends in order at SIGTERM or ctrl+c. A media-console that is started on the same
    cache shows what this one does.
    """
    settings = current_settings()
    check_service(settings)
    _check_port(settings)
    host = ServiceThread(partial(make_service, settings))
    with (
        log.to_stream(
            sys.stderr,
            secrets(settings),
            level=settings.log_level,
            numbers=settings.log_numbers,
            without=ServiceThread.__module__,
        ),
        ending_signals() as signals,
    ):
        host.start()
        try:
            announced = False
            while host.error is None and signals.wait(0.5 if announced else 0.02) is None:
                if not announced and host.wait_ready(0.05):
                    announced = True
                    say(listener_words(settings, host.standing()))
        finally:
            host.stop()
    if host.error is not None:
        raise host.error
    return Exit.DONE


def _check_port(settings: Settings) -> None:
    """Refuses before anything is changed: a daemon that nobody can post to is of no use.

    Raises:
        ListenerFailed: the address cannot be had.
    """
    if holder(settings.db) is not None:
        return  # then the lock is what there is to say
    server = ListenerServer(_never_called, *settings.listen, tls=Tls.of(settings))
    try:
        server.bind()
    finally:
        server.close()


async def _never_called(scope: object, receive: object, send: object) -> None:
    raise RuntimeError("this application only tries the port")
