"""One typed tree of settings: flag, then environment, then file, then default."""

from __future__ import annotations

from console.config.loading import APP_NAME, config_path, load
from console.config.serving import check_service, webhook_url
from console.config.table import ENV_PREFIX, SETTINGS, Setting, read_address
from console.config.values import Address, Secret, Settings, Signature

__all__ = [
    "APP_NAME",
    "ENV_PREFIX",
    "SETTINGS",
    "Address",
    "Secret",
    "Setting",
    "Settings",
    "Signature",
    "check_service",
    "config_path",
    "load",
    "read_address",
    "webhook_url",
]
