"""A damaged cache set aside, and a recovered one put in its place; no kill in between loses either.

The damaged file and its companions get second names first. Then its write-ahead log loses its own name,
for SQLite would take it for that of the new file, and then the new file gets the name.
"""

from __future__ import annotations

import os
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from console.cache.paths import create_private
from console.cache.traces import set_aside
from console.cache.trouble import CacheRefused
from console.domain.retention import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.domain.media import Millis

_COMPANIONS: Final = ("-wal", "-shm")


def undo_half(db: Path) -> None:
    """Gives a damaged cache its companions back, where a kill came between that and the new file.

    To be called under the service's lock, before the cache is opened: without its log it may look sound.

    Raises:
        CacheRefused: they cannot be given back.
    """
    place = db.resolve()
    try:
        for aside in set_aside(db):
            if place.exists() and not aside.name.endswith(_COMPANIONS) and aside.samefile(place):
                _give_back(aside, place)
    except OSError as error:
        raise CacheRefused(
            f"The cache {db} lost its log to a recovery that was killed, and cannot get it back: {error}.",
            "Check that the folder may be written, and has room.",
        ) from error


def _give_back(aside: Path, place: Path) -> None:
    for ending in _COMPANIONS:
        kept, own = _with(aside, ending), _with(place, ending)
        if kept.exists():
            if not own.exists():
                os.link(kept, own)
            if not own.samefile(kept):
                return  # somebody has opened the cache without it: nobody can tell what it is worth now
            kept.unlink()
    aside.unlink()


def replace_damaged(db: Path, build: Callable[[Path], None], now: Millis) -> Path:
    """Builds a new cache and puts it in the place of the damaged one; where that lies now.

    Args:
        build: fills the empty, private file that it is given.

    Raises:
        OSError: a file cannot be written; the damaged cache has its own name.
    """
    place = db.resolve()
    new = place.with_name(place.name + ".recovered")
    new.unlink(missing_ok=True)
    create_private(new, build)
    aside = _free_name(place, now)
    for ending in ("", *_COMPANIONS):
        if _with(place, ending).exists():
            os.link(_with(place, ending), _with(aside, ending))
    _sync(place.parent)
    for ending in _COMPANIONS:
        _with(place, ending).unlink(missing_ok=True)
    new.replace(place)
    _sync(place.parent)
    return aside


def _free_name(place: Path, now: Millis) -> Path:
    first = f"{place.name}.damaged-{rfc3339(now)[:10]}"
    names = map(place.with_name, chain((first,), (f"{first}.{number}" for number in count(2))))
    return next(name for name in names if not any(_with(name, e).exists() for e in ("", *_COMPANIONS)))


def _with(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
