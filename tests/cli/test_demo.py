from __future__ import annotations

import re
from typing import TYPE_CHECKING

from console.cli.program import run
from tests.cli.terminal import terminal
from tests.cli.world import environment

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_it_shows_media_that_can_be_asked_for_and_leaves_nothing_behind(tmp_path: Path, db: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    env = environment(db) | {"TMPDIR": str(temporary), "HOME": "/nonexistent"}
    del env["MEDIA_CONSOLE_DB"]
    with terminal(["demo"], env) as screen:
        lines = screen.until(lambda lines: any("help" in line for line in lines) and "connected" in lines[0])
        counted = re.search(r"(\d+) of \1", "\n".join(lines))
        assert counted is not None
        assert int(counted[1]) > 150
        assert list(temporary.iterdir())
        screen.press("d")
        screen.until_text("requested")
        screen.press("Q")
        assert screen.end() == 0
    assert list(temporary.iterdir()) == []
    assert not db.exists()


def test_without_a_terminal_nothing_is_started(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo"]) == 2
    assert "needs a terminal" in capsys.readouterr().err
