"""How much memory a process has."""

from __future__ import annotations

import resource
from pathlib import Path


def resident(pid: int | None = None) -> int:
    """Bytes of memory that a process, or this one, has in use."""
    pages = Path(f"/proc/{pid or 'self'}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()
