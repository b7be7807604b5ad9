"""Where files lie, and how private they are."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from console.cache.paths import create_private, inbox_path, lock_path, make_folder, wal_path

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
