"""What survives `kill -9`, and what SIGTERM leaves behind, in the middle of a flood of webhooks."""

from __future__ import annotations

import http.client
import random
import select
import signal
import socket
import subprocess
import threading
import time
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.paths import wal_path
from console.cache.reader import CacheReader
from console.clock import wall
from console.domain.media import MediaKey, State
from console.domain.orders import Order
from console.service.lock import holder
from console.simulator import Simulator
from tests.cli.world import announcement, free_port, post, until
from tests.faults.processes import Event, Senders, announcements, api, at, facts, integrity, serving, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A cache that does not exist yet."""
    return tmp_path / "media.db"


def flowing(sending: Senders) -> None:
    """Waits for the next acknowledgement."""
    before = len(sending.log)
    until(lambda: len(sending.log) > before)


def killed_again_and_again(db: Path, *, cycles: int, senders: int, events: Iterable[Event]) -> Senders:
    """Kills the service at random moments of a flood; after each kill nothing acknowledged is missing."""
    chance, port = random.Random(), free_port()
    with Senders(port, events, senders) as sending:
        for cycle in range(cycles):
            with serving(db, listen=at(port)) as service:
                flowing(sending)
                time.sleep(delay := chance.uniform(0.2, 0.8))
                service.kill()
            acknowledged = sending.acknowledged
            assert acknowledged - stored(db) == set(), f"cycle {cycle}, killed after {delay:.3f} s"
            assert integrity(db) == "ok", f"cycle {cycle}, killed after {delay:.3f} s"
    return sending


def test_t01_what_was_acknowledged_survives_a_kill(db: Path) -> None:
    sending = killed_again_and_again(db, cycles=2, senders=12, events=announcements())
    assert sending.broken, "no connection was cut: the kill came beside the flood"


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_t01_twelve_senders_and_ten_kills_lose_nothing(db: Path) -> None:
    sending = killed_again_and_again(db, cycles=10, senders=12, events=announcements())
    assert sending.broken >= 10
    with serving(db):
        assert sending.acknowledged <= stored(db), "nor does the last restart lose any"


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_t01_a_burst_of_ten_thousand_over_24_connections_twenty_times(tmp_path: Path) -> None:
    for run in range(20):
        db = tmp_path / f"{run}.db"
        sending = killed_again_and_again(db, cycles=1, senders=24, events=islice(announcements(), 10_000))
        assert len(sending.log) < 10_000, "it was over before the kill"


def test_t02_sigterm_in_the_flood_ends_it_in_order(db: Path) -> None:
    with serving(db) as service, Senders(service.port, announcements(), 24) as sending:
        until(lambda: len(sending.log) > 500)
        service.process.terminate()
        assert service.process.wait(10) == 0
        at_the_end = sending.acknowledged
        until(lambda: sending.broken > 24)  # and nobody takes them any more
    assert sending.acknowledged == at_the_end
    assert at_the_end <= stored(db)
    assert wal_path(db).stat().st_size == 0, "the log was not folded back into the database"
    assert holder(db) is None
    assert integrity(db) == "ok"
    assert "Traceback" not in service.words.read_text()


def test_t02_a_second_sigterm_ends_it_at_once(db: Path, client: Simulator) -> None:
    with serving(db, **api(client, calls="1")) as service:
        with_open_call(db, client, service.url)
        service.process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            service.process.wait(0.5)  # it gives the open call its time
        service.process.terminate()
        assert service.process.wait(0.5) == -signal.SIGTERM
    until(lambda: holder(db) is None)  # the writer's process follows in a moment
    assert integrity(db) == "ok"


class DroppingProxy:
    """Passes bytes on in both directions; drops the answer to the first post, and calls `then` first."""

    def __init__(self, upstream: int, then: Callable[[], None]) -> None:
        self._upstream = upstream
        self._then: Callable[[], None] | None = then
        self._door = socket.create_server(("127.0.0.1", 0))
        self._door.settimeout(15)
        self._thread = threading.Thread(target=self._serve)
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}/webhook"

    def __enter__(self) -> DroppingProxy:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._thread.join()
        self._door.close()

    def _serve(self) -> None:
        """Takes two connections: the one that is dropped, and the one of the repetition."""
        for _ in range(2):
            with (
                closing(self._door.accept()[0]) as client,
                closing(socket.create_connection(("127.0.0.1", self._upstream))) as service,
            ):
                self._pass_on(client, service)

    def _pass_on(self, client: socket.socket, service: socket.socket) -> None:
        other = {client: service, service: client}
        while True:
            for end in select.select([client, service], [], [], 15)[0]:
                data = end.recv(65536)
                if end is service and self._then is not None:
                    then, self._then = self._then, None
                    then()
                    return
                if not data:
                    return
                other[end].sendall(data)


def test_t03_a_resend_after_a_kill_between_commit_and_reply_makes_no_second_row(db: Path) -> None:
    port, body = free_port(), announcement("a")
    with serving(db, listen=at(port)) as first, DroppingProxy(port, first.kill) as proxy:
        with pytest.raises(http.client.RemoteDisconnected):
            post(proxy.url, body)
        assert stored(db) == {"a"}, "it was committed before the reply left"
        with serving(db, listen=at(port)):
            assert post(proxy.url, body) == 200
    assert facts(db, "MediaAnnounced") == {"a": 1}
    assert stored(db) == {"a"}


# -- what a dead service had under way


@pytest.fixture
def client() -> Iterator[Simulator]:
    """The API: a simulated client that knows no webhook yet."""
    with Simulator(backoff=0.02) as running:
        yield running


def state(db: Path, key: str) -> State:
    with CacheReader(db) as reader:
        media = reader.run(queries.media(MediaKey(key)))
    assert media is not None
    return media.state


def leave_order(db: Path, *keys: str) -> None:
    with Inbox(db) as inbox:
        inbox.leave([Order(id=f"of-{key}", at=wall(), key=MediaKey(key)) for key in keys])


def with_open_call(db: Path, client: Simulator, url: str) -> None:
    """Announces `open` and `waits`; the call for the first stays open, and only one may be open at once."""
    client.behave("open", "hang", "ok")
    client.behave("waits", "ok")
    for key in ("open", "waits"):
        assert post(url, announcement(key)) == 200
    leave_order(db, "open")
    until(lambda: len(client.store_calls("open")) == 1)
    leave_order(db, "waits")
    until(lambda: facts(db, "StoreQueued") == {"open": 1, "waits": 1})


def test_t16_after_a_kill_an_unanswered_attempt_waits_on_and_ends_unconfirmed(
    db: Path, client: Simulator
) -> None:
    settings = api(client, calls="1", callback_timeout="1s")
    with serving(db, **settings) as service:
        with_open_call(db, client, service.url)
        service.kill()
    port = free_port()  # the client must know it before the service asks for anything
    client.webhook_url = f"http://127.0.0.1:{port}/webhook"
    with serving(db, **settings, listen=at(port)):
        until(lambda: state(db, "waits") is State.DOWNLOADED)
        until(lambda: state(db, "open") is State.UNCONFIRMED)
    assert len(client.store_calls("open")) == 1, "nobody ordered it again"
    assert len(client.store_calls("waits")) == 1
    assert facts(db, "StoreDeferred") == {}


@pytest.mark.slow
def test_t16_an_end_in_order_gives_the_open_attempt_back(db: Path, client: Simulator) -> None:
    settings = api(client, calls="1")
    with serving(db, **settings) as service:
        with_open_call(db, client, service.url)
        service.process.terminate()
        assert service.process.wait(5) == 0
    assert state(db, "open") is State.QUEUED
    with serving(db, **settings) as service:
        client.webhook_url = service.url
        until(lambda: {state(db, key) for key in ("open", "waits")} == {State.DOWNLOADED})
    assert len(client.store_calls("open")) == 2
    assert len(client.store_calls("waits")) == 1
