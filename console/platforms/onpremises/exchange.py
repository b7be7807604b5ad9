"""One HTTP exchange with the API: a request out, a bounded reply or a named fault back.

Nothing here follows a redirect, repeats a request, or trusts the environment's proxy variables.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from msgspec import Struct
from msgspec.structs import replace

from console.domain.exceptions import FixSetting
from console.domain.media import Origin, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_ANSWER = 1_000_000
"""Bytes of a JSON answer that are read; more than that is none of the documented answers."""

_CONNECTIONS = 20


class Reply(Struct, frozen=True, kw_only=True):
    """An HTTP answer. `body` is empty where it was `oversized` or `encoded` in a way not asked for."""

    status: int
    body: bytes = b""
    content_type: str = ""
    oversized: bool = False
    encoded: str | None = None
    retry_after: str | None = None
    location: str | None = None


class Fault(Struct, frozen=True, kw_only=True):
    """No answer, or half of one. `asked` is True where the request may have reached the API."""

    error: StoreError
    remedy: str
    asked: bool


def root_of(base_url: str) -> str:
    """The address that `/v1/…` is put after; a trailing slash or `/v1` is tolerated.

    Raises:
        FixSetting: it is not an http or https address, or holds a password, query or fragment.
    """
    remedy = "Set API_URL to something like https://wa.example:9090, without /v1."
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL:
        raise FixSetting("API_URL is not an address that can be read.", remedy) from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise FixSetting("API_URL must begin with http:// or https:// and name a host.", remedy)
    if not _is_port(url.port):
        raise FixSetting("API_URL names a port that does not exist.", "Use one from 1 to 65535.")
    if url.userinfo:
        raise FixSetting("API_URL holds a user name or a password.", "Use API_USERNAME and API_PASSWORD.")
    if url.query or url.fragment:
        raise FixSetting("API_URL holds a query or a fragment.", remedy)
    return str(url).rstrip("/").removesuffix("/v1").rstrip("/")


def open_client(
    *,
    ca: Path | None,
    insecure: bool,
    proxy: str | None,
    connect_timeout: float,
    read_timeout: float,
    secure: bool,
) -> httpx.AsyncClient:
    """A client for one origin. `secure` says whether that is an https one.

    Raises:
        FixSetting: the CA file cannot be used, or the proxy is not an http or https one.
    """
    return httpx.AsyncClient(
        verify=_tls(ca, insecure) if secure else False,
        proxy=None if proxy is None else _proxy(proxy),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(read_timeout, connect=connect_timeout, pool=None),
        limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "whatsapp-media-console",
        },
    )


def _proxy(address: str) -> httpx.Proxy:
    remedy = "Set it to something like http://proxy.example:3128, or leave it away."
    try:
        proxy = httpx.Proxy(address)
    except (httpx.InvalidURL, ValueError):
        raise FixSetting("API_PROXY is not an address that can be read.", remedy) from None
    if proxy.url.scheme not in {"http", "https"} or not proxy.url.host or not _is_port(proxy.url.port):
        raise FixSetting("API_PROXY must begin with http:// or https:// and name a host.", remedy)
    return proxy


def _is_port(port: int | None) -> bool:
    return port is None or 1 <= port <= 65535


def _tls(ca: Path | None, insecure: bool) -> ssl.SSLContext:
    if insecure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if ca is None:
        # The machine's own store as well as the bundled one: companies put their CA into the former.
        context = httpx.create_ssl_context(trust_env=False)
        context.load_default_certs()
        return context
    try:
        context = ssl.create_default_context(cafile=str(ca))
    except OSError as error:
        why = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise FixSetting(
            f"API_CA: {ca} cannot be used: {why}.", "Name a readable PEM file with the client's CA."
        ) from None
    # Python 3.13 asks of a CA what home-made ones seldom have; this one was chosen by the operator.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


async def exchange(
    client: httpx.AsyncClient, method: str, url: str, headers: Mapping[str, str], *, total: float
) -> Reply | Fault:
    """Makes one request and reads at most `MAX_ANSWER` bytes of the answer within `total` seconds.

    Never raises for what the network or the API did; cancellation closes the connection.
    """
    try:
        async with (
            asyncio.timeout(total),
            client.stream(method, url, headers=dict(headers)) as response,
        ):
            return await _read(response)
    except TimeoutError:
        return _lost("timeout", f"No whole answer within {total:g} s")
    except (httpx.TransportError, OSError) as error:
        return _fault(error, client, url)


async def _read(response: httpx.Response) -> Reply:
    headers = response.headers
    encoded = headers.get("content-encoding", "identity").strip().lower()
    reply = Reply(
        status=response.status_code,
        content_type=headers.get("content-type", ""),
        encoded=None if encoded in {"identity", ""} else encoded,
        retry_after=headers.get("retry-after"),
        location=headers.get("location"),
    )
    announced = headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > MAX_ANSWER:
        return replace(reply, oversized=True)
    if reply.encoded is not None:
        return reply
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER:
            return replace(reply, oversized=True)
    return replace(reply, body=bytes(body))


def _fault(error: Exception, client: httpx.AsyncClient, url: str) -> Fault:
    origin = urlsplit(url).netloc
    if isinstance(error, httpx.ConnectTimeout):
        seconds = client.timeout.connect
        return _unreached(
            "connect-timeout",
            f"No connection to {origin} within {seconds:g} s",
            None,
            "Check API_URL and the network between here and the client.",
        )
    if isinstance(error, httpx.TimeoutException):
        return _lost("timeout", f"No answer within {client.timeout.read:g} s")
    tls = _cause(error, ssl.SSLError)
    if tls is not None and isinstance(error, httpx.ConnectError | ssl.SSLError):
        return _unreached("tls", f"TLS with {origin} failed", _tls_reason(tls), _TLS_REMEDY)
    if isinstance(error, httpx.ProxyError):
        return _unreached(
            "unreachable", f"The proxy does not let through to {origin}", None, "Check API_PROXY."
        )
    if isinstance(error, httpx.ConnectError):
        if _cause(error, socket.gaierror) is not None:
            host = urlsplit(url).hostname
            return _unreached(
                "dns", "Host name not found", f"{host} has no address.", "Check the host name in API_URL."
            )
        return _unreached(
            "unreachable",
            f"No connection to {origin}",
            _reason(error),
            "Check that the client runs and that API_URL names its address and port.",
        )
    if isinstance(error, httpx.ProtocolError):
        return _lost("reset", "The answer broke off or is not HTTP")
    return _lost("reset", "The connection broke")


_TLS_REMEDY = "Name the client's own CA in API_CA, and check the host name and https:// in API_URL."


def _unreached(code: str, title: str, details: str | None, remedy: str) -> Fault:
    error = StoreError(code=code, title=title, origin=Origin.NETWORK, details=details)
    return Fault(error=error, remedy=remedy, asked=False)


def _lost(code: str, title: str) -> Fault:
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
    reason = getattr(error, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else None
