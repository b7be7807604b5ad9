"""A whole service under test: real cache, real HTTP, the simulator as the API, and time that runs faster."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.mounts import mounted
from console.cache.reader import CacheReader, NoCache
from console.clock import Uptime, monotonic, wall
from console.config import Address, Secret, Settings
from console.domain.media import MediaKey, Millis
from console.domain.orders import Order
from console.platforms.onpremises.client import OnPremisesApi
from console.platforms.onpremises.webhook import read_webhook
from console.service.core import Service
from console.service.waits import until_set

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from console.clock import Now
    from console.domain.facts import Fact
    from console.domain.media import Media, State
    from console.domain.standing import Notice, Standing
    from console.platforms.base import MediaApi, WebhookReader
    from console.simulator import Simulator

PATIENCE = 12.0
SPEED = 50.0
"""Seconds of the service's clocks in one second of the machine's."""

ANY_PORT = Address("127.0.0.1", 0)

_numbers = itertools.count()


class FastTime:
    """The clocks and the waiting of a service, sped up alike; `at` is the moment that they begin with."""

    def __init__(self, speed: float = SPEED, at: Millis | None = None) -> None:
        self.speed = speed
        self._wall, self._monotonic = wall() if at is None else at, monotonic()

    def now(self) -> Millis:
        return Millis(self._wall + round(self.uptime() * 1000))

    def uptime(self) -> Uptime:
        return Uptime((monotonic() - self._monotonic) * self.speed)

    def step(self, *, days: float = 0, hours: float = 0) -> None:
        """Sets the wall clock, forwards or (negative) back."""
        self._wall = Millis(self._wall + round((days * 24 + hours) * 3_600_000))

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        return await until_set(event, None if seconds is None else seconds / self.speed)


async def until(true: Callable[[], bool], what: str = "") -> None:
    """Waits for a state, a few seconds at most."""
    deadline = monotonic() + PATIENCE
    while not true():
        assert monotonic() < deadline, f"it never came true: {what}"
        await asyncio.sleep(0.005)


def order(key: str) -> Order:
    """An order with an id that no other one has."""
    return Order(id=f"order-{next(_numbers)}", at=wall(), key=MediaKey(key), by="test")


def api_of(
    simulator: Simulator, *, password: str | None = None, read_timeout: float = 1.0, now: Now = wall
) -> OnPremisesApi:
    """The real client of a simulated API."""
    return OnPremisesApi(
        simulator.url,
        username=simulator.username,
        password=password if password is not None else simulator.password,
        token=None,
        ca=None,
        insecure=False,
        proxy=None,
        now=now,
        read_timeout=read_timeout,
    )


class World:
    """One running service and what an operator sees of it."""

    def __init__(self, service: Service, db: Path) -> None:
        self.service = service
        self.db = db
        self.inbox = Inbox(db)

    @property
    def standing(self) -> Standing:
        return self.service.standing

    @property
    def webhook_url(self) -> str:
        return f"http://{self.standing.listener}/webhook"

    def troubles(self) -> set[str]:
        return {trouble.id for trouble in self.standing.troubles}

    def order(self, *keys: str) -> None:
        self.inbox.leave([order(key) for key in keys])

    def media(self, key: str) -> Media:
        with CacheReader(self.db) as reader:
            media = reader.run(queries.media(MediaKey(key)))
        assert media is not None
        return media

    def history(self, key: str) -> list[Fact]:
        with CacheReader(self.db) as reader:
            return reader.run(queries.history(MediaKey(key)))

    def words(self, key: str) -> list[str]:
        """The history as the names of its facts."""
        return [type(fact).__name__ for fact in self.history(key)]

    def notices(self) -> list[Notice]:
        with CacheReader(self.db) as reader:
            return reader.run(queries.notices())

    def kept_standing(self) -> Standing | None:
        try:
            with CacheReader(self.db) as reader:
                return reader.run(queries.standing())
        except NoCache:
            return None

    async def state(self, key: str, *wanted: State) -> Media:
        """The media, once it is in one of these states."""
        await until(lambda: self.media(key).state in wanted, f"{key} in {wanted}, but {self.words(key)}")
        return self.media(key)

    async def explained(self, key: str) -> Media:
        """The media, once it has an error."""
        await until(lambda: self.media(key).error is not None, f"an error of {key}")
        return self.media(key)

    async def ordered(self, key: str) -> None:
        """Orders a media and returns when the order was taken."""
        before = self.words(key).count("StoreQueued")
        self.order(key)
        await until(lambda: self.words(key).count("StoreQueued") > before, f"the order of {key} is taken")


@asynccontextmanager
async def running(
    db: Path,
    api: MediaApi | None,
    *,
    simulator: Simulator | None = None,
    time: FastTime | None = None,
    listen: Address = ANY_PORT,
    read: WebhookReader = read_webhook,
    chance: Callable[[float, float], float] | None = None,
    calls: int = 4,
    callback_timeout: float = 600.0,
    mounts: Callable[[], str] = mounted,
) -> AsyncIterator[World]:
    """Runs a service; the simulator's callbacks go to it."""
    time = time if time is not None else FastTime()
    settings = Settings(
        db=db,
        listen=listen,
        api_url=simulator.url if simulator is not None else None,
        api_password=Secret("canary"),
        calls=calls,
        callback_timeout=callback_timeout,
    )
    service = Service(
        settings,
        api=api,
        read=read,
        now=time.now,
        uptime=time.uptime,
        uniform=chance,
        wait=time.wait,
        mounts=mounts,
    )
    ready, stop = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(service.run(ready, stop))
        waiting = tasks.create_task(ready.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not task.done():
            world = World(service, db)
            if simulator is not None and world.standing.listener is not None:
                simulator.webhook_url = world.webhook_url
            try:
                yield world
            finally:
                world.inbox.close()
                stop.set()


async def announced(simulator: Simulator, behaviours: Sequence[str]) -> str:
    """A media that the client does not hold, with what its store calls will meet."""
    return await simulator.announce(undownloaded=True, behaviours=behaviours)
