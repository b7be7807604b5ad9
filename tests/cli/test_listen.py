from __future__ import annotations

import json
import signal
import socket
import subprocess
import urllib.error
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.cli.program import run
from tests.cli.world import announcement, command, daemon, environment, post

if TYPE_CHECKING:
    from pathlib import Path


def test_it_takes_webhooks_and_ends_in_order_at_sigterm(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with daemon(db) as (process, url):
        assert post(url, announcement("a")) == 200
        assert run(["list", "--json"]) == 0
        assert '"id":"a"' in capsys.readouterr().out
        process.send_signal(signal.SIGHUP)  # its terminal went away
        assert post(url, announcement("b")) == 200
        process.terminate()
        assert process.wait(10) == 0


def test_ctrl_c_ends_it_too(db: Path) -> None:
    with daemon(db) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_second_one_on_the_same_cache_is_refused(db: Path) -> None:
    with daemon(db) as (process, _):
        second = subprocess.run(
            command("listen"), env=environment(db), capture_output=True, text=True, timeout=15
        )
        assert second.returncode == 2
        assert f"is served by pid {process.pid} already" in second.stderr
        assert second.stderr.count("\n") == 1, "it is said once"


def test_a_port_in_use_is_refused_before_anything_is_made(db: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as holder:
        port = holder.getsockname()[1]
        ended = subprocess.run(
            command("listen", "--listen", f"127.0.0.1:{port}"),
            env=environment(db),
            capture_output=True,
            text=True,
            timeout=15,
        )
    assert ended.returncode == 2
    assert f"127.0.0.1:{port} is held by pid" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not db.exists()


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_wrong_setting_is_refused_with_its_source(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    flag = ["--listen", "nowhere"]
    assert run([*flag, "listen"] if place == "before" else ["listen", *flag]) == 2
    assert "The setting LISTEN on --listen is 'nowhere'." in capsys.readouterr().err


def test_the_limit_of_a_body_is_a_setting(db: Path) -> None:
    with daemon(db, body_limit="1kB") as (_, url):
        assert post(url, announcement("a", caption="c" * 100)) == 200
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(url, announcement("b", caption="c" * 1000))
        with refused.value as answer:
            assert (answer.code, json.loads(answer.read())["error"]["reason"]) == (413, "too-large")
