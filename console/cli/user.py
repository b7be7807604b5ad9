"""Who gives the orders."""

from __future__ import annotations

import getpass


def operator() -> str:
    """The name of this process's user; empty where the system has none for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""
