"""What must hold before a service starts: usable certificates, and no listener that is open unawares."""

from __future__ import annotations

import stat
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from console.config.table import BY_NAME
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from console.config.values import Settings

WEBHOOK_PATH: Final = "/webhook"

_GUARDS: Final = (
    "webhook_secret",
    "webhook_token",
    "webhook_basic",
    "webhook_hmac",
    "tls_client_ca",
    "listen_allow",
)
"""Each of these keeps strangers out."""

_NOT_IN_TIME: Final = {9: "is not valid yet", 10: "has expired"}
"""By OpenSSL's numbers X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


def webhook_url(settings: Settings, address: str) -> str:
    """Where webhooks are posted to a listener at an address (`host:port`); a secret in it is masked."""
    scheme = "https" if settings.tls_cert is not None else "http"
    return f"{scheme}://{address}{WEBHOOK_PATH}{'/••••' if settings.webhook_secret else ''}"


def check_service(settings: Settings) -> None:
    """Makes sure that a service may run on these settings.

    Raises:
        FixSetting: a certificate or key cannot be used or is out of its time, strangers may read the
            key, two guards want one header, or the listener would be open to strangers without anybody
            having said so.
    """
    _check_open(settings)
    _check_header(settings)
    if settings.tls_cert is not None and settings.tls_key is not None:
        _check_private(settings, settings.tls_key)
        _try_pem(settings, {"tls_cert": settings.tls_cert, "tls_key": settings.tls_key})
        _check_time(settings, settings.tls_cert, settings.tls_key)
    for name in ("tls_client_ca", "api_ca"):
        authority = getattr(settings, name)
        if authority is not None:
            _try_pem(settings, {name: authority})


def is_loopback(host: str) -> bool:
    """Whether a listener at this host is reached from this machine alone, as far as its name tells."""
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _check_open(settings: Settings) -> None:
    if settings.listen_open or is_loopback(settings.listen.host):
        return
    if any(getattr(settings, name) for name in _GUARDS):
        return
    source = settings.sources.get("listen", "(by default)")
    ways = ", ".join(BY_NAME[name].variable for name in _GUARDS)
    raise FixSetting(
        f"LISTEN {source} is {settings.listen}, and nothing keeps strangers from posting webhooks there.",
        f"Set one of {ways}; or {BY_NAME['listen_open'].variable}=true if it is meant to be open.",
    )


def _check_header(settings: Settings) -> None:
    if settings.webhook_token and settings.webhook_basic:
        raise FixSetting(
            f"WEBHOOK_TOKEN {settings.sources['webhook_token']} and WEBHOOK_BASIC "
            f"{settings.sources['webhook_basic']} both want the header Authorization for themselves.",
            "Keep one of the two.",
        )


def _check_private(settings: Settings, key: Path) -> None:
    try:
        mode = key.stat().st_mode
    except OSError:
        return  # the reason is told by who reads it
    if stat.S_ISREG(mode) and mode & 0o027:  # a group of its own may read it
        raise FixSetting(
            f"The setting TLS_KEY {settings.sources['tls_key']} names {key}, which other users may read "
            "or change.",
            f"Run: chmod 600 {key}",
        )


def _try_pem(settings: Settings, files: Mapping[str, Path]) -> None:
    import ssl  # 30 ms that a start without certificates does without

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    first, *rest = files.values()
    try:
        for path in files.values():
            path.open("rb").close()  # the library's own words name neither the file nor the reason
        if rest:
            context.load_cert_chain(first, rest[0], password=lambda: "")
        else:
            context.load_verify_locations(first)
    except OSError as error:
        told = " with ".join(f"{name.upper()} {settings.sources[name]}" for name in files)
        paths = " and ".join(map(str, files.values()))
        raise FixSetting(
            f"The setting {told} names {paths}: {_why(error)}.",
            "Give PEM files that this user may read.",
        ) from None


def _why(error: OSError) -> str:
    reason = getattr(error, "reason", None)
    if reason == "KEY_VALUES_MISMATCH":
        return "the key does not belong to the certificate"
    return "no usable PEM" if hasattr(error, "library") else error.strerror or "not usable"


def _check_time(settings: Settings, cert: Path, key: Path) -> None:
    told = _NOT_IN_TIME.get(_verdict(cert, key))
    if told is not None:
        raise FixSetting(
            f"The setting TLS_CERT {settings.sources['tls_cert']} names {cert}, which {told}: "
            "senders that check it would post nothing.",
            "Give a certificate that is valid now, and check this machine's clock.",
        )


def _verdict(cert: Path, key: Path) -> int:
    """OpenSSL's number for what a sender who trusts this very certificate has against it; 0 for nothing.

    The standard library reads no dates from a file, so it is asked by a handshake in memory.
    """
    import ssl

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key, password=lambda: "")
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(cert)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    try:
        for side in sides * 4:
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    except ssl.SSLCertVerificationError as refused:
        return refused.verify_code
    except ssl.SSLError:
        return 0  # the sender's own affair
    return 0
