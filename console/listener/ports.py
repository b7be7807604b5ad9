"""Who holds a TCP port, as far as this user may know."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
_LISTEN = "0A"


def holder_of(port: int, proc: Path = PROC) -> str | None:
    """The process that listens on a TCP port, as `pid 4711 (nginx)`.

    None where the system does not tell: another user's process, or no `/proc`. The command name
    is the process's own text.
    """
    inodes = _listening_inodes(port, proc)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in _processes(proc):
        if _opens(process, wanted):
            return f"pid {process.name} ({_name(process)})"
    return None


def _listening_inodes(port: int, proc: Path) -> set[str]:
    """Columns of /proc/net/tcp: 1 local address, 3 state, 9 inode (man 5 proc)."""
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        try:
            rows = (proc / "net" / table).read_text("ascii", "replace").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, rows):
            local_port = fields[1].rpartition(":")[2]
            if fields[3] == _LISTEN and int(local_port, 16) == port:
                found.add(fields[9])
    return found


def _processes(proc: Path) -> list[Path]:
    try:
        return [entry for entry in proc.iterdir() if entry.name.isdigit()]
    except OSError:
        return []


def _opens(process: Path, sockets: set[str]) -> bool:
    try:
        handles = os.listdir(process / "fd")
    except OSError:
        return False
    for handle in handles:
        try:
            if os.readlink(process / "fd" / handle) in sockets:
                return True
        except OSError:
            continue  # closed in between
    return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text("utf-8", "replace").strip() or "?"
    except OSError:
        return "?"
