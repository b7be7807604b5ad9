"""Where files lie, and how private they are."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from console.cache.paths import (
    create_private,
    inbox_path,
    lock_path,
    log_path,
    make_folder,
    sweep_drafts,
    wal_path,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_companions_lie_beside_the_file(tmp_path: Path) -> None:
    db = tmp_path / "cache.db"
    assert inbox_path(db) == tmp_path / "cache.db.inbox"
    assert lock_path(db) == tmp_path / "cache.db.lock"
    assert wal_path(db) == tmp_path / "cache.db-wal"
    assert log_path(db) == tmp_path / "cache.db.log"


def test_a_symbolic_link_has_the_companions_of_its_target(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    db = tmp_path / "real" / "cache.db"
    db.touch()
    link = tmp_path / "link.db"
    link.symlink_to(db)
    assert lock_path(link) == lock_path(db)
    assert inbox_path(link) == inbox_path(db)


def test_folders_are_made_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    make_folder(tmp_path)
    assert mode(tmp_path) == 0o750


def test_a_file_is_private_while_it_is_built_and_afterwards(tmp_path: Path, umask: int) -> None:
    seen: list[int] = []

    def build(draft: Path) -> None:
        seen.append(mode(draft))
        draft.write_bytes(b"whole")

    tmp_path.chmod(0o700)
    create_private(tmp_path / "file", build)
    assert seen == [0o600]
    assert mode(tmp_path / "file") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def build(draft: Path) -> None:
        draft.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        create_private(tmp_path / "file", build)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    def build(draft: Path) -> None:
        draft.write_bytes(b"ours")
        (tmp_path / "file").write_bytes(b"theirs")

    create_private(tmp_path / "file", build)
    assert (tmp_path / "file").read_bytes() == b"theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


DRAFTS = (
    ".media.db.abc_1234.new",
    ".media.db.abc_1234.new-journal",
    ".media.db.inbox.abcdefgh.new",
    ".media.db.lock.abcdefgh.new",
    ".media.db.log.abcdefgh.new",
    ".media.db.v1-2026-11-22.2.abcdefgh.new",
    ".media.db.zzzzzzzz.new-wal",
)
OTHERS = (".media.db2.abcdefgh.new", ".media.db.notes.new", "media.db", ".media.db.abcdefgh.new.txt")


def test_what_a_kill_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    for name in (*DRAFTS, *OTHERS):
        (tmp_path / name).touch()
    (tmp_path / ".media.db.llllllll.new").symlink_to(tmp_path / "media.db")
    os.link(tmp_path / "media.db", tmp_path / ".media.db.hhhhhhhh.new")
    sweep_drafts(tmp_path / "media.db")
    assert {path.name for path in tmp_path.iterdir()} == set(OTHERS)


def test_what_is_being_made_is_not_swept(tmp_path: Path) -> None:
    def build(draft: Path) -> None:
        sweep_drafts(tmp_path / "media.db")
        draft.write_bytes(b"whole")

    create_private(tmp_path / "media.db.inbox", build)
    assert (tmp_path / "media.db.inbox").read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["media.db.inbox"]


def test_a_draft_that_is_gone_is_made_again(tmp_path: Path) -> None:
    drafts: list[Path] = []

    def build(draft: Path) -> None:
        drafts.append(draft)
        if len(drafts) == 1:
            draft.unlink()
            raise FileNotFoundError(2, "swept away")
        draft.write_bytes(b"whole")

    create_private(tmp_path / "file", build)
    assert len(drafts) == 2
    assert (tmp_path / "file").read_bytes() == b"whole"


def test_a_sweep_of_what_cannot_be_read_is_no_failure(tmp_path: Path) -> None:
    sweep_drafts(tmp_path / "none" / "media.db")
    (tmp_path / ".media.db.abcdefgh.new").mkdir()
    sweep_drafts(tmp_path / "media.db")
    assert (tmp_path / ".media.db.abcdefgh.new").is_dir()
