"""Each command of a test has a cache, a home and an environment of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache that commands in this process use; it does not exist yet."""
    for name in list(os.environ):
        if name.startswith(("MEDIA_CONSOLE_", "XDG_")):
            monkeypatch.delenv(name)
    path = tmp_path / "media.db"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MEDIA_CONSOLE_DB", str(path))
    monkeypatch.setenv("MEDIA_CONSOLE_LISTEN", "127.0.0.1:0")
    return path
