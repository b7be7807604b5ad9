"""What a purge finds beside the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.cache.traces import copies_beside, mask_number, set_aside

if TYPE_CHECKING:
    from pathlib import Path


def test_a_number_loses_its_digits_but_the_last_four_wherever_it_stands(tmp_path: Path) -> None:
    db, log = tmp_path / "m[1].db", tmp_path / "m[1].db.log"
    before = "x" * 999_995 + " 16315551234 and +1 631-555-1234, not 16315551235\n"
    log.write_text(before)
    (tmp_path / "m[1].db.log.1").write_text("nothing")
    (tmp_path / "m1.db.log").write_text("16315551234")
    (tmp_path / "m[1].db.logs").mkdir()
    assert mask_number(db, "16315551234") == (2, ())
    assert log.read_text() == "x" * 999_995 + " *******1234 and +* ***-***-1234, not 16315551235\n"
    assert (tmp_path / "m1.db.log").read_text() == "16315551234"
    assert mask_number(db, "16315551234") == (0, ())


@pytest.mark.parametrize("before", [999_985, 999_989, 999_990, 999_995, 999_999])
def test_a_longer_number_over_the_border_of_two_parts_stays(tmp_path: Path, before: int) -> None:
    longer = "x" * before + "916315551234 163155512349\n"
    (tmp_path / "m.db.log").write_text(longer)
    assert mask_number(tmp_path / "m.db", "16315551234") == (0, ())
    assert (tmp_path / "m.db.log").read_text() == longer


def test_no_link_is_followed_in_place_of_a_log_and_the_other_logs_are_masked(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("16315551234")
    (tmp_path / "m.db.log").symlink_to(tmp_path / "other")
    (tmp_path / "m.db.log.1").write_text("16315551234")
    masked = mask_number(tmp_path / "m.db", "16315551234")
    assert masked == (1, (f"{tmp_path}/m.db.log (Too many levels of symbolic links)",))
    assert (tmp_path / "other").read_text() == "16315551234"
    assert (tmp_path / "m.db.log.1").read_text() == "*******1234"


def test_copies_and_caches_that_were_set_aside_are_found(tmp_path: Path) -> None:
    db = tmp_path / "m.db"
    for name in ("m.db", "m.db-wal", "m.db.v2-2026-11-22", "m.db.damaged-2026-11-22", "n.db.damaged-2026"):
        (tmp_path / name).touch()
    assert set_aside(db) == [tmp_path / "m.db.damaged-2026-11-22"]
    assert copies_beside(db) == [tmp_path / "m.db.v2-2026-11-22", tmp_path / "m.db.damaged-2026-11-22"]
