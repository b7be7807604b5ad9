"""Puts a service together from the settings: the On-Premises dialect and its client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.clock import wall
from console.platforms.onpremises.client import OnPremisesApi
from console.platforms.onpremises.webhook import read_webhook
from console.service.core import Service

if TYPE_CHECKING:
    from console.clock import Now
    from console.config import Secret, Settings


def onpremises_service(settings: Settings, *, now: Now = wall) -> Service:
    """The service that the settings describe; without an `api_url` it asks for nothing.

    Raises:
        FixSetting: one of the settings of the API cannot be used.
    """
    return Service(settings, api=onpremises_api(settings, now=now), read=read_webhook, now=now)


def onpremises_api(settings: Settings, *, now: Now = wall) -> OnPremisesApi | None:
    """The client that the settings describe; None without an `api_url`.

    Raises:
        FixSetting: one of the settings of the API cannot be used.
    """
    if settings.api_url is None:
        return None
    return OnPremisesApi(
        settings.api_url,
        username=settings.api_username,
        password=_revealed(settings.api_password),
        token=_revealed(settings.api_token),
        ca=settings.api_ca,
        insecure=settings.api_insecure,
        proxy=_revealed(settings.api_proxy),
        now=now,
    )


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
