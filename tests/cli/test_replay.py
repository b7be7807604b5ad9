from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from console.cli.program import run
from tests.cli.world import announcement, failure, fill

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def change(db: Path, statement: str) -> None:
    with closing(sqlite3.connect(db)) as connection:
        connection.execute(statement)
        connection.commit()


def test_nothing_differs_and_that_is_said(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"), failure("a"), b'{"odd": 1}')
    assert run(["replay"]) == 0
    out, err = capsys.readouterr()
    assert [line.split() for line in out.splitlines()] == [
        ["media", "1"],
        ["rebuilt", "1"],
        ["kept", "0"],
        ["differing", "0"],
        ["fields", "0"],
        ["understood", "0"],
        ["facts", "0"],
        ["quarantined", "1"],
    ]
    assert "Parts left in quarantine: 1.\n" in err
    assert err.endswith("Built 1 of 1 media anew; differences: 0.\n")


def test_what_differs_is_told_by_key_and_field_and_is_mended(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("a"), announcement("b\x1b[2J"))
    change(db, "UPDATE media SET caption = 'x', sender = 'y'")
    assert run(["replay"]) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[:2] == ["a\tcaption", "a\tsender"]
    assert (sum("\t" in line for line in lines), "\x1b" in out) == (4, False)
    assert [lines[at].split() for at in (7, 8)] == [["differing", "2"], ["fields", "4"]]
    assert err == "media-console: Built 2 of 2 media anew; differences: 2.\n"
    assert run(["replay"]) == 0


def test_more_than_are_told_are_counted(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, *[announcement(f"m{number}") for number in range(103)])
    change(db, "UPDATE media SET caption = 'x'")
    assert run(["replay"]) == 1
    out, err = capsys.readouterr()
    assert sum("\t" in line for line in out.splitlines()) == 100
    assert "And 3 more differences" in err


def test_a_media_whose_body_is_gone_is_counted(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"), announcement("b"))
    change(db, "DELETE FROM webhook WHERE id = 1")
    assert run(["replay", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["media"], record["rebuilt"], record["kept"]) == (2, 1, 1)
    assert run(["replay"]) == 0
    assert "is no longer kept or cannot be read: 1." in capsys.readouterr().err


def test_without_a_cache_there_is_nothing_to_do(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["media"] == 0
    assert "There is no cache" in err
    assert not db.exists()
