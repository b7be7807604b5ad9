from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from console.cli.program import run
from console.service.lock import ServiceLock
from tests.cli.world import announcement, fill

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PAGE = 4096


def spoil(db: Path) -> None:
    """Overwrites the first page of the table of media."""
    with closing(sqlite3.connect(db)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'media'").fetchone()
    data = bytearray(db.read_bytes())
    data[(root - 1) * PAGE : root * PAGE] = bytes(PAGE)
    db.write_bytes(data)


def test_a_damaged_cache_is_rebuilt_and_set_aside(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, *[announcement(f"m{number}") for number in range(10)])
    spoil(db)
    damaged = db.read_bytes()
    assert run(["list"]) == 1
    capsys.readouterr()
    assert run(["recover"]) == 1
    out, err = capsys.readouterr()
    lines = dict(line.rsplit(None, 1) for line in out.splitlines())
    assert (lines["media"], lines["facts"], lines["bodies"], lines["unreadable"]) == ("10", "10", "10", "1")
    (aside,) = db.parent.glob("media.db.damaged-*")
    assert aside.read_bytes() == damaged
    assert str(aside) in err
    assert run(["list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 11


def test_json_is_one_object(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"))
    assert run(["recover", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["set_aside"] is None
    assert "is sound. Nothing was changed." in err
    db.write_text("notes\n" * 1000)
    assert run(["recover", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["set_aside"].startswith(f"{db}.damaged-")
    assert "Nothing could be read of it" in err


def test_a_service_that_runs_is_named(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"))
    lock = ServiceLock(db)
    try:
        assert run(["recover"]) == 2
    finally:
        lock.release()
    assert "is served by pid" in capsys.readouterr().err


def test_another_programs_database_is_left_alone(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    db.chmod(0o600)
    before = db.read_bytes()
    assert run(["recover"]) == 2
    assert "not a cache of this program" in capsys.readouterr().err
    assert db.read_bytes() == before
    assert not list(db.parent.glob("media.db.damaged-*"))


def test_without_a_cache_there_is_nothing_to_do(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recover"]) == 0
    assert "There is no cache" in capsys.readouterr().err
    assert list(db.parent.iterdir()) == []
