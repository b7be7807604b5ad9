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


LOGGED = """
import sys
from pathlib import Path
from console import log
from console.cli.crash import crash_logged, report_crash
sys.excepthook = report_crash
path = Path(sys.argv[1])
with log.to_file(path, ()), crash_logged(path):
    raise RuntimeError("canary")
"""


def test_where_there_is_a_log_the_traceback_is_in_it_alone(db: Path) -> None:
    path = db.with_name("media.db.log")
    ended = subprocess.run(
        [sys.executable, "-c", LOGGED, str(path)],
        env=environment(db),
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "media-console: A fault of the program ended it (RuntimeError). "
        f"Please report it with the traceback from the log, {path}.\n"
    )
    assert "RuntimeError: canary" in path.read_text()


def test_no_core_file_is_written_whatever_the_limit_was() -> None:
    script = "import resource; from console.cli.crash import no_core_file; no_core_file(); "
    told = "print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    ended = subprocess.run([sys.executable, "-c", script + told], capture_output=True, text=True, timeout=15)
    assert ended.stdout == "0\n"
