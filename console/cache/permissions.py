"""Who may get at the cache's files: their owner alone, or a group of users that a setting names.

Every file of a cache passes `check_file` before it is opened. What is looser than it should be is
refused with the command that mends it, and never mended in silence: others may have read it, or
have written to it, by then.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from typing import TYPE_CHECKING, Final

from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from pathlib import Path

_COMPANIONS: Final = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps beside a database; it gives them the mode that the database has."""

_OWNERS_FILE: Final = 0o600
_OWNERS_FOLDER: Final = 0o700
_GROUPS_FILE: Final = 0o660
_GROUPS_FOLDER: Final = 0o2770

_group: int | None = None


def share_with(group: int | None) -> None:
    """Says which group (its gid) this process shares its files with; None: none, they are private.

    It belongs to the process as the umask does, so that no opening of a file can forget it. To be
    called before the first file is opened.
    """
    global _group
    _group = group


def shared_group() -> int | None:
    """Which group this process shares its files with."""
    return _group


def protect(handle: int, beside: Path) -> None:
    """Gives a new file or folder, open as `handle`, the group and the mode that it is to keep.

    0600 and 0700; 0660 and 2770 for a group. What root makes belongs to the owner of the folder
    `beside` it: that user's own service could not open it otherwise.

    Raises:
        OSError: this user may not do so.
    """
    owner = beside.stat().st_uid if os.geteuid() == 0 else -1
    os.fchown(handle, owner, -1 if _group is None else _group)
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        os.fchmod(handle, _OWNERS_FOLDER if _group is None else _GROUPS_FOLDER)
    else:
        os.fchmod(handle, _OWNERS_FILE if _group is None else _GROUPS_FILE)


def check_database(place: Path) -> None:
    """Refuses a database that others can get at: by its folder, itself, or what SQLite keeps beside it.

    Args:
        place: where it lies itself; a link to it is refused.

    Raises:
        FixSetting: they can; with the command that mends it.
    """
    check_folder(place.parent)
    for ending in _COMPANIONS:
        check_file(place.with_name(place.name + ending))


def check_folder(folder: Path) -> None:
    """Refuses a folder where others could put a file of theirs in the place of one of ours.

    That they can list it does no harm. Its owner may replace every file in it, and so must be this user or
    root; of a folder that a group shares, any of its users. Root works in anybody's. One that does not
    exist yet is sound.

    Raises:
        FixSetting: they could, or the group that shares the cache could not work in it.
    """
    try:
        found = folder.stat()
    except OSError:
        return  # the opening of the file says what is wrong
    if _group is not None and (found.st_gid != _group or found.st_mode & 0o2070 != 0o2070):
        raise FixSetting(
            f"The folder {folder} is not one that the group {_named(_group)} (SHARED_GROUP) can work in.",
            f"Give the cache a folder of its own and run: chgrp {_named(_group)} {folder} && "
            f"chmod 2770 {folder}",
        )
    if _group is None and found.st_uid not in (0, os.geteuid()) and os.geteuid() != 0:
        raise FixSetting(
            f"The folder {folder} belongs to {_user(found.st_uid)}, who may replace the cache and the files "
            "beside it.",
            "Start as that user, name a group that shares it in SHARED_GROUP, or set DB to another path.",
        )
    others = stat.S_IWOTH if _group is not None else stat.S_IWOTH | stat.S_IWGRP
    if found.st_mode & others and not found.st_mode & stat.S_ISVTX:
        remedy = f"Run: chmod {'o-w' if _group is not None else 'go-w'} {folder}"
        if _group is None and found.st_mode & stat.S_ISGID:
            remedy = (
                f"If they share it as a group, set SHARED_GROUP to {_named(found.st_gid)}. Else r{remedy[1:]}"
            )
        raise FixSetting(
            f"In the folder {folder} other users may replace the cache and the files beside it.", remedy
        )


def check_file(path: Path) -> None:
    """Refuses a file that others can get at, or that is not what it should be. A missing one is sound.

    Raises:
        FixSetting: it is a link, no regular file, another user's, or open to others; with what to do.
    """
    try:
        found = path.lstat()
    except OSError:
        return  # the opening of the file says what is wrong
    if not stat.S_ISREG(found.st_mode):
        kind = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "not a regular file"
        raise FixSetting(f"{path} is {kind}.", "Find out who put it there, and move it away.")
    if _group is None:
        _check_private(path, found)
    elif found.st_gid != _group or found.st_mode & 0o667 != _GROUPS_FILE:
        group = _named(_group)
        raise FixSetting(
            f"{path} has mode {stat.S_IMODE(found.st_mode):04o} and the group {_named(found.st_gid)}; "
            f"it is to be shared with the group {group} (SHARED_GROUP) and nobody else.",
            f"Run: chgrp {group} {path} && chmod 660 {path}",
        )


def _check_private(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid() and os.geteuid() != 0:
        raise FixSetting(
            f"{path} belongs to {_user(found.st_uid)}.",
            "Start as that user, name a group that shares it in SHARED_GROUP, or set DB to another path.",
        )
    if found.st_mode & 0o077:
        raise FixSetting(
            f"{path} has mode {stat.S_IMODE(found.st_mode):04o}, so other users can get at it.",
            f"Run: chmod 600 {path}",
        )


def _named(group: int) -> str:
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"the user {number}"
