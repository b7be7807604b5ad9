"""A stand-in for the WhatsApp Business API client, over real HTTP."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from console.clock import wall
from console.domain.exceptions import FixSetting
from console.domain.media import MediaId, MediaType
from console.simulator import bodies
from console.simulator.accounts import Accounts
from console.simulator.answers import ACCEPTING
from console.simulator.behaviours import Kind, Script, parse_behaviours
from console.simulator.callbacks import Callbacks
from console.simulator.client import DATASTORE_FAILURE, Call, Client
from console.simulator.control import control_routes
from console.simulator.dice import Dice
from console.simulator.settings import ApplicationSettings
from console.simulator.site import site
from console.simulator.stream import stream
from console.simulator.thread import LoopThread
from console.simulator.volume import HeldMedia
from console.simulator.wire import Server, bind

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Sequence
    from typing import Self

    from console.clock import Now
    from console.simulator.behaviours import Behaviour
    from console.simulator.bodies import Json, JsonObject
    from console.simulator.callbacks import Delivery
    from console.simulator.client import Call
    from console.simulator.story import Story

CALLS = ("login", "logout", "health", "settings", "bytes", "store")
DEFAULT_LOGIN = ("admin", "Secret-1234")
_START_SECONDS = 5.0
DEFAULT_SENDER = "12025550143"
"""From the numbers that are kept free for fiction."""
DEFAULT_NAME = "Ada Example"


class Simulator:
    """The simulated client in its own thread and event loop: `with` and `async with` both work.

    Everything here may be called from any thread. Without `webhook_url` callbacks are dropped, as
    the client does. Equal seeds give equal ids, files and faults.

    Args:
        webhook_url: where callbacks go; it may be changed later, here or by the settings call.
        username: of the one admin account.
        password: its password.
        factory_password: the password is still the factory's, so the first login must change it.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        seed: of everything drawn.
        faults: chance from 0 to 1 that a media nobody gave a behaviour to gets a fault.
        every: seconds between media that come by themselves; None: none does.
        stories: media that it has known for long, as a demo's history tells of them.
        callback_delay: seconds from an answer to its callback, at least and at most.
        backoff: seconds by which the wait between deliveries grows; None: as the settings say (3).
        webhook_tls: trust for an https webhook; None: the machine's.
        now: the client's clock.
    """

    def __init__(
        self,
        *,
        webhook_url: str | None = None,
        username: str = DEFAULT_LOGIN[0],
        password: str = DEFAULT_LOGIN[1],
        factory_password: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        faults: float = 0.0,
        every: float | None = None,
        stories: Sequence[Story] = (),
        callback_delay: tuple[float, float] = (0.01, 0.02),
        backoff: float | None = None,
        webhook_tls: ssl.SSLContext | None = None,
        now: Now = wall,
    ) -> None:
        self.username = username
        self.password = password
        self._host, self._port = host, port
        self._webhook_tls = webhook_tls
        self._seed, self._every, self._stories = seed, every, stories
        tokens = Dice(seed, "tokens")
        self.client = Client(
            accounts=Accounts(username, password, dice=tokens, now=now, factory_password=factory_password),
            settings=ApplicationSettings(backoff=backoff),
            dice=Dice(seed, "client"),
            now=now,
            faults=faults,
            callback_delay=callback_delay,
            spawn=lambda work, name: self._thread.spawn(work, name),
        )
        if webhook_url:
            self.webhook_url = webhook_url
        self._names = Dice(seed, "messages")
        self._thread = LoopThread(self._live, "simulator")
        self._can_send = threading.Event()
        self._sock: socket.socket
        self.url = ""
        """Base URL without `/v1`; set while it runs."""

    # Its life

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: object, fault: object, trace: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, kind: object, fault: object, trace: object) -> None:
        await asyncio.to_thread(self.stop)

    def start(self) -> None:
        """Listens; `url` is known from here on.

        Raises:
            FixSetting: the address cannot be had.
        """
        self._sock = bind(self._host, self._port)
        host, port = self._sock.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._thread.start()
        self._can_send.wait(_START_SECONDS)

    def stop(self) -> None:
        """Cuts every connection and ends; undelivered callbacks are lost.

        Raises:
            BaseExceptionGroup: something inside it went wrong while it ran.
        """
        self._thread.stop()

    def check(self) -> None:
        """Raises what went wrong inside, if it ended by itself; see `stop`."""
        if self._thread.ended:
            self._thread.stop()

    async def _live(self, closing: asyncio.Event) -> None:
        callbacks = Callbacks(self.client.settings, self._thread.spawn, tls=self._webhook_tls)
        self.client.callbacks = callbacks
        self._can_send.set()
        for story in self._stories:
            self._take_over(story)
        if self._every is not None:
            self._thread.spawn(stream(self, self._every, self._seed), "stream")
        try:
            await Server(site(self.client, control_routes(self)), self._sock).run(closing)
            await self._thread.cancel_spawned()
        finally:
            await callbacks.aclose()

    def _take_over(self, story: Story) -> None:
        if story.media is None:
            return
        self.client.volume.put(story.media)
        if story.pending is not None:
            self._thread.spawn(self.client.finish(story.media, story.pending), "store")

    # What it heard

    @property
    def calls(self) -> list[Call]:
        """Every request under `/v1` so far, in order."""
        return list(self.client.calls)

    def store_calls(self, media_id: str | None = None) -> list[Call]:
        """The store requests so far, of one media or of all."""
        calls = self.calls
        return [one for one in calls if one.media_id is not None and media_id in {None, one.media_id}]

    @property
    def deliveries(self) -> list[Delivery]:
        """Every callback so far, in order."""
        return [] if self.client.callbacks is None else list(self.client.callbacks.deliveries)

    # What it shall do

    @property
    def webhook_url(self) -> str:
        """Where callbacks go; empty: nowhere."""
        return self.client.settings.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str) -> None:
        self.client.settings.patch({"webhooks": {"url": url}})

    @property
    def health(self) -> Json:
        """A `gateway_status` word, or the whole value under `health`."""
        return self.client.health

    @health.setter
    def health(self, health: Json) -> None:
        self.client.health = health

    def behave(self, media_id: str, *behaviours: str | Kind | Behaviour) -> None:
        """Says how the coming store calls for a media go; a new id becomes a known one.

        Each call uses up one, the last stays. See `behaviours.Kind` for the words.

        Raises:
            FixSetting: there is no such word.
        """
        read = parse_behaviours(behaviours)
        media = self.client.volume.find(media_id) or self.client.take_in(MediaType.IMAGE, media_id)
        media.behave(read)

    def behave_call(self, call: str, *behaviours: str | Kind | Behaviour) -> None:
        """The same for another call: one of `CALLS`, of which `store` comes before any media's own.

        Raises:
            FixSetting: there is no such call or word, or the word is about callbacks.
        """
        read = parse_behaviours(behaviours)
        if call not in CALLS:
            raise FixSetting(f"There is no call {call!r}.", f"Use one of: {', '.join(CALLS)}.")
        for one in read:
            if one.kind in ACCEPTING - {Kind.OK, Kind.SLOW}:
                raise FixSetting(f"The behaviour {one.kind.value!r} is one of a media, not of a call.")
        self.client.scripts[call] = Script(read)

    def expire_tokens(self) -> None:
        """Ends every token; the next call with one gets 401."""
        self.client.accounts.revoke_all()

    # What it sends

    async def announce(
        self,
        media_type: str = "image",
        *,
        media_id: str | None = None,
        undownloaded: bool = False,
        own_failure: bool = False,
        behaviours: Sequence[str | Kind | Behaviour] = (),
        sender: str | None = None,
        name: str | None = DEFAULT_NAME,
        caption: str | None = None,
        filename: str | None = None,
        mime_type: str | None = None,
        message_id: str | None = None,
        timestamp: str | None = None,
        status: str | None = None,
        errors: Sequence[JsonObject] = (),
    ) -> MediaId:
        """Sends the webhook of a message with a media; returns the media's id after its first delivery.

        The file counts as stored unless one of these is given: `undownloaded` (the media's `status`
        says so), `own_failure` (the client's own download failed, 400 in the message's `errors`),
        `errors`. A type that the setting `auto_download` leaves out is announced as undownloaded.
        """
        if own_failure:
            errors = [*errors, DATASTORE_FAILURE]
        media = self.client.take_in(MediaType(media_type), media_id, mime_type)
        if behaviours:
            self.behave(media.id, *behaviours)
        automatic = media.type.value in self.client.settings.auto_download
        media.stored = automatic and not undownloaded and not errors
        if status is None and not media.stored and not errors:
            status = "undownloaded"
        told = bodies.media_object(
            media.id, media.mime_type, media.sha256, status=status, caption=caption, filename=filename
        )
        await self._message(media, told, sender, name, message_id, timestamp, errors)
        return media.id

    async def announce_lost(
        self,
        media_type: str = "image",
        *,
        sender: str | None = None,
        name: str | None = DEFAULT_NAME,
        caption: str | None = None,
        message_id: str | None = None,
        timestamp: str | None = None,
    ) -> str:
        """As `announce`, undownloaded and without a media id; returns the message's id."""
        media = HeldMedia(MediaId(""), MediaType(media_type))
        told = bodies.media_object(None, media.mime_type, None, status="undownloaded", caption=caption)
        return await self._message(media, told, sender, name, message_id, timestamp)

    async def send(self, body: JsonObject | bytes) -> Delivery:
        """Sends any webhook, JSON or raw; returns after its first delivery."""
        callbacks = self.client.callbacks
        if callbacks is None:
            raise RuntimeError("the simulator is not running")
        return await self._thread.inside(callbacks.send(body))

    async def _message(
        self,
        media: HeldMedia,
        told: JsonObject,
        sender: str | None,
        name: str | None,
        message_id: str | None,
        timestamp: str | None,
        errors: Sequence[JsonObject] = (),
    ) -> str:
        message_id = message_id or f"ABGG{self._names.bits(9).hex()}"
        body = bodies.message(
            media.type.value,
            told,
            message_id=message_id,
            sender=sender or DEFAULT_SENDER,
            timestamp=timestamp or str(self.client.now() // 1000),
            name=name,
            errors=errors,
        )
        await self.send(body)
        return message_id
