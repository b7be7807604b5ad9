from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from console.domain.exceptions import FixSetting
from console.simulator import Simulator
from console.simulator.run import run_simulator
from tests.simulator.hook import Hook, until


async def test_it_runs_until_it_is_stopped() -> None:
    said: list[str] = []
    stop = threading.Event()
    with Hook() as hook:
        thread = threading.Thread(
            target=run_simulator,
            kwargs={"tell": said.append, "port": 0, "webhook_url": hook.url, "every": 0.01, "stop": stop},
        )
        thread.start()
        await until(lambda: len(hook.bodies) > 2)
        url = said[0].split(" on ")[1].split(" ")[0]
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"{url}/simulator")).json()["media"] > 0
        stop.set()
        thread.join(5)
    assert not thread.is_alive()
    assert hook.url in said[1]


def test_the_password_is_never_told() -> None:
    said: list[str] = []
    stop = threading.Event()
    stop.set()
    run_simulator(tell=said.append, port=0, password="Canary-1234", stop=stop)
    assert len(said) == 3
    assert "Canary" not in "".join(said)
    assert "go nowhere" in said[1]


def test_a_port_in_use_is_refused_in_words() -> None:
    said: list[str] = []
    with Simulator() as other, pytest.raises(FixSetting, match="cannot listen"):
        run_simulator(tell=said.append, port=int(other.url.rsplit(":", 1)[1]))


def test_ctrl_c_ends_it() -> None:
    call = "run_simulator(tell=lambda line: print(line, flush=True), port=0)"
    code = f"from console.simulator.run import run_simulator; {call}"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        assert "listens on" in child.stdout.readline()
        child.stdout.readline()
        child.stdout.readline()
        os.kill(child.pid, signal.SIGINT)
        assert child.stdout.read() == "Stopped.\n"
    assert child.returncode == 0
