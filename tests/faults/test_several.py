"""Several processes at once on one cache: a service, consoles and commands."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections import Counter
from contextlib import ExitStack, closing
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from console.cache.inbox import Inbox
from console.clock import monotonic
from console.log import log_path
from console.simulator import Simulator
from tests.cli.terminal import Terminal, terminal
from tests.cli.world import announcement, command, environment, fill, free_port, post, until
from tests.faults.processes import Event, Senders, announcements, api, at, facts, integrity, serving, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A cache that does not exist yet."""
    return tmp_path / "media.db"


@pytest.fixture
def client() -> Iterator[Simulator]:
    """The API: a simulated client that knows no webhook yet."""
    with Simulator(backoff=0.02) as running:
        yield running


def shows(screen: Terminal, text: str) -> bool:
    return any(text in line for line in screen.lines)


def watch(screens: list[Terminal], holds: Callable[[], bool], seconds: float = 12) -> float:
    """Reads several terminals until something holds; how many seconds it took."""
    begun = monotonic()
    while not holds():
        told = "\n\n".join("\n".join(screen.lines) for screen in screens)
        assert monotonic() - begun < seconds, f"it never came; the screens show:\n{told}"
        for screen in screens:
            screen.read(0.02)
    return monotonic() - begun


def console(stack: ExitStack, env: dict[str, str]) -> Terminal:
    """A console on a terminal until the end of the stack."""
    return stack.enter_context(terminal([], env, columns=130))


