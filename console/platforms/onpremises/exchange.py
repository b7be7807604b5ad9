"""One HTTP exchange with the API: a request out, a bounded reply or a named fault back.

Nothing here follows a redirect, repeats a request, or trusts the environment's proxy variables.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import httpx
from msgspec import Struct
from msgspec.structs import replace

from console import clock
from console.domain.exceptions import FixSetting
from console.platforms.base import ClockLead
from console.platforms.onpremises.dates import clock_lead
from console.platforms.onpremises.faults import Fault, Patience, fault_of, lost

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from console.clock import Now, Uptime, UptimeNow

MAX_ANSWER = 1_000_000
"""Bytes of a JSON answer that are read; more than that is none of the documented answers."""

_CONNECTIONS = 20
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "whatsapp-media-console",
}


class Reply(Struct, frozen=True, kw_only=True):
    """An HTTP answer. `body` is empty where it was `oversized` or `encoded` in a way not asked for.

    `clock` is what its `Date` tells of the other side's clock, if it tells anything.
    """

    status: int
    body: bytes = b""
    content_type: str = ""
    oversized: bool = False
    encoded: str | None = None
    retry_after: str | None = None
    location: str | None = None
    date: str | None = None
    clock: ClockLead | None = None


class Endpoint:
    """The one origin that requests go to, and the connections to it.

    Requests go through the bare transport: there is nothing in it that follows a redirect, keeps a
    cookie or sends a request again.

    Args:
        base_url: see `root_of`.
        ca: PEM file with the only authority to trust; None trusts those of the machine.
        insecure: do not check certificates at all.
        proxy: address of an HTTP proxy.
        connect_timeout, read_timeout: seconds for a connection, and between two bytes.
        total_timeout: seconds for a whole exchange.
        now, uptime: our clocks, to judge the other side's by.

    Raises:
        FixSetting: the address, the CA file or the proxy cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        ca: Path | None = None,
        insecure: bool = False,
        proxy: str | None = None,
        connect_timeout: float = 5,
        read_timeout: float = 30,
        total_timeout: float = 60,
        now: Now = clock.wall,
        uptime: UptimeNow = clock.uptime,
    ) -> None:
        self._now = now
        self._uptime = uptime
        self.root = root_of(base_url)
        self._total = total_timeout
        self._patience = Patience(connect=connect_timeout, read=read_timeout)
        self._extensions = {
            "timeout": httpx.Timeout(read_timeout, connect=connect_timeout, pool=None).as_dict()
        }
        self._transport = httpx.AsyncHTTPTransport(
            verify=_tls(ca, insecure) if self.root.startswith("https:") else False,
            trust_env=False,
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            proxy=None if proxy is None else _proxy(proxy),
        )

    async def exchange(self, method: str, path: str, headers: Mapping[str, str]) -> Reply | Fault:
        """Makes one request and reads at most `MAX_ANSWER` bytes of the answer.

        Never raises for what the network or the API did; cancellation closes the connection.
        """
        request = httpx.Request(
            method, self.root + path, headers={**_HEADERS, **headers}, extensions=self._extensions
        )
        began = self._uptime()
        try:
            async with asyncio.timeout(self._total):
                response = await self._transport.handle_async_request(request)
                lead = self._lead(response, began)
                try:
                    return replace(await _read(response), clock=lead)
                finally:
                    await response.aclose()
        except TimeoutError:
            return lost("timeout", f"No whole answer within {self._total:g} s")
        except (httpx.TransportError, OSError) as error:
            return fault_of(error, request.url, self._patience)

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._transport.aclose()

    def _lead(self, response: httpx.Response, began: Uptime) -> ClockLead | None:
        if "age" in response.headers:
            return None  # a cache in between kept the answer, and its date is as old
        return clock_lead(response.headers.get("date"), self._now(), self._uptime() - began)


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


async def _read(response: httpx.Response) -> Reply:
    headers = response.headers
    encoded = headers.get("content-encoding", "identity").strip().lower()
    reply = Reply(
        status=response.status_code,
        content_type=headers.get("content-type", ""),
        encoded=None if encoded in {"identity", ""} else encoded,
        retry_after=headers.get("retry-after"),
        location=headers.get("location"),
        date=headers.get("date"),
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
