"""Where the cache and its companions lie, and how such a file comes to be: private from its first byte."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.cache.permissions import check_database, check_file, protect

if TYPE_CHECKING:
    from collections.abc import Callable

_SIDES: Final = ("-journal", "-wal", "-shm", "")
"""What there may be of a draft; the draft itself is removed last, so that what is left can be found."""


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


def log_path(db: Path) -> Path:
    """The log file of a cache."""
    return _beside(db, ".log")


def check_cache(db: Path) -> None:
    """Refuses a cache if others can get at any of its files, before something is made of it or beside it.

    Raises:
        FixSetting: they can; with the command that mends it.
    """
    check_database(db.resolve())
    check_database(inbox_path(db))
    check_file(lock_path(db))
    check_file(log_path(db))


def make_folder(folder: Path) -> None:
    """Creates a folder and those above it, 0700 or for the group; one that is there stays as it is.

    Raises:
        OSError: it cannot be created.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            protect(handle, folder.parent)
        finally:
            os.close(handle)


def create_private(path: Path, build: Callable[[Path], None] = lambda _: None) -> None:
    """Makes a file, 0600 or for the group, under another name and gives it its own when it is whole.

    A kill at any moment leaves either no file of that name or a complete one. Where another
    process was quicker, its file stays.

    Args:
        build: fills the empty file it is given and closes it.

    Raises:
        OSError: the folder or the file cannot be written.
    """
    make_folder(path.parent)
    while not _published(path, build):
        pass  # `sweep_drafts` of another process took the draft away
    _sync(path.parent)


def sweep_drafts(db: Path) -> None:
    """Removes what a kill left of files of this cache that were being made; what cannot be removed stays.

    One that is still being made is left alone: its maker holds a lock on it.
    """
    place = db.resolve()
    draft = re.compile(rf"(\.{re.escape(place.name)}(\..+)?\.[a-z0-9_]{{8}}\.new)(-journal|-wal|-shm)?")
    with suppress(OSError):
        for name in {found[1] for name in os.listdir(place.parent) if (found := draft.fullmatch(name))}:
            with suppress(OSError):
                if not _in_the_making(place.with_name(name)):
                    _remove(place.with_name(name))


def _published(path: Path, build: Callable[[Path], None]) -> bool:
    """Makes the file; False if a sweep took its draft away, in the instants when it is not locked."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    draft = Path(name)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not os.fstat(handle).st_nlink:
                return False
            protect(handle, path.parent)
            build(draft)
            _sync(draft)
        finally:
            os.close(handle)  # while it has no other name: closing one drops SQLite's locks on the file
        os.link(draft, path)
    except FileExistsError:
        pass
    except FileNotFoundError:
        if draft.exists() or not path.parent.is_dir():
            raise
        return False
    finally:
        _remove(draft)
    return True


def _in_the_making(draft: Path) -> bool:
    try:
        found = draft.lstat()
    except FileNotFoundError:
        return False
    if found.st_nlink > 1 or not stat.S_ISREG(found.st_mode):
        return False  # not to be opened: with a second name it is a cache, and may be in use
    handle = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _remove(draft: Path) -> None:
    for side in _SIDES:
        Path(f"{draft}{side}").unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
