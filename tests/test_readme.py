"""What the README says, held against what the program does."""

from __future__ import annotations

import re
import shlex
import tomllib
from typing import TYPE_CHECKING

import click
import pytest

from console.cache.records import media_record
from console.cli.program import program
from console.config import load
from console.domain.filters import parse
from console.domain.media import Media, MediaKey, Millis, State
from console.domain.retention import DEFAULT_WINDOW_MS
from console.ui.commands import key_map
from console.ui.theme import THEMES
from tests import readme

if TYPE_CHECKING:
    from pathlib import Path

ROOT = readme.README.parent
TEXT = readme.README.read_text(encoding="utf-8")


def test_its_tables_follow_from_the_data() -> None:
    assert readme.written(TEXT) == TEXT, "run: .venv/bin/python -m tests.readme"


@pytest.mark.parametrize("heading", ["Try it", "Run the tests"])
def test_one_line_sets_it_up(heading: str) -> None:
    assert len(readme.block_under(heading, TEXT)) == 1


def test_every_picture_and_file_that_it_links_to_exists() -> None:
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", TEXT) if "://" not in target]
    assert any(target.startswith("screenshots/") for target in targets)
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_variable_that_it_names_exists() -> None:
    assert set(re.findall(r"MEDIA_CONSOLE_[A-Z_]*[A-Z]", TEXT)) <= readme.variables()


def test_every_command_stands_in_it() -> None:
    commands = program.list_commands(click.Context(program))
    assert commands
    assert [name for name in commands if f"media-console {name}" not in TEXT] == []


def command_lines() -> list[str]:
    """Every command line of ours in its blocks."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", TEXT, re.DOTALL | re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("media-console ")]


@pytest.mark.parametrize("line", command_lines())
def test_every_command_line_in_it_is_understood(line: str) -> None:
    _, name, *arguments = shlex.split(line.partition(" | ")[0])
    context = click.Context(program)
    command = program.get_command(context, name)
    assert command is not None
    command.make_context(name, arguments, parent=context).close()


def test_its_settings_file_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    path = tmp_path / "config.toml"
    path.write_text(block, encoding="utf-8")
    path.chmod(0o600)
    settings = load({"config": str(path), "db": str(tmp_path / "media.db")}, {})
    assert settings.calls == 8
    assert key_map(settings.keys)["download"] == ("g", "d")


def test_its_themes_are_those_of_the_screen() -> None:
    line = next(line for line in TEXT.splitlines() if line.startswith("Themes: "))
    assert re.findall(r"`([a-z-]+)`", line) == list(THEMES)


def test_its_states_are_those_of_the_domain() -> None:
    section = TEXT.partition("\n### States\n")[2].partition("\n###")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [state.value for state in State]


def test_every_word_of_the_filter_in_it_reads() -> None:
    section = TEXT.partition("\n### Filter\n")[2].partition("\n## ")[0]
    words = [
        word
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for word in re.findall(r"`(.+?)`", row)
    ]
    assert len(words) > 7
    assert all(parse(word).terms for word in words)


def test_the_keys_of_json_are_all_named() -> None:
    record = media_record(Media(key=MediaKey("a")), DEFAULT_WINDOW_MS, Millis(0))
    named = re.search(r"^`(key id type [^`]*)`", TEXT, re.MULTILINE)
    assert named is not None
    assert re.sub(r"\{.*?\}", "", named[1]).split() == list(record)


def test_why_each_dependency_is_there_is_said() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.match(r"[a-z0-9-]+", wish) for wish in project["dependencies"]]
    said = TEXT.partition("\n## Built with\n")[2]
    assert [name[0] for name in names if name is not None and f"**{name[0]}**" not in said] == []
