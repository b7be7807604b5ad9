"""The two ways into the program."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import console.cli
from console.cli.output import Exit
from console.clock import monotonic
from console.service.lock import holder
from tests.cli.world import announcement, command, environment, fill

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


ENCODINGS = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "cp1252"},
    {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
]


@pytest.mark.parametrize("said", ENCODINGS, ids=lambda said: "-".join(said.values()))
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["list"], 0),
        (["show", "a"], 0),
        (["show", "図"], 1),
        (["--help"], 0),
        (["list", "--filter", "state:…"], 2),
    ],
)
def test_letters_that_the_encoding_lacks_are_replaced(
    db: Path, said: dict[str, str], arguments: list[str], code: int
) -> None:
    fill(db, announcement("a", sender_name="日本 ✓", caption="née …"))
    ended = subprocess.run(
        command(*arguments), env=environment(db) | said, capture_output=True, timeout=15, check=False
    )
    assert (ended.returncode, b"Traceback" in ended.stderr) == (code, False)
    assert ended.stderr if code else ended.stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("list >&-", 0),
        ("list >&- 2>&- <&-", 0),
        ("--version >&- 2>&-", 0),
        ("show b 2>&-", 1),
        ("--version >/dev/full", 1),
        ("list --help >/dev/full", 1),
        ("list >/dev/full", 1),
        ("nonsense 2>/dev/full", 2),
        ("show b 2>/dev/full", 1),
    ],
)
def test_streams_that_take_nothing_end_it_with_its_code(
    db: Path, line: str, code: int, unbuffered: str
) -> None:
    fill(db, announcement("a"))
    ended = subprocess.run(
        f"{shlex.join(command())} {line}",
        shell=True,
        env=environment(db) | {"PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
        text=True,
        timeout=15,
        check=False,
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False)
    if line.endswith(">/dev/full") and code == Exit.FAILED and "2>" not in line:
        assert ended.stderr == "media-console: The result could not be written: No space left on device.\n"


def test_a_daemon_without_streams_ends_in_order(db: Path) -> None:
    process = subprocess.Popen(
        f"exec {shlex.join(command('listen'))} >&- 2>&- <&-", shell=True, env=environment(db)
    )
    try:
        deadline = monotonic() + 10
        while holder(db) is None or not db.exists():
            assert process.poll() is None
            assert monotonic() < deadline
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
