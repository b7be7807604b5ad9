"""Downloading from the shell: against the simulated client, with and without a running service."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.reader import CacheReader
from console.cli.program import run
from console.clock import monotonic
from console.domain.media import MediaKey
from console.service.lock import ServiceLock
from console.simulator import Simulator
from console.simulator.simulator import DEFAULT_LOGIN
from tests.cli.world import announcement, command, daemon, environment, fill, free_port, success, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGIN = {"api_username": DEFAULT_LOGIN[0], "api_password": DEFAULT_LOGIN[1]}


@pytest.fixture
def client() -> Iterator[Simulator]:
    with Simulator(backoff=0.02) as running:
        yield running


def login(monkeypatch: pytest.MonkeyPatch, url: str, password: str = DEFAULT_LOGIN[1]) -> None:
    monkeypatch.setenv("MEDIA_CONSOLE_API_URL", url)
    monkeypatch.setenv("MEDIA_CONSOLE_API_USERNAME", DEFAULT_LOGIN[0])
    monkeypatch.setenv("MEDIA_CONSOLE_API_PASSWORD", password)


def error_of(reader: CacheReader, key: str) -> object:
    media = reader.run(queries.media(MediaKey(key)))
    return media.error.code if media is not None and media.error is not None else None


def states(out: str) -> dict[str, str]:
    return {record["id"]: record["state"] for record in map(json.loads, out.splitlines())}


@pytest.mark.parametrize(
    "arguments", [[], ["a", "--filter", "type:image"], ["--filter", ""], ["--filter", " "]]
)
def test_it_wants_either_ids_or_a_filter(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["download", *arguments]) == 2
    assert "either ids or a --filter" in capsys.readouterr().err


def test_an_id_that_the_cache_does_not_know_is_refused(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"), announcement(None))
    assert run(["download", "b"]) == 1
    assert "knows no media b" in capsys.readouterr().err
    assert run(["download", "message:wamid-None"]) == 1
    assert "no id that a request can carry" in capsys.readouterr().err


def test_a_filter_without_a_match_is_done(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"))
    assert run(["download", "--filter", "type:video"]) == 0
    assert "nothing to ask for" in capsys.readouterr().err


def test_a_filter_leaves_out_what_cannot_be_asked_for(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement(None))
    assert run(["download", "--filter", "type:image"]) == 0
    assert "Left out 1 without an id that a request can carry." in capsys.readouterr().err


def test_a_filter_asks_again_for_what_is_downloaded_only_by_name(
    db: Path, client: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("held"), announcement("wanted"), success("held"))
    for media_id in ("held", "wanted"):
        client.behave(media_id, "refused-1006-file")
    login(monkeypatch, client.url)
    assert run(["download", "--filter", "type:image", "--json"]) == 1
    out, err = capsys.readouterr()
    assert states(out) == {"wanted": "failed"}
    assert "Left out 1 downloaded already" in err
    assert run(["download", "--filter", "type:image -state:failed"]) == 0
    assert "There is nothing to ask for." in capsys.readouterr().err
    assert client.store_calls("held") == []
    assert run(["download", "--filter", "state:downloaded", "--json"]) == 1
    out, err = capsys.readouterr()
    assert (states(out), err) == ({"held": "failed"}, "")
    fill(db, announcement("named"), success("named"))
    client.behave("named", "refused-1006-file")
    assert run(["download", "named"]) == 1
    assert len(client.store_calls("named")) == 1, "an id is always asked for"


def test_without_a_service_and_an_api_nothing_is_left(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"))
    assert run(["download", "a"]) == 2
    assert "MEDIA_CONSOLE_API_URL" in capsys.readouterr().err
    with Inbox(db) as inbox:
        assert inbox.waiting(1) == []


def test_with_a_service_the_orders_are_left_or_waited_for(db: Path, client: Simulator) -> None:
    with daemon(db, api_url=client.url, **LOGIN) as (process, url):
        client.webhook_url = url
        ids = [
            asyncio.run(client.announce(undownloaded=True, behaviours=[word]))
            for word in ("ok", "failed-400")
        ]
        env = environment(db)

        def download(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                command("download", *arguments), env=env, capture_output=True, text=True, timeout=15
            )

        left = download(ids[0], "--json")
        record = json.loads(left.stdout)
        assert (left.returncode, record["id"]) == (0, ids[0])
        assert record["order"] in {"left", "queued"}
        assert left.stderr == f"media-console: Left 1 order with the service (pid {process.pid}).\n"
        waited = download(*ids, "--wait", "10", "--json")
        assert waited.returncode == 1
        assert states(waited.stdout) == {ids[0]: "downloaded", ids[1]: "failed"}
        process.terminate()
        assert process.wait(10) == 0


def test_without_a_service_it_runs_one_for_the_work(
    db: Path, client: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with daemon(db) as (_, url):
        client.webhook_url = url
        wanted = {
            word: asyncio.run(client.announce(undownloaded=True, behaviours=[word]))
            for word in ("ok", "refused-1006-path", "silent")
        }
    login(monkeypatch, client.url)
    monkeypatch.setenv("MEDIA_CONSOLE_LISTEN", url.removeprefix("http://").removesuffix("/webhook"))
    assert run(["download", "--filter", "state:undownloaded", "--wait", "1", "--json"]) == 1
    out, err = capsys.readouterr()
    assert states(out) == {
        wanted["ok"]: "downloaded",
        wanted["refused-1006-path"]: "failed",
        wanted["silent"]: "requested",
    }
    assert "Still under way: 1 of 3." in err
    assert run(["download", wanted["ok"], wanted["ok"]]) == 0, "an id given twice is asked for once"
    assert capsys.readouterr().out.count(wanted["ok"]) == 1
    assert db.with_name("media.db.log").exists()
    assert DEFAULT_LOGIN[1] not in db.with_name("media.db.log").read_text()


@pytest.mark.parametrize("fault", ["unreachable", "login"])
def test_an_api_that_cannot_be_asked_is_exit_code_three(
    db: Path,
    client: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: str,
) -> None:
    fill(db, announcement("a"))
    if fault == "login":
        login(monkeypatch, client.url, "wrong-canary")
    else:
        login(monkeypatch, "http://127.0.0.1:1")
    assert run(["download", "a", "--json"]) == 3
    out, err = capsys.readouterr()
    assert states(out) == {"a": "queued"}
    assert ("login" if fault == "login" else "cannot be reached") in err
    assert "wrong-canary" not in out + err


@pytest.mark.slow
def test_a_wait_goes_on_while_the_api_cannot_be_reached(db: Path) -> None:
    fill(db, announcement("a"))
    port, listen = free_port(), f"127.0.0.1:{free_port()}"
    env = environment(db, listen=listen, api_url=f"http://127.0.0.1:{port}", **LOGIN)
    process = subprocess.Popen(
        command("download", "a", "--wait", "15", "--json"), env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        with CacheReader(db) as reader:
            until(lambda: error_of(reader, "a") == "unreachable")
        with Simulator(port=port, backoff=0.02, webhook_url=f"http://{listen}/webhook") as client:
            client.behave("a", "ok")
            out, _ = process.communicate(timeout=15)
        assert (process.returncode, states(out)) == (0, {"a": "downloaded"})
    finally:
        process.kill()
        process.wait()


def test_a_wait_for_an_api_that_never_comes_is_kept_and_is_exit_code_three(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("a"))
    login(monkeypatch, "http://127.0.0.1:1")
    began = monotonic()
    assert run(["download", "a", "--wait", "1.5"]) == 3
    assert monotonic() - began >= 1.5
    assert "Still trying." in capsys.readouterr().err


@pytest.mark.slow
def test_an_open_call_prolongs_a_wait_by_little(
    db: Path, client: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("a"))
    client.behave("a", "hang")
    login(monkeypatch, client.url)
    began = monotonic()
    assert run(["download", "a", "--wait", "1", "--json"]) == 0
    assert 1 <= monotonic() - began < 8, "the call itself is given 30 seconds"
    out, err = capsys.readouterr()
    assert states(out) == {"a": "queued"}
    assert "Still under way: 1 of 1." in err


def test_left_orders_are_printed_as_the_cache_has_them(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"), announcement("b"), announcement(None))
    lock = ServiceLock(db)
    try:
        assert run(["download", "a", "b", "message:wamid-None", "--json"]) == 1
        records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [(one["key"], one["state"], one["order"]) for one in records] == [
            ("a", "undownloaded", "left"),
            ("b", "undownloaded", "left"),
            ("message:wamid-None", "undownloaded", "not_retrievable"),
        ]
        assert run(["download", "a"]) == 0
        left = capsys.readouterr().out
        assert [("undownloaded" in line, " a " in line) for line in left.splitlines()[1:]] == [(True, True)]
        assert run(["download", "a", "--wait", "0"]) == 0
        assert capsys.readouterr().out == left
    finally:
        lock.release()


def test_an_interrupted_wait_leaves_the_order_queued(db: Path, client: Simulator) -> None:
    fill(db, announcement("a"))
    client.behave("a", "silent")
    process = subprocess.Popen(
        command("download", "a"),
        env=environment(db, api_url=client.url, **LOGIN),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not client.store_calls("a"):
            assert process.poll() is None
        process.terminate()
        assert process.wait(10) == 128 + 15
    finally:
        process.kill()
        process.wait()
