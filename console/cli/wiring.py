"""The service put together from the settings: which dialect, which API, where the log goes."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console import clock, log
from console.cache.paths import check_cache, log_path
from console.cli import collecting
from console.cli.crash import crash_logged
from console.config import Secret, webhook_url
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from console.config import Settings
    from console.domain.standing import Standing
    from console.service.core import Service


def make_service(settings: Settings, *, passing: bool = False) -> Service:
    """A service for these settings; to be called on the event loop that will run it.

    `passing` lets others know that it serves for the work of one command alone. A service that stays writes
    the cache in a process of its own.

    The imports are here because they cost more than everything a screen needs for its first picture.

    Raises:
        FixSetting: a setting cannot be used.
    """
    from console.platforms.onpremises.client import OnPremisesApi
    from console.platforms.onpremises.webhook import read_webhook
    from console.service.core import Service

    collecting.begin()
    api = None
    if settings.api_url is not None:
        api = OnPremisesApi(
            settings.api_url,
            username=settings.api_username,
            password=_revealed(settings.api_password),
            token=_revealed(settings.api_token),
            ca=settings.api_ca,
            insecure=settings.api_insecure,
            proxy=_revealed(settings.api_proxy),
            now=clock.wall,
        )
    return Service(settings, api=api, read=read_webhook, passing=passing, apart=not passing)


def listener_words(settings: Settings, standing: Standing | None) -> str:
    """Where webhooks are to be posted, or why nowhere."""
    if standing is not None and standing.listener is not None:
        return f"Waiting for webhooks at {webhook_url(settings, standing.listener)}"
    why = standing.listener_error if standing is not None else None
    return f"Waiting for no webhooks. {why or ''}".rstrip()


@contextmanager
def log_beside_cache(settings: Settings) -> Iterator[Path]:
    """Logs into the file beside the cache while the block runs; gives its path.

    Raises:
        FixSetting: it cannot be written, or others can get at it or at the cache.
    """
    check_cache(settings.db)
    path = log_path(settings.db)
    with ExitStack() as stack:
        try:
            stack.enter_context(
                log.to_file(path, secrets(settings), level=settings.log_level, numbers=settings.log_numbers)
            )
        except OSError as error:
            raise FixSetting(
                f"The log file {path} cannot be opened: {error.strerror}.",
                "Give this user the right to write there, or choose another cache with --db.",
            ) from None
        stack.enter_context(crash_logged(path))
        yield path


def secrets(settings: Settings) -> tuple[Secret | None, ...]:
    """What no log may show."""
    passwords = (Secret(login.reveal().partition(":")[2]) for login in settings.webhook_basic)
    proxy = urlsplit(_revealed(settings.api_proxy) or "").password
    return (
        settings.api_password,
        settings.api_token,
        settings.api_proxy,
        *((Secret(proxy),) if proxy else ()),
        *settings.webhook_secret,
        *settings.webhook_token,
        *settings.webhook_basic,
        *passwords,
        *(signature.secret for signature in settings.webhook_hmac),
    )


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret is not None else None
