"""What a start really imports: the plain commands pay for neither a screen nor a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.terminal import terminal
from tests.cli.world import environment

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"textual", "rich", "uvicorn", "starlette", "httpx", "httpcore", "console.ui", "console.service"}

RUN = """
import json, sys
from console.cli.program import run
code = run(json.loads(sys.argv[1]))
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def modules_of(arguments: list[str], tmp_path: Path) -> set[str]:
    """The modules that a command has imported by its end; it must succeed."""
    ended = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(arguments)],
        capture_output=True,
        text=True,
        timeout=15,
        env={**os.environ, "MEDIA_CONSOLE_DB": str(tmp_path / "media.db"), "HOME": str(tmp_path)},
    )
    code, modules = json.loads(ended.stderr.splitlines()[-1])
    assert code == 0, ended.stderr
    return set(modules)


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["list"], ["list", "--json", "--filter", "type:image"]],
    ids=" ".join,
)
def test_a_plain_command_imports_no_screen_and_no_server(arguments: list[str], tmp_path: Path) -> None:
    assert not modules_of(arguments, tmp_path) & HEAVY


@pytest.mark.parametrize("command", ["list", "show", "download", "listen", "simulate"])
def test_no_command_but_the_screen_imports_textual(command: str, tmp_path: Path) -> None:
    assert not modules_of([command, "--help"], tmp_path) & {"textual", "console.ui.app"}


def test_the_version_needs_no_cache_and_no_settings(tmp_path: Path) -> None:
    modules = modules_of(["--version"], tmp_path)
    assert not modules & {"sqlite3", "asyncio", "platformdirs", "tomllib", "console.cache"}


SERVICE = tuple(
    f"{name}."
    for name in (
        *("uvicorn", "starlette", "httpx", "httpcore", "uvloop", "h11", "httptools", "anyio"),
        *("console.listener", "console.platforms", "console.service.core", "console.cache.writer"),
    )
)

STARTS = """
import sys, threading
told = open(sys.argv.pop(), "w")
def hear(event, arguments):
    if event == "import":
        print(threading.current_thread().name, arguments[0], file=told, flush=True)
sys.addaudithook(hear)
from console.cli import main
main()
"""


def test_what_only_the_service_needs_is_imported_in_its_thread(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    env = environment(tmp_path / "media.db")
    with terminal(["-c", STARTS, str(heard)], env, program=sys.executable) as screen:
        screen.until_text("listening")
    imported: dict[str, set[str]] = {}
    for line in heard.read_text().splitlines():
        thread, _, name = line.rpartition(" ")
        imported.setdefault(thread, set()).add(name)
    assert {"uvicorn", "console.service.core"} <= imported["service"]
    by_screen = imported["MainThread"]
    assert {"textual", "console.ui.screens.main"} <= by_screen
    assert [name for name in by_screen if f"{name}.".startswith(SERVICE)] == []
