"""The last words: readable, with the traceback, without the values that must not be shown."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.cli.world import environment

if TYPE_CHECKING:
    from pathlib import Path

CRASH = """
import sys
from console.cli.crash import report_crash
sys.excepthook = report_crash
raise RuntimeError("hunter2-canary of 16315551234 at http://u:p@x\\n\\x1b]0;title\\x07")
"""


def test_a_crash_is_told_with_its_traceback_masked_and_tame(db: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CRASH],
        env=environment(db, webhook_token="hunter2-canary"),
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("media-console: A fault of the program ended it (RuntimeError).")
    assert "Traceback (most recent call last)" in ended.stderr
    assert "RuntimeError: •••• of ••••1234 at http://••••@x" in ended.stderr
    assert all(line.isprintable() for line in ended.stderr.splitlines())
