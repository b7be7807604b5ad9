"""The log file and what others do to it meanwhile."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from console.domain.exceptions import FixSetting
from console.logfile import LogFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "media.db.log"


def test_it_is_made_private_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log"
    before = os.umask(0)
    try:
        with closing(LogFile(path)) as log:
            log.write("one\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [found.name for found in path.parent.iterdir()] == ["log"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_one_that_others_can_get_at_is_refused(path: Path, mode: int) -> None:
    path.touch()
    path.chmod(mode)
    with pytest.raises(FixSetting, match=f"Run: chmod 600 {path}"):
        LogFile(path)


def test_it_follows_its_name_when_it_is_moved_or_removed(path: Path) -> None:
    moved = path.with_name("moved")
    with closing(LogFile(path)) as log:
        log.write("one\n")
        path.rename(moved)
        log.write("two\n")
        assert (moved.read_text(), path.read_text()) == ("one\n", "two\n")
        path.unlink()
        log.write("three\n")
        assert path.read_text() == "three\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_file_that_a_rotation_put_there_is_made_private(path: Path) -> None:
    with closing(LogFile(path)) as log:
        path.unlink()
        path.touch()
        path.chmod(0o644)
        log.write("one\n")
        assert path.read_text() == "one\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.unlink()
        path.write_text("somebody's\n")
        path.chmod(0o644)
        log.write("two\n")
        assert path.read_text() == "somebody's\n"
        assert log.lost == 1


def test_at_its_size_it_is_set_aside_and_the_one_before_that_goes(path: Path) -> None:
    with closing(LogFile(path, largest=10)) as log:
        for text in ("one\n", "two\n", "three\n", "four\n", "five\n"):
            log.write(text)
    assert path.read_text() == "four\nfive\n"
    assert path.with_name(path.name + ".1").read_text() == "three\n"
    assert len(list(path.parent.iterdir())) == 2


def test_two_that_write_to_one_file_set_it_aside_once(path: Path) -> None:
    with closing(LogFile(path, largest=10)) as one, closing(LogFile(path, largest=10)) as other:
        one.write("12345678\n")
        other.write("of the other\n")
        one.write("of the one\n")
    assert path.read_text() == "of the other\nof the one\n"
    assert path.with_name(path.name + ".1").read_text() == "12345678\n"


def test_where_it_cannot_be_set_aside_it_begins_anew(path: Path) -> None:
    path.with_name(path.name + ".1").mkdir()
    with closing(LogFile(path, largest=10)) as log:
        log.write("1234567\n")
        log.write("8\n9\n")
    assert path.read_text() == "8\n9\n"


def test_lines_that_cannot_be_written_are_counted(path: Path) -> None:
    with closing(LogFile(path)) as log:
        path.unlink()
        path.mkdir()
        log.write("one\n")
        log.write("two\n")
        assert log.lost == 2
        path.rmdir()
        log.write("three\n")
    assert path.read_text() == "... lines that could not be written here: 2\nthree\n"


def test_what_no_encoding_can_say_is_escaped(path: Path) -> None:
    with closing(LogFile(path)) as log:
        log.write("lone \ud800 surrogate\n")
    assert path.read_text() == "lone \\ud800 surrogate\n"
