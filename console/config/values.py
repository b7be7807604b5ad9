"""The settings as values: checked, typed and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from msgspec import Struct

from console.domain.retention import DAY_MS, DEFAULT_WINDOW_MS

DEFAULT_BODY_LIMIT: Final = 3_000_000

Network: TypeAlias = IPv4Network | IPv6Network


LOG_LEVELS: Final = ("error", "warning", "info", "debug")
"""What LOG_LEVEL may say; each writes what those before it write."""


class Secret:
    """Text that shows itself as dots; `reveal` gives it to the one place that sends it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; never for a log, a message or the cache."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('••••')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Address(NamedTuple):
    """A host and a port to listen on; port 0 asks the system for a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Signature(NamedTuple):
    """A secret that signs bodies, and the header that carries the signature."""

    secret: Secret
    header: str


class Settings(Struct, frozen=True, kw_only=True):
    """All settings. Names ending in `_ms` are in milliseconds, `callback_timeout` in seconds, `body_limit` in
    bytes.

    `shared_group` is the number (gid) of a group, `log_level` one of `LOG_LEVELS`.
    `keys` maps the id of a command to another key for it. `sources` tells for each setting that was
    given where it came from, in words (`in MEDIA_CONSOLE_DB`); the entries of `keys` stand in it as
    `keys.<command>`. `warnings` are things worth saying that stop nothing.
    """

    db: Path
    listen: Address = Address("127.0.0.1", 8085)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    webhook_secret: tuple[Secret, ...] = ()
    webhook_token: tuple[Secret, ...] = ()
    webhook_basic: tuple[Secret, ...] = ()
    webhook_hmac: tuple[Signature, ...] = ()
    listen_allow: tuple[Network, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    listen_open: bool = False
    body_limit: int = DEFAULT_BODY_LIMIT
    api_url: str | None = None
    api_username: str | None = None
    api_password: Secret | None = None
    api_token: Secret | None = None
    api_ca: Path | None = None
    api_insecure: bool = False
    api_proxy: Secret | None = None
    window_ms: int = DEFAULT_WINDOW_MS
    keep_bodies_ms: int = 14 * DAY_MS
    callback_timeout: float = 600.0
    calls: int = 4
    shared_group: int | None = None
    log_level: str = "info"
    log_numbers: bool = False
    theme: str = "dark"
    ascii: bool | None = None
    mouse: bool = True
    keys: Mapping[str, str] = {}
    sources: Mapping[str, str] = {}
    warnings: tuple[str, ...] = ()
