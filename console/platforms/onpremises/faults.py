"""Names for what goes wrong below HTTP."""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING

import httpx
from msgspec import Struct

from console.domain.media import Origin, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Fault(Struct, frozen=True, kw_only=True):
    """No answer, or half of one. `asked` is True where the request may have reached the API."""

    error: StoreError
    remedy: str
    asked: bool


class Patience(Struct, frozen=True):
    """Seconds that a connection may take, and the next byte of an answer."""

    connect: float
    read: float


def fault_of(error: Exception, url: httpx.URL, patience: Patience) -> Fault:
    """The fault that an exception of the HTTP library, or of the system below it, stands for."""
    origin = url.netloc.decode("ascii")
    if isinstance(error, httpx.ConnectTimeout):
        return _unreached(
            "connect-timeout",
            f"No connection to {origin} within {patience.connect:g} s",
            None,
            "Check API_URL and the network between here and the client.",
        )
    if isinstance(error, httpx.TimeoutException):
        return lost("timeout", f"No answer within {patience.read:g} s")
    tls = _cause(error, ssl.SSLError)
    if tls is not None and (isinstance(error, httpx.ConnectError) or "ALERT" in _reason_word(tls)):
        # An alert may come after the handshake, where the server wants a certificate of ours.
        return _unreached("tls", f"TLS with {origin} failed", _tls_reason(tls), _TLS_REMEDY)
    if isinstance(error, httpx.ProxyError):
        return _unreached(
            "unreachable", f"The proxy does not let through to {origin}", None, "Check API_PROXY."
        )
    if isinstance(error, httpx.ConnectError):
        if _cause(error, socket.gaierror) is not None:
            return _unreached(
                "dns",
                "Host name not found",
                f"{url.host} has no address.",
                "Check the host name in API_URL.",
            )
        return _unreached(
            "unreachable",
            f"No connection to {origin}",
            _reason(error),
            "Check that the client runs and that API_URL names its address and port.",
        )
    if isinstance(error, httpx.ProtocolError):
        return lost("reset", "The answer broke off or is not HTTP")
    return lost("reset", "The connection broke")


_TLS_REMEDY = "Name the client's own CA in API_CA, and check the host name and https:// in API_URL."


def _unreached(code: str, title: str, details: str | None, remedy: str) -> Fault:
    error = StoreError(code=code, title=title, origin=Origin.NETWORK, details=details)
    return Fault(error=error, remedy=remedy, asked=False)


def lost(code: str, title: str) -> Fault:
    """The fault of a request that may have been heard."""
    error = StoreError(code=code, title=title, origin=Origin.NETWORK)
    return Fault(error=error, remedy="Check the client's load and the network to it.", asked=True)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies under it; the libraries wrap the operating system's words twice."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        present = waiting.pop()
        if present is None or id(present) in seen:
            continue
        seen.add(id(present))
        yield present
        waiting += [present.__context__, present.__cause__]
        if isinstance(present, BaseExceptionGroup):
            waiting += present.exceptions


def _cause(error: BaseException, kind: type[OSError]) -> OSError | None:
    return next((link for link in _chain(error) if isinstance(link, kind)), None)


def _reason(error: BaseException) -> str | None:
    for link in _chain(error):
        # asyncio puts the address in place of the words for a known number.
        if isinstance(link, OSError) and link.errno:
            return f"{os.strerror(link.errno)}."
    return None


def _tls_reason(error: OSError) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate is not trusted: {error.verify_message}"
    return _reason_word(error).lower().replace("_", " ") or None


def _reason_word(error: OSError) -> str:
    """OpenSSL's word, such as `WRONG_VERSION_NUMBER`."""
    return str(getattr(error, "reason", None) or "")
