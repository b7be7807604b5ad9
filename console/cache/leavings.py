"""What is left beside the place of a cache that is missing: nothing of worth, or the newest part of it.

SQLite takes whatever lies there for the log of the file that gets the name, and writes it into that
(sqlite.org/howtocorrupt.html, 1.4). So no new cache is made beside the log of another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from console.cache.paths import inbox_path
from console.cache.trouble import CacheRefused

if TYPE_CHECKING:
    from pathlib import Path

_LOGS: Final = ("-wal", "-journal")
_COMPANIONS: Final = (*_LOGS, "-shm")


class CacheMissing(CacheRefused):
    """The cache was moved away without its log, which holds the newest of what was acknowledged."""


def check_nothing_lost(db: Path) -> None:
    """Refuses the place of a missing cache while its log lies there.

    Raises:
        CacheMissing: so it is. Nothing was changed.
    """
    for log in _beside(db, _LOGS):
        if not holds_nothing(log) and not db.exists():  # else it has just been made, log and all
            raise CacheMissing(
                f"The cache {db} is missing, but its log {log.name}, which holds the newest part of it, lies "
                "there. Nothing was changed.",
                f"Put the cache back in its place; to start anew with an empty one, move {log.name} away.",
            )


def clear(db: Path) -> bool:
    """Removes what an ended cache leaves that holds nothing; whether anything tells that there was one.

    A process that has the old file open still goes on with these companions: a new file needs its own.
    To be called under the service's lock, for a cache that is missing.

    Raises:
        CacheMissing: a log holds something. Nothing was changed.
        OSError: a file cannot be removed.
    """
    check_nothing_lost(db)
    left = _beside(db, _COMPANIONS)
    for companion in left:
        companion.unlink(missing_ok=True)
    return bool(left) or inbox_path(db).exists()


def holds_nothing(log: Path) -> bool:
    """Whether a log or a journal is empty or missing, so that nothing of it can be played back."""
    try:
        return not log.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return True


def _beside(db: Path, endings: tuple[str, ...]) -> list[Path]:
    place = db.resolve()
    found = (place.with_name(place.name + ending) for ending in endings)
    return [path for path in found if path.exists()]
