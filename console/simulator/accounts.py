"""Users, passwords and tokens of the simulated client, with the rules of its web layer."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from console.domain.media import Millis
from console.simulator.bodies import BAD_CREDENTIALS, STATUSES, TITLES, error

if TYPE_CHECKING:
    from console.clock import Now
    from console.simulator.bodies import JsonObject
    from console.simulator.dice import Dice

TOKEN_LIFE_MS = 7 * 24 * 3600 * 1000
BAD_LOGINS_ALLOWED = 10
"""Bad logins in a row from one address before 1015; the client's own number is not published."""


class Refusal(Exception):
    """An answer that refuses: HTTP status and the entry of `errors`."""

    def __init__(self, code: int, details: str, status: int | None = None) -> None:
        super().__init__(details)
        self.code = code
        self.status = STATUSES[code] if status is None else status

    @property
    def entry(self) -> JsonObject:
        """The entry of `errors`."""
        return error(self.code, TITLES[self.code], str(self))


class Token(Struct, frozen=True):
    """A token and the moment it ends."""

    text: str
    expires: Millis


class Accounts:
    """The one admin account and its tokens.

    With `factory_password` the first login must bring a new password (1024 until then).
    """

    def __init__(
        self, username: str, password: str, *, dice: Dice, now: Now, factory_password: bool = False
    ) -> None:
        self._username = username
        self._password = password
        self._dice = dice
        self._now = now
        self._factory_password = factory_password
        self._tokens: dict[str, Token] = {}
        self._bad_logins: dict[str, int] = {}

    def log_in(self, authorization: str, new_password: str | None, address: str) -> Token:
        """A new token for `Authorization: Basic …`.

        Raises:
            Refusal: 1005 (401), 1009, 1015 or 1024.
        """
        if self._bad_logins.get(address, 0) >= BAD_LOGINS_ALLOWED:
            raise Refusal(1015, "Too many failed login attempts")
        if not self._matches(authorization):
            self._bad_logins[address] = self._bad_logins.get(address, 0) + 1
            raise Refusal(1005, BAD_CREDENTIALS, status=401)
        self._bad_logins.pop(address, None)
        if new_password is not None:
            self._change(new_password)
        elif self._factory_password:
            raise Refusal(1024, "Please set a new password with new_password")
        return self.issue()

    def issue(self) -> Token:
        """A new token without a login."""
        shape = b'{"alg":"HS256","typ":"JWT"}', self._dice.bits(48), self._dice.bits(32)
        text = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in shape)
        token = Token(text, Millis(self._now() + TOKEN_LIFE_MS))
        self._tokens[text] = token
        return token

    def check(self, authorization: str) -> str:
        """The token of `Authorization: Bearer …`; an expired one is forgotten.

        Raises:
            Refusal: 1005 (401).
        """
        scheme, _, text = authorization.partition(" ")
        token = self._tokens.get(text) if scheme == "Bearer" else None
        if token is None or token.expires <= self._now():
            self._tokens.pop(text, None)
            raise Refusal(1005, BAD_CREDENTIALS, status=401)
        return text

    def revoke(self, text: str) -> None:
        """Ends one token."""
        self._tokens.pop(text, None)

    def revoke_all(self) -> None:
        """Ends every token."""
        self._tokens.clear()

    def _matches(self, authorization: str) -> bool:
        scheme, _, coded = authorization.partition(" ")
        if scheme != "Basic":
            return False
        try:
            told = base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(told, f"{self._username}:{self._password}".encode())

    def _change(self, password: str) -> None:
        kinds = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
        if not 8 <= len(password) <= 64 or not all(re.search(kind, password) for kind in kinds):
            raise Refusal(1009, "new_password: 8 to 64 characters with upper, lower, digit and special ones")
        self._password = password
        self._factory_password = False
