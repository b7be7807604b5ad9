"""Where the benchmarks run: caches, an environment of their own, the programs that are measured."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from console.cache.paths import wal_path
from tests.benchmarks.filling import filled
from tests.cli.world import command, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EMPTY_APP = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("first picture")
Empty().run()
"""


class Places(NamedTuple):
    """What all parts share.

    `caches` is where filled caches are kept from one run to the next, `scratch` an empty folder.
    """

    caches: Path
    scratch: Path
    sizes: Sequence[int]
    large: int
    """Rows that come in large webhooks."""
    runs: int
    idle: float
    """Seconds for which a screen is watched at rest."""

    def cache(self, rows: int) -> Path:
        """A filled cache that nobody writes to."""
        return filled(self.caches, rows)

    def copy(self, rows: int, name: str) -> Path:
        """A copy of one that may be written to: on the disk before anything is measured, ended in order."""
        path = self.scratch / f"{name}.db"
        shutil.copyfile(self.cache(rows), path)
        path.chmod(0o600)
        with path.open("rb") as copied:
            os.fsync(copied.fileno())
        wal_path(path).touch(0o600)
        return path

    def env(self, db: Path) -> dict[str, str]:
        """An environment in which a command works on that cache, without any other settings.

        Like an installed program it finds its modules compiled; here they are at its first start.
        """
        env = environment(db) | {"HOME": str(self.scratch)}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        return env


def console(*arguments: str) -> list[str]:
    """The command line of the console."""
    return command(*arguments)


def empty_app() -> list[str]:
    """The command line of an app that shows `first picture` and nothing else."""
    return [sys.executable, "-c", EMPTY_APP]


@contextmanager
def serving(arguments: Sequence[str], env: dict[str, str], log: Path) -> Iterator[str]:
    """A server that runs during the block and says its URL on stderr; its host and port.

    Raises:
        ChildProcessError: it ended instead.
    """
    with log.open("wb") as told:
        process = subprocess.Popen(arguments, env=env, stderr=told, stdout=subprocess.DEVNULL)
    try:
        while (found := re.search(r"https?://([\d.]+:\d+)", log.read_text())) is None:
            if process.poll() is not None:
                raise ChildProcessError(log.read_text())
            time.sleep(0.02)
        yield found[1]
    finally:
        process.terminate()
        process.wait(30)


def label(rows: int) -> str:
    """A number of rows in words."""
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if rows >= unit and rows % unit == 0:
            return f"{rows // unit} {name}"
    return str(rows)
