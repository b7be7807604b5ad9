"""Commands that share one cache with each other and with services that come and go."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.reader import CacheReader
from console.cli.errand import Errand, Others
from console.cli.program import run
from console.cli.signals import ending_signals
from console.cli.waiting import Watch
from console.clock import monotonic, wall
from console.config import Address, Secret, Settings
from console.domain.media import MediaKey, State
from console.domain.orders import Order
from console.service.lock import ServiceLock
from console.simulator import Simulator
from console.simulator.simulator import DEFAULT_LOGIN
from tests.cli.world import announcement, command, daemon, environment, fill, free_port, success, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGIN = {"api_username": DEFAULT_LOGIN[0], "api_password": DEFAULT_LOGIN[1]}


@pytest.fixture
def listen() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def client(listen: str) -> Iterator[Simulator]:
    with Simulator(
        backoff=0.02, callback_delay=(0.3, 0.6), webhook_url=f"http://{listen}/webhook"
    ) as running:
        yield running


@contextmanager
def downloading(env: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A `download` that runs beside the test."""
    process = subprocess.Popen(
        command("download", *arguments), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def state(db: Path, key: str) -> State | None:
    with CacheReader(db) as reader:
        media = reader.run(queries.media(MediaKey(key)))
    return media.state if media is not None else None


def waiting(db: Path) -> int:
    with Inbox(db) as inbox:
        return len(inbox.waiting(100))


def order(key: str) -> Order:
    return Order(id=f"of-{key}", at=wall(), key=MediaKey(key))


@pytest.mark.slow
def test_commands_at_the_same_time_lose_nothing_of_each_other(
    db: Path, listen: str, client: Simulator
) -> None:
    keys = [f"x{number}" for number in range(6)]
    fill(db, *map(announcement, keys))
    for key in keys:
        client.behave(key, "ok")
    env = environment(db, listen=listen, api_url=client.url, **LOGIN)
    ended = subprocess.run(
        ["xargs", "-P6", "-I@", *command("download", "@")],
        input="\n".join(keys),
        env=env,
        capture_output=True,
        text=True,
        timeout=18,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert {key: state(db, key) for key in keys} == dict.fromkeys(keys, State.DOWNLOADED)
    assert "Left" not in ended.stderr


def test_what_others_left_meanwhile_is_done_before_it_ends(
    db: Path, listen: str, client: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db, announcement("mine"), announcement("theirs"))
    client.behave("mine", "refused-1006-file")
    client.behave("theirs", "slow(1)")
    with Inbox(db) as inbox:
        inbox.leave([order("theirs")])
    for name, value in {"api_url": client.url, "listen": listen, **LOGIN}.items():
        monkeypatch.setenv(f"MEDIA_CONSOLE_{name.upper()}", value)
    assert run(["download", "mine"]) == 1
    assert (state(db, "theirs"), waiting(db)) == (State.DOWNLOADED, 0)


@pytest.mark.parametrize("wait", [[], ["--wait", "15"]])
@pytest.mark.slow
def test_it_takes_over_from_a_command_that_ends(
    db: Path, listen: str, client: Simulator, wait: list[str]
) -> None:
    fill(db, announcement("a"))
    client.behave("a", "ok")
    lock = ServiceLock(db, passing=True)
    try:
        with downloading(environment(db, listen=listen, api_url=client.url, **LOGIN), "a", *wait) as process:
            until(lambda: waiting(db) == 1)
            assert process.poll() is None
            lock.release()
            out, err = process.communicate(timeout=15)
    finally:
        lock.release()
    assert (process.returncode, err, state(db, "a")) == (0, "", State.DOWNLOADED)
    assert "downloaded" in out


def test_it_takes_over_from_a_daemon_that_was_killed(db: Path, listen: str, client: Simulator) -> None:
    fill(db, announcement("a"))
    client.behave("a", "ok")
    env = environment(db, listen=listen, api_url=client.url, **LOGIN)
    with (
        daemon(db, listen=listen) as (service, _),
        downloading(env, "a", "--wait", "15", "--json") as process,
    ):
        until(lambda: state(db, "a") is State.QUEUED)
        service.kill()
        out, _ = process.communicate(timeout=15)
    record = json.loads(out)
    assert (process.returncode, record["state"], record["order"]) == (0, "downloaded", "queued")


def test_one_that_cannot_take_over_says_so_with_exit_code_three(db: Path, listen: str) -> None:
    fill(db, announcement("a"))
    with (
        daemon(db, listen=listen) as (service, _),
        downloading(environment(db), "a", "--wait", "15") as process,
    ):
        until(lambda: state(db, "a") is State.QUEUED)
        service.kill()
        out, err = process.communicate(timeout=15)
    assert process.returncode == 3
    assert "Nobody serves the cache any more" in err
    assert "API_URL" in err
    assert "queued" in out


def test_a_daemon_is_told_that_only_a_short_lived_command_is_in_its_way(
    db: Path, listen: str, client: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("a"))
    client.behave("a", "silent")
    env = environment(db, listen=listen, api_url=client.url, **LOGIN)
    with downloading(env, "a") as process:
        until(lambda: len(client.store_calls("a")) == 1)
        assert run(["listen"]) == 2
        assert f"short-lived command (pid {process.pid})" in capsys.readouterr().err


@pytest.mark.parametrize(("wait", "least", "most"), [(None, 0.2, 12), (1.5, 1.5, 12)])
def test_silence_ends_it_only_where_no_time_was_given(
    db: Path, client: Simulator, wait: float | None, least: float, most: float
) -> None:
    fill(db, announcement("a"))
    client.behave("a", "silent")
    settings = Settings(
        db=db,
        listen=Address("127.0.0.1", 0),
        api_url=client.url,
        api_username=DEFAULT_LOGIN[0],
        api_password=Secret(DEFAULT_LOGIN[1]),
    )
    with CacheReader(db) as reader, ending_signals() as signals:
        orders = [order("a")]
        began = monotonic()
        assert Errand(settings, Watch(reader, orders), orders, wait, signals, no_news=0.2).run(reader) is None
        assert least <= monotonic() - began < most


def test_others_work_is_what_waits_in_the_inbox_or_moves_in_the_cache(db: Path) -> None:
    fill(db, announcement("a"))
    with CacheReader(db) as reader, Inbox(db) as inbox:
        others = Others(reader, inbox)
        assert (others.look(), others.under_way) == (True, False)
        assert (others.look(), others.under_way) == (False, False)
        inbox.leave([order("a")])
        assert (others.look(), others.under_way) == (True, True)
        inbox.done(["of-a"])
        fill(db, success("a"))
        assert (others.look(), others.under_way) == (True, False)
