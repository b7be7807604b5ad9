from __future__ import annotations

import json
from typing import TYPE_CHECKING

from console.cli.program import run
from tests.cli.world import DAY, announcement, failure, fill

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_everything_about_a_failed_media_is_told(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a", age=15 * DAY, caption="one\ntwo", filename="x.jpg"), failure("a"))
    assert run(["show", "a"]) == 0
    out = capsys.readouterr().out
    lines = dict(line.split(None, 1) for line in out.splitlines() if len(line.split()) > 1)
    assert lines["state"] == "failed"
    assert lines["due"].startswith("past 14d, ")
    assert "lapsed: asking may still work" in out
    assert "caption       one\n              two\n" in out
    assert lines["details"] == "Media not found in the datastore."
    assert lines["remedy"]
    assert "media announced" in out
    assert "store failed" in out


def test_json_adds_the_history(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"), failure("a"))
    assert run(["show", "a", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["id"] == "a"
    assert [entry["fact"] for entry in record["history"]] == ["MediaAnnounced", "StoreFailed"]
    assert {entry["source"] for entry in record["history"]} == {"webhook"}


def test_a_media_without_an_id_is_found_by_its_key(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement(None))
    assert run(["show", "message:wamid-None"]) == 0
    out = capsys.readouterr().out
    assert "it cannot be asked for" in out
    assert "message:wamid-None" in out


def test_an_unknown_id_is_refused_in_words(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"))
    assert run(["show", "b\x1b[2J"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "knows no media b" in err
    assert "\x1b" not in err


def test_without_a_cache_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "a"]) == 1
    assert "There is no cache" in capsys.readouterr().err


def test_a_hostile_sender_commands_nothing(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b]52;c;aGk=\x07\x9b31m\u202e\n\rx"
    fill(db, announcement("a", caption=hostile, filename=hostile, sender_name=hostile))
    assert run(["show", "a"]) == 0
    assert capsys.readouterr().out.replace("\n", "").isprintable()
