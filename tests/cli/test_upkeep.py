"""Work on the whole cache, by whoever serves it."""

from __future__ import annotations

import signal
import subprocess
import threading
from typing import TYPE_CHECKING

from console.cache.inbox import Inbox
from console.cli.program import run
from console.service.lock import ServiceLock
from tests.cli.world import announcement, command, daemon, environment, fill, post, until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def waits(db: Path) -> bool:
    with Inbox(db) as inbox:
        return inbox.maintenance() is not None


def test_a_service_that_runs_does_it(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with daemon(db) as (process, url):
        assert post(url, announcement("a")) == 200
        assert run(["replay"]) == 0
        err = capsys.readouterr().err
    assert f"The service (pid {process.pid}) does the replay." in err
    assert "Built 1 of 1 media anew" in err
    assert not waits(db)


def test_the_command_takes_over_when_who_serves_has_ended(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("a"))
    lock = ServiceLock(db)

    def end() -> None:
        until(lambda: waits(db))
        lock.release()

    helper = threading.Thread(target=end)
    helper.start()
    try:
        assert run(["replay"]) == 0
    finally:
        helper.join()
    assert "Built 1 of 1 media anew" in capsys.readouterr().err


def test_a_signal_takes_the_order_back(db: Path) -> None:
    fill(db, announcement("a"))
    lock = ServiceLock(db)
    try:
        process = subprocess.Popen(command("replay"), env=environment(db), stderr=subprocess.PIPE, text=True)
        until(lambda: waits(db))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
        assert process.returncode == 128 + signal.SIGTERM
        assert "The replay was interrupted" in err
        assert not waits(db)
    finally:
        lock.release()


def test_a_cache_that_cannot_be_worked_on_leaves_nothing_waiting(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("a"))
    db.with_name("media.db.log").symlink_to("/dev/null")
    assert run(["replay"]) == 2
    assert "is a symbolic link" in capsys.readouterr().err
    assert not waits(db)
