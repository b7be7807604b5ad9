"""The calls to a WhatsApp Business On-Premises API client."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import quote

from msgspec.structs import replace

from console import clock
from console.domain.exceptions import FixSetting
from console.domain.media import MediaId, Origin, StoreError, is_retrievable
from console.domain.standing import Health
from console.platforms.base import (
    Accepted,
    HealthAnswer,
    LoginRefused,
    Refused,
    StoreAnswer,
    Unreachable,
)
from console.platforms.onpremises import answers
from console.platforms.onpremises.exchange import Endpoint, Reply
from console.platforms.onpremises.faults import Fault
from console.platforms.onpremises.health import health_answer
from console.platforms.onpremises.session import NoLogin, Session

if TYPE_CHECKING:
    from pathlib import Path

    from console.clock import Now, UptimeNow
    from console.platforms.base import ClockLead

_SHORTEST_SECRET = 4
_MASK = "••••"


class OnPremisesApi:
    """`MediaApi` over HTTP, for one configured origin; any number of calls at once.

    A store request is a GET with a side effect, so that nothing repeats one by itself: a call is
    one request, or two around the one new login that a 401 may cause.

    Args:
        base_url: scheme, host, port and perhaps a path; without `/v1`, which is tolerated.
        username, password: for `POST /v1/users/login`, which gives a token for 7 days.
        token: a bearer token that is used instead, until it is refused.
        ca: PEM file with the only authority to trust; None trusts those of the machine.
        insecure: do not check certificates at all.
        proxy: address of an HTTP proxy; those of the environment are not followed.
        now: wall time, to read a `Retry-After` that is a date, and to compare the API's clock with.
        connect_timeout, read_timeout: seconds for a connection, and between two bytes.
        total_timeout: seconds for a whole request.
        uptime: seconds on the clock that never steps.

    Raises:
        FixSetting: one of the settings cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        username: str | None,
        password: str | None,
        token: str | None,
        ca: Path | None,
        insecure: bool,
        proxy: str | None,
        now: Now,
        connect_timeout: float = 5,
        read_timeout: float = 30,
        total_timeout: float = 60,
        uptime: UptimeNow = clock.uptime,
    ) -> None:
        self._endpoint = Endpoint(
            base_url,
            ca=ca,
            insecure=insecure,
            proxy=proxy,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            total_timeout=total_timeout,
            now=now,
            uptime=uptime,
        )
        self._basic = _basic(username, password)
        self._given = [secret for secret in (password, token, self._basic) if secret]
        if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
            raise FixSetting("API_TOKEN holds characters that no token has.", "Copy it again, in one line.")
        self._now = now
        self._clock: ClockLead | None = None
        login = self._login if self._basic else None
        self._session = Session(token=token or None, login=login, uptime=uptime)

    def __repr__(self) -> str:
        return f"OnPremisesApi({self._endpoint.root!r})"

    async def store(self, media_id: MediaId) -> StoreAnswer:
        """`GET /v1/media/{media-id}/download`: see `MediaApi.store`.

        An id that must not be put into a path is refused here, without a request.
        """
        if not is_retrievable(media_id):
            return Refused(error=_NOT_RETRIEVABLE)
        reply = await self._ask(f"/v1/media/{quote(media_id, safe='')}/download")
        answer: StoreAnswer
        if isinstance(reply, Reply):
            answer = answers.store_answer(reply, media_id, self._now())
        else:
            answer = answers.network_answer(reply) if isinstance(reply, Fault) else reply
        if isinstance(answer, Accepted):
            return answer
        return replace(answer, error=self._masked(answer.error))

    async def health(self) -> HealthAnswer:
        """`GET /v1/health`: see `MediaApi.health`.

        While the API refuses our credentials this says so again without asking, so that a health
        check every few seconds does not add to the bad logins.
        """
        reply = self._session.held() or await self._ask("/v1/health")
        if isinstance(reply, Reply):
            answer = health_answer(reply)
        else:
            # One that was sent and got no answer tells nothing of the store calls, which may well work.
            sent = isinstance(reply, LoginRefused) or (isinstance(reply, Fault) and reply.asked)
            health = Health.UNKNOWN if sent else Health.UNREACHABLE
            answer = HealthAnswer(health=health, error=reply.error, remedy=reply.remedy)
        detail = None if answer.detail is None else self._mask(answer.detail)
        error = None if answer.error is None else self._masked(answer.error)
        lead, self._clock = self._clock, None
        return replace(answer, detail=detail, error=error, clock=lead)

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._endpoint.aclose()

    async def _ask(self, path: str) -> Reply | Fault | NoLogin:
        """One request with a token, and once again with a new one if the first was refused."""
        token = await self._session.token()
        if isinstance(token, LoginRefused | Unreachable):
            return token
        reply = await self._send(path, token)
        if not _is_unauthorized(reply):
            return self._heard(reply)
        error = answers.error_of(reply)
        if error.code == answers.PASSWORD_CHANGE_REQUIRED or not self._session.renewable:
            return self._refuse(answers.refused(error, for_good=True))
        token = await self._session.token(stale=token)
        if isinstance(token, LoginRefused | Unreachable):
            return token
        reply = await self._send(path, token)
        if not _is_unauthorized(reply):
            return self._heard(reply)
        return self._refuse(answers.refused(answers.error_of(reply), for_good=False))

    def _heard(self, reply: Reply | Fault) -> Reply | Fault:
        if isinstance(reply, Reply):
            self._session.accept()
        return reply

    def _refuse(self, refusal: LoginRefused) -> LoginRefused:
        self._session.refuse(refusal)
        return refusal

    async def _login(self) -> str | NoLogin:
        headers = {"Authorization": f"Basic {self._basic}"}
        return answers.login_answer(await self._exchange("POST", "/v1/users/login", headers))

    async def _send(self, path: str, token: str | None) -> Reply | Fault:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await self._exchange("GET", path, headers)

    async def _exchange(self, method: str, path: str, headers: dict[str, str]) -> Reply | Fault:
        reply = await self._endpoint.exchange(method, path, headers)
        if isinstance(reply, Reply) and reply.clock is not None:
            self._clock = reply.clock
        return reply

    def _masked(self, error: StoreError) -> StoreError:
        """The error without our secrets: an API may repeat in its errors what we sent."""
        code = self._mask(error.code) if isinstance(error.code, str) else error.code
        details = None if error.details is None else self._mask(error.details)
        return replace(error, code=code, title=self._mask(error.title), details=details)

    def _mask(self, text: str) -> str:
        for secret in (*self._given, self._session.secret or ""):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, _MASK)
        return text


_NOT_RETRIEVABLE = StoreError(
    code="not-retrievable",
    title="This id cannot be asked for",
    origin=Origin.RESPONSE,
    details="It does not read like a media id, so that no request was made.",
)


def _is_unauthorized(reply: Reply | Fault) -> TypeGuard[Reply]:
    return isinstance(reply, Reply) and reply.status == 401


def _basic(username: str | None, password: str | None) -> str | None:
    if not username or password is None:
        return None
    if ":" in username:
        raise FixSetting("API_USERNAME holds a colon, which a login cannot carry.", "Use another user.")
    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
