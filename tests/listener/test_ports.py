from __future__ import annotations

import os
import socket
from pathlib import Path

from console.listener.ports import holder_of
from tests.listener.serving import held_port


def test_the_holder_is_named_by_pid_and_command() -> None:
    with held_port() as holder:
        name = Path("/proc/self/comm").read_text().strip()
        assert holder_of(holder.getsockname()[1]) == f"pid {os.getpid()} ({name})"


def test_a_holder_on_ipv6_is_found() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as holder:
        found = holder_of(holder.getsockname()[1])
    assert found is not None
    assert found.startswith(f"pid {os.getpid()} ")


def test_a_port_that_nobody_listens_on_has_no_holder() -> None:
    with held_port() as holder:
        port = holder.getsockname()[1]
    assert holder_of(port) is None


def test_without_proc_nothing_is_told(tmp_path: Path) -> None:
    with held_port() as holder:
        assert holder_of(holder.getsockname()[1], tmp_path / "proc") is None


def test_a_holder_of_another_user_stays_unnamed(tmp_path: Path) -> None:
    """What a process without privileges sees: the table of ports, but no open files of the other."""
    (tmp_path / "net").mkdir()
    row = "0: 0100007F:1F95 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1"
    (tmp_path / "net" / "tcp").write_text(f"header\n{row}\n")
    (tmp_path / "1").mkdir()
    assert holder_of(0x1F95, tmp_path) is None
