"""The group of users that a cache is shared with, by name or number."""

from __future__ import annotations

import grp
import os
from typing import Final

_LARGEST: Final = 0xFFFF_FFFE
"""The number after it does not stand for a group: to the system it says `leave as it is`."""


def read_group(text: str) -> int:
    """The number (gid) of a group that this user is in; root may name any.

    Raises:
        ValueError: there is none, or the user is not in it; says what would be right.
    """
    try:
        group = int(text) if text.isascii() and text.isdigit() else grp.getgrnam(text).gr_gid
    except (KeyError, ValueError):
        group = _LARGEST + 1
    if group > _LARGEST:
        raise ValueError("the name or number of a group that this machine knows")
    if group not in {os.getegid(), *os.getgroups()} and os.geteuid() != 0:
        raise ValueError(
            "a group that this user is in; after usermod -aG a user has to log in again to be in it"
        )
    return group