def listening(db: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A `listen` that is expected to be refused, and how long that takes."""
    return subprocess.run(
        command("listen"), env=environment(db, **settings), capture_output=True, text=True, timeout=15
    )


def read_until(screens: list[Terminal], moment: float) -> None:
    """Reads several terminals until a moment of the monotonic clock."""
    watch(screens, lambda: monotonic() > moment)


def start_up() -> float:
    """The seconds that the console's quickest command takes now."""
    begun = monotonic()
    subprocess.run(command("--version"), capture_output=True, check=True)
    return monotonic() - begun


# -- the service's death is noticed and taken over


def test_the_death_of_a_service_is_taken_over_by_one_console_that_says_so(db: Path) -> None:
    env = environment(db, listen=at(port := free_port()))
    between = Event("between", announcement("between", filename="between.pdf"))
    with ExitStack() as stack:
        service = stack.enter_context(serving(db, listen=at(port)))
        dead = service.process.pid
        screens = [console(stack, env) for _ in range(2)]
        watch(screens, lambda: all(shows(screen, f"viewing (pid {dead})") for screen in screens))
        assert post(service.url, announcement("before", filename="before.pdf")) == 200
        service.kill()
        with Senders(port, [between], 1) as sending:
            taken_over = watch(screens, lambda: any(shows(one, f"listening :{port}") for one in screens))
            sending.join()
        heir = next(screen for screen in screens if shows(screen, f"listening :{port}"))
        (other,) = (screen for screen in screens if screen is not heir)
        watch(screens, lambda: shows(heir, f"The service of pid {dead} has ended; this console runs it now."))
        watch(screens, lambda: shows(other, f"viewing (pid {heir.pid})"))
        watch(screens, lambda: all(shows(screen, "before.pdf") for screen in screens))
        watch(screens, lambda: all(shows(screen, "between.pdf") for screen in screens))
        assert not shows(other, "this console runs it now")
        watch(screens, lambda: shows(other, f"The service of pid {dead} ended without a word"))
    assert taken_over < 3, "within seconds"


@pytest.mark.slow
def test_a_command_that_waits_goes_on_when_the_service_dies(db: Path, client: Simulator) -> None:
    env = environment(db, **api(client, listen=at(port := free_port())))
    client.webhook_url = f"http://{at(port)}/webhook"
    client.behave("cut", "slow(1)")
    client.behave("later", "ok(0.5)")
    with serving(db, **api(client, listen=at(port), calls="1")) as service:
        for key in ("cut", "later"):
            assert post(service.url, announcement(key)) == 200
        with subprocess.Popen(
            command("download", "later", "cut", "--wait", "12", "--json"),
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            until(lambda: len(client.store_calls()) == 1)
            service.kill()
            out, err = process.communicate(timeout=18)
    told = {line["id"]: line["state"] for line in map(json.loads, out.splitlines())}
    assert told == {"cut": "downloaded", "later": "downloaded"}, err
    assert process.returncode == 0
    assert "Traceback" not in err
    assert {key: len(client.store_calls(key)) for key in told} == {"cut": 1, "later": 1}


# -- the same media, the same cache, the same port


def test_t13_two_consoles_that_ask_at_once_make_one_request(db: Path, client: Simulator) -> None:
    fill(db, announcement("a", filename="wanted.pdf"))
    client.behave("a", "slow(0.5)")
    env = environment(db, **api(client, listen=at(port := free_port())))
    client.webhook_url = f"http://{at(port)}/webhook"
    barrier = threading.Barrier(2)
    with ExitStack() as stack:
        both = [console(stack, env) for _ in range(2)]
        watch(both, lambda: all(shows(one, "wanted.pdf") for one in both))
        watch(both, lambda: any(shows(one, f"listening :{port}") for one in both))
        watch(both, lambda: any(shows(one, "viewing (pid ") for one in both))
        threads = [threading.Thread(target=pressing, args=(one, "d", barrier)) for one in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        watch(both, lambda: any(shows(one, "sked for already") for one in both))
        watch(both, lambda: all(shows(one, "Downloaded: wanted.pdf") for one in both))
    assert len(client.store_calls("a")) == 1
    assert facts(db, "StoreQueued") == {"a": 1}


def pressing(screen: Terminal, key: str, barrier: threading.Barrier) -> None:
    barrier.wait()
    screen.press(key)


def test_t14_a_second_listener_is_refused_soon_and_disturbs_nobody(db: Path) -> None:
    with serving(db) as first:
        for other, settings, named in (
            (db, {}, f"is served by pid {first.process.pid} already"),
            (
                db.with_name("other.db"),
                {"listen": at(first.port)},
                f"{at(first.port)} is held by pid {first.process.pid}",
            ),
        ):
            begun = monotonic()
            refused = listening(other, **settings)
            assert monotonic() - begun < max(4, 6 * start_up()), "seconds, or more on a busy machine"
            assert refused.returncode == 2
            assert named in refused.stderr
            assert refused.stderr.count("\n") == 1
        assert post(first.url, announcement("a")) == 200
        assert first.process.poll() is None
    assert stored(db) == {"a"}
    assert not db.with_name("other.db").exists()


def test_t14_a_port_of_another_program_is_named(db: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as foreign:
        port = foreign.getsockname()[1]
        refused = listening(db, listen=at(port))
    assert refused.returncode == 2
    assert f"{at(port)} is held by pid {os.getpid()}" in refused.stderr
    assert not db.exists()


@pytest.mark.parametrize("by_key", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_t15_a_console_without_its_port_says_so_and_listens_when_it_is_free(
    db: Path, *, by_key: bool
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as foreign:
        port = foreign.getsockname()[1]
        with terminal([], environment(db, listen=at(port)), columns=160) as screen:
            screen.until_text("not listening")
            screen.until_text(f"{at(port)} is held by pid {os.getpid()}")
            screen.until_text("L tries again")
            foreign.close()
            if by_key:
                screen.press("L")
            took = watch([screen], lambda: shows(screen, f"listening :{port}"))
            assert took < (4 if by_key else 9)
            assert post(f"http://{at(port)}/webhook", announcement("a", filename="heard.pdf")) == 200
            screen.until_text("heard.pdf")


# -- a service, a viewer and a loop of commands at the same time


class Loop:
    """A shell's loop of `download` commands, each for the next few media that were acknowledged."""

    def __init__(self, env: dict[str, str], sending: Senders, first: int, step: int) -> None:
        self._env = env
        self._sending = sending
        self._next, self._step = first, step
        self._thread = threading.Thread(target=self._run, name="loop")
        self._stopped = threading.Event()
        self.ended: list[subprocess.CompletedProcess[str]] = []
        self.asked: list[str] = []

    def __enter__(self) -> Loop:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.05):
            known = [one.key for one in self._sending.log[self._next : self._next + FEW]]
            if len(known) < FEW:
                continue
            self._next += self._step
            self.asked += known
            line = command("download", *known)
            self.ended.append(
                subprocess.run(line, env=self._env, capture_output=True, text=True, timeout=30, check=False)
            )


FEW = 3
"""Media that one command asks for."""


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_a_service_a_viewer_and_loops_of_commands_at_200_events_a_second(
    db: Path, client: Simulator, record_property: Callable[[str, object], None]
) -> None:
    seconds, rate, port = 60, 200, free_port()
    events = list(islice(announcements(), seconds * rate))
    for event in events:
        client.behave(event.key, "ok")
    settings = api(client, listen=at(port), calls="8")
    client.webhook_url = f"http://{at(port)}/webhook"
    env = environment(db, **settings)
    with ExitStack() as stack:
        service = stack.enter_context(serving(db, **settings))
        screen = console(stack, env)
        watch([screen], lambda: shows(screen, f"viewing (pid {service.process.pid})"))
        sending = stack.enter_context(Senders(port, events, 12, rate))
        loops = [stack.enter_context(Loop(env, sending, number * 20, 60)) for number in range(3)]
        begun = monotonic()
        for number in range(seconds * 2):  # an operator who asks for a row twice a second
            screen.press("jd" if number % 20 else "Gd")
            read_until([screen], begun + (number + 1) / 2)
        sending.join()
        for loop in loops:
            loop.__exit__()
        asked = {key for loop in loops for key in loop.asked}
        watch([screen], lambda: settled(db, asked), seconds=30)
        shown = "\n".join(screen.lines)
        screen.press("Q")
        assert screen.end() == 0
        service.process.terminate()
        assert service.process.wait(10) == 0
    ended = [one for loop in loops for one in loop.ended]
    took = sorted(one.took for one in sending.log)
    record_property("commands", len(ended))
    record_property("requests", len(client.store_calls()))
    record_property("p99 of a webhook", f"{took[len(took) * 99 // 100]:.3f} s")
    assert [(one.returncode, one.stderr) for one in ended if one.returncode] == []
    words = (
        service.words.read_text() + log_path(db).read_text() + shown + "".join(one.stderr for one in ended)
    )
    assert "Traceback" not in words
    assert "locked" not in words
    assert (sending.refused, sending.broken) == ({}, 0)
    assert sending.acknowledged == {event.key for event in events} <= stored(db)
    assert integrity(db) == "ok"
    requested = facts(db, "StoreRequested")
    assert asked <= set(requested)
    assert Counter(call.media_id for call in client.store_calls()) == requested
    assert facts(db, "StoreQueued") == requested, "one request for each attempt"


def settled(db: Path, asked: set[str]) -> bool:
    """Whether nothing waits any more, and all of these were asked for."""
    with closing(Inbox(db)) as inbox:
        left = inbox.waiting(1)
    queued, ended = facts(db, "StoreQueued"), facts(db, "MediaStored")
    return not left and asked <= set(ended) and set(queued) == set(ended)
