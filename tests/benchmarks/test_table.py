"""The table of the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.table import BEGIN, END, Figure, high, machine, markdown, middle, plain, written

if TYPE_CHECKING:
    from pathlib import Path

FIGURES = [
    Figure("listen", 8000, "posts/s", 20_000, "does nothing", at_least=0.3, of_ratio=True),
    Figure("first list", 300, "ms", 200, "empty app", at_most=1.2, of_ratio=True),
    Figure("a key", 12.345, "ms", at_most=35),
    Figure("a row", 175, "bytes", at_most=100),
    Figure("start", 98.5, "ms"),
]
MEASURED = ["8,000 posts/s", "300 ms", "12.3 ms", "175 bytes", "98.5 ms"]


def test_a_figure_is_judged_by_its_value_or_its_ratio() -> None:
    assert [figure.missed for figure in FIGURES] == [False, True, False, True, False]
    assert FIGURES[0].ratio == pytest.approx(0.4)
    assert FIGURES[4].ratio is None


def test_a_figure_that_has_no_ratio_to_be_judged_by_is_not_missed() -> None:
    assert not Figure("listen", 1, "posts/s", 0, "nothing", at_least=2, of_ratio=True).missed


def test_a_line_says_the_values_the_ratio_and_what_is_wanted() -> None:
    assert FIGURES[0].cells() == ("listen", "8,000 posts/s", "20,000 posts/s does nothing", "0.40", "≥ 0.3")
    assert FIGURES[1].cells()[3:] == ("1.50", "≤ 1.2, missed")
    assert FIGURES[2].cells() == ("a key", "12.3 ms", "", "", "≤ 35 ms")


def test_the_table_for_a_terminal_has_columns() -> None:
    lines = plain(FIGURES, "on a machine").splitlines()
    assert len(lines) == len(FIGURES) + 2
    assert lines[0].split() == ["what", "measured", "beside", "ratio", "wanted"]
    assert lines[-1] == "on a machine"
    ends = [line.index(cell) + len(cell) for line, cell in zip(lines[1:], MEASURED, strict=False)]
    assert len(set(ends)) == 1


def test_the_table_of_the_readme_is_written_between_its_marks() -> None:
    table = markdown(FIGURES, "on a machine")
    assert "| listen | 8,000 posts/s | 20,000 posts/s does nothing | 0.40 | ≥ 0.3 |" in table
    text = written(f"# A\n{BEGIN}old\n{END}\nrest", table)
    assert text == f"# A\n{BEGIN}{table}\n{END}\nrest"
    assert written(text, table) == text


def test_a_readme_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        written("# A", "table")


def test_the_middle_and_the_high_end_of_values() -> None:
    assert middle([3, 1, 2]) == 2
    assert high(list(range(1, 101))) == 96
    assert high(list(range(1, 101)), 0.99) == 100
    assert high([7]) == 7


def test_the_machine_is_described_by_what_matters(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Sample 9000\n")
    told = machine(tmp_path / "cpuinfo")
    assert "Sample 9000" in told
    assert all(word in told for word in ("cores", "Python 3", "SQLite 3", "textual 8", "load average"))
    assert machine(tmp_path / "none").count(", ") == told.count(", ")
