"""The pictures that are kept are those that the code draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ui.screenshots import FOLDER, SHOTS, SIZES, Shot, draw, path_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
async def test_a_picture_matches_what_is_drawn(shot: Shot, size: tuple[int, int], tmp_path: Path) -> None:
    kept = path_of(shot, size).read_text(encoding="utf-8")
    drawn = await draw(shot, size, tmp_path)
    assert drawn == kept, "run `python -m tests.ui.screenshots` and look at the pictures"


def test_there_is_no_other_picture() -> None:
    assert set(FOLDER.glob("*.svg")) == {path_of(shot, size) for shot in SHOTS for size in SIZES}
