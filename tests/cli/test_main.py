"""The two ways into the program."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import console.cli

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def arguments() -> Iterator[list[str]]:
    before, sys.argv = sys.argv, ["media-console"]
    yield sys.argv
    sys.argv = before


def test_main_ends_with_the_command_s_code(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments += ["show", "x"]
    with pytest.raises(SystemExit) as end:
        console.cli.main()
    assert end.value.code == 1


def test_the_installed_command_is_main() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"media-console": "console.cli:main"}
