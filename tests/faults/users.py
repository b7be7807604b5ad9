"""Several users of one machine. Only root can play them; for anybody else each of them is that user alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

import console

if TYPE_CHECKING:
    from collections.abc import Iterator

_BECOME: Final = """
import os, sys
python, path, uid, groups, umask, *line = sys.argv[1:]
os.umask(int(umask, 8))
if uid:
    os.environ["PYTHONPATH"] = path
    os.setgroups([int(group) for group in groups.split()])
    os.setgid(int(uid))
    os.setuid(int(uid))
os.execv(python, [python, *line])
"""
_PATH: Final = os.pathsep.join(str(Path(str(package.__file__)).parents[1]) for package in (console, msgspec))
_IMPORTS: Final = "import console.cli.program, textual, uvicorn, httpx"


class User(NamedTuple):
    """A user of the machine; without a number it is whoever runs the tests."""

    uid: int | None
    groups: tuple[int, ...] = ()
    python: str = sys.executable

    def line(self, *arguments: str, umask: int = 0o022) -> list[str]:
        """The arguments after the interpreter's that run a Python line as this user."""
        uid = "" if self.uid is None else str(self.uid)
        become = ["-c", _BECOME, self.python, _PATH, uid, " ".join(map(str, self.groups)), f"{umask:o}"]
        return [*become, *arguments]

    def console(self, *arguments: str, umask: int = 0o022) -> list[str]:
        """Those that run the console."""
        return self.line("-m", "console", *arguments, umask=umask)

    def run(self, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of the console to its end."""
        line = [sys.executable, *self.console(*arguments)]
        return subprocess.run(
            line, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=15
        )


class Box(NamedTuple):
    """A folder that every user may enter, two users in a group, and one who is not."""

    folder: Path
    group: int
    owner: User
    member: User
    stranger: User | None
    """None where the tests may not become another user."""

    @property
    def db(self) -> Path:
        """A cache in a folder that is still to be made."""
        return self.folder / "cache" / "media.db"


@contextmanager
def box() -> Iterator[Box]:
    """A place on the disk for several users."""
    python = _interpreter_of_all()
    with tempfile.TemporaryDirectory(prefix="media-console-users-") as name:
        folder, group = Path(name), 61010
        if python is None:
            yield Box(folder, os.getegid(), User(None), User(None), None)
        else:
            os.chown(folder, 61001, 61001)
            folder.chmod(0o755)
            owner, member = User(61001, (group,), python), User(61002, (group,), python)
            yield Box(folder, group, owner, member, User(61003, (), python))


@cache
def _interpreter_of_all() -> str | None:
    """A Python that other users can run too, with all that the console needs; None if this is not root."""
    if os.geteuid() != 0:
        return None
    for python in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin") or sys.executable):
        line = [sys.executable, *User(61001, (), python).line("-c", _IMPORTS)]
        if subprocess.run(line, capture_output=True, timeout=15).returncode == 0:
            return python
    return None
