from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from console.cache import queries
from console.cache.reader import CacheReader
from console.cli.program import run
from console.domain.media import MediaKey
from tests.cli.world import DAY, announcement, fill

if TYPE_CHECKING:
    from pathlib import Path


def known(db: Path, key: str) -> bool:
    with CacheReader(db) as reader:
        return reader.run(queries.media(MediaKey(key))) is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "Say what to remove"),
        (["--older-than", "soon"], "wants an age such as 90d"),
        (["--older-than", "-5d"], "wants an age such as 90d"),
        (["--older-than", "99999d"], "wants an age such as 90d"),
        (["--older-than", "2h"], "Add --yes if that is meant"),
        (["--number", "123456"], "7 digits or more"),
        (["--number", "everyone"], "7 digits or more"),
        (["--older-than", "90d", "--number", ""], "7 digits or more"),
    ],
)
def test_what_may_not_be_meant_is_refused(
    db: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    fill(db, announcement("a", age=100 * DAY))
    assert run(["purge", *options]) == 2
    assert words in capsys.readouterr().err
    assert known(db, "a")


def test_old_media_go_and_the_counts_are_told(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("old", age=100 * DAY), announcement("new"))
    assert run(["purge", "--older-than", "90d", "--dry-run"]) == 0
    foreseen = capsys.readouterr().out
    assert known(db, "old")
    assert run(["purge", "--older-than", "90d"]) == 0
    lines = dict(line.rsplit(None, 1) for line in capsys.readouterr().out.splitlines())
    assert lines["media"] == lines["facts"] == lines["bodies"] == "1"
    assert lines.pop("bytes freed").isdigit()
    assert lines == dict(line.rsplit(None, 1) for line in foreseen.splitlines())
    assert (known(db, "old"), known(db, "new")) == (False, True)


def test_json_is_one_object_with_every_count(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"))
    keys = {"media", "facts", "bodies", "quarantined", "notices", "orders", "mentions", "log_marks", "freed"}
    for dry, left in ((True, True), (False, False)):
        assert run(["purge", "--number", "+16315551234", "--json", *(["--dry-run"] if dry else [])]) == 0
        record = json.loads(capsys.readouterr().out)
        assert record.keys() == keys | {"unfreed", "unmasked", "copies", "dry_run"}
        assert (record["media"], record["dry_run"]) == (1, dry)
        assert known(db, "a") is left


def test_an_age_under_a_day_needs_a_yes(db: Path) -> None:
    fill(db, announcement("a", age=7200), announcement("b", age=60))
    assert run(["purge", "--older-than", "1h", "--yes"]) == 0
    assert (known(db, "a"), known(db, "b")) == (False, True)


def test_what_stays_is_said(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a", caption="call 4915551230000"))
    db.with_name("media.db.damaged-2026-11-22").touch()
    db.with_name("media.db.log").write_text("of 4915551230000\n")
    db.with_name("media.db.log").chmod(0o600)
    assert run(["purge", "--number", "4915551230000"]) == 0
    err = capsys.readouterr().err
    assert "mention the number, and stay: 1." in err
    assert "media.db.damaged-2026-11-22 still holds" in err
    assert "made unreadable: 1." in err


def test_a_cache_of_old_media_alone_is_purged_by_age(db: Path) -> None:
    fill(db, announcement("a", age=100 * DAY), announcement("b", age=80 * DAY))
    assert run(["purge", "--older-than", "90d"]) == 0
    assert (known(db, "a"), known(db, "b")) == (False, True)


def test_a_log_that_cannot_be_written_is_named_beside_the_counts(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(db, announcement("a"))
    db.with_name("media.db.log.1").symlink_to(db)
    assert run(["purge", "--number", "0016315551234"]) == 1
    out, err = capsys.readouterr()
    assert out.split()[:6] == ["media", "1", "facts", "1", "bodies", "1"]
    assert f"may still stand in the log file {db}.log.1 (Too many levels of symbolic links)" in err
    assert not known(db, "a")


def test_without_a_cache_there_is_nothing_to_do(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for dry in ([], ["--dry-run"]):
        assert run(["purge", "--older-than", "90d", *dry]) == 0
        assert "There is no cache" in capsys.readouterr().err
    assert not db.exists()
