"""One typed tree of settings: flag, then environment, then file, then default."""

from __future__ import annotations

from console.config.loading import APP_NAME, check_files, config_path, load
from console.config.table import ENV_PREFIX, SETTINGS, Setting, read_address
from console.config.values import Address, Secret, Settings

__all__ = [
    "APP_NAME",
    "ENV_PREFIX",
    "SETTINGS",
    "Address",
    "Secret",
    "Setting",
    "Settings",
    "check_files",
    "config_path",
    "load",
    "read_address",
]
