"""Of a write-ahead log only what was committed and is whole counts."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cache.frames import Frames, committed, is_page_size, read_at

if TYPE_CHECKING:
    from pathlib import Path

FRAME = 24 + 4096


@pytest.fixture
def log(tmp_path: Path) -> bytes:
    """Ten commits of one row each."""
    db = tmp_path / "t.db"
    with closing(sqlite3.connect(db, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE t (text)")
        for number in range(10):
            writer.execute("INSERT INTO t VALUES (?)", (f"row {number}",))
        return db.with_name("t.db-wal").read_bytes()


def found(folder: Path, content: bytes) -> Frames | None:
    path = folder / "log"
    path.write_bytes(content)
    handle = os.open(path, os.O_RDONLY)
    try:
        return committed(handle)
    finally:
        os.close(handle)


def test_the_newest_frame_of_each_page_is_found(tmp_path: Path, log: bytes) -> None:
    frames = found(tmp_path, log)
    assert frames is not None
    assert (frames.page_size, frames.pages, set(frames.offsets)) == (4096, 2, {1, 2})
    assert frames.offsets[2] == len(log) - 4096
    assert b"row 9" in log[frames.offsets[2] :]


def test_what_follows_a_damaged_frame_does_not_count(tmp_path: Path, log: bytes) -> None:
    damaged = bytearray(log)
    damaged[-3 * FRAME + 100] ^= 1
    frames = found(tmp_path, bytes(damaged))
    assert frames is not None
    assert frames.offsets[2] == len(log) - 4 * FRAME + 24
    assert found(tmp_path, log[: -FRAME - 5]) == frames._replace(
        offsets=frames.offsets | {2: len(log) - 3 * FRAME + 24}
    )


def test_frames_of_an_earlier_round_or_without_a_commit_do_not_count(tmp_path: Path, log: bytes) -> None:
    assert found(tmp_path, log[:32]) is None
    assert log[36:40] == bytes(4), "the first frame ends no commit"
    assert found(tmp_path, log[: 32 + FRAME]) is None
    assert found(tmp_path, log[:16] + b"salty" + log[21:]) is None
    assert found(tmp_path, b"") is None


@given(st.binary(max_size=200))
def test_noise_is_no_log(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    folder = tmp_path_factory.mktemp("noise")
    assert found(folder, b"\x37\x7f\x06\x83" + noise) is None


def test_what_cannot_be_read_is_nothing(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        assert read_at(folder, 0, 10) == b""
    finally:
        os.close(folder)
    assert [size for size in (0, 256, 512, 1000, 65536, 131072) if is_page_size(size)] == [512, 65536]
