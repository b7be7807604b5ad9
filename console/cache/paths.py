"""Where the cache and its companions lie, and how such a file comes to be: private from its first byte."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def inbox_path(db: Path) -> Path:
    """The file of waiting orders beside a cache."""
    return _beside(db, ".inbox")


def lock_path(db: Path) -> Path:
    """The file whose `flock` says that a service runs on this cache."""
    return _beside(db, ".lock")


def wal_path(db: Path) -> Path:
    """SQLite's write-ahead log of a cache."""
    return _beside(db, "-wal")


def _beside(db: Path, ending: str) -> Path:
    """A companion of the file itself: who comes by a symbolic link must find the same ones."""
    place = db.resolve()
    return place.with_name(place.name + ending)


def make_folder(folder: Path) -> None:
    """Creates a folder and those above it, 0700; one that is there stays as it is.

    Raises:
        OSError: it cannot be created.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def create_private(path: Path, build: Callable[[Path], None]) -> None:
    """Makes a database file, 0600, under another name and gives it its own when it is whole.

    A kill at any moment leaves either no file of that name or a complete one. Where another
    process was quicker, its file stays.

    Args:
        build: fills the empty file it is given and closes it.

    Raises:
        OSError: the folder or the file cannot be written.
    """
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        draft.chmod(0o600)
        build(draft)
        _sync(draft)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        for part in ("", "-journal", "-wal", "-shm"):
            Path(f"{draft}{part}").unlink(missing_ok=True)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
