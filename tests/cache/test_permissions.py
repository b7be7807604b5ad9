"""What is refused because others can get at it. Other users than this one are in tests/faults."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from console.cache.paths import check_cache, create_private, inbox_path, lock_path, log_path, make_folder
from console.cache.permissions import check_database, check_file, check_folder, share_with
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def group() -> Iterator[int]:
    """Files of this process are shared with the group that it runs in."""
    share_with(os.getegid())
    yield os.getegid()
    share_with(None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.touch()
    made.chmod(0o600)
    return made


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_its_owner_may_do_anything(path: Path, mode: int) -> None:
    path.chmod(mode)
    check_file(path)


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o602, 0o610, 0o666])
def test_a_file_that_others_can_get_at_is_refused_with_the_command(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(FixSetting, match=f"mode {mode:04o}, so other users") as refused:
        check_file(path)
    assert refused.value.remedy == f"Run: chmod 600 {path}"


def test_what_is_no_regular_file_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(FixSetting, match="link is a symbolic link"):
        check_file(tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FixSetting, match="pipe is not a regular file"):
        check_file(tmp_path / "pipe")


def test_what_is_not_there_yet_is_sound(tmp_path: Path) -> None:
    check_cache(tmp_path / "none" / "none.db")


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_what_sqlite_keeps_beside_a_database_is_looked_at_too(tmp_path: Path, ending: str) -> None:
    loose = tmp_path / f"media.db{ending}"
    loose.touch()
    loose.chmod(0o644)
    with pytest.raises(FixSetting, match=f"Run: chmod 600 {loose}$"):
        check_database(tmp_path / "media.db")


@pytest.mark.parametrize("companion", [inbox_path, lock_path, log_path])
def test_every_file_of_a_cache_is_looked_at(tmp_path: Path, companion: object) -> None:
    assert callable(companion)
    loose = companion(tmp_path / "media.db")
    loose.touch()
    loose.chmod(0o660)
    with pytest.raises(FixSetting, match=f"Run: chmod 600 {loose}$"):
        check_cache(tmp_path / "media.db")


def test_a_link_to_a_database_is_followed_but_none_beside_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    db, link = tmp_path / "real" / "media.db", tmp_path / "link.db"
    create_private(db)
    link.symlink_to(db)
    check_cache(link)
    (tmp_path / "real" / "media.db-wal").symlink_to(db)
    with pytest.raises(FixSetting, match=r"media\.db-wal is a symbolic link"):
        check_cache(link)


@pytest.mark.parametrize(
    ("mode", "sound"), [(0o700, True), (0o755, True), (0o1777, True), (0o770, False), (0o707, False)]
)
def test_a_folder_may_be_listed_but_not_written_by_others(tmp_path: Path, mode: int, sound: bool) -> None:
    tmp_path.chmod(mode)
    if sound:
        check_folder(tmp_path)
        return
    with pytest.raises(FixSetting, match="other users may replace") as refused:
        check_folder(tmp_path)
    assert refused.value.remedy == f"Run: chmod go-w {tmp_path}"


def test_a_folder_of_root_is_sound_for_everybody() -> None:
    assert Path("/").stat().st_uid == 0
    check_folder(Path("/"))


def test_a_group_has_folder_and_files_of_its_own(tmp_path: Path, group: int) -> None:
    path = tmp_path / "a" / "b" / "file"
    before = os.umask(0)
    try:
        make_folder(path.parent)
        create_private(path)
    finally:
        os.umask(before)
    for folder in (path.parent, path.parent.parent):
        assert (stat.S_IMODE(folder.stat().st_mode), folder.stat().st_gid) == (0o2770, group)
    assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (0o660, group)
    check_database(path)


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o666, 0o640])
def test_a_file_that_a_group_cannot_share_is_refused_with_the_commands(
    tmp_path: Path, path: Path, group: int, mode: int
) -> None:
    path.chmod(mode)
    with pytest.raises(FixSetting, match="SHARED_GROUP") as refused:
        check_file(path)
    assert refused.value.remedy.startswith("Run: chgrp ")
    assert refused.value.remedy.endswith(f" {path} && chmod 660 {path}")


@pytest.mark.parametrize("mode", [0o700, 0o770, 0o2750])
def test_a_folder_that_a_group_cannot_work_in_is_refused(tmp_path: Path, group: int, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(FixSetting, match="SHARED_GROUP") as refused:
        check_folder(tmp_path)
    assert refused.value.remedy.endswith(f" && chmod 2770 {tmp_path}")


def test_a_folder_of_the_group_is_open_to_nobody_else(tmp_path: Path, group: int) -> None:
    tmp_path.chmod(0o2772)
    with pytest.raises(FixSetting, match="may replace") as refused:
        check_folder(tmp_path)
    assert refused.value.remedy == f"Run: chmod o-w {tmp_path}"
    tmp_path.chmod(0o2775)
    check_folder(tmp_path)
