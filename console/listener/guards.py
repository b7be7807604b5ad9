"""Who may post webhooks: by address, by a secret in the path, by a header, by a signature of the body.

Every guard that is set must hold; of several values of one guard any will do, so that secrets can be
rotated. All but the signature are judged before anything of the body is read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, TypeAlias

from console.config.serving import WEBHOOK_PATH
from console.listener.answers import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from console.config import Secret, Settings
    from console.config.values import Network
    from console.listener.answers import Headers, Scope

IpAddress: TypeAlias = IPv4Address | IPv6Address

_REALM: Final = b'realm="media-console"'


class WrongSecret(Refusal):
    """The sender brought no secret, or a wrong one."""


class Guards:
    """The guards that the settings name; those of no settings let everybody in."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._paths = _texts(settings.webhook_secret) if settings is not None else ()
        self._tokens = _texts(settings.webhook_token) if settings is not None else ()
        self._logins = _texts(settings.webhook_basic) if settings is not None else ()
        self._signatures = tuple(
            (one.header.lower().encode("ascii"), one.secret.reveal().encode())
            for one in (settings.webhook_hmac if settings is not None else ())
        )
        self._allowed = settings.listen_allow if settings is not None else ()
        self._proxies = settings.trusted_proxies if settings is not None else ()

    def sender(self, scope: Scope) -> str:
        """The sender's address: the peer's, or what a trusted proxy says of it; empty if there is none."""
        peer: str = scope["client"][0] if scope.get("client") else ""
        if self._proxies and _within(_address(peer), self._proxies):
            return _forwarded(peer, scope["headers"], self._proxies)
        return peer

    def check_sender(self, sender: str) -> None:
        """Lets only the allowed addresses pass.

        Raises:
            Refusal: it is none of them.
        """
        if self._allowed and not _within(_address(sender), self._allowed):
            raise Refusal(403, "address", "This address may not post here.")

    def check_path(self, path: str) -> None:
        """Lets only the path of the webhooks pass, which holds a secret if one is set.

        Raises:
            WrongSecret: the secret is wrong or missing.
            Refusal: it is another path.
        """
        if not self._paths:
            if path == WEBHOOK_PATH:
                return
            raise Refusal(404, "not-found", f"Webhooks are taken at {WEBHOOK_PATH}.", counted=False)
        what = "There is nothing here."
        before, _, secret = path.rpartition("/")
        if path != WEBHOOK_PATH and before != WEBHOOK_PATH:
            raise Refusal(404, "not-found", what, counted=False)
        if not _is_one_of(secret.encode("utf-8", "replace"), self._paths):
            raise WrongSecret(404, "not-found", what)

    def check_headers(self, headers: Mapping[bytes, bytes]) -> None:
        """Lets only who brings the token or the login pass.

        Raises:
            WrongSecret: it is wrong or missing.
        """
        scheme, _, given = headers.get(b"authorization", b"").strip().partition(b" ")
        if self._tokens:
            token = given.strip() if scheme.lower() == b"bearer" else b""
            if not _is_one_of(token, self._tokens):
                raise _unauthorized("token", "The bearer token is wrong or missing.", b"Bearer " + _REALM)
        if self._logins:
            login = _from_base64(given.strip()) if scheme.lower() == b"basic" else b""
            if not _is_one_of(login, self._logins):
                challenge = b"Basic " + _REALM + b', charset="UTF-8"'
                raise _unauthorized("login", "The user or the password is wrong or missing.", challenge)

    def check_signature(self, headers: Mapping[bytes, bytes], body: bytes) -> None:
        """Lets only a body pass whose HMAC-SHA256 stands in its header, as hex or base64.

        `sha256=` may stand before it.

        Raises:
            WrongSecret: it is wrong or missing.
        """
        right = not self._signatures
        for header, secret in self._signatures:
            given = _digest(headers.get(header, b""))
            right |= hmac.compare_digest(given, hmac.digest(secret, body, hashlib.sha256))
        if not right:
            raise _unauthorized("signature", "The signature is wrong or missing.", b"HMAC-SHA256")


def _texts(secrets: Iterable[Secret]) -> tuple[bytes, ...]:
    return tuple(secret.reveal().encode() for secret in secrets)


def _unauthorized(reason: str, what: str, challenge: bytes) -> WrongSecret:
    headers: Headers = ((b"www-authenticate", challenge),)
    return WrongSecret(401, reason, what, headers)


def _is_one_of(given: bytes, right: Iterable[bytes]) -> bool:
    """Compares with every one, so that the time tells nothing of which came near."""
    found = False
    for one in right:
        found |= hmac.compare_digest(given, one)
    return found


def _digest(given: bytes) -> bytes:
    """The bytes of a signature in a header; nothing if they are not those of a SHA-256."""
    text = given.strip()
    if text[:7].lower() == b"sha256=":
        text = text[7:]
    if len(text) == 64:
        try:
            return binascii.unhexlify(text)
        except ValueError:
            return b""
    return _from_base64(text)


def _from_base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _within(address: IpAddress | None, networks: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> IpAddress | None:
    """An address from its text, also where a port follows it; None for anything else."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _forwarded(peer: str, headers: Iterable[tuple[bytes, bytes]], proxies: Sequence[Network]) -> str:
    """The rightmost address that is not itself a trusted proxy.

    Each proxy adds the address that it saw at the right end; what stands further left, only the
    sender says. Where something else than an address stands, the last proxy counts.
    """
    hops = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
    nearest = peer
    for hop in reversed(hops.split(",")):
        address = _address(hop)
        if address is None:
            break
        nearest = str(address)
        if not _within(address, proxies):
            break
    return nearest
