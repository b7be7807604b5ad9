"""T48 and T51, and T02 where something is in the way: a lost terminal, output that nobody takes."""

from __future__ import annotations

import shlex
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.paths import inbox_path
from console.cache.reader import CacheReader
from console.clock import monotonic
from console.domain.media import MediaKey, State
from tests.cli.world import announcement, command, daemon, environment, free_port, post
from tests.faults.processes import Senders, announcements, api, at, integrity, stored
from tests.faults.pty import LOG, demo_that_cleans_up, pty, serves, two_media

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from console.simulator import Simulator
    from tests.faults.pty import Pty

SLOW = pytest.mark.slow


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return two_media(tmp_path)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[dict[str, str]]:
    with demo_that_cleans_up(tmp_path) as env:
        yield env


# -- T02: an end in order has an end


def test_t02_an_inbox_that_others_hold_does_not_hold_up_the_end(db: Path) -> None:
    with daemon(db) as (process, _), held(inbox_path(db)):
        time.sleep(0.3)  # so that the service has begun to wait for it
        begun_at = monotonic()
        process.terminate()
        assert process.wait(10) == 0
        assert monotonic() - begun_at < 4.5


@pytest.mark.slow
def test_t02_a_cache_that_others_hold_does_not_hold_up_the_end_for_more_than_five_seconds(db: Path) -> None:
    with daemon(db) as (process, url):
        assert post(url, announcement("c")) == 200
        with held(db):
            begun_at = monotonic()
            process.terminate()
            assert process.wait(10) in (0, 128 + signal.SIGTERM)
            assert monotonic() - begun_at < 5.5
    assert "c" in stored(db)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keeps everybody else out of a database during the block."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as thief:
        thief.execute("BEGIN EXCLUSIVE")
        yield
        thief.execute("ROLLBACK")


# -- T48: the terminal is lost


def test_t48_a_lost_terminal_ends_the_screen_at_once_and_it_does_not_spin(db: Path) -> None:
    with pty([], environment(db)) as screen:
        serves(screen)
        before = screen.cpu()
        screen.hang_up()
        ended = screen.ended_alone()
    assert ended.code == 128 + signal.SIGHUP
    assert ended.seconds < 4
    assert ended.cpu - before < 1
    assert "Traceback" not in db.with_name(LOG).read_text()


@pytest.mark.slow
def test_t48_a_lost_terminal_ends_the_demo_and_nothing_is_left_of_it(demo: dict[str, str]) -> None:
    with pty(["demo"], demo) as screen:
        screen.until_text("connected")
        screen.hang_up()
        ended = screen.ended_alone()
    assert (ended.code, ended.seconds < 2) == (128 + signal.SIGHUP, True)


@pytest.mark.slow
def test_t48_a_lost_terminal_is_noticed_where_its_signal_is_kept_away(db: Path) -> None:
    script = f"trap '' HUP; exec {shlex.join(command())}"
    with pty(["-c", script], environment(db), program="/bin/sh") as screen:
        serves(screen)
        before = screen.cpu()
        screen.hang_up()
        ended = screen.ended_alone()
    assert ended.code == 128 + signal.SIGHUP
    assert ended.seconds < 2
    assert ended.cpu - before < 1.5


def state(db: Path, key: str) -> State | None:
    with CacheReader(db) as reader:
        media = reader.run(queries.media(MediaKey(key)))
    return media.state if media is not None else None


async def in_a_call(screen: Pty, db: Path, simulator: Simulator) -> None:
    """Orders the media under the cursor and waits until the API, which never answers, has its call."""
    serves(screen)
    screen.press("d")
    screen.until(lambda _: state(db, "a") is State.REQUESTED or state(db, "b") is State.REQUESTED)
    screen.until(lambda _: len(simulator.store_calls()) == 1)


@pytest.mark.parametrize("number", [signal.SIGHUP, pytest.param(signal.SIGTERM, marks=SLOW)])
@pytest.mark.slow
async def test_t48_a_call_that_is_open_goes_back_and_is_made_again(
    db: Path, simulator: Simulator, number: signal.Signals
) -> None:
    for key in ("a", "b"):
        simulator.behave(key, "hang", "ok")
    env = environment(db, **api(simulator))
    with pty([], env) as screen:
        await in_a_call(screen, db, simulator)
        begun = monotonic()
        screen.send(number)
        screen.send(number)  # a shell passes on what the kernel has sent
        assert screen.ended() == 128 + number
        assert monotonic() - begun < 2
        screen.assert_restored()
    assert sorted(str(state(db, key)) for key in ("a", "b")) == [State.QUEUED, State.UNDOWNLOADED]
    with pty([], env) as screen:
        screen.until(lambda _: len(simulator.store_calls()) == 2)
        screen.press("Q")
        assert screen.ended() == 0


def test_t48_a_headless_listener_outlives_its_terminal(db: Path) -> None:
    port = free_port()
    with pty(["listen"], environment(db, listen=at(port))) as screen:
        screen.until_text("Waiting for webhooks")
        screen.hang_up()
        assert post(f"http://127.0.0.1:{port}/webhook", announcement("c")) == 200
        screen.send(signal.SIGTERM)
        assert screen.ended_alone().code == 0
    assert "c" in stored(db)


@pytest.mark.slow
def test_t48_what_was_acknowledged_before_the_terminal_was_lost_is_stored(db: Path) -> None:
    port = free_port()
    with pty([], environment(db, listen=at(port))) as screen:
        serves(screen)
        with Senders(port, announcements(), 8) as senders:
            screen.until(lambda _: len(senders.log) > 200)
            screen.hang_up()
            assert screen.ended_alone().seconds < 2
    assert senders.acknowledged <= stored(db)
    assert integrity(db) == "ok"


# -- T51: nobody reads, or there is no terminal


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("list | head -1", {0}),
        ("list --json | head -1", {0}),
        ("show a | head -1", {0}),
        ("list --help | true", {0}),
        ("list >&-", {0}),
        ("list >/dev/full", {1}),
        ("list --json >/dev/full", {1}),
        ("show a >/dev/full", {1}),
    ],
)
def test_t51_output_that_nobody_takes_is_no_traceback(db: Path, line: str, codes: set[int]) -> None:
    name, pipe, rest = line.partition(" | ")
    script = f"set -o pipefail; {shlex.join(command())} {name}{pipe}{rest}"
    ended = subprocess.run(
        ["/bin/bash", "-c", script], env=environment(db), capture_output=True, text=True, timeout=15
    )
    assert ended.returncode in codes
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == int(ended.returncode != 0)


@pytest.mark.parametrize("arguments", [[], ["demo"]])
def test_t51_without_a_terminal_the_screen_says_so(db: Path, arguments: list[str]) -> None:
    ended = subprocess.run(
        command(*arguments),
        env=environment(db),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "needs a terminal" in ended.stderr
    assert ended.stderr.count("\n") == 1
