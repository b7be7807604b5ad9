"""The copy of a cache that is kept beside it before it is brought up to date.

Its name tells the version and the day: `media.db.v2-2026-11-22`. Nothing removes it by itself.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import closing
from filecmp import cmp
from glob import escape
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from console.cache.paths import create_private
from console.cache.schema import LATEST
from console.cache.trouble import CacheRefused
from console.domain.retention import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.clock import Now

log = logging.getLogger(__name__)

_NAME: Final = re.compile(r"\.v\d+-\d{4}-\d\d-\d\d(\.\d+)?")


def copies(db: Path) -> list[Path]:
    """The copies that lie beside a cache, by name."""
    place = db.resolve()
    return sorted(
        path
        for path in place.parent.glob(f"{escape(place.name)}.v*")
        if _NAME.fullmatch(path.name.removeprefix(place.name))
    )


def keep_copy(db: Path, version: int, now: Now, connect: Callable[[], sqlite3.Connection]) -> Path | None:
    """Keeps a cache as it is: whole, private and on the disk when this returns.

    Gives the path, or None where an earlier try has left the very same copy.

    Args:
        version: the schema version of the cache.
        now: the day for the name.
        connect: opens the cache for reading.

    Raises:
        CacheRefused: it cannot be written.
    """
    place = db.resolve()
    first = f"{place.name}.v{version}-{rfc3339(now())[:10]}"
    names = chain((first,), (f"{first}.{number}" for number in count(2)))
    earlier = copies(db)
    copy = next(path for path in map(place.with_name, names) if path not in earlier)
    try:
        create_private(copy, lambda draft: _copy(connect, draft))
        same = next((other for other in earlier if cmp(copy, other, shallow=False)), None)
        if same is not None:
            copy.unlink()
    except (OSError, sqlite3.Error) as error:
        raise CacheRefused(
            f"The cache {db} has schema {version}, this version needs {LATEST}, and the copy {copy.name} "
            f"that is kept beside it first cannot be written ({error}). Nothing was changed.",
            "Make room for it, and check that the folder may be written.",
        ) from error
    log.warning(
        "the cache %s has schema %d and gets %d; as it was it is kept in %s",
        db,
        version,
        LATEST,
        same or copy,
    )
    return copy if same is None else None


def _copy(connect: Callable[[], sqlite3.Connection], draft: Path) -> None:
    with closing(connect()) as source, closing(sqlite3.connect(draft, isolation_level=None)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, that needs no companion to be read
