"""The screen as a process on a terminal; what it shows in detail is tested in `tests/ui`."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from console.cli.program import run
from tests.cli.terminal import terminal
from tests.cli.world import announcement, command, daemon, environment, fill

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_terminal_the_plain_commands_are_named(db: Path) -> None:
    ended = subprocess.run(
        command(), env=environment(db), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=15
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert all(word in ended.stderr for word in ("needs a terminal", "list", "show", "download", "listen"))
    assert not db.exists()


def test_it_hosts_the_service_where_nobody_does(db: Path) -> None:
    fill(db, announcement("a", filename="rechnung.pdf"))
    with terminal([], environment(db)) as screen:
        screen.until_text("rechnung.pdf")
        screen.until_text("listening")
        screen.press("Q")
        assert screen.end() == 0
    assert db.with_name("media.db.log").exists()


def test_it_views_where_a_daemon_runs_and_leaves_that_alone(db: Path) -> None:
    fill(db, announcement("a", filename="rechnung.pdf"))
    with daemon(db) as (process, _), terminal([], environment(db)) as screen:
        screen.until_text("rechnung.pdf")
        screen.until_text(f"{process.pid}")
        screen.press("Q")
        assert screen.end() == 0
        assert process.poll() is None
    (line,) = db.with_name("media.db.log").read_text().splitlines()
    assert f" INFO console.service.hosting: the service does not run: The cache {db} is served by" in line


def test_the_signal_that_ended_it_is_in_its_log(db: Path) -> None:
    fill(db, announcement("a", filename="rechnung.pdf"))
    with terminal([], environment(db)) as screen:
        screen.until_text("listening")
        os.kill(screen.pid, signal.SIGHUP)
        assert screen.end() == 128 + signal.SIGHUP
    assert "the console was ended by SIGHUP\n" in db.with_name("media.db.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.slow
def test_a_viewer_serves_when_the_daemon_has_ended(db: Path, number: signal.Signals) -> None:
    fill(db, announcement("a", filename="rechnung.pdf"))
    with daemon(db) as (process, _), terminal([], environment(db), columns=120) as screen:
        screen.until_text(f"viewing (pid {process.pid})")
        process.send_signal(number)
        process.wait()
        ended = time.monotonic()
        screen.until_text(f"The service of pid {process.pid} has ended; this console runs it now.")
        assert time.monotonic() - ended < 5
        screen.until_text("listening :")
        screen.press("Q")
        assert screen.end() == 0


def test_a_screen_that_would_be_drawn_into_a_file_is_refused(db: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "err.txt"
    script = f"{shlex.join(command())} 2>{drawn}; echo ended with $?"
    with terminal(["-c", script], environment(db), program="/bin/sh") as screen:
        screen.until_text("ended with 2")
    assert "stderr" in drawn.read_text()
    assert "\x1b" not in drawn.read_text()
    assert not db.exists()


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("THEME", "pink", "It is set in MEDIA_CONSOLE_THEME. Choose one of: dark"),
        ("KEYS", "downlod=g", "(downlod in MEDIA_CONSOLE_KEYS)"),
        ("KEYS", "download=q", "(download in MEDIA_CONSOLE_KEYS)"),
        ("LISTEN", "8085", "LISTEN in MEDIA_CONSOLE_LISTEN"),
        ("API_CA", "/absent.pem", "API_CA in MEDIA_CONSOLE_API_CA names /absent.pem"),
    ],
)
def test_a_wrong_setting_is_refused_before_the_screen_opens(
    db: Path, setting: str, value: str, told: str
) -> None:
    with terminal([], environment(db) | {f"MEDIA_CONSOLE_{setting}": value}, columns=300) as screen:
        screen.until_text(told)
        assert screen.end() == 2
    assert not db.exists()


def test_a_terminal_that_cannot_be_drawn_on_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert run([]) == 2
    assert "media-console list" in capsys.readouterr().err
