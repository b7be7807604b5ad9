from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

from console.cli.program import run
from tests.cli.world import environment, running

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_answers_until_sigterm(db: Path) -> None:
    arguments = ["simulate", "--at", "127.0.0.1:0", "--webhook-url", "http://127.0.0.1:1/webhook"]
    with running(arguments, environment(db), r"listens on (http://\S+)") as (process, url):
        with urllib.request.urlopen(f"{url}/simulator", timeout=5) as answer:
            assert json.load(answer)
        process.terminate()
        assert process.wait(10) == 0


def test_a_wrong_address_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "--at", "here"]) == 2
    assert "'here' is none. Give host:port" in capsys.readouterr().err
