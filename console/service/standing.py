"""The board on which the service's parts write how they fare, and its copy for everyone else."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from console import clock
from console.domain.display import line
from console.domain.errors import explain, sentence
from console.domain.exceptions import ConsoleError, RetryLater
from console.domain.naming import subject
from console.domain.retention import age_text
from console.domain.standing import Health, Level, Notice, Standing, Trouble
from console.service.pacing import Hold, Reason
from console.service.telling import Telling
from console.service.waits import Wait, pause, until_set

if TYPE_CHECKING:
    from console.cache.writer import Recorded
    from console.clock import Now, Uptime, UptimeNow
    from console.domain.facts import StoreFailed, StoreRefused
    from console.domain.media import Media, Millis, StoreError
    from console.platforms.base import HealthAnswer

WRITE_EVERY = 0.25
WRITE_AGAIN = 2.0
REMIND = 300.0
"""Seconds between two lines in the log about webhooks that cannot be stored."""
NOTICES_HELD = 1000
"""Notices that wait to be written; while the cache takes none, the oldest are dropped."""


_HELD = {
    Reason.SLOW_DOWN: "The API asks for fewer requests",
    Reason.UNREACHABLE: "The API cannot be reached",
    Reason.LOGIN: "The API refuses the login",
}


_TASK = "task:"
_CACHE = "cache"
"""Ids of troubles: of a task's failure, how one begins."""

_ENDED = {
    Reason.SLOW_DOWN.value: "The API takes requests again",
    Reason.UNREACHABLE.value: "The API answers again",
    Reason.LOGIN.value: "The API takes the login again",
    "listener": "The listener has its port",
    "cache": "The cache can be written again",
    "inbox": "Orders are taken again",
    "clock": "This machine's clock is steady again",
    "client-clock": "The client's clock agrees with this machine's again",
}
"""What is said at the end of a trouble, by its id."""


class Keeping(Protocol):
    """What the board needs of the cache: `console.cache.writer.CacheWriter`."""

    async def write_standing(self, standing: Standing) -> None:
        """Keeps the standing for viewers."""
        ...

    async def write_notice(self, notice: Notice) -> None:
        """Keeps one line of the events list."""
        ...


