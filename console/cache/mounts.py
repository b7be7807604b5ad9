"""What kind of file system a cache would lie on: its write-ahead log needs memory that processes share.

SQLite keeps the index of the log in a mapped file. On a network file system two machines do not see
one memory, and locks are often not kept, so a cache is lost there sooner or later (sqlite.org/wal.html,
sqlite.org/howtocorrupt.html). A file system in user space may keep both or not: nobody can tell.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from console.cache.trouble import CacheRefused

if TYPE_CHECKING:
    from collections.abc import Callable

_NETWORK: Final = re.compile(
    r"nfs\d*|cifs|smb\d*|smbfs|9p|afs|beegfs|ceph|coda|davfs|glusterfs|lustre|ncpfs|vboxsf"
    r"|fuse\.(sshfs|ceph|ceph-fuse|davfs|gcsfuse|glusterfs|rclone|s3fs|smbnetfs)"
)
"""Types of file systems that other machines have a part in; 9p and vboxsf: the host of a virtual one."""
_USER_SPACE: Final = re.compile(r"fuse(blk)?(\..*)?")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """Where a file system is mounted, and its type as the kernel names it."""

    point: str
    type: str


def mounted() -> str:
    """The kernel's table of what is mounted for this process; empty where it keeps none."""
    if sys.platform != "linux":
        return ""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def check_place(db: Path, table: Callable[[], str] = mounted) -> str | None:
    """Refuses a cache on a network file system.

    Args:
        table: gives the text of `/proc/self/mountinfo` (proc(5)).

    Returns:
        What is to be told of a place where it may work; None where there is nothing to tell.

    Raises:
        CacheRefused: it would lie on one. Nothing was changed.
    """
    found = mount_of(db, table())
    if found is None:
        return None
    if _NETWORK.fullmatch(found.type):
        raise CacheRefused(
            f"The cache {db} lies on {found.point}, a network file system ({found.type}), where SQLite "
            "cannot share the memory that its write-ahead log needs. Nothing was changed.",
            "Set DB to a path on a local disk.",
        )
    if _USER_SPACE.fullmatch(found.type):
        return (
            f"The cache {db} lies on {found.point}, a file system in user space ({found.type}). "
            "Whether it keeps locks and syncs is not known: a local disk is safer."
        )
    return None


def mount_of(db: Path, table: str) -> Mount | None:
    """The mount that a path belongs to by a table of mounts; None where the table does not tell."""
    place = os.path.realpath(db)
    best: Mount | None = None
    for line in table.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
        # Of two on the same point the later one covers the earlier.
        if _holds(point, place) and (best is None or len(point) >= len(best.point)):
            best = Mount(point, after.split(" ", 1)[0])
    return best


def _holds(point: str, place: str) -> bool:
    return point == "/" or place == point or place.startswith(point + "/")
