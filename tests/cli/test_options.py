from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest

from console.cli.options import address, current_settings, settings_options
from console.cli.program import run
from console.config import SETTINGS, Address
from tests.cli.world import announcement, fill

if TYPE_CHECKING:
    from pathlib import Path


def invoke(*arguments: str) -> dict[str, object]:
    """The settings as a command of two levels sees them."""
    seen: dict[str, object] = {}

    @settings_options()
    @click.group()
    def top() -> None:
        """Nothing of its own."""

    @settings_options("window")
    @click.command()
    def inner() -> None:
        settings = current_settings(calls="9")
        seen.update(
            {name: getattr(settings, name) for name in ("window_ms", "mouse", "ascii", "calls", "listen")}
        )

    top.add_command(inner)
    with top.make_context("top", list(arguments)) as context:
        top.invoke(context)
    return seen


def test_flags_count_before_and_after_the_command_the_later_wins() -> None:
    seen = invoke("--window", "1d", "--no-mouse", "inner", "--ascii", "--window", "2d")
    assert seen == {
        "window_ms": 2 * 86_400_000,
        "mouse": False,
        "ascii": True,
        "calls": 9,
        "listen": Address("127.0.0.1", 0),
    }


def test_help_shows_the_flags_that_matter_to_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--window" in out
    assert "--tls-cert" not in out
    assert run(["list", "--tls-cert", "/x", "--tls-key", "/y"]) == 0


def test_every_setting_without_a_secret_has_its_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(setting.flag in out for setting in SETTINGS if setting.flag is not None)


def test_an_odd_variable_is_said_on_stderr_and_stops_nothing(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("a"))
    monkeypatch.setenv("MEDIA_CONSOLE_LISTN", "x")
    assert run(["list", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["id"] == "a"
    assert "Did you mean MEDIA_CONSOLE_LISTEN?" in err


def test_an_option_that_hides_a_setting_is_a_mistake() -> None:
    clashing = click.Command("x", params=[click.Option(["--db"])])
    with pytest.raises(ValueError, match="option of its own called db"):
        settings_options()(clashing)


def test_an_address_is_read_or_refused() -> None:
    option = click.Option(["--at"])
    context = click.Context(click.Command("x"))
    assert address(context, option, "[::1]:9090") == Address("::1", 9090)
    with pytest.raises(click.BadParameter, match="host:port"):
        address(context, option, "9090")
