from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from console import __version__
from console.cli.program import run
from tests.cli.world import announcement, command, environment, fill

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = ["demo", "listen", "simulate", "list", "show", "download"]


def test_the_version_is_the_package_s(db: Path) -> None:
    ended = subprocess.run(
        command("--version"), env=environment(db), capture_output=True, text=True, timeout=15
    )
    assert (ended.returncode, ended.stdout) == (0, f"media-console, version {__version__}\n")


def test_help_names_every_command_and_no_secret_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert "--api-url" in out
    assert "--api-password" not in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"Example: media-console {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["lst"],
        ["--nonsense"],
        ["list", "--limit", "-1"],
        ["list", "--limit", "9" * 20],
        ["show"],
        ["download", "a", "--wait", "nan"],
        ["download", "a", "--wait", "-1"],
        ["download", "a", "--wait", "inf"],
        ["simulate", "--every", "nan"],
        ["simulate", "--faults", "nan"],
    ],
)
def test_wrong_usage_is_exit_code_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Error: " in capsys.readouterr().err


def test_a_wrong_setting_is_one_line_and_exit_code_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIA_CONSOLE_WINDOW", "fortnight")
    assert run(["list"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("media-console: The setting WINDOW in MEDIA_CONSOLE_WINDOW is 'fortnight'. Give ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["show", "x\udcff"], ["download", "x\udcff"]])
def test_bytes_that_are_no_text_are_an_unknown_id(
    db: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("a"))
    assert run(arguments) == 1
    assert "knows no media x\ufffd" in capsys.readouterr().err
