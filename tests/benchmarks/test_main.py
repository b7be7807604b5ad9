"""The command that measures, without measuring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.__main__ import PARTS, read_arguments, size
from tests.benchmarks.places import Places, label

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "rows"), [("200", 200), ("100k", 100_000), ("1M", 1_000_000), ("10m", 10_000_000)]
)
def test_a_number_of_rows_may_have_a_unit(text: str, rows: int) -> None:
    assert size(text) == rows
    assert size(label(rows).replace(" ", "")) == rows


@pytest.mark.parametrize("text", ["", "k", "0", "-5", "many", "1.5M"])
def test_what_is_no_number_of_rows_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        size(text)


def test_without_arguments_everything_is_measured_and_nothing_written() -> None:
    given = read_arguments([])
    assert given.parts == []
    assert given.sizes == [200, 100_000, 1_000_000]
    assert not given.readme


def test_parts_and_sizes_can_be_chosen(tmp_path: Path) -> None:
    given = read_arguments(["start", "--sizes", "200", "1M", "--runs", "3", "--caches", str(tmp_path)])
    assert (given.parts, given.sizes, given.runs, given.caches) == (["start"], [200, 1_000_000], 3, tmp_path)


def test_a_part_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["speed"])
    assert "there is no part 'speed'" in capsys.readouterr().err
    assert set(PARTS) == {"start", "screen", "ingest"}


def test_a_copy_of_a_cache_may_be_written_and_the_cache_is_not(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    places = Places(tmp_path, scratch, [3], 500, 1, 1)
    copy = places.copy(3, "own")
    assert copy.parent == scratch
    assert copy.read_bytes() == places.cache(3).read_bytes()
    env = places.env(copy)
    assert env["MEDIA_CONSOLE_DB"] == str(copy)
    assert "PYTHONDONTWRITEBYTECODE" not in env
