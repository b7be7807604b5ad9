"""The protocol behind which each dialect lives: bytes in, facts out; requests out, answers in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from msgspec import Struct

from console.domain.exceptions import ConsoleError
from console.domain.media import MediaId, Millis, StoreError
from console.domain.standing import Health

if TYPE_CHECKING:
    from console.domain.reading import Reading


class BadBody(ConsoleError):
    """A webhook body that is refused for good: not JSON, not UTF-8, too deep.

    `status` is the HTTP status to answer, `reason` a short word for counting (`not-json`,
    `not-utf8`, `too-deep`); `what` says why in a sentence.
    """

    def __init__(self, status: int, reason: str, what: str) -> None:
        super().__init__(what)
        self.status = status
        self.reason = reason


class WebhookReader(Protocol):
    """Reads one webhook body."""

    def __call__(self, body: bytes, received_at: Millis) -> Reading:
        """Returns everything the body says.

        Raises:
            BadBody: it is not JSON text that may be parsed at all.
        """
        ...


class Accepted(Struct, frozen=True):
    """The API took the request; the result comes by webhook."""


class Refused(Struct, frozen=True, kw_only=True):
    """The API's answer is final for this media: repeating the same call would not help."""

    error: StoreError


class Passing(Struct, frozen=True, kw_only=True):
    """A fault that may pass: worth another try of this media later.

    `retry_after` (seconds, at most 600) is what the API asked for; None if it did not say.
    `everyone` is True where the whole queue must slow down (429, 503).
    """

    error: StoreError
    retry_after: float | None = None
    everyone: bool = False


class Unreachable(Struct, frozen=True, kw_only=True):
    """No connection could be made (refused, DNS, TLS, connect time-out): nothing was asked.

    The queue is held and the API probed; the media keeps its tries. `remedy` says what to check.
    """

    error: StoreError
    remedy: str


class LoginRefused(Struct, frozen=True, kw_only=True):
    """The API does not take our credentials, even after one new login: hold everything.

    `for_good` is True where trying again without a change of settings is pointless or harmful
    (1024, wrong password).
    """

    error: StoreError
    remedy: str
    for_good: bool = False


StoreAnswer: TypeAlias = Accepted | Refused | Passing | Unreachable | LoginRefused


class ClockLead(Struct, frozen=True, kw_only=True):
    """By how many seconds the API's clock is ahead of ours: between `least` and `most`; below 0 it is behind.

    How far they lie apart is how long the answer took that told it.
    """

    least: float
    most: float


class HealthAnswer(Struct, frozen=True, kw_only=True):
    """What the health call told. `error` is set where it could not be asked or understood.

    `clock` is what the newest answer, to whatever call, told of the API's clock since the last
    health call; None if none did.
    """

    health: Health
    detail: str | None = None
    error: StoreError | None = None
    remedy: str = ""
    clock: ClockLead | None = None


class MediaApi(Protocol):
    """The calls that the service makes. One object for one configured origin."""

    async def store(self, media_id: MediaId) -> StoreAnswer:
        """Asks for one media to be stored; makes at most one request, or two around a new login.

        Never raises for what the network or the API did; cancellation closes the connection.
        """
        ...

    async def health(self) -> HealthAnswer:
        """Asks how the client is; same promises as `store`."""
        ...

    async def aclose(self) -> None:
        """Closes all connections."""
        ...
