from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from console.cache.paths import lock_path
from console.clock import monotonic
from console.domain.exceptions import FixSetting
from console.service.lock import Holder, LockHeld, ServiceLock, holder

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys, time
from pathlib import Path
from console.service.lock import ServiceLock
lock = ServiceLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


HOLD_ON_A_FULL_DISK = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n" + HOLD


def test_a_full_disk_keeps_nobody_from_holding_it(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    ServiceLock(db).release()
    command = [sys.executable, "-c", HOLD_ON_A_FULL_DISK, str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert holder(db) == Holder(None, passing=False)
        process.kill()
    assert holder(db) is None


def test_one_holds_it_and_the_next_is_told_who(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    assert holder(db) is None
    first = ServiceLock(db)
    assert holder(db) == Holder(os.getpid(), passing=False)
    with pytest.raises(LockHeld, match=f"pid {os.getpid()}") as held:
        ServiceLock(db)
    assert held.value.pid == os.getpid()
    assert held.value.remedy
    first.release()
    first.release()
    assert holder(db) is None
    ServiceLock(db).release()


def test_the_file_is_private_and_stays(tmp_path: Path) -> None:
    db = tmp_path / "new" / "newer" / "c.db"
    before = os.umask(0)
    try:
        ServiceLock(db).release()
    finally:
        os.umask(before)
    assert stat.S_IMODE(lock_path(db).stat().st_mode) == 0o600
    for folder in (db.parent, db.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_killed_holder_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    with subprocess.Popen([sys.executable, "-c", HOLD, db], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        begun = monotonic()
        with pytest.raises(LockHeld) as held:
            ServiceLock(db)
        assert monotonic() - begun < 10
        assert held.value.pid == process.pid
        assert holder(db) == Holder(process.pid, passing=False)
        process.send_signal(signal.SIGKILL)
    assert holder(db) is None
    ServiceLock(db).release()


def test_asking_for_the_holder_does_not_keep_a_service_from_starting(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    ServiceLock(db).release()
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            holder(db)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(50):
            ServiceLock(db).release()
    finally:
        done.set()
        asking.join()


def opened(path: Path) -> int:
    """How often this process has a file open."""
    found = 0
    for handle in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            found += os.readlink(f"/proc/self/fd/{handle}") == str(path)
    return found


def test_of_a_lock_file_that_was_removed_meanwhile_nobody_takes_the_lock(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    first = ServiceLock(db)
    taken: list[ServiceLock] = []
    waiting = threading.Thread(target=lambda: taken.append(ServiceLock(db)))
    waiting.start()
    try:
        deadline = monotonic() + 5
        while opened(lock_path(db)) < 2:
            assert monotonic() < deadline
        lock_path(db).unlink()
        first.release()
        waiting.join(5)
        assert len(taken) == 1
        with pytest.raises(LockHeld):
            ServiceLock(db)
    finally:
        waiting.join(5)
        for lock in (first, *taken):
            lock.release()


def test_a_file_without_a_pid_still_tells_that_it_is_held(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    lock = ServiceLock(db)
    lock_path(db).write_bytes(b"\xffnot a pid\n")
    assert holder(db) == Holder(None, passing=False)
    with pytest.raises(LockHeld) as held:
        ServiceLock(db)
    assert held.value.pid is None
    assert held.value.who == "another process"
    lock.release()


def test_a_command_that_holds_it_for_its_own_work_is_told_from_a_service(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    lock = ServiceLock(db, passing=True)
    held_by = holder(db)
    assert held_by == Holder(os.getpid(), passing=True)
    with pytest.raises(LockHeld, match="short-lived command") as held:
        ServiceLock(db)
    assert held.value.who == f"pid {os.getpid()}"
    lock.release()
    lock = ServiceLock(db)
    assert holder(db) == Holder(os.getpid(), passing=False)
    lock.release()


def test_the_file_of_an_earlier_version_tells_of_a_service(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    lock = ServiceLock(db)
    lock_path(db).write_bytes(b"4711\n")
    assert holder(db) == Holder(4711, passing=False)
    lock.release()


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    target = tmp_path / "precious"
    target.write_text("keep me")
    lock_path(db).symlink_to(target)
    with pytest.raises(FixSetting, match=r"c\.db\.lock is a symbolic link"):
        ServiceLock(db)
    assert target.read_text() == "keep me"
    assert holder(db) is None


def test_a_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FixSetting, match="lock file") as refused:
        ServiceLock(tmp_path / "file" / "c.db")
    assert "--db" in refused.value.remedy