class Board:
    """The service's standing while it changes.

    Its methods are called on the service's loop; `standing` may be read from any thread, for it is
    one frozen value that is replaced as a whole. It is a witness of the supervisor's tasks and of
    the listener. What it notes goes into the log too, but for what that has from others: a refusal from
    the listener, a task's failure from the supervisor, a media's from nobody, for the cache keeps it.
    """

    def __init__(self, *, now: Now, pid: int, api_url: str | None, uptime: UptimeNow = clock.uptime) -> None:
        self._now = now
        self._uptime = uptime
        self._begun: dict[str, Uptime] = {}
        """When each trouble began, to tell how long it lasted wherever the wall clock was set."""
        moment = now()
        health = Health.UNKNOWN if api_url is not None else Health.NOT_CONFIGURED
        self.standing = Standing(pid=pid, since=moment, updated_at=moment, api_url=api_url, health=health)
        self.changed = asyncio.Event()
        self._notices: deque[Notice] = deque(maxlen=NOTICES_HELD)
        self._telling = Telling(uptime)
        self._unstored = 0
        self._reminded = uptime()

    def _set(self, standing: Standing) -> None:
        if standing != self.standing:
            self.standing = replace(standing, updated_at=self._now())
            self.changed.set()

    # -- troubles and notices

    def trouble(self, id_: str, text: str, remedy: str) -> None:
        """A condition that lasts has begun, or is told anew; its beginning stays."""
        known = next((one for one in self.standing.troubles if one.id == id_), None)
        since = known.since if known is not None else self._now()
        told = Trouble(id=id_, text=text, remedy=remedy, since=since)
        if known is None:
            self._begun[id_] = self._uptime()
            self._set(replace(self.standing, troubles=(*self.standing.troubles, told)))
            self._note(Level.ERROR, "service", text)
            if not id_.startswith(_TASK):
                self._telling.tell(Level.ERROR, f"{text} {remedy}".rstrip(), id_)
        elif told != known:
            kept = tuple(told if one.id == id_ else one for one in self.standing.troubles)
            self._set(replace(self.standing, troubles=kept))

    def over(self, id_: str) -> None:
        """That condition is over, which is told; nothing happens if it was not there."""
        ended = next((one for one in self.standing.troubles if one.id == id_), None)
        if ended is None:
            return
        self._set(
            replace(self.standing, troubles=tuple(one for one in self.standing.troubles if one != ended))
        )
        told = _ENDED.get(id_) or f"The part {id_.removeprefix(_TASK)!r} of the service runs again"
        lasted = _lasted(round((self._uptime() - self._begun.pop(id_)) * 1000))
        text = f"{told}, after {lasted}{self._then_stored() if id_ == _CACHE else ''}."
        self._note(Level.INFO, "service", text)
        self._telling.tell(Level.INFO, text, f"end of {id_}")

    def note(self, level: Level, source: str, text: str, key: str | None = None) -> None:
        """Adds a line to the events list and to the log."""
        self._note(level, source, text, key)
        self._telling.tell(level, text)

    def _note(self, level: Level, source: str, text: str, key: str | None = None) -> None:
        self._notice(Notice(at=self._now(), level=level, source=source, text=text, key=key))

    def store_failed(self, source: str, fact: StoreFailed | StoreRefused, media: Media) -> None:
        """Adds the failure of a store to the events list, at the time of its fact."""
        text = sentence(fact.error, subject(media))
        self._notice(Notice(at=fact.at, level=Level.ERROR, source=source, text=text, key=fact.key))

    def _notice(self, notice: Notice) -> None:
        self._notices.append(notice)
        self.changed.set()

    # -- the tasks' witness

    def task_failed(self, name: str, error: Exception) -> None:
        """Of an unforeseen error only the class is shown: its text may hold what must not be seen."""
        if isinstance(error, ConsoleError):
            self.trouble(f"{_TASK}{name}", error.what, error.remedy)
            return
        self.trouble(
            f"{_TASK}{name}",
            f"The part {name!r} of the service failed ({type(error).__name__}).",
            "The rest goes on. Please report it with the traceback from the log.",
        )

    def task_recovered(self, name: str) -> None:
        """Ends the trouble of that task."""
        self.over(f"{_TASK}{name}")

    # -- the listener's witness

    def recall(self, last_event_at: Millis | None, before: Standing | None) -> None:
        """The newest webhook of the time before this service, and the standing that it replaces.

        That it was killed is told, for every console to see; and of its last troubles, which stand in the
        events without an end, that they had none.
        """
        self._set(replace(self.standing, last_event_at=last_event_at))
        if before is None or before.stopped:
            return
        self.note(
            Level.WARNING,
            "service",
            f"The service of pid {before.pid} ended without a word: it was killed, or the machine went down. "
            f"All that it acknowledged is stored; pid {self.standing.pid} serves now.",
        )
        for trouble in before.troubles:
            self.note(
                Level.INFO,
                "service",
                f"The service of pid {before.pid} was killed while it had this trouble, "
                f"and a new one has begun since: {trouble.text}",
            )

    def acknowledged(self, at: Millis, recorded: Recorded | None) -> None:
        """A webhook was answered 200."""
        standing = self.standing
        quarantined = recorded.quarantined if recorded is not None else 0
        self.standing = replace(  # another value in any case, so that nothing need be compared
            standing,
            last_event_at=max(at, standing.last_event_at or at),
            webhooks=standing.webhooks + 1,
            quarantined=standing.quarantined + quarantined,
            updated_at=self._now(),
        )
        self.changed.set()
        if recorded is None:
            return
        self.over(_CACHE)
        if quarantined:
            self.note(Level.WARNING, "listener", "A webhook was not understood and is kept in quarantine.")
        for fact, media in recorded.failed[-NOTICES_HELD:]:
            self.store_failed("client", fact, media)

    def refused(self, status: int, reason: str, what: str, *, noted: bool = True) -> None:
        """A webhook was turned away, or a connection (status 0); not `noted`, it is only to be counted."""
        self._set(replace(self.standing, refused=self.standing.refused + 1))
        if noted:
            how = f"A webhook was refused with {status} {reason}" if status else "A connection was refused"
            self._note(Level.WARNING, "listener", f"{how}: {what}")

    def refused_more(self, text: str) -> None:
        """How many were turned away beside those that were noted one by one."""
        self._note(Level.WARNING, "listener", text)

    def cache_failed(self, error: ConsoleError) -> None:
        """A webhook could not be stored and was answered 503."""
        self.unwritten(error)
        self._unstored += 1
        if self._uptime() - self._reminded >= REMIND:
            self._reminded = self._uptime()
            self._telling.tell(
                Level.ERROR, f"{error.what} Webhooks answered 503 so far: {self._unstored}.", "reminder"
            )

    def unwritten(self, error: ConsoleError) -> None:
        """The cache takes nothing at the moment."""
        if not any(one.id == _CACHE for one in self.standing.troubles):
            self._unstored, self._reminded = 0, self._uptime()
        self.trouble(_CACHE, error.what, error.remedy or "Webhooks are answered 503 and will be sent again.")

    def _then_stored(self) -> str:
        if not self._unstored:
            return ""
        return f"; {self._unstored} webhook{' was' if self._unstored == 1 else 's were'} answered 503"

    def listening(self, address: str) -> None:
        """The listener is bound."""
        self._set(replace(self.standing, listener=address, listener_error=None))
        self.over("listener")

    def deaf(self, error: ConsoleError | None) -> None:
        """The listener is not bound; `error` says why, None that it has been stopped."""
        self._set(
            replace(self.standing, listener=None, listener_error=error.what if error is not None else None)
        )
        if error is not None:
            self.trouble("listener", error.what, error.remedy)

    def maintained(self, text: str) -> None:
        """Work on the whole cache has ended; the log was told."""
        self._note(Level.INFO, "service", text)

    # -- the API

    def healthy(self, answer: HealthAnswer, at: Millis) -> None:
        """The health call was answered, or could not be."""
        detail = answer.detail if answer.error is None else answer.error.title
        self._set(replace(self.standing, health=answer.health, health_detail=detail, health_at=at))

    def calling(self, calls: int) -> None:
        """So many store requests have an open HTTP call."""
        self._set(replace(self.standing, calling=calls))

    def paused(self, until: Millis | None) -> None:
        """The queue is held until then; None: it is not, or has no end that is known."""
        self._set(replace(self.standing, paused_until=until))

    def held(self, hold: Hold) -> None:
        """The queue stands still for a reason that lasts."""
        self._api_trouble(hold.reason, hold.error, hold.remedy, "Orders stay queued.")

    def login_refused(self, error: StoreError, remedy: str) -> None:
        """The health call found that the API does not take our credentials."""
        self._api_trouble(Reason.LOGIN, error, remedy, "Nothing can be asked for.")

    def _api_trouble(self, reason: Reason, error: StoreError, remedy: str, so: str) -> None:
        told = explain(error)
        why = "" if error.code == "unreachable" else f": {told.title}"
        details = line(error.details or "").strip(" .")
        why += f" ({details})" if details else ""
        self.trouble(reason.value, f"{_HELD[reason]}{why}. {so}", remedy or told.remedy)

    # -- the copy in the cache

    async def keep(self, cache: Keeping, *, wait: Wait = until_set) -> None:
        """Writes what has changed into the cache, a few times a second at most, for ever."""
        while True:
            await wait(self.changed, None)
            written = await self._try_write(cache)
            await pause(wait, WRITE_EVERY if written else WRITE_AGAIN)
            if not written:
                self.changed.set()

    async def end(self, cache: Keeping) -> None:
        """Writes the last standing of a service that ends in order."""
        self._set(replace(self.standing, stopped=True, listener=None, calling=0, paused_until=None))
        await self._try_write(cache)

    async def _try_write(self, cache: Keeping) -> bool:
        self.changed.clear()
        try:
            await cache.write_standing(self.standing)
            while self._notices:
                notice = self._notices.popleft()
                try:
                    await cache.write_notice(notice)
                except RetryLater:
                    self._notices.appendleft(notice)
                    raise
        except RetryLater as error:
            self.unwritten(error)
            return False
        self.over(_CACHE)
        return True


def _lasted(duration_ms: int) -> str:
    """A duration to be read, in one unit: `40s`, `3m`, `2h`."""
    seconds = max(0, duration_ms) // 1000
    if seconds < 60:
        return f"{seconds}s" if seconds else "less than 1s"
    return age_text(duration_ms)
